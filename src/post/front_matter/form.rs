//! What the forms of front matter have in common.
//!
//! Invariant: a form knows its own end. Front matter that stops before it is [`Extent::Endless`], and such a file is
//! held back: the line that says `draft` may be what is missing.

use std::ops::Range;

use super::value::Value;

/// One form of front matter.
pub(crate) struct Form {
    /// Finds it in a text at the start of a line; `None` when something else stands there.
    pub(crate) find: fn(text: &str, start: usize) -> Option<Extent>,
    /// Reads what was found.
    pub(crate) read: fn(block: &str) -> Result<Parsed, ParseError>,
    /// How to mend one that has no end.
    pub(crate) ending: &'static str,
}

/// Where front matter is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Here, and whole.
    Block {
        /// What is to be read.
        text: Range<usize>,
        /// Where the body begins.
        body: usize,
    },
    /// It begins and does not end.
    Endless,
}

/// One key as it was read; places are bytes of the block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    /// As written.
    pub(crate) key: String,
    pub(crate) value: Value,
    /// Its line.
    pub(crate) at: Range<usize>,
    /// The text of its value, as written; may be left out where the value is that text.
    pub(crate) source: String,
}

/// What had to be forgiven.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// The stable name of the warning.
    pub(crate) code: &'static str,
    /// Where, in bytes of the block.
    pub(crate) at: Range<usize>,
    /// What is wrong.
    pub(crate) message: &'static str,
    /// How to mend it.
    pub(crate) help: String,
}

/// A block that could be read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Parsed {
    /// Its keys, in their order.
    pub(crate) pairs: Vec<Pair>,
    /// What had to be forgiven.
    pub(crate) notes: Vec<Note>,
}

/// Why a block could not be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ParseError {
    /// The stable name of the error.
    pub(crate) code: &'static str,
    /// Where, in bytes of the block.
    pub(crate) offset: usize,
    /// What is wrong.
    pub(crate) message: String,
    /// How to mend it.
    pub(crate) help: &'static str,
}

/// The lines of a text from `start` on, each with its place and without its line end.
pub(crate) fn lines(text: &str, start: usize) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut offset = start;
    text[start..].split_inclusive('\n').map(move |line| {
        let at = offset..offset + line.len();
        offset = at.end;
        (at, line.trim_end_matches('\n'))
    })
}

/// True when lines that begin with `mark` have ended: something follows, and it is not half of such a line.
pub(crate) fn has_ended(rest: &str, mark: &str) -> bool {
    !mark.starts_with(rest)
}
