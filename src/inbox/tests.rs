#![allow(clippy::format_collect, reason = "tests favour short code over fast code")]

use super::*;

/// What a message says, in short: kind, recipient and code.
fn said(message: &str) -> Vec<String> {
    let short = |it: Report| {
        let parts = [Some(it.kind.as_str().to_owned()), it.recipient, it.status];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    read(message.as_bytes(), None).reports.into_iter().map(short).collect()
}

fn report(action: &str, status: &str, diagnostic: &str) -> String {
    format!(
        "From: Mail Delivery System <MAILER-DAEMON@mx.test>\nTo: ada@example.org\nSubject: Undelivered Mail Returned to Sender\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n--b\nContent-Type: text/plain\n\n\
         This is the mail system at host mx.test.\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.test\n\n\
         Final-Recipient: rfc822; other@reader.test\nOriginal-Recipient: rfc822;r1@reader.test\nAction: {action}\nStatus: {status}\n\
         Diagnostic-Code: smtp; {diagnostic}\n\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <1.abc@example.org>\n\
         To: r1@reader.test\nReturn-Path: <bounces+abcdefghijklmnopqrstuvwxyzabcdefghijklmn@example.org>\n\nHello\n\n--b--\n"
    )
}

#[test]
fn codes_and_texts_say_whether_it_is_the_reader_or_passes_or_is_about_us() {
    for (status, diagnostic, kind) in [
        ("5.1.1", "550 5.1.1 User unknown", "hard"),
        ("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound", "hard"),
        ("5.4.4", "Host not found", "hard"),
        ("5.2.1", "The email account that you tried to reach is disabled", "hard"),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied", "hard"),
        ("5.0.0", "550 no such user here", "hard"),
        ("5.0.0", "", "hard"),
        ("5.2.2", "552 5.2.2 over quota", "soft"),
        ("5.3.4", "552 message too large", "soft"),
        ("5.4.7", "delivery time expired", "soft"),
        ("4.4.1", "connection timed out", "soft"),
        ("5.5.0", "452 mailbox full", "soft"),
        ("5.7.1", "550 5.7.1 message refused by policy", "policy"),
        ("5.7.26", "unauthenticated", "policy"),
        ("5.6.0", "content", "policy"),
        ("5.0.0", "554 5.7.1 listed at spamhaus", "policy"),
        ("5.1.1", "550 5.1.1 blocked using zen.spamhaus.org", "policy"),
        ("5.3.0", "554 your IP has a poor reputation", "policy"),
    ] {
        assert_eq!(
            said(&report("failed", status, diagnostic)),
            [format!("{kind} r1@reader.test {status}")],
            "{diagnostic}"
        );
    }
}

#[test]
fn only_failures_are_failures() {
    let delayed = read(report("delayed", "4.4.1", "timed out").as_bytes(), None).reports;
    assert!(delayed[0].kind == Kind::Soft && !delayed[0].is_final, "{delayed:?}");
    for action in ["delivered", "relayed", "expanded"] {
        assert_eq!(said(&report(action, "2.0.0", "ok")), ["delivered r1@reader.test"]);
    }
}

#[test]
fn what_may_prove_it_is_in_the_envelope_and_in_the_copy() {
    let clues = read(report("failed", "5.1.1", "x").as_bytes(), None).clues;
    assert_eq!(clues.tokens, ["abcdefghijklmnopqrstuvwxyzabcdefghijklmn"]);
    assert_eq!((clues.message_ids, clues.readers), (vec!["1.abc@example.org".into()], vec!["r1@reader.test".into()]));
    let qmail = "From: MAILER-DAEMON@mx.test\nTo: ada@example.org\nSubject: failure notice\n\nHi. This is the qmail-send program.\n\n\
        <r1@reader.test>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\n\
        Return-Path: <ada@example.org>\nTo: r1@reader.test\nMessage-ID: <1.abc@example.org>\n\n<r2@reader.test>:\n";
    assert_eq!(said(qmail), ["hard r1@reader.test 5.1.1"]);
    let clues = read(qmail.as_bytes(), None).clues;
    assert_eq!((clues.message_ids, clues.readers), (vec!["1.abc@example.org".into()], vec!["r1@reader.test".into()]));
}

#[test]
fn servers_that_write_for_people_are_understood() {
    let from = |from: &str, subject: &str, text: &str| {
        said(&format!("From: {from}\nTo: ada@example.org\nSubject: {subject}\n\n{text}\n"))
    };
    let exim = "A message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following \
        address(es) failed:\n\n  r1@reader.test\n    host mx.test [192.0.2.1]\n    SMTP error from remote mail server after RCPT TO:<r1@reader.test>:\n    \
        550 5.1.1 <r1@reader.test>: Recipient address rejected: User unknown";
    assert_eq!(
        from("Mailer-Daemon@mx.test", "Mail delivery failed: returning message to sender", exim),
        ["hard r1@reader.test 5.1.1"]
    );
    let outlook = "Delivery has failed to these recipients or groups:\n\nr1@reader.test<mailto:r1@reader.test>\nThe recipient's mailbox is full \
        and can't accept messages now.";
    assert_eq!(from("postmaster@outlook.com", "Undeliverable: Slow rivers", outlook), ["soft r1@reader.test"]);
    let gmail = "** Address not found **\n\nYour message wasn't delivered to r1@reader.test because the address couldn't be found.\n\n\
        The response from the remote server was:\n550 5.1.1 no such user";
    assert_eq!(
        from("Mail Delivery Subsystem <mailer-daemon@googlemail.com>", "Delivery Status Notification (Failure)", gmail)
            [0]
        .split(' ')
        .take(2)
        .collect::<Vec<_>>(),
        ["hard", "r1@reader.test"]
    );
    let late = "A message that you sent has not yet been delivered to one or more of its recipients after more than 24 hours.\n\n  r1@reader.test\n";
    assert_eq!(from("Mailer-Daemon@mx.test", "Warning: message delayed 24 hours", late), ["soft r1@reader.test"]);
}

#[test]
fn complaints_are_told_from_other_feedback() {
    let feedback = |kind: &str| {
        format!(
            "From: fbl@isp.test\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\n\nA report.\n\n--b\n\
             Content-Type: message/feedback-report\n\nFeedback-Type: {kind}\nVersion: 1\n\n--b\nContent-Type: message/rfc822\n\n\
             To: r1@reader.test\nMessage-ID: <1.abc@example.org>\n\nHello\n--b--\n"
        )
    };
    assert_eq!(said(&feedback("abuse")), ["complaint r1@reader.test"]);
    assert_eq!(said(&feedback("not-spam")), [""; 0]);
    assert_eq!(said(&feedback("auth-failure")), [""; 0]);
}

#[test]
fn programs_that_answer_and_people_who_write_are_no_bounces() {
    for (head, expected) in [
        (
            "From: r1@reader.test\nSubject: Out of Office: Slow rivers\nAuto-Submitted: auto-replied",
            "auto-reply r1@reader.test",
        ),
        ("From: r1@reader.test\nSubject: Automatische Antwort: Slow rivers", "auto-reply r1@reader.test"),
        ("From: r1@reader.test\nPrecedence: auto_reply\nSubject: Gracias", "auto-reply r1@reader.test"),
        (
            "From: r1@reader.test\nTo: leave+abcdefghijklmnopqrstuvwxyz@example.org\nSubject: x",
            "unsubscribe r1@reader.test",
        ),
        ("From: r1@reader.test\nSubject: unsubscribe abcdefghijklmnopqrstuvwxyz", "unsubscribe r1@reader.test"),
        ("From: r1@reader.test\nReturn-Path: <>\nSubject: 不在: Delivery failed", "auto-reply r1@reader.test"),
        ("From: r1@reader.test\nSubject: Abmelden", "unsubscribe r1@reader.test"),
        (
            "From: r1@reader.test\nTo: leave+abcdefghijklmnopqrstuvwxyz@example.org\nAuto-Submitted: auto-generated\nSubject: x",
            "unsubscribe r1@reader.test",
        ),
        (
            "From: r1@reader.test\nSubject: Not read: Delivery failed\nContent-Type: multipart/report; \
             report-type=disposition-notification; boundary=b",
            "auto-reply r1@reader.test",
        ),
    ] {
        assert_eq!(said(&format!("{head}\n\nI am away until Monday.\n")), [expected]);
    }
    for head in [
        "From: r1@reader.test\nSubject: Re: Slow rivers",
        "From: r1@reader.test\nSubject: How to unsubscribe from everything you ever joined",
        "From: news@example.org\nSubject: Delivery failed: how mail is lost\nList-Id: <news.example.org>",
        "From: news@example.org\nSubject: unsubscribe\nList-Unsubscribe: <mailto:x@example.org>",
        "From: r1@reader.test\nSubject: Re: Delivery failed: how mail is lost",
        "From: Bob, Postmaster <postmaster@reader.test>\nReturn-Path: <bob@reader.test>\nSubject: AW: Delivery failed",
        "From: r1@reader.test\nReturn-Path: <>\nSubject: Report\nContent-Type: multipart/report; report-type=tlsrpt; boundary=b",
    ] {
        assert_eq!(
            said(&format!("{head}\n\nThe mail to <x@y.test> could not be delivered: user unknown.\n")),
            [""; 0],
            "{head}"
        );
    }
}

#[test]
fn what_is_quoted_is_not_said() {
    let quoted =
        "From: r1@reader.test\nSubject: Your text\nTo: ada@example.org\n\nGreat!\n\n> Delivery failed: user unknown\n";
    assert_eq!(said(&quoted.replace("Your text", "Bounce")), [""; 0]);
    let own = "From: x@reader.test\nTo: bounces+abcdefghijklmnopqrstuvwxyzabcdefghijklmn@example.org\nSubject: Slow rivers\n\n";
    assert_eq!(said(&format!("{own}> user unknown\n")), [""; 0]);
    let answer = own.replace("Subject: ", "Return-Path: <x@reader.test>\nSubject: AW: ");
    assert_eq!(said(&format!("{answer}Schön.\n\nVon: Ada\nAn: r1@reader.test\n\nuser unknown\n")), [""; 0]);
    let told = read(format!("{own}The user r1@reader.test does not exist.\n").as_bytes(), None);
    assert_eq!((told.reports[0].kind, told.clues.writer.as_deref()), (Kind::Hard, Some("x@reader.test")));
}

#[test]
fn a_copy_is_known_by_its_headers_also_where_no_words_announce_it() {
    let bounce = read(
        b"From: mailer-daemon@reader.test\nSubject: Mail failure\n\nr1@reader.test Invalid Recipient, 550 5.1.1\n\n\n\
          Received:from a by b\nTo: r1@reader.test\nMessage-ID: <1.abc@example.org>\n\nHello\n",
        None,
    );
    assert_eq!((bounce.reports[0].recipient.as_deref(), bounce.reports[0].kind), (Some("r1@reader.test"), Kind::Hard));
    assert_eq!(bounce.clues.message_ids, ["1.abc@example.org"]);
    assert!(bounce.clues.readers.contains(&"r1@reader.test".to_owned()));
}

#[test]
fn exchange_and_yahoo_are_understood_in_their_own_words() {
    for (subject, text) in [
        (
            "Niedostarczone: Slow rivers",
            "Nie można dostarczyć wiadomości do:\n\nr1@reader.test\n550 5.1.1 RecipNotFound",
        ),
        ("배달되지 않음: Slow rivers", "r1@reader.test\n550 5.1.1 RecipNotFound"),
    ] {
        let bounce = format!("From: postmaster@reader.test\nSubject: {subject}\n\n{text}\n");
        assert_eq!(said(&bounce), ["hard r1@reader.test 5.1.1"], "{subject}");
    }
    let disabled =
        "554 30 Sorry, your message to r1@reader.test cannot be delivered. This mailbox is disabled (554.30).";
    assert_eq!(kind_of(Some("5.0.0"), disabled), Some(Kind::Hard));
}

#[test]
fn what_amazon_mails_is_read_as_what_it_tells() {
    let token = "abcdefghijklmnopqrstuvwxyzabcdefghijklmn";
    let notice = serde_json::json!({
        "notificationType": "Bounce",
        "bounce": {
            "bounceType": "Permanent",
            "bouncedRecipients": [{ "emailAddress": "r1@reader.test", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown" }],
        },
        "mail": { "source": format!("bounces+{token}@example.org"), "headers": [{ "name": "Message-ID", "value": "<1.abc@example.org>" }] },
    })
    .to_string();
    let enveloped = serde_json::json!({ "Type": "Notification", "Message": notice }).to_string();
    let head = "From: SES <no-reply@sns.amazonaws.com>\nTo: ada@example.org\nSubject: AWS Notification Message\n\n";
    let broken = enveloped.replacen("bouncedRecipients", "bounced!\n Recipients", 1);
    for body in
        [&notice, &format!("{notice}\n\n--\nIf you wish to stop receiving notifications {{…}}"), &enveloped, &broken]
    {
        let message = format!("{head}{body}\n");
        assert_eq!(said(&message), ["hard r1@reader.test 5.1.1"], "{body}");
        let clues = read(message.as_bytes(), None).clues;
        assert_eq!((clues.tokens, clues.message_ids), (vec![token.into()], vec!["1.abc@example.org".into()]));
    }
    assert_eq!(said(&format!("{head}{{\"notificationType\": \"Delivery\"}}\n")), [""; 0]);
    assert_eq!(said(&format!("{head}{{{{{{\n")), [""; 0]);
}

#[test]
fn hostile_messages_end_within_limits() {
    let start = std::time::Instant::now();
    let nested = "Content-Type: message/rfc822\n\n".repeat(1_000);
    let encoded = "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n".repeat(1_000);
    let boxes: String =
        (0..20_000).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n")).collect();
    let parameters: String = (0..100_000).map(|n| format!(" a*{n}=x;\n")).collect();
    for message in [
        nested,
        encoded,
        boxes,
        format!("Content-Type: multipart/report;\n{parameters}\n\nx"),
        "X: y\n".repeat(1_000_000),
        format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\n".repeat(300_000)),
        format!(
            "Subject: failure notice\nFrom: mailer-daemon@x.test\n\n{}",
            "<a@b.test>: user unknown\n".repeat(40_000)
        ),
        format!("Subject: failure notice\nFrom: mailer-daemon@x.test\n\n{}", "@".repeat(LONGEST)),
        format!("Content-Type: text/html\nSubject: undelivered\n\n{}", "<a ".repeat(LONGEST / 3)),
        format!(
            "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n{}",
            "Final-Recipient: rfc822; a@b.test\nAction: failed\n\n".repeat(20_000)
        ),
    ] {
        let reports = read(message.as_bytes(), None).reports;
        assert!(reports.len() <= 1, "{reports:?}");
    }
    assert!(start.elapsed() < std::time::Duration::from_secs(30), "{:?}", start.elapsed());
}
