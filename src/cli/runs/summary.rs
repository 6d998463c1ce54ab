//! A run as `tidings runs` shows it.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::super::failure::Failure;
use super::super::look::{self, PLAIN};
use super::super::page::Page;
use crate::clock::told_of;
use crate::model::DeliveryState;
use crate::store::{RunSummary, Store};

/// The run with this number, or the newest.
pub(super) async fn find(store: &mut Store, number: Option<i64>) -> Result<RunSummary, Failure> {
    store.run(number).await?.ok_or_else(|| {
        let missing = number.map_or_else(|| "there is no run".to_owned(), |number| format!("there is no run {number}"));
        Failure::usage(missing, "see `tidings runs` for those that there are")
    })
}

pub(super) fn tell(runs: &[RunSummary], zone: &TimeZone, page: &mut Page) {
    if runs.is_empty() {
        page.push("Nothing was published yet.\n");
        return;
    }
    let mut rows = vec![look::header(["RUN", "AT", "ISSUE", "DELIVERIES"])];
    for summary in runs {
        let issues: Vec<_> = summary.issues.iter().map(|(number, subject)| format!("{number} “{subject}”")).collect();
        let states: Vec<_> = DeliveryState::ALL
            .into_iter()
            .filter(|state| summary.deliveries.get(*state) > 0)
            .map(|state| format!("{} {}", summary.deliveries.get(state), state.as_str().replace('_', " ")))
            .collect();
        rows.push([
            (summary.run.id.to_string(), PLAIN),
            (told_of(&summary.run.cutoff, zone), PLAIN),
            (issues.join(", "), PLAIN),
            (states.join(", "), look::of_deliveries(&summary.deliveries)),
        ]);
    }
    page.table(&rows);
}

pub(super) fn as_json(summary: &RunSummary) -> Value {
    json!({
        "run": summary.run.id,
        "cutoff": summary.run.cutoff,
        "finished_at": summary.run.finished_at,
        "issues": summary.issues.iter().map(|(number, subject)| json!({ "number": number, "subject": subject })).collect::<Vec<_>>(),
        "deliveries": summary.deliveries,
    })
}
