//! Atom 1.0 (RFC 4287).

use std::borrow::Cow;
use std::collections::BTreeMap;

use atom_syndication::extension::{Extension, ExtensionMap};
use atom_syndication::{Category, Content, Entry, FixedDateTime, Generator, Link, Person, Text, TextType, WriteConfig};
use chrono::DateTime;
use jiff::Timestamp;
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::Event;
use quick_xml::events::attributes::Attribute;
use url::Url;

use super::channel::{Feed, HISTORY};
use super::item::{Author, Item};
use super::media::Attachment;
use super::read::{self};
use super::{Format, date, escape, media, style, xml};
use crate::content::write::escaped;
use crate::content::{self, nodes};
use crate::model::{Enclosure, ReadEntry, ReadFeed};

pub(super) const FORMAT: Format = Format {
    name: "atom",
    label: "Atom",
    file_name: Cow::Borrowed("atom.xml"),
    media_type: "application/atom+xml",
    is_xml: true,
    is_in_mail: false,
    is_linted: true,
    open,
    item,
    between: "",
    close: |_| "\n</feed>\n",
    read,
};

/// The library's own declaration does not name the encoding, which some readers then guess.
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";

fn open(feed: &Feed, file_name: &str) -> String {
    let media_type = FORMAT.media_type;
    let mut links = vec![link("self", media_type, feed.address(file_name))];
    links.push(link("alternate", "text/html", feed.site.clone()));
    links.extend(feed.about.links().map(|(rel, href)| Link { mime_type: None, ..link(rel, "", href.to_owned()) }));
    links.extend(feed.relations(file_name).into_iter().map(|(rel, href)| link(rel, media_type, href)));
    let document = atom_syndication::Feed {
        title: Text::plain(feed.title.clone()),
        // A feed's id is its address, so that each feed of a site has its own.
        id: feed.id(file_name),
        updated: feed.updated.as_ref().map_or_else(never, date::fixed),
        // Required (RFC 4287 §4.1.1) where an entry names no author.
        authors: vec![feed.author.as_ref().map_or_else(|| named(&feed.title), person)],
        // Without a version: an upgrade must not change the bytes of a feed.
        generator: Some(Generator { value: "Tidings".into(), ..Generator::default() }),
        links,
        rights: feed.about.rights.clone().map(Text::plain),
        icon: feed.about.icon.clone(),
        logo: feed.about.logo.clone(),
        subtitle: feed.description.clone().map(Text::plain),
        lang: Some(feed.language.clone()),
        namespaces: namespaces(feed),
        extensions: history(feed),
        ..atom_syndication::Feed::default()
    };
    let whole = written(&document, "<feed", "</feed>");
    let opening = format!("{DECLARATION}{}", whole.strip_suffix("\n</feed>").unwrap_or(&whole));
    if feed.about.is_styled { style::styled(&opening, feed.depth()) } else { opening }
}

fn namespaces(feed: &Feed) -> BTreeMap<String, String> {
    let history = feed.history_element().map(|_| ("fh", HISTORY));
    let all = std::iter::once(("media", media::NAMESPACE)).chain(history);
    all.map(|(prefix, uri)| (prefix.to_owned(), uri.to_owned())).collect()
}

/// What part of its history the feed holds.
fn history(feed: &Feed) -> ExtensionMap {
    let Some(name) = feed.history_element() else { return ExtensionMap::new() };
    let element = Extension { name: format!("fh:{name}"), value: Some(String::new()), ..Extension::default() };
    BTreeMap::from([("fh".to_owned(), BTreeMap::from([(name.to_owned(), vec![element])]))])
}

fn item(item: &Item<'_>) -> String {
    let document = atom_syndication::Feed { entries: vec![entry(item)], ..atom_syndication::Feed::default() };
    let entry = written(&document, "\n  <entry>", "</entry>");
    let entry = xml::with_attributes(&entry, "entry", std::iter::once(attributes(item)));
    match item.content.as_deref() {
        // References take about a third more.
        Some(html) => xml::with_content(&entry, html.len() * 3 / 2, |entry| escape::xml(html, entry)),
        None => entry,
    }
}

/// The part of a feed, as the library writes it, from the first `from` to the end of the last `to`.
fn written(document: &atom_syndication::Feed, from: &str, to: &str) -> String {
    let config = WriteConfig { write_document_declaration: false, indent_size: Some(2) };
    let bytes = document.write_with_config(Vec::new(), config).expect("writing to memory does not fail");
    let whole = String::from_utf8(bytes).expect("the feed holds only strings");
    xml::hex_references(xml::part(&whole, from, to), ("<content", "</content>"))
}

