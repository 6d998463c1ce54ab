//! RSS 2.0 (<https://www.rssboard.org/rss-specification>) as the RSS Profile advises: `description` is the summary,
//! `content:encoded` the whole; authors are `dc:creator`, because `author` would publish an e-mail address.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rss::extension::dublincore::DublinCoreExtension;
use rss::extension::itunes::{ITunesCategory, ITunesChannelExtension, ITunesItemExtension, ITunesOwner};
use rss::extension::{Extension, ExtensionMap};
use rss::{Category, Channel, Enclosure, Guid, Image};

use super::about::Podcast;
use super::channel::{Feed, HISTORY};
use super::item::Item;
use super::read::{self, moment};
use super::{Format, date, language, media, style, xml};
use crate::content::write::escaped;
use crate::model::{self, ReadEntry, ReadFeed};

pub(super) const FORMAT: Format = Format {
    name: "rss",
    label: "RSS",
    file_name: Cow::Borrowed("feed.xml"),
    media_type: "application/rss+xml",
    is_xml: true,
    is_in_mail: true,
    is_linted: true,
    open,
    item,
    between: "",
    close: |_| "\n  </channel>\n</rss>\n",
    read,
};

const ATOM: &str = "http://www.w3.org/2005/Atom";

/// Every namespace that an item may need: the opening is written before any item is known.
const NAMESPACES: [(&str, &str); 4] = [
    ("atom", ATOM),
    ("content", "http://purl.org/rss/1.0/modules/content/"),
    ("dc", "http://purl.org/dc/elements/1.1/"),
    ("media", media::NAMESPACE),
];

fn open(feed: &Feed, file_name: &str) -> String {
    let channel = Channel {
        title: feed.title.clone(),
        link: feed.site.clone(),
        // Required (RSS 2.0, "Required channel elements").
        description: feed.description.clone().unwrap_or_else(|| feed.title.clone()),
        language: Some(feed.language.clone()),
        last_build_date: feed.updated.as_ref().map(date::rfc822),
        // Without a version: an upgrade must not change the bytes of a feed.
        generator: Some("Tidings".into()),
        copyright: feed.about.rights.clone(),
        image: feed.about.image.clone().map(|url| Image {
            url,
            title: feed.title.clone(),
            link: feed.site.clone(),
            ..Image::default()
        }),
        itunes_ext: feed.about.podcast.as_ref().map(podcast),
        extensions: extensions(feed, file_name),
        namespaces: namespaces(feed),
        ..Channel::default()
    };
    let whole = written(&channel, "", "</rss>");
    let opening = whole.strip_suffix("\n  </channel>\n</rss>").unwrap_or(&whole);
    if feed.about.is_styled { style::styled(opening, feed.depth()) } else { opening.to_owned() }
}

/// The part of a channel, as the library writes it, from the first `from` to the end of the last `to`.
fn written(channel: &Channel, from: &str, to: &str) -> String {
    let bytes = channel.pretty_write_to(Vec::new(), b' ', 2).expect("writing to memory does not fail");
    let whole = String::from_utf8(bytes).expect("the channel holds only strings");
    xml::hex_references(xml::part(&whole, from, to), ("<![CDATA[", "]]>"))
}

fn item(item: &Item<'_>) -> String {
    let content = item.content.as_deref();
    // What would end the section is for the library to divide.
    let plain = content.filter(|html| memchr::memmem::find(html.as_bytes(), b"]]>").is_none());
    let document = Channel { items: vec![of(item, plain.map(|_| xml::CONTENT).or(content))], ..Channel::default() };
    let written = written(&document, "\n    <item>", "</item>");
    match plain {
        Some(html) => xml::with_content(&written, html.len(), |item| item.extend_from_slice(html.as_bytes())),
        None => written,
    }
}

fn of(item: &Item<'_>, content: Option<&str>) -> rss::Item {
    let description = escaped(&item.opening, false);
    rss::Item {
        title: item.title.clone(),
        link: Some(item.url.clone()),
        // Never left out: `content:encoded` alone is not understood everywhere, and an item without title needs it.
        description: Some(language::directed(&description, &item.language).unwrap_or(description)),
        categories: item
            .categories
            .iter()
            .map(|category| Category { name: category.term.clone(), domain: category.scheme.clone() })
            .collect(),
        guid: Some(Guid { value: item.guid.clone(), permalink: item.guid == item.url }),
        comments: item.comments.clone(),
        pub_date: Some(date::rfc822(item.published)),
        content: content.map(str::to_owned),
        enclosure: item.attachments.first().map(|attachment| Enclosure {
            url: attachment.url.clone(),
            // Required; 0 where it is not known (RSS Best Practices Profile, "enclosure").
            length: attachment.length.unwrap_or(0).to_string(),
            mime_type: attachment.media_type.clone(),
        }),
        extensions: item_extensions(item),
        itunes_ext: item.is_podcast.then(|| episode(item)),
        dublin_core_ext: dublin_core(item),
        ..rss::Item::default()
    }
}

