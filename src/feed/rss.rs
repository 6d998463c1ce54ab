//! RSS 2.0 (<https://www.rssboard.org/rss-specification>) as the RSS Profile advises: `description` is the summary,
//! `content:encoded` the whole; authors are `dc:creator`, because `author` would publish an e-mail address.

use std::collections::BTreeMap;

use rss::extension::dublincore::DublinCoreExtension;
use rss::extension::{Extension, ExtensionMap};
use rss::{Category, Channel, Guid};

use super::item::{Feed, Item};
use super::{Format, date, language, text, xml};

pub(super) const FORMAT: Format =
    Format { name: "rss", file_name: "feed.xml", media_type: "application/rss+xml", build };

const ATOM: &str = "http://www.w3.org/2005/Atom";

fn build(feed: &Feed<'_>) -> Vec<u8> {
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
        namespaces: BTreeMap::from([("atom".into(), ATOM.into())]),
        items: feed.items.iter().map(item).collect(),
        ..Channel::default()
    };
    let bytes = channel.pretty_write_to(Vec::new(), b' ', 2).expect("writing to memory does not fail");
    let written = String::from_utf8(bytes).expect("the channel holds only strings");
    let mut written = xml::hex_references(&written, ("<![CDATA[", "]]>"));
    written.push('\n');
    written.into_bytes()
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

fn own_address(feed: &Feed<'_>) -> BTreeMap<String, String> {
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
