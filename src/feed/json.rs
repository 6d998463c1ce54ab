//! JSON Feed 1.1 (<https://www.jsonfeed.org/version/1.1/>). The order of the fields is the order in the file.

use std::borrow::Cow;

use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::channel::Feed;
use super::item::{Author, Category, Item};
use super::media::Attachment;
use super::read::{self, moment};
use super::{Format, date, escape};
use crate::model::{Enclosure, ReadEntry, ReadFeed, distinct};

pub(super) const FORMAT: Format = Format {
    name: "json",
    label: "JSON Feed",
    file_name: Cow::Borrowed("feed.json"),
    media_type: "application/feed+json",
    is_xml: false,
    is_in_mail: false,
    is_linted: true,
    open,
    item,
    between: ",",
    close: |has_items| if has_items { "\n  ]\n}\n" } else { "]\n}\n" },
    read,
};

#[derive(Serialize)]
struct Document<'a> {
    version: &'static str,
    title: &'a str,
    home_page_url: &'a str,
    feed_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    favicon: Option<&'a str>,
    language: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Name<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<Hub<'a>>,
    #[serde(rename = "_tidings", skip_serializing_if = "Rights::is_empty")]
    rights: Rights<'a>,
    /// The items follow one by one.
    items: [(); 0],
}

#[derive(Serialize)]
struct Hub<'a> {
    r#type: &'static str,
    url: &'a str,
}

/// JSON Feed has no words for these.
#[derive(Serialize)]
struct Rights<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    rights: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    license: Option<&'a str>,
}

impl Rights<'_> {
    fn is_empty(&self) -> bool {
        self.rights.is_none() && self.license.is_none()
    }
}

/// A document that holds nothing but one item.
#[derive(Serialize)]
struct Single<'a> {
    items: [Member<'a>; 1],
}

#[derive(Serialize)]
struct Member<'a> {
    id: &'a str,
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    date_published: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_modified: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Name<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_html: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_text: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<File<'a>>,
    #[serde(rename = "_tidings", skip_serializing_if = "Taxonomies::is_empty")]
    taxonomies: Taxonomies<'a>,
}

#[derive(Serialize)]
struct Name<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
}

#[derive(Serialize)]
struct File<'a> {
    url: &'a str,
    mime_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_in_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_in_seconds: Option<u64>,
}

/// Every taxonomy by its name: `{"tags": ["rust"], "emotions": ["calm"]}`.
struct Taxonomies<'a>(&'a [Category<'a>]);

impl Taxonomies<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Taxonomies<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for terms in self.0.chunk_by(|a, b| a.taxonomy == b.taxonomy) {
            map.serialize_entry(terms[0].taxonomy, &terms.iter().map(|category| &category.term).collect::<Vec<_>>())?;
        }
        map.end()
    }
}

