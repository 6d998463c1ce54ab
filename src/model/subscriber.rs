//! Who reads the newsletter.

use super::EmailAddress;

/// Whether a reader gets mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriberStatus {
    /// Asked to confirm, has not yet.
    Pending,
    /// Gets every issue.
    Confirmed,
    /// Left; stays on record so that no import mails them again.
    Unsubscribed,
    /// Their mailbox refuses mail for good.
    Bounced,
    /// Reported an issue as unwanted.
    Complained,
}

impl SubscriberStatus {
    /// Every status, in the order of tables and `--json`.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Confirmed, Self::Unsubscribed, Self::Bounced, Self::Complained];

    /// The word used in the ledger, in tables and in `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Unsubscribed => "unsubscribed",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
        }
    }

    /// The status that a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// A reader on the list.
#[derive(Debug, Clone)]
pub struct Subscriber {
    /// The number in the ledger; never used again after `erase`.
    pub id: i64,
    /// Where issues go.
    pub address: EmailAddress,
    /// The name, when the reader or the import gave one.
    pub name: Option<String>,
    /// Whether they get mail.
    pub status: SubscriberStatus,
    /// How they came on the list: `vouched for by the owner`, `import of readers.csv`.
    pub source: String,
    /// When the row was made, RFC 3339 in UTC.
    pub created_at: String,
    /// When the status last changed, RFC 3339 in UTC.
    pub updated_at: String,
}

/// How many readers there are of each status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[expect(missing_docs, reason = "each field is the status of that name")]
pub struct SubscriberCounts {
    pub pending: i64,
    pub confirmed: i64,
    pub unsubscribed: i64,
    pub bounced: i64,
    pub complained: i64,
}
