//! Servers that refuse, hang, hang up or stammer: every recipient ends in the right state, and none gets two copies.

use std::time::Duration;

use crate::sink::Sink;
use crate::site::TestSite;

const MONDAY: &str = "2026-03-02T09:00:00Z";

#[test]
fn each_fault_leads_to_its_state() {
    let sink = Sink::start(Duration::ZERO);
    let site = TestSite::new(&sink.transport());
    site.edit("config.toml", "timeout = 20", "timeout = 1");
    let kinds = ["p550", "latin", "t451", "d554", "d421", "lost", "drop", "hang"];
    let addresses: Vec<_> = kinds.iter().map(|kind| format!("{kind}-reader@reader.test")).collect();
    let mut arguments = vec!["subscribers", "add", "fine@reader.test", "well@reader.test"];
    arguments.extend(addresses.iter().map(String::as_str));
    site.run(MONDAY, &arguments).exits(0);
    site.post("2026-03-01", "Slow rivers");
    site.run(MONDAY, &["publish"]).exits(4);
    let states = site.not_sent();
    let state = |kind: &str| states[&format!("{kind}-reader@reader.test")].as_str();
    assert_eq!([state("p550"), state("latin")], ["failed"; 2]);
    assert_eq!([state("t451"), state("d421"), state("hang"), state("d554")], ["deferred"; 4], "5.7.1 is about us");
    assert_eq!([state("lost"), state("drop")], ["in_doubt"; 2]);
    assert_eq!(site.status()["deliveries"]["sent"], 2);
    let shown = site.run(MONDAY, &["runs", "show"]).exits(0).stdout;
    assert!(shown.contains("550 5.1.1 bo\u{fffd}te inconnue"), "a reply in Latin-1 keeps its code and text:\n{shown}");

    // No reader in doubt is sent another copy unless the owner says so.
    site.run("2026-03-02T12:00:00Z", &["publish"]).exits(4);
    assert_eq!(sink.copies()["lost-reader@reader.test"], 1);
    site.run(MONDAY, &["runs", "resolve", "1", "--sent", "--only", "lost-reader@reader.test"]).exits(0);
    site.run(MONDAY, &["runs", "resolve", "1", "--send-again"]).exits(0);
    let counts = site.status()["deliveries"].clone();
    assert_eq!(
        (counts["in_doubt"].as_i64(), counts["queued"].as_i64(), counts["sent"].as_i64()),
        (Some(0), Some(1), Some(3))
    );
}

#[test]
fn a_greylisted_reader_gets_it_at_the_next_try() {
    let sink = Sink::start(Duration::ZERO);
    let site = TestSite::new(&sink.transport());
    site.run(MONDAY, &["subscribers", "add", "grey-reader@reader.test"]).exits(0);
    site.post("2026-03-01", "Slow rivers");
    site.run(MONDAY, &["publish"]).exits(4);
    site.run("2026-03-02T09:01:00Z", &["publish"]).exits(4);
    assert_eq!(sink.count(), 0, "the pause is at least 4 minutes 48 seconds");
    site.run("2026-03-02T09:08:00Z", &["publish"]).exits(0);
    assert_eq!(sink.count(), 1);
}

#[test]
fn a_deferred_reader_does_not_keep_the_next_issue_from_the_others() {
    let sink = Sink::start(Duration::ZERO);
    let site = TestSite::new(&sink.transport());
    site.run(MONDAY, &["subscribers", "add", "t451-reader@reader.test", "fine@reader.test"]).exits(0);
    site.post("2026-03-01", "Slow rivers");
    site.run(MONDAY, &["publish"]).exits(4);
    site.post("2026-03-02", "A second post");
    site.run("2026-03-02T09:01:00Z", &["publish"]).exits(4);
    assert_eq!(sink.copies()["fine@reader.test"], 2);
    // After two days the program gives up on what the server never took.
    site.run("2026-03-04T10:00:00Z", &["deliver"]).exits(4);
    assert_eq!(site.status()["deliveries"]["skipped"], 2);
    site.run("2026-03-04T11:00:00Z", &["publish"]).exits(0);
}

