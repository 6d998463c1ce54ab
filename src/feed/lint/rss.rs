//! RSS 2.0 and its predecessors 0.91 and 0.92 (RSS 2.0 specification; RSS Advisory Board, Best Practices Profile).

use std::collections::BTreeSet;

use super::atom;
use super::extension;
use super::html::is_one_of;
use super::rules::{
    ACTIVE, ADDRESS, ENCLOSURES, IMAGE, IMAGE_SIZE, MARKUP, MISSING, NO_ID, NO_SELF, NUMBER, ORDER, PERMALINK, SAME_ID,
    STRAY_TEXT, VALUE,
};
use super::tree::{Child, Element};
use super::values::{self, Notation, shown};
use super::xml::{ATOM, CONTENT, Children, Walk, place};

const CHANNEL: Children = Children {
    single: "title link description language copyright managingEditor webMaster pubDate lastBuildDate generator docs \
             cloud ttl image rating textInput skipHours skipDays",
    many: "category item",
};
const ITEM: Children = Children {
    single: "title link description author comments guid pubDate source expirationDate",
    many: "category enclosure",
};
const PICTURE: Children = Children { single: "url title link width height description", many: "" };
const INPUT: Children = Children { single: "title description name link", many: "" };

pub(super) fn document(root: &Element, walk: &mut Walk<'_, '_>) {
    let version = walk.required(root, "version");
    if let Some(version) = version.filter(|version| !matches!(*version, "2.0" | "0.91" | "0.92" | "2.0.1")) {
        walk.findings.add(&VALUE, root.tag.clone(), format!("no version of RSS: `{}`", shown(version)));
    }
    let is_current = version.is_some_and(|version| version.starts_with("2."));
    walk.children(root, &Children { single: "channel", many: "" });
    match root.first("", "channel") {
        Some(found) => channel(found, is_current, walk),
        None => walk.findings.add(&MISSING, root.tag.clone(), "`<rss>` has no `<channel>`"),
    }
}

fn channel(channel: &Element, is_current: bool, walk: &mut Walk<'_, '_>) {
    walk.children(channel, &CHANNEL);
    for name in ["title", "link", "description"] {
        if channel.first("", name).is_none() {
            walk.findings.add(&MISSING, channel.tag.clone(), format!("the channel has no `<{name}>`"));
        }
    }
    let mut has_image = false;
    for child in channel.children() {
        match (&*child.namespace, &*child.name) {
            ("", "title" | "copyright") => drop(walk.plain(child)),
            ("", "description") => plain_or_empty(child, walk),
            ("", "link" | "docs") => drop(walk.address(child)),
            ("", "managingEditor" | "webMaster") => person(child, walk),
            ("", "pubDate" | "lastBuildDate") => drop(walk.date(child, Notation::Mail)),
            ("", "language") => {
                let text = walk.text(child);
                values::language(&text, place(child), walk.findings);
            }
            ("", "category") => drop(walk.filled(child)),
            ("", "ttl") => walk.number(child, 1..=u64::MAX),
            ("", "cloud") => cloud(child, walk),
            // A second one is a mistake by itself.
            ("", "image") if !std::mem::replace(&mut has_image, true) => image(child, channel, walk),
            ("", "textInput") => text_input(child, walk),
            ("", "skipHours") => skip(child, "hour", walk),
            ("", "skipDays") => skip(child, "day", walk),
            ("", _) | (ATOM, "link") => {}
            _ => extension::look(child, walk),
        }
    }
    let has_self = atom::links(channel, walk, false);
    if is_current && !has_self {
        walk.findings.add(&NO_SELF, channel.tag.clone(), "the feed does not say where it is");
    }
    atom::history(channel, walk);
    let mut late = channel.children().skip_while(|child| !child.is("", "item"));
    if let Some(child) = late.find(|child| child.namespace.is_empty() && child.name != "item") {
        let message = format!("`<{}>` stands after the first item", child.full_name);
        walk.findings.add(&ORDER, child.tag.clone(), message);
    }
    let mut ids = BTreeSet::new();
    for found in channel.all("", "item") {
        item(found, is_current, &mut ids, walk);
    }
}

