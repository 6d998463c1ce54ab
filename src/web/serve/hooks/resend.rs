//! Resend: <https://resend.com/docs/webhooks/introduction>, signed by Svix (<https://docs.svix.com/receiving/verifying-payloads/how-manual>).

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::Value;

use super::told::{Event, Posting, Refusal, SKEW, Said, bounce_kind, clues, copy, failed, items, report, text};
use crate::inbox::{Kind, Report, Returned};

/// Each try is signed anew, with its own time.
pub(super) fn read(posting: &Posting<'_>) -> Result<Said, Refusal> {
    let key = posting.keys.resend.as_ref().ok_or(Refusal::Signature)?;
    let named = ["svix-id", "svix-timestamp", "svix-signature"].map(|name| posting.header(name));
    let [Some(id), Some(seconds), Some(signatures)] = named else { return Err(Refusal::Signature) };
    let signed = [id.as_bytes(), b".", seconds.as_bytes(), b".", posting.body].concat();
    // Several while a secret is exchanged for another.
    let mut given = signatures.split(' ').take(16).filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
    if !given.any(|tag| hmac::verify(key, &signed, &tag).is_ok()) {
        return Err(Refusal::Signature);
    }
    let signed_at = seconds.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    posting.must_be_of(signed_at, SKEW)?;
    let json = posting.json()?;
    let data = json.get("data").ok_or(Refusal::Malformed)?;
    let is_id = |header: &&Value| text(header, "/name").is_some_and(|name| name.eq_ignore_ascii_case("message-id"));
    let headers = items(data, "/headers").filter(is_id).filter_map(|header| text(header, "/value"));
    let clues = clues(headers.chain(text(data, "/message_id")), None);
    let recipients = items(data, "/to").filter_map(Value::as_str);
    let reports = recipients.filter_map(|to| happened(text(&json, "/type")?, to, data)).collect();
    let copy = copy(text(data, "/from"), text(data, "/subject"));
    Ok(Said::Event(Event { id: id.to_owned(), returned: Returned { reports, clues }, copy }))
}

fn happened(event: &str, recipient: &str, data: &Value) -> Option<Report> {
    let recipient = Some(recipient);
    match event {
        "email.bounced" => {
            let own = bounce_kind(text(data, "/bounce/type"), text(data, "/bounce/subType"));
            let codes = items(data, "/bounce/diagnosticCode").find_map(Value::as_str);
            let said = codes.or_else(|| text(data, "/bounce/message")).unwrap_or_default();
            Some(failed(recipient, own, None, said))
        }
        "email.complained" => Some(report(recipient, Kind::Complaint, None, "reported as unwanted")),
        _ => None,
    }
}
