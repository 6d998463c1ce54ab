//! What `publish` does and says when an earlier run has left something: the rest goes first, and what was asked for holds all
//! the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::sink::{Sink, Step};
use crate::site::{TestSite, end_of};

const MONDAY: &str = "2026-03-02T09:00:00Z";
const TUESDAY: &str = "2026-03-03T09:00:00Z";

/// A site whose first issue has gone to one of its readers so far, with a second post that is due.
fn begun(transport: &str, readers: usize) -> TestSite {
    let site = TestSite::new(transport);
    site.configure("mail", "connections = 1");
    site.readers(readers);
    site.post("2026-03-01", "Slow rivers");
    site.run(MONDAY, &["publish", "--limit", "1"]).exits(4);
    site.post("2026-03-02", "A second post");
    site
}

/// Fails when the database was not closed.
#[track_caller]
fn is_closed(site: &TestSite) {
    let left: Vec<_> = std::fs::read_dir(site.file(".tidings")).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_str().unwrap().contains("tidings.db-")), "{left:?}");
}

#[test]
pub(crate) fn what_a_dead_process_was_sending_is_said_as_it_is_decided() {
    for (then, now, is_repeated) in [("hold", "resend", false), ("resend", "hold", false), ("resend", "resend", true)] {
        let sink = Sink::start(Duration::from_secs(1));
        let site = TestSite::new(&sink.transport());
        site.configure("mail", &format!("in_doubt = \"{then}\""));
        site.readers(1);
        site.post("2026-03-01", "Slow rivers");
        let mut publish = site.start(MONDAY, &["publish"]);
        sink.wait_for(1);
        publish.kill().unwrap();
        end_of(publish);
        site.edit("config.toml", &format!("in_doubt = \"{then}\""), &format!("in_doubt = \"{now}\""));
        let run = site.run(TUESDAY, &["publish"]).exits(if is_repeated { 0 } else { 4 });
        let words = if is_repeated { "1 delivery: sent again." } else { "1 delivery: in doubt, and not sent again." };
        assert!(run.stderr.contains(words), "{then}, {now}: {run:#?}");
        assert_eq!(sink.count(), if is_repeated { 2 } else { 1 });
    }
}

#[test]
pub(crate) fn the_expected_plan_is_the_one_that_is_sent_or_is_being_finished() {
    for mode in ["digest", "each"] {
        let site = TestSite::new("outbox:outbox");
        site.configure("newsletter", &format!("mode = \"{mode}\""));
        site.readers(2);
        site.post("2026-03-01", "Slow rivers");
        site.post("2026-03-02", "Fast rivers");
        let plan = site.run(MONDAY, &["publish", "--dry-run"]).exits(0).stdout;
        let digest = plan.split("--expect ").nth(1).unwrap().trim();
        site.run(MONDAY, &["publish", "--expect", digest, "--limit", "1"]).exits(4);
        // The same command again finishes it.
        site.run(MONDAY, &["publish", "--expect", digest]).exits(0);
        // Another plan is not what was expected, whatever is open.
        site.post("2026-03-03", "A third post");
        site.run(TUESDAY, &["publish", "--limit", "1"]).exits(4);
        let sent = site.outbox().len();
        let refused = site.run(TUESDAY, &["publish", "--expect", digest]).exits(5);
        assert!(refused.stderr.contains("nothing is due"), "{refused:#?}");
        assert_eq!(site.outbox().len(), sent + 1, "the rest of the run before");
    }
}

#[test]
pub(crate) fn a_limit_counts_the_messages_that_are_tried() {
    let site = begun("outbox:outbox", 6);
    for gone in ["r2@reader.test", "r3@reader.test"] {
        site.run(MONDAY, &["subscribers", "remove", gone]).exits(0);
    }
    // Three of the old issue are left, and two have gone.
    site.run(TUESDAY, &["publish", "--limit", "5"]).exits(4);
    assert_eq!(site.outbox().len(), 1 + 5);
    let nothing = site.run(TUESDAY, &["deliver", "--limit", "0"]).exits(4);
    assert_eq!(nothing.stderr, "2 messages still queued, `tidings deliver` goes on.\n");
}

