//! Where the front matter of a file begins and ends (rule R3).
//!
//! A file that begins like front matter and is not is never taken for a post: a draft whose closing line was lost must
//! not go out.

use std::ops::Range;

use super::super::findings::Findings;

/// How a file begins.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// With front matter between two fences.
    Block {
        /// The text between the fences.
        text: Range<usize>,
        /// Where the body begins.
        body: usize,
    },
    /// With a fence that nothing closes, or below which there are no keys.
    Fence(Range<usize>),
    /// With front matter in a form that is not read.
    Foreign(&'static str, Range<usize>),
    /// With neither.
    Nothing,
}

/// Finds the front matter of a file.
pub(crate) fn find(text: &str, findings: &mut Findings<'_>) -> Opening {
    let start = preamble(text);
    let opening = open(text, start);
    match &opening {
        Opening::Block { text: block, .. } if start > 0 => findings.warning(
            "post/fence",
            0..first_line(text).len().max(1),
            "something stands before the front matter",
            "move the line `---` to the very top of the file",
        ),
        Opening::Block { text: block, body } => check_fences(text, start..block.start, block.end..*body, findings),
        _ => {}
    }
    opening
}

/// Blank lines and one HTML comment may precede the front matter.
fn preamble(text: &str) -> usize {
    let blank = |from: usize| from + (text[from..].len() - text[from..].trim_ascii_start().len());
    let start = blank(0);
    let after = match text[start..].strip_prefix("<!--").and_then(|rest| rest.find("-->")) {
        Some(length) => blank(start + 4 + length + 3),
        None => start,
    };
    // The start of that line: a fence is not indented.
    text[..after].rfind('\n').map_or(0, |at| at + 1)
}

fn open(text: &str, start: usize) -> Opening {
    let line = first_line(&text[start..]);
    let at = start..start + line.len();
    if let Some(form) = foreign(text, start) {
        return Opening::Foreign(form, at);
    }
    let Some(word) = fence_word(line) else { return Opening::Nothing };
    match word.to_ascii_lowercase().as_str() {
        "" | "yaml" | "yml" => {}
        "toml" => return Opening::Foreign("TOML", at),
        "json" => return Opening::Foreign("JSON", at),
        _ => return Opening::Foreign("a programming language", at),
    }
    let begin = after_line(text, start);
    let mut begun = false;
    let mut offset = begin;
    while offset < text.len() {
        let line = first_line(&text[offset..]);
        let end = after_line(text, offset);
        if is_close(line) {
            return Opening::Block { text: begin..offset, body: end };
        }
        if !begun && !line.trim().is_empty() && !line.starts_with('#') {
            if key_of(line).is_none() {
                return Opening::Fence(at);
            }
            begun = true;
        }
        offset = end;
    }
    Opening::Fence(at)
}

fn check_fences(text: &str, open: Range<usize>, close: Range<usize>, findings: &mut Findings<'_>) {
    for fence in [open, close] {
        let line = text[fence.clone()].trim_end();
        if line.trim_start_matches('-').trim().is_empty() && line != "---" {
            findings.warning(
                "post/fence",
                fence.start..fence.start + line.len(),
                format!("this line has {} dashes instead of three", line.len()),
                "write `---`",
            );
        }
    }
}

/// What follows three or more dashes: `Some("")`, a word that names a language, or `None` for any other line.
fn fence_word(line: &str) -> Option<&str> {
    let word = line.strip_prefix("---")?.trim_start_matches('-').trim();
    word.bytes().all(|b| b.is_ascii_alphanumeric()).then_some(word)
}

fn is_close(line: &str) -> bool {
    line.trim_end() == "..." || fence_word(line) == Some("")
}

/// Front matter that is there, but in a form that this room does not read.
fn foreign(text: &str, start: usize) -> Option<&'static str> {
    let rest = &text[start..];
    let line = first_line(rest);
    let lines = rest.lines();
    if line.starts_with("+++") && line.trim_end().bytes().all(|b| b == b'+') {
        let first = lines.skip(1).find(|line| !line.trim().is_empty() && !line.starts_with('#'))?;
        return (first.contains('=') || first.starts_with('[') || first.starts_with("+++")).then_some("TOML");
    }
    if rest.starts_with('{') && rest[1..].trim_start().starts_with('"') {
        return Some("JSON");
    }
    if line.starts_with(".. ") && line.contains(':') {
        return Some("Nikola's form");
    }
    if line.starts_with("@def ") {
        return Some("Franklin's form");
    }
    let mut keys = lines.map_while(key_of).map(str::to_ascii_lowercase);
    keys.any(|key| key == "title" || key == "date").then_some("lines without fences")
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

