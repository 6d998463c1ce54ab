//! The only printer: results to stdout, everything else to stderr.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use clap::ValueEnum;

use super::failure::Failure;
use crate::diagnostic::{Diagnostic, Severity};

/// More diagnostics than this are counted, not shown.
const SHOWN: usize = 20;

/// Whether a part of the result never left: an export that was cut short must not look like a good one.
static LOST_OUTPUT: AtomicBool = AtomicBool::new(false);

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Writes to stderr. A terminal that is gone is no reason to stop in the middle of a delivery, as `eprintln!` would.
fn print(text: &str) {
    let mut out = io::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Text from files and servers as it may stand on a terminal: control characters and those that turn the writing around
/// could make it say something else.
pub(super) fn printable(text: &str) -> String {
    let is_tricky = |c: char| {
        (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    text.replace(is_tricky, "\u{FFFD}")
}

/// How to talk to the user.
#[derive(Debug)]
pub struct Ui {
    colors: Colors,
    quiet: bool,
    verbose: bool,
}

/// Where there are colours.
#[derive(Debug)]
struct Colors {
    results: bool,
    messages: bool,
}

impl Ui {
    /// Decides once how to talk.
    #[expect(clippy::disallowed_methods, reason = "NO_COLOR is for the printer")]
    pub fn new(color: ColorWhen, quiet: bool, verbose: bool) -> Self {
        let is_wanted = |is_terminal: bool| match color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        };
        let colors =
            Colors { results: is_wanted(io::stdout().is_terminal()), messages: is_wanted(io::stderr().is_terminal()) };
        Self { colors, quiet, verbose }
    }

    /// True when results are shown in colours.
    pub fn colors_results(&self) -> bool {
        self.colors.results
    }

    /// True when the user wants to hear more.
    pub fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// True when the user wants to hear only what is wrong.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// True when somebody sits in front of a screen and can answer.
    pub fn is_interactive() -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Prints a result: what the command was asked for. A reader that closes the pipe early is no error, a full disk is one
    /// that [`Ui::lost_output`] tells.
    pub fn result(text: &str) {
        let mut out = io::stdout().lock();
        let end: &[u8] = if text.ends_with('\n') { b"" } else { b"\n" };
        let written = out.write_all(text.as_bytes()).and_then(|()| out.write_all(end)).and_then(|()| out.flush());
        if written.is_err_and(|error| error.kind() != io::ErrorKind::BrokenPipe) {
            LOST_OUTPUT.store(true, Ordering::Relaxed);
        }
    }

    /// True when a result could not be written.
    pub fn lost_output() -> bool {
        LOST_OUTPUT.load(Ordering::Relaxed)
    }

    /// Prints a result as JSON.
    pub fn json(value: &serde_json::Value) {
        Self::result(&format!("{value:#}"));
    }

    /// Says what was done: a sentence.
    pub fn say(&self, sentence: &str) {
        if !self.quiet {
            print(&format!("{}\n", printable(sentence)));
        }
    }

    /// Prints a line of progress.
    pub(super) fn line(text: &str) {
        print(&format!("{text}\n"));
    }

    /// Asks a question that only `y` or `yes` answers with yes.
    pub fn confirm(question: &str) -> bool {
        print(&format!("{question} [y/N] "));
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes" | "Yes")
    }

    /// Shows why a command ended early.
    pub(super) fn failure(&self, failure: &Failure) {
        self.diagnostics(&failure.diagnostics);
    }

    /// Shows diagnostics, errors first; of a great many the first ones, and how many there are.
    pub fn diagnostics(&self, diagnostics: &[Diagnostic]) {
        let mut sorted: Vec<_> = diagnostics.iter().filter(|diagnostic| !self.quiet || diagnostic.is_error()).collect();
        sorted.sort_by_key(|diagnostic| diagnostic.severity);
        for diagnostic in sorted.iter().take(SHOWN) {
            print(&format!("{}\n\n", self.render(diagnostic)));
        }
        let rest = sorted.iter().skip(SHOWN);
        let (errors, warnings): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
            rest.partition(|diagnostic| diagnostic.is_error());
        if !errors.is_empty() || !warnings.is_empty() {
            print(&format!("… and {} more errors, {} more warnings.\n", errors.len(), warnings.len()));
        }
    }

    fn render(&self, diagnostic: &Diagnostic) -> String {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let diagnostic = &cleaned(diagnostic);
        let mut group = Group::with_title(level.primary_title(diagnostic.message.as_str()));
        if let Some(place) = &diagnostic.location {
            if place.excerpt.is_empty() {
                let origin = Origin::path(place.path.as_str());
                let whole_file = (place.line, place.column) == (1, 1);
                group =
                    group.element(if whole_file { origin } else { origin.line(place.line).char_column(place.column) });
            } else {
                // Blanks stand for the beginning of a very long line, so that its columns are right.
                let line = " ".repeat(place.excerpt_column - 1) + &place.excerpt;
                let byte = |column: usize| line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
                let span = byte(place.column - 1)..byte(place.column - 1 + place.length);
                let source = Snippet::source(line).line_start(place.line).path(place.path.as_str());
                group = group.element(source.annotation(AnnotationKind::Primary.span(span)));
            }
        }
        if let Some(help) = &diagnostic.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = if self.colors.messages { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group]).clone()
    }
}

/// The diagnostic with nothing in it that a terminal would act upon. Each character stays one, so places stay right.
fn cleaned(diagnostic: &Diagnostic) -> Diagnostic {
    let mut cleaned = diagnostic.clone();
    cleaned.message = printable(&cleaned.message);
    cleaned.help = cleaned.help.as_deref().map(printable);
    if let Some(place) = &mut cleaned.location {
        place.path = printable(&place.path);
        place.excerpt = printable(&place.excerpt);
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn nothing_that_a_terminal_acts_upon_is_printed() {
        assert_eq!(printable("a\u{1b}[31mb\u{202e}c\u{7}\n"), "a\u{fffd}[31mb\u{fffd}c\u{fffd}\n");
    }
}
