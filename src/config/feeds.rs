//! `[feeds]`: which feeds are written and what they say about themselves.

use std::collections::BTreeMap;

use url::Url;

use crate::diagnostic::Location;

use super::Site;
use super::reader::{Reader, Section, distance};
use super::source::{FeedSource, source};

/// How much of a post a feed holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedContent {
    /// The whole post and its summary.
    Full,
    /// The summary only.
    Summary,
}

/// What each post can be sorted by into a feed of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedsBy {
    /// A feed for each term of this taxonomy.
    Taxonomy(String),
    /// A feed for each author.
    Authors,
    /// A feed for each language.
    Languages,
}

impl FeedsBy {
    /// The word in `feeds.by`, and the folder of these feeds.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Taxonomy(name) => name,
            Self::Authors => "authors",
            Self::Languages => "languages",
        }
    }
}

/// How long a time one archive file covers (RFC 5005 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Archive {
    /// There are no archives.
    Off,
    /// A month.
    Month,
    /// A year.
    Year,
}

/// `[feeds]`
#[derive(Debug, Clone)]
pub struct Feeds {
    /// False when the posts come from a feed and no other ones are asked for, by `dir` or `formats`.
    pub are_written: bool,
    /// Where feeds are written, relative to the site.
    pub dir: String,
    /// The names of the formats and where they stand: the feed room knows which there are. `None` means all of them.
    pub formats: Option<Vec<(String, Location)>>,
    /// The names of files, by format, that are others than usual.
    pub files: BTreeMap<String, String>,
    /// Where these are named.
    pub files_location: Option<Location>,
    /// How many of the newest entries a feed holds.
    pub limit: usize,
    /// How much of each.
    pub content: FeedContent,
    /// What there are further feeds for, each once.
    pub by: Vec<FeedsBy>,
    /// How many posts it takes to make such a feed.
    pub min_posts: usize,
    /// Whether a reader can go back beyond `limit`.
    pub archive: Archive,
    /// Servers that tell readers at once of a new entry (`WebSub` §4).
    pub hubs: Vec<Url>,
    /// The feed that readers have, with which a new one is compared before it takes its place.
    pub online: Option<FeedSource>,
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
    /// Where the pictures are named, by key.
    pub places: BTreeMap<&'static str, Location>,
}

pub(super) fn read<'t>(
    root: &mut Section<'_, 't>,
    reader: &mut Reader<'t>,
    site: Option<&Site>,
    (taxonomies, has_source): (&[String], bool),
) -> Feeds {
    let mut section = root.section(reader, "feeds", "feeds");
    let is_asked_for = ["dir", "formats"].into_iter().any(|key| section.get(key).is_some());
    let dir = section.folder(reader, "dir", "public");
    let formats = section.strings(reader, "formats");
    let files_location = section.get("files").map(|value| reader.place(value.span()));
    let files = section.texts(reader, "files").into_iter().filter_map(|(name, file, place)| {
        let is_name = !file.is_empty() && !file.starts_with('.') && !file.contains(['/', '\\', ':', '\0']);
        if !is_name {
            let help = "write the name of a file alone, such as `files = { atom = \"feed.xml\" }`";
            reader.refuse(format!("`feeds.files.{name}` is no name of a file: `{file}`"), place, help);
        }
        is_name.then_some((name, file))
    });
    let files = files.collect();
    let limit = section.number(reader, "limit", 1..100_001).unwrap_or(20);
    let words = [("full", FeedContent::Full), ("summary", FeedContent::Summary)];
    let content = section.word(reader, "content", &words).unwrap_or(FeedContent::Full);
    let by = section.strings(reader, "by").unwrap_or_default();
    let by = sorted_by(reader, by, taxonomies);
    let min_posts = section.number(reader, "min_posts", 1..100_001).unwrap_or(1);
    let words = [("off", Archive::Off), ("month", Archive::Month), ("year", Archive::Year)];
    let archive = section.word(reader, "archive", &words).unwrap_or(Archive::Off);
    let hubs = section.strings(reader, "hub").unwrap_or_default();
    let hubs = hubs.into_iter().filter_map(|hub| address(reader, "feeds.hub", hub, None)).collect();
    let online = section.string(reader, "online");
    let online = online.and_then(|found| source(reader, "feeds.online", found, site.map(|site| &site.url)));
    let stylesheet = section.switch(reader, "stylesheet").unwrap_or(true);
    let rights = section.string(reader, "rights").map(|(text, _)| text).filter(|text| !text.trim().is_empty());
    let base = site.map(|site| &site.url);
    let license = section.string(reader, "license").and_then(|found| license(reader, found, base));
    let mut places = BTreeMap::new();
    let mut picture = |key: &'static str, name: &str| {
        let found = section.string(reader, key)?;
        places.insert(key, found.1.clone());
        address(reader, name, found, base)
    };
    let icon = picture("icon", "feeds.icon");
    let favicon = picture("favicon", "feeds.favicon");
    let logo = picture("logo", "feeds.logo");
    let image = picture("image", "feeds.image");
    section.finish(reader);
    Feeds {
        are_written: !has_source || is_asked_for,
        dir,
        formats,
        files,
        files_location,
        limit: limit as usize,
        content,
        by,
        min_posts: min_posts as usize,
        archive,
        hubs,
        online,
        stylesheet,
        rights,
        license,
        icon,
        favicon,
        logo,
        image,
        places,
    }
}

