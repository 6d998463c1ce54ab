//! `[feeds]`: which feeds are written and what they say about themselves.

use url::Url;

use crate::diagnostic::Location;

use super::reader::{Reader, Section};
use super::{Site, folder};

/// How much of a post a feed holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedContent {
    /// The whole post and its summary.
    Full,
    /// The summary only.
    Summary,
}

/// `[feeds]`
#[derive(Debug, Clone)]
pub struct Feeds {
    /// Where feeds are written, relative to the site.
    pub dir: String,
    /// The names of the formats and where they stand: the feed room knows which there are.
    pub formats: Vec<(String, Location)>,
    /// How many of the newest entries a feed holds.
    pub limit: usize,
    /// How much of each.
    pub content: FeedContent,
    /// Servers that tell readers at once of a new entry (`WebSub` §4).
    pub hubs: Vec<Url>,
    /// Whether a style sheet makes the feeds readable in a browser.
    pub stylesheet: bool,
    /// Who may do what with the entries, for people (RFC 4287 §4.2.10).
    pub rights: Option<String>,
    /// The license, for programs (RFC 4946).
    pub license: Option<Url>,
    /// A square picture of 512 pixels or more.
    pub icon: Option<Url>,
    /// A square picture of 64 pixels or more.
    pub favicon: Option<Url>,
    /// A picture that is twice as wide as it is high (RFC 4287 §4.2.8).
    pub logo: Option<Url>,
    /// A picture of at most 144 × 400 pixels (RSS 2.0, "Elements of image").
    pub image: Option<Url>,
}

pub(super) fn read<'t>(root: &mut Section<'_, 't>, reader: &mut Reader<'t>, site: Option<&Site>) -> Feeds {
    let mut section = root.section(reader, "feeds", "feeds");
    let dir = folder(&mut section, reader, "dir", "public");
    let formats = section.strings(reader, "formats");
    let limit = section.number(reader, "limit", 1..100_001).unwrap_or(20);
    let words = [("full", FeedContent::Full), ("summary", FeedContent::Summary)];
    let content = section.word(reader, "content", &words).unwrap_or(FeedContent::Full);
    let hubs = section.strings(reader, "hub").unwrap_or_default();
    let hubs = hubs.into_iter().filter_map(|hub| address(reader, "feeds.hub", hub, None)).collect();
    let stylesheet = section.switch(reader, "stylesheet").unwrap_or(true);
    let rights = section.string(reader, "rights").map(|(text, _)| text).filter(|text| !text.trim().is_empty());
    let base = site.map(|site| &site.url);
    let mut picture = |key: &'static str, name: &str| {
        let found = section.string(reader, key)?;
        address(reader, name, found, base)
    };
    let license = picture("license", "feeds.license");
    let icon = picture("icon", "feeds.icon");
    let favicon = picture("favicon", "feeds.favicon");
    let logo = picture("logo", "feeds.logo");
    let image = picture("image", "feeds.image");
    section.finish(reader);
    let formats = formats.unwrap_or_else(|| {
        ["rss", "atom", "json"].map(|name| (name.to_owned(), Location::start_of("config.toml"))).to_vec()
    });
    Feeds {
        dir,
        formats,
        limit: limit as usize,
        content,
        hubs,
        stylesheet,
        rights,
        license,
        icon,
        favicon,
        logo,
        image,
    }
}

/// An http or https address; with a `base` it may be written relative to that.
pub(super) fn address(
    reader: &mut Reader<'_>,
    key: &str,
    (text, place): (String, Location),
    base: Option<&Url>,
) -> Option<Url> {
    let parsed = base.map_or_else(|| Url::parse(&text), |base| base.join(&text));
    let found = parsed.ok().filter(|url| matches!(url.scheme(), "http" | "https") && !text.trim().is_empty());
    if found.is_none() {
        let example = if base.is_some() { "/picture.png" } else { "https://example.org/" };
        let key_alone = key.rsplit('.').next().unwrap_or(key);
        let help = format!("write for example `{key_alone} = \"{example}\"`");
        reader.error("config/value", format!("`{key}` is not a web address: `{text}`"), place, help);
    }
    found
}
