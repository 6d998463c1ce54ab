//! The one shape of a message about the user's own files: what is wrong, where, and how to mend it.

use std::fmt;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

/// A place in a text file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file, relative to the site.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// How many characters to underline, at least 1.
    pub length: usize,
    /// The whole line as it stands in the file.
    pub excerpt: String,
}

impl Location {
    /// The place `offset` bytes into `text`, underlined for `length` bytes but never past the end of the line.
    ///
    /// ```
    /// use tidings::diagnostic::Location;
    /// let place = Location::in_text("config.toml", "a = 1\nb = x\n", 10, 1);
    /// assert_eq!((place.line, place.column, place.excerpt.as_str()), (2, 5, "b = x"));
    /// ```
    pub fn in_text(path: &str, text: &str, offset: usize, length: usize) -> Self {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
        let end = text[offset..].find('\n').map_or(text.len(), |at| offset + at);
        let mut stop = (offset + length).clamp(offset, end);
        while !text.is_char_boundary(stop) {
            stop -= 1;
        }
        Self {
            path: path.to_owned(),
            line: text[..start].matches('\n').count() + 1,
            column: text[start..offset].chars().count() + 1,
            length: text[offset..stop].chars().count().max(1),
            excerpt: text[start..end].trim_end_matches('\r').to_owned(),
        }
    }

    /// The beginning of a file, when no better place is known.
    pub fn start_of(path: &str) -> Self {
        Self { path: path.to_owned(), line: 1, column: 1, length: 1, excerpt: String::new() }
    }
}

/// One thing to tell the user.
///
/// The message is lower case without a full stop; the help is an imperative that can be followed as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    pub fn at(mut self, location: Location) -> Self {
        self.location = Some(location);
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
