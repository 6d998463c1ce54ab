//! What was found in a list, as the user is told it.

use super::layout::Ground;
use super::reading::Reading;
use super::rows::{Row, RowError};
use crate::diagnostic::{Diagnostic, Location};

/// What was found in a file.
#[derive(Debug, Default)]
pub struct Findings {
    /// What to tell the user, the most important first.
    pub diagnostics: Vec<Diagnostic>,
    /// How many rows have errors.
    pub bad_rows: u64,
    /// Of how many of those the address and a refusal of mail could be read, and came in all the same.
    pub heeded: u64,
    /// Whether something is wrong that no row can be left out for: nothing of the file may come on the list.
    pub is_refused: bool,
}

impl Reading<'_> {
    /// A file without any row.
    pub(super) fn found_nothing(&mut self) {
        let empty = Diagnostic::error("import/empty", "the file has no rows").at(Location::start_of(self.options.path));
        self.refusals.push(empty.help("write `email` on its first line and one address on each line below"));
    }

    /// The file cannot be read on.
    pub(super) fn fault(&mut self, fault: RowError) {
        let path = self.options.path;
        let at = |code, message: &str, row: Row, help: &str| {
            Diagnostic::error(code, message).at(row.place(path, 0)).help(help)
        };
        self.refusals.push(match fault {
            RowError::Io(error) => {
                Diagnostic::error("import/file", format!("the file cannot be read to its end: {error}"))
                    .at(Location::start_of(path))
                    .help("try again")
            }
            RowError::Quote(row) => {
                let message = "the quote that opens here is never closed, or has text behind its end";
                at(
                    "import/quote",
                    message,
                    row,
                    "close it at the end of its cell; write a quote in a quoted cell twice",
                )
            }
            RowError::Long(row) => {
                at("import/csv", "this row is longer than 1 MB", row, "check that this is a list of readers")
            }
            RowError::Encoding(row) => {
                let help = "save it as UTF-8: in a spreadsheet program choose `CSV UTF-8`";
                at("import/encoding", "from here on the file is not UTF-8 text", row, help)
            }
        });
    }

    /// Everything that was found, errors first.
    pub(super) fn finish(mut self) -> Findings {
        let mut diagnostics = std::mem::take(&mut self.refusals);
        let mut unknown = Vec::new();
        let doubts = self.layout.iter().flat_map(|layout| &layout.doubts);
        for doubt in doubts.filter(|doubt| doubt.ground != Ground::Answers || !doubt.values.is_empty()) {
            let is_named = doubt.ground != Ground::Cells;
            let what = if is_named { "a column looks like consent" } else { "a column speaks of consent" };
            let with = if doubt.values.is_empty() { String::new() } else { format!(", with {}", doubt.values) };
            let name = &doubt.name;
            let message = format!("{what}, and what it means is not known: `{name}`{with}");
            let help = format!(
                "call it `status` and write `confirmed`, `pending`, `unsubscribed`, `bounced` or `complained` into it; or, if it \
                 is about something else, pass `--ignore-column \"{name}\"`"
            );
            diagnostics.push(Diagnostic::error("import/consent", message).at(doubt.place.clone()).help(help));
        }
        let is_refused = !diagnostics.is_empty();
        for column in self.layout.iter_mut().flat_map(|layout| &mut layout.deciding) {
            let Some(place) = column.unknown.place.take() else { continue };
            let name = &column.name;
            let message = format!("in `{name}` stands what says neither yes nor no to mail: {}", column.unknown);
            let help = format!(
                "write `confirmed`, `pending`, `unsubscribed`, `bounced` or `complained`; or, if the column is about something \
                 else, pass `--ignore-column \"{name}\"`"
            );
            unknown.push(Diagnostic::error("import/status", message).at(place).help(help));
        }
        diagnostics.append(&mut unknown);
        diagnostics.append(&mut self.bad.take());
        diagnostics.append(&mut self.warnings);
        let contradiction = |rows: &str, first: &str| {
            format!("mail is both wanted and refused in {rows}, the first with {first}: what refuses it counts")
        };
        diagnostics.extend(self.contradictions.warning("import/contradiction", contradiction));
        let cancelled = |rows: &str, name: &str| format!("a `{name}` in {rows} counts as unsubscribed");
        let cancelled = self.cancelled.warning("import/cancel-date", cancelled);
        let help = "if only a paid plan ended then, pass `--ignore-column \"Cancel date\"`";
        diagnostics.extend(cancelled.map(|warning| warning.help(help)));
        let dates = |rows: &str, _: &str| {
            format!("since when the reader wants mail is not certain in {rows}: the time of the import stands for it")
        };
        let dates = self.dates.warning("import/date", dates);
        let help = "write such dates like `2026-01-31` or `2026-01-31T09:00:00Z`";
        diagnostics.extend(dates.map(|warning| warning.help(help)));
        let names = |rows: &str, _: &str| {
            format!("the name in {rows} is too long or holds what cannot be seen: that was taken off")
        };
        diagnostics.extend(self.names.warning("import/name", names));
        diagnostics.extend(self.losses.warnings());
        Findings { diagnostics, bad_rows: self.bad_rows, heeded: self.heeded, is_refused }
    }
}
