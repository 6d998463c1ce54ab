//! RSS 2.0 (<https://www.rssboard.org/rss-specification>) as the RSS Profile advises: `description` is the summary,
//! `content:encoded` the whole; authors are `dc:creator`, because `author` would publish an e-mail address.

use std::collections::BTreeMap;

use rss::extension::dublincore::DublinCoreExtension;
use rss::extension::{Extension, ExtensionMap};
use rss::{Category, Channel, Guid};

use super::channel::Feed;
use super::item::Item;
use super::{Format, date, language, text, xml};

pub(super) const FORMAT: Format = Format {
    name: "rss",
    file_name: "feed.xml",
    media_type: "application/rss+xml",
    open,
    item: |item| written(&Channel { items: vec![self::item(item)], ..Channel::default() }, "\n    <item>", "</item>"),
    between: "",
    close: |_| "\n  </channel>\n</rss>\n",
};

const ATOM: &str = "http://www.w3.org/2005/Atom";

/// Every namespace that an item may need: the opening is written before any item is known.
const NAMESPACES: [(&str, &str); 3] = [
    ("atom", ATOM),
    ("content", "http://purl.org/rss/1.0/modules/content/"),
    ("dc", "http://purl.org/dc/elements/1.1/"),
];

fn open(feed: &Feed) -> String {
    let channel = Channel {
        title: feed.title.clone(),
        link: feed.site.clone(),
        // Required (RSS 2.0, "Required channel elements").
        description: feed.description.clone().unwrap_or_else(|| feed.title.clone()),
        language: Some(feed.language.clone()),
        last_build_date: feed.updated.as_ref().map(date::rfc822),
        // Without a version: an upgrade must not change the bytes of a feed.
        generator: Some("Tidings".into()),
        extensions: atom("link", own_address(feed), ""),
        namespaces: NAMESPACES.map(|(prefix, uri)| (prefix.to_owned(), uri.to_owned())).into(),
        ..Channel::default()
    };
    let whole = written(&channel, "", "</rss>");
    whole.strip_suffix("\n  </channel>\n</rss>").unwrap_or(&whole).to_owned()
}

/// The part of a channel, as the library writes it, from the first `from` to the end of the last `to`.
fn written(channel: &Channel, from: &str, to: &str) -> String {
    let bytes = channel.pretty_write_to(Vec::new(), b' ', 2).expect("writing to memory does not fail");
    let whole = String::from_utf8(bytes).expect("the channel holds only strings");
    xml::hex_references(xml::part(&whole, from, to), ("<![CDATA[", "]]>"))
}

fn item(item: &Item<'_>) -> rss::Item {
    let description = text::to_html(&item.opening);
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
        pub_date: Some(date::rfc822(item.published)),
        content: item.content.as_deref().map(str::to_owned),
        extensions: item
            .changed()
            .map_or_else(ExtensionMap::new, |changed| atom("updated", BTreeMap::new(), &date::rfc3339(changed))),
        dublin_core_ext: dublin_core(item),
        ..rss::Item::default()
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

fn own_address(feed: &Feed) -> BTreeMap<String, String> {
    let attributes =
        [("href", feed.address(FORMAT.file_name)), ("rel", "self".into()), ("type", FORMAT.media_type.into())];
    attributes.map(|(name, value)| (name.to_owned(), value)).into()
}

/// One element of the Atom namespace.
fn atom(name: &str, attrs: BTreeMap<String, String>, value: &str) -> ExtensionMap {
    let extension =
        Extension { name: format!("atom:{name}"), value: Some(value.to_owned()), attrs, ..Extension::default() };
    BTreeMap::from([("atom".to_owned(), BTreeMap::from([(name.to_owned(), vec![extension])]))])
}
