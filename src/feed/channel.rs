//! What all formats show of a feed beside its items, decided once.

use jiff::Zoned;

use crate::config::Config;
use crate::model::Entry;

use super::about::About;
use super::item::{Author, author};
use super::{text, uri};

/// A feed before it has a format and without its items.
pub(super) struct Feed {
    pub(super) title: String,
    pub(super) description: Option<String>,
    /// Where the site is; the feeds lie at its root or below.
    pub(super) site: String,
    pub(super) language: String,
    /// The site's author.
    pub(super) author: Option<Author>,
    /// The newest `updated` of the items: the clock has no part in it. `None` in a feed without items.
    pub(super) updated: Option<Zoned>,
    pub(super) about: About,
}

impl Feed {
    /// The feed of the whole site, when it shows these entries.
    pub(super) fn new(entries: &[Entry], config: &Config) -> Self {
        let site = &config.site;
        Self {
            title: text::line(&site.title),
            description: site.description.as_deref().map(text::line).filter(|text| !text.is_empty()),
            site: uri::from_url(&site.url),
            language: site.language.clone(),
            author: site.author.as_ref().and_then(author),
            updated: entries.iter().map(|entry| &entry.updated).max().cloned(),
            about: About::new(config),
        }
    }

    /// How many folders it lies below the site's own feed.
    pub(super) fn depth(&self) -> usize {
        self.address("").matches('/').count() - self.site.matches('/').count()
    }

    /// The address of a file beside the others of this feed.
    pub(super) fn address(&self, file_name: &str) -> String {
        format!("{}{file_name}", self.site)
    }
}
