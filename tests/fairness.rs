//! Servers that refuse many readers in a row: the readers behind them get their mail all the same, what the server has
//! against the sender fails no reader, and no later issue waits for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::sink::{Sink, Step};
use crate::site::{TestSite, at_once};

const MONDAY: &str = "2026-03-02T09:00:00Z";

/// A site with readers in this order and one post that is due.
fn site(sink: &Sink, readers: &[String]) -> TestSite {
    let site = TestSite::new(&sink.transport());
    site.write("readers.csv", &readers.join("\n"));
    site.run(MONDAY, &["subscribers", "import", site.file("readers.csv").to_str().unwrap()]).exits(0);
    site.post("2026-03-01", "Slow rivers");
    site
}

fn many(count: usize, name: &str, domain: &str) -> Vec<String> {
    (0..count).map(|number| format!("{name}{number}@{domain}")).collect()
}

fn counts(site: &TestSite) -> [i64; 4] {
    let counts = site.status()["deliveries"].clone();
    ["sent", "failed", "deferred", "queued"].map(|state| counts[state].as_i64().unwrap())
}

/// How many of the readers whose address begins so have exactly one copy; none may have two.
fn served(sink: &Sink, name: &str) -> usize {
    let copies = sink.copies();
    assert!(copies.values().all(|copies| *copies == 1), "no reader has two copies: {copies:?}");
    copies.keys().filter(|to| to.starts_with(name)).count()
}

