//! Many diagnostics as one report for people: file by file, those with errors first, and no more than a few screens.

use std::collections::BTreeMap;

use annotate_snippets::renderer::{AnsiColor, Style};
use serde_json::{Value, json};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::look::{BAD, BOLD, GREY, Look};
use super::printable::one_line;
use super::table::cut;
use crate::diagnostic::{Diagnostic, Location};
use crate::publish::count;

/// More diagnostics than this are counted, not shown.
const SHOWN: usize = 20;

/// So many columns of a line of the user's file are shown.
const COLUMNS: usize = 72;

/// So many columns are shown before the place that is meant.
const BEFORE: usize = 30;

const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const EXCERPT: Style = AnsiColor::Cyan.on_default();

/// Puts files with errors first, and in each file errors first; else by path and place.
pub(super) fn sort(diagnostics: &mut [Diagnostic]) {
    let mut worst = BTreeMap::new();
    for diagnostic in diagnostics.iter() {
        let worst = worst.entry(diagnostic.path().map(str::to_owned)).or_insert(diagnostic.severity);
        *worst = diagnostic.severity.min(*worst);
    }
    diagnostics.sort_by_cached_key(|diagnostic| {
        let path = diagnostic.path().map(str::to_owned);
        let place = diagnostic.location.as_ref().map(|place| (place.line, place.column));
        (worst.get(&path).copied(), path, diagnostic.severity, place)
    });
}

/// How much a report tells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// A few screens of errors.
    Errors,
    /// A few screens.
    Usual,
    /// Everything.
    All,
}

impl Extent {
    /// As much as the user wants to know.
    pub(super) fn new(is_quiet: bool, is_verbose: bool) -> Self {
        match (is_quiet, is_verbose) {
            (true, _) => Self::Errors,
            (false, true) => Self::All,
            (false, false) => Self::Usual,
        }
    }
}

/// The report on sorted diagnostics, found in so many files: clean, with its colours.
pub(super) fn as_text(diagnostics: &[Diagnostic], files: usize, extent: Extent, look: Look) -> String {
    let told: Vec<&Diagnostic> =
        diagnostics.iter().filter(|diagnostic| extent != Extent::Errors || diagnostic.is_error()).collect();
    let mut text = String::new();
    let mut file = None;
    let mut help = None;
    let shown = if extent == Extent::All { told.len() } else { SHOWN };
    for diagnostic in told.iter().take(shown) {
        if file != Some(diagnostic.path()) {
            file = Some(diagnostic.path());
            help = None;
            if let Some(path) = diagnostic.path() {
                text += &format!("{}\n", look.paint(BOLD, &one_line(path)));
            }
        }
        text += &one(diagnostic, help != Some(&diagnostic.help), look);
        help = Some(&diagnostic.help);
        text.push('\n');
    }
    text += &rest(told.get(shown..).unwrap_or_default());
    text + &sum(diagnostics, files)
}

/// A diagnostic for programs; the keys are a promise.
pub(super) fn diagnostic_as_json(diagnostic: &Diagnostic) -> Value {
    let place = diagnostic.location.as_ref();
    json!({
        "severity": diagnostic.severity.as_str(),
        "code": diagnostic.code,
        "path": place.map(|place| &place.path),
        "line": place.map(|place| place.line),
        "column": place.map(|place| place.column),
        "message": diagnostic.message,
        "help": diagnostic.help,
    })
}

fn one(diagnostic: &Diagnostic, with_help: bool, look: Look) -> String {
    let style = if diagnostic.is_error() { BAD } else { WARNING };
    let mut sentence = diagnostic.severity.as_str().to_owned();
    let excerpt = diagnostic.location.as_ref().filter(|place| !place.excerpt.trim().is_empty());
    if let Some(place) = excerpt {
        sentence += &format!(" in line {}, column {}", place.line, place.column);
    }
    let code = format!("[{}]", diagnostic.code);
    sentence += &format!(": {} {code}", one_line(&diagnostic.message));
    let mut text = String::new();
    for (at, line) in look.lines(&sentence, 4).iter().enumerate() {
        let severity = if at == 0 { diagnostic.severity.as_str() } else { "" };
        let rest = &line[severity.len()..];
        let (rest, code) = rest.strip_suffix(&code).map_or((rest, ""), |rest| (rest, &code));
        let indent = if at == 0 { "  " } else { "    " };
        text += &format!("{indent}{}{rest}{}\n", look.paint(style, severity), look.paint(GREY, code));
    }
    if let Some(place) = excerpt {
        let (line, marks) = window(place, look);
        text += &format!("      {line}\n      {}\n", look.paint(EXCERPT, &marks));
    }
    if let (true, Some(help)) = (with_help, &diagnostic.help) {
        for (at, line) in look.lines(&one_line(help), 10).iter().enumerate() {
            text += &format!("{}{line}\n", if at == 0 { "    help: " } else { "          " });
        }
    }
    text
}

/// The part of the line around the place, and the marks below it.
fn window(place: &Location, look: Look) -> (String, String) {
    let columns = look.width.map_or(COLUMNS, |width| COLUMNS.min(width.saturating_sub(8)).max(2));
    let width = |c: char| c.width().unwrap_or(0);
    let line: Vec<char> = one_line(place.excerpt.trim_end()).chars().collect();
    let at = place.before().min(line.len());
    let mut start = line[..at].iter().take_while(|c| c.is_whitespace()).count();
    let before = |start: usize| line[start..at].iter().map(|c| width(*c)).sum::<usize>();
    let is_far = before(start) > columns - BEFORE.min(columns / 2);
    while is_far && before(start) > BEFORE.min(columns / 2) {
        start += 1;
    }
    let is_cut = is_far || place.excerpt_column > 1;
    let lead = if is_cut { "…" } else { "" };
    let shown = format!("{lead}{}", cut(&line[start..].iter().collect::<String>(), columns));
    let meant: usize = line[at..].iter().take(place.length).map(|c| width(*c)).sum();
    let indent = lead.width() + before(start);
    let meant = meant.clamp(1, shown.width().saturating_sub(indent).max(1));
    (shown, format!("{}{}", " ".repeat(indent), "^".repeat(meant)))
}

