//! One row of a list: who it is, what it says about consent, and what is wrong with it.

use jiff::Timestamp;

use super::details::details;
use super::findings::{Kept, Once};
use super::layout::{Layout, Options, silence};
use super::loss::Losses;
use super::moment::moment;
use super::origin::origin;
use super::rows::Row;
use super::text::{LONGEST_NAME, LONGEST_SOURCE, clean, is_unseen, unguarded};
use super::words::{Consent, WORDS};
use crate::diagnostic::{Diagnostic, Location};
use crate::model::SubscriberStatus::{self, Confirmed, Pending};
use crate::model::{EmailAddress, ListedReader};

/// 1990-01-01 in UTC. What is dated before was not dated, but filled in by a program.
const FIRST_MAIL: i64 = 631_152_000;

/// More of them are not kept.
const MOST_REFUSALS: usize = 8;

/// What is known about a file while it is read.
#[derive(Debug, Default)]
pub(super) struct Reading<'a> {
    pub(super) options: Options<'a>,
    pub(super) layout: Option<Layout>,
    /// What no row can be left out for.
    pub(super) refusals: Vec<Diagnostic>,
    pub(super) bad: Kept,
    pub(super) bad_rows: u64,
    /// Of how many bad rows the refusal of mail counts all the same.
    pub(super) heeded: u64,
    pub(super) warnings: Vec<Diagnostic>,
    pub(super) contradictions: Once,
    pub(super) cancelled: Once,
    pub(super) dates: Once,
    pub(super) names: Once,
    pub(super) losses: Losses,
    /// The program that wrote it.
    pub(super) origin: Option<&'static str>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(options: Options<'a>) -> Self {
        Self { options, ..Self::default() }
    }

    pub(super) fn has_errors(&self) -> bool {
        self.bad_rows > 0 || !self.refusals.is_empty()
    }

    pub(super) fn knows_columns(&self) -> bool {
        self.layout.is_some()
    }

    /// Takes the first row, which names the columns or, in a list of bare addresses, is a reader.
    pub(super) fn begin(&mut self, row: &Row, delimiter: char) -> Option<ListedReader> {
        let path = self.options.path;
        let layout = match Layout::read(row, &self.options, delimiter) {
            Ok(layout) => layout,
            Err(fault) => {
                self.refusals.push(fault);
                return None;
            }
        };
        self.origin = origin(row);
        self.warnings.extend(silence(row, path));
        if !layout.says_anything() && self.options.taken_as.is_none() && is_named_after_leavers(path) {
            let hint = "the name of the file speaks of readers who get no mail, and no column says who does";
            let help = "say what they are with `--as unsubscribed`; or, if they want mail, with `--as confirmed`";
            self.refusals.push(Diagnostic::error("import/file-name", hint).at(Location::start_of(path)).help(help));
        }
        let has_names = layout.has_names;
        self.layout = Some(layout);
        if has_names { None } else { self.take(row) }
    }

    /// Takes a row. `None` for one that is empty or has errors, unless its reader is certain and gets no mail.
    pub(super) fn take(&mut self, row: &Row) -> Option<ListedReader> {
        if row.cells().all(|cell| cell.is_empty()) {
            return None;
        }
        let mut layout = self.layout.take()?;
        let reader = self.reader(row, &mut layout);
        self.layout = Some(layout);
        match reader {
            Ok(reader) => Some(reader),
            Err(refused) => {
                self.bad_rows += 1;
                self.heeded += u64::from(refused.is_some());
                refused
            }
        }
    }

    /// The reader of a row; of one with errors, the reader if it is certain who it is and that they get no mail.
    fn reader(&mut self, row: &Row, layout: &mut Layout) -> Result<ListedReader, Option<ListedReader>> {
        let errors = self.bad.all;
        self.check_shape(row, layout);
        let is_shaped = self.bad.all == errors;
        let address = self.address(row, layout.address).ok_or(None)?;
        let (status, is_known) = self.status(row, layout);
        let name = self.text(row, layout.name, LONGEST_NAME);
        let (source, created_at, updated_at) = match &layout.record {
            Some(record) => (
                self.text(row, Some(record.source), LONGEST_SOURCE),
                self.recorded(row, record.created),
                self.recorded(row, record.updated),
            ),
            None => (None, self.since(row, layout), None),
        };
        let (details, losses) = details(row, layout);
        for (loss, index) in losses {
            let path = self.options.path;
            let name = || {
                layout.kept.iter().find(|kept| kept.index == index).map_or_else(String::new, |kept| kept.name.clone())
            };
            self.losses.add(loss, || (row.place(path, index), name()));
        }
        let reader = ListedReader { address, name, status, source, created_at, updated_at, details };
        if self.bad.all == errors && is_known {
            return Ok(reader);
        }
        // The cells of a row with too many of them may not be what their columns say.
        let is_refused = is_shaped && !matches!(status, Confirmed | Pending);
        Err(is_refused.then_some(reader))
    }

    fn error(&mut self, row: &Row, index: usize, code: &'static str, message: impl FnOnce() -> String, help: &str) {
        let path = self.options.path;
        self.bad.add(|| Diagnostic::error(code, message()).at(row.place(path, index)).help(help));
    }

    /// False, and an error, for a cell that goes on on another line.
    fn is_one_line(&mut self, row: &Row, index: usize, cell: &str) -> bool {
        let is_one_line = !cell.contains(['\n', '\r']);
        if !is_one_line {
            let help = "write it on one line; a quote that is never closed looks like this too";
            self.error(row, index, "import/line-break", || "there is a line break in this cell".to_owned(), help);
        }
        is_one_line
    }

    fn address(&mut self, row: &Row, index: usize) -> Option<EmailAddress> {
        let cell = row.cell(index);
        let text = unguarded(&cell);
        if !self.is_one_line(row, index, text) {
            return None;
        }
        let fault = match text.parse::<EmailAddress>() {
            Ok(_) if text.contains(is_unseen) => "this address holds characters that cannot be seen".to_owned(),
            Ok(address) => return Some(address),
            Err(error) => error.to_string(),
        };
        let shown = || format!("{fault}: `{}`", text.chars().take(80).collect::<String>());
        self.error(row, index, "import/address", shown, "mend or remove this row");
        None
    }

    /// Finds cells without a name, and rows that an open quote has taken for a part of this one.
    fn check_shape(&mut self, row: &Row, layout: &Layout) {
        if (layout.width..row.len()).any(|index| !row.cell(index).is_empty()) {
            let message = || format!("this row has {} cells, and the first line names {}", row.len(), layout.width);
            let help = "put cells that hold the separator into quotes, or name the columns";
            self.error(row, layout.width, "import/cells", message, help);
        }
        let is_reader = |line: &str| {
            let mut cells = line.split(layout.delimiter);
            let address = cells.nth(layout.address).unwrap_or_default().trim();
            layout.address + cells.count() > 0 && address.parse::<EmailAddress>().is_ok()
        };
        if let Some((line, _)) = row.further_lines().find(|(_, line)| layout.width > 1 && is_reader(line)) {
            let opens = (0..row.len()).find(|index| row.cell(*index).contains(['\n', '\r'])).unwrap_or(0);
            let message = format!("the quote that opens here holds line {line}, which looks like a reader");
            let fault = Diagnostic::error("import/quote", message).at(row.place(self.options.path, opens));
            if self.refusals.len() < MOST_REFUSALS {
                self.refusals.push(fault.help("close the quote at the end of its cell"));
            }
        }
    }

    /// What the row says about consent, and whether all of it is known.
    fn status(&mut self, row: &Row, layout: &mut Layout) -> (SubscriberStatus, bool) {
        let path = self.options.path;
        let mut status = layout.default.or_more_careful(self.options.taken_as.unwrap_or(Confirmed));
        let (mut wants, mut refuses, mut is_known) = (None, None, true);
        for (number, column) in layout.deciding.iter_mut().enumerate() {
            let cell = row.cell(column.index);
            match column.consent(&cell) {
                Consent::Silent => {}
                Consent::Says(Confirmed) => wants = wants.or(Some(number)),
                Consent::Says(said) => {
                    status = status.or_more_careful(said);
                    refuses = refuses.or(Some(number));
                    if column.is_cancel_date() {
                        self.cancelled.add(|| (row.place(path, column.index), column.name.clone()));
                    }
                }
                Consent::Unknown => {
                    column.unknown.add(&cell, || row.place(path, column.index));
                    is_known = false;
                }
            }
        }
        if let (Some(wants), Some(refuses)) = (wants, refuses) {
            let [yes, no] = [wants, refuses].map(|number| &layout.deciding[number]);
            let shown = |index| row.cell(index).chars().take(40).collect::<String>();
            let both = || format!("`{}` is `{}`, `{}` is `{}`", yes.name, shown(yes.index), no.name, shown(no.index));
            self.contradictions.add(|| (row.place(path, no.index), both()));
        }
        layout.doubt(row, path);
        (status, is_known)
    }

    /// A name or source, without what cannot be seen in it.
    fn text(&mut self, row: &Row, index: Option<usize>, longest: usize) -> Option<String> {
        let index = index?;
        let cell = row.cell(index);
        let text = unguarded(&cell);
        if !self.is_one_line(row, index, text) {
            return None;
        }
        let cleaned = clean(text, longest);
        if cleaned != text {
            let path = self.options.path;
            self.names.add(|| (row.place(path, index), String::new()));
        }
        (!cleaned.is_empty()).then_some(cleaned)
    }

    /// A moment in a file of ours.
    fn recorded(&mut self, row: &Row, index: usize) -> Option<String> {
        let cell = row.cell(index);
        let time = moment(&cell);
        if time.is_none() && !cell.is_empty() {
            let message = || "this is not a moment as we export it".to_owned();
            self.error(row, index, "import/date", message, "write it like `2026-01-31T09:00:00Z`");
        }
        time.map(|time| time.to_string())
    }

    /// Since when the reader wants mail, when that is certain.
    fn since(&mut self, row: &Row, layout: &Layout) -> Option<String> {
        let now = self.options.now;
        let is_possible = |time: &Timestamp| time.as_second() >= FIRST_MAIL && *time <= now;
        let time = layout.since.iter().find_map(|index| moment(&row.cell(*index)).filter(is_possible));
        if time.is_none()
            && let Some(index) = layout.since.iter().find(|index| !row.cell(**index).is_empty())
        {
            let path = self.options.path;
            self.dates.add(|| (row.place(path, *index), String::new()));
        }
        time.map(|time| time.to_string())
    }
}

/// True for a name such as Mailchimp's `unsubscribed_members_export_4711.csv`.
fn is_named_after_leavers(path: &str) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default().to_lowercase();
    WORDS.leavers.split_whitespace().any(|word| name.contains(word))
}
