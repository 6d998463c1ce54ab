//! How deliveries are seen from outside: `status`, `runs show` and the progress bar.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::sink::{Sink, Step};
use crate::site::{TestSite, end_of};

const MONDAY: &str = "2026-03-02T09:00:00Z";

#[test]
fn reasons_are_told_in_groups() {
    let sink = Sink::scripted(|step: &Step<'_>| match step {
        step if step.names("full") => Some("452 4.2.2 mailbox full"),
        step if step.names("gone") => Some("550 5.1.1 no such user"),
        _ => None,
    });
    let site = TestSite::new(&sink.transport());
    let gone: Vec<_> = (0..58).map(|n| format!("gone{n}@reader.test")).collect();
    let readers =
        gone.iter().map(String::as_str).chain(["full@reader.test", "lost-it@reader.test", "fine@reader.test"]);
    site.run(MONDAY, &["subscribers", "add"].into_iter().chain(readers).collect::<Vec<_>>()).exits(0);
    site.post("2026-03-01", "Slow rivers");
    site.run(MONDAY, &["publish", "--wait", "0"]).exits(4);
    let show = |more: &[&str]| site.run(MONDAY, &[&["runs", "show"], more].concat()).exits(0);
    let text = show(&[]).stdout;
    let table = "STATE     READERS  WHY\n\
                 deferred  1        452 4.2.2 mailbox full\n\
                 failed    58       550 5.1.1 no such user\n\
                 in doubt  1        ";
    assert!(text.contains(table), "{text}");
    assert!(text.contains("60 deliveries; `--state STATE` lists those of a state, `--json` all of them."), "{text}");
    assert!(!text.contains("@reader.test"), "{text}");
    let text = show(&["--state", "failed"]).stdout;
    assert_eq!((text.matches("gone").count(), text.matches("full").count()), (58, 0), "all of them, however many");
    let few = show(&["--state", "deferred", "--state", "in_doubt"]).stdout;
    assert!(few.contains("full@reader.test") && few.contains("lost-it@reader.test") && !few.contains("gone"), "{few}");
    assert!(show(&["--state", "queued"]).stdout.contains("There is no such delivery."));
    site.run(MONDAY, &["runs", "show", "--state", "sent"]).exits(2);

    let all = show(&["--issue", "1", "--json"]).json();
    assert_eq!(all["not_sent"].as_array().unwrap().len(), 60);
    let group = json!({ "state": "failed", "code": 550, "enhanced": "5.1.1", "count": 58, "text": "no such user" });
    assert_eq!(all["reasons"][1], group);
    site.run(MONDAY, &["runs", "show", "--issue", "2"]).exits(2);
}

#[test]
fn who_delivers_and_how_long_that_takes_is_told() {
    let (is_held, sees) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
    let (held, seen) = (Arc::clone(&is_held), Arc::clone(&sees));
    let sink = Sink::scripted(move |step: &Step<'_>| {
        if step.name == "RCPT" && step.received == 2 {
            seen.store(true, Ordering::SeqCst);
            while held.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        None
    });
    let site = TestSite::new(&sink.transport());
    site.configure("mail", "connections = 1\nrate = \"1000/s,50/h\"");
    site.readers(6);
    site.post("2026-03-01", "Slow rivers");
    let status = || site.run(MONDAY, &["status", "--json"]).exits(0).json();
    assert_eq!((&status()["delivering"], &status()["forecast"]), (&Value::Null, &Value::Null));
    let publish = site.start(MONDAY, &["publish"]);
    let start = Instant::now();
    while !sees.load(Ordering::SeqCst) || status()["limits"][0]["used"] != 2 {
        assert!(start.elapsed() < Duration::from_secs(20), "it never comes to the third reader: {:#}", status());
        std::thread::sleep(Duration::from_millis(20));
    }
    let told = status();
    assert_eq!(told["delivering"], json!({ "pid": publish.id(), "since": MONDAY }));
    assert_eq!(
        told["limits"],
        json!([{ "limit": "50/h", "used": 2, "left": 48, "from": null, "relay": null, "domains": [] }])
    );
    assert_eq!(told["forecast"]["per_second"], 2.0, "the clock stands still: {told:#}");
    let text = site.run(MONDAY, &["status"]).exits(0).stdout;
    assert!(
        text.contains(&format!("A process is delivering now: number {}, since 2026-03-02 09:00:00 UTC.", publish.id())),
        "{text}"
    );
    assert!(text.contains("Limit 50/h: 2 used, 48 left.\n"), "{text}");
    is_held.store(false, Ordering::SeqCst);
    end_of(publish).exits(0);
    assert_eq!((&status()["delivering"], &status()["forecast"]), (&Value::Null, &Value::Null));
}

#[test]
fn what_a_limit_leaves_is_told_with_when_it_takes_more() {
    let sink = Sink::start(Duration::ZERO);
    let site = TestSite::new(&sink.transport());
    site.configure("mail", "rate = \"4/s,3/day\"");
    site.readers(5);
    site.post("2026-03-01", "Slow rivers");
    site.run(MONDAY, &["publish"]).exits(4);
    let told = site.run("2026-03-02T10:00:00Z", &["status", "--json"]).exits(0).json();
    let from = "2026-03-03T09:00:01Z";
    let limit = json!({ "limit": "3/day", "used": 3, "left": 0, "from": from, "relay": null, "domains": [] });
    assert_eq!(told["limits"], json!([limit]));
    assert_eq!(told["forecast"], json!({ "messages": 2, "per_second": 4.0, "seconds": 57_600 }));
    let text = site.run("2026-03-02T10:00:00Z", &["status"]).exits(0).stdout;
    assert!(text.contains("2 messages can be tried now: about 16 hours, at 4.0 a second.\n"), "{text}");
    assert!(text.contains("Limit 3/day: 3 used, 0 left, the next one from 2026-03-03 09:00:01 UTC.\n"), "{text}");
    site.run("2026-03-03T09:00:00Z", &["deliver"]).exits(4);
    assert_eq!(sink.count(), 3);
    site.run(from, &["deliver"]).exits(0);
    assert_eq!(sink.count(), 5);
}

#[test]
fn who_only_looks_keeps_no_process_from_delivering() {
    let site = TestSite::new("outbox:outbox");
    site.readers(1);
    site.post("2026-03-01", "Slow rivers");
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    site.run(MONDAY, &["status"]).exits(0);
                }
            });
        }
        let runs: Vec<_> = (0..20).map(|_| site.run(MONDAY, &["deliver"]).code).collect();
        is_over.store(true, Ordering::SeqCst);
        assert!(runs.iter().all(|code| *code == 0), "{runs:?}");
    });
}

#[cfg(unix)]
#[test]
fn the_bar_counts_by_state() {
    let sink = Sink::start(Duration::from_millis(20));
    let site = TestSite::of_a_stranger(&sink.transport());
    let readers: Vec<_> = (0..100).map(|n| format!("r{n}@reader.test")).collect();
    let readers = ["p550-one@reader.test"].into_iter().chain(readers.iter().map(String::as_str));
    site.run(MONDAY, &["subscribers", "add"].into_iter().chain(readers).collect::<Vec<_>>()).exits(0);
    site.post("2026-03-01", "Slow rivers");
    let Some(run) = site.on_a_terminal(MONDAY, &["publish", "--yes"], "") else { return };
    for words in ["Sending ", " of 101 ", "/s ", " left ", " sent, 1 failed"] {
        assert!(run.stdout.contains(words), "{words:?}: {run:#?}");
    }
}
