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
        let place = match self.line {
            Some(line) => {
                let offset = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
                let length = text.get(offset..).and_then(|rest| rest.lines().next()).map_or(0, str::len);
                Location::in_text(&path, text, offset, length)
            }
            None => Location::start_of(&path),
        };
        let help = "mend the template, or remove it to use the built-in one";
        Diagnostic::error("template/invalid", self.message.as_str()).at(place).help(help)
    }
}
