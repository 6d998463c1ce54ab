//! A folder of Markdown files, or a feed, → posts and all their diagnostics.
//!
//! - [`enters`], [`files_to_read`] and [`author_files`] say which files to read; a [`Loader`] reads their beginnings: bytes
//!   (`decode`), front matter (`front_matter`), and one file for each thing that the keys, the name or the folder say about a post.
//! - [`body`] reads the rest of the few files that are shown.
//! - [`from_feed`] makes posts of the entries of a feed that another program builds.
//!
//! Invariants: nothing here has an effect; no input panics; every file that is given comes out as a post, whatever is
//! wrong with it; what is not clearly public is never [`Published`](crate::model::PostStatus::Published).

mod address;
pub(crate) mod audience;
mod author;
mod body;
mod collision;
mod companion;
mod date;
mod decode;
mod draft_words;
mod enclosure;
mod entry;
mod findings;
mod front_matter;
mod generator_tags;
mod identity;
mod image;
mod in_feeds;
mod include;
mod language;
mod linked;
mod mailing;
mod markdown;
mod names;
mod permalink;
mod permalink_values;
mod plain;
mod posts;
mod programs;
mod read;
mod sketch;
mod slugify;
mod source;
pub(crate) mod source_path;
mod spoken;
mod status;
mod terms;
#[cfg(test)]
pub(crate) mod tests;
mod title;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::model::{Body, Post, sha256_hex};

use companion::Companions;
use terms::TaxonomyKeys;

pub(crate) use address::without_mark;
pub use body::body;
pub use companion::{author_files, files_to_read, is_companion};
pub use entry::{FromFeed, from_feed};
pub(crate) use front_matter::{Value, parse_yaml};
pub(crate) use generator_tags::without_marks;
pub use include::{Include, includes, plain as plain_include};
pub use linked::{HEAD as LINKED_HEAD, Linked, address_of, linked_files};
pub(crate) use markdown::OPTIONS as MARKDOWN;
pub(crate) use permalink::pattern_of;
pub use posts::Posts;
pub(crate) use programs::{first as first_program, may_hold as may_hold_programs};
pub use sketch::{Overlap, Sketch, letters};
pub use source::Source;
pub use source_path::{enters, is_post_file};
pub use spoken::Spoken;

/// All posts of a site and everything there is to say about them.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Newest first; posts of one instant by path, descending; those without a date last, by path.
    pub posts: Posts,
    /// By path, then line.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the posts of a site. Among the sources may be sidecar files and tables of authors ([`files_to_read`],
/// [`author_files`]); every other one comes out as a post: one that cannot be read has the status
/// [`Error`](crate::model::PostStatus::Error) and its error among the diagnostics.
///
/// ```
/// use tidings::{config, post};
/// let config = config::parse("config.toml", "[site]\ntitle = 'Notes'\nurl = 'https://example.org'\n").expect("valid");
/// let bytes = b"---\nTitle: A walk\nDate: 2025-01-31\nTags: rain, mud\n---\n\nIt *rained*.\n".to_vec();
/// let source = post::Source { path: "posts/a-walk.md".into(), bytes: bytes.clone() };
/// let loaded = post::load(vec![source], &config, "2025-02-01T00:00:00Z".parse().expect("a time"));
/// assert_eq!(loaded.posts[0].url, "https://example.org/2025/01/31/a-walk/");
///
/// let (body, _) = post::body(&loaded.posts[0], &bytes).expect("text");
/// assert_eq!(body.text, "It *rained*.\n");
/// ```
pub fn load(sources: Vec<Source>, config: &Config, now: Timestamp) -> Loaded {
    let (companions, sources): (Vec<_>, Vec<_>) = sources.into_iter().partition(|source| is_companion(&source.path));
    let reader = Loader::new(companions, sources.iter().map(|source| &*source.path), config, now);
    let files = sources.iter().map(|source| reader.read(source)).collect();
    reader.gather(files)
}

/// What it takes to read the files of a folder: each by itself, in any order or many at once.
pub struct Loader<'c> {
    companions: Companions,
    language_folders: bool,
    dates: BTreeMap<String, Timestamp>,
    ids: BTreeMap<String, String>,
    taxonomies: Vec<TaxonomyKeys>,
    diagnostics: Vec<Diagnostic>,
    config: &'c Config,
    now: Timestamp,
}

