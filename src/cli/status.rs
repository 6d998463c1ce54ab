//! `tidings status`

use clap::Args;
use serde_json::json;

use super::agreement::{self, Answer};
use super::failure::{Exit, Failure};
use super::{Context, Ui, session};
use crate::model::{DeliveryCounts, DeliveryState, SubscriberCounts};
use crate::publish::Intent;

/// Show the last run, the number of the next issue, and how many readers and deliveries there are in each state.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: &Arguments, context: &Context) -> Result<Exit, Failure> {
    let config = agreement::config(Intent::Read, Answer::Remembered, context)?;
    let mut last_run = None;
    let mut next_issue = 1;
    let mut subscribers = SubscriberCounts::default();
    let mut deliveries = DeliveryCounts::default();
    let mut next_attempt = None;
    if let Some(mut store) = session::existing_store(&config, &context.site).await? {
        last_run = store.last_run().await?;
        next_issue = store.next_issue().await?;
        subscribers = store.subscriber_counts().await?;
        deliveries = store.delivery_counts(None).await?;
        next_attempt = store.next_attempt_at().await?;
        store.close().await?;
    }
    if arguments.json {
        Ui::json(&json!({
            "last_run": last_run.map(|run| run.cutoff),
            "next_issue": next_issue,
            "subscribers": subscribers,
            "deliveries": deliveries,
        }));
        return Ok(Exit::Done);
    }
    let mut text = match &last_run {
        Some(run) if run.finished_at.is_some() => format!("Last run: {}, finished.\n", run.cutoff),
        Some(run) => format!("Last run: {}, not finished: `tidings deliver` goes on.\n", run.cutoff),
        None => "Nothing was published yet.\n".to_owned(),
    };
    text += &format!("Next issue: {next_issue}.\n");
    let SubscriberCounts { pending, confirmed, unsubscribed, bounced, complained } = subscribers;
    text += &format!(
        "Subscribers: {confirmed} confirmed, {pending} pending, {unsubscribed} unsubscribed, {bounced} bounced, {complained} complained.\n"
    );
    let states: Vec<_> = DeliveryState::ALL
        .into_iter()
        .filter(|state| deliveries.get(*state) > 0)
        .map(|state| format!("{} {}", deliveries.get(state), state.as_str().replace('_', " ")))
        .collect();
    text += &format!("Deliveries: {}.\n", if states.is_empty() { "none".to_owned() } else { states.join(", ") });
    if let Some(next) = next_attempt {
        text += &format!("Deferred deliveries can be tried again from {next}.\n");
    }
    if deliveries.in_doubt > 0 {
        text += "See `tidings runs show` for what is in doubt, and settle it with `tidings runs resolve`.\n";
    }
    Ui::result(&text);
    Ok(Exit::Done)
}
