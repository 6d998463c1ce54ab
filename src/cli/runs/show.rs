//! `tidings runs show`

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::super::failure::Failure;
use super::super::look::{self, GREY, PLAIN};
use super::super::page::Page;
use super::super::{Ui, history};
use super::reasons::Reasons;
use super::summary::{as_json, find, tell};
use crate::clock::told_of;
use crate::model::DeliveryState;
use crate::publish::PublishError;
use crate::store::{NotSent, Store};

/// So many deliveries are shown one by one when they are not asked for by their state.
const SHOWN: usize = 50;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidings runs show\n  tidings runs show 7 --state failed")]
pub(super) struct Arguments {
    /// The number of the run; the last one when left out
    run: Option<i64>,
    /// The run of this issue, and only the deliveries of this issue
    #[arg(long, value_name = "N", conflicts_with = "run")]
    issue: Option<i64>,
    /// Only deliveries in this state (repeatable)
    #[arg(long, value_name = "STATE", value_parser = states())]
    state: Vec<DeliveryState>,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

fn states() -> impl clap::builder::TypedValueParser<Value = DeliveryState> {
    let not_sent = DeliveryState::ALL.into_iter().filter(|state| *state != DeliveryState::Sent);
    let words = PossibleValuesParser::new(not_sent.map(DeliveryState::as_str));
    words.try_map(|word| DeliveryState::parse(&word).ok_or("no state"))
}

/// What is shown of the deliveries of an issue, or of all of a run.
struct Shown {
    reasons: Reasons,
    /// All, or the first ones when there are too many to show.
    rows: Vec<NotSent>,
    /// How many there are.
    count: usize,
}

pub(super) async fn run(
    store: &mut Store,
    which: &Arguments,
    is_json: bool,
    zone: &TimeZone,
    ui: &Ui,
) -> Result<(), Failure> {
    let run = match which.issue {
        Some(issue) => Some(store.issue(issue).await?.ok_or(PublishError::NoIssue(issue))?.0),
        None => which.run,
    };
    let mut summary = find(store, run).await?;
    if let Some(issue) = which.issue {
        summary.issues.retain(|(number, _)| *number == issue);
        summary.deliveries = store.issue_counts(issue).await?;
    }
    let is_json = is_json || which.json;
    let is_wanted = |state| which.state.is_empty() || which.state.contains(&state);
    let most = if is_json || !which.state.is_empty() { usize::MAX } else { SHOWN };
    let mut shown = Shown { reasons: Reasons::default(), rows: Vec::new(), count: 0 };
    for (issue, _) in &summary.issues {
        let add = |delivery: NotSent| {
            if is_wanted(delivery.standing.state) {
                shown.add(delivery, most);
            }
        };
        store.not_sent(*issue, add).await?;
    }
    if is_json {
        let mut value = as_json(&summary);
        value["not_sent"] = shown.rows.iter().map(row_as_json).collect();
        value["reasons"] = shown.reasons.as_json();
        Ui::json(&value);
        return Ok(());
    }
    let mut page = ui.new_page();
    tell(std::slice::from_ref(&summary), zone, &mut page);
    page.push("\n");
    match shown.count {
        0 if which.state.is_empty() => page.push("Every delivery was made.\n"),
        0 => page.push("There is no such delivery.\n"),
        count => {
            shown.reasons.tell(&mut page);
            page.push("\n");
            if count > most {
                let more = "`--state STATE` lists those of a state, `--json` all of them";
                page.push(&format!("{count} deliveries; {more}.\n"));
            } else {
                tell_rows(&shown.rows, zone, &mut page);
            }
        }
    }
    Ui::page(page);
    Ok(())
}

impl Shown {
    /// Takes a delivery in, and keeps it unless there are more than `most`.
    fn add(&mut self, delivery: NotSent, most: usize) {
        self.reasons.add(&delivery);
        self.count += 1;
        if self.count <= most {
            self.rows.push(delivery);
        }
    }
}

fn row_as_json(row: &NotSent) -> Value {
    json!({
        "issue": row.key.issue,
        "subscriber": row.key.subscriber,
        "address": row.address,
        "state": row.standing.state.as_str(),
        "attempts": row.standing.attempts,
        "next_attempt_at": row.standing.next_attempt_at,
        "reply": row.standing.reply(),
        "updated_at": row.standing.updated_at,
        "tries": history::as_json(&row.standing),
    })
}

fn tell_rows(rows: &[NotSent], zone: &TimeZone, page: &mut Page) {
    let mut lines = vec![look::header(["ISSUE", "READER", "STATE", "TRIES", "WHY"])];
    for row in rows {
        let mut why = row.standing.reply().unwrap_or_default();
        if let Some(next) = &row.standing.next_attempt_at {
            let put_off = if row.standing.attempts == 0 { "not tried, others of its domain are refused " } else { "" };
            why = format!("{put_off}{why} (again from {})", told_of(next, zone));
        }
        lines.push([
            (row.key.issue.to_string(), PLAIN),
            (row.address.clone(), PLAIN),
            (row.standing.state.as_str().replace('_', " "), look::of_delivery(row.standing.state)),
            (row.standing.attempts.to_string(), PLAIN),
            (why, PLAIN),
        ]);
        let before = history::as_rows(&row.standing, zone);
        lines.extend(before.map(|[state, at, said]| {
            [String::new(), String::new(), state, String::new(), format!("{at}: {said}")].map(|cell| (cell, GREY))
        }));
    }
    page.table(&lines);
}
