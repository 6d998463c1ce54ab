//! What is wrong with a template.

use minijinja::ErrorKind;

use crate::diagnostic::{Diagnostic, Location};

/// A fault, and where it is.
#[derive(Debug)]
pub(super) struct TemplateError {
    pub(super) message: String,
    /// The template that has the fault, when that is known.
    pub(super) name: Option<String>,
    pub(super) line: Option<usize>,
}

impl From<&minijinja::Error> for TemplateError {
    /// The fault itself, where an included template has it.
    fn from(error: &minijinja::Error) -> Self {
        let mut error = error;
        while let Some(inner) = std::error::Error::source(error).and_then(|source| source.downcast_ref()) {
            error = inner;
        }
        let message = match (error.kind(), error.detail()) {
            (ErrorKind::OutOfFuel, _) => "the template loops, or makes text, without end".to_owned(),
            (kind, None) => kind.to_string(),
            (kind, Some(detail)) => format!("{kind}: {detail}"),
        };
        Self { message, name: error.name().map(str::to_owned), line: error.line() }
    }
}

impl TemplateError {
    /// The finding in the text of the template `name`.
    pub(super) fn diagnose(&self, name: &str, text: &str) -> Diagnostic {
        let path = format!("templates/{name}");
        let opening = Some(text).filter(|_| self.message.contains("unexpected end of ")).and_then(never_closed);
        let place = match (opening, self.line) {
            (Some(offset), _) => {
                let length = text[offset..].lines().next().map_or(0, str::len);
                Location::in_text(&path, text, offset, length)
            }
            (None, Some(line)) => {
                let offset = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
                let length = text.get(offset..).and_then(|rest| rest.lines().next()).map_or(0, str::len);
                Location::in_text(&path, text, offset, length)
            }
            (None, None) => Location::start_of(&path),
        };
        let help = "mend the template, or remove it to use the built-in one";
        Diagnostic::error("template/invalid", self.message.as_str()).at(place).help(help)
    }
}

/// Where what has no end begins, of which the engine only says that the text ends in it: a tag, or the innermost block.
fn never_closed(text: &str) -> Option<usize> {
    const BLOCKS: [&str; 9] = ["autoescape", "block", "call", "filter", "for", "if", "macro", "set", "with"];
    let mut open: Vec<usize> = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find('{').map(|found| at + found) {
        let inside = &text[start + 1..];
        let close = match inside.as_bytes().first() {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(b'#') => "#}",
            _ => {
                at = start + 1;
                continue;
            }
        };
        let Some(length) = length_of_tag(&inside[1..], close) else { return Some(start) };
        at = start + 2 + length + close.len();
        let words = &inside[1..=length];
        let word = words
            .trim_start_matches(['-', '+'])
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .trim_end_matches(['-', '+']);
        if close == "%}" && word == "raw" {
            let Some(end) = text[at..].find("endraw") else { return Some(start) };
            at += end;
        } else if close == "%}" && BLOCKS.contains(&word) && !(word == "set" && words.contains('=')) {
            open.push(start);
        } else if close == "%}" && word.starts_with("end") {
            open.pop();
        }
    }
    open.pop()
}

/// How long the inside of a tag is; what closes it does not count within a text in quotes.
fn length_of_tag(inside: &str, close: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in inside.char_indices() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('"' | '\'', None) if close != "#}" => quote = Some(c),
            (_, None) if inside[at..].starts_with(close) => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::Templates;

    #[test]
    fn what_has_no_end_is_told_where_it_begins() {
        for (text, line) in [
            ("a\n{% for a in b %}\n{% if a %}\n{% endif %}\nc\n", 2),
            ("a\n{# b\nc\n", 2),
            ("a\n{% raw %}\n{{ b }}\n", 2),
            ("a\n{% set x = \"b %}\nc\n", 2),
            ("{% set x = \"%}\" %}{{ '}}' }}\n{% macro m() %}\n", 2),
            ("{% if a %}\n{% for b in c %}\n{% endfor %}\n", 1),
        ] {
            let own = std::iter::once(("email/issue.txt".to_owned(), text.to_owned())).collect();
            let problems = Templates::new(&own).unwrap_err();
            assert_eq!(problems[0].location.as_ref().unwrap().line, line, "{text}: {problems:?}");
        }
    }
}
