//! JSON Feed 1.1 (<https://www.jsonfeed.org/version/1.1/>), and version 1 where it differs.

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::Timestamp;

use super::findings::Findings;
use super::html;
use super::place::{Kind, Value};
use super::rules::{
    AUTHORS, CONTENT, EMPTY, EXTENSION, MARKUP, MISSING, NO_SELF, NUMBER_ID, OLD_FORMAT, SAME_ID, SAME_PAGE, SHAPE,
    TWICE, VALUE,
};
use super::values::{self, Notation, shown};

const VERSION: &str = "https://jsonfeed.org/version/1.1";

const FEED: &str = "version title home_page_url feed_url description user_comment next_url icon favicon authors author \
    language expired hubs items";
const ITEM: &str = "id url external_url title content_html content_text summary image banner_image date_published \
    date_modified authors author tags language attachments";
const AUTHOR: &str = "name url avatar";
const ATTACHMENT: &str = "url mime_type title size_in_bytes duration_in_seconds";
const HUB: &str = "type url";

pub(super) fn feed(root: &Value, now: Timestamp, findings: &mut Findings<'_>) {
    let mut walk = Walk { findings, now };
    if !root.is_object() {
        walk.findings.add(&SHAPE, root.at.clone(), "a JSON Feed is an object");
        return;
    }
    walk.names(root, FEED);
    match walk.string(root, "version") {
        Some((version, at)) if !version.contains("jsonfeed.org/version/1") => {
            walk.findings.add(&VALUE, at, format!("no version of JSON Feed: `{}`", shown(&version)));
        }
        Some((version, at))
            if version.trim_start_matches("http://").trim_start_matches("https://").trim_start_matches("www.")
                != &VERSION[8..] =>
        {
            walk.findings.add(&OLD_FORMAT, at, "JSON Feed of version 1");
        }
        Some(_) => {}
        None => walk.missing(root, "version"),
    }
    walk.title(root, true);
    for name in ["home_page_url", "feed_url", "next_url", "icon", "favicon"] {
        walk.address(root, name);
    }
    if root.get("feed_url").is_none() {
        walk.findings.add(&NO_SELF, root.at.start..root.at.start + 1, "the feed does not say where it is");
    }
    if let (Some(next), Some(own)) = (root.get("next_url"), root.get("feed_url").and_then(Value::text))
        && next.text() == Some(own)
    {
        walk.findings.add(&SAME_PAGE, next.at.clone(), "`next_url` leads to this file itself");
    }
    walk.string(root, "description");
    walk.string(root, "user_comment");
    walk.language(root);
    walk.people(root);
    if let Some(value) = root.get("expired").filter(|value| !matches!(value.kind, Kind::Word)) {
        walk.shape(value, "expired", "true or false");
    }
    for hub in walk.objects(root, "hubs", HUB) {
        walk.needs(hub, "type");
        walk.needs(hub, "url");
        walk.address(hub, "url");
    }
    if root.get("items").is_none() {
        walk.missing(root, "items");
    }
    let mut ids = BTreeSet::new();
    for item in walk.objects(root, "items", ITEM) {
        walk.item(item, &mut ids);
    }
}

struct Walk<'w, 't> {
    findings: &'w mut Findings<'t>,
    now: Timestamp,
}

impl Walk<'_, '_> {
    fn item(&mut self, item: &Value, ids: &mut BTreeSet<String>) {
        match item.get("id") {
            Some(id) => {
                let text = match &id.kind {
                    Kind::String(text) => text.clone(),
                    Kind::Number => {
                        // Version 1 asked readers to take it all the same.
                        self.findings.add(&NUMBER_ID, id.at.clone(), "an id that is a number");
                        self.findings.text[id.at.clone()].to_owned()
                    }
                    _ => {
                        self.shape(id, "id", "a text");
                        String::new()
                    }
                };
                if text.is_empty() {
                    self.findings.add(&MISSING, id.at.clone(), "an empty id");
                } else if !ids.insert(text.clone()) {
                    self.findings.add(&SAME_ID, id.at.clone(), format!("two items have the id `{}`", shown(&text)));
                }
            }
            None => self.missing(item, "id"),
        }
        for name in ["url", "external_url", "image", "banner_image"] {
            self.address(item, name);
        }
        self.title(item, false);
        let content = [self.string(item, "content_html"), self.string(item, "content_text")];
        if content.iter().all(Option::is_none) {
            let message = "an item with neither `content_html` nor `content_text`";
            self.findings.add(&CONTENT, item.at.start..item.at.start + 1, message);
        }
        if let [Some((text, at)), _] = &content {
            html::look(text, at, self.findings);
        }
        self.string(item, "summary");
        for name in ["date_published", "date_modified"] {
            if let Some((text, at)) = self.string(item, name) {
                values::date(&text, Notation::Internet, at, self.now, self.findings);
            }
        }
        self.language(item);
        self.people(item);
        if let Some(tags) = item.get("tags") {
            match tags.items() {
                Some(tags) => {
                    for tag in tags {
                        match tag.text() {
                            Some(_) => self.characters(tag, true),
                            None => self.shape(tag, "tags", "a list of texts"),
                        }
                    }
                }
                None => self.shape(tags, "tags", "a list of texts"),
            }
        }
        for attachment in self.objects(item, "attachments", ATTACHMENT) {
            self.needs(attachment, "url");
            self.needs(attachment, "mime_type");
            self.address(attachment, "url");
            if let Some((kind, at)) = self.string(attachment, "mime_type") {
                values::media_type(&kind, at, self.findings);
            }
            for name in ["size_in_bytes", "duration_in_seconds"] {
                if let Some(value) = attachment.get(name).filter(|value| !matches!(value.kind, Kind::Number)) {
                    self.shape(value, name, "a number");
                }
            }
        }
    }

