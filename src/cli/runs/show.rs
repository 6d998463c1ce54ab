//! `tidings runs show`

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::super::failure::Failure;
use super::super::look::{self, GREY, PLAIN};
use super::super::page::Page;
use super::super::ui::Output;
use super::super::{Ui, history};
use super::reasons::Reasons;
use super::summary::{as_json, find, tell};
use crate::model::DeliveryState;
use crate::publish::PublishError;
use crate::store::{NotSent, RunSummary, Store};

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
    let is_wanted = |state| which.state.is_empty() || which.state.contains(&state);
    if is_json || which.json {
        return print_json(store, &summary, is_wanted).await;
    }
    let most = if which.state.is_empty() { SHOWN } else { usize::MAX };
    let mut shown = Shown { reasons: Reasons::default(), rows: Vec::new(), count: 0 };
    for (issue, _) in &summary.issues {
        let add = |delivery: NotSent| {
            if is_wanted(delivery.standing.state) {
                shown.add(delivery, most);
            }
        };
        store.not_sent(*issue, add).await?;
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

/// Prints what [`Ui::json`] would, and never holds all deliveries.
async fn print_json(
    store: &mut Store,
    summary: &RunSummary,
    is_wanted: impl Fn(DeliveryState) -> bool,
) -> Result<(), Failure> {
    const EMPTY: &str = "\"not_sent\": []";
    let mut value = as_json(summary);
    value["not_sent"] = json!([]);
    // Another key, or a text that says the same, has a sign before its quotes.
    let halves = |value: &Value| {
        let text = format!("{value:#}\n");
        text.split_once(EMPTY).map(|(head, tail)| (head.to_owned(), tail.to_owned())).unwrap_or_default()
    };
    let (mut out, mut reasons, mut separator) = (Output::new(), Reasons::default(), "\n");
    out.json(&(halves(&value).0 + EMPTY.trim_end_matches(']')));
    for (issue, _) in &summary.issues {
        let add = |delivery: NotSent| {
            if is_wanted(delivery.standing.state) {
                reasons.add(&delivery);
                let row = format!("{:#}", row_as_json(&delivery)).replace('\n', "\n    ");
                out.json(&format!("{separator}    {row}"));
                separator = ",\n";
            }
        };
        store.not_sent(*issue, add).await?;
    }
    value["reasons"] = reasons.as_json();
    out.json(&((if separator == "\n" { "]" } else { "\n  ]" }).to_owned() + &halves(&value).1));
    out.end();
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
        lines.push([
            (row.key.issue.to_string(), PLAIN),
            (row.address.clone(), PLAIN),
            (row.standing.state.as_str().replace('_', " "), look::of_delivery(row.standing.state)),
            (row.standing.attempts.to_string(), PLAIN),
            (history::last_said(&row.standing, zone), PLAIN),
        ]);
        let before = history::as_rows(&row.standing, zone);
        lines.extend(before.map(|[state, at, said]| {
            [String::new(), String::new(), state, String::new(), format!("{at}: {said}")].map(|cell| (cell, GREY))
        }));
    }
    page.table(&lines);
}
