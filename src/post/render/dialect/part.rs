//! The text of a body while it is read, and where code stands in it: code is never read for tags.

use std::cell::Cell;
use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::super::markdown::OPTIONS;
use super::writer::Writer;

/// A body, or the indented body of a note box in it.
pub(crate) struct Part<'t> {
    pub(crate) text: &'t str,
    /// The line of the body on which `text` begins, from 0.
    pub(crate) first_line: usize,
    /// How many note boxes this one is in.
    pub(crate) depth: usize,
    /// Code blocks and spans, in order, none within another.
    code: Vec<Range<usize>>,
    /// A place and the number of its line: the next place that is asked for is behind it.
    counted: Cell<(usize, usize)>,
}

impl<'t> Part<'t> {
    pub(crate) fn new(text: &'t str, first_line: usize, depth: usize) -> Self {
        Self { text, first_line, depth, code: code(text), counted: Cell::new((0, first_line)) }
    }

    /// The code that `at` is in.
    pub(crate) fn code_at(&self, at: usize) -> Option<&Range<usize>> {
        let n = self.code.partition_point(|range| range.end <= at);
        self.code.get(n).filter(|range| range.start <= at)
    }

    /// Where the next code begins.
    pub(crate) fn next_code(&self, at: usize) -> usize {
        let n = self.code.partition_point(|range| range.start < at);
        self.code.get(n).map_or(self.text.len(), |range| range.start)
    }

    /// The first `needle` in `range` that is not in code, within the work that is left.
    pub(crate) fn find(&self, needle: &str, range: Range<usize>, writer: &mut Writer<'_>) -> Option<usize> {
        let mut from = range.start;
        while from < range.end && writer.may_work() {
            let found = memchr::memmem::find(&self.text.as_bytes()[from..range.end], needle.as_bytes());
            writer.work(found.unwrap_or(range.end - from) + 1);
            let at = from + found?;
            match self.code_at(at) {
                Some(code) => from = code.end,
                None => return Some(at),
            }
        }
        None
    }

    /// Where `needle` ends what began before `from` in the same paragraph, at most `longest` bytes on.
    pub(crate) fn find_close(
        &self,
        needle: &str,
        from: usize,
        longest: usize,
        writer: &mut Writer<'_>,
    ) -> Option<usize> {
        let window = from..self.text.floor_char_boundary(from.saturating_add(longest));
        let at = self.find(needle, window, writer)?;
        (!self.text[from..at].contains("\n\n")).then_some(at)
    }

    /// From `at` to the end of its line, but not more than `longest` bytes.
    pub(crate) fn short_line(&self, at: usize, longest: usize) -> &'t str {
        let rest = &self.text[at..self.text.floor_char_boundary(at.saturating_add(longest))];
        &rest[..memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len())]
    }

    /// From `at` to the end of its line.
    pub(crate) fn line(&self, at: usize) -> &'t str {
        let rest = &self.text[at..];
        &rest[..memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len())]
    }

    /// Behind the line that `at` is in.
    pub(crate) fn next_line(&self, at: usize) -> usize {
        (at + self.line(at).len() + 1).min(self.text.len())
    }

    pub(crate) fn is_line_start(&self, at: usize) -> bool {
        at == 0 || self.text.as_bytes()[at - 1] == b'\n'
    }

    pub(crate) fn before(&self, at: usize) -> Option<char> {
        self.text[..at].chars().next_back()
    }

    pub(crate) fn after(&self, at: usize) -> Option<char> {
        self.text[at..].chars().next()
    }

    /// Space and quote marks between the start of the line and `at`; `None` when there is anything else.
    pub(crate) fn margin(&self, at: usize) -> Option<&'t str> {
        let before = self.text[..at].trim_end_matches([' ', '\t', '>']);
        (before.is_empty() || before.ends_with('\n')).then(|| &self.text[before.len()..at])
    }

    /// True when only space follows in the line.
    pub(crate) fn ends_line(&self, end: usize) -> bool {
        let rest = self.text[end..].trim_start_matches([' ', '\t']);
        rest.is_empty() || rest.starts_with('\n')
    }

    /// The line of the body that `at` is in, from 0.
    pub(crate) fn line_number(&self, at: usize) -> usize {
        let (from, line) = match self.counted.get() {
            (from, line) if from <= at => (from, line),
            _ => (0, self.first_line),
        };
        let line = line + memchr::memchr_iter(b'\n', &self.text.as_bytes()[from..at]).count();
        self.counted.set((at, line));
        line
    }
}

/// Where the code is, as the Markdown parser sees it. A component's tag would begin a block of HTML in which nothing is
/// Markdown; what stands in it is, so the parser is shown no tag.
fn code(text: &str) -> Vec<Range<usize>> {
    let mut bytes = text.as_bytes().to_vec();
    for at in memchr::memchr_iter(b'<', text.as_bytes()) {
        let name = usize::from(bytes.get(at + 1) == Some(&b'/')) + at + 1;
        if bytes.get(name).is_some_and(u8::is_ascii_uppercase) {
            bytes[at] = b'.';
        }
    }
    let masked = String::from_utf8(bytes).unwrap_or_default();
    let mut code: Vec<Range<usize>> = Vec::new();
    let mut open = None;
    for (event, range) in Parser::new_ext(&masked, OPTIONS).into_offset_iter() {
        let found = match event {
            Event::Start(Tag::CodeBlock(_)) => {
                open = Some(range.start);
                continue;
            }
            Event::End(TagEnd::CodeBlock) => open.take().unwrap_or(range.start)..range.end,
            Event::Code(_) => range,
            _ => continue,
        };
        // Footnotes may come out of order.
        if code.last().is_none_or(|last| last.end <= found.start) {
            code.push(found);
        }
    }
    code
}
