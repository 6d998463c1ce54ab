//! What the ledger remembers of each publish.

/// One recorded `publish`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// 1 for the first.
    pub id: i64,
    /// The time of the run, which is the cutoff for what it could contain: RFC 3339 in UTC.
    pub cutoff: String,
    /// When its last delivery left the queue; `None` while there are open ones.
    pub finished_at: Option<String>,
}

/// An entry that a run has mailed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailedEntry {
    /// The entry's id at that time.
    pub id: String,
    /// The run that mailed it; 0 when that was a run of another database.
    pub run: i64,
    /// The issue that carried it.
    pub issue: i64,
    /// The file it came from.
    pub path: String,
    /// The hash of its body.
    pub content_hash: Option<String>,
    /// The [sketch](crate::post::Sketch) of its body, by which an edited text is still recognised: ASCII, less than 256 bytes.
    /// Entries that were mailed by an older version have none.
    pub sketch: Option<String>,
    /// Its title.
    pub title: String,
    /// Its date: RFC 3339, or a day.
    pub published: String,
}
