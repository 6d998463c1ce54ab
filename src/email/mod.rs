//! E-mail: due entries become an issue, an issue becomes the message of one subscriber.
//!
//! [`compose`] renders the templates `email/issue.html` and `email/issue.txt`; [`Copies`] encodes what they made once
//! and splices each reader's copy from it; [`Recipients`] derives what only that reader's copy has. Nothing in this room
//! has an effect: the same entries, configuration and time give the same bytes.

mod base32;
mod bounces;
mod calendar;
mod clean;
mod compose;
mod copies;
pub mod dkim;
mod extent;
mod header;
mod inline;
mod letter;
pub mod lint;
mod look;
mod markup;
mod name;
mod page;
mod plain;
mod recipient;
#[cfg(test)]
mod tests;
mod text_form;
mod tokens;
mod transfer;
mod view;
mod wording;

use crate::model::{Issue, Recipient};
use name::Part;

/// Gmail hides what comes after about so many bytes of the HTML part as it is sent, and with it the link for unsubscribing.
pub const CLIP: usize = 102 * 1024;
/// From here on an issue is too long for comfort: what is added on the way may push it over the edge. Issues that may be
/// shortened stay below.
pub const NEAR_CLIP: usize = 90 * 1024;

pub use calendar::day;
pub use wording::{Wording, direction, name_of, primary};

pub use bounces::{BounceTokens, ReturnPaths};
pub use compose::compose;
pub use copies::Copies;
pub use letter::{LetterLinks, letter};
pub use page::page;
pub use recipient::Recipients;
#[cfg(test)]
use recipient::recipient;
pub use tokens::{Grant, Purpose, Tokens, is_token};
pub use transfer::sent_size;

/// The HTML part as one reader gets it.
pub fn html_for(issue: &Issue, recipient: &Recipient) -> String {
    let html = issue.html.replace(&issue.marker, &recipient.token);
    name::fill(&html, Part::Html, &issue.names, recipient.name.as_deref())
}

/// The text part as one reader gets it.
pub fn text_for(issue: &Issue, recipient: &Recipient) -> String {
    let text = issue.text.replace(&issue.marker, &recipient.token);
    name::fill(&text, Part::Text, &issue.names, recipient.name.as_deref())
}
