//! What comes back: a bounce, a complaint or a wish to leave changes the list when it proves that it is about a copy of ours, once,
//! and a forged one changes nothing.

use std::process::Stdio;
use std::time::Duration;

use crate::sink::{Received, Sink};
use crate::site::{Run, TestSite, end_of};

const MONDAY: &str = "2026-03-02T09:00:00Z";
const TUESDAY: &str = "2026-03-03T09:00:00Z";

/// A site with these many readers, whose first issue was sent through the sink, each copy with a return path of its own.
fn sent(sink: &Sink, readers: usize) -> TestSite {
    let site = TestSite::new(&sink.transport());
    site.configure("mail", "bounces = \"bounces+{token}@news.example.org\"");
    site.edit("config.toml", "\"mailto:leave@news.example.org\"", "\"mailto:leave+{token}@news.example.org\"");
    site.readers(readers);
    site.post("2026-03-01", "Slow rivers");
    site.run(MONDAY, &["publish"]).exits(0);
    site
}

fn copy_to(sink: &Sink, reader: &str) -> Received {
    sink.received().into_iter().find(|copy| copy.to == reader).unwrap()
}

/// The report of a server that gives up on a copy; `to` is where it is sent.
fn bounce(to: &str, reader: &str, status: &str, said: &str, copy: &str) -> String {
    format!(
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.test\nTo: {to}\nSubject: Undelivered Mail Returned to Sender\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nThis is the mail system.\n\n--b\n\
         Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.test\n\nFinal-Recipient: rfc822; {reader}\nAction: failed\n\
         Status: {status}\nDiagnostic-Code: smtp; {said}\n\n--b\nContent-Type: text/rfc822-headers\n\n{copy}\n\n--b--\n"
    )
}

fn complaint(copy: &str) -> String {
    format!(
        "From: fbl@isp.test\nTo: abuse@news.example.org\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\n\n\
         A report.\n\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n\n--b\n\
         Content-Type: text/rfc822-headers\n\n{copy}\n\n--b--\n"
    )
}

/// The headers by which a copy is known.
fn headers(copy: &Received) -> String {
    format!("To: {}\nMessage-ID: {}", copy.to, copy.message_id())
}

fn inbox(site: &TestSite, now: &str, messages: &[String]) -> Run {
    std::fs::create_dir_all(site.file("Maildir/new")).unwrap();
    for (number, message) in messages.iter().enumerate() {
        site.write(&format!("Maildir/new/{number}.mx"), message);
    }
    let mailbox = site.file("Maildir");
    let run = site.run(now, &["inbox", mailbox.to_str().unwrap()]);
    std::fs::remove_dir_all(site.file("Maildir")).unwrap();
    run
}

fn state_of(site: &TestSite, reader: &str) -> String {
    let story = site.run(TUESDAY, &["explain", reader, "--json"]).exits(0).json();
    story["status"].as_str().unwrap().to_owned()
}

