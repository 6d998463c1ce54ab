//! The text of a body while it is read, and where code stands in it: code is never read for tags.

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::Range;

use pulldown_cmark::{Event, Tag, TagEnd};

use super::super::markdown;

/// Bytes that may be looked at for each byte of the body: tags that nothing closes cost no more than this.
const WORK: usize = 32;

/// How many bytes were looked at ahead of their turn, and how many may be.
pub(crate) struct Work {
    done: usize,
    allowance: usize,
}

impl Work {
    /// The allowance of a body of so many bytes.
    pub(crate) fn new(length: usize) -> Self {
        Self { done: 0, allowance: (length + 1024) * WORK }
    }

    pub(crate) fn is_left(&self) -> bool {
        self.done < self.allowance
    }

    pub(crate) fn spend(&mut self, bytes: usize) {
        self.done += bytes;
    }
}

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
    /// A place, and whether a fence is open there: the next place that is asked for is behind it.
    fenced: Cell<(usize, bool)>,
}

impl<'t> Part<'t> {
    pub(crate) fn new(text: &'t str, first_line: usize, depth: usize) -> Self {
        Self::with_code(code(&masked(text), |_| {}), text, first_line, depth)
    }

    /// A whole body, and its events when all of it was shown to the Markdown parser.
    pub(crate) fn whole(text: &'t str) -> (Self, Option<Vec<Event<'t>>>) {
        let masked = masked(text);
        let mut events = Vec::with_capacity(text.len() / 16);
        let code = match &masked {
            Cow::Borrowed(text) => code(text, |event| events.push(event)),
            Cow::Owned(masked) => code(masked, |_| {}),
        };
        (Self::with_code(code, text, 0, 0), matches!(masked, Cow::Borrowed(_)).then_some(events))
    }

    fn with_code(code: Vec<Range<usize>>, text: &'t str, first_line: usize, depth: usize) -> Self {
        Self { text, first_line, depth, code, counted: Cell::new((0, first_line)), fenced: Cell::new((0, false)) }
    }

    /// Code blocks and spans, in order, none within another.
    pub(crate) fn code(&self) -> &[Range<usize>] {
        &self.code
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
    pub(crate) fn find(&self, needle: &str, range: Range<usize>, work: &mut Work) -> Option<usize> {
        let mut from = range.start;
        while from < range.end && work.is_left() {
            let found = memchr::memmem::find(&self.text.as_bytes()[from..range.end], needle.as_bytes());
            work.spend(found.unwrap_or(range.end - from) + 1);
            let at = from + found?;
            match self.code_at(at) {
                Some(code) => from = code.end,
                None => return Some(at),
            }
        }
        None
    }

    /// Where `needle` ends what began before `from` in the same paragraph, at most `longest` bytes on.
    pub(crate) fn find_close(&self, needle: &str, from: usize, longest: usize, work: &mut Work) -> Option<usize> {
        let window = from..self.text.floor_char_boundary(from.saturating_add(longest));
        let at = self.find(needle, window, work)?;
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

    /// True between lines of fences, whatever stands around them: within HTML the Markdown parser sees no code.
    pub(crate) fn is_fenced(&self, at: usize) -> bool {
        let (from, is_open) = match self.fenced.get() {
            known if known.0 <= at => known,
            _ => (0, false),
        };
        // Whole lines: the last one goes on behind `at`.
        let from = self.text[..from].rfind('\n').map_or(0, |end| end + 1);
        let to = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        if to <= from {
            return is_open;
        }
        let is_fence = |line: &&str| ["```", "~~~"].iter().any(|fence| line.trim_start().starts_with(fence));
        let is_open = is_open ^ (self.text[from..to].lines().filter(is_fence).count() % 2 == 1);
        self.fenced.set((at, is_open));
        is_open
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

/// The text as it is shown to the Markdown parser. A component's tag would begin a block of HTML in which nothing is
/// Markdown; what stands in it is, so the parser is shown no such tag.
fn masked(text: &str) -> Cow<'_, str> {
    let is_component = |at: &usize| {
        let name = &text.as_bytes()[at + 1..];
        name.strip_prefix(b"/").unwrap_or(name).first().is_some_and(u8::is_ascii_uppercase)
    };
    let mut tags = memchr::memchr_iter(b'<', text.as_bytes()).filter(is_component).peekable();
    if tags.peek().is_none() {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    for at in tags {
        masked.push_str(&text[masked.len()..at]);
        masked.push('.');
    }
    masked.push_str(&text[masked.len()..]);
    Cow::Owned(masked)
}

/// Where the code is; hands on all events.
fn code<'t>(text: &'t str, mut hand_on: impl FnMut(Event<'t>)) -> Vec<Range<usize>> {
    let mut code: Vec<Range<usize>> = Vec::new();
    let mut open = None;
    for (event, range) in markdown::parse(text) {
        let found = match event {
            Event::Start(Tag::CodeBlock(_)) => {
                open = Some(range.start);
                None
            }
            Event::End(TagEnd::CodeBlock) => Some(open.take().unwrap_or(range.start)..range.end),
            Event::Code(_) => Some(range),
            _ => None,
        };
        // Footnotes may come out of order.
        code.extend(found.filter(|found| code.last().is_none_or(|last| last.end <= found.start)));
        hand_on(event);
    }
    code
}