fn item(item: &Element, is_current: bool, ids: &mut BTreeSet<String>, walk: &mut Walk<'_, '_>) {
    walk.children(item, &ITEM);
    if item.first("", "title").is_none() && item.first("", "description").is_none() {
        walk.findings.add(&MISSING, item.tag.clone(), "an item with neither `<title>` nor `<description>`");
    }
    if is_current && item.first("", "guid").is_none() {
        walk.findings.add(&NO_ID, item.tag.clone(), "an item without `<guid>`");
    }
    for child in item.children() {
        match (&*child.namespace, &*child.name) {
            ("", "title") => drop(walk.plain(child)),
            ("", "description") => walk.html(child),
            ("", "link" | "comments") => drop(walk.address(child)),
            ("", "author") => person(child, walk),
            ("", "pubDate") => drop(walk.date(child, Notation::Mail)),
            ("", "category") => drop(walk.filled(child)),
            ("", "guid") => guid(child, ids, walk),
            ("", "enclosure") => enclosure(child, walk),
            ("", "source") => {
                walk.filled(child);
                address_of(child, "url", walk);
            }
            ("", _) | (ATOM, "link") => {}
            _ => extension::look(child, walk),
        }
    }
    atom::links(item, walk, true);
    if let Some(second) = item.all("", "enclosure").nth(1) {
        walk.findings.add(&ENCLOSURES, second.tag.clone(), "a second enclosure of one item");
    }
    let at = |namespace, name| item.children().position(|child| child.is(namespace, name));
    if let (Some(content), Some(description)) = (at(CONTENT, "encoded"), at("", "description"))
        && content < description
        && let Some(child) = item.first(CONTENT, "encoded")
    {
        walk.findings.add(&ORDER, child.tag.clone(), "the content stands before the description");
    }
}

/// A description of the channel: plain text, and it may be empty.
fn plain_or_empty(element: &Element, walk: &mut Walk<'_, '_>) {
    if !element.inside.is_empty() {
        walk.plain(element);
    }
}

fn person(element: &Element, walk: &mut Walk<'_, '_>) {
    let text = walk.text(element);
    values::rss_person(&text, place(element), walk.findings);
}

fn guid(element: &Element, ids: &mut BTreeSet<String>, walk: &mut Walk<'_, '_>) {
    let text = walk.filled(element);
    if text.is_empty() {
        return;
    }
    if !ids.insert(text.clone()) {
        walk.findings.add(&SAME_ID, place(element), format!("two items have the id `{}`", shown(&text)));
    }
    match element.value("isPermaLink") {
        Some("false") => {}
        Some("true") | None => {
            if !text.starts_with("http://") && !text.starts_with("https://") {
                let message = format!("`{}` is no address of a page", shown(&text));
                walk.findings.add(&PERMALINK, place(element), message);
            } else {
                values::address(&text, place(element), walk.findings);
            }
        }
        Some(other) => {
            let message = format!("`isPermaLink` is neither true nor false: `{}`", shown(other));
            walk.findings.add(&VALUE, element.tag.clone(), message);
        }
    }
}

fn enclosure(element: &Element, walk: &mut Walk<'_, '_>) {
    address_of(element, "url", walk);
    if let Some(length) = walk.required(element, "length")
        && length.parse::<u64>().is_err()
    {
        let at = element.attribute("length").map_or(element.tag.clone(), |length| length.at.clone());
        walk.findings.add(&NUMBER, at, format!("no length in bytes: `{}`", shown(length)));
    }
    if let Some(kind) = walk.required(element, "type") {
        let at = element.attribute("type").map_or(element.tag.clone(), |kind| kind.at.clone());
        values::media_type(kind, at, walk.findings);
    }
    if element.content.iter().any(|child| matches!(child, Child::Text(text) if !text.trim().is_empty())) {
        walk.findings.add(&STRAY_TEXT, element.tag.clone(), "text in an enclosure");
    }
}

fn address_of(element: &Element, name: &str, walk: &mut Walk<'_, '_>) {
    if walk.required(element, name).is_some()
        && let Some(address) = element.attribute(name)
        && values::address(&address.value, address.at.clone(), walk.findings)
        && !address.value.contains("://")
    {
        let message = format!("no web address: `{}`", shown(&address.value));
        walk.findings.add(&ADDRESS, address.at.clone(), message);
    }
}

