//! Diagnostics as the page shows them: file by file, with the line that is meant and the cure.

use serde::Serialize;

use crate::diagnostic::{Diagnostic, Location};
use crate::publish::count;

/// So many characters of a line are shown before and after the place that is meant.
const AROUND: usize = 80;

/// What is wrong.
#[derive(Serialize)]
pub(super) struct FindingsView {
    errors: usize,
    warnings: usize,
    /// `2 errors, 1 warning`
    sum: String,
    files: Vec<FileView>,
    /// False while posts are still being read.
    is_whole: bool,
}

#[derive(Serialize)]
struct FileView {
    /// `None` for what is in no file.
    path: Option<String>,
    findings: Vec<FindingView>,
}

#[derive(Serialize)]
struct FindingView {
    /// `error` or `warning`.
    severity: &'static str,
    code: &'static str,
    message: Vec<Words>,
    help: Vec<Words>,
    place: Option<PlaceView>,
}

/// A piece of a sentence: words, or code between backticks.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Words {
    text: String,
    is_code: bool,
}

/// A line of a file, in three pieces: what comes before the place that is meant, the place, and the rest.
#[derive(Serialize)]
struct PlaceView {
    line: usize,
    column: usize,
    before: String,
    meant: String,
    after: String,
}

impl FindingsView {
    pub(super) fn new(found: &[Diagnostic]) -> Self {
        let mut files: Vec<FileView> = Vec::new();
        for diagnostic in found {
            let path = diagnostic.path().map(str::to_owned);
            let finding = FindingView {
                severity: diagnostic.severity.as_str(),
                code: diagnostic.code,
                message: words(&diagnostic.message),
                help: words(diagnostic.help.as_deref().unwrap_or_default()),
                place: diagnostic.location.as_ref().and_then(place),
            };
            match files.iter_mut().find(|file| file.path == path) {
                Some(file) => file.findings.push(finding),
                None => files.push(FileView { path, findings: vec![finding] }),
            }
        }
        let errors = found.iter().filter(|diagnostic| diagnostic.is_error()).count();
        let warnings = found.len() - errors;
        let words = [(errors, "error"), (warnings, "warning")].map(|(number, noun)| count(number as u64, noun));
        Self { errors, warnings, sum: words.join(", "), files, is_whole: true }
    }

    /// Those that are known before all posts are read.
    pub(super) fn unfinished(found: &[Diagnostic]) -> Self {
        Self { is_whole: false, ..Self::new(found) }
    }

    pub(super) fn total(&self) -> usize {
        self.errors + self.warnings
    }

    /// `bad`, `warn` or empty.
    pub(super) fn state(&self) -> &'static str {
        match (self.errors, self.warnings) {
            (0, 0) => "",
            (0, _) => "warn",
            _ => "bad",
        }
    }
}

/// Divides a sentence at its backticks; one without a partner is an ordinary sign.
pub(super) fn words(sentence: &str) -> Vec<Words> {
    let mut pieces = Vec::new();
    let mut rest = sentence;
    let plain = |text: &str| Words { text: text.to_owned(), is_code: false };
    while let Some((before, more)) = rest.split_once('`') {
        let Some((code, after)) = more.split_once('`') else { break };
        pieces.push(plain(before));
        pieces.push(Words { text: code.to_owned(), is_code: true });
        rest = after;
    }
    pieces.push(plain(rest));
    pieces.retain(|piece| !piece.text.is_empty());
    pieces
}

/// `None` when only the file is known.
fn place(location: &Location) -> Option<PlaceView> {
    if location.excerpt.trim().is_empty() {
        return None;
    }
    let line: Vec<char> =
        location.excerpt.chars().map(|c| if c.is_control() && c != '\t' { '\u{FFFD}' } else { c }).collect();
    let start = location.before().min(line.len());
    let end = (start + location.length).min(line.len());
    let text = |range: &[char]| range.iter().collect::<String>();
    let first = start.saturating_sub(AROUND);
    let before = if first > 0 || location.excerpt_column > 1 {
        format!("…{}", text(&line[first..start]))
    } else {
        text(&line[..start])
    };
    let last = (end + AROUND).min(line.len());
    let after = if last < line.len() { format!("{}…", text(&line[end..last])) } else { text(&line[end..]) };
    let meant = text(&line[start..end]);
    Some(PlaceView {
        line: location.line,
        column: location.column,
        before: before.trim_start().to_owned(),
        // At the end of a line something is missing there.
        meant: if meant.is_empty() { " ".to_owned() } else { meant },
        after,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_around_the_place_that_is_meant() {
        let line = format!("{}HERE{}", "ä".repeat(500), "ö".repeat(500));
        let shown = place(&Location::in_text("a.md", &line, 1000, 4)).unwrap();
        assert_eq!((shown.meant.as_str(), shown.line, shown.column), ("HERE", 1, 501));
        assert_eq!((shown.before.chars().count(), shown.after.chars().count()), (AROUND + 1, AROUND + 1));
        assert!(shown.before.starts_with('…') && shown.after.ends_with('…'));
    }

    #[test]
    fn a_place_at_the_end_of_a_line_can_be_seen() {
        let shown = place(&Location::in_text("a.md", "title:\nx", 6, 1)).unwrap();
        assert_eq!((shown.before.as_str(), shown.meant.as_str(), shown.after.as_str()), ("title:", " ", ""));
        assert!(place(&Location::start_of("a.md")).is_none());
    }

    #[test]
    fn what_stands_between_backticks_is_code() {
        let pieces = |sentence: &str| -> Vec<(String, bool)> {
            words(sentence).into_iter().map(|piece| (piece.text, piece.is_code)).collect()
        };
        assert_eq!(pieces("write `a` or b"), [("write ".into(), false), ("a".into(), true), (" or b".into(), false)]);
        assert_eq!(pieces("one ` alone"), [("one ` alone".into(), false)]);
        assert!(pieces("").is_empty());
    }

    #[test]
    fn findings_are_put_together_by_file_and_counted() {
        let at = |path: &str| Diagnostic::warning("post/link", "a link").at(Location::start_of(path));
        let view = FindingsView::new(&[at("a.md"), at("b.md"), at("a.md"), Diagnostic::error("store", "none")]);
        assert_eq!(view.sum, "1 error, 3 warnings");
        let files: Vec<_> = view.files.iter().map(|file| (file.path.as_deref(), file.findings.len())).collect();
        assert_eq!(files, [(Some("a.md"), 2), (Some("b.md"), 1), (None, 1)]);
        assert_eq!((view.state(), FindingsView::new(&[]).state()), ("bad", ""));
    }
}
