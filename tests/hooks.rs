//! `/hooks/SERVICE` over loopback: what a mail service tells counts once, and only when it is proven who tells it and which copy it is
//! about; what is forged, old, told again or hostile changes nothing.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::agreement::is_refused;
use crate::preview::Answer;
use crate::serve::{Serve, now, readers, site, state_of};
use crate::site::TestSite;

const KEYS: &str = "mailgun_key_file = \"keys/mailgun\"\npostmark_password_file = \"keys/postmark\"\n\
                    resend_key_file = \"keys/resend\"\nses_topic = \"arn:aws:sns:eu-west-1:123456789012:bounces\"";

/// A site that hears from all services, whose first issue went to so many readers by way of `relay`.
fn sent(count: usize, relay: &str) -> TestSite {
    let site = site();
    std::fs::create_dir(site.file("keys")).unwrap();
    let resend = format!("whsec_{}", STANDARD.encode("resend's"));
    for (name, key) in [("mailgun", "mailgun's"), ("postmark", "postmark's"), ("resend", &resend)] {
        site.write_with_mode(&format!("keys/{name}"), &format!("{key}\n"), 0o600);
    }
    site.configure("web.hooks", KEYS);
    site.configure("mail", relay);
    site.readers(count);
    site.run(&now(), &["publish"]).exits(0);
    site
}

/// A header of the copy for the reader with this number.
fn header(site: &TestSite, reader: usize, name: &str) -> String {
    let message = site.read(&format!("outbox/issue-1-{reader:05}.eml"));
    let line = message.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.unwrap_or_else(|| panic!("no {name} in {message}")).trim().to_owned()
}

fn seconds() -> i64 {
    tidings::clock::now().as_second()
}

fn key(secret: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())
}

