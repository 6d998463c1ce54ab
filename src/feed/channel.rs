//! What all formats show of a feed beside its items, decided once.

use jiff::Zoned;

use crate::config::Config;

use super::about::About;
use super::item::{Author, author};
use super::{text, uri};

/// The namespace of RFC 5005.
pub(super) const HISTORY: &str = "http://purl.org/syndication/history/1.0";

/// A feed before it has a format and without its items.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) title: String,
    pub(super) description: Option<String>,
    /// Where the site is.
    pub(super) site: String,
    /// The folder of the site's own feed; the others lie below it.
    pub(super) root: String,
    /// Where it was when its ids were made.
    id_base: String,
    pub(super) language: String,
    /// The site's author.
    pub(super) author: Option<Author>,
    /// The newest `updated` of the items: the clock has no part in it. `None` in a feed without items.
    pub(super) updated: Option<Zoned>,
    pub(super) about: About,
    /// Where it lies below the site, percent-encoded: empty for the site's own feed, else with a `/` at the end.
    pub(super) folder: String,
    pub(super) history: History,
    /// Whether an item may name the feed of its comments.
    pub(super) has_comment_feeds: bool,
    /// Whether items hold their Markdown.
    pub(super) has_markdown: bool,
}

/// How a feed hangs together with older entries (RFC 5005). The texts are folders, as in [`Feed::folder`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum History {
    /// It says nothing about older entries.
    Untold,
    /// It holds every entry there is (§2).
    Complete,
    /// It goes on in archives (§4).
    Newest {
        /// The newest archive.
        previous: Option<String>,
    },
    /// It is an archive (§4).
    Archive {
        /// The archive before it in time.
        previous: Option<String>,
        /// The archive after it, named by the oldest only: a closed archive should not change when the next one begins,
        /// but an archive that names no other looks lost (the W3C validator says so).
        next: Option<String>,
    },
}

impl Feed {
    /// The feed of the whole site, whose items were last changed then.
    pub(super) fn new(config: &Config, updated: Option<Zoned>) -> Self {
        let site = &config.site;
        Self {
            title: text::line(&site.title),
            description: site.description.as_deref().map(text::line).filter(|text| !text.is_empty()),
            site: uri::from_url(&site.url),
            root: uri::from_url(&site.url),
            id_base: uri::from_url(site.id_base()),
            language: site.language.clone(),
            author: site.author.as_ref().and_then(author),
            updated,
            about: About::new(config),
            folder: String::new(),
            history: History::Untold,
            has_comment_feeds: false,
            has_markdown: config.feeds.markdown,
        }
    }

    /// How many folders it lies below the site's own feed.
    pub(super) fn depth(&self) -> usize {
        self.folder.matches('/').count()
    }

    /// The address of a file of this feed.
    pub(super) fn address(&self, file_name: &str) -> String {
        format!("{}{}{file_name}", self.root, self.folder)
    }

    /// Its id: an archive is a part of the site's feed and has its id (RFC 5005 §4).
    pub(super) fn id(&self, file_name: &str) -> String {
        match self.history {
            History::Archive { .. } => format!("{}{file_name}", self.id_base),
            _ => format!("{}{}{file_name}", self.id_base, self.folder),
        }
    }

    /// The other files of its history by the names of their relations (RFC 5005 §4), in a fixed order.
    pub(super) fn relations(&self, file_name: &str) -> Vec<(&'static str, String)> {
        let (current, previous, next) = match &self.history {
            History::Untold | History::Complete => (None, None, None),
            History::Newest { previous } => (None, previous.as_deref(), None),
            History::Archive { previous, next } => (Some(""), previous.as_deref(), next.as_deref()),
        };
        [("current", current), ("prev-archive", previous), ("next-archive", next)]
            .into_iter()
            .filter_map(|(relation, folder)| Some((relation, format!("{}{}{file_name}", self.root, folder?))))
            .collect()
    }

    /// The element that says what part of the history it holds (RFC 5005 §2 and §4), in the namespace [`HISTORY`].
    pub(super) fn history_element(&self) -> Option<&'static str> {
        match self.history {
            History::Untold | History::Newest { .. } => None,
            History::Complete => Some("complete"),
            History::Archive { .. } => Some("archive"),
        }
    }
}
