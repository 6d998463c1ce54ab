//! What the owner decides about deliveries: `runs resolve`, `runs resend` and `runs retry`.

use std::time::Duration;

use serde_json::json;

use crate::sink::Sink;
use crate::site::TestSite;

const MONDAY: &str = "2026-03-02T09:00:00Z";
const LATER: &str = "2026-03-02T12:00:00Z";

/// A site whose first issue has gone to these readers, as far as they take it.
fn published(sink: &Sink, readers: &[&str], code: i32) -> TestSite {
    let site = TestSite::new(&sink.transport());
    site.run(MONDAY, &[&["subscribers", "add"], readers].concat()).exits(0);
    site.post("2026-03-01", "Slow rivers");
    site.run(MONDAY, &["publish"]).exits(code);
    site
}

#[test]
pub(crate) fn what_is_in_doubt_is_settled_reader_by_reader() {
    let sink = Sink::start(Duration::ZERO);
    let [first, second, third, fine] =
        ["lost-a@reader.test", "lost-b@reader.test", "lost-c@reader.test", "fine@reader.test"];
    let site = published(&sink, &[first, second, third, fine], 4);
    for (strange, words) in [
        (
            &["nobody@strange.test", first, "no-one@strange.test"][..],
            "not on the list: nobody@strange.test, no-one@strange.test",
        ),
        (&[first, fine][..], "not in doubt in run 1: fine@reader.test"),
    ] {
        let refused = site.run(MONDAY, &[&["runs", "resolve", "1", "--drop"], strange].concat()).exits(2);
        assert!(refused.stderr.contains(words), "{refused:#?}");
        assert!(site.not_sent().values().all(|state| state == "in_doubt"), "nothing is changed");
    }
    let dropped = site.run(MONDAY, &["runs", "resolve", "1", "--drop", first]).exits(0);
    assert_eq!(dropped.stderr, "1 delivery dropped.\n");
    site.run(MONDAY, &["runs", "resolve", "1", "--resend", second]).exits(0);
    site.run(MONDAY, &["runs", "resolve", "1", "--sent", third]).exits(0);
    let states: Vec<_> = site.not_sent().into_iter().collect();
    assert_eq!(states, [(first.into(), "skipped".into()), (second.into(), "queued".into())]);
    let told = site.run(MONDAY, &["explain", first, "--json"]).exits(0).json();
    let states: Vec<_> = told["deliveries"][0]["tries"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["in_doubt", "skipped"], "what was said before stays: {told:#}");

    // Who was dropped may have it, and gets no second copy by a wish for those that were given up.
    let retried = site.run(MONDAY, &["runs", "retry", "1", "--given-up"]).exits(0);
    assert_eq!(retried.stderr, "0 deliveries queued to be sent again.\n");
    site.run(LATER, &["deliver"]).exits(4);
    let copies = sink.copies();
    assert_eq!([copies[first], copies[second], copies[third], copies[fine]], [1, 2, 1, 1]);
}

#[test]
pub(crate) fn an_issue_is_sent_once_more_to_who_asks_for_it() {
    let sink = Sink::start(Duration::ZERO);
    let [has, left, doubts, joined] =
        ["has@reader.test", "left@reader.test", "lost-it@reader.test", "joined@reader.test"];
    let site = published(&sink, &[has, left, doubts], 4);
    site.run(MONDAY, &["subscribers", "add", joined]).exits(0);
    site.run(MONDAY, &["subscribers", "remove", left]).exits(0);
    let refused = |reader: &str, words: &str| {
        let refused = site.run(LATER, &["runs", "resend", "1", reader]).exits(2);
        assert!(refused.stderr.contains(words), "{refused:#?}");
    };
    refused(left, "only confirmed readers are mailed, and these are unsubscribed: left@reader.test");
    refused(doubts, "`tidings runs resolve 1");
    refused("nobody@strange.test", "not on the list: nobody@strange.test");
    assert_eq!(site.status()["deliveries"]["queued"], 0);
    let queued = site.run(LATER, &["runs", "resend", "1", has, joined]).exits(0);
    assert_eq!(queued.stderr, "2 deliveries queued to be sent again.\n");
    refused(has, "still to be sent: has@reader.test");
    site.run(LATER, &["deliver"]).exits(0);
    let received = sink.received();
    let copies: Vec<_> = received.iter().filter(|received| received.to == has).collect();
    assert_eq!(copies.len(), 2);
    assert_eq!(copies[0].message, copies[1].message, "the very same message");
    assert_eq!(sink.copies()[joined], 1);
    let record: serde_json::Value = serde_json::from_str(&site.read(".tidings/issues/1.json")).unwrap();
    assert_eq!((&record["deliveries"]["sent"], &record["deliveries"]["queued"]), (&json!(3), &json!(0)));
}