#[test]
fn a_limit_that_the_old_issue_just_uses_up_leaves_the_new_one_queued() {
    let site = begun("outbox:outbox", 3);
    let run = site.run(TUESDAY, &["publish", "--limit", "2"]).exits(4);
    assert!(run.stderr.contains("3 messages still queued"), "{run:#?}");
    assert_eq!((site.outbox().len(), site.status()["next_issue"].as_i64()), (3, Some(3)));
    let refused = site.run(TUESDAY, &["publish", "--expect", "another", "--limit", "3"]).exits(5);
    assert!(refused.stderr.contains("nothing is due"), "what was expected was not sent: {refused:#?}");
    assert_eq!(site.outbox().len(), 6);
}

#[test]
fn nothing_new_is_said_when_something_old_was_mailed() {
    let site = begun("outbox:outbox", 2);
    std::fs::remove_file(site.file("posts/2026-03-02-a-second-post.md")).unwrap();
    let run = site.run(TUESDAY, &["publish"]).exits(0);
    assert!(run.stderr.contains("Nothing is due: the feeds are up to date and nothing new was mailed."), "{run:#?}");
}

#[cfg(unix)]
#[test]
fn the_question_shows_the_plan_and_a_no_leaves_all_in_order() {
    for (limit, said) in [("0", "[y/N] Nothing new was sent."), ("2", "[y/N] Nothing was sent.")] {
        let site = TestSite::of_a_stranger("outbox:outbox");
        site.readers(2);
        site.post("2026-03-01", "Slow rivers");
        site.run(MONDAY, &["publish", "--limit", limit]);
        site.post("2026-03-02", "A second post");
        let Some(run) = site.on_a_terminal(TUESDAY, &["publish"], "n\n") else { return };
        assert!(run.stdout.contains(said), "{run:#?}");
        assert_eq!((run.code, site.outbox().len()), (0, 2), "{run:#?}");
        is_closed(&site);
        let quiet = site.on_a_terminal(TUESDAY, &["-q", "publish"], "n\n").unwrap();
        assert!(quiet.stdout.contains("Issue 2 “A second post” goes to 2 readers.") && quiet.code == 0, "{quiet:#?}");
    }
}

#[cfg(unix)]
#[test]
fn a_stop_before_anything_new_is_frozen_leaves_all_in_order() {
    let (is_reached, may_go_on) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (reached, go_on) = (Arc::clone(&is_reached), Arc::clone(&may_go_on));
    let sink = Sink::scripted(move |step: &Step<'_>| {
        // When all of the old issue has come, the next to connect is who looks whether the server is there for the new one.
        if step.name == "CONNECT" && step.received == 2 {
            reached.store(true, Ordering::SeqCst);
            while !go_on.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        None
    });
    let site = begun(&sink.transport(), 2);
    let publish = site.start(TUESDAY, &["publish"]);
    let start = Instant::now();
    while !is_reached.load(Ordering::SeqCst) {
        assert!(start.elapsed() < Duration::from_secs(20), "it never connects");
        std::thread::sleep(Duration::from_millis(2));
    }
    let kill = std::process::Command::new("kill").args(["-TERM", &publish.id().to_string()]).status().unwrap();
    assert!(kill.success());
    std::thread::sleep(Duration::from_millis(100));
    may_go_on.store(true, Ordering::SeqCst);
    let stopped = end_of(publish).exits(4);
    assert!(stopped.stderr.contains("Stopped as asked: nothing new was sent or recorded."), "{stopped:#?}");
    is_closed(&site);
    assert_eq!((sink.count(), site.status()["next_issue"].as_i64()), (2, Some(2)));
}

#[test]
fn what_is_wrong_with_the_plan_is_told_also_when_the_rest_cannot_be_delivered() {
    let is_closed = Arc::new(AtomicBool::new(false));
    let closed = Arc::clone(&is_closed);
    let sink = Sink::scripted(move |step: &Step<'_>| match step.name {
        "CONNECT" if closed.load(Ordering::SeqCst) => Some("554 5.7.1 no mail from your network"),
        "RCPT" => Some("451 4.7.1 later"),
        _ => None,
    });
    let site = TestSite::new(&sink.transport());
    site.readers(1);
    site.post("2026-03-01", "Slow rivers");
    site.run(MONDAY, &["publish"]).exits(4);
    is_closed.store(true, Ordering::SeqCst);
    site.write("posts/2026-03-02-bad.md", "---\ntitle: [\n---\nx\n");
    let run = site.run(TUESDAY, &["publish"]).exits(3);
    assert!(run.stderr.contains("2026-03-02-bad.md"), "{run:#?}");
    assert!(run.stderr.contains("554 5.7.1 no mail from your network"), "{run:#?}");
}