impl<'c> Loader<'c> {
    /// Takes the files that say something about others ([`is_companion`]) and the names of those others.
    pub fn new<'p>(
        companions: Vec<Source>,
        paths: impl Iterator<Item = &'p str>,
        config: &'c Config,
        now: Timestamp,
    ) -> Self {
        let mut diagnostics = Vec::new();
        let companions = Companions::new(companions, &config.posts.dir, &mut diagnostics);
        let language_folders = language::divides(paths, &config.posts.dir);
        let taxonomies = terms::with_keys(&config.posts.taxonomies);
        Self {
            companions,
            language_folders,
            dates: BTreeMap::new(),
            ids: BTreeMap::new(),
            taxonomies,
            diagnostics,
            config,
            now,
        }
    }

    /// With a date, by path, for each post that says none itself: what that is, is the owner's choice.
    #[must_use]
    pub fn dated(self, dates: BTreeMap<String, Timestamp>) -> Self {
        Self { dates, ..self }
    }

    /// With an id, by path, for each post that says none itself.
    #[must_use]
    pub fn known_as(self, ids: BTreeMap<String, String>) -> Self {
        Self { ids, ..self }
    }

    /// Reads one file, of which the source holds all bytes, without a look at the other posts.
    pub fn read(&self, source: &Source) -> (Post, Vec<Diagnostic>) {
        read::read(source, &self.surroundings())
    }

    /// Reads one file by its beginning, which is all that the source holds; `None` when that does not say enough. What is
    /// wrong with the text further down comes out when [`body`] reads it.
    pub fn read_head(&self, source: &Source) -> Option<(Post, Vec<Diagnostic>)> {
        read::read_head(source, &self.surroundings())
    }

    fn surroundings(&self) -> read::Surroundings<'_> {
        read::Surroundings {
            config: self.config,
            companions: &self.companions,
            language_folders: self.language_folders,
            dates: &self.dates,
            ids: &self.ids,
            taxonomies: &self.taxonomies,
            now: self.now,
        }
    }

    /// Puts the posts together: what can be said only with all of them in sight.
    pub fn gather(self, files: Vec<(Post, Vec<Diagnostic>)>) -> Loaded {
        gather(files, self.diagnostics)
    }
}

fn gather(files: Vec<(Post, Vec<Diagnostic>)>, mut diagnostics: Vec<Diagnostic>) -> Loaded {
    let of_file = |(post, found)| {
        diagnostics.extend(found);
        post
    };
    let mut posts: Vec<Post> = files.into_iter().map(of_file).collect();
    collision::mark(&mut posts, &mut diagnostics);
    mailing::drop_topics(&mut posts, &mut diagnostics);
    posts::sort(&mut posts);
    let order =
        |finding: &Diagnostic| finding.location.as_ref().map(|place| (place.path.clone(), place.line, place.column));
    diagnostics.sort_by_cached_key(order);
    Loaded { posts: posts.into(), diagnostics }
}

/// Bodies with fewer letters are not told from each other by their words alone.
const WORDS_ENOUGH: usize = 40;

/// One line of Markdown or HTML, such as the description of a site, as plain text.
pub(crate) fn plain_text(line: &str) -> String {
    plain::text(line, plain::Tags::All)
}

/// What recognises a moved or renamed post, in hex: the hash of its words. A short body counts together with its day, an empty
/// one with its day and title; `None` for a short body without a date.
pub fn content_hash(post: &Post, body: &Body) -> Option<String> {
    hash_of_words(&body.text, &post.title, post.published.as_ref())
}

fn hash_of_words(body: &str, title: &str, published: Option<&jiff::Zoned>) -> Option<String> {
    let words: Vec<&str> = body.split_whitespace().collect();
    let letters: usize = words.iter().map(|word| word.chars().count()).sum();
    let words = words.join(" ");
    if letters >= WORDS_ENOUGH {
        return Some(sha256_hex(words.as_bytes()));
    }
    let day = published?.date();
    let seen = if words.is_empty() { format!("{day}\n\n{title}") } else { format!("{day}\n{words}") };
    Some(sha256_hex(seen.as_bytes()))
}
