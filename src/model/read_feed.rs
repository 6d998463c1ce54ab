//! A feed that was read: one of ours, or of another program.

use jiff::Timestamp;
use url::Url;

use super::Enclosure;

/// A feed as its readers know it.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "each field is what the feed says by that name")]
pub struct ReadFeed {
    /// The name of its format, as in `feeds.formats`.
    pub format: &'static str,
    /// What made it, when it says so.
    pub generator: Option<String>,
    pub title: Option<String>,
    pub description: Option<String>,
    pub language: Option<String>,
    /// The name of its author.
    pub author: Option<String>,
    /// The page that it belongs to.
    pub link: Option<String>,
    /// Where the feed itself is (`rel="self"`, `feed_url`).
    pub address: Option<String>,
    pub entries: Vec<ReadEntry>,
}

/// An entry as readers know it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is what the entry says by that name")]
pub struct ReadEntry {
    pub id: String,
    pub link: Option<String>,
    pub title: Option<String>,
    /// The date of publication as it is written; where there is none, that of the change.
    pub date: String,
    pub published: Option<Timestamp>,
    /// RSS and JSON may say nothing.
    pub updated: Option<Timestamp>,
    pub authors: Vec<String>,
    pub categories: Vec<String>,
    /// The content, or the summary where there is none.
    pub html: String,
    /// True when [`html`](Self::html) is a summary: the entry goes on elsewhere.
    pub is_summary: bool,
    /// What it is about, as HTML, beside its content.
    pub summary: Option<String>,
    pub enclosures: Vec<Enclosure>,
    /// What relative addresses in its content are relative to, where the feed says it (`xml:base`).
    pub base: Option<Url>,
}

impl ReadFeed {
    /// True when Tidings made it.
    pub fn is_ours(&self) -> bool {
        self.generator.as_deref() == Some("Tidings")
    }
}