fn hex(tag: hmac::Tag) -> String {
    tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A request as Mailgun signs it, with a token of its own.
fn mailgun(secret: &str, seconds: i64, token: &str, event: &Value) -> String {
    let signature = hex(hmac::sign(&key(secret), format!("{seconds}{token}").as_bytes()));
    let signature = json!({ "timestamp": seconds.to_string(), "token": token, "signature": signature });
    json!({ "signature": signature, "event-data": event }).to_string()
}

fn failed(site: &TestSite, reader: usize, code: u16, said: &str) -> Value {
    json!({
        "event": "failed",
        "severity": "permanent",
        "reason": "bounce",
        "recipient": format!("r{reader}@reader.test"),
        "message": { "headers": { "message-id": header(site, reader, "Message-ID").trim_matches(['<', '>']) } },
        "delivery-status": { "code": code, "message": said },
    })
}

fn tell(serve: &Serve, service: &str, headers: &str, body: &str) -> Answer {
    let headers = format!("content-type: application/json\r\n{headers}");
    serve.request("POST", &format!("/hooks/{service}"), &headers, body.as_bytes())
}

fn states(site: &TestSite, count: usize) -> Vec<String> {
    (1..=count).map(|n| state_of(site, &format!("r{n}@reader.test"))).collect()
}

#[test]
pub(crate) fn what_mailgun_tells_counts_once_and_only_when_it_is_proven() {
    let site = sent(7, "");
    let serve = Serve::of(&site, "");
    let simple = |reader: usize, event: &str| {
        let mut it = failed(&site, reader, 0, "");
        it["event"] = event.into();
        it
    };
    let mut unknown = failed(&site, 6, 550, "5.1.1 user unknown");
    unknown["message"]["headers"]["message-id"] = "1.aaaaaaaaaaaaaaaaaaaaaaaaaa@news.example.org".into();
    let mut others = failed(&site, 7, 550, "5.1.1 user unknown");
    others["recipient"] = "r6@reader.test".into();
    let first = mailgun("mailgun's", seconds(), "token-0", &failed(&site, 1, 550, "5.1.1 user\u{0} unknown"));
    assert_eq!(tell(&serve, "mailgun", "", &first).status, 200);
    let events = [
        failed(&site, 2, 552, "5.2.2 mailbox full"),
        failed(&site, 3, 554, "5.7.1 rejected as spam"),
        simple(4, "complained"),
        simple(5, "unsubscribed"),
        // Neither proves what it is about.
        unknown,
        others,
        simple(6, "delivered"),
    ];
    for (number, event) in events.iter().enumerate() {
        let body = mailgun("mailgun's", seconds(), &format!("token-{}", number + 1), event);
        assert_eq!(tell(&serve, "mailgun", "", &body).status, 200, "{event}");
    }
    let expected = ["bounced", "confirmed", "confirmed", "complained", "unsubscribed", "confirmed", "confirmed"];
    assert_eq!(states(&site, 7), expected);
    let story = site.run(&now(), &["explain", "r5@reader.test"]).exits(0).stdout;
    assert!(story.contains("unsubscribed at") && story.contains("by mailgun"), "{story}");
    let story = site.run(&now(), &["explain", "r3@reader.test"]).exits(0).stdout;
    assert!(story.contains("issue 1, policy 5.7.1"), "{story}");

    // Told again, also with another body to the same signature, which is not over the body, and after a restart.
    site.run(&now(), &["subscribers", "add", "--resubscribe", "r1@reader.test"]).exits(0);
    let mut swapped: Value = serde_json::from_str(&first).unwrap();
    swapped["event-data"] = failed(&site, 2, 550, "5.1.1 user unknown");
    let again = |serve: &Serve| {
        for body in [&first, &swapped.to_string()] {
            assert_eq!(tell(serve, "mailgun", "", body).status, 200, "or it would be told again for hours");
        }
    };
    again(&serve);
    let expected = ["confirmed", "confirmed", "confirmed", "complained", "unsubscribed", "confirmed", "confirmed"];
    assert_eq!(states(&site, 7), expected);
    let counts = serve.get("/metrics").text();
    for (outcome, count) in
        [("recorded", 5), ("known", 2), ("unproven", 2), ("ignored", 1), ("refused", 0), ("failed", 0)]
    {
        let line = format!("tidings_hooks_total{{service=\"mailgun\",outcome=\"{outcome}\"}} {count}\n");
        assert!(counts.contains(&line), "{line} {counts}");
    }
    assert!(counts.contains("tidings_unsubscribed_total 1\n") && !counts.contains('@'), "{counts}");
    let port = serve.port;
    let said = serve.end();
    assert!(!said.contains("reader.test") && !said.contains("token-"), "{said}");
    let serve = Serve::started(&site, "https://news.example.org", port);
    again(&serve);
    assert!(serve.get("/metrics").text().contains("{service=\"mailgun\",outcome=\"known\"} 2\n"));
    assert_eq!(states(&site, 7), expected);
}

#[test]
fn what_postmark_tells_is_known_by_what_each_copy_has_for_it() {
    let site = sent(4, "relay = \"postmark\"");
    let serve = Serve::of(&site, "");
    let copy = |reader: usize| header(&site, reader, "X-PM-Metadata-tidings");
    let bounce = |reader: usize, kind: &str, details: &str| {
        json!({
            "RecordType": "Bounce", "ID": 42, "Type": kind, "Details": details, "Email": format!("r{reader}@reader.test"),
            "MessageID": "2706ee8a-737c-4285-b032-ccd317af53ed", "Metadata": { "tidings": copy(reader) },
        })
        .to_string()
    };
    let basic = |password: &str| format!("authorization: Basic {}\r\n", STANDARD.encode(format!("tidings:{password}")));
    let change = json!({
        "RecordType": "SubscriptionChange", "Recipient": "r3@reader.test", "SuppressSending": true,
        "SuppressionReason": "ManualSuppression", "Origin": "Recipient", "Metadata": { "tidings": copy(3) },
    });
    let hard = bounce(1, "HardBounce", "smtp;550 5.1.1 no such account");
    for headers in [String::new(), basic("other"), basic("")] {
        let answer = tell(&serve, "postmark", &headers, &hard);
        assert!(answer.status == 401 && answer.header("www-authenticate").starts_with("basic"), "{}", answer.head);
    }
    // Another reader's token, and a forged one.
    let forged = hard.replace(&copy(1), &copy(1).replace(|c: char| c.is_ascii_alphabetic(), "a"));
    assert_eq!(tell(&serve, "postmark", &basic("postmark's"), &forged).status, 200);
    assert_eq!(states(&site, 4), ["confirmed"; 4]);
    for body in [&hard, &bounce(2, "SpamComplaint", ""), &change.to_string(), &bounce(4, "Blocked", "smtp;550 5.1.1")] {
        assert_eq!(tell(&serve, "postmark", &basic("postmark's"), body).status, 200, "{body}");
    }
    assert_eq!(states(&site, 4), ["bounced", "complained", "unsubscribed", "confirmed"]);
    let counts = serve.get("/metrics").text();
    assert!(counts.contains("{service=\"postmark\",outcome=\"refused\"} 3\n"), "{counts}");
    let said = serve.end();
    assert!(said.matches("`/hooks/postmark` was refused: its password is missing or wrong").count() == 1, "{said}");
}

fn svix(secret: &str, id: &str, seconds: i64, body: &str) -> String {
    let tag = hmac::sign(&key(secret), format!("{id}.{seconds}.{body}").as_bytes());
    format!("svix-id: {id}\r\nsvix-timestamp: {seconds}\r\nsvix-signature: v1,{}\r\n", STANDARD.encode(tag))
}

#[test]
fn what_resend_tells_is_known_by_sender_subject_and_reader() {
    let site = sent(4, "");
    let serve = Serve::of(&site, "");
    let subject = header(&site, 1, "Subject");
    let event = |reader: usize, kind: &str, from: &str, subject: &str| {
        json!({
            "type": kind, "created_at": now(),
            "data": {
                "email_id": "56761188-7520-42d8-8898-ff6fc54ce618", "message_id": "<111-222-333@email.example.com>",
                "from": from, "to": [format!("r{reader}@reader.test")], "subject": subject,
                "bounce": { "type": "Permanent", "subType": "General", "message": "The address does not exist." },
            },
        })
        .to_string()
    };
    let ada = "Ada Quill <ada@news.example.org>";
    let hard = event(1, "email.bounced", ada, &subject);
    let mut id = 0;
    let mut say = |body: &str, secret: &str, age: i64| {
        id += 1;
        tell(&serve, "resend", &svix(secret, &format!("msg_{id}"), seconds() - age, body), body).status
    };
    assert_eq!(
        (say(&hard, "another's", 0), say(&hard, "resend's", 400), say(&hard, "resend's", -400)),
        (403, 406, 406)
    );
    for other in [
        event(1, "email.bounced", "Eve <eve@example.org>", &subject),
        event(1, "email.bounced", ada, "Your receipt"),
        event(9, "email.bounced", ada, &subject),
        event(1, "email.delivery_delayed", ada, &subject),
    ] {
        assert_eq!(say(&other, "resend's", 0), 200);
    }
    assert_eq!(states(&site, 4), ["confirmed"; 4]);
    assert_eq!(say(&hard, "resend's", 0), 200);
    assert_eq!(say(&event(2, "email.complained", ada, &subject), "resend's", 0), 200);
    assert_eq!(states(&site, 4), ["bounced", "complained", "confirmed", "confirmed"]);
    let story = site.run(&now(), &["explain", "r1@reader.test"]).exits(0).stdout;
    assert!(story.contains("issue 1, hard"), "{story}");
    assert_eq!(tell(&serve, "resend", "", &hard).status, 403, "without a signature");
}

#[test]
fn what_is_forged_old_or_hostile_is_refused_and_changes_nothing() {
    let site = sent(2, "");
    let serve = Serve::of(&site, "");
    let hard = |reader: usize| failed(&site, reader, 550, "5.1.1 user unknown");
    let good = |number: usize| mailgun("mailgun's", seconds(), &format!("h{number}"), &hard(1));
    let before = readers(&site);
    let sns = |topic: &str, time: &str, place: &str| {
        json!({
            "Type": "Notification", "MessageId": "22b80b92", "TopicArn": format!("arn:aws:sns:eu-west-1:123456789012:{topic}"),
            "Message": "{}", "Timestamp": time, "SignatureVersion": "2", "Signature": "AAAA", "SigningCertURL": place,
        })
        .to_string()
    };
    let (place, evil) = (
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123abcd.pem",
        "https://169.254.169.254/SimpleNotificationService-0123abcd.pem",
    );
    let deep = format!("{{\"signature\":{}", "[".repeat(200_000));
    for (service, body, status) in [
        ("mailgun", mailgun("another's", seconds(), "h0", &hard(1)), 403),
        ("mailgun", mailgun("mailgun's", seconds() - 36_000, "h1", &hard(1)), 406),
        ("mailgun", mailgun("mailgun's", seconds() + 3_600, "h2", &hard(1)), 406),
        ("mailgun", good(3).replace("\"h3\"", "\"h4\""), 403),
        ("mailgun", json!({ "event-data": hard(1) }).to_string(), 403),
        ("mailgun", deep, 400),
        ("mailgun", "\u{0}".into(), 400),
        ("mailgun", String::new(), 400),
        ("ses", sns("other", &now(), place), 403),
        ("ses", sns("bounces", "2020-01-01T00:00:00Z", place), 406),
        ("ses", sns("bounces", &now(), evil), 403),
        ("ses", sns("bounces", &now(), "file:///etc/passwd"), 403),
        ("ses", "{}".into(), 403),
    ] {
        let answer = tell(&serve, service, "", &body);
        assert!(answer.status == status && answer.text() == "refused\n", "{service} {status}: {}", answer.head);
    }
    let long = "a".repeat(10 << 20);
    assert_eq!(tell(&serve, "mailgun", "", &long).status, 413);
    // A page of another site in a browser.
    for header in ["origin: https://evil.test\r\n", "sec-fetch-site: cross-site\r\n"] {
        assert_eq!(tell(&serve, "mailgun", header, &good(5)).status, 403, "{header}");
    }
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
        let answer = serve.request(method, "/hooks/mailgun", "", b"");
        assert!(answer.status == 405 && answer.header("allow") == "post", "{method}: {}", answer.head);
    }
    for path in ["/hooks/", "/hooks/sendgrid", "/hooks/mailgun/x", "/hooks/..%2fmailgun", "/hooks/%00"] {
        assert_eq!(serve.request("POST", path, "", good(6).as_bytes()).status, 404, "{path}");
    }
    assert_eq!(readers(&site), before);
    let story = site.run(&now(), &["explain", "r1@reader.test", "--json"]).exits(0).json();
    assert!(!story.to_string().contains("user unknown"), "{story}");
    // What was refused has used nothing up; SNS sends plain text, and so may the others.
    let taken = serve.request("POST", "/hooks/mailgun", "content-type: text/plain\r\n", good(7).as_bytes());
    assert_eq!((taken.status, state_of(&site, "r1@reader.test").as_str()), (200, "bounced"));
    assert!(!serve.end().contains("panicked"));
}

