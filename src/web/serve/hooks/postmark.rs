//! Postmark: <https://postmarkapp.com/developer/webhooks/webhooks-overview>.

use axum::http::header;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::told::{Event, Posting, Refusal, Said, clues, copy, failed, report, text};
use crate::inbox::{Kind, Report, Returned};
use crate::model::sha256_hex;

/// It signs nothing, and has no time: a password in the address of the webhook (RFC 7617) proves it.
pub(super) fn read(posting: &Posting<'_>) -> Result<Said, Refusal> {
    let password = posting.keys.postmark.as_ref().ok_or(Refusal::Password)?;
    if !given(posting).is_some_and(|given| password.is(&given)) {
        return Err(Refusal::Password);
    }
    let json = posting.json()?;
    let reports = happened(&json).into_iter().collect();
    let token = text(&json, "/Metadata/tidings");
    let returned = Returned { reports, clues: clues(None, token) };
    let copy = copy(text(&json, "/From"), text(&json, "/Subject"));
    Ok(Said::Event(Event { id: sha256_hex(posting.body), returned, copy }))
}

/// The password of the request; the name beside it says nothing.
fn given(posting: &Posting<'_>) -> Option<String> {
    let value = posting.header(header::AUTHORIZATION.as_str())?;
    let (scheme, encoded) = value.split_once(' ')?;
    let decoded = STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    String::from_utf8(decoded).ok()?.split_once(':').map(|(_, password)| password.to_owned())
}

/// What a record says of its recipient (<https://postmarkapp.com/developer/api/bounce-api#bounce-types>).
fn happened(json: &Value) -> Option<Report> {
    let recipient = text(json, "/Email").or_else(|| text(json, "/Recipient"));
    let said = text(json, "/Details").unwrap_or_default();
    let why = match text(json, "/RecordType")? {
        "Bounce" => text(json, "/Type")?,
        "SpamComplaint" => "SpamComplaint",
        // That sending begins again is for the owner to say.
        "SubscriptionChange" if json.get("SuppressSending") == Some(&Value::Bool(true)) => {
            text(json, "/SuppressionReason")?
        }
        _ => return None,
    };
    Some(match why {
        "HardBounce" => failed(recipient, Kind::Hard, None, said),
        "BadEmailAddress" => report(recipient, Kind::Hard, None, said),
        "SoftBounce" | "DnsError" | "Unknown" => failed(recipient, Kind::Soft, None, said),
        "SpamNotification" | "Blocked" | "VirusNotification" | "DMARCPolicy" => {
            report(recipient, Kind::Policy, None, said)
        }
        "SpamComplaint" => report(recipient, Kind::Complaint, None, said),
        "Unsubscribe" | "ManualSuppression" => report(recipient, Kind::Unsubscribe, None, said),
        // It goes on trying, a program has answered, or it is about the sender's own account.
        _ => return None,
    })
}
