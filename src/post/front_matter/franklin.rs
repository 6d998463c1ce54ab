//! Franklin's `@def key = value` lines: Julia, of which only plain values are read.

use std::ops::Range;

use super::assignment;
use super::fence::first_line;
use super::form::{Extent, Form, Pair, ParseError, Parsed, has_ended, lines};
use super::value::Value;

const MARK: &str = "@def ";

/// More lines than this are not taken for one value.
const MOST_LINES: usize = 100;

/// `@def title = "…"`.
pub(crate) const FORM: Form =
    Form { find, read, ending: "leave a blank line below the last `@def key = value`, and close every quote" };

fn find(text: &str, start: usize) -> Option<Extent> {
    let rest = &text[start..];
    let half_a_mark = rest.len() > 1 && MARK.starts_with(rest);
    if half_a_mark || (rest.starts_with(MARK) && first_line(rest).len() == rest.len()) {
        return Some(Extent::Endless);
    }
    if !rest.starts_with(MARK) {
        return None;
    }
    let definitions = definitions(rest);
    let end = definitions.last().map_or(0, |last| last.at.end);
    let ended = has_ended(&rest[end..], MARK) && has_ended(rest[end..].trim_start(), MARK);
    let whole = definitions.iter().all(|definition| definition.pair.is_some());
    Some(match (whole, ended) {
        (true, false) => Extent::Endless,
        _ => Extent::Block { text: start..start + end, body: start + end },
    })
}

struct Definition {
    at: Range<usize>,
    /// `None` when the value is not whole.
    pair: Option<(String, Value, String)>,
}

/// The definitions that a text begins with; a value may go on over several lines.
fn definitions(text: &str) -> Vec<Definition> {
    let mut definitions: Vec<Definition> = Vec::new();
    let mut open: Option<Range<usize>> = None;
    let mut length = 0;
    for (at, line) in lines(text, 0) {
        let begins = line.starts_with(MARK);
        length = if begins { 1 } else { length + 1 };
        let statement = match open.take() {
            Some(begun) if !begins => begun.start..at.end,
            Some(begun) => {
                definitions.push(Definition { at: begun, pair: None });
                at
            }
            None if begins => at,
            None if line.trim().is_empty() => continue,
            None => break,
        };
        match pair(&text[statement.clone()]) {
            Some(pair) => definitions.push(Definition { at: statement, pair: Some(pair) }),
            // That of a very long one is not looked for any further.
            None if length >= MOST_LINES => definitions.push(Definition { at: statement, pair: None }),
            None => open = Some(statement),
        }
    }
    definitions.extend(open.map(|at| Definition { at, pair: None }));
    definitions
}

fn pair(statement: &str) -> Option<(String, Value, String)> {
    let (key, source) = assignment::split(statement.strip_prefix(MARK)?)?;
    Some((key.to_owned(), assignment::value(source)?, source.to_owned()))
}

fn read(block: &str) -> Result<Parsed, ParseError> {
    let mut reading = Parsed::default();
    for Definition { at, pair } in definitions(block) {
        let Some((key, value, source)) = pair else {
            return Err(ParseError {
                code: "post/front-matter",
                offset: at.start,
                message: "the value of this line is not text, a number, a list or a date".to_owned(),
                help: "write for example `@def title = \"…\"`",
            });
        };
        let at = at.start..at.start + first_line(&block[at.start..]).len();
        reading.pairs.push(Pair { key, value, at, source });
    }
    Ok(reading)
}
