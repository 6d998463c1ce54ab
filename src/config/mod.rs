//! `config.toml`: text in, checked values or diagnostics out. Nothing here opens a file.

mod dkim;
mod domain;
mod feeds;
mod hooks;
mod inbox;
mod mail;
mod newsletter;
mod permalink;
pub mod placeholder;
mod podcast;
mod rate;
mod reader;
mod relay;
mod schedule;
mod server;
mod site;
mod source;
mod store;
mod theme;
mod transport;
mod web;
mod words;

use url::Url;

use crate::diagnostic::Diagnostic;

pub use dkim::Dkim;
pub use domain::DomainLimit;
pub use feeds::{Archive, CommentsPattern, FeedContent, FeedTerm, Feeds, FeedsBy};
pub use hooks::{HookKey, HookService, Hooks, SnsTopic};
pub use inbox::{Encryption, Inbox, InboxPlace, MailboxServer, TOKEN};
pub use mail::{InDoubt, Mail, Relay};
pub use newsletter::{MailContent, Mode, Newsletter, Part};
pub use permalink::{Permalink, PermalinkPart, SlugFrom, Slugify};
pub(crate) use placeholder::is_loopback;
pub use podcast::Podcast;
pub use rate::RateLimit;
use reader::{Reader, Section};
pub use relay::{Idempotency, RelayProfile};
pub use schedule::Schedule;
pub use server::ServerUrl;
pub use site::Site;
pub use source::{FeedPlace, FeedSource};
pub use store::{DatabaseServer, Store};
pub use theme::{Pair, Palette, READABLE, Theme, contrast};
pub use transport::{TransportCheck, TransportUrl};
pub use web::{Network, Web};
pub use words::{WORDS, Words};

/// Everything that `config.toml` says, with the defaults filled in.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each field is the section of that name")]
pub struct Config {
    pub site: Site,
    pub posts: Posts,
    pub feeds: Feeds,
    pub podcast: Option<Podcast>,
    pub newsletter: Newsletter,
    pub theme: Theme,
    pub mail: Mail,
    pub store: Store,
    pub inbox: Inbox,
    pub web: Web,
    /// What is worth knowing about the file, and stands in the way of nothing.
    pub warnings: Vec<Diagnostic>,
}

impl Config {
    /// Below what the pages of issues are: `web.url`, where `serve` shows them, or the site.
    pub fn archive_root(&self) -> &Url {
        self.web.url.as_ref().unwrap_or(&self.site.url)
    }

    /// Where the pages of issues are, when the site has them.
    pub fn archive_url(&self) -> Option<String> {
        self.newsletter.archive.then(|| format!("{}{ARCHIVE_FOLDER}/", self.archive_root()))
    }

    /// Where the page of an issue is or will be, when the site has them.
    pub fn issue_url(&self, number: i64) -> Option<String> {
        self.archive_url().map(|archive| format!("{archive}{number}/"))
    }
}

/// The folder of the pages of issues, below `feeds.dir` and at the root of the site.
pub const ARCHIVE_FOLDER: &str = "issues";

/// `[posts]`
#[derive(Debug, Clone)]
pub struct Posts {
    /// The folder, relative to the site.
    pub dir: String,
    /// The feed whose entries are the posts, in the place of files in the folder.
    pub feed: Option<FeedSource>,
    /// How the address of a post is made.
    pub permalink: Permalink,
    /// How names are spelled in it.
    pub slugify: Slugify,
    /// What the slug of a post is that names none.
    pub slug_from: SlugFrom,
    /// What the id of a post is made from that names none.
    pub id_from: IdFrom,
    /// The file that names ids of posts, by their paths.
    pub ids: Option<String>,
    /// What `03/04/2025` means; such a date is not guessed.
    pub date_order: Option<DateOrder>,
    /// What dates a post that says no day itself; nothing unless the owner says so.
    pub date: Option<FileDate>,
    /// Files that end in `.txt` are posts too.
    pub txt: bool,
    /// The tags of other generators are shown as they stand.
    pub raw_shortcodes: bool,
    /// Whether quotes, dashes and dots become those of typesetters.
    pub smart_punctuation: bool,
    /// Which front-matter lists become categories, lower case, in this order.
    pub taxonomies: Vec<String>,
}

/// What the id of a post is made from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IdFrom {
    /// `address`: it is the address.
    #[default]
    Address,
    /// `jekyll`: the folder of the address and the slug, as jekyll-feed makes it: `…/video` for `…/video.html`.
    Jekyll,
}

/// What may date a post that says no day itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileDate {
    /// `git`: the commit that added the file.
    Git,
    /// `mtime`: when the file was last written.
    Written,
}

/// Which number comes first in a date such as `03/04/2025`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// `dmy`: the third of April.
    DayFirst,
    /// `mdy`: the fourth of March.
    MonthFirst,
}

/// Reads the text of `config.toml`; `path` is how messages name the file.
///
/// # Errors
/// Every problem in the file, each with its place and cure.
///
/// ```
/// let text = "[site]\ntitle = 'Notes'\nurl = 'https://example.org'\n";
/// let config = tidings::config::parse("config.toml", text).expect("a valid config");
/// assert_eq!(config.feeds.limit, 20);
///
/// let problems = tidings::config::parse("config.toml", "[site]\ntitel = 'Notes'\n").unwrap_err();
/// assert!(problems.iter().any(|p| p.help.as_deref() == Some("did you mean `title`?")));
/// ```
pub fn parse(path: &str, text: &str) -> Result<Config, Vec<Diagnostic>> {
    parse_with(path, text, |_| Ok(()))
}

