//! Whole stories of a site over weeks: what is mailed, to whom, and what is not.

use std::time::Duration;

use crate::serve::Serve;
use crate::sink::{Sink, Step};
use crate::site::{TestSite, end_of};

const MONDAY: &str = "2026-03-02T09:00:00Z";
const TUESDAY: &str = "2026-03-03T09:00:00Z";
const WEDNESDAY: &str = "2026-03-04T09:00:00Z";
const THURSDAY: &str = "2026-03-05T09:00:00Z";

#[test]
pub(crate) fn every_reader_gets_every_new_entry_once() {
    let site = TestSite::new("outbox:outbox");
    site.readers(3);
    let first = site.post("2026-03-01", "Slow rivers");
    site.run(MONDAY, &["publish"]).exits(0);
    assert_eq!(site.outbox(), ["issue-1-00001.eml", "issue-1-00002.eml", "issue-1-00003.eml"]);

    // Again: nothing is due, and that is no failure.
    let again = site.run(MONDAY, &["publish"]).exits(0);
    assert!(again.stderr.contains("Nothing is due"), "{again:#?}");

    // Only the new post goes out.
    site.post("2026-03-03", "A second post");
    let plan = site.run(TUESDAY, &["publish", "--dry-run", "--json"]).exits(0).json();
    assert_eq!(plan["entries"].as_array().unwrap().len(), 1);
    assert_eq!(plan["entries"][0]["title"], "A second post");
    site.run(TUESDAY, &["publish"]).exits(0);
    assert_eq!(site.outbox().len(), 6);
    assert!(!site.read("outbox/issue-2-00001.eml").contains("Slow rivers"));

    // An old post under a new name, with a new title and date: recognised.
    let text = site
        .read(&first)
        .replace("title: Slow rivers", "title: Fast rivers")
        .replace("date: 2026-03-01", "date: 2026-03-04");
    std::fs::remove_file(site.file(&first)).unwrap();
    site.write("posts/2026-03-04-fast-rivers.md", &text);
    let plan = site.run(WEDNESDAY, &["publish", "--dry-run", "--json"]).exits(0).json();
    assert_eq!(plan["entries"].as_array().unwrap().len(), 0, "{plan:#}");
    site.run(WEDNESDAY, &["publish"]).exits(0);
    assert_eq!(site.outbox().len(), 6);

    // A post dated before the last run: named, and sent only on the owner's word.
    let late = site.post("2026-02-20", "From the drawer");
    let run = site.run(WEDNESDAY, &["publish"]).exits(0);
    assert!(run.stderr.contains(&late), "{run:#?}");
    assert_eq!(site.outbox().len(), 6);
    site.run(THURSDAY, &["publish", "--include", "2026-02-20-from-the-drawer.md"]).exits(0);
    assert_eq!(site.outbox().len(), 9);
    let status = site.status();
    assert_eq!((status["deliveries"]["sent"].as_i64(), status["next_issue"].as_i64()), (Some(9), Some(4)));
    assert_eq!(status["last_run"], "2026-03-05T09:00:00Z");
}

#[test]
pub(crate) fn each_mode_makes_an_issue_of_each_entry_in_their_order() {
    let site = TestSite::new("outbox:outbox");
    site.configure("newsletter", "mode = \"each\"");
    site.readers(2);
    site.post("2026-03-01", "One");
    site.post("2026-03-02", "Two");
    site.run(MONDAY, &["publish"]).exits(0);
    assert_eq!(site.outbox().len(), 4);
    assert!(site.read("outbox/issue-1-00001.eml").contains("Subject: One"));
    assert!(site.read("outbox/issue-2-00002.eml").contains("Subject: Two"));
}