    fn missing(&mut self, object: &Value, name: &str) {
        self.findings.add(&MISSING, object.at.start..object.at.start + 1, format!("there is no `{name}`"));
    }

    fn needs(&mut self, object: &Value, name: &str) {
        if object.get(name).is_none() {
            self.missing(object, name);
        }
    }

    fn shape(&mut self, value: &Value, name: &str, what: &str) {
        self.findings.add(&SHAPE, value.at.clone(), format!("`{name}` is not {what}"));
    }

    /// Names that the format does not know, or that stand twice.
    fn names(&mut self, object: &Value, known: &str) {
        let mut seen = BTreeSet::new();
        for (name, at, _) in object.members() {
            if !name.starts_with('_') && !html::is_one_of(known, name) {
                self.findings.add(&EXTENSION, at.clone(), format!("JSON Feed does not know `{}`", shown(name)));
            }
            if !seen.insert(name) {
                self.findings.add(&TWICE, at.clone(), format!("a second `{}`", shown(name)));
            }
        }
    }

    fn string(&mut self, object: &Value, name: &str) -> Option<(String, Range<usize>)> {
        let value = object.get(name)?;
        let text = value.text();
        if text.is_none() {
            self.shape(value, name, "a text");
        }
        self.characters(value, name != "content_html");
        Some((text?.to_owned(), value.at.clone()))
    }

    fn characters(&mut self, value: &Value, is_plain: bool) {
        let Some(text) = value.text() else { return };
        values::characters(text, value.at.clone(), self.findings);
        if is_plain {
            values::garbling(text, &value.at, self.findings);
        }
    }

    fn address(&mut self, object: &Value, name: &str) {
        if let Some((text, at)) = self.string(object, name) {
            values::address(&text, at, self.findings);
        }
    }

    fn language(&mut self, object: &Value) {
        if let Some((text, at)) = self.string(object, "language") {
            values::language(&text, at, self.findings);
        }
    }

    /// A title, which is plain text.
    fn title(&mut self, object: &Value, is_required: bool) {
        match self.string(object, "title") {
            Some((text, at)) => {
                let is_escaped =
                    ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;", "&#x27;"].iter().find(|part| text.contains(**part));
                // A title about escaping has the plain sign too.
                let is_meant = text.contains(['<', '"']) || has_lone_ampersand(&text);
                let escaped = is_escaped.filter(|_| !is_meant).map(|part| (*part).to_owned());
                if let Some(part) = html::end_tag(&text).or(escaped) {
                    self.findings.add(&MARKUP, at, format!("`{part}` in a title, which is plain text"));
                } else if text.trim().is_empty() {
                    self.findings.add(&EMPTY, at, "an empty title");
                }
            }
            None if is_required && object.get("title").is_none() => self.missing(object, "title"),
            None => {}
        }
    }

    fn people(&mut self, object: &Value) {
        if let Some((_, at, _)) = object.members().iter().find(|(name, ..)| name == "author") {
            self.findings.add(&AUTHORS, at.clone(), "`author` was replaced by `authors` in version 1.1");
        }
        for author in self.objects(object, "authors", AUTHOR) {
            if author.members().is_empty() {
                self.findings.add(&MISSING, author.at.clone(), "an author without name, address and picture");
            }
            self.string(author, "name");
            self.address(author, "url");
            self.address(author, "avatar");
        }
    }

    /// The objects of a list.
    fn objects<'v>(&mut self, object: &'v Value, name: &str, known: &str) -> Vec<&'v Value> {
        let Some(value) = object.get(name) else { return Vec::new() };
        let Some(items) = value.items() else {
            self.shape(value, name, "a list");
            return Vec::new();
        };
        let (objects, others): (Vec<_>, Vec<_>) = items.iter().partition(|item| item.is_object());
        for other in others {
            self.shape(other, name, "a list of objects");
        }
        for object in &objects {
            self.names(object, known);
        }
        objects
    }
}

fn has_lone_ampersand(text: &str) -> bool {
    text.match_indices('&').any(|(at, _)| text[at..].find(';').is_none_or(|end| end > 8))
}