fn cloud(element: &Element, walk: &mut Walk<'_, '_>) {
    for name in ["domain", "port", "path", "registerProcedure", "protocol"] {
        walk.required(element, name);
    }
    if let Some(port) = element.attribute("port").filter(|port| !port.value.parse::<u16>().is_ok_and(|port| port > 0)) {
        walk.findings.add(&NUMBER, port.at.clone(), format!("no port: `{}`", shown(&port.value)));
    }
}

fn image(image: &Element, channel: &Element, walk: &mut Walk<'_, '_>) {
    walk.children(image, &PICTURE);
    for name in ["url", "title", "link"] {
        let Some(child) = image.first("", name) else {
            walk.findings.add(&MISSING, image.tag.clone(), format!("the image has no `<{name}>`"));
            continue;
        };
        let text = if name == "title" { walk.plain(child) } else { walk.address(child).unwrap_or_default() };
        let of_channel = channel.first("", name).map(|other| other.text().trim().to_owned());
        if let Some(other) = of_channel.filter(|other| !text.is_empty() && *other != text) {
            let message = format!("the image has another {name} than the channel: `{}`", shown(&other));
            walk.findings.add(&IMAGE, place(child), message);
        }
        let path = text.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
        if name == "url" && [".svg", ".webp", ".avif", ".ico", ".bmp"].iter().any(|ending| path.ends_with(ending)) {
            walk.findings.add(&IMAGE, place(child), "not every reader shows a picture of this kind");
        }
    }
    for (name, most) in [("width", 144), ("height", 400)] {
        if let Some(child) = image.first("", name) {
            let text = walk.text(child);
            if !text.parse::<u64>().is_ok_and(|number| (1..=most).contains(&number)) {
                let message = format!("the {name} is not from 1 to {most}: `{}`", shown(&text));
                walk.findings.add(&IMAGE_SIZE, place(child), message);
            }
        }
    }
}

fn text_input(element: &Element, walk: &mut Walk<'_, '_>) {
    walk.children(element, &INPUT);
    walk.findings.add(&ACTIVE, element.tag.clone(), "readers ignore `<textInput>`");
    for name in ["title", "description", "name", "link"] {
        match element.first("", name) {
            Some(child) if name == "link" => drop(walk.address(child)),
            Some(child) => drop(walk.filled(child)),
            None => walk.findings.add(&MISSING, element.tag.clone(), format!("`<textInput>` has no `<{name}>`")),
        }
    }
}

/// `<skipHours>` and `<skipDays>`.
fn skip(element: &Element, name: &'static str, walk: &mut Walk<'_, '_>) {
    walk.children(element, &Children { single: "", many: name });
    let mut seen = BTreeSet::new();
    for child in element.all("", name) {
        if name == "hour" {
            walk.number(child, 0..=24);
        } else if let text = walk.text(child)
            && !is_one_of("Monday Tuesday Wednesday Thursday Friday Saturday Sunday", &text)
        {
            walk.findings.add(&VALUE, place(child), format!("no day: `{}`", shown(&text)));
        }
        if !seen.insert(child.text().trim().to_owned()) {
            walk.findings.add(&VALUE, place(child), format!("the same {name} twice"));
        }
    }
    if seen.is_empty() {
        walk.findings.add(&MISSING, element.tag.clone(), format!("`<{}>` has no `<{name}>`", element.full_name));
    }
}

/// RSS 1.0 and its kin are RDF, which is another matter: only their titles are looked at.
pub(super) fn of_rdf(root: &Element, walk: &mut Walk<'_, '_>) {
    walk.findings.add(&super::rules::OLD_FORMAT, root.tag.clone(), "RSS 1.0: only its form is looked at");
    for title in root.children().filter_map(|child| child.children().find(|child| child.name == "title")) {
        let text = title.text();
        if text.contains("</") {
            walk.findings.add(&MARKUP, place(title), "markup in a title, which is plain text");
        }
    }
}
