//! Servers that put off all readers for now: they are given time as a whole, and no reader is blamed for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::sink::{Sink, Step};
use crate::site::{TestSite, at_once};

const MONDAY: &str = "2026-03-02T09:00:00Z";

/// A site with so many readers at one domain and one post that is due.
fn site(sink: &Sink, readers: usize) -> TestSite {
    let site = TestSite::new(&sink.transport());
    site.readers(readers);
    site.post("2026-03-01", "Slow rivers");
    site
}

#[test]
fn a_server_that_takes_nothing_for_a_moment_is_asked_again_soon() {
    for reply in ["451 4.3.2 try again later", "452 4.2.2 too many messages", "450 4.1.8 no answer from DNS"] {
        let asked = AtomicUsize::new(0);
        let sink = Sink::scripted(move |step: &Step<'_>| {
            let is_meant = step.name == "MAIL" && (5..8).contains(&asked.fetch_add(1, Ordering::SeqCst));
            is_meant.then_some(reply)
        });
        let site = site(&sink, 20);
        site.run(MONDAY, &["publish"]).exits(0);
        let copies = sink.copies();
        assert!(copies.len() == 20 && copies.values().all(|copies| *copies == 1), "{reply}: {copies:?}");
        let told = site.run(MONDAY, &["explain", "r6@reader.test", "--json"]).exits(0).json();
        assert_eq!(told["deliveries"][0]["state"], "sent", "{told:#}");
    }
}

#[test]
pub(crate) fn a_server_that_takes_nothing_stops_the_run_and_puts_no_reader_off() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let is_busy = move || counter.fetch_add(1, Ordering::SeqCst) < 12;
    let sink =
        Sink::scripted(move |step: &Step<'_>| (step.name == "MAIL" && is_busy()).then_some("452 4.3.1 no space"));
    let site = site(&sink, 100);
    let run = site.run(MONDAY, &["publish"]).exits(4);
    let words = "Stopped: the server is putting off all readers: 452 4.3.1 no space; 100 messages still queued";
    assert!(run.stderr.contains(words), "{run:#?}");
    assert!(!run.stderr.contains("deferred") && !run.stderr.contains("Nothing can be tried yet"), "{run:#?}");
    assert!(asked.load(Ordering::SeqCst) <= 12, "{asked:?} were asked");
    let status = site.status();
    assert_eq!(status["deliveries"]["queued"], 100, "{status}");
    assert_eq!(
        (&status["stops"][0]["domain"], &status["stops"][0]["kind"]),
        (&json!(null), &json!("refused")),
        "{status}"
    );

    // It has calmed down, and no reader has to wait.
    asked.store(99, Ordering::SeqCst);
    site.run("2026-03-02T09:01:00Z", &["deliver"]).exits(0);
    assert_eq!(sink.copies().len(), 100);
}

#[test]
fn what_a_server_says_of_every_mailbox_for_two_days_fails_no_reader() {
    let later = "2026-03-04T10:00:00Z";
    for (full, expected) in [("r", [0, 0, 12]), ("r1@", [11, 1, 0])] {
        let sink = Sink::scripted(move |step: &Step<'_>| step.names(full).then_some("450 4.2.1 mailbox busy"));
        let site = site(&sink, 12);
        site.run(MONDAY, &["publish"]).exits(4);
        let run = site.run(later, &["deliver"]).exits(4);
        let counts = site.status()["deliveries"].clone();
        let counts = ["sent", "failed", "skipped"].map(|state| counts[state].as_u64().unwrap());
        assert_eq!(counts, expected, "{run:#?}");
    }
}

#[test]
fn a_server_that_closes_every_connection_for_two_days_loses_no_reader() {
    at_once(&["MAIL", "RCPT"], |&step| {
        let is_closed = Arc::new(AtomicUsize::new(1));
        let closed = Arc::clone(&is_closed);
        let sink = Sink::scripted(move |said: &Step<'_>| {
            (said.name == step && closed.load(Ordering::SeqCst) == 1).then_some("421 4.3.2 not accepting messages")
        });
        let site = TestSite::new(&sink.transport());
        let readers: Vec<_> = (0..30).map(|n| format!("r{n}@d{}.test", n % 3)).collect();
        site.run(MONDAY, &[&["subscribers", "add"], &*readers.iter().map(String::as_str).collect::<Vec<_>>()].concat())
            .exits(0);
        site.post("2026-03-01", "Slow rivers");
        for now in [MONDAY, "2026-03-05T12:00:00Z"] {
            let run = site.run(now, &["publish"]).exits(4);
            assert!(run.stderr.contains("the server is putting off all readers: "), "{step}: {run:#?}");
            assert!(!run.stderr.contains("given up") && !run.stderr.contains("Paused"), "{step}: {run:#?}");
        }
        is_closed.store(0, Ordering::SeqCst);
        site.run("2026-03-06T12:00:00Z", &["publish"]).exits(0);
        let copies = sink.copies();
        assert!(copies.len() == 30 && copies.values().all(|copies| *copies == 1), "{step}: {copies:?}");
    });
}

#[test]
fn what_is_not_taken_within_a_limit_is_said_to_be_tried() {
    let sink = Sink::scripted(|step: &Step<'_>| (step.name == "MAIL").then_some("451 4.3.2 try again later"));
    let site = site(&sink, 5);
    let run = site.run(MONDAY, &["publish", "--limit", "2"]).exits(4);
    assert!(run.stderr.contains("2 messages tried and not taken for now"), "{run:#?}");
    assert!(run.stderr.contains("5 messages still queued") && !run.stderr.contains("Nothing can be tried"), "{run:#?}");
}