/// A summary that shows a tag says that it is none, by being HTML itself: validators and readers guess otherwise.
fn summary(text: &str) -> Text {
    if text.contains('<') { Text::html(text.replace('&', "&amp;").replace('<', "&lt;")) } else { Text::plain(text) }
}

fn entry(item: &Item<'_>) -> Entry {
    Entry {
        // Required (RFC 4287 §4.1.2), unlike in the other formats.
        title: Text::plain(item.label.clone()),
        id: item.id.clone(),
        updated: date::fixed(item.updated),
        authors: item.authors.iter().map(person).collect(),
        categories: item
            .categories
            .iter()
            .map(|category| Category {
                term: category.term.clone(),
                scheme: category.scheme.clone(),
                label: Some(category.term.clone()),
            })
            .collect(),
        links: std::iter::once(link("alternate", "text/html", item.url.clone()))
            .chain(replies(item))
            .chain(item.attachments.iter().map(enclosure))
            .collect(),
        published: Some(date::fixed(item.published)),
        summary: item.summary.as_deref().map(summary),
        content: item.content.as_deref().map(|_| Content {
            // Every address in it is absolute already; this is for what readers make of it.
            base: Some(item.url.clone()),
            content_type: Some("html".into()),
            value: Some(xml::CONTENT.to_owned()),
            ..Content::default()
        }),
        extensions: pictures(item),
        ..Entry::default()
    }
}

/// The library knows no attributes of an entry.
fn attributes(item: &Item<'_>) -> String {
    if item.is_foreign { format!(" xml:lang=\"{}\"", item.language) } else { String::new() }
}

fn link(rel: &str, media_type: &str, href: String) -> Link {
    Link { href, rel: rel.into(), mime_type: Some(media_type.into()), ..Link::default() }
}

/// Where comments are, and their feed (RFC 4685 §4), which is of any format.
fn replies(item: &Item<'_>) -> impl Iterator<Item = Link> {
    let page = item.comments.clone().map(|href| link("replies", "text/html", href));
    let feed = item.comments_feed.clone().map(|href| link("replies", "application/rss+xml", href));
    page.into_iter().chain(feed)
}

fn enclosure(attachment: &Attachment) -> Link {
    Link {
        length: attachment.length.map(|length| length.to_string()),
        title: attachment.title.clone(),
        ..link("enclosure", &attachment.media_type, attachment.url.clone())
    }
}

/// The picture in the words of Media RSS: Atom has none of its own for it.
fn pictures(item: &Item<'_>) -> ExtensionMap {
    let mut elements: BTreeMap<String, Vec<Extension>> = BTreeMap::new();
    for element in media::elements(item.image.as_ref(), &[]) {
        elements.entry(element.name.to_owned()).or_default().push(extension(element));
    }
    if elements.is_empty() { ExtensionMap::new() } else { ExtensionMap::from([("media".to_owned(), elements)]) }
}

fn extension(element: media::Element) -> Extension {
    let mut children: BTreeMap<String, Vec<Extension>> = BTreeMap::new();
    for child in element.children {
        children.entry(child.name.to_owned()).or_default().push(extension(child));
    }
    Extension {
        name: format!("media:{}", element.name),
        // The library escapes texts but not attributes.
        attrs: element.attributes.into_iter().map(|(name, value)| (name, escaped(&value, true))).collect(),
        value: element.text,
        children,
    }
}

fn person(author: &Author) -> Person {
    Person { uri: author.url.clone(), ..named(&author.name) }
}

fn named(name: &str) -> Person {
    Person { name: name.to_owned(), ..Person::default() }
}

/// `updated` is required, and a feed without entries was never updated. The clock would change the file with each
/// build, so the day on which RFC 4287 was published stands for it.
fn never() -> DateTime<chrono::FixedOffset> {
    DateTime::from_timestamp(1_133_395_200, 0).unwrap_or_default().fixed_offset()
}

