//! Mailgun: <https://documentation.mailgun.com/docs/mailgun/user-manual/events/webhooks>.

use aws_lc_rs::hmac;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::super::super::security::is_same;
use super::told::{Event, Posting, Refusal, Said, clues, failed, report, text};
use crate::inbox::{Kind, Report, Returned};
use crate::model::hex;

/// It tries for eight hours, with the signature of the first time.
const LONGEST: SignedDuration = SignedDuration::from_hours(9);

/// The signature is over a time and a random token, and not over what is said: so the token counts once.
pub(super) fn read(posting: &Posting<'_>) -> Result<Said, Refusal> {
    let json = posting.json()?;
    let key = posting.keys.mailgun.as_ref().ok_or(Refusal::Signature)?;
    let signature = json.get("signature").ok_or(Refusal::Signature)?;
    let seconds = signature.get("timestamp").map(|time| time.as_str().map_or_else(|| time.to_string(), str::to_owned));
    let (Some(seconds), Some(token), Some(given)) = (seconds, text(signature, "/token"), text(signature, "/signature"))
    else {
        return Err(Refusal::Signature);
    };
    let expected = hex(hmac::sign(key, format!("{seconds}{token}").as_bytes()).as_ref());
    if !is_same(&given.to_ascii_lowercase(), &expected) {
        return Err(Refusal::Signature);
    }
    let signed_at = seconds.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    posting.must_be_of(signed_at, LONGEST)?;
    let event = json.get("event-data").ok_or(Refusal::Malformed)?;
    let ids = text(event, "/message/headers/message-id");
    let sender = text(event, "/envelope/sender");
    let returned = Returned { reports: happened(event).into_iter().collect(), clues: clues(ids, sender) };
    Ok(Said::Event(Event { id: token.to_owned(), returned, copy: None }))
}

/// What an event says of its recipient.
fn happened(event: &Value) -> Option<Report> {
    let recipient = text(event, "/recipient");
    let kind = match (text(event, "/event")?, text(event, "/severity")) {
        ("complained", _) => return Some(report(recipient, Kind::Complaint, None, "reported as unwanted")),
        ("unsubscribed", _) => return Some(report(recipient, Kind::Unsubscribe, None, "")),
        ("failed", Some("permanent")) => Kind::Hard,
        // It goes on trying.
        _ => return None,
    };
    let status = text(event, "/delivery-status/enhanced-code");
    let code = event.pointer("/delivery-status/code").and_then(Value::as_i64);
    let texts = ["/delivery-status/message", "/delivery-status/description"].map(|pointer| text(event, pointer));
    let said = texts.into_iter().flatten().find(|said| !said.trim().is_empty()).unwrap_or_default();
    // Its own codes are no replies of a server: 605 for one that it does not ask any more.
    let code = code.filter(|code| (400..600).contains(code)).map(|code| format!("{code} ")).unwrap_or_default();
    let said = format!("{code}{said}");
    Some(match text(event, "/reason") {
        Some("suppress-unsubscribe") => report(recipient, Kind::Unsubscribe, None, &said),
        Some("suppress-complaint") => report(recipient, Kind::Complaint, None, &said),
        Some("suppress-bounce") => report(recipient, Kind::Hard, status, &said),
        Some("espblock") => failed(recipient, Kind::Policy, status, &said),
        Some("old") => failed(recipient, Kind::Soft, status, &said),
        _ => failed(recipient, kind, status, &said),
    })
}