/// The address of a license: a name alone would be taken for a page of the site.
fn license(reader: &mut Reader<'_>, (text, place): (String, Location), base: Option<&Url>) -> Option<Url> {
    if text.trim().contains(char::is_whitespace) || !text.contains('/') {
        let help = "write its address, such as `license = \"https://creativecommons.org/licenses/by/4.0/\"`; words go into `rights`";
        reader.refuse(format!("`feeds.license` is not an address: `{text}`"), place, help);
        return None;
    }
    address(reader, "feeds.license", (text, place), base)
}

/// What `feeds.by` names: taxonomies of the site, `authors`, `languages`.
fn sorted_by(reader: &mut Reader<'_>, names: Vec<(String, Location)>, taxonomies: &[String]) -> Vec<FeedsBy> {
    let mut by: Vec<FeedsBy> = Vec::new();
    for (text, place) in names {
        let found = match text.trim().to_lowercase() {
            name if name == "authors" => FeedsBy::Authors,
            name if name == "languages" => FeedsBy::Languages,
            name if taxonomies.contains(&name) => FeedsBy::Taxonomy(name),
            name => {
                let known = || taxonomies.iter().map(String::as_str).chain(["authors", "languages"]);
                let nearest = known().map(|word| (distance(word, &name), word)).min();
                let help = match nearest.filter(|(distance, _)| *distance <= 2) {
                    Some((_, word)) => format!("did you mean `{word}`?"),
                    None => {
                        let known: Vec<_> = known().map(|word| format!("`{word}`")).collect();
                        format!("write one of {}, or add it to `posts.taxonomies`", known.join(", "))
                    }
                };
                let message = format!("`feeds.by` names nothing that posts can be sorted by: `{text}`");
                reader.refuse(message, place, help);
                continue;
            }
        };
        if !by.contains(&found) {
            by.push(found);
        }
    }
    by
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
        reader.refuse(format!("`{key}` is not a web address: `{text}`"), place, help);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Archive, FeedsBy};

    fn with(feeds: &str) -> Result<super::Feeds, String> {
        let text = format!("[site]\ntitle = 'x'\nurl = 'https://example.org'\n[feeds]\n{feeds}");
        let config = crate::config::parse("config.toml", &text);
        config.map(|config| config.feeds).map_err(|problems| problems[0].help.clone().unwrap_or_default())
    }

    #[test]
    fn a_license_is_an_address_and_no_name() {
        assert!(with("license = 'CC BY'\n").unwrap_err().contains("words go into `rights`"));
        assert!(with("license = 'CC-BY-4.0'\n").is_err());
        for (written, address) in
            [("/license/", "https://example.org/license/"), ("https://a.example/l", "https://a.example/l")]
        {
            assert_eq!(with(&format!("license = '{written}'\n")).unwrap().license.unwrap().as_str(), address);
        }
    }

    #[test]
    fn feeds_are_made_for_taxonomies_authors_and_languages() {
        let feeds = with("by = ['Emotions', 'authors', 'languages', 'emotions']\narchive = 'month'\n").unwrap();
        assert_eq!(feeds.by, [FeedsBy::Taxonomy("emotions".into()), FeedsBy::Authors, FeedsBy::Languages]);
        assert_eq!(feeds.archive, Archive::Month);
        assert_eq!(with("by = 'tag'\n").unwrap_err(), "did you mean `tags`?");
        assert_eq!(
            with("by = 'moods'\n").unwrap_err(),
            "write one of `tags`, `categories`, `emotions`, `authors`, `languages`, or add it to `posts.taxonomies`"
        );
    }
}
