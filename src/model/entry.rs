//! An entry: a post as it is published. Feeds and newsletter are made from the same entries, so they never disagree.

use std::collections::BTreeMap;

use jiff::Zoned;

use super::{Enclosure, Episode, Image, MailPicture, Person};

/// A term of a taxonomy (RFC 4287 §4.2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// The taxonomy's name: `tags`, `emotions`.
    pub taxonomy: String,
    /// The term as the author wrote it.
    pub term: String,
    /// The absolute URL of the taxonomy's page: `scheme` in Atom, `domain` in RSS.
    pub scheme: String,
}

/// One published post, rendered once.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The id for ever; equal to `url` unless the author gave another.
    pub id: String,
    /// The permalink.
    pub url: String,
    /// The source file, relative to the site.
    pub path: String,
    /// Plain text; empty only for a post without any title.
    pub title: String,
    /// When it was published, in the offset that the author wrote.
    pub published: Zoned,
    /// True when the author gave a day without a time.
    pub date_only: bool,
    /// The last significant change, at or after `published`.
    pub updated: Zoned,
    /// Language tag (BCP 47).
    pub language: String,
    /// At least one author, unless neither post nor site names one.
    pub authors: Vec<Person>,
    /// All terms of all taxonomies, in the site's order.
    pub categories: Vec<Category>,
    /// The picture from the front matter.
    pub image: Option<Image>,
    /// Sound, film and other files from the front matter: the one that counts first.
    pub enclosures: Vec<Enclosure>,
    /// What the front matter says about it as an episode of a podcast; only with an enclosure.
    pub episode: Option<Episode>,
    /// The pictures in the content, in order, each once, with what is known of their files.
    pub pictures: Vec<Image>,
    /// What mail shows for those pictures that its readers' programs do not show, by URL.
    pub mail_pictures: BTreeMap<String, MailPicture>,
    /// One line of plain text; `None` when it would repeat the whole content or there is none.
    pub summary: Option<String>,
    /// HTML fragment: sanitised, balanced, every URL absolute, every `id` unique among all posts of the site.
    pub content_html: String,
    /// The same content as plain text: 72 columns, links numbered and listed at the end.
    pub content_text: String,
}