#[test]
fn a_server_that_turns_against_us_stops_the_run_and_blames_no_reader() {
    let sink = Sink::start(Duration::ZERO);
    let site = TestSite::new(&sink.transport());
    // With more connections some refusals may come before the last acceptance, and so outside of the streak.
    site.configure("mail", "connections = 1");
    let refused = (0..60).map(|n| format!("p571-r{n}@reader.test"));
    let addresses: Vec<_> = (0..5).map(|n| format!("r{n}@reader.test")).chain(refused).collect();
    site.write("readers.csv", &addresses.join("\n"));
    site.run(MONDAY, &["subscribers", "import", site.file("readers.csv").to_str().unwrap()]).exits(0);
    site.post("2026-03-01", "Slow rivers");
    let run = site.run(MONDAY, &["publish"]).exits(4);
    assert!(run.stderr.contains("in a row") && run.stderr.contains("5.7.1 sending suspended"), "{run:#?}");
    let counts = site.status()["deliveries"].clone();
    assert_eq!(counts["sent"], 5);
    let waiting = counts["queued"].as_i64().unwrap() + counts["deferred"].as_i64().unwrap();
    assert_eq!((&counts["failed"], waiting), (&0.into(), 60), "{counts}");
    assert_eq!(sink.tries().len(), 5 + 20 + 3, "three more are asked before it stops");
}

#[test]
fn patience_begins_with_the_first_try() {
    let sink = Sink::start(Duration::ZERO);
    let site = TestSite::new(&sink.transport());
    site.run(MONDAY, &["subscribers", "add", "grey-reader@reader.test"]).exits(0);
    site.post("2026-03-01", "Slow rivers");
    site.run(MONDAY, &["publish", "--limit", "0"]).exits(4);
    site.run("2026-03-05T09:00:00Z", &["deliver"]).exits(4);
    assert_eq!(site.status()["deliveries"]["deferred"], 1, "queued for days, but tried only once");
    site.run("2026-03-05T10:00:00Z", &["deliver"]).exits(0);
    assert_eq!(sink.count(), 1);
}

#[test]
fn what_failed_can_be_tried_again_or_given_up() {
    let sink = Sink::start(Duration::ZERO);
    let site = TestSite::new(&sink.transport());
    site.run(MONDAY, &["subscribers", "add", "p550-reader@reader.test", "t451-reader@reader.test"]).exits(0);
    site.post("2026-03-01", "Slow rivers");
    site.run(MONDAY, &["publish"]).exits(4);
    site.run(MONDAY, &["runs", "resolve", "1", "--failed", "--send-again"]).exits(0);
    assert_eq!(site.status()["deliveries"]["queued"], 1);
    site.run(MONDAY, &["runs", "cancel", "1"]).exits(0);
    assert_eq!(site.status()["deliveries"]["skipped"], 2);
    site.run(MONDAY, &["deliver"]).exits(0);
    assert!(site.run(MONDAY, &["status"]).exits(0).stdout.contains("finished"));
}

#[test]
fn a_server_that_is_gone_stops_the_run_and_blames_no_reader() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let site = TestSite::new(&format!("smtp://127.0.0.1:{port}"));
    site.readers(5);
    site.post("2026-03-01", "Slow rivers");
    let run = site.run(MONDAY, &["publish"]).exits(1);
    assert!(run.stderr.contains(&port.to_string()), "{run:#?}");
    let status = site.status();
    assert!(status["last_run"].is_null(), "nothing is frozen before the server is reached: {status}");
}

#[test]
fn the_same_bytes_are_sent_again_when_the_owner_wants_it_so() {
    let sink = Sink::start(Duration::ZERO);
    let site = TestSite::new(&sink.transport());
    site.configure("mail", "in_doubt = \"resend\"");
    site.run(MONDAY, &["subscribers", "add", "lost-reader@reader.test"]).exits(0);
    site.post("2026-03-01", "Slow rivers");
    site.run(MONDAY, &["publish"]).exits(4);
    site.edit("posts/2026-03-01-slow-rivers.md", "takes its time", "has changed since");
    site.run("2026-03-02T10:00:00Z", &["publish"]).exits(4);
    let received = sink.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].message, received[1].message);
    assert!(!received[0].message_id().is_empty());
}
