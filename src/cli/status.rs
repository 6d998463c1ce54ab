//! `tidings status`

use clap::Args;
use serde_json::json;

use super::agreement::{self, Answer};
use super::failure::{Exit, Failure};
use super::{Context, Ui, plan, session};
use crate::model::{DeliveryCounts, DeliveryState, SubscriberCounts};
use crate::publish::{Intent, Past};

/// Show the last run, the number of the next issue, and how many readers and deliveries there are in each state.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: &Arguments, context: &Context) -> Result<Exit, Failure> {
    let config = agreement::config(Intent::Read, Answer::Remembered, context)?;
    let mut store = session::existing_store(&config, &context.site).await?;
    let past = Past::read(store.as_mut(), &session::memory(&config, &context.site, &context.state)).await?;
    let guards = past.guards();
    let mut is_finished = true;
    let mut subscribers = SubscriberCounts::default();
    let mut deliveries = DeliveryCounts::default();
    let mut next_attempt = None;
    if let Some(mut store) = store {
        is_finished = store.last_run().await?.is_none_or(|run| run.finished_at.is_some());
        subscribers = store.subscriber_counts().await?;
        deliveries = store.delivery_counts(None).await?;
        next_attempt = store.next_attempt_at().await?;
        store.close().await?;
    }
    if arguments.json {
        Ui::json(&json!({
            "last_run": past.last_run().map(|moment| moment.to_string()),
            "next_issue": past.next_issue(),
            "subscribers": subscribers,
            "deliveries": deliveries,
            "guards": guards.iter().map(plan::guard_as_json).collect::<Vec<_>>(),
        }));
        context.ui.diagnostics(&past.findings());
        return Ok(Exit::Done);
    }
    let mut text = match past.last_run() {
        Some(moment) if is_finished => format!("Last run: {moment}, finished.\n"),
        Some(moment) => format!("Last run: {moment}, not finished: `tidings deliver` goes on.\n"),
        None => "Nothing was published yet.\n".to_owned(),
    };
    text += &format!("Next issue: {}.\n", past.next_issue());
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
    context.ui.diagnostics(&past.findings());
    context.ui.diagnostics(&guards.iter().map(Failure::warning).collect::<Vec<_>>());
    Ok(Exit::Done)
}
