//! TOML between lines of plus signs, as Hugo and Zola write it. Scalars stay text exactly as written.

use std::collections::HashSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::draft_words::is_holding_key;
use super::form::{Extent, Form, Note, Pair, ParseError, Parsed, lines};
use super::value::{Value, normal};
use super::{assignment, fence};

/// More lines than this are not taken for one value.
const MOST_LINES: usize = 100;

/// `+++`, `+++ toml`, `---toml`.
pub(crate) const FORM: Form =
    Form {
        find, read, ending: "put `title = \"…\"` and `date = …` below this line, and end it with a line like it"
    };

fn find(text: &str, start: usize) -> Option<Extent> {
    let begins = |line: &str| line.starts_with('[') || line.contains('=');
    fence::between(text, start, '+', &["", "toml"], begins)
        .or_else(|| fence::between(text, start, '-', &["toml"], begins))
}

fn read(block: &str) -> Result<Parsed, ParseError> {
    let (offset, problem) = match DeTable::parse(block) {
        Ok(table) => {
            let pairs = pairs(table.get_ref(), block);
            match swallowed(block, &pairs) {
                None => return Ok(Parsed { pairs, notes: Vec::new() }),
                Some(at) => (at.start, "a text above swallows this line".to_owned()),
            }
        }
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            match line_by_line(block, at) {
                Some(reading) => return Ok(reading),
                None => (at, error.message().lines().next().unwrap_or("syntax error").to_owned()),
            }
        }
    };
    Err(ParseError {
        code: "post/toml",
        offset,
        message: format!("the front matter is not TOML: {problem}"),
        help: "write `key = value`, with text in double quotes",
    })
}

fn pairs(table: &DeTable<'_>, block: &str) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = table
        .iter()
        .map(|(key, value)| {
            let source = block.get(value.span()).unwrap_or_default();
            let start = block[..key.span().start].rfind('\n').map_or(0, |at| at + 1);
            Pair {
                key: key.get_ref().to_string(),
                value: text_of(value, block),
                at: start..start + fence::first_line(&block[start..]).len(),
                source: source.to_owned(),
            }
        })
        .collect();
    pairs.sort_by_key(|pair| pair.at.start);
    pairs
}

fn text_of(value: &Spanned<DeValue<'_>>, block: &str) -> Value {
    match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Array(items) => Value::List(items.iter().map(|item| text_of(item, block)).collect()),
        DeValue::Table(table) => {
            let pairs = table.iter().map(|(key, value)| (key.get_ref().to_string(), text_of(value, block)));
            Value::Map(pairs.collect())
        }
        _ => Value::Text(block.get(value.span()).unwrap_or_default().to_owned()),
    }
}

/// A line that holds the post back although the parser saw no such key: a text of several lines has swallowed it.
fn swallowed(block: &str, pairs: &[Pair]) -> Option<Range<usize>> {
    let mut seen: HashSet<&str> = HashSet::new();
    for pair in pairs {
        seen.insert(&pair.key);
        pair.value.each_key(&mut |key| seen.extend([key]));
    }
    lines(block, 0)
        .find(|(_, line)| {
            assignment::split(line).is_some_and(|(key, _)| is_holding_key(&normal(key)) && !seen.contains(key))
        })
        .map(|(at, _)| at)
}

/// A value of several lines that needs no guess: none of them may be the one that holds the post back.
fn several_lines<'t>(first: &str, rest: &mut impl Iterator<Item = (Range<usize>, &'t str)>) -> Option<Value> {
    let close = [("\"\"\"", "\"\"\""), ("[", "]"), ("(", ")")].into_iter().find(|(open, _)| first.starts_with(open))?.1;
    let mut text = first.to_owned();
    for (_, line) in rest.take(MOST_LINES) {
        let holds = assignment::split(line.trim_start()).is_some_and(|(key, _)| is_holding_key(&normal(key)));
        if holds {
            return None;
        }
        text.extend(["\n", line.trim()]);
        let value = line.contains(close).then(|| assignment::value(&text)).flatten();
        if value.is_some() {
            return value;
        }
    }
    None
}

/// What TOML does not read and has one reading all the same: text without quotes, a day that does not exist, Julia.
fn line_by_line(block: &str, wrong: usize) -> Option<Parsed> {
    let mut reading = Parsed::default();
    let mut section: Option<Pair> = None;
    let mut lines = lines(block, 0);
    while let Some((at, line)) = lines.next() {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let at = at.start..at.start + line.len();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
            let value = Value::Map(Vec::new());
            let next = is_name.then(|| Pair { key: name.to_owned(), value, at, source: String::new() })?;
            reading.pairs.extend(section.replace(next));
            continue;
        }
        let (key, source) = assignment::split(line)?;
        let value = match assignment::value(source) {
            Some(value) => value,
            None => several_lines(source, &mut lines)?,
        };
        match &mut section {
            Some(Pair { value: Value::Map(inner), .. }) => inner.push((key.to_owned(), value)),
            _ => reading.pairs.push(Pair { key: key.to_owned(), value, at, source: source.to_owned() }),
        }
    }
    reading.pairs.extend(section);
    let start = block[..wrong.min(block.len())].rfind('\n').map_or(0, |at| at + 1);
    reading.notes.push(Note {
        code: "post/toml",
        at: start..start + fence::first_line(&block[start..]).len(),
        message: "this is not TOML as it stands; read as plain text",
        help: "put text in double quotes, and write dates as `2025-01-31`".to_owned(),
    });
    Some(reading)
}
