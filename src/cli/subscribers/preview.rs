//! `tidings subscribers import --dry-run`

use serde_json::json;

use super::super::report::diagnostic_as_json;
use super::super::{Context, Ui, look};
use crate::list::{Findings, TakenFor};
use crate::model::SubscriberCounts;
use crate::publish::count;

/// Shows what a file would bring; keys: `columns` (`column`, `taken_for`), `readers` (by status), `left_out` (who were erased),
/// `bad_rows`, `is_refused`, `diagnostics`.
pub(super) fn show(
    columns: &[TakenFor],
    counts: SubscriberCounts,
    left_out: u64,
    findings: &Findings,
    is_json: bool,
    context: &Context,
) {
    if is_json {
        let columns: Vec<_> =
            columns.iter().map(|it| json!({ "column": it.column, "taken_for": it.meaning })).collect();
        Ui::json(&json!({
            "columns": columns,
            "readers": counts,
            "left_out": left_out,
            "bad_rows": findings.bad_rows,
            "is_refused": findings.is_refused,
            "diagnostics": findings.diagnostics.iter().map(diagnostic_as_json).collect::<Vec<_>>(),
        }));
        return;
    }
    context.ui.diagnostics(&findings.diagnostics);
    let mut page = context.ui.new_page();
    let mut rows = vec![look::header(["COLUMN", "TAKEN FOR"])];
    rows.extend(columns.iter().map(|it| [it.column.clone(), it.meaning.to_owned()].map(|cell| (cell, look::PLAIN))));
    page.table(&rows);
    let statuses: Vec<_> = counts.by_status().map(|(status, count)| format!("{count} {}", status.as_str())).collect();
    let readers = if statuses.is_empty() { "no readers".to_owned() } else { statuses.join(", ") };
    page.push(&format!("\nThe file has {readers}"));
    if left_out > 0 {
        page.push(&format!(", and {left_out} left out who were erased here or want no mail"));
    }
    if findings.bad_rows > 0 {
        page.push(&format!("; {} cannot be taken", count(findings.bad_rows, "row")));
    }
    page.push(". Nothing was changed.\n");
    Ui::page(page);
}