fn read(bytes: &[u8]) -> Result<ReadFeed, Option<String>> {
    let feed = atom_syndication::Feed::read_from(bytes).map_err(|error| match error {
        atom_syndication::Error::InvalidStartTag => None,
        error => Some(error.to_string()),
    })?;
    let seconds = |date: &FixedDateTime| Timestamp::from_second(date.timestamp()).ok();
    let address = feed.links.iter().find(|link| link.rel == "self").map(|link| link.href.clone());
    let own = address.as_deref().and_then(|address| Url::parse(address.trim()).ok());
    let of_feed = feed.base.as_deref().and_then(|base| under(own.as_ref(), base));
    let below = |link: String| of_feed.as_ref().and_then(|base| base.join(link.trim()).ok()).map_or(link, Into::into);
    let link = alternate(feed.links).map(below);
    let mut of_entries = bases(bytes).into_iter();
    let entry = |entry: Entry| {
        let of_entry = of_entries.next().flatten().and_then(|base| under(of_feed.as_ref().or(own.as_ref()), &base));
        let base = of_entry.or_else(|| of_feed.clone());
        let absolute = |written: String| {
            let url = base.as_ref().and_then(|base| base.join(written.trim()).ok());
            url.map_or(written, Into::into)
        };
        let of_content = entry.content.as_ref().and_then(|content| content.base.as_deref());
        let of_content = of_content.and_then(|written| under(base.as_ref().or(own.as_ref()), written));
        let content = entry.content.as_ref().and_then(|content| {
            let value = content.value.as_deref().filter(|_| content.src.is_none())?;
            html(value, content.content_type.as_deref().unwrap_or("text"))
        });
        let summary = entry.summary.as_ref().and_then(|summary| html(&summary.value, kind(summary.r#type)));
        let (content, summary, is_summary) = read::content_or_summary(content, summary);
        let enclosures = entry.links.iter().filter(|link| link.rel == "enclosure").map(|link| Enclosure {
            url: absolute(link.href.clone()),
            media_type: link.mime_type.clone(),
            length: link.length.as_deref().and_then(read::length),
            ..Enclosure::default()
        });
        ReadEntry {
            id: entry.id.trim().to_owned(),
            enclosures: enclosures.collect(),
            link: alternate(entry.links).map(absolute),
            title: Some(plain(&entry.title)),
            date: entry.published.unwrap_or(entry.updated).to_rfc3339(),
            published: entry.published.as_ref().and_then(seconds),
            updated: seconds(&entry.updated),
            authors: entry.authors.into_iter().map(|author| author.name).collect(),
            categories: entry.categories.into_iter().map(|category| category.label.unwrap_or(category.term)).collect(),
            html: content,
            is_summary,
            summary,
            base: of_content.or(base),
        }
    };
    Ok(ReadFeed {
        format: FORMAT.name,
        generator: feed.generator.map(|generator| generator.value),
        title: Some(plain(&feed.title)),
        description: feed.subtitle.as_ref().map(plain),
        language: feed.lang,
        author: feed.authors.into_iter().next().map(|author| author.name),
        link,
        address,
        entries: feed.entries.into_iter().map(entry).collect(),
    })
}

/// An address that may be relative (RFC 3986 §5.1).
fn under(base: Option<&Url>, written: &str) -> Option<Url> {
    base.map_or_else(|| Url::parse(written.trim()), |base| base.join(written.trim())).ok()
}

/// The `xml:base` of each entry itself, in order (RFC 4287 §2): the library keeps those of the feed and of texts.
fn bases(bytes: &[u8]) -> Vec<Option<String>> {
    let mut found = Vec::new();
    if memchr::memmem::find(bytes, b"xml:base").is_none() {
        return found;
    }
    let mut reader = Reader::from_reader(bytes);
    let mut depth = 0_usize;
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                if depth == 1 && start.local_name().as_ref() == b"entry" {
                    let base = start.try_get_attribute("xml:base").ok().flatten();
                    let value = |base: Attribute<'_>| {
                        let written = String::from_utf8_lossy(&base.value).into_owned();
                        unescape(&written).map_or_else(|_| written.clone(), Cow::into_owned)
                    };
                    found.push(base.map(value));
                }
                depth += 1;
            }
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(Event::Eof) | Err(_) => return found,
            Ok(_) => {}
        }
    }
}

/// The page of a feed or an entry (RFC 4287 §4.2.7.2).
fn alternate(links: Vec<Link>) -> Option<String> {
    links.into_iter().find(|link| link.rel == "alternate").map(|link| link.href)
}

/// How the type of a text is written (RFC 4287 §3.1.1).
fn kind(kind: TextType) -> &'static str {
    match kind {
        TextType::Text => "text",
        TextType::Html => "html",
        TextType::Xhtml => "xhtml",
    }
}

/// What a text or content of this type is as HTML; `None` for what a reader does not show (RFC 4287 §4.1.3.3).
fn html(value: &str, kind: &str) -> Option<String> {
    match kind {
        "html" | "xhtml" | "text/html" | "application/xhtml+xml" => Some(value.to_owned()),
        "text" | "text/plain" => Some(read::of_text(value)),
        _ => None,
    }
}

/// A title without markup.
fn plain(text: &Text) -> String {
    match text.r#type {
        TextType::Text => text.value.clone(),
        TextType::Html | TextType::Xhtml => nodes::one_line(&content::read(&text.value).nodes),
    }
}
