//! The keys at the top of a post: found, read strictly, and only then with forgiveness.
//!
//! Each form of front matter is one file and one line in `FORMS`. Nothing in a front matter is ever run.
//! Invariant: whatever is broken is an error or held back. A value is guessed only where one reading is possible.

mod assignment;
mod fence;
mod fields;
mod form;
mod franklin;
mod header;
mod json;
mod lost;
mod nikola;
#[cfg(test)]
mod tests;
mod toml;
mod value;
mod yaml;

use std::ops::Range;

pub(crate) use fields::{Field, Fields};
use value::is_invisible;
pub(crate) use value::{Value, normal};
pub(crate) use yaml::parse as parse_yaml;

use super::findings::Findings;
use form::{Extent, Form, ParseError, Parsed};

/// All forms, in the order in which they are looked for.
const FORMS: &[&Form] = &[&yaml::FORM, &toml::FORM, &json::FORM, &nikola::FORM, &franklin::FORM, &header::FORM];

/// The largest front matter that is read.
const LARGEST: usize = 64 * 1024;

/// The top of a file.
pub(crate) enum FrontMatter {
    Keys(Fields),
    /// Something that must be mended first; the error is among the findings.
    Broken,
    /// The beginning of front matter without an end, or without keys although it ends: held back; with the cure.
    Endless {
        at: Range<usize>,
        ends: bool,
        cure: &'static str,
    },
    /// Something that was meant for one and cannot be read as one: held back.
    Lost(Range<usize>),
    Missing,
}

/// How a file begins.
enum Opening {
    /// With front matter.
    Block { form: &'static Form, text: Range<usize>, body: usize },
    /// With half of one.
    Endless { at: Range<usize>, ends: bool, cure: &'static str },
    /// With a program.
    Program(Range<usize>),
    /// With none.
    Nothing,
}

/// Reads the front matter of a file; also returns where its body begins.
pub(crate) fn read(text: &str, findings: &mut Findings<'_>) -> (FrontMatter, usize) {
    let (form, block, body) = match find(text, findings) {
        Opening::Block { form, text, body } => (form, text, body),
        Opening::Endless { at, ends, cure } => return (FrontMatter::Endless { at, ends, cure }, 0),
        Opening::Nothing => return (lost::begins(text).map_or(FrontMatter::Missing, FrontMatter::Lost), 0),
        Opening::Program(at) => {
            findings.error(
                "post/front-matter-form",
                at,
                "this front matter is a program, which is never run",
                "write it as `key: value` lines between two lines `---`",
            );
            return (FrontMatter::Broken, 0);
        }
    };
    if is_second_block(&text[body..]) {
        findings.warning(
            "post/second-front-matter",
            body..body + 3,
            "a second front matter follows the first and is shown as text",
            "join the two",
        );
    }
    if let Some(at) = lost::goes_on(&text[body..]) {
        return (FrontMatter::Lost(body + at.start..body + at.end), body);
    }
    (block_of(form, text, block, findings).map_or(FrontMatter::Broken, FrontMatter::Keys), body)
}

/// Reads a file that is nothing but keys: JSON when its name says so, else YAML. `None` when it must be mended first.
pub(crate) fn read_data(path: &str, text: &str, findings: &mut Findings<'_>) -> Option<Fields> {
    let is_json = path.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("json"));
    // A file of data may begin and end like front matter.
    let within = match (yaml::FORM.find)(text, 0) {
        Some(Extent::Block { text, .. }) => text,
        _ => 0..text.len(),
    };
    block_of(if is_json { &json::FORM } else { &yaml::FORM }, text, within, findings)
}

fn find(text: &str, findings: &mut Findings<'_>) -> Opening {
    let (blank, comment) = preambles(text);
    for start in [blank, comment] {
        for form in FORMS {
            match (form.find)(text, start) {
                Some(Extent::Block { text: block, body }) => {
                    if start > 0 {
                        findings.warning(
                            "post/fence",
                            0..fence::first_line(text).len().max(1),
                            "something stands before the front matter",
                            "move the front matter to the very top of the file",
                        );
                    } else {
                        fence::check(text, start..block.start, block.end..body, findings);
                    }
                    return Opening::Block { form, text: block, body };
                }
                Some(Extent::Endless) => {
                    let at = first_line_at(text, start);
                    let mark = text[at.clone()].chars().next().filter(|mark| matches!(mark, '-' | '+'));
                    let ends =
                        mark.is_some_and(|mark| text[at.end..].lines().any(|line| fence::word(line, mark) == Some("")));
                    return Opening::Endless { at, ends, cure: form.ending };
                }
                None => {}
            }
        }
        let line = fence::first_line(&text[start..]);
        if ['-', '+'].into_iter().any(|mark| fence::word(line, mark).is_some_and(|word| !word.is_empty())) {
            return Opening::Program(first_line_at(text, start));
        }
    }
    Opening::Nothing
}

fn first_line_at(text: &str, start: usize) -> Range<usize> {
    start..start + fence::first_line(&text[start..]).len()
}

/// Blank lines, and behind them one HTML comment, may precede the front matter: where it begins without and with one.
fn preambles(text: &str) -> (usize, usize) {
    let is_blank = |c: char| c.is_whitespace() || is_invisible(c);
    let blank = |from: usize| from + (text[from..].len() - text[from..].trim_start_matches(is_blank).len());
    // The start of that line, but of a fence its first mark: characters that cannot be seen stand before it.
    let line = |at: usize| {
        let is_fence = ["---", "+++"].iter().any(|fence| text[at..].starts_with(fence));
        if is_fence { at } else { text[..at].rfind('\n').map_or(0, |at| at + 1) }
    };
    let start = blank(0);
    let comment = text[start..].strip_prefix("<!--").and_then(|rest| rest.find("-->"));
    (line(start), line(comment.map_or(start, |length| blank(start + 4 + length + 3))))
}

fn block_of(form: &Form, text: &str, block: Range<usize>, findings: &mut Findings<'_>) -> Option<Fields> {
    if block.len() > LARGEST {
        let message = format!("the front matter has {} bytes, more than the {LARGEST} that are read", block.len());
        let at = block.start..block.start + 1;
        findings.error("post/front-matter-size", at, message, "move the text below the front matter");
        return None;
    }
    match (form.read)(&text[block.clone()]) {
        Ok(Parsed { pairs, notes }) => {
            for note in notes {
                let at = block.start + note.at.start..block.start + note.at.end;
                findings.warning(note.code, at, note.message, note.help);
            }
            Some(Fields::new(pairs, block.start, findings))
        }
        Err(ParseError { code, offset, message, help }) => {
            let at = block.start + offset.min(block.len().saturating_sub(1));
            findings.error(code, at..at + 1, message, help);
            None
        }
    }
}

/// True when the body begins with a second block of front matter: every line of it is a key, a continuation or blank.
fn is_second_block(body: &str) -> bool {
    let rest = body.trim_start();
    let Some(Extent::Block { text, .. }) = (yaml::FORM.find)(rest, 0) else { return false };
    let block = &rest[text];
    let is_keys =
        |line: &str| line.trim().is_empty() || line.starts_with(['#', ' ', '\t', '-']) || fence::key_of(line).is_some();
    !block.trim().is_empty() && block.lines().all(is_keys)
}
