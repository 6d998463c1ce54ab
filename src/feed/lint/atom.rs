//! Atom 1.0 (RFC 4287), with RFC 5005.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::extension;
use super::rules::{
    ALL_UPDATED, CONTENT, DIVISION, EMAIL, EMPTY, HISTORY, LINKS, MISPLACED, MISSING, NO_CONTENT, NO_SELF, RELATION,
    RELATIVE_SELF, SAME_ID, TEXT_TYPE, UNKNOWN, VALUE,
};
use super::tree::{Child, Element};
use super::values::{self, Notation};
use super::xml::{ATOM, Children, HISTORY as HISTORY_NAMESPACE, Walk, XHTML, place};

const FEED: Children = Children {
    single: "generator icon id logo rights subtitle title updated",
    many: "author category contributor link entry",
};
const ENTRY: Children = Children {
    single: "content id published rights source summary title updated",
    many: "author category contributor link",
};
const PERSON: Children = Children { single: "name uri email", many: "" };

/// <https://www.iana.org/assignments/link-relations>, as far as feeds use it.
const RELATIONS: &str = "alternate current describedby edit edit-media enclosure first hub last license next next-archive \
    payment prev prev-archive previous related replies search self service up via author collection item";

/// Relations that lead through the history of a feed.
const THROUGH_HISTORY: &str = "current first last next next-archive prev-archive previous";

pub(super) fn feed(root: &Element, walk: &mut Walk<'_, '_>) {
    language(root, walk);
    walk.children(root, &FEED);
    for name in ["id", "title", "updated"] {
        needs(root, name, walk);
    }
    metadata(root, walk);
    order(root, walk);
    let has_self = links(root, walk, false);
    if !has_self {
        walk.findings.add(&NO_SELF, root.tag.clone(), "the feed does not say where it is");
    }
    history(root, walk);
    let has_author = root.first(ATOM, "author").is_some();
    let mut ids = BTreeSet::new();
    let mut updated = Vec::new();
    for found in root.all(ATOM, "entry") {
        updated.push(entry(found, has_author, &mut ids, walk));
    }
    same_updated(root, &updated, walk);
}

/// An entry document (RFC 4287 §2).
pub(super) fn entry_document(root: &Element, walk: &mut Walk<'_, '_>) {
    entry(root, false, &mut BTreeSet::new(), walk);
}

/// A feed that takes the time of its making for that of its entries marks everything unread each time.
fn same_updated(root: &Element, updated: &[Option<Timestamp>], walk: &mut Walk<'_, '_>) {
    // Days without a time are often the same.
    let is_time = |moment: &Timestamp| moment.as_second() % 3600 != 0;
    if let [Some(first), _, _, ..] = updated
        && is_time(first)
        && updated.iter().all(|other| other.as_ref() == Some(first))
    {
        let at =
            root.first(ATOM, "entry").and_then(|entry| entry.first(ATOM, "updated")).map_or(root.tag.clone(), place);
        walk.findings.add(&ALL_UPDATED, at, "all entries were updated at the same moment");
    }
}

/// What feeds, and the source of an entry, say about themselves.
fn metadata(element: &Element, walk: &mut Walk<'_, '_>) {
    for child in element.children() {
        match (&*child.namespace, &*child.name) {
            (ATOM, "title" | "subtitle" | "rights") => text_construct(child, walk),
            (ATOM, "author" | "contributor") => person(child, walk),
            (ATOM, "category") => category(child, walk),
            (ATOM, "updated") => drop(walk.date(child, Notation::Internet)),
            (ATOM, "id") => drop(walk.address(child)),
            (ATOM, "icon" | "logo") => walk.value(child, values::reference),
            (ATOM, "generator") => {
                walk.filled(child);
                walk.attribute(child, "uri", values::reference);
            }
            (ATOM, _) => {}
            _ => extension::look(child, walk),
        }
    }
}

fn order(root: &Element, walk: &mut Walk<'_, '_>) {
    let late = root.children().skip_while(|child| !child.is(ATOM, "entry"));
    let late = late.filter(|child| &*child.namespace == ATOM && child.name != "entry");
    for child in late {
        let message = format!("`<{}>` stands after the first entry", child.full_name);
        walk.findings.add(&MISPLACED, child.tag.clone(), message);
    }
}

fn needs(element: &Element, name: &str, walk: &mut Walk<'_, '_>) {
    if element.first(ATOM, name).is_none() {
        walk.findings.add(&MISSING, element.tag.clone(), format!("`<{}>` has no `<{name}>`", element.full_name));
    }
}

