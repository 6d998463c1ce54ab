//! `tidings runs`

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::agreement::{self, Answer};
use super::failure::{Exit, Failure};
use super::table::columns;
use super::{Context, Ui, history, session, tell};
use crate::diagnostic::Diagnostic;
use crate::model::{DeliveryState, EmailAddress};
use crate::publish::{Activity, Guard, Memory, PublishError, count};
use crate::store::{RunSummary, Store};

/// List the recorded runs; show who did not get an issue, and why; settle what is in doubt.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Print the list as JSON
    #[arg(long)]
    json: bool,

    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show one run, with every delivery that is not sent
    Show {
        /// The number of the run; the last one when left out
        run: Option<i64>,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Settle the deliveries of a run that are in doubt, have failed, or were given up
    #[command(group = clap::ArgGroup::new("how").required(true))]
    Resolve {
        /// The number of the run
        run: i64,
        /// They arrived: take them as sent
        #[arg(long, group = "how")]
        sent: bool,
        /// They did not arrive: send them again with the next `deliver` or `publish`
        #[arg(long, group = "how")]
        send_again: bool,
        /// Those that failed, not those in doubt
        #[arg(long)]
        failed: bool,
        /// Those that were given up or skipped, not those in doubt
        #[arg(long, conflicts_with = "failed")]
        skipped: bool,
        /// Only the delivery to this reader
        #[arg(long, value_name = "ADDRESS")]
        only: Option<EmailAddress>,
    },
    /// Give up the deliveries of a run that have not left yet; who got it keeps it
    Cancel {
        /// The number of the run
        run: i64,
    },
}

pub(super) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let config = agreement::config(Activity::Read, Answer::Remembered, context)?;
    let Some(mut store) = session::existing_store(&config, &context.site).await? else {
        if arguments.json {
            Ui::json(&json!([]));
        }
        context.ui.say("Nothing was published yet.");
        return Ok(Exit::Done);
    };
    let memory = session::memory(&config, &context.site, &context.state);
    match arguments.action {
        None => {
            let runs = store.runs().await?;
            if arguments.json {
                Ui::json(&runs.iter().map(as_json).collect());
            } else {
                Ui::result(&as_text(&runs));
            }
        }
        Some(Action::Show { run, json }) => show(&mut store, run, json || arguments.json).await?,
        Some(Action::Resolve { run, sent: _, send_again, failed, skipped, only }) => {
            let _lock = store.lock()?.ok_or(PublishError::Busy)?;
            let issues = find(&mut store, Some(run)).await?.issues;
            take_up(&mut store, &memory, context).await?;
            let reader = match &only {
                Some(address) => Some(store.subscriber(address).await?.map(|reader| reader.id).ok_or_else(|| {
                    Failure::usage(
                        format!("this address is not on the list: {}", address.masked()),
                        "see `tidings runs show` for who is in doubt",
                    )
                })?),
                None => None,
            };
            let from = match (failed, skipped) {
                (true, _) => DeliveryState::Failed,
                (_, true) => DeliveryState::Skipped,
                _ => DeliveryState::InDoubt,
            };
            let to = if send_again { DeliveryState::Queued } else { DeliveryState::Sent };
            let settled = store.settle(run, from, reader, to, &context.now.to_string()).await?;
            let what = if send_again { "queued to be sent again" } else { "taken as sent" };
            context.ui.say(&format!("{} {what}.", count(settled, "delivery")));
            record(&mut store, &memory, &issues, context).await?;
        }
        Some(Action::Cancel { run }) => {
            let _lock = store.lock()?.ok_or(PublishError::Busy)?;
            let issues = find(&mut store, Some(run)).await?.issues;
            take_up(&mut store, &memory, context).await?;
            let now = context.now.to_string();
            let mut given_up = 0;
            for from in [DeliveryState::Queued, DeliveryState::Deferred] {
                given_up += store.settle(run, from, None, DeliveryState::Skipped, &now).await?;
            }
            store.finish_runs(&now).await?;
            context.ui.say(&format!("{} given up.", count(given_up, "delivery")));
            record(&mut store, &memory, &issues, context).await?;
        }
    }
    store.close().await?;
    Ok(Exit::Done)
}