#[test]
pub(crate) fn what_proves_to_be_about_a_copy_counts_once_and_is_told() {
    let sink = Sink::start(Duration::ZERO);
    let site = sent(&sink, 6);
    let copies: Vec<Received> = (1..=6).map(|n| copy_to(&sink, &format!("r{n}@reader.test"))).collect();
    assert!(
        copies
            .iter()
            .all(|copy| copy.from.starts_with("bounces+") && copy.from.len() == 48 + "@news.example.org".len())
    );
    let leave = copies[3].message.split("mailto:leave+").nth(1).unwrap().split('@').next().unwrap();
    let mailbox = [
        // By its return path, though the server of a forwarding reader names another address.
        bounce(&copies[0].from, "elsewhere@other.test", "5.1.1", "550 5.1.1 User unknown", ""),
        // By its Message-ID.
        bounce("ada@news.example.org", "r2@reader.test", "5.2.1", "550 disabled", &headers(&copies[1])),
        complaint(&headers(&copies[2])),
        format!("From: someone@else.test\nTo: leave+{}@news.example.org\nSubject: x\n\n", leave.to_uppercase()),
        bounce(&copies[4].from, "r5@reader.test", "5.7.1", "550 5.7.1 spam", ""),
        bounce(&copies[5].from, "r6@reader.test", "5.2.2", "552 5.2.2 mailbox full", ""),
        "From: friend@reader.test\nSubject: Hello\n\nHow are you?\n".to_owned(),
    ];
    let first = inbox(&site, TUESDAY, &mailbox).exits(0);
    assert!(first.stderr.contains("7 messages read: 1 complaint, 2 hard, 1 policy, 1 soft, 1 unsubscribe; 1 not understood and left alone. Recorded 6 reports; 4 readers get no more mail."), "{first:#?}");
    let states = |site: &TestSite| (1..=6).map(|n| state_of(site, &format!("r{n}@reader.test"))).collect::<Vec<_>>();
    assert_eq!(states(&site), ["bounced", "bounced", "complained", "unsubscribed", "confirmed", "confirmed"]);
    let story = site.run(TUESDAY, &["explain", "r1@reader.test"]).exits(0);
    assert!(
        story
            .stdout
            .contains("issue 1, hard 5.1.1 “550 5.1.1 User unknown”, read 2026-03-03 09:00:00 UTC: bounced since"),
        "{story:#?}"
    );

    // Again: nothing is counted twice, and a reader whom the owner took back stays.
    site.run(TUESDAY, &["subscribers", "add", "--resubscribe", "r1@reader.test"]).exits(0);
    let again = inbox(&site, "2026-03-04T09:00:00Z", &mailbox).exits(0);
    assert!(again.stderr.contains("Recorded 0 reports, 6 known already; 0 readers get no more mail."), "{again:#?}");
    assert_eq!(state_of(&site, "r1@reader.test"), "confirmed");
}

#[test]
pub(crate) fn a_forged_message_changes_nothing() {
    let sink = Sink::start(Duration::ZERO);
    let site = sent(&sink, 3);
    let copy = copy_to(&sink, "r1@reader.test");
    let forged_token = copy.from.replacen(char::is_alphabetic, "x", 13).replace("xxxxxxx+", "bounces+");
    let other = copy.message_id().replace("<1.", "<2.");
    let mailbox = [
        bounce("ada@news.example.org", "r1@reader.test", "5.1.1", "550 5.1.1 User unknown", ""),
        bounce(&forged_token, "r1@reader.test", "5.1.1", "550 5.1.1 User unknown", ""),
        // One reader's Message-ID says nothing of another reader.
        bounce(
            "ada@news.example.org",
            "r2@reader.test",
            "5.1.1",
            "550",
            &format!("To: r2@reader.test\nMessage-ID: {}", copy.message_id()),
        ),
        bounce(
            "ada@news.example.org",
            "r1@reader.test",
            "5.1.1",
            "550",
            &format!("To: r1@reader.test\nMessage-ID: {other}"),
        ),
        complaint("To: r3@reader.test\nMessage-ID: <1.aaaaaaaaaaaaaaaaaaaaaaaaaa@news.example.org>"),
        "From: r3@reader.test\nTo: leave@news.example.org\nSubject: unsubscribe\n\n".to_owned(),
        "From: r3@reader.test\nTo: leave+abcdefghijklmnopqrstuvwxyz@news.example.org\n\n".to_owned(),
    ];
    let run = inbox(&site, TUESDAY, &mailbox).exits(0);
    assert!(
        run.stderr.contains("7 not proven to be about a copy of ours, and not counted. Recorded 0 reports"),
        "{run:#?}"
    );
    for reader in ["r1@reader.test", "r2@reader.test", "r3@reader.test"] {
        assert_eq!(state_of(&site, reader), "confirmed");
    }
}

#[test]
fn a_report_that_names_the_envelope_is_about_its_copy() {
    let sink = Sink::with_reports();
    let site = sent(&sink, 2);
    let copies = [copy_to(&sink, "r1@reader.test"), copy_to(&sink, "r2@reader.test")];
    assert!(copies.iter().all(|copy| copy.from.contains(&copy.envelope_id) && copy.envelope_id.len() == 40));
    let named = |id: &str| {
        bounce("ada@news.example.org", "elsewhere@other.test", "5.1.1", "550 5.1.1 User unknown", "")
            .replace("Reporting-MTA", &format!("Original-Envelope-Id: {id}\nReporting-MTA"))
    };
    let run = inbox(&site, TUESDAY, &[named(&copies[0].envelope_id), named(&"a".repeat(40))]).exits(0);
    assert!(run.stderr.contains("Recorded 1 report;") && run.stderr.contains("1 not proven"), "{run:#?}");
    assert_eq!(state_of(&site, "r1@reader.test"), "bounced");
    assert_eq!(state_of(&site, "r2@reader.test"), "confirmed");
}

