//! Bare `Key: value` lines at the top of a file, as Pelican and others write them: a blank line ends them, or one of dashes.

use super::super::draft_words::{holding_keys, is_holding_key};
use super::super::names::{NAMES, has};
use super::fence::{first_line, key_of};
use super::form::{Extent, Form, Pair, ParseError, Parsed, lines};
use super::value::{Value, normal};

/// `Title: …`.
pub(crate) const FORM: Form = Form { find, read, ending: "leave a blank line below the last `Key: value` line" };

fn begins(key: &str) -> bool {
    has(&NAMES.first, key) || is_holding_key(key)
}

/// True when such a key may begin with these letters.
fn begins_with(half: &str) -> bool {
    NAMES.first.iter().any(|key| key.starts_with(half)) || holding_keys().iter().any(|key| key.starts_with(half))
}

fn find(text: &str, start: usize) -> Option<Extent> {
    let rest = &text[start..];
    let first = first_line(rest);
    let half_a_line = first.len() == rest.len();
    let Some(key) = key_of(first).map(normal) else {
        let word = normal(first);
        let may_begin = half_a_line && !word.is_empty() && begins_with(&word);
        return may_begin.then_some(Extent::Endless);
    };
    if !begins(&key) {
        return None;
    }
    let mut decides = false;
    for (at, line) in lines(text, start) {
        if !line.is_empty() && line.trim().is_empty() && at.end == text.len() && !text.ends_with('\n') {
            // Half of a line that goes on, perhaps before one that says `draft`.
            return Some(Extent::Endless);
        }
        if line.trim().is_empty() || (at.start > start && matches!(line.trim_end(), "---" | "...")) {
            return decides.then_some(Extent::Block { text: start..at.start, body: at.end });
        }
        match key_of(line).map(normal) {
            Some(key) => decides |= matches!(&*key, "title" | "date") || is_holding_key(&key),
            None if line.starts_with([' ', '\t']) => {}
            None => return Some(Extent::Endless),
        }
    }
    Some(Extent::Endless)
}

fn read(block: &str) -> Result<Parsed, ParseError> {
    let mut pairs: Vec<Pair> = Vec::new();
    let not_a_key = |offset| ParseError {
        code: "post/front-matter",
        offset,
        message: "this line is not `Key: value`".to_owned(),
        help: "write it as `Key: value`, or leave a blank line above it",
    };
    for (at, line) in lines(block, 0) {
        match (key_of(line), pairs.last_mut()) {
            (Some(key), _) => {
                let source = line.split_once(':').map_or("", |(_, rest)| rest.trim()).to_owned();
                let at = at.start..at.start + line.trim_end().len();
                pairs.push(Pair { key: key.to_owned(), value: Value::Null, at, source });
            }
            (None, Some(last)) => last.source.extend([" ", line.trim()]),
            (None, None) => return Err(not_a_key(at.start)),
        }
    }
    for pair in &mut pairs {
        pair.value = Value::Text(pair.source.clone());
    }
    Ok(Parsed { pairs, notes: Vec::new() })
}
