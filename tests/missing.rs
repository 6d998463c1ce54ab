//! `publish --missing`: an issue for who never got it, and for no other reader.

use std::time::Duration;

use serde_json::{Value, json};

use crate::sink::Sink;
use crate::site::TestSite;

const MONDAY: &str = "2026-03-02T09:00:00Z";
const TUESDAY: &str = "2026-03-03T09:00:00Z";

/// A site whose first issue has gone to two readers, and that has two more by now.
fn joined(sink: &Sink) -> TestSite {
    let site = TestSite::new(&sink.transport());
    site.readers(2);
    site.post("2026-03-01", "Slow rivers");
    site.run(MONDAY, &["publish"]).exits(0);
    site.run(TUESDAY, &["subscribers", "add", "new1@reader.test", "new2@reader.test"]).exits(0);
    site
}

#[test]
pub(crate) fn an_issue_goes_to_who_joined_later() {
    let sink = Sink::start(Duration::ZERO);
    let site = joined(&sink);
    site.post("2026-03-02", "A second post");
    let before = site.snapshot(&[]);
    let told = site.run(TUESDAY, &["publish", "--missing", "1", "--dry-run", "--json"]).exits(0).json();
    let expected = json!({ "issue": 1, "run": 1, "subject": "Slow rivers", "missing": 2, "failed": 0, "in_doubt": 0, "dropped": 0 });
    assert_eq!(told, expected);
    let text = site.run(TUESDAY, &["publish", "--missing", "1", "--dry-run"]).exits(0).stdout;
    assert_eq!(text, "Issue 1 “Slow rivers” never went to 2 of 4 confirmed readers.\n");
    assert_eq!(site.snapshot(&[]), before, "a dry run changes nothing");

    let done = site.run(TUESDAY, &["publish", "--missing", "1", "--json"]).exits(0);
    let said = format!("Issue 1 “Slow rivers”: 2 sent by way of {}.", sink.transport());
    assert!(done.stderr.contains(&said), "{done:#?}");
    let done = done.json();
    assert_eq!((&done["missing"], &done["queued"], &done["deliveries"]["sent"]), (&json!(2), &json!(2), &json!(2)));
    assert_eq!(done["issues"][0]["number"], 1);
    let copies = sink.copies();
    assert!(copies.len() == 4 && copies.values().all(|copies| *copies == 1), "{copies:?}");
    assert_eq!(site.status()["next_issue"], 2, "nothing new is planned");
    let record: Value = serde_json::from_str(&site.read(".tidings/issues/1.json")).unwrap();
    assert_eq!(record["deliveries"]["sent"], 4);
    let again = site.run(TUESDAY, &["publish", "--missing", "1"]).exits(0);
    assert_eq!(again.stderr, "Issue 1 “Slow rivers” never went to 0 of 4 confirmed readers.\n");
    site.run(TUESDAY, &["publish"]).exits(0);
    assert_eq!(sink.count(), 8);
}

#[test]
pub(crate) fn who_may_have_it_and_whose_server_refused_it_are_named_and_left_alone() {
    let sink = Sink::start(Duration::ZERO);
    let site = TestSite::new(&sink.transport());
    let readers = ["lost-it@reader.test", "lost-too@reader.test", "p550-one@reader.test"];
    site.run(MONDAY, &[&["subscribers", "add"], &readers[..]].concat()).exits(0);
    site.post("2026-03-01", "Slow rivers");
    site.run(MONDAY, &["publish"]).exits(4);
    site.run(MONDAY, &["runs", "resolve", "1", "--drop", "lost-too@reader.test"]).exits(0);
    site.run(TUESDAY, &["subscribers", "add", "new@reader.test"]).exits(0);
    let told = site.run(TUESDAY, &["publish", "--missing", "1", "--dry-run", "--json"]).exits(0).json();
    for who in ["missing", "failed", "in_doubt", "dropped"] {
        assert_eq!(told[who], 1, "{who}");
    }
    let run = site.run(TUESDAY, &["publish", "--missing", "1"]).exits(0);
    for words in ["`tidings runs retry 1 --failed`", "`tidings runs resolve 1`", "dropped while in doubt for 1 reader"]
    {
        assert!(run.stderr.contains(words), "{run:#?}");
    }
    let tries: Vec<_> = sink.tries().into_iter().collect();
    let named = |name: &str| (name.to_owned(), 1);
    assert_eq!(tries, [named(readers[0]), named(readers[1]), named("new@reader.test"), named(readers[2])]);
}

