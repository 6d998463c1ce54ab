//! Entries → feeds: RSS 2.0, Atom 1.0 and JSON Feed 1.1, all laid out from one `channel::Feed` and its `item::Item`s.
//!
//! Everything that all readers must agree on (which entries, their ids, links, dates, texts) is decided once, there;
//! a format only says how it is written. No clock is read: the same entries and config give the same bytes. An item is laid
//! out once, whatever number of feeds show it, and a feed is its opening, its items and its end, one after the other.

mod about;
mod atom;
mod channel;
mod compare;
mod date;
mod escape;
mod folders;
mod footer;
mod format;
mod issues;
mod item;
mod json;
mod language;
pub mod lint;
mod media;
mod opml;
mod plan;
mod read;
mod rss;
mod slug;
mod style;
mod text;
mod uri;
mod xml;

use std::borrow::Cow;
use std::sync::Arc;

use crate::config::Config;
use crate::diagnostic::{Diagnostic, Location};
use crate::model::{Entry, InFeeds, ReadFeed};

use channel::Feed;
use footer::Footer;
use item::Item;

pub use compare::{Changes, Match, Names, compare};
pub use folders::{Contested, Folders};
pub use format::Format;
pub use issues::issues;
pub use opml::{OPML_FILE, links, opml};
pub use plan::{FeedPlan, Plans, Subject, plan};

/// Every format there is; a site has all of them unless `feeds.formats` names some.
pub const FORMATS: &[Format] = &[rss::FORMAT, atom::FORMAT, json::FORMAT];

/// A feed, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedFile {
    /// Its name below `feeds.dir`.
    pub file_name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// Builds the feed of a site that has exactly these entries, in every configured format, in the order of `feeds.formats`.
/// `entries` come newest first; at most `feeds.limit` of them are taken.
///
/// # Errors
/// Every unknown name in `feeds.formats`, with its place; or that there is no format at all.
///
/// ```
/// let text = "[site]\ntitle = 'Notes'\nurl = 'https://example.org'\n[feeds]\nformats = 'json'\n";
/// let config = tidings::config::parse("config.toml", text).expect("a valid config");
/// let files = tidings::feed::build(&[], &config).expect("a known format");
/// assert_eq!(files[0].file_name, "feed.json");
/// ```
pub fn build(entries: &[Entry], config: &Config) -> Result<Vec<FeedFile>, Vec<Diagnostic>> {
    let entries = &entries[..entries.len().min(config.feeds.limit)];
    let mut feed = Feed::new(config, entries.iter().map(|entry| &entry.updated).max().cloned());
    feed.has_comment_feeds = entries.iter().any(|entry| has_comments_feed(entry.in_feeds.as_deref()));
    let layout = Layout::new(config)?;
    let items: Vec<_> = entries.iter().map(|entry| layout.item(entry)).collect();
    Ok(layout.files(&feed, &items))
}

/// True when an item names a feed of comments.
fn has_comments_feed(in_feeds: Option<&InFeeds>) -> bool {
    in_feeds.is_some_and(|it| it.comments_feed.is_some())
}

/// Reads a feed of any of [`FORMATS`], whatever its name is.
///
/// # Errors
/// Why it cannot be read, as half a sentence.
pub fn read(bytes: &[u8]) -> Result<ReadFeed, String> {
    if bytes.len() > lint::LARGEST {
        return Err(format!("it has more than {} MB", lint::LARGEST >> 20));
    }
    let text = read::text(bytes)?;
    let bytes = text.as_bytes();
    let is_xml = bytes.first() == Some(&b'<');
    if is_xml && read::is_too_deep(bytes) {
        return Err("its elements are nested too deep".to_owned());
    }
    let mut problem = None;
    for format in FORMATS.iter().filter(|format| format.is_xml == is_xml) {
        match (format.read)(bytes) {
            Ok(feed) => return Ok(feed),
            Err(why) => problem = why.or(problem),
        }
    }
    let unknown = if bytes.is_empty() { "it is empty" } else { "it is neither XML nor JSON" };
    Err(problem.unwrap_or_else(|| unknown.to_owned()))
}

/// The formats of a site: lays out feeds bit by bit, so that an item need not be held for each feed that shows it.
pub struct Layout<'c> {
    config: &'c Config,
    formats: Vec<Format>,
    id_base: String,
    footer: Option<Footer>,
}

impl<'c> Layout<'c> {
    /// The formats of `feeds.formats`, each once.
    ///
    /// # Errors
    /// Every unknown name, with its place; or that there is no format at all; or a footer that is no template.
    pub fn new(config: &'c Config) -> Result<Self, Vec<Diagnostic>> {
        let footer = Footer::new(config)?;
        Ok(Self { config, formats: formats(config)?, id_base: uri::from_url(config.site.id_base()), footer })
    }

    /// Why the footer could not be made for an entry that was laid out.
    pub fn fault(&self) -> Option<Diagnostic> {
        self.footer.as_ref().and_then(Footer::fault)
    }

    /// The formats, in the order of everything that the other functions return.
    pub fn formats(&self) -> &[Format] {
        &self.formats
    }

    /// The text before the first item, in each format.
    pub fn open(&self, plan: &FeedPlan) -> Vec<String> {
        self.formats.iter().map(|format| (format.open)(&plan.feed, &format.file_name)).collect()
    }

