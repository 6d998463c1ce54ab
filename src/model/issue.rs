//! An issue: one edition of the newsletter, and whom a copy of it is for.

use serde::{Deserialize, Serialize};

use super::EmailAddress;

/// The identity of the mailing list (RFC 2919).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListId {
    /// The name for people.
    pub name: String,
    /// `label.domain`, stable for the life of the list.
    pub id: String,
}

/// One edition of the newsletter, complete but for what differs from reader to reader. It is frozen in the ledger
/// before the first copy leaves, so that a resumed run sends the same bytes whatever has changed since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// 1 for the first issue of the site.
    pub number: i64,
    /// The subject as plain text.
    pub subject: String,
    /// `Name <address>` of the sender; the address is also the envelope sender.
    pub from_name: Option<String>,
    /// The sender's address.
    pub from_address: String,
    /// Where replies go, as `Name <address>` parts, when not to the sender.
    pub reply_to: Option<(Option<String>, String)>,
    /// The list.
    pub list_id: ListId,
    /// The addresses of List-Unsubscribe, https before mailto; [`Issue::marker`] stands where a reader's token goes.
    pub unsubscribe: Vec<String>,
    /// The address of List-Archive (RFC 2369 §3.6): where old issues can be read.
    #[serde(default)]
    pub archive: Option<String>,
    /// The value of Feedback-ID, by which Gmail tells the sender how many readers complain.
    #[serde(default)]
    pub feedback_id: Option<String>,
    /// The Date header: the time of the run, RFC 3339 with offset.
    pub date: String,
    /// The HTML part; [`Issue::marker`] stands where a reader's token goes.
    pub html: String,
    /// The text part; likewise.
    pub text: String,
    /// The placeholder of a reader's token: as long as a token, made of its letters, found nowhere else in the parts.
    pub marker: String,
    /// The places for readers' names in both parts.
    #[serde(default)]
    pub names: Vec<NamePlace>,
    /// The lists that it is for: readers on one of them get it. None is for everyone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<String>,
    /// SHA-256 in hex over all that readers see, but for `date`: what `--expect` compares.
    pub digest: String,
}

impl Issue {
    /// True when an https address tells who leaves, so that mail programs may post to it (RFC 8058 §3.1). The others lead to a
    /// page for people: with nothing but such an address, what answers could not know who clicks.
    pub fn offers_one_click(&self) -> bool {
        self.unsubscribe.iter().any(|address| address.starts_with("https:") && address.contains(&self.marker))
    }
}

/// A place for a reader's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamePlace {
    /// The placeholder of the name: letters that are found nowhere else in the parts.
    pub marker: String,
    /// What readers without a name are called there: plain text.
    pub fallback: String,
}

/// A reader's copy: what differs from every other copy of the issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Where it goes.
    pub address: EmailAddress,
    /// The reader's name, as it is stored.
    pub name: Option<String>,
    /// The reader's own secret in unsubscribe addresses: 27 letters and digits (RFC 4648 base32, lower case); 26 in issues that
    /// are older than keys.
    pub token: String,
    /// Message-ID without the angle brackets; the same on every try, so that a receiver can tell a repeat.
    pub message_id: String,
    /// A header for the relay alone, with its line end; empty when the relay has none.
    pub relay_header: String,
}

impl Recipient {
    /// The copy of a reader who is called so.
    #[must_use]
    pub fn named(self, name: Option<String>) -> Self {
        Self { name, ..self }
    }
}
