//! An entry: a post as it is published. Feeds and newsletter are made from the same entries, so they never disagree.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Zoned;

use crate::content::{Element, Node, write};

use super::{Enclosure, Episode, Image, InFeeds, MailPicture, Mailing, Person, is_right_to_left};

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

/// What an entry says in mail, where the author marked something as for the web or for mail only. Each field stands in for
/// the one of the entry.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is described at the entry")]
pub struct MailContent {
    pub summary: Option<String>,
    pub content: Vec<Node>,
    pub pictures: Vec<Image>,
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
    /// What it says: every URL absolute, every `id` unique among all posts of the site. HTML and text are written from it.
    pub content: Vec<Node>,
    /// True when the content is a summary, and the entry goes on at its address.
    pub is_summary: bool,
    /// What feeds show of it in another way than of others.
    pub in_feeds: Option<Box<InFeeds>>,
    /// How its author wants it mailed, if in any special way.
    pub mailing: Option<Box<Mailing>>,
    /// What it says in mail, when that is something else.
    pub mail: Option<Box<MailContent>>,
}

impl Entry {
    /// The content as HTML.
    #[must_use]
    pub fn html(&self) -> String {
        let mut html = String::new();
        write::write(&self.directed(&self.content), &mut html);
        if !html.is_empty() {
            html.push('\n');
        }
        html
    }

    /// Nodes of the content with what stands around text that runs from right to left: a feed reader's page runs the other way.
    pub(crate) fn directed<'n>(&self, nodes: &'n [Node]) -> Cow<'n, [Node]> {
        if nodes.is_empty() || !is_right_to_left(&self.language) {
            return Cow::Borrowed(nodes);
        }
        let attributes = [("dir", "rtl"), ("lang", self.language.as_str())];
        vec![Node::Element(Element::new("div", &attributes, nodes.to_vec()))].into()
    }

    /// The entry as mail shows it.
    #[must_use]
    pub fn for_mail(&self) -> Self {
        let mut entry = Self { mail: None, ..self.clone() };
        if let Some(mail) = self.mail.as_deref() {
            let MailContent { summary, content, pictures } = mail.clone();
            entry = Self { pictures, summary, content, ..entry };
        }
        entry
    }
}
