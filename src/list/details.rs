//! What a list says of a reader beside name and consent.

use serde_json::Value;

use super::columns::Meaning;
use super::layout::Layout;
use super::rows::Row;
use super::text::{clean, unguarded};
use crate::model::{Details, Lists};

/// What stands in the column `lists` for a reader who is on none.
pub(super) const NO_LISTS: &str = "-";

/// What the cells of a row say; what is too long is cut, and what is too much left out.
pub(super) fn details(row: &Row, layout: &Layout) -> Details {
    let mut details = Details::default();
    for column in &layout.kept {
        let cell = row.cell(column.index);
        if cell.is_empty() {
            continue;
        }
        let text = unguarded(&cell);
        match column.meaning {
            Meaning::Language if is_language(text) => details.language = Some(text.replace('_', "-")),
            Meaning::Lists if text == NO_LISTS => details.lists = Some(Lists::default()),
            Meaning::Lists => {
                let names: Vec<String> = parts(text).map(list_name).collect();
                let lists = Lists::new(names.iter().map(String::as_str));
                details.lists = Some(lists).filter(|lists| lists.names().next().is_some());
            }
            Meaning::Tags => parts(text).for_each(|tag| add_tag(&mut details, tag)),
            Meaning::Fields => match serde_json::from_str(text) {
                Ok(Value::Object(fields)) => fields.iter().for_each(|(name, value)| add(&mut details, name, value)),
                _ => add_text(&mut details, &column.name, text),
            },
            _ => add_text(&mut details, &column.name, text),
        }
    }
    details
}

/// Adds a field of a JSON object; what is neither a text nor a number or the like is kept as JSON.
fn add(details: &mut Details, name: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::String(text) => add_text(details, name, text),
        Value::Array(tags) if name == "tags" => {
            tags.iter().filter_map(Value::as_str).for_each(|tag| add_tag(details, tag));
        }
        value => add_text(details, name, &value.to_string()),
    }
}

fn add_text(details: &mut Details, name: &str, text: &str) {
    details.add_field(&clean(name, Details::LONGEST_TEXT), &clean(text, Details::LONGEST_TEXT));
}

fn add_tag(details: &mut Details, tag: &str) {
    details.add_tag(&clean(tag, Details::LONGEST_TEXT));
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