fn item_extensions(item: &Item<'_>) -> ExtensionMap {
    let mut extensions = item
        .changed()
        .map_or_else(ExtensionMap::new, |changed| atom("updated", BTreeMap::new(), &date::rfc3339(changed)));
    let mut elements: BTreeMap<String, Vec<Extension>> = BTreeMap::new();
    // An item has room for one enclosure.
    for element in media::elements(item.image.as_ref(), item.attachments.get(1..).unwrap_or_default()) {
        elements.entry(element.name.to_owned()).or_default().push(media_extension(element));
    }
    if !elements.is_empty() {
        extensions.insert("media".to_owned(), elements);
    }
    let others = [("wfw", "commentRss", &item.comments_feed), ("source", "markdown", &item.markdown)];
    for (prefix, name, value) in others {
        if let Some(value) = value {
            let element = element(&format!("{prefix}:{name}"), BTreeMap::new(), value);
            extensions.insert(prefix.to_owned(), BTreeMap::from([(name.to_owned(), vec![element])]));
        }
    }
    extensions
}

fn media_extension(element: media::Element) -> Extension {
    let mut children: BTreeMap<String, Vec<Extension>> = BTreeMap::new();
    for child in element.children {
        children.entry(child.name.to_owned()).or_default().push(media_extension(child));
    }
    Extension { name: format!("media:{}", element.name), attrs: element.attributes, value: element.text, children }
}

/// What directories of podcasts want to know of an episode.
fn episode(item: &Item<'_>) -> ITunesItemExtension {
    let said = item.episode;
    ITunesItemExtension {
        duration: item
            .attachments
            .first()
            .and_then(|attachment| attachment.duration)
            .map(|seconds| seconds.to_string()),
        explicit: said.and_then(|episode| episode.explicit).map(|explicit| explicit.to_string()),
        episode: said.and_then(|episode| episode.number).map(|number| number.to_string()),
        season: said.and_then(|episode| episode.season).map(|season| season.to_string()),
        image: item.image.as_ref().map(|image| image.url.clone()),
        ..ITunesItemExtension::default()
    }
}

fn dublin_core(item: &Item<'_>) -> Option<DublinCoreExtension> {
    let creators: Vec<String> = item.authors.iter().map(|author| author.name.clone()).collect();
    let languages: Vec<String> = item.is_foreign.then(|| item.language.clone()).into_iter().collect();
    (!creators.is_empty() || !languages.is_empty()).then(|| DublinCoreExtension {
        creators,
        languages,
        ..DublinCoreExtension::default()
    })
}

fn namespaces(feed: &Feed) -> BTreeMap<String, String> {
    let podcast = feed.about.podcast.as_ref().map(|_| ("itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"));
    let history = feed.history_element().map(|_| ("fh", HISTORY));
    let comments = feed.has_comment_feeds.then_some(("wfw", "http://wellformedweb.org/CommentAPI/"));
    let markdown = feed.has_markdown.then_some(("source", "http://source.scripting.com/"));
    NAMESPACES
        .into_iter()
        .chain(podcast)
        .chain(history)
        .chain(comments)
        .chain(markdown)
        .map(|(prefix, uri)| (prefix.to_owned(), uri.to_owned()))
        .collect()
}

/// The links to this feed, to what belongs to it and to other files of its history, and what part of that it holds.
fn extensions(feed: &Feed, file_name: &str) -> ExtensionMap {
    let files = std::iter::once(("self", feed.address(file_name))).chain(feed.relations(file_name));
    let files =
        files.map(|(rel, href)| vec![("href", href), ("rel", rel.to_owned()), ("type", FORMAT.media_type.into())]);
    let about = feed.about.links().map(|(rel, href)| vec![("href", href.to_owned()), ("rel", rel.to_owned())]);
    let links = files.chain(about).map(|attributes| {
        let attributes = attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        element("atom:link", attributes, "")
    });
    let mut extensions =
        ExtensionMap::from([("atom".to_owned(), BTreeMap::from([("link".to_owned(), links.collect())]))]);
    if let Some(name) = feed.history_element() {
        let element = element(&format!("fh:{name}"), BTreeMap::new(), "");
        extensions.insert("fh".to_owned(), BTreeMap::from([(name.to_owned(), vec![element])]));
    }
    extensions
}