/// `… and 31 more, which `-v` shows: 20 × post/link, 11 × post/no-title`
fn rest(diagnostics: &[&Diagnostic]) -> String {
    if diagnostics.is_empty() {
        return String::new();
    }
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for diagnostic in diagnostics {
        *kinds.entry(diagnostic.code).or_default() += 1;
    }
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    let kinds: Vec<_> = kinds.iter().map(|(code, number)| format!("{number} × {code}")).collect();
    format!("… and {} more, which `-v` shows: {}\n\n", diagnostics.len(), kinds.join(", "))
}

fn sum(diagnostics: &[Diagnostic], files: usize) -> String {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let number = |number: usize, noun: &str| count(number as u64, noun);
    let (errors, warnings) = (number(errors, "error"), number(diagnostics.len() - errors, "warning"));
    format!("{errors}, {warnings} in {}\n", number(files, "file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warning(path: &str, line: usize) -> Diagnostic {
        Diagnostic::warning("post/link", "a link").at(Location { line, ..Location::start_of(path) })
    }

    #[test]
    fn files_with_errors_come_first_and_errors_first_in_them() {
        let mut found = vec![warning("a.md", 1), warning("b.md", 1), warning("b.md", 9), warning("c.md", 2)];
        found[2].severity = crate::diagnostic::Severity::Error;
        sort(&mut found);
        let order: Vec<_> = found
            .iter()
            .map(|diagnostic| (diagnostic.path().unwrap(), diagnostic.location.as_ref().unwrap().line))
            .collect();
        assert_eq!(order, [("b.md", 9), ("b.md", 1), ("a.md", 1), ("c.md", 2)]);
    }

    #[test]
    fn what_is_not_shown_is_counted_by_kind() {
        let mut found: Vec<_> = (1..=31).map(|line| warning("a.md", line)).collect();
        found.extend((0..3).map(|_| Diagnostic::warning("post/no-title", "no title").at(Location::start_of("b.md"))));
        sort(&mut found);
        let text = as_text(&found, 240, Extent::Usual, Look::default());
        assert_eq!(text.matches("a link").count(), 20);
        assert!(
            text.ends_with("… and 14 more, which `-v` shows: 11 × post/link, 3 × post/no-title\n\n0 errors, 34 warnings in 240 files\n"),
            "{text}"
        );
        assert_eq!(as_text(&found, 240, Extent::All, Look::default()).matches("a link").count(), 31);
        assert_eq!(
            as_text(&found, 240, Extent::Errors, Look::default()),
            "0 errors, 34 warnings in 240 files\n",
            "only errors are told"
        );
    }

    #[test]
    fn a_long_line_is_cut_around_the_place_and_the_marks_stand_below_it() {
        let line = format!("{}日本HERE{}", "x".repeat(500), "y".repeat(500));
        let (shown, marks) = window(&Location::in_text("a.md", &line, 506, 4), Look::default());
        assert!(shown.starts_with('…') && shown.width() <= COLUMNS + 1, "{shown}");
        assert_eq!(shown.split("HERE").next().map(str::width), marks.find('^'), "{shown}\n{marks}");
        assert_eq!(marks.matches('^').count(), 4);
    }

    #[test]
    fn a_report_fits_the_terminal() {
        let place = Location::in_text("a.md", "a line of the file that is longer than the terminal is wide", 40, 6);
        let found = [Diagnostic::error("post/yaml", "many words that say what is wrong here, and where it is")
            .at(place)
            .help("write it in another way, so that it fits between the edges of the terminal")];
        for (width, color) in [(40, false), (40, true), (60, false)] {
            let text = as_text(&found, 1, Extent::Usual, Look { color, width: Some(width) });
            let plain = anstream::adapter::strip_str(&text).to_string();
            assert!(plain.lines().all(|line| line.width() <= width), "{plain}");
            assert!(plain.contains("[post/yaml]") && plain.contains("terminal\n"), "{plain}");
            assert_eq!(text.contains("\u{1b}[2m[post/yaml]"), color, "{text}");
        }
    }

    #[test]
    fn nothing_from_a_file_reaches_the_terminal_as_a_command() {
        let place = Location::in_text("a.md", "\u{1b}[2Jtitle: x", 5, 3);
        let found = [Diagnostic::error("post/yaml", "bad \u{1b}[31m").at(place)];
        assert!(!as_text(&found, 1, Extent::Usual, Look::default()).contains('\u{1b}'));
        assert!(
            as_text(&found, 1, Extent::Usual, Look { color: true, width: None }).contains("\u{1b}[31m"),
            "colours are ours"
        );
    }

    #[test]
    fn the_same_cure_is_said_once_in_a_row() {
        let found = [
            warning("a.md", 1).help("mend it"),
            warning("a.md", 2).help("mend it"),
            warning("b.md", 1).help("mend it"),
        ];
        assert_eq!(as_text(&found, 2, Extent::Usual, Look::default()).matches("help: mend it").count(), 2);
    }
}