    /// An item in each format: the same in every feed that shows it.
    pub fn item(&self, entry: &Entry) -> Vec<Arc<String>> {
        let footer = self.footer.as_ref().map(|footer| footer.of(entry)).filter(|html| !html.is_empty());
        let item = Item::new(entry, self.config, &self.id_base, footer);
        self.formats.iter().map(|format| Arc::new((format.item)(&item))).collect()
    }

    /// The whole of one feed, in each format; `items` are those of the plan's posts.
    pub fn whole(&self, plan: &FeedPlan, items: &[Vec<Arc<String>>]) -> Vec<FeedFile> {
        self.files(&plan.feed, items)
    }

    fn files(&self, feed: &Feed, items: &[Vec<Arc<String>>]) -> Vec<FeedFile> {
        let file = |(at, format): (usize, &Format)| {
            let mut text = (format.open)(feed, &format.file_name);
            for (number, item) in items.iter().enumerate() {
                text.push_str(if number > 0 { format.between } else { "" });
                text.push_str(&item[at]);
            }
            text.push_str((format.close)(!items.is_empty()));
            FeedFile { file_name: format.file_name.to_string(), bytes: text.into_bytes() }
        };
        self.formats.iter().enumerate().map(file).collect()
    }
}

/// The style sheet that the XML feeds name; `None` when there are none or it is switched off.
pub fn stylesheet(config: &Config) -> Option<FeedFile> {
    let is_used = config.feeds.stylesheet && of_site(config).any(|format| format.is_xml);
    let bytes = || style::sheet(&config.site.language).into_bytes();
    is_used.then(|| FeedFile { file_name: style::FILE_NAME.to_owned(), bytes: bytes() })
}

/// The address of the feed that mail links to; `None` when the site has none in such a format.
pub fn address_in_mail(config: &Config) -> Option<String> {
    of_site(config).find(|format| format.is_in_mail).map(|format| format!("{}{}", config.site.url, format.file_name))
}

/// The formats that a site has, in the order of [`FORMATS`].
fn of_site(config: &Config) -> impl Iterator<Item = Format> {
    let named = config.feeds.formats.as_ref();
    let written = if config.feeds.are_written { FORMATS } else { &[] };
    let is_wanted = move |format: &&Format| named.is_none_or(|named| named.iter().any(|(name, _)| name == format.name));
    written.iter().filter(is_wanted).map(|format| named_in(config, format))
}

/// A format with the name that its files have in a site.
fn named_in(config: &Config, format: &Format) -> Format {
    let own = config.feeds.files.get(format.name).map(|name| Cow::Owned(name.clone()));
    Format { file_name: own.unwrap_or_else(|| format.file_name.clone()), ..format.clone() }
}

/// Every name that a feed of a site has or would have, whether its format is switched on or not.
pub fn file_names(config: &Config) -> Vec<String> {
    FORMATS.iter().map(|format| named_in(config, format).file_name.into_owned()).collect()
}

/// The names of the feeds that a site has, in the order in which pages name them.
pub fn written_names(config: &Config) -> Vec<String> {
    of_site(config).map(|format| format.file_name.into_owned()).collect()
}

fn formats(config: &Config) -> Result<Vec<Format>, Vec<Diagnostic>> {
    let mut formats: Vec<Format> = Vec::new();
    let mut problems = Vec::new();
    for (name, place) in config.feeds.formats.iter().flatten() {
        match FORMATS.iter().find(|format| format.name == name) {
            Some(format) if formats.iter().any(|known| known.name == format.name) => {}
            Some(format) => formats.push(named_in(config, format)),
            None => problems.push(unknown(name, place)),
        }
    }
    match &config.feeds.formats {
        None => formats = of_site(config).collect(),
        Some(names) if names.is_empty() => problems.push(
            Diagnostic::error("feed/no-format", "`feeds.formats` is empty")
                .at(Location::start_of("config.toml"))
                .help(format!("write at least one of {} into it, or remove the line to get them all", known_names())),
        ),
        Some(_) => {}
    }
    let is_unknown = |name: &&String| !FORMATS.iter().any(|format| format.name == name.as_str());
    let place = || config.feeds.files_location.clone().unwrap_or_else(|| Location::start_of("config.toml"));
    problems.extend(config.feeds.files.keys().filter(is_unknown).map(|name| unknown(name, &place())));
    for (at, format) in formats.iter().enumerate() {
        if let Some(other) = formats[..at].iter().find(|other| other.file_name == format.file_name) {
            let message =
                format!("two formats have one file: {} and {} are {}", other.name, format.name, format.file_name);
            let help = "give each another name in `feeds.files`, or leave one of them out of `feeds.formats`";
            problems.push(Diagnostic::error("feed/same-file", message).at(place()).help(help));
        }
    }
    if problems.is_empty() { Ok(formats) } else { Err(problems) }
}

fn unknown(name: &str, place: &Location) -> Diagnostic {
    let nearest = FORMATS
        .iter()
        // A long word is like none of them.
        .filter(|_| name.len() < 20)
        .map(|format| (strsim::damerau_levenshtein(format.name, &name.to_lowercase()), format.name))
        .min()
        .filter(|(distance, _)| *distance <= 2);
    let help = nearest
        .map_or_else(|| format!("write one of {}", known_names()), |(_, known)| format!("did you mean `{known}`?"));
    Diagnostic::error("feed/unknown-format", format!("unknown feed format: `{name}`")).at(place.clone()).help(help)
}

fn known_names() -> String {
    FORMATS.iter().map(|format| format!("`{}`", format.name)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