fn podcast(podcast: &Podcast) -> ITunesChannelExtension {
    let category = |text: &str| ITunesCategory { text: text.to_owned(), subcategory: None };
    ITunesChannelExtension {
        author: Some(podcast.author.clone()),
        categories: podcast
            .categories
            .iter()
            .map(|(name, below)| ITunesCategory {
                subcategory: below.as_deref().map(|below| Box::new(category(below))),
                ..category(name)
            })
            .collect(),
        image: podcast.image.clone(),
        explicit: Some(podcast.explicit.to_string()),
        owner: podcast
            .owner
            .as_ref()
            .map(|(name, email)| ITunesOwner { name: Some(name.clone()), email: Some(email.clone()) }),
        ..ITunesChannelExtension::default()
    }
}

fn element(name: &str, attrs: BTreeMap<String, String>, value: &str) -> Extension {
    Extension { name: name.to_owned(), value: Some(value.to_owned()), attrs, ..Extension::default() }
}

/// One element of the Atom namespace.
fn atom(name: &str, attrs: BTreeMap<String, String>, value: &str) -> ExtensionMap {
    let element = element(&format!("atom:{name}"), attrs, value);
    BTreeMap::from([("atom".to_owned(), BTreeMap::from([(name.to_owned(), vec![element])]))])
}

fn read(bytes: &[u8]) -> Result<ReadFeed, Option<String>> {
    let channel = Channel::read_from(bytes).map_err(|error| Some(error.to_string()))?;
    let is_of_hugo = channel.generator.as_deref().is_some_and(|name| name.starts_with("Hugo"));
    let atom = |extensions: &ExtensionMap, name: &str| -> Vec<Extension> {
        extensions.get("atom").and_then(|atom| atom.get(name)).cloned().unwrap_or_default()
    };
    let entry = |item: rss::Item| {
        let updated = atom(&item.extensions, "updated").first().and_then(|updated| moment(updated.value()?));
        let more = item.dublin_core_ext.unwrap_or_default();
        let date = item.pub_date.or_else(|| more.dates.into_iter().next()).unwrap_or_default();
        let page = item.guid.as_ref().filter(|guid| guid.permalink).map(|guid| guid.value.clone());
        let link = item.link.filter(|link| !link.trim().is_empty()).or(page).map(|link| link.trim().to_owned());
        let has_title = item.title.as_deref().is_some_and(|title| !title.trim().is_empty());
        let (html, summary, is_summary) = match (item.content, item.description) {
            (None, Some(html)) => {
                let is_summary = has_title && read::is_teaser(&html, is_of_hugo);
                (html, None, is_summary)
            }
            (content, summary) => read::content_or_summary(content, summary),
        };
        let enclosure = item.enclosure.map(|enclosure| model::Enclosure {
            url: enclosure.url,
            media_type: Some(enclosure.mime_type).filter(|kind| !kind.is_empty()),
            length: read::length(&enclosure.length),
            ..model::Enclosure::default()
        });
        ReadEntry {
            base: None,
            id: item.guid.as_ref().map(Guid::value).or(link.as_deref()).unwrap_or_default().trim().to_owned(),
            published: moment(&date),
            updated,
            link,
            title: item.title,
            date,
            authors: if more.creators.is_empty() { item.author.into_iter().collect() } else { more.creators },
            categories: item.categories.into_iter().map(|category| category.name).collect(),
            html,
            is_summary,
            summary,
            enclosures: enclosure.into_iter().collect(),
        }
    };
    let links = atom(&channel.extensions, "link");
    let address = links.iter().find(|link| link.attrs.get("rel").is_some_and(|rel| rel == "self"));
    Ok(ReadFeed {
        format: FORMAT.name,
        address: address.and_then(|link| link.attrs.get("href").cloned()),
        author: channel.dublin_core_ext.and_then(|more| more.creators.into_iter().next()),
        generator: channel.generator,
        title: Some(channel.title),
        description: Some(channel.description),
        language: channel.language,
        link: Some(channel.link),
        entries: channel.items.into_iter().map(entry).collect(),
    })
}
