//! What all formats show of an entry, decided once: an item holds only clean text, absolute addresses and valid language
//! tags, so that the formats need not check anything and cannot disagree. It is the same in every feed that shows it.

use jiff::Zoned;

use crate::config::{Config, FeedContent};
use crate::content::write::escaped;
use crate::model::{Entry, Episode, InFeeds, Person};

use super::media::{Attachment, Picture};
use super::{language, media, text, uri};

/// An entry as every format shows it.
pub(super) struct Item<'a> {
    /// The id as the author wrote it.
    pub(super) guid: String,
    /// The same id as a URI.
    pub(super) id: String,
    pub(super) url: String,
    pub(super) title: Option<String>,
    /// The title, or the first words where there is none; never empty.
    pub(super) label: String,
    /// The summary, or the words of the content where there is none; never empty.
    pub(super) opening: String,
    pub(super) published: &'a Zoned,
    pub(super) updated: &'a Zoned,
    pub(super) language: String,
    /// True when its language is not the site's.
    pub(super) is_foreign: bool,
    pub(super) authors: Vec<Author>,
    pub(super) categories: Vec<Category<'a>>,
    pub(super) image: Option<Picture>,
    /// The one that counts first.
    pub(super) attachments: Vec<Attachment>,
    pub(super) episode: Option<&'a Episode>,
    /// True when the feeds of the site are a podcast's.
    pub(super) is_podcast: bool,
    /// One line of plain text; `None` when it would only repeat the content, always there when `content` is not.
    pub(super) summary: Option<String>,
    /// HTML.
    pub(super) content: Option<String>,
    /// Where its comments are.
    pub(super) comments: Option<String>,
    pub(super) comments_feed: Option<String>,
    /// The Markdown of the content; only with all of that.
    pub(super) markdown: Option<String>,
}

/// Who wrote it, as far as a feed tells: never the e-mail address.
#[derive(Debug, Clone)]
pub(super) struct Author {
    pub(super) name: String,
    pub(super) url: Option<String>,
}

/// A term of a taxonomy.
pub(super) struct Category<'a> {
    pub(super) taxonomy: &'a str,
    pub(super) term: String,
    pub(super) scheme: Option<String>,
}

impl Item<'_> {
    /// The last change, when there was one since publication.
    pub(super) fn changed(&self) -> Option<&Zoned> {
        Some(self.updated).filter(|updated| *updated > self.published)
    }
}

impl<'a> Item<'a> {
    /// An entry of the site whose ids begin with `id_base`.
    pub(super) fn new(entry: &'a Entry, config: &Config, id_base: &str, footer: Option<String>) -> Self {
        item(entry, config, id_base, footer)
    }
}

fn item<'a>(entry: &'a Entry, config: &Config, id_base: &str, footer: Option<String>) -> Item<'a> {
    let tag = language::tag(&entry.language).unwrap_or_else(|| config.site.language.clone());
    let title = Some(text::line(&entry.title)).filter(|title| !title.is_empty());
    let mut summary = entry.summary.as_deref().map(text::line).filter(|summary| !summary.is_empty());
    // An entry without a summary is as short as one.
    let mut opening = summary.clone().unwrap_or_else(|| text::words(&entry.content));
    if opening.is_empty() {
        // A picture or a rule alone has no words.
        opening = title.clone().unwrap_or_else(|| entry.published.date().to_string());
    }
    let label = title.clone().unwrap_or_else(|| text::first_words(&opening));

    let in_feeds = entry.in_feeds.as_deref();
    let is_whole = in_feeds.and_then(|it| it.whole).unwrap_or(config.feeds.content == FeedContent::Full);
    let is_full = is_whole && !entry.content.is_empty();
    let mut content = is_full.then(|| entry.html());
    if content.is_none() {
        summary = Some(opening.clone());
    }
    if let Some(footer) = footer {
        // Below an excerpt too, which is HTML then.
        let above = content.take().unwrap_or_else(|| format!("<p>{}</p>\n", escaped(&opening, false)));
        content = Some(format!("{above}{footer}\n"));
    }
    let content = content.map(text::html);
    let address = |of: fn(&InFeeds) -> &Option<String>| in_feeds.and_then(|it| of(it).as_deref()).and_then(uri::web);

    let (guid, url) = uri::of_entry(&entry.id, &entry.url);
    Item {
        id: uri::identifier(&guid, id_base),
        guid,
        url,
        title,
        label,
        opening,
        published: &entry.published,
        updated: &entry.updated,
        is_foreign: !tag.eq_ignore_ascii_case(&config.site.language),
        language: tag,
        authors: entry.authors.iter().filter_map(author).collect(),
        categories: entry.categories.iter().filter_map(category).collect(),
        image: entry.image.as_ref().and_then(media::picture),
        attachments: entry.enclosures.iter().filter_map(media::attachment).collect(),
        episode: entry.episode.as_ref(),
        is_podcast: config.podcast.is_some(),
        summary,
        content,
        comments: address(|it| &it.comments),
        comments_feed: address(|it| &it.comments_feed),
        markdown: in_feeds
            .and_then(|it| it.markdown.as_deref())
            .filter(|_| is_full)
            .map(|text| text::clean(text).into()),
    }
}

/// A person with a name.
pub(super) fn author(person: &Person) -> Option<Author> {
    let name = text::line(&person.name);
    (!name.is_empty()).then(|| Author { name, url: person.url.as_deref().and_then(uri::web) })
}

fn category(category: &crate::model::Category) -> Option<Category<'_>> {
    let term = text::line(&category.term);
    (!term.is_empty()).then(|| Category { taxonomy: &category.taxonomy, term, scheme: uri::web(&category.scheme) })
}