fn entry(
    element: &Element,
    feed_has_author: bool,
    ids: &mut BTreeSet<String>,
    walk: &mut Walk<'_, '_>,
) -> Option<Timestamp> {
    language(element, walk);
    walk.children(element, &ENTRY);
    for name in ["id", "title", "updated"] {
        needs(element, name, walk);
    }
    let source = element.first(ATOM, "source");
    let source_has_author = source.is_some_and(|source| source.first(ATOM, "author").is_some());
    if !feed_has_author && !source_has_author {
        needs(element, "author", walk);
    }
    // Versions of one entry may stand in one feed (RFC 4287 §4.1.1).
    let version = element.first(ATOM, "updated").map(|updated| values::shown(&updated.text())).unwrap_or_default();
    let has_summary = element.first(ATOM, "summary").is_some();
    let mut updated = None;
    for child in element.children() {
        match (&*child.namespace, &*child.name) {
            (ATOM, "title" | "summary" | "rights") => text_construct(child, walk),
            (ATOM, "author" | "contributor") => person(child, walk),
            (ATOM, "category") => category(child, walk),
            (ATOM, "updated") => updated = walk.date(child, Notation::Internet),
            (ATOM, "published") => drop(walk.date(child, Notation::Internet)),
            (ATOM, "content") => content(child, element, has_summary, walk),
            (ATOM, "source") => {
                walk.children(child, &Children { many: "author category contributor link", ..FEED });
                metadata(child, walk);
                links(child, walk, false);
            }
            (ATOM, "id") => {
                if let Some(id) = walk.address(child)
                    && !ids.insert(format!("{id} {version}"))
                {
                    let message = format!("two entries have the id `{}`", values::shown(&id));
                    walk.findings.add(&SAME_ID, place(child), message);
                }
            }
            (ATOM, _) => {}
            _ => extension::look(child, walk),
        }
    }
    links(element, walk, true);
    let is_alternate = |link: &Element| link.value("rel").is_none_or(|rel| rel == "alternate");
    if element.first(ATOM, "content").is_none() {
        if !element.all(ATOM, "link").any(is_alternate) {
            walk.findings.add(&CONTENT, element.tag.clone(), "an entry without content and without a link to it");
        } else if !has_summary {
            walk.findings.add(&NO_CONTENT, element.tag.clone(), "an entry without content and summary");
        }
    }
    updated
}

fn language(element: &Element, walk: &mut Walk<'_, '_>) {
    if let Some(found) = element.attribute("xml:lang").filter(|found| !found.value.is_empty()) {
        values::language(&found.value, found.at.clone(), walk.findings);
    }
}

/// RFC 4287 §3.1
fn text_construct(element: &Element, walk: &mut Walk<'_, '_>) {
    language(element, walk);
    match element.value("type").unwrap_or("text") {
        "text" => drop(walk.plain(element)),
        "html" => {
            if element.text().trim().is_empty() && element.children().next().is_none() {
                walk.findings.add(&EMPTY, element.tag.clone(), format!("`<{}>` is empty", element.full_name));
            }
            walk.html(element);
        }
        "xhtml" => division(element, walk),
        other => {
            let message = format!("`{}` is no type of text", values::shown(other));
            walk.findings.add(&TEXT_TYPE, element.tag.clone(), message);
        }
    }
}

/// RFC 4287 §3.1.1.3: one `div` of XHTML, and nothing beside it.
fn division(element: &Element, walk: &mut Walk<'_, '_>) {
    let has_text = element.content.iter().any(|child| matches!(child, Child::Text(text) if !text.trim().is_empty()));
    let children: Vec<_> = element.children().collect();
    match &children[..] {
        [only] if only.is(XHTML, "div") && !has_text => walk.xhtml(only),
        _ => {
            let message =
                format!("`<{}>` of XHTML has to hold one `<div>` of XHTML and nothing else", element.full_name);
            walk.findings.add(&DIVISION, element.tag.clone(), message);
        }
    }
}

/// RFC 4287 §4.1.3
fn content(element: &Element, entry: &Element, has_summary: bool, walk: &mut Walk<'_, '_>) {
    language(element, walk);
    let kind = element.value("type");
    if let Some(source) = element.attribute("src") {
        values::reference(&source.value, source.at.clone(), walk.findings);
        if !place_is_blank(element) {
            walk.findings.add(&VALUE, element.tag.clone(), "content that is elsewhere has to be empty here");
        }
        if kind.is_some_and(|kind| matches!(kind, "text" | "html" | "xhtml")) {
            walk.findings.add(&TEXT_TYPE, element.tag.clone(), "content that is elsewhere has a media type");
        }
        if !has_summary {
            walk.findings.add(&MISSING, entry.tag.clone(), "an entry whose content is elsewhere has no `<summary>`");
        }
        return;
    }
    match kind.unwrap_or("text") {
        "text" | "html" | "xhtml" => text_construct(element, walk),
        other => {
            let at = element.attribute("type").map_or(element.tag.clone(), |kind| kind.at.clone());
            if !values::media_type(other, at, walk.findings) {
                return;
            }
            let is_xml = other.ends_with("+xml") || other.ends_with("/xml");
            if !is_xml && !other.starts_with("text/") && !has_summary {
                walk.findings.add(&MISSING, entry.tag.clone(), "an entry whose content is no text has no `<summary>`");
            }
            if let Some(child) = element.children().next().filter(|_| !is_xml) {
                let message = format!("`<{}>` does not belong into content of the type `{other}`", child.full_name);
                walk.findings.add(&UNKNOWN, child.tag.clone(), message);
            }
        }
    }
}