fn open(feed: &Feed, file_name: &str) -> String {
    let whole = written(&Document {
        version: "https://jsonfeed.org/version/1.1",
        title: &feed.title,
        home_page_url: &feed.site,
        feed_url: feed.address(file_name),
        next_url: feed.relations(file_name).into_iter().find(|(rel, _)| *rel == "prev-archive").map(|found| found.1),
        description: feed.description.as_deref(),
        icon: feed.about.icon.as_deref(),
        favicon: feed.about.favicon.as_deref(),
        language: &feed.language,
        authors: feed.author.iter().map(name).collect(),
        hubs: feed.about.hubs.iter().map(|url| Hub { r#type: "WebSub", url }).collect(),
        rights: Rights { rights: feed.about.rights.as_deref(), license: feed.about.license.as_deref() },
        items: [],
    });
    whole.strip_suffix("]\n}").unwrap_or(&whole).to_owned()
}

fn item(item: &Item<'_>) -> String {
    let whole = written(&Single { items: [member(item)] });
    let written = whole.strip_prefix("{\n  \"items\": [").and_then(|rest| rest.strip_suffix("\n  ]\n}"));
    let written = written.unwrap_or_default();
    let Some(html) = item.content.as_deref() else { return written.to_owned() };
    let (before, after) = written.split_once(WRITTEN_CONTENT).unwrap_or((written, ""));
    let mut item = Vec::with_capacity(written.len() + html.len() * 9 / 8);
    item.extend_from_slice(before.as_bytes());
    item.push(b'"');
    escape::json(html, &mut item);
    item.push(b'"');
    item.extend_from_slice(after.as_bytes());
    String::from_utf8(item).expect("the content is a string")
}

/// Stands for the content while the library writes what is around it. No text that reaches a feed holds this character
/// ([`super::text`]).
const CONTENT: &str = "\u{1}";

/// [`CONTENT`] as the library writes it. In no other string a quote and a single backslash follow each other.
const WRITTEN_CONTENT: &str = "\"\\u0001\"";

fn written(document: &impl Serialize) -> String {
    serde_json::to_string_pretty(document).expect("the document holds only strings and lists")
}

fn member<'a>(item: &'a Item<'a>) -> Member<'a> {
    // Content or text is required: without the content, the summary is the text, and not a second time the summary.
    let (summary, text) =
        if item.content.is_some() { (item.summary.as_deref(), None) } else { (None, item.summary.as_deref()) };
    Member {
        id: &item.id,
        url: &item.url,
        title: item.title.as_deref(),
        date_published: date::rfc3339(item.published),
        date_modified: item.changed().map(date::rfc3339),
        language: item.is_foreign.then_some(&item.language),
        authors: item.authors.iter().map(name).collect(),
        tags: tags(&item.categories),
        image: item.image.as_ref().map(|image| image.url.as_str()),
        summary,
        content_html: item.content.as_deref().map(|_| CONTENT),
        content_text: text,
        attachments: item.attachments.iter().map(file).collect(),
        taxonomies: Taxonomies(&item.categories),
    }
}

/// Readers know tags only. Categories are the same to them; other taxonomies (emotions) are not what a post is about.
fn tags<'a>(categories: &'a [Category<'a>]) -> Vec<&'a str> {
    let is_tag = |category: &&Category<'_>| matches!(category.taxonomy, "tags" | "categories");
    let mut tags = categories.iter().filter(is_tag).map(|category| category.term.as_str()).collect();
    distinct(&mut tags);
    tags
}

fn file(attachment: &Attachment) -> File<'_> {
    File {
        url: &attachment.url,
        mime_type: &attachment.media_type,
        title: attachment.title.as_deref(),
        size_in_bytes: attachment.length,
        duration_in_seconds: attachment.duration,
    }
}

fn name(author: &Author) -> Name<'_> {
    Name { name: &author.name, url: author.url.as_deref() }
}

/// The members of a feed that are read. What is only shown may be of any type.
#[derive(Deserialize)]
struct Given {
    version: String,
    title: Option<String>,
    #[serde(default)]
    description: Value,
    #[serde(default)]
    language: Value,
    #[serde(default)]
    home_page_url: Value,
    #[serde(default)]
    feed_url: Value,
    #[serde(default)]
    authors: Value,
    #[serde(default)]
    author: Value,
    #[serde(default)]
    items: Vec<GivenItem>,
}

/// Those of an item; an id may be a number (version 1, "items").
#[derive(Deserialize)]
struct GivenItem {
    id: Value,
    url: Option<String>,
    title: Option<String>,
    date_published: Option<String>,
    date_modified: Option<String>,
    #[serde(default)]
    authors: Value,
    #[serde(default)]
    tags: Value,
    #[serde(default)]
    content_html: Value,
    #[serde(default)]
    summary: Value,
    #[serde(default)]
    content_text: Value,
    #[serde(default)]
    attachments: Value,
}

fn read(bytes: &[u8]) -> Result<ReadFeed, Option<String>> {
    if !bytes.starts_with(b"{") {
        return Err(None);
    }
    let document: Given = serde_json::from_slice(bytes).map_err(|error| Some(error.to_string()))?;
    if !document.version.contains("jsonfeed.org") {
        return Err(Some("it is JSON, but no JSON Feed".to_owned()));
    }
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let list = |value: Value| if let Value::Array(list) = value { list } else { Vec::new() };
    let names = |authors: Value| list(authors).iter().filter_map(|author| text(&author["name"])).collect::<Vec<_>>();
    let attachment = |file: &Value| {
        let number = |key: &str| file[key].as_f64().filter(|number| *number >= 1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is cut to what fits")]
        let whole = |key: &str| number(key).map(|number| number as u64);
        Some(Enclosure {
            url: text(&file["url"])?,
            media_type: text(&file["mime_type"]),
            length: whole("size_in_bytes"),
            duration: whole("duration_in_seconds"),
            title: text(&file["title"]),
        })
    };
    let entry = |item: GivenItem| {
        let plain = |value: &Value| text(value).map(|text| read::of_text(&text));
        let content = text(&item.content_html).or_else(|| plain(&item.content_text));
        let (html, summary, is_summary) = read::content_or_summary(content, plain(&item.summary));
        ReadEntry {
            base: None,
            id: text(&item.id).unwrap_or_else(|| item.id.to_string()),
            link: item.url,
            title: item.title,
            published: item.date_published.as_deref().and_then(moment),
            updated: item.date_modified.as_deref().and_then(moment),
            date: item.date_published.or(item.date_modified).unwrap_or_default(),
            authors: names(item.authors),
            categories: list(item.tags).iter().filter_map(text).collect(),
            html,
            is_summary,
            summary,
            enclosures: list(item.attachments).iter().filter_map(attachment).collect(),
        }
    };
    Ok(ReadFeed {
        format: FORMAT.name,
        // JSON Feed knows no generator. As a rule it is ours, and then no second date means that there was no change.
        generator: Some("Tidings".to_owned()),
        title: document.title,
        description: text(&document.description),
        language: text(&document.language),
        author: names(document.authors).into_iter().next().or_else(|| text(&document.author["name"])),
        link: text(&document.home_page_url),
        address: text(&document.feed_url),
        entries: document.items.into_iter().map(entry).collect(),
    })
}
