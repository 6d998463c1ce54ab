//! A folder of Markdown files → posts and all their diagnostics; a post → its entry: clean, absolute HTML and text.
//!
//! - [`enters`] and [`is_post_file`] say which files to read; [`load`] reads them: bytes (`decode`), front matter
//!   (`front_matter`), and one file for each thing that the keys, the name or the folder say about a post.
//! - [`render`] turns a post into an entry: Markdown, one sanitised tree, and from that tree both HTML and text.
//!
//! Invariants: nothing here has an effect; no input panics; every file that is given comes out as a post, whatever is
//! wrong with it; what is not clearly public is never [`Published`](crate::model::PostStatus::Published).

mod author;
mod characters;
mod collision;
mod date;
mod decode;
mod findings;
mod front_matter;
mod image;
mod language;
mod permalink;
mod plain;
mod read;
mod render;
mod source_path;
mod status;
mod terms;
#[cfg(test)]
mod tests;
mod title;

use jiff::Timestamp;

use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::model::Post;

pub use render::render;
pub use source_path::{enters, is_post_file};

/// A file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Relative to the site, with `/` on every system.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// All posts of a site and everything there is to say about them.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Newest first; posts of one instant by path, descending; those without a date last, by path.
    pub posts: Vec<Post>,
    /// By path, then line.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the posts of a site. Every source comes out as a post: one that cannot be read has the status
/// [`Error`](crate::model::PostStatus::Error) and its error among the diagnostics.
///
/// ```
/// use tidings::{config, post};
/// let config = config::parse("config.toml", "[site]\ntitle = 'Notes'\nurl = 'https://example.org'\n").expect("valid");
/// let bytes = b"---\nTitle: A walk\nDate: 2025-01-31\nTags: rain, mud\n---\n\nIt *rained*.\n".to_vec();
/// let source = post::Source { path: "posts/a-walk.md".into(), bytes };
/// let loaded = post::load(vec![source], &config, "2025-02-01T00:00:00Z".parse().expect("a time"));
/// assert_eq!(loaded.posts[0].url, "https://example.org/2025/01/31/a-walk/");
///
/// let (entry, warnings) = post::render(&loaded.posts[0], &loaded.posts, &config);
/// assert_eq!(entry.content_html, "<p>It <em>rained</em>.</p>\n");
/// assert!(warnings.is_empty());
/// ```
pub fn load(sources: Vec<Source>, config: &Config, now: Timestamp) -> Loaded {
    gather(sources.into_iter().map(|source| read(&source, config, now)).collect())
}

/// Reads one file, without a look at the others: the part of [`load`] that can be done for many files at once.
pub fn read(source: &Source, config: &Config, now: Timestamp) -> (Post, Vec<Diagnostic>) {
    read::read(source, config, now)
}

/// Puts the posts of a site together: the part of [`load`] that looks at all of them.
pub fn gather(files: Vec<(Post, Vec<Diagnostic>)>) -> Loaded {
    let mut posts = Vec::with_capacity(files.len());
    let mut diagnostics = Vec::new();
    for (post, found) in files {
        posts.push(post);
        diagnostics.extend(found);
    }
    collision::mark(&mut posts, &mut diagnostics);
    posts.sort_by(|a, b| match (&a.published, &b.published) {
        (Some(first), Some(second)) => second.cmp(first).then_with(|| b.path.cmp(&a.path)),
        (None, None) => a.path.cmp(&b.path),
        (first, second) => second.is_some().cmp(&first.is_some()),
    });
    let order =
        |finding: &Diagnostic| finding.location.as_ref().map(|place| (place.path.clone(), place.line, place.column));
    diagnostics.sort_by_cached_key(order);
    Loaded { posts, diagnostics }
}

/// What recognises a moved post: SHA-256 of its words, or `None` when there are too few to tell it from another.
fn content_hash(body: &str) -> Option<String> {
    let mut hash = ring::digest::Context::new(&ring::digest::SHA256);
    let mut letters = 0;
    for (n, word) in body.split_whitespace().enumerate() {
        if n > 0 {
            hash.update(b" ");
        }
        hash.update(word.as_bytes());
        letters += word.chars().count();
    }
    (letters >= 40).then(|| hex(hash.finish().as_ref()))
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}
