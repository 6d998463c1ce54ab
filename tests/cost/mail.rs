//! Mail that came back, or seems to: anyone who knows an address of the site can write it.

use tidings::inbox::{Messages, read};

use super::{SMALL, fill, holds, rep};

/// A name, and what makes a mailbox of a size.
type Row = (&'static str, fn(usize) -> String);

fn hold(rows: &[Row]) {
    let join = "join@b.test".parse().unwrap();
    let look = |text: &String| {
        let mut messages = Messages::new(text.as_bytes());
        while let Some(message) = messages.next_message().unwrap() {
            read(&message.bytes, Some(&join));
        }
    };
    let of_row = |(name, mail): &Row| holds(name, &mail(SMALL), &mail(10 * SMALL), look).err();
    let faults: Vec<String> = rows.iter().filter_map(of_row).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn bounce(text: &str) -> String {
    format!("From: mailer-daemon@b.test\nTo: ada@b.test\nSubject: failure notice\n\n{text}")
}

fn multipart(kind: &str, body: &str) -> String {
    format!("From: mailer-daemon@b.test\nContent-Type: multipart/{kind}; boundary=b\n\n{body}")
}

fn status(fields: &str) -> String {
    multipart(
        "report",
        &format!("--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; b.test\n\n{fields}"),
    )
}

#[test]
fn structures_of_mail_cost_in_proportion() {
    hold(&[
        ("messages in messages", |n| rep("Content-Type: message/rfc822\n\n", n)),
        ("encoded messages in messages", |n| {
            rep("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n", n)
        }),
        ("multiparts in multiparts", |n| {
            fill(n, |i| format!("Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n"))
        }),
        ("multiparts of one boundary", |n| rep("Content-Type: multipart/mixed; boundary=b\n\n--b\n", n)),
        ("multiparts without boundaries", |n| rep("Content-Type: multipart/mixed\n\n--x\n", n)),
        ("a boundary that is lost", |n| {
            format!("Content-Type: multipart/mixed; boundary=c\n\n{}", rep("--b\nContent-X: y\n\n", n))
        }),
        ("parts", |n| multipart("mixed", &rep("--b\n\nx\n", n))),
        ("boundaries that are almost one", |n| multipart("mixed", &rep("--bb\n", n))),
        ("headers", |n| rep("X: y\n", n)),
        ("different headers", |n| fill(n, |i| format!("X{i}: y\n"))),
        ("one header", |n| format!("Subject: {}", rep("x", n))),
        ("one header on many lines", |n| format!("To: {}", rep("a@b.test,\n ", n))),
        ("a way through many servers", |n| rep("Received: from a.test by b.test; Mon, 2 Mar 2026 09:00:00 +0000\n", n)),
        ("results of many servers", |n| {
            rep("Authentication-Results: b.test; dkim=pass (((; spf=fail\n", n) + "To: join@b.test\n\n"
        }),
        ("parameters", |n| format!("Content-Type: multipart/mixed;{}\n\n", fill(n, |i| format!(" a*{i}=x;")))),
        ("encoded words", |n| format!("Subject: {}", rep("=?utf-8?b?eA==?= ", n))),
        ("references", |n| format!("References: {}\n\n", rep("<a@b.test> ", n))),
        ("no end of a line", |n| rep("x", n)),
        ("empty lines", |n| rep("\n", n)),
        ("a mailbox of short messages", |n| rep("From a\nSubject: x\n\nx\n\n", n)),
        ("a mailbox of one line", |n| format!("From {}", rep("x ", n))),
        ("carriage returns", |n| rep("x\r", n)),
    ]);
}

#[test]
fn texts_of_mail_cost_in_proportion() {
    hold(&[
        ("recipients", |n| bounce(&fill(n, |i| format!("<r{i}@b.test>: user unknown\n")))),
        ("recipients in a line", |n| bounce(&fill(n, |i| format!("<r{i}@b.test>, ")))),
        ("one recipient", |n| bounce(&rep("<a@b.test>: user unknown\n", n))),
        ("signs of addresses", |n| bounce(&rep("@", n))),
        ("half addresses", |n| bounce(&rep("a@b", n))),
        ("names without end", |n| bounce(&format!("{}@b.test", rep("a", n)))),
        ("codes", |n| bounce(&rep("550 5.1.1 ", n))),
        ("dots", |n| bounce(&rep(".", n))),
        ("copies of messages", |n| bounce(&rep("--- Below this line is a copy of the message.\n", n))),
        ("markup", |n| format!("Content-Type: text/html\n{}", bounce(&rep("<a ", n)))),
        ("references of markup", |n| format!("Content-Type: text/html\n{}", bounce(&rep("&amp", n)))),
        ("base64", |n| format!("Content-Transfer-Encoding: base64\n{}", bounce(&rep("QUFB", n)))),
        ("broken base64", |n| format!("Content-Transfer-Encoding: base64\n{}", bounce(&rep("=A==\n", n)))),
        ("quoted-printable", |n| format!("Content-Transfer-Encoding: quoted-printable\n{}", bounce(&rep("=3D=\n", n)))),
        ("an old charset", |n| {
            format!("Content-Type: text/plain; charset=iso-2022-jp\n{}", bounce(&rep("\u{1b}$B", n)))
        }),
        ("utf-7", |n| format!("Content-Type: text/plain; charset=utf-7\n{}", bounce(&rep("+AAA-", n)))),
        ("an unknown charset", |n| format!("Content-Type: text/plain; charset=x-none\n{}", bounce(&rep("é", n)))),
        ("quotations", |n| format!("To: confirm+{}@b.test\nSubject: Re: x\n\n{}", "a".repeat(27), rep("> ", n))),
    ]);
}

#[test]
fn reports_cost_in_proportion() {
    hold(&[
        ("recipients", |n| status(&fill(n, |i| format!("Final-Recipient: rfc822; r{i}@b.test\nAction: failed\n\n")))),
        ("one recipient", |n| status(&rep("Final-Recipient: rfc822; a@b.test\nAction: failed\n\n", n))),
        ("fields", |n| status(&fill(n, |i| format!("X{i}: y\n")))),
        ("a field on many lines", |n| status(&format!("Diagnostic-Code: smtp;\n{}", rep(" 550 x\n", n)))),
        ("names of envelopes", |n| status(&rep(&format!("Original-Envelope-Id: {}\n", "a".repeat(40)), n))),
        ("fields in a text", |n| bounce(&rep("Final-Recipient: rfc822; a@b.test\nStatus: 5.1.1\n\n", n))),
        ("reports", |n| {
            multipart(
                "report",
                &rep(
                    "--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; a@b.test\nAction: failed\n\n",
                    n,
                ),
            )
        }),
        ("complaints", |n| {
            let of = |i| {
                format!(
                    "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nOriginal-Rcpt-To: r{i}@b.test\n\n"
                )
            };
            multipart("report", &fill(n, of))
        }),
        ("complaints of many readers", |n| {
            let readers = fill(n, |i| format!("Original-Rcpt-To: r{i}@b.test\n"));
            multipart(
                "report",
                &format!("--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n{readers}"),
            )
        }),
        ("copies", |n| {
            multipart(
                "report",
                &rep("--b\nContent-Type: message/rfc822\n\nTo: a@b.test\nMessage-ID: <1.a@b.test>\n\n", n),
            )
        }),
    ]);
}
