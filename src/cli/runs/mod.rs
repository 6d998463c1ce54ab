//! `tidings runs`

mod reasons;
mod settle;
mod show;
mod summary;

use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use serde_json::json;

use super::agreement::{self, Answer};
use super::failure::{Exit, Failure};
use super::{Context, Ui, session};
use crate::model::{DeliveryState, EmailAddress};
use crate::publish::Activity;
use crate::store::{Decision, Store};
use settle::Settling;
use summary::{as_json, tell};

/// List the recorded runs; show who did not get an issue, and why; settle what is in doubt.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidings runs\n  tidings runs show --state failed")]
pub(super) struct Arguments {
    /// Print the list as JSON
    #[arg(long)]
    json: bool,

    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show one run, with every delivery that is not sent and the reasons
    Show(show::Arguments),
    /// Settle the deliveries of a run that are in doubt, have failed, or were given up
    ///
    /// All of them, or those to the readers that are named. The decision is added to the history of each.
    #[command(after_help = "Example:\n  tidings runs resolve 7 --resend ada@example.org")]
    #[command(group = clap::ArgGroup::new("how").required(true))]
    Resolve {
        /// The number of the run
        run: i64,
        /// Only the deliveries to these readers
        #[arg(value_name = "ADDRESS")]
        addresses: Vec<EmailAddress>,
        /// They are sent again with the next `deliver` or `publish`
        #[arg(long, group = "how", visible_alias = "send-again")]
        resend: bool,
        /// They are not sent again, whether they arrived or not: take them as skipped
        #[arg(long, group = "how")]
        drop: bool,
        /// They arrived: take them as sent
        #[arg(long, group = "how")]
        sent: bool,
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
    /// Send the issue of a run to readers once more, also to those who have it or joined later
    ///
    /// It is queued, and leaves with the next `deliver` or `publish`. Only for confirmed readers; what is in doubt is for
    /// `runs resolve`.
    #[command(after_help = "Example:\n  tidings runs resend 7 ada@example.org")]
    Resend {
        /// The number of the run
        run: i64,
        /// The readers
        #[arg(value_name = "ADDRESS", required = true)]
        addresses: Vec<EmailAddress>,
        /// Only this issue of the run
        #[arg(long, value_name = "N")]
        issue: Option<i64>,
    },
    /// Send the deliveries of a run again that failed or were given up, with the next `deliver` or `publish`
    #[command(after_help = "Example:\n  tidings runs retry 7 --failed")]
    #[command(group = clap::ArgGroup::new("which").required(true).multiple(true))]
    Retry {
        /// The number of the run
        run: i64,
        /// Those that failed
        #[arg(long, group = "which")]
        failed: bool,
        /// Those that were given up; not those whose readers had left or that were dropped while in doubt
        #[arg(long, group = "which")]
        given_up: bool,
    },
    /// Give up the deliveries of a run that have not left yet; who got it keeps it
    #[command(after_help = "Example:\n  tidings runs cancel 7")]
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
    let settle = |store, run| Settling::begin(store, &config, run, context);
    match arguments.action {
        None => {
            list(&mut store, arguments.json, &config.site.timezone, &context.ui).await?;
            store.close().await?;
        }
        Some(Action::Show(which)) => {
            show::run(&mut store, &which, arguments.json, &config.site.timezone, &context.ui).await?;
            store.close().await?;
        }
        Some(Action::Resolve { run, addresses, resend, drop, sent: _, failed, skipped, only }) => {
            let decision = match (resend, drop) {
                (true, _) => Decision::SendAgain,
                (_, true) => Decision::Drop,
                _ => Decision::Sent,
            };
            let from = match (failed, skipped) {
                (true, _) => DeliveryState::Failed,
                (_, true) => DeliveryState::Skipped,
                _ => DeliveryState::InDoubt,
            };
            settle(store, run).await?.resolve(from, decision, &addresses, only).await?;
        }
        Some(Action::Resend { run, addresses, issue }) => settle(store, run).await?.resend(issue, &addresses).await?,
        Some(Action::Retry { run, failed, given_up }) => {
            let states = [(failed, DeliveryState::Failed), (given_up, DeliveryState::Skipped)];
            let states = states.into_iter().filter_map(|(is_wanted, state)| is_wanted.then_some(state));
            settle(store, run).await?.all(states, true, Decision::SendAgain).await?;
        }
        Some(Action::Cancel { run }) => {
            let open = [DeliveryState::Queued, DeliveryState::Deferred].into_iter();
            settle(store, run).await?.all(open, false, Decision::GiveUp).await?;
        }
    }
    Ok(Exit::Done)
}

async fn list(store: &mut Store, is_json: bool, zone: &TimeZone, ui: &Ui) -> Result<(), Failure> {
    let runs = store.runs().await?;
    if is_json {
        Ui::json(&runs.iter().map(as_json).collect());
    } else {
        let mut page = ui.new_page();
        tell(&runs, zone, &mut page);
        Ui::page(page);
    }
    Ok(())
}