#[test]
fn an_old_issue_is_sent_as_asked_and_its_rest_is_not_lost() {
    let sink = Sink::start(Duration::ZERO);
    let site = joined(&sink);
    site.configure("newsletter", "max_lateness = 3");
    let late = |day: u32| format!("2026-03-{day}T09:00:00Z");
    site.run(&late(20), &["subscribers", "add", "new3@reader.test", "new4@reader.test"]).exits(0);
    site.run(&late(20), &["publish", "--missing", "1", "--limit", "1"]).exits(4);
    assert_eq!(sink.count(), 3);
    // With the same command again, and with the next ones.
    site.run(&late(21), &["publish", "--missing", "1", "--limit", "1"]).exits(4);
    site.run(&late(22), &["deliver", "--limit", "1"]).exits(4);
    assert_eq!(sink.count(), 5);
    let refused = site.run(&late(29), &["publish"]).exits(5);
    assert!(refused.stderr.contains("issue 1 was frozen") && refused.stderr.contains("too-late"), "{refused:#?}");
    site.run(&late(29), &["publish", "--allow", "too-late"]).exits(0);
    let copies = sink.copies();
    assert!(copies.len() == 6 && copies.values().all(|copies| *copies == 1), "{copies:?}");
}

#[test]
fn a_missing_issue_has_its_guards() {
    let sink = Sink::start(Duration::ZERO);
    let site = joined(&sink);
    for (arguments, code) in [
        (&["publish", "--missing", "7"][..], 2),
        (&["publish", "--missing", "7", "--dry-run"], 2),
        (&["publish", "--missing", "1", "--include", "posts/a.md"], 2),
        (&["publish", "--missing", "1", "--to", "ada@example.org"], 2),
        (&["publish", "--missing", "1", "--expect", "x"], 2),
    ] {
        site.run(TUESDAY, arguments).exits(code);
    }
    for reader in ["r1@reader.test", "r2@reader.test", "new1@reader.test", "new2@reader.test"] {
        site.run(TUESDAY, &["subscribers", "remove", reader]).exits(0);
    }
    let refused = site.run(TUESDAY, &["publish", "--missing", "1"]).exits(5);
    assert!(refused.stderr.contains("lost-database"), "a list that is gone is no success: {refused:#?}");
    site.run(TUESDAY, &["publish", "--missing", "1", "--allow", "lost-database"]).exits(0);
    assert_eq!(sink.count(), 2);
}

#[cfg(unix)]
#[test]
fn who_is_missing_is_shown_and_asked_about() {
    let site = TestSite::of_a_stranger("outbox:outbox");
    site.readers(1);
    site.post("2026-03-01", "Slow rivers");
    site.run(MONDAY, &["publish", "--yes"]).exits(0);
    site.run(TUESDAY, &["subscribers", "add", "new@reader.test"]).exits(0);
    let Some(run) = site.on_a_terminal(TUESDAY, &["publish", "--missing", "1"], "n\n") else { return };
    let words = "never went to 1 of 2 confirmed readers.";
    assert!(
        run.stdout.contains(words) && run.stdout.contains("Send it to 1 reader now? [y/N] Nothing was sent."),
        "{run:#?}"
    );
    assert_eq!((run.code, site.outbox().len()), (0, 1));
    let run = site.on_a_terminal(TUESDAY, &["publish", "--missing", "1"], "y\n").unwrap();
    assert_eq!((run.code, site.outbox().len()), (0, 2), "{run:#?}");
}
