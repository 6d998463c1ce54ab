//! JSON at the very top of a file, or behind `---json`. Commas before a closing bracket are forgiven.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::fence;
use super::form::{Extent, Form, Note, Pair, ParseError, Parsed};
use super::value::Value;

/// No more of a line is kept beside what was read of it: all keys may stand in one line.
const LONGEST_SOURCE: usize = 1000;

/// `{ … }`, `---json`.
pub(crate) const FORM: Form = Form { find, read, ending: "close every bracket and quote that this line opens" };

fn find(text: &str, start: usize) -> Option<Extent> {
    for mark in ['-', '+'] {
        if let Some(extent) = fence::between(text, start, mark, &["json"], |_| true) {
            return Some(extent);
        }
    }
    let rest = text[start..].strip_prefix('{')?.trim_start();
    // `{: .class}`, `{% … %}`, `{{ … }}` and `{#id}` begin a text.
    let word = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').trim_start();
    let begins =
        rest.starts_with(['"', '\'', '}']) || word.is_empty() || (word.starts_with(':') && !rest.starts_with(':'));
    if !begins {
        return None;
    }
    let Some(length) = end_of_object(&text[start..]) else { return Some(Extent::Endless) };
    let end = start + length;
    let body = if fence::first_line(&text[end..]).trim().is_empty() { fence::after_line(text, end) } else { end };
    Some(Extent::Block { text: start..end, body })
}

/// The length of the object that a text begins with.
fn end_of_object(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => drop(skip_string(&mut bytes)?),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Goes behind the closing quote of a string and returns where that is.
fn skip_string(bytes: &mut impl Iterator<Item = (usize, u8)>) -> Option<usize> {
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn read(block: &str) -> Result<Parsed, ParseError> {
    let (json, commas) = with_numbers_quoted(block);
    let read: Result<Value, _> = serde_json::from_str(&json);
    let pairs = match read {
        Ok(Value::Map(pairs)) => pairs,
        Ok(_) => return Err(problem(0, "it is not an object in braces")),
        Err(error) => {
            let line: usize = json.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
            let message = error.to_string();
            return Err(problem(line, message.split(" at line ").next().unwrap_or_default()));
        }
    };
    let keys = keys(block);
    let place = |(key, value): (String, Value)| {
        let at = keys.get(&*key).copied().unwrap_or_default();
        let at = at..at + fence::first_line(&block[at..]).trim_end().len().max(1);
        let line = &block[at.start..block.floor_char_boundary(at.end.min(at.start + LONGEST_SOURCE))];
        let source = line.split_once(':').map_or("", |(_, rest)| rest.trim().trim_end_matches(',')).to_owned();
        Pair { key, value, at, source }
    };
    let note = |at: usize| Note {
        code: "post/json",
        at: at..at + 1,
        message: "this comma has nothing behind it",
        help: "remove the comma".to_owned(),
    };
    Ok(Parsed { pairs: pairs.into_iter().map(place).collect(), notes: commas.into_iter().map(note).collect() })
}

fn problem(offset: usize, message: &str) -> ParseError {
    ParseError {
        code: "post/json",
        offset,
        message: format!("the front matter is not JSON: {message}"),
        help: "put every key and every text in double quotes, with a comma between them",
    }
}

/// The same JSON with its numbers in quotes, so that `1.10` stays `1.10`, and without commas at the end of a list:
/// also where those were.
fn with_numbers_quoted(block: &str) -> (String, Vec<usize>) {
    let mut json = String::with_capacity(block.len());
    let mut commas = Vec::new();
    let mut rest = block;
    while let Some(c) = rest.chars().next() {
        let at = block.len() - rest.len();
        let is_number = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.');
        let token = match c {
            '"' => {
                let end = skip_string(&mut rest.bytes().enumerate().skip(1)).unwrap_or(rest.len());
                &rest[..end]
            }
            '-' | '0'..='9' => &rest[..rest.find(|c| !is_number(c)).unwrap_or(rest.len())],
            _ => &rest[..c.len_utf8()],
        };
        rest = &rest[token.len()..];
        if c == ',' && rest.trim_start().starts_with(['}', ']']) {
            commas.push(at);
            json.push(' ');
        } else if c != '"' && serde_json::from_str::<serde_json::Number>(token).is_ok() {
            json.extend(["\"", token, "\""]);
        } else {
            json.push_str(token);
        }
    }
    (json, commas)
}

/// Where each key first stands, as it is written.
fn keys(block: &str) -> HashMap<&str, usize> {
    let mut keys = HashMap::new();
    let mut bytes = block.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        if byte == b'"'
            && let Some(end) = skip_string(&mut bytes)
            && block[end..].trim_start().starts_with(':')
        {
            keys.entry(&block[at + 1..end - 1]).or_insert(at);
        }
    }
    keys
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfJson)
    }
}

struct OfJson;

impl<'de> Visitor<'de> for OfJson {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a list or an object")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = access.next_entry()? {
            pairs.push(pair);
        }
        Ok(Value::Map(pairs))
    }
}
