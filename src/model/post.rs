//! A post: one Markdown file as it was written, with what the loader found out about it.

use std::collections::BTreeMap;

use jiff::{Timestamp, Zoned};
use url::Url;

use super::{Enclosure, Episode, Image, InFeeds, Person};

/// Whether a post is in the feeds, and if not, why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostStatus {
    /// In the feeds.
    Published,
    /// Held back by its author.
    Draft,
    /// Dated in the future: published when its time comes.
    Scheduled,
    /// A page of the site (about, archive), not a post.
    Page,
    /// Not a post at all, for example a file without front matter and date.
    Skipped,
    /// Has an error that its author must mend.
    Error,
}

impl PostStatus {
    /// The word used in tables and in `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Draft => "draft",
            Self::Scheduled => "scheduled",
            Self::Page => "page",
            Self::Skipped => "skipped",
            Self::Error => "error",
        }
    }
}

/// One way of sorting posts, such as `tags` or `emotions`, and the terms that a post has in it, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taxonomy {
    /// The taxonomy's name in lower case, as in `posts.taxonomies`.
    pub name: String,
    /// The terms, in the author's order and spelling.
    pub terms: Vec<String>,
}

/// The beginning of a file, as far as a post was read from it: so that its body, read later, is known to be of the same file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Head {
    /// How many bytes were read.
    pub length: usize,
    /// A hash of these bytes, which means nothing to another process.
    pub hash: u64,
    /// True when these were all bytes of the file.
    pub is_whole: bool,
    /// Where the body begins: an offset into the text of the file, not into its bytes.
    pub body: usize,
}

/// What a body is written in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Markup {
    /// Markdown, with what other generators write into it.
    #[default]
    Markdown,
    /// HTML as a feed holds it.
    Html,
    /// The same, of an entry of which the feed holds a summary only.
    HtmlSummary,
}

/// The text below the front matter, or the content of an entry of a feed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body {
    /// What stands above it in the file: the front matter.
    pub head: String,
    /// The text, with `\n` line ends.
    pub text: String,
    /// The line of the file on which `text` starts, from 1: diagnostics about the body point there.
    pub first_line: usize,
    /// What the text is written in.
    pub markup: Markup,
    /// The plain files that the text includes, by the names that it gives them.
    pub includes: BTreeMap<String, String>,
    /// The addresses of pages that are no posts and that it links to by their files, by what it writes behind `@/`.
    pub pages: BTreeMap<String, String>,
    /// What relative addresses in it are relative to, where that is not the post (`xml:base`).
    pub base: Option<Url>,
}

/// How a post wants to be mailed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mailing {
    /// The subject of the issue that carries only this post, or names it first: plain text.
    pub subject: Option<String>,
    /// True when the subject comes from the key `subject`, which in some blogs is a topic.
    pub is_subject_plain: bool,
    /// What mail programs show beside the subject: plain text.
    pub preheader: Option<String>,
    /// The lists that it is for, in order; none is for everyone.
    pub lists: Vec<String>,
    /// It is not due before.
    pub send_after: Option<Zoned>,
    /// The line of the front matter for which it is not mailed, where that is another one than `newsletter: false`.
    pub refusal: Option<String>,
}

/// What the front matter and the name of one Markdown file say; its [`Body`] is read when it is needed.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each says one thing that the file says or does not")]
pub struct Post {
    /// The file, relative to the site, with `/` on every system; of an entry of `posts.feed` its address, or its id where
    /// several have that address.
    pub path: String,
    /// What makes this the same entry for ever (RFC 4287 §4.2.6): `id`/`guid` from the front matter, else the URL.
    pub id: String,
    /// The permalink: absolute and percent-encoded.
    pub url: String,
    /// The title as plain text.
    pub title: String,
    /// True when its author gave it none, so that the title is the name of its file, or how its text begins.
    pub untitled: bool,
    /// When it was published, with the offset that the author wrote; `None` only for pages, skipped files and errors.
    pub published: Option<Zoned>,
    /// True when the author gave a day without a time.
    pub date_only: bool,
    /// The last significant change; never before `published`.
    pub updated: Option<Zoned>,
    /// The last part of the permalink.
    pub slug: String,
    /// The language tag (BCP 47) of the post, or of the site.
    pub language: String,
    /// Every taxonomy of the site in which this post has a term, in the site's order.
    pub taxonomies: Vec<Taxonomy>,
    /// The post's authors, or the site's.
    pub authors: Vec<Person>,
    /// The author's own summary (`description`, `summary`, …) as plain text.
    pub description: Option<String>,
    /// The post's picture.
    pub image: Option<Image>,
    /// Sound, film and other files that come with it, as in [`Entry`](super::Entry).
    pub enclosures: Vec<Enclosure>,
    /// What it says about itself as an episode of a podcast; only with an enclosure.
    pub episode: Option<Episode>,
    /// Whether it is public.
    pub status: PostStatus,
    /// Why it has that status, as half a sentence for people.
    pub reason: String,
    /// False when the front matter says `feed: false`.
    pub feed: bool,
    /// What feeds show of it in another way than of others.
    pub in_feeds: Option<Box<InFeeds>>,
    /// False when the front matter says `newsletter: false`.
    pub newsletter: bool,
    /// What the front matter says about the mail that carries it, if anything.
    pub mailing: Option<Box<Mailing>>,
    /// True when a draft flag could be read neither as yes nor as no: nothing is mailed before it is clear.
    pub draft_unclear: bool,
    /// What of the file this was read from.
    pub head: Head,
}

impl Post {
    /// From when on it may be mailed: not before it is published, nor before its author wants it.
    pub fn mailed_from(&self) -> Option<Timestamp> {
        let send_after = self.mailing.as_ref().and_then(|mailing| mailing.send_after.as_ref()).map(Zoned::timestamp);
        Some(self.published.as_ref()?.timestamp()).max(send_after)
    }

    /// Whether feeds may show it.
    pub fn is_for_feeds(&self) -> bool {
        self.status == PostStatus::Published && self.feed
    }

    /// The terms of one taxonomy, empty when the post has none.
    pub fn terms(&self, taxonomy: &str) -> &[String] {
        self.taxonomies.iter().find(|t| t.name == taxonomy).map_or(&[], |t| &t.terms)
    }
}