/// What is settled in a database that is not the newest would be settled twice.
async fn take_up(store: &mut Store, memory: &Memory, context: &Context) -> Result<(), Failure> {
    let found = memory.look(Some(&mut *store), true).await?;
    let refusal = |guard: &Guard| {
        let name = guard.name.as_str();
        let help = format!("{}; or take it up first with `tidings deliver --allow {name}`", guard.help);
        Diagnostic::error("guard", guard.message.clone()).help(help)
    };
    match found.allowed(None, &[]) {
        Err(PublishError::Refused(guards)) => {
            return Err(Failure { exit: Exit::Refused, diagnostics: guards.iter().map(refusal).collect() });
        }
        allowed => allowed?,
    }
    let taken_up = memory.take_up(store, &found, context.now).await?;
    // What a dead process left in the middle can be settled, and must not be sent afterwards.
    store.recover(false, &context.now.to_string()).await?;
    context.ui.diagnostics(found.warning.or(taken_up.warning).as_slice());
    Ok(())
}

/// Brings the records of these issues up to date.
async fn record(
    store: &mut Store,
    memory: &Memory,
    issues: &[(i64, String)],
    context: &Context,
) -> Result<(), Failure> {
    let numbers: Vec<_> = issues.iter().map(|(number, _)| *number).collect();
    context.ui.diagnostics(memory.record(store, &numbers).await?.as_slice());
    if memory.is_ci() {
        tell::records_to_commit(&numbers, context);
    }
    Ok(())
}

async fn find(store: &mut Store, number: Option<i64>) -> Result<RunSummary, Failure> {
    store.run(number).await?.ok_or_else(|| {
        let missing = number.map_or_else(|| "there is no run".to_owned(), |number| format!("there is no run {number}"));
        Failure::usage(missing, "see `tidings runs` for those that there are")
    })
}

async fn show(store: &mut Store, number: Option<i64>, as_json_: bool) -> Result<(), Failure> {
    let summary = find(store, number).await?;
    let rows = store.not_sent(summary.run.id).await?;
    if as_json_ {
        let mut value = as_json(&summary);
        let row = |row: &crate::store::NotSent| {
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
        };
        value["not_sent"] = rows.iter().map(row).collect();
        Ui::json(&value);
        return Ok(());
    }
    let mut text = as_text(std::slice::from_ref(&summary));
    if rows.is_empty() {
        text += "\nEvery delivery was made.\n";
    } else {
        let mut lines = vec![["ISSUE", "READER", "STATE", "TRIES", "WHY"].map(str::to_owned)];
        for row in &rows {
            let mut why = row.standing.reply().unwrap_or_default();
            if let Some(next) = &row.standing.next_attempt_at {
                let put_off =
                    if row.standing.attempts == 0 { "not tried, others of its domain are refused " } else { "" };
                why = format!("{put_off}{why} (again from {next})");
            }
            lines.push([
                row.key.issue.to_string(),
                row.address.clone(),
                row.standing.state.as_str().replace('_', " "),
                row.standing.attempts.to_string(),
                why,
            ]);
            let before = history::as_rows(&row.standing);
            lines.extend(before.map(|[state, at, said]| {
                [String::new(), String::new(), state, String::new(), format!("{at}: {said}")]
            }));
        }
        text += &format!("\n{}", columns(&lines));
    }
    Ui::result(&text);
    Ok(())
}

fn as_text(runs: &[RunSummary]) -> String {
    if runs.is_empty() {
        return "Nothing was published yet.\n".to_owned();
    }
    let mut rows = vec![["RUN", "AT", "ISSUE", "DELIVERIES"].map(str::to_owned)];
    for summary in runs {
        let issues: Vec<_> = summary.issues.iter().map(|(number, subject)| format!("{number} “{subject}”")).collect();
        let states: Vec<_> = DeliveryState::ALL
            .into_iter()
            .filter(|state| summary.deliveries.get(*state) > 0)
            .map(|state| format!("{} {}", summary.deliveries.get(state), state.as_str().replace('_', " ")))
            .collect();
        rows.push([summary.run.id.to_string(), summary.run.cutoff.clone(), issues.join(", "), states.join(", ")]);
    }
    columns(&rows)
}

fn as_json(summary: &RunSummary) -> Value {
    json!({
        "run": summary.run.id,
        "cutoff": summary.run.cutoff,
        "finished_at": summary.run.finished_at,
        "issues": summary.issues.iter().map(|(number, subject)| json!({ "number": number, "subject": subject })).collect::<Vec<_>>(),
        "deliveries": summary.deliveries,
    })
}
