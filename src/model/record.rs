//! The record of an issue: what it was, and nothing of any reader. It is kept beside the posts (docs/record.md).

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use super::{DeliveryCounts, MailedEntry};

/// What is known of an issue that was sent. The order of the fields is the order in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The version of the format, [`Record::VERSION`].
    pub version: u32,
    /// The number of the issue.
    pub number: i64,
    /// The run that froze it.
    pub run: i64,
    /// The time of the run.
    pub time: Timestamp,
    /// The subject as plain text.
    pub subject: String,
    /// SHA-256 in hex over all that readers see.
    pub digest: String,
    /// What it carried.
    pub entries: Vec<RecordedEntry>,
    /// What had become of its deliveries when the record was written.
    pub deliveries: DeliveryCounts,
    /// Which database sent it.
    pub ledger: String,
    /// How far that database was.
    #[serde(deserialize_with = "saturating")]
    pub generation: i64,
}

/// An entry that an issue carried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedEntry {
    /// Its id.
    pub id: String,
    /// The file it came from.
    pub path: String,
    /// Its title.
    pub title: String,
    /// Its address.
    pub url: String,
    /// Its day in the time zone of the site, such as `2026-01-31`.
    pub published: String,
    /// The hash of its body.
    pub content_hash: Option<String>,
    /// The sketch of its body ([`MailedEntry::sketch`]); records of older versions have none.
    #[serde(default)]
    pub sketch: Option<String>,
}

/// What makes two records tell of the same sending: a number alone may be used by two databases.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IssueKey {
    /// The number of the issue.
    pub number: i64,
    /// Which database sent it.
    pub ledger: String,
    /// The time of its run.
    pub time: Timestamp,
    /// The digest of the issue.
    pub digest: String,
}

impl Record {
    /// The version that this program writes.
    pub const VERSION: u32 = 1;

    /// No generation is larger: it stands in four bytes of the database's header.
    pub const LARGEST_GENERATION: i64 = i32::MAX as i64;

    /// Which sending it tells of.
    pub fn key(&self) -> IssueKey {
        IssueKey { number: self.number, ledger: self.ledger.clone(), time: self.time, digest: self.digest.clone() }
    }

    /// Its entries as a plan needs them. Their run is 0: its number means something in another database only.
    pub fn mailed(&self) -> impl Iterator<Item = MailedEntry> + '_ {
        self.entries.iter().map(|entry| MailedEntry {
            id: entry.id.clone(),
            run: 0,
            issue: self.number,
            path: entry.path.clone(),
            content_hash: entry.content_hash.clone(),
            sketch: entry.sketch.clone(),
            title: entry.title.clone(),
            published: entry.published.clone(),
        })
    }
}

/// A generation that is too large is the largest.
fn saturating<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let number = serde_json::Number::deserialize(deserializer)?;
    let whole = number.as_i64().or_else(|| number.as_f64().filter(|number| *number >= 1e18).map(|_| i64::MAX));
    let known = whole.filter(|number| *number >= 0).map(|number| number.min(Record::LARGEST_GENERATION));
    known.ok_or_else(|| serde::de::Error::custom("a generation is a whole number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_that_is_too_large_is_the_largest() {
        let read = |text: &str| saturating(&mut serde_json::Deserializer::from_str(text)).ok();
        let largest = Some(Record::LARGEST_GENERATION);
        assert_eq!(
            ["7", "9223372036854775808", "3000000000", "1e300", "-1", "1.5", "\"7\""].map(read),
            [Some(7), largest, largest, largest, None, None, None]
        );
    }
}
