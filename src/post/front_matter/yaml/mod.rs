//! YAML between lines of dashes: read strictly, and line by line where that fails and one reading is possible (R4).

mod lenient;
mod simple;
mod strict;

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;

use super::super::draft_words::is_holding_key;
use super::fence::{self, key_of};
use super::form::{Extent, Form, Note, Pair, ParseError, Parsed, lines};
use super::value::{Value, normal};

/// `---`, `--- yaml`.
pub(crate) const FORM: Form =
    Form { find, read, ending: "put `title:` and `date:` below this line, and a line `---` below them" };

fn find(text: &str, start: usize) -> Option<Extent> {
    // A whole block may be indented.
    let begins = |line: &str| key_of(line.trim_start_matches(' ')).is_some() || begins_table(line);
    fence::between(text, start, '-', &["", "yaml", "yml"], begins)
}

/// True for `{ key: value, …` and for a line that only opens it; a tag of a template, `{% …`, is a text.
fn begins_table(line: &str) -> bool {
    let Some(rest) = line.strip_prefix('{') else { return false };
    if rest.trim().is_empty() {
        return true;
    }
    let key = rest.trim_start().trim_start_matches(['"', '\'']);
    let after = key.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    after.len() < key.len() && after.trim_start_matches(['"', '\'']).trim_start().starts_with(':')
}

fn read(block: &str) -> Result<Parsed, ParseError> {
    if let Some(pairs) = simple::parse(block) {
        return Ok(Parsed { pairs, notes: Vec::new() });
    }
    let (offset, problem) = match strict::parse(block) {
        Ok(Value::Null) => return Ok(Parsed::default()),
        Ok(Value::Map(pairs)) => match swallowed(block, &pairs) {
            None => return Ok(placed(pairs, block, Vec::new())),
            Some(at) => (at.start, "a text above swallows this line".to_owned()),
        },
        Ok(_) => (0, "it holds no `key: value` lines".to_owned()),
        Err(error) => match lenient::parse(block) {
            Some(guess) => {
                let strays = guess.strays.into_iter().map(|at| Note {
                    code: "post/yaml",
                    at,
                    message: "this line is no `key: value`: it is left out",
                    help: "write it as `key: value`, or remove it".to_owned(),
                });
                let notes = guess.guessed.into_iter().map(|at| guessed(block, at)).chain(strays).collect();
                return Ok(placed(guess.pairs, block, notes));
            }
            None => (error.offset, error.message),
        },
    };
    Err(ParseError {
        code: "post/yaml",
        offset,
        message: format!("the front matter is not YAML: {problem}"),
        help: "close every quote and bracket above this place, and put values with `: ` in quotes",
    })
}

fn guessed(block: &str, at: Range<usize>) -> Note {
    let value = &block[at.clone()];
    let help = if value.contains('\n') {
        "indent with spaces".to_owned()
    } else {
        format!("put it in quotes: `'{}'`", value.replace('\'', "''"))
    };
    Note { code: "post/yaml", at, message: "this is not YAML as it stands; read as plain text", help }
}

/// Reads a YAML document of any shape.
///
/// # Errors
/// The place of the fault and what it is.
pub(crate) fn parse(text: &str) -> Result<Value, (usize, String)> {
    strict::parse(text).map_err(|error| (error.offset, error.message))
}

struct KeyLine<'t> {
    key: &'t str,
    at: Range<usize>,
    source: &'t str,
}

/// The lines of a block that begin with a key, as deep as the first line of it.
fn key_lines(block: &str) -> impl Iterator<Item = KeyLine<'_>> {
    let first = block.lines().find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let indent = first.map_or("", |line| &line[..line.len() - line.trim_start_matches(' ').len()]);
    lines(block, 0).filter_map(move |(at, line)| {
        let key = key_of(line.strip_prefix(indent)?)?;
        let from = line.find(key).unwrap_or_default() + key.len();
        let source = line[from..].split_once(':').map_or("", |(_, rest)| rest.trim());
        Some(KeyLine { key, at: at.start..at.start + line.trim_end().len(), source })
    })
}

/// A line that holds the post back although the parser saw no such key: a quote has swallowed it.
fn swallowed(block: &str, pairs: &[(String, Value)]) -> Option<Range<usize>> {
    let seen: HashSet<&str> = pairs.iter().map(|(key, _)| key.as_str()).collect();
    let is_lost = |line: &KeyLine<'_>| is_holding_key(&normal(line.key)) && !seen.contains(line.key);
    key_lines(block).find(is_lost).map(|line| line.at)
}

fn placed(pairs: Vec<(String, Value)>, block: &str, mut notes: Vec<Note>) -> Parsed {
    let mut lines: HashMap<&str, VecDeque<KeyLine<'_>>> = HashMap::new();
    for line in key_lines(block) {
        lines.entry(line.key).or_default().push_back(line);
    }
    let place = |(key, mut value): (String, Value)| {
        let line = lines.get_mut(&*key).and_then(VecDeque::pop_front);
        let (at, source) = line.map_or((0..1, ""), |line| (line.at, line.source));
        if value == Value::Null && source.starts_with('#') && !source.starts_with("# ") {
            // `tags: #a #b` is a comment to YAML and a list to the author.
            value = Value::Text(source.to_owned());
            let words = source.replace('#', "").split_whitespace().collect::<Vec<_>>().join(", ");
            let help = format!("write `{key}: [{words}]`");
            notes.push(Note {
                code: "post/comment",
                at: at.clone(),
                message: "YAML ignores what follows a `#`; read as a list",
                help,
            });
        }
        Pair { key, value, at, source: source.to_owned() }
    };
    let pairs = pairs.into_iter().map(place).collect();
    Parsed { pairs, notes }
}