#[test]
pub(crate) fn good_readers_behind_bad_ones_are_mailed_by_the_first_or_second_publish() {
    let table: [(&str, Option<&'static str>, i64); 6] = [
        ("bad", Some("550 unknown user"), 45),
        ("bad", Some("550 5.1.1 no such user"), 45),
        ("bad", Some("550 5.7.1 refused by policy"), 0),
        ("bad", Some("450 4.2.0 greylisted"), 0),
        ("bad", Some("554 no"), 0),
        // This server has no SMTPUTF8: that is our own verdict.
        ("ü", None, 45),
    ];
    for (name, reply, failed) in table {
        for domain in ["bad.test", "good.test"] {
            let sink = Sink::scripted(move |step: &Step<'_>| reply.filter(|_| step.names("bad")));
            let site = site(&sink, &[many(45, name, domain), many(100, "good", "good.test")].concat());
            let first = site.run(MONDAY, &["publish"]).exits(4);
            assert!(served(&sink, "good") == 100, "{reply:?} at {domain}: {first:#?}");
            assert_eq!(site.not_sent().len(), 45, "{reply:?} at {domain}");
            // Of the unclear ones it is known by then that the server takes others at this domain.
            let is_known = reply == Some("554 no") && domain == "good.test";
            let failed = if is_known { 45 } else { failed };
            let [sent, found, ..] = counts(&site);
            assert_eq!((sent, found), (100, failed), "{reply:?} at {domain}: {first:#?}");
            site.run("2026-03-02T09:01:00Z", &["publish"]);
            assert_eq!(served(&sink, "good"), 100);
        }
    }
}

#[test]
fn good_readers_behind_bad_ones_of_every_kind_are_mailed() {
    let sink = Sink::scripted(|step: &Step<'_>| match step {
        step if step.names("unknown") => Some("550 unknown user"),
        step if step.names("policy") => Some("550 5.7.1 not you"),
        step if step.names("busy") => Some("450 4.2.0 mailbox busy"),
        step if step.names("full") => Some("451 4.3.0 later"),
        _ => None,
    });
    let bad = ["unknown", "policy", "busy", "full", "ü"].map(|name| many(45, name, "reader.test")).concat();
    let site = site(&sink, &[bad, many(100, "good", "reader.test")].concat());
    site.run(MONDAY, &["publish"]).exits(4);
    assert_eq!(served(&sink, "good"), 100);
    assert_eq!(counts(&site), [100, 90, 135, 0]);
}

#[test]
fn a_server_that_refuses_all_is_soon_left_alone_and_fails_no_reader() {
    for (step, reply) in [
        ("RCPT", "550 5.7.1 sending suspended"),
        ("RCPT", "554 no"),
        ("RCPT", "451 4.7.0 too busy"),
        ("MAIL", "550 5.7.1 not you"),
        ("DATA", "554 5.7.1 no more"),
        (".", "554 5.7.1 spam"),
    ] {
        for domains in [1, 30] {
            let sink = Sink::scripted(move |said: &Step<'_>| (said.name == step).then_some(reply));
            let readers: Vec<_> = (0..145).map(|n| format!("r{n}@d{}.test", n % domains)).collect();
            let site = site(&sink, &readers);
            let run = site.run(MONDAY, &["publish"]).exits(4);
            let [sent, failed, deferred, queued] = counts(&site);
            assert_eq!((sent, failed, deferred + queued), (0, 0, 145), "{reply} at {step}: {run:#?}");
            assert!(sink.tries().len() <= 20 + 6 + 4, "{} were asked", sink.tries().len());
            assert!(run.stderr.contains(reply), "{run:#?}");

            // Why, since when and what to do is told by `status`.
            let stop = site.run(MONDAY, &["status", "--json"]).exits(0).json()["stops"][0].clone();
            assert_eq!((&stop["kind"], &stop["at"]), (&"refused".into(), &MONDAY.into()), "{stop}");
            assert!(stop["reason"].as_str().unwrap().contains(reply) && !stop["help"].is_null(), "{stop}");
            let text = site.run(MONDAY, &["status"]).exits(0).stdout;
            assert!(text.contains("Stopped at 2026-03-02 09:00:00 UTC") && text.contains(reply), "{text}");

            // Another try begins with readers that were not tried yet. What a connection had under way when the others stopped
            // has no answer, and counts as none.
            let before = sink.tries();
            site.run("2026-03-02T09:01:00Z", &["publish"]).exits(4);
            let again = sink.tries().values().filter(|times| **times > 1).count();
            assert!(again <= 4, "{again} at {reply} at {step}: {before:?}");
        }
    }
}

#[test]
fn a_quota_of_the_sender_fails_no_reader() {
    for reply in [
        "550 daily quota exceeded",
        "550 5.4.5 Quota exceeded",
        "552 Quota exceeded",
        "550 You have exceeded your message quota",
    ] {
        let sink = Sink::scripted(move |step: &Step<'_>| (step.name == "RCPT" && step.received >= 20).then_some(reply));
        let readers: Vec<_> = (0..60).map(|n| format!("r{n}@d{n}.test")).collect();
        let site = site(&sink, &readers);
        let run = site.run(MONDAY, &["publish"]).exits(4);
        let [sent, failed, ..] = counts(&site);
        // Whose quota it is, this one does not say: refusals that other connections heard before the last acceptance may be
        // taken for the readers' own.
        let may_fail = if reply == "552 Quota exceeded" { 4 } else { 0 };
        assert!((20..25).contains(&sent) && failed <= may_fail, "{reply}: {run:#?}");
        assert!(run.stderr.contains("the server refuses this sender"), "{run:#?}");
    }
}

#[test]
pub(crate) fn who_is_put_off_until_the_issue_is_old_is_given_up_and_not_failed() {
    let replies = [
        ("450 4.7.1 later", 20),
        // After a few connections that are closed, which cost seconds, a domain is left alone.
        ("421 4.7.0 too many", 8),
        ("451 4.3.0 later", 20),
        ("450 4.1.8 your domain was not found", 20),
        ("450 4.2.1 receiving mail too quickly", 20),
    ];
    at_once(&replies, |&(reply, readers)| {
        let sink = Sink::scripted(move |step: &Step<'_>| step.names("@bad.test").then_some(reply));
        let site = site(&sink, &[many(readers, "r", "bad.test"), many(5, "good", "good.test")].concat());
        site.run(MONDAY, &["publish"]).exits(4);
        let is_open = || site.status()["deliveries"]["skipped"] != readers;
        for day in (4..12).take_while(|_| is_open()) {
            site.run(&format!("2026-03-{day:02}T12:00:00Z"), &["deliver"]);
        }
        let counts = site.status()["deliveries"].clone();
        assert_eq!((&counts["skipped"], &counts["failed"]), (&readers.into(), &0.into()), "{reply}: {counts}");
    });
}

#[test]
fn a_stop_for_all_costs_no_reader_the_issue_however_long_it_takes() {
    let is_angry = Arc::new(AtomicBool::new(true));
    let angry = Arc::clone(&is_angry);
    let sink = Sink::scripted(move |step: &Step<'_>| {
        (step.name == "RCPT" && angry.load(Ordering::SeqCst)).then_some("550 5.7.1 suspended")
    });
    let readers: Vec<_> = (0..60).map(|n| format!("r{n}@d{n}.test")).collect();
    let site = site(&sink, &readers);
    site.run(MONDAY, &["publish"]).exits(4);
    for day in 3..9 {
        for limit in ["60", "3"] {
            site.run(&format!("2026-03-{day:02}T12:00:00Z"), &["deliver", "--limit", limit]).exits(4);
        }
    }
    assert_eq!(site.status()["stops"][0]["at"], MONDAY, "it is still the same");
    is_angry.store(false, Ordering::SeqCst);
    site.run("2026-03-09T12:00:00Z", &["deliver"]).exits(0);
    assert_eq!((served(&sink, "r"), counts(&site)), (60, [60, 0, 0, 0]));
    assert_eq!(site.status()["stops"], Value::Array(Vec::new()));
}

#[test]
fn what_is_said_of_the_rest_is_true() {
    let sink = Sink::scripted(|step: &Step<'_>| match step {
        step if step.name == "MAIL" && step.received >= 1 => Some("550 5.7.1 not you"),
        step if step.names("busy") => Some("450 4.2.0 mailbox busy"),
        _ => None,
    });
    let site = site(&sink, &["busy@reader.test".to_owned()]);
    let run = site.run(MONDAY, &["publish"]).exits(4);
    assert!(run.stderr.contains("1 deferred; `tidings deliver` can try again from 2026-03-02 09:"), "{run:#?}");
    assert!(!run.stderr.contains("still queued"), "{run:#?}");
    let later = "2026-03-02T12:00:00Z";
    let status = |now: &str| site.run(now, &["status"]).exits(0).stdout;
    assert!(status(MONDAY).contains("can be tried again from 2026-03-02 09:"), "{}", status(MONDAY));
    assert!(status(later).contains("Deferred deliveries can be tried again now."), "{}", status(later));

    let site = self::site(&sink, &["good@reader.test".to_owned(), "other@reader.test".to_owned()]);
    site.configure("mail", "connections = 1");
    let run = site.run(MONDAY, &["publish"]).exits(4);
    let line = format!("Issue 1 “Slow rivers”: 1 sent by way of {}; 1 not taken, still queued.\n", sink.transport());
    assert!(run.stderr.contains(&line), "{run:#?}");
}

#[test]
fn what_is_in_doubt_is_named_until_it_is_settled() {
    let sink = Sink::start(Duration::ZERO);
    let site = site(&sink, &["lost-reader@reader.test".to_owned()]);
    site.run(MONDAY, &["publish"]).exits(4);
    for command in ["publish", "deliver"] {
        let said = site.run(MONDAY, &[command]).exits(0).stderr;
        assert!(said.contains("1 delivery of run 1;") && said.contains("`tidings runs resolve 1`"), "{said}");
    }
    site.run(MONDAY, &["runs", "resolve", "1", "--sent"]).exits(0);
    let said = site.run(MONDAY, &["publish"]).exits(0).stderr;
    assert!(!said.contains("in doubt"), "{said}");
}

#[test]
fn a_greeting_that_refuses_us_touches_no_reader() {
    let is_closed = Arc::new(AtomicBool::new(false));
    let closed = Arc::clone(&is_closed);
    let sink = Sink::scripted(move |step: &Step<'_>| {
        let is_meant = step.name == "CONNECT" && closed.load(Ordering::SeqCst);
        is_meant.then_some("554 5.7.1 no mail from your network")
    });
    let site = site(&sink, &many(10, "r", "reader.test"));
    site.run(MONDAY, &["publish", "--limit", "1"]).exits(4);
    is_closed.store(true, Ordering::SeqCst);
    let refused = site.run(MONDAY, &["publish"]).exits(1);
    assert!(refused.stderr.contains("554 5.7.1 no mail from your network"), "{refused:#?}");
    assert_eq!(counts(&site), [1, 0, 0, 9]);
    is_closed.store(false, Ordering::SeqCst);
    site.run(MONDAY, &["publish"]).exits(0);
    assert_eq!(served(&sink, "r"), 10);
}

#[test]
fn refusals_of_one_domain_among_many_do_not_stop_the_others() {
    let sink = Sink::scripted(|step: &Step<'_>| step.names("@bad.test").then_some("550 5.7.1 blocked"));
    let readers: Vec<_> =
        (0..100).flat_map(|n| [format!("bad{n}@bad.test"), format!("good{n}@d{}.test", n % 7)]).collect();
    let site = site(&sink, &readers);
    let run = site.run(MONDAY, &["publish", "--json"]).exits(4);
    assert_eq!(served(&sink, "good"), 100);
    assert_eq!((&run.json()["stopped"], &run.json()["paused"]), (&false.into(), &json!(["bad.test"])));
    assert!(run.stderr.contains("bad.test refused") && run.stderr.contains("in a row: 550 5.7.1 blocked"), "{run:#?}");
    assert!(sink.tries().len() < 100 + 20 + 3 + 8, "{} were asked", sink.tries().len());
    let [_, failed, deferred, queued] = counts(&site);
    assert_eq!((failed, deferred + queued), (0, 100));

    let stops = |now: &str| site.run(now, &["status", "--json"]).exits(0).json()["stops"].clone();
    assert_eq!(stops(MONDAY)[0]["domain"], "bad.test");
    assert!(stops(MONDAY)[0]["until"].as_str() > Some(MONDAY));
    assert_eq!(stops("2026-03-02T10:00:00Z"), Value::Array(Vec::new()), "then it is tried again");

    // The next issue is planned and mailed; who was put off comes after those who wait for their first copy.
    site.post("2026-03-02", "A second post");
    site.run("2026-03-02T09:01:00Z", &["publish"]).exits(4);
    let copies = sink.copies();
    assert!((0..100).all(|n| copies[&format!("good{n}@d{}.test", n % 7)] == 2), "{copies:?}");
    assert!(sink.tries().keys().filter(|to| to.starts_with("bad")).count() < 20 + 3 + 8, "none is tried meanwhile");

    // When it has refused for two days, the old issue is given up, also for those that were not tried.
    site.run("2026-03-03T12:00:00Z", &["deliver"]).exits(4);
    site.run("2026-03-04T22:00:00Z", &["deliver"]).exits(4);
    site.run("2026-03-07T12:00:00Z", &["deliver"]).exits(4);
    let shown = site.run(MONDAY, &["runs", "show", "1", "--json"]).exits(0).json();
    assert_eq!(shown["deliveries"]["skipped"], 100, "{}", shown["deliveries"]);
    assert_eq!(shown["deliveries"]["failed"], 0);
}

#[test]
fn a_domain_that_closes_connections_does_not_hold_up_the_others() {
    let sink = Sink::scripted(|step: &Step<'_>| step.names("@bad.test").then_some("421 4.7.0 too many messages"));
    let site = site(&sink, &[many(45, "bad", "bad.test"), many(100, "good", "good.test")].concat());
    site.run(MONDAY, &["publish"]).exits(4);
    assert_eq!(served(&sink, "good"), 100);
    let asked = sink.tries().keys().filter(|to| to.starts_with("bad")).count();
    assert!(asked <= 5 + 3 + 4, "{asked} were asked");
    assert!(sink.connections() <= 30, "{} connections", sink.connections());
    let [_, failed, deferred, queued] = counts(&site);
    assert_eq!((failed, deferred + queued), (0, 45));
}

#[test]
fn a_server_that_closes_every_connection_is_not_hammered() {
    at_once(&["MAIL", "RCPT", "."], |&step| {
        let sink = Sink::scripted(move |said: &Step<'_>| (said.name == step).then_some("421 4.7.0 go away"));
        let readers: Vec<_> = (0..100).map(|n| format!("r{n}@d{}.test", n % 20)).collect();
        let site = site(&sink, &readers);
        let start = Instant::now();
        let run = site.run(MONDAY, &["publish"]).exits(4);
        assert!(sink.connections() <= 30, "{step}: {} connections", sink.connections());
        assert!(start.elapsed() > Duration::from_secs(2), "{step}: it gave the server time");
        assert!(run.stderr.contains("421 4.7.0 go away"), "{run:#?}");
        let [sent, failed, deferred, queued] = counts(&site);
        assert_eq!((sent, failed, deferred + queued), (0, 0, 100), "{step}: {run:#?}");
    });
}

#[test]
fn a_connection_that_ends_after_so_many_messages_delays_no_reader() {
    let sink = Sink::scripted(|step: &Step<'_>| {
        (step.name == "MAIL" && step.received % 10 == 9).then_some("421 4.7.0 too many messages in this session")
    });
    let site = site(&sink, &many(9, "r", "reader.test"));
    site.configure("mail", "connections = 1");
    site.run(MONDAY, &["publish"]).exits(0);
    assert_eq!(served(&sink, "r"), 9);
}

#[test]
fn a_server_that_turns_against_us_in_the_middle_gets_the_rest_when_it_has_calmed_down() {
    let is_angry = Arc::new(AtomicBool::new(true));
    let angry = Arc::clone(&is_angry);
    let sink = Sink::scripted(move |step: &Step<'_>| {
        let is_meant = step.name == "RCPT" && step.received >= 60 && angry.load(Ordering::SeqCst);
        is_meant.then_some("550 5.7.1 daily quota exceeded")
    });
    let readers: Vec<_> = (0..200).map(|n| format!("r{n}@d{}.test", n % 40)).collect();
    let site = site(&sink, &readers);
    let stopped = site.run(MONDAY, &["publish"]).exits(4);
    assert!(stopped.stderr.contains("the server refuses this sender"), "{stopped:#?}");
    let [sent, failed, ..] = counts(&site);
    assert!((60..70).contains(&sent) && failed == 0, "{stopped:#?}");

    // As long as readers wait that were not tried, the next issue waits too.
    site.post("2026-03-02", "A second post");
    site.run("2026-03-02T09:20:00Z", &["publish"]).exits(4);
    assert_eq!(site.status()["next_issue"], 2);

    is_angry.store(false, Ordering::SeqCst);
    site.run("2026-03-02T12:00:00Z", &["publish"]).exits(0);
    let copies = sink.copies();
    assert_eq!(copies.len(), 200);
    assert!(copies.values().all(|copies| *copies == 2), "both issues, once each: {copies:?}");
    assert_eq!(counts(&site), [400, 0, 0, 0]);
    assert_eq!(site.status()["stops"], Value::Array(Vec::new()));
}

#[test]
fn a_rest_that_was_only_refused_does_not_hold_up_the_next_issue() {
    // All of them at domains of their own, so that nothing but the run itself could be stopped.
    let sink = Sink::scripted(|step: &Step<'_>| step.names("bad").then_some("550 5.7.1 not you"));
    let bad = (0..30).map(|n| format!("bad{n}@b{n}.test"));
    let readers: Vec<_> = bad.chain((0..40).map(|n| format!("good{n}@g{n}.test"))).collect();
    let site = site(&sink, &readers);
    site.run(MONDAY, &["publish"]).exits(4);
    assert_eq!(served(&sink, "good"), 40);
    for (number, (day, now)) in
        (2..).zip([("2026-03-02", "2026-03-02T10:00:00Z"), ("2026-03-03", "2026-03-03T10:00:00Z")])
    {
        site.post(day, &format!("Post {number}"));
        site.run(now, &["publish"]).exits(4);
        let copies = sink.copies();
        let served = (0..40).filter(|n| copies[&format!("good{n}@g{n}.test")] == number).count();
        assert_eq!(served, 40, "issue {number}");
    }
    assert_eq!(counts(&site)[1], 0, "no reader failed");

    // Two days after its first try a delivery is given up, and the owner may have it sent again. Time in which no reader was
    // accepted does not count, so that a last issue goes before; which refusals are heard first may stop a run early.
    site.post("2026-03-05", "Post 4");
    let mut said = site.run("2026-03-05T11:00:00Z", &["publish"]).exits(4).stderr;
    for hour in 12..24 {
        said += &site.run(&format!("2026-03-05T{hour}:00:00Z"), &["deliver"]).stderr;
    }
    assert!(said.contains("more domains paused") && said.contains("given up"), "{said}");
    let shown = site.run(MONDAY, &["runs", "show", "1", "--json"]).exits(0).json();
    let rows = shown["not_sent"].as_array().unwrap();
    let is_given_up = |row: &&Value| {
        let reply = row["reply"].as_str().unwrap();
        row["state"] == "skipped" && reply.contains("550 5.7.1 not you") && reply.contains("given up after 48 hours")
    };
    assert_eq!((rows.len(), rows.iter().filter(is_given_up).count()), (30, 30), "{}", rows[0]);
    site.run(MONDAY, &["runs", "resolve", "1", "--skipped", "--send-again"]).exits(0);
    assert_eq!(site.run(MONDAY, &["runs", "show", "1", "--json"]).json()["deliveries"]["queued"], 30);
}

#[test]
fn a_rest_that_was_refused_until_it_is_too_old_is_given_up_and_named() {
    let sink = Sink::scripted(|step: &Step<'_>| step.names("bad").then_some("451 4.7.1 later"));
    let site = site(&sink, &["bad@bad.test".to_owned(), "good@good.test".to_owned()]);
    site.configure("newsletter", "max_lateness = 3");
    site.run(MONDAY, &["publish"]).exits(4);
    site.post("2026-03-09", "A second post");
    let run = site.run("2026-03-09T09:00:00Z", &["publish"]).exits(4);
    assert!(run.stderr.contains("1 delivery of an earlier run given up"), "{run:#?}");
    assert_eq!(sink.copies()["good@good.test"], 2);
    assert_eq!(sink.tries()["bad@bad.test"], 2, "one for each issue");

    // What was never tried is not given up without a word.
    let site = self::site(&sink, &["other@good.test".to_owned()]);
    site.configure("newsletter", "max_lateness = 3");
    site.run(MONDAY, &["publish", "--limit", "0"]).exits(4);
    site.run("2026-03-09T09:00:00Z", &["publish"]).exits(5);
}

#[test]
fn what_is_wrong_with_the_next_issue_does_not_delay_readers_who_were_put_off() {
    let sink = Sink::start(Duration::ZERO);
    let site = site(&sink, &["grey-reader@reader.test".to_owned()]);
    site.run(MONDAY, &["publish"]).exits(4);
    site.write("posts/2026-03-02-bad.md", "---\ntitle: [\n---\nx\n");
    site.run("2026-03-02T09:30:00Z", &["publish"]).exits(3);
    assert_eq!(sink.copies().into_values().collect::<Vec<_>>(), [1]);
    site.run("2026-03-02T09:40:00Z", &["publish"]).exits(3);
    assert_eq!(sink.count(), 1);
}

#[test]
pub(crate) fn a_limit_for_a_day_counts_every_try_and_goes_to_new_readers_first() {
    let sink = Sink::scripted(|step: &Step<'_>| match step {
        step if step.names("busy") => Some("450 4.2.0 mailbox busy"),
        step if step.names("gone") => Some("550 5.1.1 no such user"),
        _ => None,
    });
    let readers = [many(6, "busy", "reader.test"), many(1, "gone", "reader.test"), many(3, "good", "reader.test")];
    let site = site(&sink, &readers.concat());
    site.configure("mail", "rate = \"12/day\"");
    let asked = || sink.tries().values().sum::<usize>();
    site.run(MONDAY, &["publish"]).exits(4);
    assert_eq!(asked(), 10);
    // The owner's decision gives nothing back.
    site.run(MONDAY, &["runs", "resolve", "1", "--failed", "--send-again"]).exits(0);
    site.run("2026-03-02T10:00:00Z", &["deliver"]).exits(4);
    assert_eq!(asked(), 12, "two were left");
    let spent = site.run("2026-03-02T11:00:00Z", &["deliver"]).exits(4);
    assert!(spent.stderr.contains("limit of `mail.rate` is used up") && asked() == 12, "{spent:#?}");
    assert_eq!(site.run(MONDAY, &["status", "--json"]).json()["stops"][0]["kind"], "rate-limit");

    // A day later ten are left, and as many wait for their first copy of the next issue.
    site.post("2026-03-03", "A second post");
    site.run("2026-03-03T09:30:00Z", &["publish"]).exits(4);
    assert_eq!(asked(), 22);
    assert_eq!(served_twice(&sink, "good"), 3);
    let first = site.run(MONDAY, &["explain", "busy0@reader.test", "--json"]).exits(0).json();
    assert_eq!(first["deliveries"][1]["attempts"], 1, "the new issue: {first:#}");
}

/// How many of the readers whose address begins so have two copies.
fn served_twice(sink: &Sink, name: &str) -> usize {
    sink.copies().into_iter().filter(|(to, copies)| to.starts_with(name) && *copies == 2).count()
}

#[test]
fn our_own_verdict_costs_nothing_of_a_limit() {
    let sink = Sink::start(Duration::ZERO);
    let site = site(&sink, &[many(5, "ü", "reader.test"), many(5, "good", "reader.test")].concat());
    site.configure("mail", "connections = 1\nrate = \"5/day\"");
    site.run(MONDAY, &["publish"]).exits(4);
    assert_eq!((served(&sink, "good"), counts(&site)), (5, [5, 5, 0, 0]));
}

#[test]
pub(crate) fn the_history_of_a_delivery_is_told() {
    let sink = Sink::start(Duration::ZERO);
    let site = site(&sink, &["grey-reader@reader.test".to_owned(), "latin-reader@reader.test".to_owned()]);
    site.run(MONDAY, &["publish"]).exits(4);
    site.run(MONDAY, &["runs", "resolve", "1", "--failed", "--send-again"]).exits(0);
    site.run("2026-03-02T10:00:00Z", &["deliver"]).exits(4);

    let told = site.run(MONDAY, &["explain", "grey-reader@reader.test", "--json"]).exits(0).json();
    let tries = told["deliveries"][0]["tries"].as_array().unwrap();
    let parts = |one: &Value| json!([one["at"], one["state"], one["code"], one["enhanced"], one["reply"]]);
    assert_eq!(tries.len(), 2, "{told:#}");
    assert_eq!(parts(&tries[0]), json!([MONDAY, "deferred", 451, "4.7.1", "451 4.7.1 greylisted"]));
    assert_eq!(parts(&tries[1]), json!(["2026-03-02T10:00:00Z", "sent", 250, "2.0.0", "250 2.0.0 queued"]));
    assert_eq!(tries[0]["relay"], Value::from(sink.transport()));
    let text = site.run(MONDAY, &["explain", "grey-reader@reader.test"]).exits(0).stdout;
    assert!(text.contains("- deferred") && text.contains("451 4.7.1 greylisted"), "{text}");

    // A decision is added, and takes nothing away.
    let shown = site.run(MONDAY, &["runs", "show", "--json"]).exits(0).json();
    let row = &shown["not_sent"][0];
    let replies: Vec<_> = row["tries"].as_array().unwrap().iter().map(|one| one["reply"].as_str().unwrap()).collect();
    let refused = "550 5.1.1 bo\u{fffd}te inconnue";
    assert_eq!(replies, [refused, "settled by the owner: queued", refused]);
    assert_eq!((&row["attempts"], &row["tries"][1]["relay"]), (&2.into(), &Value::Null));
    let text = site.run(MONDAY, &["runs", "show"]).exits(0).stdout;
    assert!(text.contains("2026-03-02 09:00:00 UTC: settled by the owner: queued"), "{text}");
}
