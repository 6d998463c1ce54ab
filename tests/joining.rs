//! Readers join, confirm and leave by mail alone: a mailbox, and one command before `publish`.

use std::time::Duration;

use crate::sink::{Received, Sink};
use crate::site::{Run, TestSite};

const MONDAY: &str = "2026-03-02T09:00:00Z";
const TUESDAY: &str = "2026-03-03T09:00:00Z";
const BOB: &str = "bob@reader.test";

/// A site whose mailbox is a Maildir of its own.
fn site(sink: &Sink) -> TestSite {
    let site = TestSite::new(&sink.transport());
    site.edit(
        "config.toml",
        "unsubscribe = [\"https://news.example.org/u/{token}\", \"mailto:leave@news.example.org\"]\n",
        "",
    );
    site.configure(
        "inbox",
        "url = \"maildir:Maildir\"\njoin = \"join@news.example.org\"\nleave = \"leave+{token}@news.example.org\"",
    );
    site.post("2026-03-01", "Slow rivers");
    site
}

/// Puts these into the mailbox, and reads it.
fn inbox(site: &TestSite, now: &str, messages: &[String]) -> Run {
    std::fs::create_dir_all(site.file("Maildir/new")).unwrap();
    for (number, message) in messages.iter().enumerate() {
        site.write(&format!("Maildir/new/{now}.{number}"), message);
    }
    site.run(now, &["inbox", "--yes"])
}

fn wish(from: &str) -> String {
    format!(
        "From: Bob <{from}>\nTo: join@news.example.org\nSubject: subscribe\nDate: Mon, 02 Mar 2026 08:00:00 +0000\n\nHello\n"
    )
}

fn header<'m>(message: &'m str, name: &str) -> &'m str {
    message.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default().trim()
}

/// What a mail program makes of pressing *Reply*.
fn reply(to: &Received, from: &str) -> String {
    let (address, subject) = (header(&to.message, "Reply-To"), header(&to.message, "Subject"));
    format!(
        "From: {from}\nTo: {address}\nSubject: Re: {subject}\nDate: Mon, 02 Mar 2026 10:00:00 +0000\n\nYes\n\n> On …\n"
    )
}

fn status(site: &TestSite) -> String {
    let subscribers = &site.run(TUESDAY, &["status", "--json"]).exits(0).json()["subscribers"];
    let counts = ["pending", "confirmed", "unsubscribed"].map(|key| format!("{key} {}", subscribers[key]));
    counts.join(", ")
}

