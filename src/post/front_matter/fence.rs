//! Front matter between two lines of dashes or plus signs.
//!
//! A file that begins like front matter and has no end is never taken for a post: a draft whose closing line was lost must
//! not go out. A line of dashes and then a whole line of prose is a rule above a text.

use std::ops::Range;

use super::super::draft_words::is_holding_key;
use super::super::findings::Findings;
use super::form::{Extent, lines};
use super::value::normal;

/// The block that a line of three or more `mark`s opens when it names one of `words`; `begins` says whether its first
/// line may be front matter.
pub(crate) fn between(
    text: &str,
    start: usize,
    mark: char,
    words: &[&str],
    begins: fn(&str) -> bool,
) -> Option<Extent> {
    let word = word(first_line(&text[start..]), mark)?.to_ascii_lowercase();
    if !words.contains(&&*word) {
        return None;
    }
    let begin = after_line(text, start);
    let mut begun = false;
    for (at, line) in lines(text, begin) {
        if self::word(line, mark) == Some("") || (mark == '-' && line.trim_end() == "...") {
            return Some(Extent::Block { text: begin..at.start, body: at.end });
        }
        if !begun && !line.trim().is_empty() && !line.starts_with('#') {
            if !begins(line) {
                let is_text = word.is_empty() && mark == '-' && at.end > at.start + line.len();
                return (!is_text || holds_back(&text[begin..], mark)).then_some(Extent::Endless);
            }
            begun = true;
        }
    }
    Some(Extent::Endless)
}

/// True when one of the lines up to the next fence looks like a key that holds a post back.
fn holds_back(text: &str, mark: char) -> bool {
    let block = text.lines().take_while(|line| word(line, mark) != Some(""));
    block.filter_map(key_of).any(|key| is_holding_key(&normal(key)))
}

/// What follows three or more marks: `Some("")`, a word that names a language, or `None` for any other line.
pub(crate) fn word(line: &str, mark: char) -> Option<&str> {
    let rest = line.trim_start_matches(mark);
    let word = rest.trim();
    let marks = line.len() - rest.len();
    (marks >= 3 && word.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(word)
}

/// Warns of fences that are not exactly three marks.
pub(crate) fn check(text: &str, open: Range<usize>, close: Range<usize>, findings: &mut Findings<'_>) {
    for fence in [open, close] {
        let line = text[fence.clone()].trim_end();
        let Some(mark) = line.chars().next().filter(|mark| matches!(mark, '-' | '+')) else { continue };
        if line.len() != 3 && word(line, mark) == Some("") {
            let (name, cure) = if mark == '-' { ("dashes", "---") } else { ("plus signs", "+++") };
            findings.warning(
                "post/fence",
                fence.start..fence.start + line.len(),
                format!("this line has {} {name} instead of three", line.len()),
                format!("write `{cure}`"),
            );
        }
    }
}

/// The key of a line such as `Title: x`: at most four words at the start of the line, then a colon and white space.
pub(crate) fn key_of(line: &str) -> Option<&str> {
    let quote = line.chars().next().filter(|c| matches!(c, '"' | '\''));
    let (key, rest) = if let Some(quote) = quote {
        let (key, rest) = line[1..].split_once(quote)?;
        (key, rest.trim_start().strip_prefix(':')?)
    } else {
        let ends = |at: &usize| line[at + 1..].chars().next().is_none_or(char::is_whitespace);
        let colon = line.match_indices(':').map(|(at, _)| at).find(ends)?;
        (line[..colon].trim_end(), &line[colon + 1..])
    };
    let first = key.chars().next()?;
    let plain = !first.is_whitespace()
        && !matches!(first, '#' | '-' | '[' | '{' | '}' | ']' | '*' | '&' | '!' | '|' | '>' | '%' | '@' | '`' | '<');
    (plain && rest.chars().next().is_none_or(char::is_whitespace) && key.split_whitespace().count() <= 4).then_some(key)
}

/// The text up to the first line end.
pub(crate) fn first_line(text: &str) -> &str {
    text.split('\n').next().unwrap_or_default()
}

/// Where the next line begins.
pub(crate) fn after_line(text: &str, offset: usize) -> usize {
    text[offset..].find('\n').map_or(text.len(), |at| offset + at + 1)
}