#[test]
pub(crate) fn a_mailbox_that_is_full_for_weeks_gets_no_more() {
    let sink = Sink::start(Duration::ZERO);
    let site = sent(&sink, 1);
    let mut mailbox = Vec::new();
    for (number, day) in ["2026-03-02", "2026-03-09", "2026-03-16", "2026-03-22", "2026-03-30"].into_iter().enumerate()
    {
        if number > 0 {
            site.post(day, &format!("Post {number}"));
            site.run(&format!("{day}T09:00:00Z"), &["publish"]).exits(0);
        }
        let copy = sink.received().pop().unwrap();
        mailbox.push(bounce(&copy.from, "r1@reader.test", "5.2.2", "552 mailbox full", ""));
        inbox(&site, &format!("{day}T12:00:00Z"), &mailbox).exits(0);
        let expected = if number == 4 { "bounced" } else { "confirmed" };
        assert_eq!(state_of(&site, "r1@reader.test"), expected, "after {} issues", number + 1);
    }
}

#[test]
pub(crate) fn a_spike_stops_the_next_run_until_the_owner_lets_it_pass() {
    let sink = Sink::start(Duration::ZERO);
    let site = sent(&sink, 40);
    let copies = sink.received();
    let mailbox: Vec<String> =
        copies.iter().take(10).map(|copy| bounce(&copy.from, &copy.to, "5.7.1", "550 5.7.1 blocked", "")).collect();
    let spike = inbox(&site, TUESDAY, &mailbox).exits(4);
    assert!(
        spike.stderr.contains("10 of 40 copies of issue 1 came back, refused for good: nothing more is sent"),
        "{spike:#?}"
    );
    site.post("2026-03-03", "A second post");
    let refused = site.run(TUESDAY, &["publish"]).exits(4);
    assert!(refused.stderr.contains("10 of 40 copies") && refused.stderr.contains("--allow spike"), "{refused:#?}");
    assert_eq!(sink.count(), 40);
    site.run(TUESDAY, &["publish", "--allow", "spike"]).exits(0);
    assert_eq!(sink.count(), 80);
    inbox(&site, TUESDAY, &mailbox).exits(0);
}

#[test]
fn complaints_stop_a_run_that_goes_on() {
    let sink = Sink::start(Duration::from_millis(100));
    let site = TestSite::new(&sink.transport());
    site.configure("mail", "connections = 1");
    site.readers(200);
    site.post("2026-03-01", "Slow rivers");
    let publish = site.start(MONDAY, &["publish"]);
    sink.wait_for(6);
    let mailbox: Vec<String> = sink.received().iter().take(4).map(|copy| complaint(&headers(copy))).collect();
    inbox(&site, MONDAY, &mailbox).exits(4);
    let stopped = end_of(publish).exits(4);
    assert!(stopped.stderr.contains("reported issue 1 as unwanted mail"), "{stopped:#?}");
    assert!(sink.count() < 200, "{}", sink.count());
}

#[test]
fn a_mailbox_may_be_an_mbox_one_message_or_the_standard_input() {
    let sink = Sink::start(Duration::ZERO);
    let site = sent(&sink, 2);
    let message = |n: usize| {
        let copy = copy_to(&sink, &format!("r{n}@reader.test"));
        bounce(&copy.from, &copy.to, "5.1.1", "550 5.1.1 User unknown", "")
    };
    let outside = tempfile::tempdir().unwrap();
    let mbox = outside.path().join("mbox");
    std::fs::write(&mbox, format!("From a Mon\n{}\nFrom b Tue\n{}", message(1), message(2))).unwrap();
    let before = site.snapshot(&[".tidings"]);
    let run = site.run(TUESDAY, &["inbox", "--dry-run", "--json", mbox.to_str().unwrap()]).exits(0);
    let said = run.json();
    assert_eq!(said.as_array().unwrap().len(), 2);
    let first = serde_json::json!({
        "recipient": "r1@reader.test", "kind": "hard", "status": "5.1.1", "diagnostic": "550 5.1.1 User unknown", "subscriber": 1,
    });
    assert_eq!(said[0], first);
    assert_eq!(state_of(&site, "r1@reader.test"), "confirmed");
    assert_eq!(site.snapshot(&[".tidings"]), before);

    let mut piped = site.command(TUESDAY, &["inbox"]);
    let mut child = piped.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), message(1).as_bytes()).unwrap();
    end_of(child).exits(0);
    assert_eq!(
        (state_of(&site, "r1@reader.test"), state_of(&site, "r2@reader.test")),
        ("bounced".into(), "confirmed".into())
    );
    site.run(TUESDAY, &["inbox", outside.path().to_str().unwrap()]).exits(2);
    site.run(TUESDAY, &["inbox", outside.path().join("none").to_str().unwrap()]).exits(2);
}