fn first_line(text: &str) -> &str {
    text.split('\n').next().unwrap_or_default()
}

fn after_line(text: &str, offset: usize) -> usize {
    text[offset..].find('\n').map_or(text.len(), |at| offset + at + 1)
}

/// True when the body begins with a second block of front matter.
pub(crate) fn second_block(body: &str) -> bool {
    let rest = body.trim_start();
    let Opening::Block { text, .. } = open(rest, 0) else { return false };
    let block = &rest[text];
    !block.trim().is_empty() && is_keys(block)
}

/// Every line is a key, a continuation or nothing: a text between two rules is not.
fn is_keys(block: &str) -> bool {
    block
        .lines()
        .all(|line| line.trim().is_empty() || line.starts_with(['#', ' ', '\t', '-']) || key_of(line).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opening(text: &str) -> (Opening, usize) {
        let mut findings = Findings::new("a.md", text);
        let opening = find(text, &mut findings);
        (opening, findings.finish().len())
    }

    fn block(text: &str) -> Option<(&str, &str)> {
        match opening(text).0 {
            Opening::Block { text: block, body } => Some((&text[block], &text[body..])),
            _ => None,
        }
    }

    #[test]
    fn r3_front_matter_stands_between_the_first_two_fences() {
        assert_eq!(block("---\na: 1\n---\nbody\n\n---\n\nmore"), Some(("a: 1\n", "body\n\n---\n\nmore")));
        assert_eq!(block("--- yaml\n# note\n\n\"b c\": 1\n..."), Some(("# note\n\n\"b c\": 1\n", "")));
        assert_eq!(block("---\n---\n"), Some(("", "")));
    }

    #[test]
    fn what_precedes_the_front_matter_is_forgiven_with_a_warning() {
        for text in ["\n\n---\na: 1\n---\n", "<!-- note\n more -->\n\n---\na: 1\n---\n"] {
            assert_eq!(block(text), Some(("a: 1\n", "")), "{text:?}");
            assert_eq!(opening(text).1, 1, "{text:?}");
        }
        assert_eq!(opening("----\na: 1\n---   \n").1, 1, "four dashes");
        assert_eq!(opening("---\na: 1\n---\n").1, 0);
    }

    #[test]
    fn a_thematic_break_is_not_front_matter() {
        assert!(matches!(opening("---\nThere was a time.\n---\n").0, Opening::Fence(_)));
        assert_eq!(opening("One line.\n\n---\na: 1\n---\n").0, Opening::Nothing);
        assert_eq!(opening("  ---\na: 1\n---\n").0, Opening::Nothing);
    }

    #[test]
    fn front_matter_that_is_never_closed_is_told_from_no_front_matter() {
        assert!(matches!(opening("---\ntitle: x\ndraft: true\n\nbody").0, Opening::Fence(_)));
        assert!(matches!(opening("---\n").0, Opening::Fence(_)));
    }

    #[test]
    fn other_forms_are_named() {
        for (text, form) in [
            ("+++\ntitle = 'x'\n+++\n", "TOML"),
            ("---toml\ntitle = 'x'\n---\n", "TOML"),
            ("{\n \"title\": \"x\"\n}\n", "JSON"),
            ("---js\nmodule.exports\n---\n", "a programming language"),
            (".. title: x\n", "Nikola's form"),
            ("Title: x\nDate: 2025-01-01\n\nbody", "lines without fences"),
        ] {
            assert!(matches!(opening(text).0, Opening::Foreign(found, _) if found == form), "{text:?}");
        }
        assert_eq!(opening("Note: this is a text.\n").0, Opening::Nothing);
    }

    #[test]
    fn a_second_block_is_told_from_a_text_between_two_rules() {
        assert!(second_block("\n---\ntitle: y\ntags:\n  - a\n---\n"));
        assert!(!second_block("---\n\nNote: this is a text.\nAnd more of it.\n\n---\n"));
        assert!(!second_block("A text.\n"));
    }
}
