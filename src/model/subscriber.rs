//! Who reads the newsletter.

use serde::Deserialize;

use super::{Details, EmailAddress};

/// Whether a reader gets mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
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

    /// The status that gets less mail, now and later, when two accounts of one reader differ: a complaint before leaving,
    /// leaving before a mailbox that refused, that before a confirmation that is awaited.
    #[must_use]
    pub fn or_more_careful(self, other: Self) -> Self {
        let caution = |status| match status {
            Self::Confirmed => 0,
            Self::Pending => 1,
            Self::Bounced => 2,
            Self::Unsubscribed => 3,
            Self::Complained => 4,
        };
        if caution(other) > caution(self) { other } else { self }
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
    /// Since when they want mail, as far as is known: when the row was made, or what the file of an import says. RFC 3339 in
    /// UTC, whole seconds.
    pub created_at: String,
    /// When the status last changed, RFC 3339 in UTC.
    pub updated_at: String,
    /// What they read, and what else is known of them.
    pub details: Details,
}

impl Subscriber {
    /// Where the address of an erased reader seems to be (RFC 2606 §2).
    pub const ERASED: &str = "erased.invalid";

    /// Whether nothing is known of the reader any more but their number.
    pub fn is_erased(&self) -> bool {
        self.address.domain() == Self::ERASED
    }
}

/// A reader as a file lists them, on the way to the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedReader {
    /// Where issues go.
    pub address: EmailAddress,
    /// The name, when the file gives one.
    pub name: Option<String>,
    /// What the file says about their consent.
    pub status: SubscriberStatus,
    /// How they came on the list, when the file says so: `None` for the import itself.
    pub source: Option<String>,
    /// Since when they want mail, RFC 3339 in UTC, when the file says so for certain.
    pub created_at: Option<String>,
    /// When the status last changed, likewise.
    pub updated_at: Option<String>,
    /// What they read, and what else the file says of them.
    pub details: Details,
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

impl SubscriberCounts {
    /// The number of one status, to be set.
    pub fn of_mut(&mut self, status: SubscriberStatus) -> &mut i64 {
        match status {
            SubscriberStatus::Pending => &mut self.pending,
            SubscriberStatus::Confirmed => &mut self.confirmed,
            SubscriberStatus::Unsubscribed => &mut self.unsubscribed,
            SubscriberStatus::Bounced => &mut self.bounced,
            SubscriberStatus::Complained => &mut self.complained,
        }
    }

    /// The statuses that there are, with their numbers, in the order of tables.
    pub fn by_status(mut self) -> impl Iterator<Item = (SubscriberStatus, i64)> {
        SubscriberStatus::ALL
            .into_iter()
            .map(move |status| (status, *self.of_mut(status)))
            .filter(|(_, count)| *count > 0)
    }
}
