//! The feed of the newsletter's issues, in the archive.

use crate::config::{ARCHIVE_FOLDER, Config};
use crate::model::Entry;

use super::channel::Feed;
use super::item::Item;
use super::{FeedFile, atom, text, uri};

/// Its name, whatever it is named elsewhere: it is the only one of the archive.
const FILE_NAME: &str = "feed.xml";

/// The feed of these issues, newest first, called `title`: Atom, beside the pages of the issues.
pub fn issues(title: &str, entries: &[Entry], config: &Config) -> FeedFile {
    let mut feed = Feed::new(config, entries.iter().map(|entry| &entry.updated).max().cloned());
    feed.title = text::line(title);
    feed.root = uri::from_url(config.archive_root());
    feed.folder = format!("{ARCHIVE_FOLDER}/");
    // The hubs are told of the site's feeds alone, and so can say nothing of this one.
    feed.about.hubs.clear();
    feed.about.is_styled &= super::stylesheet(config).is_some();
    let id_base = uri::from_url(config.site.id_base());
    let mut text = (atom::FORMAT.open)(&feed, FILE_NAME);
    for entry in entries {
        text.push_str(&(atom::FORMAT.item)(&Item::new(entry, config, &id_base, None)));
    }
    text.push_str((atom::FORMAT.close)(!entries.is_empty()));
    FeedFile { file_name: format!("{ARCHIVE_FOLDER}/{FILE_NAME}"), bytes: text.into_bytes() }
}
