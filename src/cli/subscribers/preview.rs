//! What a file would bring: for `tidings subscribers import --dry-run`, and before the question.

use serde_json::json;

use super::super::page::Page;
use super::super::report::diagnostic_as_json;
use super::super::{Context, Ui, look};
use crate::config::Config;
use crate::list::{Findings, TakenFor};
use crate::model::SubscriberCounts;
use crate::publish::{count, turns_an_hour};
use crate::store::Arrived;

/// What is known of a file before anything is written.
#[derive(Debug, Default)]
pub(super) struct Preview {
    /// The program that wrote it.
    pub(super) origin: Option<&'static str>,
    pub(super) columns: Vec<TakenFor>,
    /// Its rows by status.
    pub(super) in_file: SubscriberCounts,
    /// How many are left out who were erased, or want no mail.
    pub(super) kept_out: u64,
    /// What taking them would come to; `None` when the file is refused.
    pub(super) arrived: Option<Arrived>,
}

impl Preview {
    /// Prints it; keys: `service` (or null), `columns` (`column`, `taken_for`), `readers` (rows by status), `new` (by status), `known`,
    /// `stopped` and `letters` (null when the file is refused), `left_out` (who were erased), `bad_rows`, `is_refused`, `diagnostics`.
    pub(super) fn show(&self, findings: &Findings, is_json: bool, config: &Config, context: &Context) {
        if is_json {
            let columns: Vec<_> =
                self.columns.iter().map(|it| json!({ "column": it.column, "taken_for": it.meaning })).collect();
            let arrived = self.arrived.as_ref();
            Ui::json(&json!({
                "service": self.origin,
                "columns": columns,
                "readers": self.in_file,
                "new": arrived.map(|arrived| arrived.new),
                "known": arrived.map(|arrived| arrived.known),
                "stopped": arrived.map(|arrived| arrived.stopped),
                "letters": arrived.map(|arrived| arrived.letters),
                "left_out": self.kept_out,
                "bad_rows": findings.bad_rows,
                "is_refused": findings.is_refused,
                "diagnostics": findings.diagnostics.iter().map(diagnostic_as_json).collect::<Vec<_>>(),
            }));
            return;
        }
        context.ui.diagnostics(&findings.diagnostics);
        let mut page = context.ui.new_page();
        self.tell(findings, config, &mut page);
        page.push("Nothing was changed.\n");
        Ui::page(page);
    }

    /// Says it, whether the user wants to hear much or not.
    pub(super) fn lead_to_a_question(&self, findings: &Findings, config: &Config, context: &Context) {
        let mut page = context.ui.new_message();
        self.tell(findings, config, &mut page);
        Ui::message(page);
    }

    fn tell(&self, findings: &Findings, config: &Config, page: &mut Page) {
        let mut rows = vec![look::header(["COLUMN", "TAKEN FOR"])];
        let cells = |it: &TakenFor| [it.column.clone(), it.meaning.to_owned()].map(|cell| (cell, look::PLAIN));
        rows.extend(self.columns.iter().map(cells));
        page.table(&rows);
        let statuses: Vec<_> =
            self.in_file.by_status().map(|(status, count)| format!("{count} {}", status.as_str())).collect();
        let readers = if statuses.is_empty() { "no readers".to_owned() } else { statuses.join(", ") };
        let of = self.origin.map_or_else(String::new, |origin| format!(", an export of {origin},"));
        page.push(&format!("\nThe file{of} has {readers}"));
        if self.kept_out > 0 {
            page.push(&format!(", and {} left out who were erased here or want no mail", self.kept_out));
        }
        if findings.bad_rows > 0 {
            page.push(&format!("; {} cannot be taken", count(findings.bad_rows, "row")));
        }
        page.push(".\n");
        let Some(arrived) = &self.arrived else { return };
        page.push(&format!("That makes {}.\n", told(arrived)));
        if arrived.letters > 0 {
            let turns = turns_an_hour(config).unsigned_abs();
            let hours = arrived.letters.div_ceil(turns);
            let time = if hours < 48 { count(hours, "hour") } else { count(hours.div_ceil(24), "day") };
            let letters = count(arrived.letters, "letter");
            page.push(&format!(
                "Then {letters} that ask to confirm wait: {turns} leave in an hour, with the commands that send, so it takes {time}.\n"
            ));
        }
    }
}

/// `2 readers added (1 confirmed, 1 pending), 1 known already and left as they are`
pub(super) fn told(arrived: &Arrived) -> String {
    let number: u64 = arrived.new.by_status().map(|(_, count)| count.unsigned_abs()).sum();
    let statuses: Vec<_> =
        arrived.new.by_status().map(|(status, count)| format!("{count} {}", status.as_str())).collect();
    let mut text = format!("{} added", count(number, "reader"));
    if !statuses.is_empty() {
        text += &format!(" ({})", statuses.join(", "));
    }
    let stay = arrived.known.saturating_sub(arrived.stopped);
    if stay > 0 {
        text += &format!(", {stay} known already and left as they are");
    }
    if arrived.stopped > 0 {
        text += &format!(", {} known already and getting no more mail, as the file says", arrived.stopped);
    }
    if arrived.letters > 0 {
        text += &format!(", {} asked to confirm", arrived.letters);
    }
    text
}
