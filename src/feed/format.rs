//! What a feed format is.

use std::borrow::Cow;

use super::channel::Feed;
use super::item::Item;
use crate::model::ReadFeed;

/// One format: everything the program needs to know about it. A new format is one file and one line in [`super::FORMATS`].
#[derive(Debug, Clone)]
pub struct Format {
    /// How `feeds.formats` names it.
    pub name: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// The file it is written to, below `feeds.dir` and at the root of the site, unless `feeds.files` names another.
    pub file_name: Cow<'static, str>,
    /// What a server should call it.
    pub media_type: &'static str,
    /// Whether a browser can show it with a style sheet.
    pub is_xml: bool,
    /// Whether mail links to it.
    pub is_in_mail: bool,
    /// Whether [`super::lint`] knows its rules.
    pub is_linted: bool,
    /// Everything before the first item, in a file of this name.
    pub(super) open: fn(&Feed, &str) -> String,
    /// One item, the same in every feed that shows it.
    pub(super) item: fn(&Item<'_>) -> String,
    /// The separator of two items.
    pub between: &'static str,
    /// Everything after the items; the argument says whether there were any.
    pub close: fn(bool) -> &'static str,
    /// Reads a whole feed of any program. An error is the reason, as half a sentence; `None` when it is another format.
    pub(super) read: fn(&[u8]) -> Result<ReadFeed, Option<String>>,
}
