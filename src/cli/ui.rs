//! The only printer: results to stdout, everything else to stderr.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use anstream::{AutoStream, ColorChoice};
use clap::ValueEnum;

use super::failure::Failure;
use super::look::Look;
use super::page::Page;
use super::printable::{escaped, for_programs, one_line, printable};
use super::report::Extent;
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::without_logins;

/// More diagnostics than this are counted, not shown.
const SHOWN: usize = 20;

/// Whether a part of the result never left: an export that was cut short must not look like a good one.
static LOST_OUTPUT: AtomicBool = AtomicBool::new(false);

/// Whether a result was printed as JSON: there is one, also when the command fails afterwards.
static HAS_PRINTED_JSON: AtomicBool = AtomicBool::new(false);

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` is set; elsewhere if `CLICOLOR_FORCE` is
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

/// How to talk to the user.
#[derive(Debug)]
pub struct Ui {
    results: Look,
    messages: Look,
    quiet: bool,
    verbose: bool,
}

/// A result that is printed piece by piece, so that it is never held whole. A reader that closes the pipe early is no error, a
/// full disk is one that [`Ui::lost_output`] tells.
#[derive(Debug)]
pub(super) struct Output {
    out: io::BufWriter<io::Stdout>,
    /// False once the reader of the pipe is gone, or the disk full.
    is_open: bool,
}

impl Output {
    pub(super) fn new() -> Self {
        Self { out: io::BufWriter::with_capacity(1 << 16, io::stdout()), is_open: true }
    }

    /// Prints a piece of what [`Ui::page`] prints. False when there is no use in printing more.
    pub(super) fn page(&mut self, page: Page) -> bool {
        self.write(&page.into_text())
    }

    /// Prints a piece of what [`Ui::data`] prints, likewise.
    pub(super) fn data(&mut self, text: &str) -> bool {
        self.write(&for_programs(text, io::stdout().is_terminal()))
    }

    /// Prints a piece of what [`Ui::json`] prints, likewise.
    pub(super) fn json(&mut self, text: &str) -> bool {
        HAS_PRINTED_JSON.store(true, Ordering::Relaxed);
        self.write(&without_logins(&escaped(text)))
    }

    /// Prints what is left.
    pub(super) fn end(mut self) {
        self.attempt(io::Write::flush);
    }

    fn write(&mut self, text: &str) -> bool {
        self.attempt(|out| out.write_all(text.as_bytes()))
    }

    fn attempt(&mut self, write: impl FnOnce(&mut io::BufWriter<io::Stdout>) -> io::Result<()>) -> bool {
        if let Some(error) = self.is_open.then(|| write(&mut self.out)).and_then(Result::err) {
            self.is_open = false;
            if error.kind() != io::ErrorKind::BrokenPipe {
                LOST_OUTPUT.store(true, Ordering::Relaxed);
            }
        }
        self.is_open
    }
}

/// The columns of a terminal.
#[cfg(unix)]
fn columns(stream: &impl std::os::fd::AsFd) -> Option<u16> {
    rustix::termios::tcgetwinsize(stream).ok().map(|size| size.ws_col)
}

#[cfg(not(unix))]
fn columns(stream: &impl std::os::windows::io::AsHandle) -> Option<u16> {
    terminal_size::terminal_size_of(stream).map(|(width, _)| width.0)
}

/// The columns of a terminal that does not say how many it has.
const USUAL_WIDTH: usize = 80;

impl Ui {
    /// Decides once how to talk.
    pub fn new(color: ColorWhen, quiet: bool, verbose: bool) -> Self {
        let look = |by_itself: ColorChoice, is_terminal: bool, columns: Option<u16>| Look {
            color: match color {
                ColorWhen::Always => true,
                ColorWhen::Never => false,
                ColorWhen::Auto => by_itself != ColorChoice::Never,
            },
            width: is_terminal.then(|| columns.filter(|columns| *columns > 0).map_or(USUAL_WIDTH, usize::from)),
        };
        let (out, err) = (io::stdout(), io::stderr());
        Self {
            results: look(AutoStream::choice(&out), out.is_terminal(), columns(&out)),
            messages: look(AutoStream::choice(&err), err.is_terminal(), columns(&err)),
            quiet,
            verbose,
        }
    }

    /// The columns of the terminal that results go to.
    pub(super) fn width() -> Option<usize> {
        let out = io::stdout();
        columns(&out).map(usize::from).filter(|columns| *columns > 0 && out.is_terminal())
    }

    /// A page that will be a result.
    pub(super) fn new_page(&self) -> Page {
        Page::new(self.results)
    }

    /// A page that leads to a question.
    pub(super) fn new_message(&self) -> Page {
        Page::new(self.messages)
    }

    /// True when the user wants to hear more.
    pub fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// True when the user wants to hear only what is wrong.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// How much a report tells.
    pub(super) fn extent(&self) -> Extent {
        Extent::new(self.quiet, self.verbose)
    }

    /// True at a terminal, where a question can be answered.
    pub fn is_interactive() -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Prints a result for people: what the command was asked for. Foreign words in it are on one line, see
    /// `printable::one_line`.
    pub fn result(text: &str) {
        Self::write(&printable(text));
    }

    /// Prints a result for people that has tables or colours.
    pub(super) fn page(page: Page) {
        Self::write(&page.into_text());
    }

    /// Prints what leads to a question, whether the user wants to hear much or not.
    pub(super) fn message(page: Page) {
        print(&format!("{}\n", page.into_text()));
    }

    /// Prints a result for a program, such as CSV; on a terminal people see it.
    pub fn data(text: &str) {
        Self::write(&for_programs(text, io::stdout().is_terminal()));
    }

    /// Prints a result as JSON.
    pub fn json(value: &serde_json::Value) {
        HAS_PRINTED_JSON.store(true, Ordering::Relaxed);
        Self::write(&without_logins(&escaped(&format!("{value:#}"))));
    }

    fn write(text: &str) {
        let mut out = Output::new();
        out.write(text);
        out.write(if text.ends_with('\n') { "" } else { "\n" });
        out.end();
    }

    /// True when there is JSON on stdout.
    pub fn has_printed_json() -> bool {
        HAS_PRINTED_JSON.load(Ordering::Relaxed)
    }

    /// True when a result could not be written.
    pub fn lost_output() -> bool {
        LOST_OUTPUT.load(Ordering::Relaxed)
    }

    /// Says what was done: a sentence, on one line.
    pub fn say(&self, sentence: &str) {
        self.say_lines(&one_line(sentence));
    }

    /// Says what takes several lines; foreign words in it are on one.
    pub fn say_lines(&self, lines: &str) {
        if !self.quiet {
            print(&format!("{}\n", printable(lines)));
        }
    }

    /// Says what has tables or colours.
    pub(super) fn say_page(&self, page: Page) {
        if !self.quiet {
            print(&page.into_text());
        }
    }

    /// Prints what leads to a question, whether the user wants to hear much or not; foreign words in it are on one line.
    pub(super) fn lines(text: &str) {
        print(&format!("{}\n", printable(text)));
    }

    /// Prints a line of progress.
    pub(super) fn line(text: &str) {
        print(&format!("{}\n", one_line(text)));
    }

    /// Shows what clap has to say: help and version on stdout, and what is wrong with the arguments, which it repeats, on
    /// stderr. In colours, unless an argument holds what a terminal must not see.
    pub(super) fn usage(error: &clap::Error) {
        let plain = error.render().to_string();
        let clean = printable(&plain);
        if clean == plain {
            let _ = error.print();
        } else {
            print(&clean);
        }
    }

    /// Asks a question that only `y` or `yes` answers with yes.
    pub fn confirm(question: &str) -> bool {
        print(&format!("{} [y/N] ", one_line(question)));
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
        let renderer = if self.messages.color { Renderer::styled() } else { Renderer::plain() };
        let renderer = self.messages.width.map_or(renderer.clone(), |columns| renderer.term_width(columns));
        renderer.render(&[group]).clone()
    }
}

/// The diagnostic with nothing in it that a terminal would act upon. Each character stays one, so places stay right.
fn cleaned(diagnostic: &Diagnostic) -> Diagnostic {
    let mut cleaned = diagnostic.clone();
    cleaned.message = one_line(&cleaned.message);
    cleaned.help = cleaned.help.as_deref().map(one_line);
    if let Some(place) = &mut cleaned.location {
        place.path = one_line(&place.path);
        place.excerpt = printable(&place.excerpt);
    }
    cleaned
}