fn place_is_blank(element: &Element) -> bool {
    element.text().trim().is_empty() && element.children().next().is_none()
}

/// RFC 4287 §3.2
fn person(element: &Element, walk: &mut Walk<'_, '_>) {
    walk.children(element, &PERSON);
    needs(element, "name", walk);
    for child in element.children() {
        match (&*child.namespace, &*child.name) {
            (ATOM, "name") => drop(walk.plain(child)),
            (ATOM, "uri") => walk.value(child, values::reference),
            (ATOM, "email") => {
                let text = walk.text(child);
                if !values::is_email(&text) {
                    let message = format!("no e-mail address: `{}`", values::shown(&text));
                    walk.findings.add(&EMAIL, place(child), message);
                }
            }
            _ => {}
        }
    }
}

/// RFC 4287 §4.2.2
fn category(element: &Element, walk: &mut Walk<'_, '_>) {
    match element.attribute("term") {
        Some(term) if term.value.trim().is_empty() => {
            walk.findings.add(&EMPTY, element.tag.clone(), "a category with an empty `term`");
        }
        Some(_) => {}
        None => drop(walk.required(element, "term")),
    }
    walk.attribute(element, "scheme", values::address);
}

/// RFC 4287 §4.2.7; returns whether one of the links is `self`.
pub(super) fn links(element: &Element, walk: &mut Walk<'_, '_>, is_entry: bool) -> bool {
    let mut has_self = false;
    let mut alternates = BTreeSet::new();
    for link in element.all(ATOM, "link") {
        let relation = link.value("rel").unwrap_or("alternate");
        let relation = relation.strip_prefix("http://www.iana.org/assignments/relation/").unwrap_or(relation);
        if !super::html::is_one_of(RELATIONS, relation) && !values::has_scheme(relation) {
            let at = link.attribute("rel").map_or(link.tag.clone(), |rel| rel.at.clone());
            walk.findings.add(&RELATION, at, format!("`{}` is no registered relation", values::shown(relation)));
        }
        if is_entry && super::html::is_one_of(THROUGH_HISTORY, relation) {
            let message = format!("a link `{relation}`, which is for feeds, in an entry");
            walk.findings.add(&RELATION, link.tag.clone(), message);
        }
        if link.attribute("href").is_none() {
            walk.required(link, "href");
        }
        if let Some(address) = link.attribute("href") {
            values::reference(&address.value, address.at.clone(), walk.findings);
            let has_base = [element, link].iter().any(|element| element.attribute("xml:base").is_some());
            if relation == "self" && !values::has_scheme(&address.value) && !has_base {
                walk.findings.add(&RELATIVE_SELF, address.at.clone(), "the address of the feed is relative");
            }
        }
        walk.attribute(link, "type", values::media_type);
        walk.attribute(link, "hreflang", values::language);
        if let Some(length) = link.attribute("length").filter(|length| length.value.parse::<u64>().is_err()) {
            walk.findings.add(&super::rules::NUMBER, length.at.clone(), "no length in bytes");
        }
        has_self |= relation == "self";
        let key = (link.value("type").unwrap_or_default(), link.value("hreflang").unwrap_or_default());
        if relation == "alternate" && !alternates.insert(key) {
            walk.findings.add(&LINKS, link.tag.clone(), "two links to the same kind of page");
        }
    }
    has_self
}

/// RFC 5005
pub(super) fn history(element: &Element, walk: &mut Walk<'_, '_>) {
    let has = |relation: &str| element.all(ATOM, "link").any(|link| link.value("rel") == Some(relation));
    if let Some(mark) = element.first(HISTORY_NAMESPACE, "complete")
        && (has("prev-archive") || has("next-archive"))
    {
        walk.findings.add(&HISTORY, mark.tag.clone(), "a complete feed that has archives");
    }
    if let Some(mark) = element.first(HISTORY_NAMESPACE, "archive").filter(|_| !has("current")) {
        walk.findings.add(&HISTORY, mark.tag.clone(), "an archive without a link to the current feed");
    }
}
