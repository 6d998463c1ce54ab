//! What services say, read without a server: signatures, times, topics, and what each kind of event becomes.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use axum::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::{Value, json};

use super::services::SERVICES;
use super::told::SKEW;
use super::*;
use crate::config::{HookService, parse};
use crate::inbox::{Kind, Report};
use crate::model::hex;

const NOW: &str = "2026-03-02T09:00:00Z";
const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:bounces";
const PLACE: &str = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123abcd.pem";
const TOKEN: &str = "abcdefghijklmnopqrstuvwxyz234567abcdefgh";

fn keys() -> HookKeys {
    let text = format!("[site]\ntitle = 'x'\nurl = 'https://example.org'\n[web.hooks]\nses_topic = '{TOPIC}'\n");
    let mut keys = HookKeys::new(parse("config.toml", &text).unwrap().web.hooks.ses_topic);
    keys.add(HookService::Mailgun, "mailgun's").unwrap();
    keys.add(HookService::Postmark, "postmark's").unwrap();
    keys.add(HookService::Resend, &format!("whsec_{}", STANDARD.encode("resend's"))).unwrap();
    keys
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// Reads a request as it would be read at a time.
fn read_at(
    service: &str,
    headers: &[(&'static str, String)],
    body: &[u8],
    certificate: Option<&[u8]>,
    now: Timestamp,
) -> Result<Said, Refusal> {
    let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap()));
    let headers = headers.collect();
    let service = SERVICES.iter().find(|known| known.name == service).unwrap();
    (service.read)(&Posting { headers: &headers, body, now, keys: &keys(), certificate })
}

#[track_caller]
fn event(said: Result<Said, Refusal>) -> Event {
    match said {
        Ok(Said::Event(event)) => event,
        other => panic!("{other:?}"),
    }
}

fn told(reports: &[Report]) -> Vec<(&str, &str, Option<&str>)> {
    reports
        .iter()
        .map(|it| (it.kind.as_str(), it.recipient.as_deref().unwrap_or_default(), it.status.as_deref()))
        .collect()
}

/// A message of Amazon SNS, signed by a certificate of its own.
struct Sns {
    key: RsaKeyPair,
    certificate: String,
}

impl Sns {
    fn new() -> Self {
        let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let certificate =
            CertificateParams::new(vec!["sns.amazonaws.com".into()]).unwrap().self_signed(&pair).unwrap().pem();
        Self { key: RsaKeyPair::from_pkcs8(pair.serialized_der()).unwrap(), certificate }
    }

    /// Signs what the documentation says is signed, written here once more.
    fn sign(&self, mut message: Value) -> Vec<u8> {
        let fields: &[&str] = if message["Type"] == "Notification" {
            &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
        } else {
            &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
        };
        let there = fields.iter().filter(|name| message.get(**name).is_some());
        let fields: Vec<_> = there.map(|name| format!("{name}\n{}\n", message[*name].as_str().unwrap())).collect();
        let signed = fields.concat();
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
        message["Signature"] = STANDARD.encode(signature).into();
        message.to_string().into_bytes()
    }

    fn read(&self, body: &[u8]) -> Result<Said, Refusal> {
        read_at("ses", &[], body, Some(self.certificate.as_bytes()), now())
    }
}

fn notification(content: &Value) -> Value {
    json!({
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Subject": "Amazon SES Email Event Notification",
        "Message": content.to_string(),
        "Timestamp": "2026-03-02T08:55:00.000Z",
        "SignatureVersion": "2",
        "SigningCertURL": PLACE,
        "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
    })
}

fn bounce(kind: &str, more: &str, recipient: &Value) -> Value {
    json!({
        "notificationType": "Bounce",
        "bounce": { "bounceType": kind, "bounceSubType": more, "bouncedRecipients": [recipient] },
        "mail": {
            "source": format!("bounces+{TOKEN}@news.example.org"),
            "headers": [{ "name": "Message-ID", "value": "<1.abc@example.org>" }],
            "commonHeaders": { "messageId": "<1.abc@example.org>" },
        },
    })
}

#[test]
fn amazon_tells_what_came_back() {
    let sns = Sns::new();
    let body = sns.sign(notification(&bounce(
        "Permanent",
        "General",
        &json!({ "emailAddress": "r1@reader.test", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user\u{0} unknown" }),
    )));
    assert_eq!(read_at("ses", &[], &body, None, now()).unwrap_err(), Refusal::Certificate(PLACE.parse().unwrap()));
    let event_told = event(sns.read(&body));
    assert_eq!(event_told.id, "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324");
    assert_eq!(event_told.returned.clues.message_ids[0], "1.abc@example.org");
    assert_eq!(event_told.returned.clues.tokens, [TOKEN]);
    assert_eq!(told(&event_told.returned.reports), [("hard", "r1@reader.test", Some("5.1.1"))]);
    assert_eq!(event_told.returned.reports[0].diagnostic.as_deref(), Some("550 5.1.1 user unknown"));
    let to = |more: Value| {
        let mut recipient = json!({ "emailAddress": "r1@reader.test" });
        recipient.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        recipient
    };
    let complaint = |kind: &str| {
        json!({
            "eventType": "Complaint",
            "complaint": { "complainedRecipients": [to(json!({}))], "complaintFeedbackType": kind },
        })
    };
    for (content, kind) in [
        (bounce("Permanent", "NoEmail", &to(json!({}))), Some(Kind::Hard)),
        (bounce("Permanent", "General", &to(json!({ "diagnosticCode": "smtp; 554 5.7.1 spam" }))), Some(Kind::Policy)),
        (bounce("Transient", "MailboxFull", &to(json!({}))), Some(Kind::Soft)),
        (bounce("Transient", "ContentRejected", &to(json!({}))), Some(Kind::Policy)),
        (bounce("Undetermined", "Undetermined", &to(json!({}))), Some(Kind::Soft)),
        (complaint("abuse"), Some(Kind::Complaint)),
        (complaint("not-spam"), None),
        (json!({ "eventType": "Delivery" }), None),
        (json!({ "eventType": "Bounce", "bounce": [7], "mail": "no" }), None),
        (json!([]), None),
        (json!("You have chosen"), None),
    ] {
        let reports = event(sns.read(&sns.sign(notification(&content)))).returned.reports;
        assert_eq!(reports.first().map(|report| report.kind), kind, "{content}");
    }
}

#[test]
fn nothing_but_the_topic_of_the_owner_is_heard_from_amazon() {
    let sns = Sns::new();
    let message = || notification(&bounce("Permanent", "General", &json!({ "emailAddress": "r1@reader.test" })));
    let with = |name: &str, value: &str| {
        let mut message = message();
        message[name] = value.into();
        message
    };
    assert!(sns.read(&sns.sign(message())).is_ok());
    let other = Sns::new();
    assert_eq!(other.read(&sns.sign(message())).unwrap_err(), Refusal::Signature, "of another certificate");
    let mut changed: Value = serde_json::from_slice(&sns.sign(message())).unwrap();
    changed["Message"] = "{}".into();
    assert_eq!(sns.read(changed.to_string().as_bytes()).unwrap_err(), Refusal::Signature);
    for (name, value, refusal) in [
        ("TopicArn", "arn:aws:sns:eu-west-1:123456789012:other", Refusal::Topic),
        ("TopicArn", "", Refusal::Topic),
        ("Timestamp", "2026-03-01T20:00:00.000Z", Refusal::Stale),
        ("Timestamp", "2026-03-02T09:10:00.000Z", Refusal::Stale),
        ("Timestamp", "now", Refusal::Stale),
        ("SignatureVersion", "3", Refusal::Signature),
        ("SignatureVersion", "1", Refusal::Signature),
        ("MessageId", "", Refusal::Signature),
        ("Type", "Other", Refusal::Signature),
    ] {
        assert_eq!(sns.read(&sns.sign(with(name, value))).unwrap_err(), refusal, "{name} {value}");
    }
    for place in [
        "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123abcd.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123abcd.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.test/SimpleNotificationService-0123abcd.pem",
        "https://evil.test/sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123abcd.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.test/SimpleNotificationService-0123abcd.pem",
        "https://x@sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123abcd.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-0123abcd.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123abcd.pem?x=1",
        "https://sns.eu-west-1.amazonaws.com/?Action=x",
        "https://sns.eu-west-1.amazonaws.com/a/../SimpleNotificationService-.pem",
        "https://bucket.s3.amazonaws.com/SimpleNotificationService-0123abcd.pem",
        "",
    ] {
        let body = sns.sign(with("SigningCertURL", place));
        assert_eq!(read_at("ses", &[], &body, None, now()).unwrap_err(), Refusal::Signature, "{place}");
    }
}

#[test]
fn a_topic_gets_its_answer_at_its_own_server() {
    let sns = Sns::new();
    let confirm = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=";
    let ask = |place: &str| {
        let mut message = notification(&json!({}));
        message.as_object_mut().unwrap().remove("Subject");
        message["Type"] = "SubscriptionConfirmation".into();
        message["Token"] = "2336412f37".into();
        message["SubscribeURL"] = place.into();
        sns.read(&sns.sign(message))
    };
    let place = format!("{confirm}{TOPIC}&Token=2336412f37");
    match ask(&place) {
        Ok(Said::Question(url)) => assert_eq!(url.as_str(), place),
        other => panic!("{other:?}"),
    }
    for wrong in [
        place.replace("eu-west-1.amazonaws.com", "evil.test"),
        place.replace("https:", "http:"),
        place.replace(":bounces", ":other"),
        place.replace("ConfirmSubscription", "Unsubscribe"),
        format!("{place}&Action=Unsubscribe"),
    ] {
        assert_eq!(ask(&wrong).unwrap_err(), Refusal::Malformed, "{wrong}");
    }
}

#[test]
fn amazon_may_sign_in_the_older_way() {
    // Made with OpenSSL 3, because nothing here signs with SHA-1.
    let message = json!({
        "Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", "TopicArn": TOPIC, "Message": "{}",
        "Timestamp": "2026-03-02T09:00:00.000Z", "SignatureVersion": "1", "SigningCertURL": PLACE, "Signature": OLDER_SIGNATURE,
    });
    let read = |message: &Value| {
        read_at("ses", &[], message.to_string().as_bytes(), Some(OLDER_CERTIFICATE.as_bytes()), now())
    };
    assert!(event(read(&message)).returned.reports.is_empty());
    let forged = Value::String(message["Message"].as_str().unwrap().replace("{}", "[]"));
    let mut changed = message.clone();
    changed["Message"] = forged;
    assert_eq!(read(&changed).unwrap_err(), Refusal::Signature);
    for certificate in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "<html>"] {
        let read = read_at("ses", &[], message.to_string().as_bytes(), Some(certificate.as_bytes()), now());
        assert_eq!(read.unwrap_err(), Refusal::Signature, "{certificate}");
    }
}

fn mailgun(seconds: i64, event: &Value) -> Vec<u8> {
    let token = "651869375b9df3c98fc15c4889b102119add1235c38fc92824";
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"mailgun's");
    let signature = hex(hmac::sign(&key, format!("{seconds}{token}").as_bytes()).as_ref());
    let signature = json!({ "timestamp": seconds.to_string(), "token": token, "signature": signature });
    json!({ "signature": signature, "event-data": event }).to_string().into_bytes()
}

#[test]
fn mailgun_tells_what_came_back() {
    let failed = |severity: &str, reason: &str, code: i64, said: &str| {
        json!({
            "event": "failed", "severity": severity, "reason": reason, "recipient": "r1@reader.test",
            "message": { "headers": { "message-id": "1.abc@example.org" } },
            "delivery-status": { "code": code, "message": said, "description": "" },
        })
    };
    let simple = |event: &str| json!({ "event": event, "recipient": "r1@reader.test" });
    for (event_data, kind) in [
        (failed("permanent", "bounce", 550, "5.1.1 The account does not exist"), Some(Kind::Hard)),
        (failed("permanent", "bounce", 554, "5.7.1 spam"), Some(Kind::Policy)),
        (failed("permanent", "bounce", 552, "5.2.2 mailbox full"), Some(Kind::Soft)),
        (failed("permanent", "generic", 605, ""), Some(Kind::Hard)),
        (failed("permanent", "suppress-bounce", 605, "Not delivering to previously bounced address"), Some(Kind::Hard)),
        (failed("permanent", "suppress-complaint", 607, ""), Some(Kind::Complaint)),
        (failed("permanent", "suppress-unsubscribe", 606, ""), Some(Kind::Unsubscribe)),
        (failed("permanent", "old", 602, "Too old"), Some(Kind::Soft)),
        (failed("permanent", "espblock", 0, ""), Some(Kind::Policy)),
        (failed("temporary", "generic", 450, "4.2.0 greylisted"), None),
        (simple("complained"), Some(Kind::Complaint)),
        (simple("unsubscribed"), Some(Kind::Unsubscribe)),
        (simple("opened"), None),
        (json!({}), None),
    ] {
        let said = event(read_at("mailgun", &[], &mailgun(now().as_second(), &event_data), None, now()));
        assert_eq!(said.returned.reports.first().map(|report| report.kind), kind, "{event_data}");
    }
    let known =
        event(read_at("mailgun", &[], &mailgun(now().as_second(), &failed("permanent", "", 0, "")), None, now()));
    assert_eq!(known.returned.clues.message_ids, ["1.abc@example.org"]);
    assert!(known.id.starts_with("6518"), "the token, because the body is not signed");
}

#[test]
fn what_mailgun_signed_is_good_for_as_long_as_it_tries() {
    let (body, hour) = (mailgun(now().as_second(), &json!({ "event": "opened" })), jiff::SignedDuration::from_hours(1));
    let at = |now| read_at("mailgun", &[], &body, None, now).map(|_| ());
    assert_eq!((at(now() + hour * 8), at(now() - SKEW)), (Ok(()), Ok(())));
    assert_eq!((at(now() + hour * 10), at(now() - SKEW * 2)), (Err(Refusal::Stale), Err(Refusal::Stale)));
    let text = String::from_utf8(body.clone()).unwrap();
    for (old, new) in [
        ("\"token\":\"6", "\"token\":\"7"),
        ("\"signature\":\"", "\"signature\":\"00"),
        ("\"timestamp\":\"1", "\"timestamp\":\"2"),
    ] {
        assert!(text.contains(old));
        let forged = text.replacen(old, new, 1);
        assert_eq!(read_at("mailgun", &[], forged.as_bytes(), None, now()).unwrap_err(), Refusal::Signature, "{old}");
    }
}

fn basic(password: &str) -> [(&'static str, String); 1] {
    [("authorization", format!("Basic {}", STANDARD.encode(format!("anyone:{password}"))))]
}

#[test]
fn postmark_tells_what_came_back_with_a_password() {
    let bounce = |kind: &str, details: &str| {
        json!({
            "RecordType": "Bounce", "ID": 42, "Type": kind, "Details": details, "Email": "r1@reader.test",
            "From": "Ada <ada@example.org>", "Subject": "Slow rivers", "Metadata": { "tidings": TOKEN.to_uppercase() },
        })
    };
    let change = |reason: &str, suppressed: bool| json!({ "RecordType": "SubscriptionChange", "Recipient": "r1@reader.test", "SuppressionReason": reason, "SuppressSending": suppressed });
    let read =
        |json: &Value, password: &str| read_at("postmark", &basic(password), json.to_string().as_bytes(), None, now());
    for (json, kind) in [
        (bounce("HardBounce", "smtp;550 5.1.1 no such account"), Some(Kind::Hard)),
        (bounce("HardBounce", ""), Some(Kind::Hard)),
        (bounce("HardBounce", "smtp;550 5.7.1 blocked"), Some(Kind::Policy)),
        (bounce("SoftBounce", "smtp;552 5.2.2 full"), Some(Kind::Soft)),
        (bounce("Blocked", "smtp;550 5.1.1"), Some(Kind::Policy)),
        (bounce("Transient", ""), None),
        (bounce("AutoResponder", ""), None),
        (bounce("SpamComplaint", ""), Some(Kind::Complaint)),
        (json!({ "RecordType": "SpamComplaint", "Email": "r1@reader.test" }), Some(Kind::Complaint)),
        (change("ManualSuppression", true), Some(Kind::Unsubscribe)),
        (change("HardBounce", true), Some(Kind::Hard)),
        (change("SpamComplaint", true), Some(Kind::Complaint)),
        (change("ManualSuppression", false), None),
        (json!({ "RecordType": "Open" }), None),
    ] {
        let said = event(read(&json, "postmark's"));
        assert_eq!(said.returned.reports.first().map(|report| report.kind), kind, "{json}");
    }
    let json = bounce("HardBounce", "");
    let said = event(read(&json, "postmark's"));
    assert_eq!(said.returned.clues.tokens, [TOKEN]);
    assert_eq!(said.copy, Some(("ada@example.org".parse().unwrap(), "Slow rivers".into())));
    assert_eq!(read(&json, "other").unwrap_err(), Refusal::Password);
    for headers in
        [vec![], vec![("authorization", "Bearer postmark's".to_owned())], vec![("authorization", "Basic !!".into())]]
    {
        assert_eq!(read_at("postmark", &headers, b"{}", None, now()).unwrap_err(), Refusal::Password);
    }
}

fn svix(seconds: i64, body: &[u8], secret: &[u8]) -> [(&'static str, String); 3] {
    let signed = [format!("msg_1.{seconds}.").as_bytes(), body].concat();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), &signed);
    let signature = format!("v1,{} v1,{}", STANDARD.encode("another"), STANDARD.encode(tag));
    [("svix-id", "msg_1".into()), ("svix-timestamp", seconds.to_string()), ("svix-signature", signature)]
}

#[test]
fn resend_tells_what_came_back() {
    let data = json!({
        "from": "Ada <ada@example.org>", "to": ["r1@reader.test"], "subject": "Slow rivers", "message_id": "<111-222@email.example.com>",
        "headers": [{ "name": "message-id", "value": "<1.abc@example.org>" }],
    });
    let of = |kind: &str, bounce: Value| {
        let mut data = data.clone();
        data["bounce"] = bounce;
        json!({ "type": kind, "data": data }).to_string().into_bytes()
    };
    let read = |body: &[u8]| read_at("resend", &svix(now().as_second(), body, b"resend's"), body, None, now());
    for (body, kind) in [
        (
            of("email.bounced", json!({ "type": "Permanent", "subType": "General", "message": "unknown" })),
            Some(Kind::Hard),
        ),
        (of("email.bounced", json!({ "type": "Temporary", "subType": "MailboxFull" })), Some(Kind::Soft)),
        (
            of("email.bounced", json!({ "type": "Permanent", "diagnosticCode": ["smtp; 550 5.7.1 spam"] })),
            Some(Kind::Policy),
        ),
        (of("email.complained", json!(null)), Some(Kind::Complaint)),
        (of("email.delivery_delayed", json!(null)), None),
        (of("email.opened", json!(null)), None),
    ] {
        let said = event(read(&body));
        assert_eq!(said.returned.reports.first().map(|report| report.kind), kind, "{}", String::from_utf8_lossy(&body));
    }
    let body = of("email.complained", json!(null));
    let said = event(read(&body));
    assert_eq!(said.returned.clues.message_ids, ["1.abc@example.org", "111-222@email.example.com"]);
    assert_eq!((said.id.as_str(), said.copy.map(|copy| copy.1).as_deref()), ("msg_1", Some("Slow rivers")));
    let at = |seconds: i64, secret: &[u8], body: &[u8]| {
        read_at("resend", &svix(now().as_second() + seconds, body, secret), body, None, now()).map(|_| ())
    };
    assert_eq!(at(299, b"resend's", &body), Ok(()));
    assert_eq!((at(-301, b"resend's", &body), at(301, b"resend's", &body)), (Err(Refusal::Stale), Err(Refusal::Stale)));
    assert_eq!(at(0, b"another's", &body), Err(Refusal::Signature));
    let headers = svix(now().as_second(), &body, b"resend's");
    let longer = [&body[..], b" "].concat();
    assert_eq!(read_at("resend", &headers, &longer, None, now()).unwrap_err(), Refusal::Signature);
    assert_eq!(read_at("resend", &headers[..2], &body, None, now()).unwrap_err(), Refusal::Signature);
}

#[test]
fn what_is_no_json_of_a_service_is_refused_and_nothing_breaks() {
    let deep = "[".repeat(100_000);
    let bodies =
        ["", "null", "7", "[]", "{\"signature\":7}", "{\"TopicArn\":{}}", "\u{0}", &deep, "{\"a\":\"\\ud800\"}"];
    for body in bodies {
        for service in ["mailgun", "ses"] {
            let said = read_at(service, &[], body.as_bytes(), None, now());
            assert!(
                matches!(said, Err(Refusal::Malformed | Refusal::Signature | Refusal::Topic)),
                "{service}: {said:?}"
            );
        }
        let headers = svix(now().as_second(), body.as_bytes(), b"resend's");
        assert_eq!(read_at("resend", &headers, body.as_bytes(), None, now()).unwrap_err(), Refusal::Malformed);
        let said = read_at("postmark", &basic("postmark's"), body.as_bytes(), None, now());
        assert!(
            said.map_or_else(
                |refusal| refusal == Refusal::Malformed,
                |said| event(Ok(said)).returned.reports.is_empty()
            )
        );
    }
}

const OLDER_SIGNATURE: &str = "Re6+fCf4YQeyByvUoKLM97lLKHppLVZFsZp0v0lkkG7YxjbZEpORCTe1DeHUAamqRH6WXLTYlhwGzUdfmmY3xko1H46RjS/2saJpsIZkpL8AwHxl+DIbVOeDZedKOKY+kzNclyV/CrdPpjamOQlZ/uxBqwq8grVfsSm/dOtRw6flV2Cmq/lfHN5nbwtIE5GNR5zG0/zTE+kDbFe+U5cRxsbpxLjHd/tDfUogSH9UIZDBnrgjyW37MAfLJzsfdT9sJN0djzlEO4MNkhRuLQOws3i0mF/0PqHncKDLIvauUQj68PoHAKIBx1yE9vs7mjackHD8njZ6ZaBWnaoulc/9iA==";

const OLDER_CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIDGzCCAgOgAwIBAgIUHH0iOj6IkqPArbxqIJpL4K1fP6cwDQYJKoZIhvcNAQEL
BQAwHDEaMBgGA1UEAwwRc25zLmFtYXpvbmF3cy5jb20wIBcNMjYxMTI5MDk1NTMz
WhgPMjEyNjExMDUwOTU1MzNaMBwxGjAYBgNVBAMMEXNucy5hbWF6b25hd3MuY29t
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAzhptsBtEJa2lj5I7PvQX
VJXQzRTtDmJ5tgOFApRtGA60kMDP/sSy3V5zT8eDUMRMcolzPCMiiJzkNnowkc3H
tKVpwsVB1YhOwXGNbfcyngSF/vgE5aqK6lBBrFccmFUqmHRv5ROSYuGUWKm+LRKB
lWOYxX5HDIJMSM6iEymKeZsULctGU2/PF/Q70juxe3mJy5kVVjGGItjN5pzSxZ7K
AMYqpbVC1ZB2r1HV1VzVK+45Japmk9xenR+TPGYty2lC5ocaSTjkjxHJ6GNzKEXv
xW/hTLaHyfc/fdYMTcmK9tLtgqQL1y8eiOJ64IrtFE5xaLdz7S7sbGYXPROf3FH3
XwIDAQABo1MwUTAdBgNVHQ4EFgQULWcdYA8XvEOWo2yzLDxveaYw1oswHwYDVR0j
BBgwFoAULWcdYA8XvEOWo2yzLDxveaYw1oswDwYDVR0TAQH/BAUwAwEB/zANBgkq
hkiG9w0BAQsFAAOCAQEApreetS3DleHc7HMYTnuBOBuoLX7V4C4hv/nAMFLRm9xm
quO0aOj64h9eeGjlhbls48CMZiGM3JcR6MWdXuJRTyLoF38BHom4WaGGwkMy7BG7
aETP3mVmltXJIcoYGUZDLthlI0ZnN66GmoMXTQNHeRJLlN9orQ9Lwp4VzWT3HjZV
z4SCkBGfe0Jc+d/DEMqXQtnvP7rRl70TTH+yUCEv57rRCwE7myKkIAXjz4Pr5Xza
Qyv7DpUo68vXccAXiyQ7ujlIPbTONmcdxzFXzIZhr2rpaNKL/fpGnYv9/oSv3xj4
qHFF4yoM7eQcqrwow1dXrZW7v98KVQMMxAvLQxmf0g==
-----END CERTIFICATE-----
";