#[test]
fn a_reader_joins_confirms_gets_the_issue_and_leaves_by_mail() {
    let sink = Sink::start(Duration::ZERO);
    let site = site(&sink);
    let before = site.snapshot(&[]);
    std::fs::create_dir_all(site.file("Maildir/new")).unwrap();
    site.write("Maildir/new/a", &wish(BOB));
    let dry = site.run(MONDAY, &["inbox", "--dry-run", "--json", "--yes"]).exits(0).json();
    assert_eq!((&dry[0]["kind"], &dry[0]["recipient"]), (&"subscribe".into(), &BOB.into()));
    assert!(sink.received().is_empty() && site.snapshot(&["Maildir/new/a"]) == before, "a dry run changes nothing");

    let asked = site.run(MONDAY, &["inbox", "--yes"]).exits(0);
    assert!(
        asked.stderr.contains("1 reader asked to confirm.") && asked.stderr.contains("Sent 1 letter."),
        "{asked:#?}"
    );
    let letter = sink.received().remove(0);
    assert_eq!(letter.to, BOB);
    assert_eq!(status(&site), "pending 1, confirmed 0, unsubscribed 0");
    // The same mailbox again, and another mail of the same day: no second letter.
    inbox(&site, "2026-03-02T09:30:00Z", &[wish(BOB) + "again\n"]).exits(0);
    assert_eq!(sink.count(), 1);

    // An answering program does not confirm, a person at another address does.
    let answer = reply(&letter, "bob.private@other.test");
    inbox(&site, "2026-03-02T10:00:00Z", &[format!("Auto-Submitted: auto-replied\n{answer}")]).exits(0);
    assert_eq!(status(&site), "pending 1, confirmed 0, unsubscribed 0");
    for program in [
        format!("X-Auto-Response-Suppress: All\n{answer}"),
        answer.replace("Subject: Re: ", "Subject: Re: [Ticket 42] "),
        answer.replace("\n\nYes\n", "\n\nYour request has been received.\n"),
        answer.replace("10:00:00 +0000", "09:00:01 +0000"),
    ] {
        let doubted = inbox(&site, "2026-03-02T10:30:00Z", &[program]).exits(0);
        assert!(doubted.stdout.contains("b***@other.test: not confirmed, since a program seems"), "{doubted:#?}");
        assert!(doubted.stderr.contains("not taken for a confirmation"), "{doubted:#?}");
        assert_eq!(status(&site), "pending 1, confirmed 0, unsubscribed 0");
    }
    // Who says no does not say yes.
    for refusal in [
        answer.replace("\n\nYes\n", "\n\nNo! I did not ask for this.\n"),
        answer.replace("Subject: Re: ", "Subject: unsubscribe\nX: "),
    ] {
        let refused = inbox(&site, "2026-03-02T10:30:00Z", &[refusal]).exits(0);
        assert!(refused.stdout.contains("b***@other.test: not confirmed, since the answer says"), "{refused:#?}");
        assert_eq!(status(&site), "pending 1, confirmed 0, unsubscribed 0");
    }
    std::fs::remove_dir_all(site.file("Maildir")).unwrap();
    let confirmed = inbox(&site, "2026-03-02T11:00:00Z", &[answer]).exits(0);
    assert!(confirmed.stdout.contains("b***@reader.test: confirmed"), "{confirmed:#?}");
    site.run("2026-03-02T12:00:00Z", &["publish"]).exits(0);
    let issue = sink.received().remove(1);
    assert_eq!(issue.to, BOB);

    let leave = issue.message.split("<mailto:leave+").nth(1).unwrap().split('@').next().unwrap();
    let leaving = format!("From: x@other.test\nTo: leave+{leave}@news.example.org\nSubject: unsubscribe\n\n");
    inbox(&site, TUESDAY, &[leaving]).exits(0);
    assert_eq!(status(&site), "pending 0, confirmed 0, unsubscribed 1");
    // Old mails are in the mailbox still: none of them brings the reader back.
    inbox(&site, "2026-03-05T09:00:00Z", &[]).exits(0);
    assert_eq!((status(&site).as_str(), sink.count()), ("pending 0, confirmed 0, unsubscribed 1", 2));
    let story = site.run(TUESDAY, &["explain", BOB]).exits(0).stdout;
    assert!(story.contains("mail"), "{story}");
}

#[test]
fn a_flood_of_wishes_sends_no_more_letters_than_the_limits_say() {
    let sink = Sink::start(Duration::ZERO);
    let site = site(&sink);
    let many: Vec<_> = (0..200).map(|number| wish(&format!("r{number}@victim.test"))).collect();
    let run = inbox(&site, MONDAY, &many).exits(0);
    assert!(run.stderr.contains("60 readers asked to confirm. 140 readers left for later"), "{run:#?}");
    assert_eq!(sink.count(), 60);
    // Who never answers is forgotten, and their old mails bring nothing about.
    inbox(&site, "2026-03-12T09:00:00Z", &[]).exits(0);
    assert_eq!((status(&site).as_str(), sink.count()), ("pending 0, confirmed 0, unsubscribed 0", 60));
}

#[test]
fn forged_wishes_and_tokens_change_nothing() {
    let sink = Sink::start(Duration::ZERO);
    let site = site(&sink);
    inbox(&site, MONDAY, &[wish(BOB)]).exits(0);
    let letter = sink.received().remove(0);
    let good = reply(&letter, BOB);
    let token = header(&letter.message, "Reply-To").split(['+', '@']).nth(1).unwrap().to_owned();
    let other = format!("{}{}", &token[..20], token[20..].chars().rev().collect::<String>());
    let messages = [
        good.replace(&token, &other),
        good.replace(&token, &token[1..]),
        format!("From: {BOB}\nTo: leave+{token}@news.example.org\nSubject: unsubscribe\n\n").replace(&token, &other),
        format!("Authentication-Results: mx.test; dmarc=fail\n{}", wish("eve@reader.test")),
        format!("List-Id: <x.test>\n{}", wish("list@reader.test")),
    ];
    inbox(&site, "2026-03-02T10:00:00Z", &messages).exits(0);
    assert_eq!((status(&site).as_str(), sink.count()), ("pending 1, confirmed 0, unsubscribed 0", 1));
    // A week later the letter confirms nothing.
    let late = inbox(&site, "2026-03-10T10:00:00Z", &[good]).exits(0);
    assert_eq!(status(&site), "pending 0, confirmed 0, unsubscribed 0", "{late:#?}");
}
