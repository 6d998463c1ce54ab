//! What Amazon SES tells of copies: <https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html>. Both what it sends for
//! an identity and what it sends for a configuration set is understood.

use serde_json::Value;

use super::mime::Part;
use super::said::{Clues, Kind, Report, Returned};
use super::told::{bounce_kind, clues, failed, items, report, text};

/// What a notification says.
pub fn said(json: &Value) -> Returned {
    Returned { reports: happened(json), clues: of_copy(json) }
}

/// What a notification says that Amazon SNS has sent as a mail: as it is, or in an envelope of JSON, and with words below it.
pub(super) fn mailed(parts: &[Part<'_>]) -> Option<Returned> {
    let text_of = |part: &&Part<'_>| part.media_type == "text/plain" && part.original.is_none();
    // sendmail breaks the long lines of others like this.
    let body = parts.iter().find(text_of)?.text().replace("!\r\n ", "").replace("!\n ", "");
    let body = body.trim_start();
    let first = |text: &str| serde_json::Deserializer::from_str(text).into_iter::<Value>().next()?.ok();
    let mut json = body.starts_with('{').then(|| first(body)).flatten()?;
    if text(&json, "/Type") == Some("Notification") {
        json = first(text(&json, "/Message")?)?;
    }
    Some(said(&json)).filter(|said| !said.reports.is_empty())
}

/// The headers of the original message are there when the owner has chosen so; the sender of its envelope always is.
fn of_copy(json: &Value) -> Clues {
    let is_id = |header: &&Value| text(header, "/name").is_some_and(|name| name.eq_ignore_ascii_case("message-id"));
    let headers = items(json, "/mail/headers").filter(is_id).filter_map(|header| text(header, "/value"));
    clues(headers.chain(text(json, "/mail/commonHeaders/messageId")), text(json, "/mail/source"))
}

fn happened(json: &Value) -> Vec<Report> {
    let what = text(json, "/notificationType").or_else(|| text(json, "/eventType"));
    match what {
        Some("Bounce") => {
            let own = bounce_kind(text(json, "/bounce/bounceType"), text(json, "/bounce/bounceSubType"));
            let one = |it: &Value| {
                let said = text(it, "/diagnosticCode").unwrap_or_default();
                // `smtp; 550 5.1.1 …` (RFC 3464 §2.3.6)
                let said = said.split_once(';').map_or(said, |(_, said)| said);
                failed(text(it, "/emailAddress"), own, text(it, "/status"), said)
            };
            items(json, "/bounce/bouncedRecipients").map(one).collect()
        }
        Some("Complaint") => {
            // The others take a complaint back, or are about how a message was checked.
            let kind = text(json, "/complaint/complaintFeedbackType").unwrap_or("abuse");
            let said = format!("reported as {kind}");
            let one = |it: &Value| report(text(it, "/emailAddress"), Kind::Complaint, None, &said);
            let is_complaint = !matches!(kind, "not-spam" | "auth-failure");
            items(json, "/complaint/complainedRecipients").filter(|_| is_complaint).map(one).collect()
        }
        Some("Subscription")
            if json.pointer("/subscription/newTopicPreferences/unsubscribeAll") == Some(&Value::Bool(true)) =>
        {
            let one = |it: &Value| report(it.as_str(), Kind::Unsubscribe, None, "");
            items(json, "/mail/destination").map(one).collect()
        }
        _ => Vec::new(),
    }
}