#[test]
pub(crate) fn who_unsubscribes_during_a_run_gets_no_copy() {
    let sink = Sink::start(Duration::from_millis(100));
    let site = TestSite::new(&sink.transport());
    site.configure("mail", "connections = 1");
    site.readers(20);
    site.post("2026-03-01", "Slow rivers");
    let publish = site.start(MONDAY, &["publish"]);
    sink.wait_for(2);
    site.run(MONDAY, &["subscribers", "remove", "r20@reader.test"]).exits(0);
    end_of(publish).exits(0);
    assert_eq!(sink.count(), 19);
    assert!(!sink.copies().contains_key("r20@reader.test"));
    assert_eq!(site.not_sent()["r20@reader.test"], "skipped");
}

#[test]
pub(crate) fn a_polite_stop_finishes_what_is_in_flight_and_the_next_run_goes_on() {
    let sink = Sink::start(Duration::from_millis(20));
    let site = TestSite::new(&sink.transport());
    site.readers(100);
    site.post("2026-03-01", "Slow rivers");
    let publish = site.start(MONDAY, &["publish"]);
    sink.wait_for(8);
    let kill = std::process::Command::new("kill").args(["-TERM", &publish.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let stopped = end_of(publish).exits(4);
    assert!(stopped.stderr.contains("Stopped as asked"), "{stopped:#?}");
    let counts = site.status()["deliveries"].clone();
    assert_eq!(counts["sent"].as_u64().unwrap(), sink.count() as u64, "{counts}");
    assert_eq!((counts["sending"].as_i64(), counts["in_doubt"].as_i64()), (Some(0), Some(0)));
    assert!(counts["queued"].as_i64().unwrap() > 0);
    site.run(TUESDAY, &["publish"]).exits(0);
    assert!(sink.copies().len() == 100 && sink.copies().values().all(|copies| *copies == 1));
}

#[test]
pub(crate) fn a_process_that_follows_delivers_what_is_queued_later() {
    let sink = Sink::start(Duration::ZERO);
    let site = TestSite::new(&sink.transport());
    site.readers(30);
    let follows = site.start(TUESDAY, &["deliver", "--follow"]);
    for (issue, day) in [(1, "2026-03-01"), (2, "2026-03-03")] {
        site.post(day, &format!("Slow rivers {issue}"));
        // It may be delivering still.
        while site.run(TUESDAY, &["publish", "--limit", "1"]).code == 5 {}
        sink.wait_for(issue * 30);
    }
    let term = std::process::Command::new("kill").args(["-TERM", &follows.id().to_string()]).status().unwrap();
    assert!(term.success());
    let end = end_of(follows).exits(0);
    assert!(end.stderr.contains("29 sent"), "{end:#?}");
    assert_eq!((sink.count(), sink.copies().len()), (60, 30), "two issues, each once");
}

#[test]
fn a_mail_server_that_lets_no_one_in_ends_no_process_that_is_there_for_long() {
    // It takes one more message, closes the connection, and lets no other one in.
    let sink = Sink::scripted(|step: &Step<'_>| match step {
        Step { name: "MAIL", received: 2.., .. } => Some("421 4.3.2 closing"),
        Step { name: "CONNECT", received: 2.., .. } => Some("554 5.7.1 no mail from your network"),
        _ => None,
    });
    let site = TestSite::new(&sink.transport());
    site.configure("mail", "connections = 1");
    site.readers(4);
    let now = tidings::clock::now();
    let day = (now - jiff::SignedDuration::from_hours(24)).to_string();
    site.post(&day[..10], "Slow rivers");
    site.run(&now.to_string(), &["publish", "--limit", "1"]).exits(4);
    let follows = site.start(&now.to_string(), &["deliver", "--follow"]);
    let is_stopped = |site: &TestSite| site.status()["stops"].as_array().is_some_and(|stops| !stops.is_empty());
    while !is_stopped(&site) {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(500));
    let term = std::process::Command::new("kill").args(["-TERM", &follows.id().to_string()]).status().unwrap();
    assert!(term.success());
    let end = end_of(follows).exits(4);
    assert!(end.stderr.contains("no mail from your network") && end.stderr.contains("Stopping after"), "{end:#?}");

    let other = Sink::scripted(|step: &Step<'_>| match step {
        Step { name: "MAIL", received: 1.., .. } => Some("421 4.3.2 closing"),
        Step { name: "CONNECT", received: 1.., .. } => Some("554 5.7.1 no mail from your network"),
        _ => None,
    });
    site.edit("config.toml", &sink.transport(), &other.transport());
    let serve = Serve::of(&site, "");
    other.wait_for(1);
    while other.connections() < 2 {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(serve.get("/health").status, 200);
    assert!(serve.end().contains("no mail from your network"));
}

#[test]
fn a_polite_stop_does_not_wait_for_a_server_that_hangs() {
    let sink = Sink::start(Duration::ZERO);
    let site = TestSite::new(&sink.transport());
    site.run(MONDAY, &["subscribers", "add", "hang-reader@reader.test"]).exits(0);
    site.post("2026-03-01", "Slow rivers");
    let publish = site.start(MONDAY, &["publish"]);
    sink.wait_for_tries("hang-reader@reader.test");
    let asked = std::time::Instant::now();
    assert!(std::process::Command::new("kill").args(["-TERM", &publish.id().to_string()]).status().unwrap().success());
    end_of(publish).exits(4);
    assert!(asked.elapsed() < Duration::from_secs(10), "the server would take its 20 seconds");
    let counts = site.status()["deliveries"].clone();
    assert_eq!((counts["queued"].as_i64(), counts["in_doubt"].as_i64()), (Some(1), Some(0)), "{counts}");
}

#[test]
pub(crate) fn a_limit_sends_so_many_and_leaves_the_rest_for_later() {
    let sink = Sink::start(Duration::ZERO);
    let site = TestSite::new(&sink.transport());
    site.readers(10);
    site.post("2026-03-01", "Slow rivers");
    site.run(MONDAY, &["publish", "--limit", "4"]).exits(4);
    assert_eq!(sink.count(), 4);
    site.run(MONDAY, &["deliver"]).exits(0);
    assert_eq!(sink.copies().len(), 10);
    assert!(sink.peak_connections() <= 4, "four connections are the default");
}

#[test]
pub(crate) fn a_test_issue_goes_to_one_address_and_is_not_recorded() {
    let sink = Sink::start(Duration::ZERO);
    let site = TestSite::new(&sink.transport());
    site.readers(3);
    site.post("2026-03-01", "Slow rivers");
    site.run(MONDAY, &["publish", "--to", "ada@example.org"]).exits(0);
    assert_eq!(sink.copies().into_keys().collect::<Vec<_>>(), ["ada@example.org"]);
    assert!(site.status()["last_run"].is_null());
    site.run(MONDAY, &["publish"]).exits(0);
    assert_eq!(sink.count(), 4);
}

#[test]
pub(crate) fn only_the_reviewed_plan_is_sent_when_it_is_expected() {
    let site = TestSite::new("outbox:outbox");
    site.readers(1);
    let post = site.post("2026-03-01", "Slow rivers");
    let plan = site.run(MONDAY, &["publish", "--dry-run", "--json"]).exits(0).json();
    let digest = plan["issue"]["digest"].as_str().unwrap();
    site.edit(&post, "takes its time", "takes its time, as it must");
    site.run(TUESDAY, &["publish", "--expect", digest]).exits(5);
    assert!(site.outbox().is_empty());
    site.edit(&post, "takes its time, as it must", "takes its time");
    site.run(TUESDAY, &["publish", "--expect", digest]).exits(0);
    assert_eq!(site.outbox().len(), 1);
}

#[test]
pub(crate) fn without_readers_nothing_is_recorded_and_nothing_lost() {
    let site = TestSite::new("outbox:outbox");
    site.post("2026-03-01", "Slow rivers");
    site.run(MONDAY, &["publish"]).exits(0);
    assert!(site.status()["last_run"].is_null());
    assert!(site.read("public/feed.xml").contains("Slow rivers"));
    site.readers(1);
    site.run(TUESDAY, &["publish"]).exits(0);
    assert_eq!(site.outbox().len(), 1);
}

#[test]
pub(crate) fn guards_refuse_and_name_the_word_that_lets_them_pass() {
    let refused = |site: &TestSite, now: &str, word: &str| {
        let before = site.snapshot(&[".tidings"]);
        let run = site.run(now, &["publish"]).exits(5);
        assert!(run.stderr.contains(&format!("--allow {word}")), "{run:#?}");
        assert_eq!(site.snapshot(&[".tidings"]), before, "nothing is written");
        site.run(now, &["publish", "--dry-run"]).exits(5);
        site.run(now, &["publish", "--allow", word]).exits(0);
        assert!(!site.outbox().is_empty());
    };
    let with_post = |day: &str| {
        let site = TestSite::new("outbox:outbox");
        site.readers(1);
        site.post(day, "Slow rivers");
        site
    };
    let site = with_post("2026-03-01");
    site.edit("config.toml", "start = 2026-01-01\n", "");
    refused(&site, MONDAY, "no-start");

    let site = with_post("2026-03-01");
    site.configure("newsletter", "max_entries = 1");
    site.post("2026-03-02", "One too many");
    refused(&site, MONDAY, "too-many");

    let site = with_post("2026-03-01");
    site.run(MONDAY, &["publish"]).exits(0);
    site.post("2026-03-04", "Nobody was there to send it");
    refused(&site, "2026-06-03T09:00:00Z", "too-late");

    let site = with_post("2026-03-01");
    site.write(
        "posts/2026-03-02-perhaps.md",
        "---\ntitle: Perhaps\ndate: 2026-03-02\ndraft: maybe\n---\n\nWho knows.\n",
    );
    refused(&site, MONDAY, "unclear-draft");
    assert!(!site.read("public/feed.xml").contains("Perhaps"), "what is not clear stays back");
}

#[test]
fn mail_waits_for_the_page_when_the_owner_wants_it_so() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let site = TestSite::new("outbox:outbox");
    site.edit("config.toml", "https://example.org", &format!("http://127.0.0.1:{port}"));
    site.configure("newsletter", "require_live = true");
    site.readers(1);
    site.post("2026-03-01", "Slow rivers");
    let run = site.run(MONDAY, &["publish"]).exits(5);
    assert!(run.stderr.contains("--allow not-live") && run.stderr.contains("/2026/03/01/slow-rivers/"), "{run:#?}");
    assert!(site.outbox().is_empty());
    site.run(MONDAY, &["publish", "--allow", "not-live"]).exits(0);
    assert_eq!(site.outbox().len(), 1);
}

#[test]
pub(crate) fn a_late_post_is_named_also_when_another_one_is_due() {
    let site = TestSite::new("outbox:outbox");
    site.readers(1);
    site.post("2026-03-01", "Slow rivers");
    site.run(MONDAY, &["publish"]).exits(0);
    let late = site.post("2026-02-20", "From the drawer");
    site.post("2026-03-03", "A second post");
    let run = site.run(TUESDAY, &["publish"]).exits(0);
    assert!(run.stderr.contains(&late) && run.stderr.contains("1 sent"), "{run:#?}");
}

#[test]
pub(crate) fn two_publishes_at_once_do_not_both_send() {
    let sink = Sink::start(Duration::from_millis(50));
    let site = TestSite::new(&sink.transport());
    site.readers(30);
    site.post("2026-03-01", "Slow rivers");
    let first = site.start(MONDAY, &["publish"]);
    sink.wait_for(1);
    site.run(MONDAY, &["publish"]).exits(5);
    end_of(first).exits(0);
    assert!(sink.count() == 30 && sink.copies().len() == 30);
}
