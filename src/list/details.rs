//! What a list says of a reader beside name and consent.

use serde_json::Value;

use super::columns::Meaning;
use super::layout::Layout;
use super::loss::Loss;
use super::rows::Row;
use super::text::{clean, unguarded};
use crate::model::{Details, Lists};

/// What stands in the column `lists` for a reader who is on none.
pub(super) const NO_LISTS: &str = "-";

/// What the cells of a row say, and which of them lost what: the first of each kind.
pub(super) fn details(row: &Row, layout: &Layout) -> (Details, Vec<(Loss, usize)>) {
    let mut taking = Taking { details: Details::default(), losses: Vec::new(), index: 0 };
    for column in &layout.kept {
        let cell = row.cell(column.index);
        if cell.is_empty() {
            continue;
        }
        let text = unguarded(&cell);
        taking.index = column.index;
        match column.meaning {
            Meaning::Language if is_language(text) => taking.details.language = Some(text.replace('_', "-")),
            Meaning::Lists if text == NO_LISTS => taking.details.lists = Some(Lists::default()),
            Meaning::Lists => taking.lists(text),
            Meaning::Tags => parts(text).for_each(|tag| taking.tag(tag)),
            Meaning::Fields => match serde_json::from_str(text) {
                Ok(Value::Object(fields)) => fields.iter().for_each(|(name, value)| taking.value(name, value)),
                _ => taking.field(&column.name, text),
            },
            _ => taking.field(&column.name, text),
        }
    }
    (taking.details, taking.losses)
}

/// What is known of a reader while the cells of their row are read.
struct Taking {
    details: Details,
    losses: Vec<(Loss, usize)>,
    /// The cell that is read.
    index: usize,
}

impl Taking {
    fn lose(&mut self, loss: Loss) {
        if !self.losses.iter().any(|(known, _)| *known == loss) {
            self.losses.push((loss, self.index));
        }
    }

    /// The text as it can be kept.
    fn cleaned(&mut self, text: &str) -> String {
        let cleaned = clean(text, usize::MAX);
        if cleaned.len() < text.trim().len() {
            self.lose(Loss::Unseen);
        }
        match cleaned.char_indices().nth(Details::LONGEST_TEXT) {
            None => cleaned,
            Some((end, _)) => {
                self.lose(Loss::Cut);
                cleaned[..end].trim_end().to_owned()
            }
        }
    }

    fn lists(&mut self, text: &str) {
        let mut names: Vec<String> = parts(text).map(list_name).collect();
        names.sort();
        names.dedup();
        let lists = Lists::new(names.iter().map(String::as_str));
        let kept = lists.names().count();
        if kept < names.len() {
            self.lose(Loss::List);
        }
        self.details.lists = Some(lists).filter(|_| kept > 0);
    }

    /// A field of a JSON object; what is neither a text nor a number or the like is kept as JSON.
    fn value(&mut self, name: &str, value: &Value) {
        match value {
            Value::Null => {}
            Value::String(text) => self.field(name, text),
            Value::Array(tags) if name == "tags" => tags.iter().filter_map(Value::as_str).for_each(|tag| self.tag(tag)),
            value => self.field(name, &value.to_string()),
        }
    }

    fn field(&mut self, name: &str, text: &str) {
        let (name, text) = (self.cleaned(name), self.cleaned(text));
        if !text.is_empty() && !self.details.add_field(&name, &text) {
            let is_known = name.is_empty() || name == "tags" || self.details.fields.contains_key(&name);
            self.lose(if is_known { Loss::Name } else { Loss::Room });
        }
    }

    fn tag(&mut self, tag: &str) {
        let tag = self.cleaned(tag);
        if !tag.is_empty() && !self.details.add_tag(&tag) {
            self.lose(Loss::Room);
        }
    }
}

/// The words of a cell such as `"Editors","Early birds"` or `[editors, early birds]`.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let is_around = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '[' | ']');
    text.split([',', ';', '|']).map(move |part| part.trim_matches(is_around)).filter(|part| !part.is_empty())
}

/// `Long essays` as a list may be called: `long-essays`.
fn list_name(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

/// True for what can be a language tag (BCP 47), also with the `_` of some programs.
fn is_language(text: &str) -> bool {
    let mut parts = text.split(['-', '_']);
    let is_first =
        parts.next().is_some_and(|part| (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic()));
    is_first && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}