/// Like [`parse`], with `check` for `mail.transport`: the room that knows the transports may not be known here.
///
/// # Errors
/// As for [`parse`].
pub fn parse_with(path: &str, text: &str, check: TransportCheck) -> Result<Config, Vec<Diagnostic>> {
    match read(path, text, check) {
        (Some(config), faults) if faults.is_empty() => Ok(config),
        (_, faults) => Err(faults),
    }
}

/// What a text says all the same that [`parse`] refuses: with defaults in the place of its faults. `None` when it is not TOML, or
/// does not say what site this is.
pub fn parse_as_far(path: &str, text: &str) -> Option<Config> {
    read(path, text, |_| Ok(())).0
}

/// The configuration as far as it could be read, and the faults in it.
fn read(path: &str, text: &str, check: TransportCheck) -> (Option<Config>, Vec<Diagnostic>) {
    let mut reader = Reader::new(path, text);
    let document = reader.document();
    if !reader.diagnostics.is_empty() {
        return (None, reader.diagnostics);
    }
    let mut root = Section::new("", Some(document.get_ref()));
    let site = site::site(&mut root, &mut reader);
    let posts = posts(&mut root, &mut reader, site.as_ref());
    let feeds = feeds::read(&mut root, &mut reader, site.as_ref(), (&posts.taxonomies, posts.feed.is_some()));
    let podcast = podcast::read(&mut root, &mut reader, site.as_ref());
    let web = web::read(&mut root, &mut reader);
    let inbox = inbox::read(&mut root, &mut reader);
    let newsletter = newsletter::read(&mut root, &mut reader, site.as_ref(), (&web, &inbox), &feeds);
    let theme = theme::read(&mut root, &mut reader);
    let mail = mail::read(&mut root, &mut reader, site.as_ref(), newsletter.from.as_ref(), check);
    let store = store::read(&mut root, &mut reader);
    root.finish(&mut reader);
    reader.diagnostics.sort_by_key(|d| d.location.as_ref().map(|place| (place.line, place.column)));
    let warnings = reader.warnings;
    let config =
        site.map(|site| Config { site, posts, feeds, podcast, newsletter, theme, mail, store, inbox, web, warnings });
    (config, reader.diagnostics)
}

fn posts<'t>(root: &mut Section<'_, 't>, reader: &mut Reader<'t>, site: Option<&Site>) -> Posts {
    let mut section = root.section(reader, "posts", "posts");
    let has_dir = section.get("dir").is_some();
    let dir = section.folder(reader, "dir", "posts");
    let feed = section.string(reader, "feed").and_then(|(text, place)| {
        if has_dir {
            let help = "remove one of them: posts come from files in a folder, or from the entries of a feed";
            let message = "`posts.dir` counts for nothing, because `posts.feed` is set too".to_owned();
            reader.warning("config/unused", message, place.clone(), help);
        }
        source::source(reader, "posts.feed", (text, place), site.map(|site| &site.url))
    });
    let permalink = section.string(reader, "permalink").and_then(|(text, place)| match Permalink::parse(&text) {
        Ok(permalink) => Some(permalink),
        Err(problem) => {
            reader.refuse(problem, place, "write for example `permalink = \"/:year/:month/:day/:slug/\"`");
            None
        }
    });
    let slugify = [
        ("off", Slugify::Off),
        ("hugo", Slugify::Hugo),
        ("jekyll", Slugify::Jekyll),
        ("zola", Slugify::Zola),
        ("zola-safe", Slugify::ZolaSafe),
        ("eleventy", Slugify::Eleventy),
        ("astro", Slugify::Astro),
        ("hexo", Slugify::Hexo),
        ("pelican", Slugify::Pelican),
        ("quartz", Slugify::Quartz),
        ("cobalt", Slugify::Cobalt),
        ("docusaurus", Slugify::Docusaurus),
    ];
    let slugify = section.word(reader, "slugify", &slugify).unwrap_or_default();
    let slug_from = [("name", SlugFrom::Name), ("title", SlugFrom::Title), ("file", SlugFrom::File)];
    let slug_from = section.word(reader, "slug_from", &slug_from).unwrap_or_default();
    let id_from = [("address", IdFrom::Address), ("jekyll", IdFrom::Jekyll)];
    let id_from = section.word(reader, "id_from", &id_from).unwrap_or_default();
    let ids = section.string(reader, "ids").map(|(name, _)| name);
    let words = [("dmy", DateOrder::DayFirst), ("mdy", DateOrder::MonthFirst)];
    let date_order = section.word(reader, "date_order", &words);
    let date = section.word(reader, "date", &[("git", FileDate::Git), ("mtime", FileDate::Written)]);
    let txt = section.switch(reader, "txt").unwrap_or(false);
    let raw_shortcodes = section.word(reader, "raw_shortcodes", &[("render", false), ("keep", true)]).unwrap_or(false);
    let smart_punctuation = section.switch(reader, "smart_punctuation").unwrap_or(false);
    let taxonomies = section.strings(reader, "taxonomies");
    section.finish(reader);
    let taxonomies = taxonomies.map_or_else(
        || ["tags", "categories", "emotions"].map(str::to_owned).to_vec(),
        |names| names.into_iter().map(|(name, _)| name.trim().to_lowercase()).filter(|name| !name.is_empty()).collect(),
    );
    let permalink = permalink.unwrap_or_default();
    Posts {
        dir,
        feed,
        permalink,
        slugify,
        slug_from,
        id_from,
        ids,
        date_order,
        date,
        txt,
        raw_shortcodes,
        smart_punctuation,
        taxonomies,
    }
}

#[cfg(test)]
mod tests;