#[test]
fn of_several_issues_the_one_that_is_meant_is_sent_once_more() {
    let sink = Sink::start(Duration::ZERO);
    let site = TestSite::new(&sink.transport());
    site.configure("newsletter", "mode = \"each\"");
    site.readers(1);
    site.post("2026-03-01", "Slow rivers");
    site.post("2026-03-02", "Fast rivers");
    site.run(MONDAY, &["publish"]).exits(0);
    let refused = site.run(LATER, &["runs", "resend", "1", "r1@reader.test", "--issue", "7"]).exits(2);
    assert!(refused.stderr.contains("run 1 has no issue 7"), "{refused:#?}");
    site.run(LATER, &["runs", "resend", "1", "r1@reader.test", "--issue", "2"]).exits(0);
    site.run(LATER, &["deliver"]).exits(0);
    let of = |issue: &str| {
        let shown = site.run(LATER, &["runs", "show", "--issue", issue, "--json"]).exits(0).json();
        assert_eq!(shown["issues"].as_array().unwrap().len(), 1);
        shown["deliveries"]["sent"].clone()
    };
    assert_eq!((sink.count(), of("1"), of("2")), (3, json!(1), json!(1)));
    site.run(LATER, &["runs", "resend", "1", "r1@reader.test"]).exits(0);
    site.run(LATER, &["deliver"]).exits(0);
    assert_eq!(sink.count(), 5, "all of the run");
}

#[test]
pub(crate) fn what_has_failed_is_tried_again() {
    let sink = Sink::start(Duration::ZERO);
    let site = published(&sink, &["p550-one@reader.test", "p550-two@reader.test", "fine@reader.test"], 4);
    site.run(MONDAY, &["runs", "retry", "1"]).exits(2);
    let queued = site.run(MONDAY, &["runs", "retry", "1", "--failed", "--given-up"]).exits(0);
    assert_eq!(queued.stderr, "2 deliveries queued to be sent again.\n");
    site.run(LATER, &["deliver"]).exits(4);
    assert_eq!((sink.tries()["p550-one@reader.test"], sink.tries()["fine@reader.test"]), (2, 1));
}

#[test]
fn what_the_owner_asks_for_is_sent_however_old_the_issue_is() {
    let sink = Sink::start(Duration::ZERO);
    let site = published(&sink, &["p550-one@reader.test", "fine@reader.test"], 4);
    site.configure("newsletter", "max_lateness = 3");
    let (old, older) = ("2026-03-20T09:00:00Z", "2026-03-30T09:00:00Z");
    site.run(old, &["subscribers", "add", "joined@reader.test"]).exits(0);
    site.run(old, &["runs", "retry", "1", "--failed"]).exits(0);
    site.run(old, &["runs", "resend", "1", "fine@reader.test", "joined@reader.test"]).exits(0);
    site.run(old, &["deliver"]).exits(4);
    assert_eq!((sink.copies()["fine@reader.test"], sink.copies()["joined@reader.test"]), (2, 1));
    assert_eq!(sink.tries()["p550-one@reader.test"], 2);

    // A wish grows old as well, and is refused rather than lost.
    site.run(old, &["subscribers", "add", "last@reader.test"]).exits(0);
    site.run(old, &["runs", "resend", "1", "last@reader.test"]).exits(0);
    let refused = site.run(older, &["deliver"]).exits(5);
    assert!(refused.stderr.contains("--allow too-late"), "{refused:#?}");
    site.run(older, &["deliver", "--allow", "too-late"]).exits(0);
    assert_eq!(sink.copies()["last@reader.test"], 1);
}
