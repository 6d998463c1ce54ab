//! Collects what there is to say about one file, so that all problems come out in one run.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, Places, Severity};

/// The diagnostics of one file, placed by byte ranges of its text.
pub(crate) struct Findings<'t> {
    places: Places<'t>,
    diagnostics: Vec<Diagnostic>,
}

impl<'t> Findings<'t> {
    pub(crate) fn new(path: &'t str, text: &'t str) -> Self {
        Self { places: Places::new(path, text), diagnostics: Vec::new() }
    }

    pub(crate) fn error(
        &mut self,
        code: &'static str,
        at: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.diagnostics.push(Diagnostic::error(code, message).at(self.places.at(at)).help(help));
    }

    pub(crate) fn warning(
        &mut self,
        code: &'static str,
        at: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.diagnostics.push(Diagnostic::warning(code, message).at(self.places.at(at)).help(help));
    }

    /// Makes errors of the warnings with this code; false when there is none.
    pub(crate) fn raise(&mut self, code: &str) -> bool {
        let mut raised = false;
        for finding in self.diagnostics.iter_mut().filter(|finding| finding.code == code) {
            finding.severity = Severity::Error;
            raised = true;
        }
        raised
    }

    /// The message of the first error.
    pub(crate) fn first_error(&self) -> Option<&str> {
        self.diagnostics.iter().find(|finding| finding.is_error()).map(|finding| finding.message.as_str())
    }

    pub(crate) fn finish(self) -> Vec<Diagnostic> {
        self.diagnostics
    }
}