#[test]
fn a_service_without_a_key_is_not_there() {
    let site = site();
    let serve = Serve::of(&site, "");
    for service in ["mailgun", "postmark", "resend", "ses"] {
        for method in ["GET", "POST"] {
            let answer = serve.request(method, &format!("/hooks/{service}"), "", b"");
            assert!(answer.status == 404 && answer.text().contains("There is nothing here"), "{service}");
        }
    }
    assert!(!serve.get("/metrics").text().contains("hooks_total"));
}

#[test]
fn a_key_is_read_only_by_serve_and_after_the_owners_word() {
    let site = TestSite::of_a_stranger("outbox:outbox");
    site.post("2026-03-01", "Slow rivers");
    site.readers(1);
    site.configure("web", "url = \"https://news.example.org\"\nbind = \"127.0.0.1:0\"");
    site.configure("web.hooks", "mailgun_key_env = \"NOT_SET\"\nses_topic = \"arn:aws:sns:eu-west-1:1:bounces\"");
    let run = site.run("2026-03-02T09:00:00Z", &["serve"]);
    assert!(is_refused(&run), "{run:#?}");
    for named in [
        "use the password in the environment variable NOT_SET (`web.hooks.mailgun_key_env`)",
        "hear from the topic arn:aws:sns:eu-west-1:1:bounces",
        "sns.eu-west-1.amazonaws.com",
    ] {
        assert!(run.stderr.contains(named), "{named}: {run:#?}");
    }
    let run = site.run("2026-03-02T09:00:00Z", &["publish", "--yes"]).exits(0);
    assert!(!run.stderr.contains("NOT_SET"), "{run:#?}");
    let run = site.run("2026-03-02T09:00:00Z", &["serve", "--yes"]).exits(3);
    assert!(
        run.stderr.contains("the variable that `web.hooks.mailgun_key_env` names is not set: `NOT_SET`"),
        "{run:#?}"
    );
    site.edit("config.toml", "mailgun_key_env = \"NOT_SET\"", "resend_key_file = \"key\"");
    site.write_with_mode("key", "no secret\n", 0o600);
    let run = site.run("2026-03-02T09:00:00Z", &["serve", "--yes"]).exits(3);
    assert!(run.stderr.contains("begins with `whsec_`") && !run.stderr.contains("no secret"), "{run:#?}");
}
