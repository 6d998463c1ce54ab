//! What mail services tell as JSON, to `tidings serve` and in mails.

use serde_json::Value;

use super::addresses::{self, token_in};
use super::classify::{kind_of, one_line, status_in};
use super::said::{Clues, Kind, MOST_RECIPIENTS, Report};

/// The text at a JSON pointer (RFC 6901).
pub fn text<'j>(json: &'j Value, pointer: &str) -> Option<&'j str> {
    json.pointer(pointer)?.as_str()
}

/// The items of the list at a JSON pointer, as many as are looked at.
pub fn items<'j>(json: &'j Value, pointer: &str) -> impl Iterator<Item = &'j Value> {
    json.pointer(pointer).and_then(Value::as_array).into_iter().flatten().take(MOST_RECIPIENTS)
}

/// What happened to the copy for an address.
pub fn report(recipient: Option<&str>, kind: Kind, status: Option<&str>, said: &str) -> Report {
    Report {
        recipient: recipient.and_then(|text| addresses::all(text).into_iter().next()),
        kind,
        status: status.and_then(status_in).or_else(|| status_in(said)),
        diagnostic: Some(one_line(said)).filter(|said| !said.is_empty()),
        is_final: true,
    }
}

/// A failure: what the reader's server answered counts first, and else what the service makes of it.
pub fn failed(recipient: Option<&str>, own: Kind, status: Option<&str>, said: &str) -> Report {
    report(recipient, kind_of(status, said).unwrap_or(own), status, said)
}

/// What Amazon SES, and who sends by way of it, calls a bounce
/// (<https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html#bounce-types>).
pub fn bounce_kind(kind: Option<&str>, more: Option<&str>) -> Kind {
    match (kind, more) {
        (_, Some("ContentRejected" | "AttachmentRejected")) => Kind::Policy,
        (Some("Permanent"), _) => Kind::Hard,
        _ => Kind::Soft,
    }
}

/// What tells which copy it was: its Message-ID, or a token.
pub fn clues<'t>(ids: impl IntoIterator<Item = &'t str>, tokens: impl IntoIterator<Item = &'t str>) -> Clues {
    let bare = |id: &str| id.trim().trim_start_matches('<').trim_end_matches('>').to_owned();
    let token = |text: &str| token_in(text.split('@').next().unwrap_or_default());
    Clues {
        message_ids: ids.into_iter().map(bare).take(MOST_RECIPIENTS).collect(),
        tokens: tokens.into_iter().filter_map(token).take(MOST_RECIPIENTS).collect(),
        ..Clues::default()
    }
}
