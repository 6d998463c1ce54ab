//! What is known of a relay, and what follows from it: how a message is known again, and what its refusals mean.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::sink::Sink;
use crate::site::{TestSite, end_of};

const MONDAY: &str = "2026-03-02T09:00:00Z";
const AN_HOUR_LATER: &str = "2026-03-02T10:00:00Z";
const A_DAY_LATER: &str = "2026-03-03T09:00:00Z";

/// A site that is about to mail its first issue through a relay that is called so.
fn site(relay: &str, transport: &str, readers: &[&str]) -> TestSite {
    let site = TestSite::new(transport);
    site.configure("mail", &format!("relay = \"{relay}\""));
    site.run(MONDAY, &[&["subscribers", "add"], readers].concat()).exits(0);
    site.post("2026-03-01", "Slow rivers");
    site
}

/// The states of the tries of a reader's delivery, and the words of the last.
fn history(site: &TestSite, reader: &str) -> (Vec<String>, String) {
    let told = site.run(MONDAY, &["explain", reader, "--json"]).exits(0).json();
    let tries = told["deliveries"][0]["tries"].as_array().unwrap().clone();
    let text = |key: &str| tries.iter().map(|one| one[key].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    (text("state"), text("reply").pop().unwrap())
}

#[test]
fn what_is_in_doubt_is_sent_again_by_itself_as_long_as_its_relay_knows_it() {
    let sink = Sink::start(Duration::ZERO);
    let reader = "doubt-a@reader.test";
    let site = site("resend", &sink.transport(), &[reader, "fine@reader.test"]);
    site.run(MONDAY, &["publish"]).exits(4);
    assert_eq!(site.not_sent()[reader], "deferred");
    let (states, words) = history(&site, reader);
    assert!(states == ["in_doubt"] && words.contains("it is sent again: resend knows it"), "{states:?} {words}");
    site.run(AN_HOUR_LATER, &["deliver"]).exits(0);
    let received = sink.received();
    let (own, other): (Vec<_>, Vec<_>) = received.iter().partition(|one| one.to == reader);
    assert!(own.len() == 2 && own[0].message == own[1].message, "the same bytes: {own:#?}");
    let key = own[0].message.lines().find(|line| line.starts_with("Resend-Idempotency-Key: ")).unwrap();
    assert!(other.len() == 1 && !other[0].message.contains(key), "each reader has a key of their own");
}

#[test]
fn what_is_in_doubt_is_held_once_its_relay_has_forgotten_it_or_another_has_taken_its_place() {
    for (now, moves) in [(A_DAY_LATER, false), (AN_HOUR_LATER, true)] {
        let (sink, other) = (Sink::start(Duration::ZERO), Sink::start(Duration::ZERO));
        let reader = "doubt-a@reader.test";
        let site = site("resend", &sink.transport(), &[reader]);
        site.run(MONDAY, &["publish"]).exits(4);
        if moves {
            site.edit("config.toml", &sink.transport(), &other.transport());
        }
        let run = site.run(now, &["deliver"]).exits(4);
        assert!(run.stderr.contains("1 in doubt"), "{run:#?}");
        let (states, words) = history(&site, reader);
        assert!(states == ["in_doubt", "in_doubt"] && words.contains("held"), "{states:?} {words}");
        assert_eq!((sink.count(), other.count()), (1, 0));
        // From here on it is as any other in doubt.
        site.run(now, &["runs", "resolve", "1", "--resend"]).exits(0);
        site.run(now, &["deliver"]).exits(if moves { 4 } else { 0 });
        assert_eq!((sink.count(), other.count()), if moves { (1, 1) } else { (2, 0) });
    }
}

#[test]
fn what_a_dead_process_was_sending_is_sent_again_as_long_as_its_relay_knows_it() {
    for (now, is_sent) in [(AN_HOUR_LATER, true), (A_DAY_LATER, false)] {
        let sink = Sink::start(Duration::from_secs(1));
        let site = site("resend", &sink.transport(), &["ada@reader.test"]);
        let mut publish = site.start(MONDAY, &["publish"]);
        sink.wait_for(1);
        publish.kill().unwrap();
        end_of(publish);
        site.run(now, &["deliver"]).exits(if is_sent { 0 } else { 4 });
        assert_eq!(sink.count(), if is_sent { 2 } else { 1 });
        assert_eq!(site.not_sent().values().next().map(String::as_str), (!is_sent).then_some("in_doubt"));
    }
}

#[test]
fn the_dry_run_shows_what_the_relay_is_told() {
    let site = site("resend", "outbox:outbox", &["ada@reader.test"]);
    site.run(MONDAY, &["publish", "--dry-run"]).exits(0);
    site.run(MONDAY, &["publish"]).exits(0);
    let sent = site.read("outbox/issue-1-00001.eml");
    assert!(sent.starts_with("Resend-Idempotency-Key: ") && !sent.lines().next().unwrap().contains("ada"), "{sent}");
    assert_eq!(sent, site.read("preview/outbox/issue-1-00001.eml"));
    assert_eq!(sent, site.read("preview/issue-1.eml"));
}

#[test]
fn a_relay_gets_a_new_connection_after_as_many_messages_as_it_wants() {
    for (relay, connections) in [("postfix", 1), ("socketlabs", 3)] {
        let sink = Sink::in_groups(Duration::ZERO);
        let site = site(relay, &sink.transport(), &["ada@reader.test"]);
        site.configure("mail", "connections = 1");
        site.readers(109);
        site.run(MONDAY, &["publish"]).exits(0);
        // One more asks whether the server can be reached at all.
        assert_eq!((sink.count(), sink.connections()), (110, connections + 1), "{relay}");
    }
}

#[test]
fn a_relay_that_says_it_is_busy_means_every_reader() {
    for (relay, code) in [("ses", 0), ("mailgun", 4)] {
        let busy = AtomicUsize::new(0);
        let sink = Sink::scripted(move |step| {
            // It is asked twice about each message.
            let is_busy = step.name == "." && busy.fetch_add(1, Ordering::SeqCst) < 4;
            is_busy.then_some("454 Throttling failure: Maximum sending rate exceeded.")
        });
        let site = site(relay, &sink.transport(), &["ada@reader.test", "bo@reader.test"]);
        site.run(MONDAY, &["publish"]).exits(code);
        assert_eq!(sink.count(), if code == 0 { 2 } else { 0 }, "{relay}");
    }
}
