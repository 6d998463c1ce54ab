//! The one shape of a message about the user's own files: what is wrong, where, and how to mend it.

use std::cell::OnceCell;
use std::fmt;
use std::ops::Range;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Blocks the command.
    Error,
    /// Never blocks, but the user should know.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Of a line longer than this, in bytes, a [`Location`] holds only the part around its place.
const LONGEST: usize = 1000;

/// A place in a text file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Location {
    /// The file, relative to the site.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// How many characters to underline, at least 1.
    pub length: usize,
    /// The line as it is in the file; of a very long one, the part around the place.
    pub excerpt: String,
    /// The column at which `excerpt` begins, from 1: another one only for a very long line.
    pub excerpt_column: usize,
}

impl Location {
    /// The place `offset` bytes into `text`, underlined for `length` bytes but never past the end of the line. For more than
    /// one place in a text, see [`Places`].
    ///
    /// ```
    /// use tidings::diagnostic::Location;
    /// let place = Location::in_text("config.toml", "a = 1\nb = x\n", 10, 1);
    /// assert_eq!((place.line, place.column, place.excerpt.as_str()), (2, 5, "b = x"));
    /// ```
    pub fn in_text(path: &str, text: &str, offset: usize, length: usize) -> Self {
        Places::new(path, text).at(offset..offset.saturating_add(length))
    }

    /// How many characters of the excerpt stand before the place.
    pub fn before(&self) -> usize {
        self.column.saturating_sub(self.excerpt_column)
    }

    /// The beginning of a file, when no better place is known.
    pub fn start_of(path: &str) -> Self {
        Self { path: path.to_owned(), line: 1, column: 1, length: 1, excerpt: String::new(), excerpt_column: 1 }
    }
}

/// So far apart, in bytes, are the places of a text whose lines and columns are noted.
const STEP: usize = 4096;

/// A text in which any number of places are told: its lines are counted once.
#[derive(Debug)]
pub struct Places<'t> {
    path: &'t str,
    text: &'t str,
    first_line: usize,
    /// Line and column at each multiple of [`STEP`] bytes, or at the beginning of the character there.
    steps: OnceCell<Vec<(usize, usize)>>,
}

impl<'t> Places<'t> {
    /// The places of a whole file.
    pub fn new(path: &'t str, text: &'t str) -> Self {
        Self::from_line(1, path, text)
    }

    /// The places of a text that begins on this line of its file.
    pub fn from_line(first_line: usize, path: &'t str, text: &'t str) -> Self {
        Self { path, text, first_line: first_line.max(1), steps: OnceCell::new() }
    }

    /// The place that begins with these bytes, underlined as far as they go but never past the end of the line.
    pub fn at(&self, bytes: Range<usize>) -> Location {
        let text = self.text;
        let offset = text.floor_char_boundary(bytes.start);
        let (line, column) = self.line_and_column(offset);
        let before = &text.as_bytes()[..offset];
        let behind = &text.as_bytes()[offset..];
        let start = before.iter().rev().take(LONGEST).position(|b| *b == b'\n');
        let end = behind.iter().take(LONGEST).position(|b| *b == b'\n');
        let start = start.or_else(|| (offset <= LONGEST).then_some(offset)).map(|length| offset - length);
        let end = end.or_else(|| (behind.len() <= LONGEST).then_some(behind.len())).map(|length| offset + length);
        let (start, end) = match (start, end) {
            (Some(start), Some(end)) if end - start <= LONGEST => (start, end),
            _ => {
                let first = text.ceil_char_boundary(offset.saturating_sub(LONGEST / 2));
                let last = text.floor_char_boundary(offset.saturating_add(LONGEST / 2));
                (start.unwrap_or(0).max(first), end.unwrap_or(usize::MAX).min(last))
            }
        };
        let stop = text.floor_char_boundary(bytes.end.clamp(offset, end));
        let begins_at = text[start..offset].chars().count();
        Location {
            path: self.path.to_owned(),
            line,
            column,
            length: text[offset..stop].chars().count().max(1),
            excerpt: text[start..end].trim_end_matches('\r').to_owned(),
            excerpt_column: column - begins_at,
        }
    }

    fn line_and_column(&self, offset: usize) -> (usize, usize) {
        let steps = self.steps.get_or_init(|| {
            let mut at = (self.first_line, 1);
            let mut steps = vec![at];
            let mut from = 0;
            while from + STEP < self.text.len() {
                // A character is shorter than a step, so that each goes on.
                let to = self.text.floor_char_boundary(steps.len() * STEP);
                at = counted(at, &self.text[from..to]);
                steps.push(at);
                from = to;
            }
            steps
        });
        let step = (offset / STEP).min(steps.len() - 1);
        counted(steps[step], &self.text[self.text.floor_char_boundary(step * STEP).min(offset)..offset])
    }
}

/// Line and column behind a text that begins at `from`.
fn counted((line, column): (usize, usize), text: &str) -> (usize, usize) {
    match memchr::memrchr(b'\n', text.as_bytes()) {
        Some(last) => {
            let lines = memchr::memchr_iter(b'\n', text.as_bytes()).count();
            (line + lines, text[last + 1..].chars().count() + 1)
        }
        None => (line, column + text.chars().count()),
    }
}

/// One thing to tell the user.
///
/// The message is lower case without a full stop; the help is an imperative that can be followed as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A stable name, such as `post/no-date`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// Where.
    pub location: Option<Location>,
    /// The cure.
    pub help: Option<String>,
}

impl Diagnostic {
    /// Something that blocks.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, code, message: message.into(), location: None, help: None }
    }

    /// Something worth knowing.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, location: impl Into<Option<Location>>) -> Self {
        self.location = location.into();
        self
    }

    /// Says how to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// True when this blocks the command.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The file it is about, when it is about one.
    pub fn path(&self) -> Option<&str> {
        self.location.as_ref().map(|location| location.path.as_str())
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Location { path, line, column, .. }) = &self.location {
            write!(f, "{path}:{line}:{column}: ")?;
        }
        write!(f, "{}: {}", self.severity.as_str(), self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_the_same_however_many_were_told_before() {
        let text = format!("{}\nä{}\n\n{}\r\nlast", "ö".repeat(5000), "a\n".repeat(5000), "字".repeat(3000));
        let places = Places::new("a.md", &text);
        for offset in (0..text.len() + 10).step_by(7).chain([text.len(), 0, 4096, 4097]) {
            let place = places.at(offset..offset + 3);
            let at = text.floor_char_boundary(offset);
            let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
            let line = text[..start].matches('\n').count() + 1;
            assert_eq!((place.line, place.column), (line, text[start..at].chars().count() + 1), "{offset}");
            let whole = text[start..].lines().next().unwrap_or_default();
            if whole.len() < LONGEST {
                assert_eq!((place.excerpt.as_str(), place.excerpt_column), (whole, 1));
            }
            let meant: String = place.excerpt.chars().skip(place.before()).take(place.length).collect();
            assert!(text[at..].starts_with(&meant) && place.excerpt.len() <= LONGEST, "{place:?}");
        }
    }

    #[test]
    fn lines_are_counted_from_the_line_of_the_file_that_a_text_begins_on() {
        let place = Places::from_line(7, "a.md", "a\nb").at(2..3);
        assert_eq!((place.line, place.column), (8, 1));
    }
}