#[test]
fn readers_who_write_about_mail_that_does_not_arrive_stay() {
    let sink = Sink::start(Duration::ZERO);
    let site = sent(&sink, 5);
    let copies: Vec<Received> = (1..=5).map(|n| copy_to(&sink, &format!("r{n}@reader.test"))).collect();
    let answer = |n: usize, to: &str, text: &str| {
        let (reader, id) = (&copies[n].to, copies[n].message_id());
        format!(
            "Return-Path: <>\nFrom: {reader}\nTo: {to}\nSubject: Slow rivers\nReferences: {id}\n\n{text}\n\n-----Original Message-----\n\
             From: Ada\nTo: {reader}\nSubject: Slow rivers\n\nWater.\n"
        )
    };
    let mailbox = [
        answer(
            0,
            "ada@news.example.org",
            "I have left: this address does not exist any more. Write to new@other.test.",
        ),
        answer(1, &copies[1].from, "My mails could not be delivered either: user unknown."),
        // Someone else of the same house says it: that counts.
        answer(2, &copies[2].from, "The user r3@reader.test does not exist here.").replacen(
            "r3@reader.test",
            "admin@reader.test",
            1,
        ),
        // Where the address is hidden, the way to leave and the Message-ID say who it was.
        complaint(&format!(
            "To: redacted@isp.test\nMessage-ID: {}\nList-Unsubscribe: <mailto:leave+{}@news.example.org>",
            copies[3].message_id(),
            copies[3].message.split("<mailto:leave+").nth(1).unwrap().split('@').next().unwrap()
        )),
        // One way to leave and another one's Message-ID prove nothing.
        complaint(&format!(
            "To: redacted@isp.test\nMessage-ID: {}\nList-Unsubscribe: <mailto:leave+{}@news.example.org>",
            copies[4].message_id(),
            copies[0].message.split("<mailto:leave+").nth(1).unwrap().split('@').next().unwrap()
        )),
    ];
    inbox(&site, TUESDAY, &mailbox).exits(0);
    let states: Vec<_> = copies.iter().map(|copy| state_of(&site, &copy.to)).collect();
    assert_eq!(states, ["confirmed", "confirmed", "bounced", "complained", "confirmed"]);
}

#[test]
fn a_mail_to_leave_counts_once_also_when_a_mail_program_has_marked_it_as_read() {
    let sink = Sink::start(Duration::ZERO);
    let site = sent(&sink, 1);
    let token = copy_to(&sink, "r1@reader.test").message;
    let token = token.split("<mailto:leave+").nth(1).unwrap().split('@').next().unwrap();
    let leave = format!("From: r1@reader.test\nTo: leave+{token}@news.example.org\nSubject: unsubscribe\n\nx\n");
    inbox(&site, TUESDAY, std::slice::from_ref(&leave)).exits(0);
    site.run(TUESDAY, &["subscribers", "add", "--resubscribe", "r1@reader.test"]).exits(0);
    inbox(&site, TUESDAY, &[format!("Status: RO\nX-Status: A\n{leave}"), leave.replace('\n', "\r\n")]).exits(0);
    assert_eq!(state_of(&site, "r1@reader.test"), "confirmed");
    inbox(&site, TUESDAY, &[leave.replace("unsubscribe", "unsubscribe again")]).exits(0);
    assert_eq!(state_of(&site, "r1@reader.test"), "unsubscribed");
}
