//! `tidings status`

use std::collections::BTreeMap;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Value, json};

use super::agreement::{self, Answer};
use super::failure::{Exit, Failure};
use super::look::{self, ATTENTION};
use super::page::Page;
use super::table::cut;
use super::{Context, Ui, plan, session};
use crate::clock::{self, told_of};
use crate::config::{Config, Relay};
use crate::diagnostic::Diagnostic;
use crate::model::{DeliveryCounts, DeliveryState, Post, SubscriberCounts};
use crate::publish::{self, Activity, Forecast, LimitUse, Past, Site, Underway, Verdict, count, lists_of};
use crate::store::{Deliverer, Stopped, StoreError};

/// Of what keeps deliveries from being tried, so much is shown.
const STOPS_SHOWN: usize = 10;

/// Show the last run, the number of the next issue, and how many readers and deliveries there are in each state.
///
/// Also which process delivers now, how long that will take, what is left of the limits of `mail.rate`, and what keeps
/// deliveries from being tried.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidings status")]
pub(super) struct Arguments {
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

/// Letters to one reader that are no issue, and not sent yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
struct Letters {
    on_their_way: u64,
    waiting_for_their_turn: u64,
}

pub(super) async fn run(arguments: &Arguments, context: &Context) -> Result<Exit, Failure> {
    let config = agreement::config(Activity::Read, Answer::Remembered, context)?;
    let mut store = session::existing_store(&config, &context.site).await?;
    let past = Past::read(store.as_mut(), &session::memory(&config, &context.site, &context.state)).await?;
    let guards = past.guards();
    let waiting = waiting(&config, &past, context)?;
    let mut is_finished = true;
    let mut subscribers = SubscriberCounts::default();
    let mut deliveries = DeliveryCounts::default();
    let mut letters = Letters::default();
    let mut standing = Underway::default();
    let mut moved = None;
    if let Some(mut store) = store {
        moved = store.moved_to().await?.map(|to| StoreError::Moved { to });
        is_finished = store.last_run().await?.is_none_or(|run| run.finished_at.is_some());
        subscribers = store.subscriber_counts().await?;
        deliveries = store.delivery_counts(None).await?;
        letters = Letters {
            waiting_for_their_turn: store.waiting_letters().await?,
            on_their_way: store.letters_on_their_way().await?,
        };
        standing = publish::underway(&mut store, &config.mail, deliveries.open(), context.now).await?;
        store.close().await?;
    }
    let Underway { deliverer, limits, forecast, next_attempt, stops } = standing;
    if let Some(moved) = moved {
        let warning = Diagnostic::warning("store", moved.to_string());
        context.ui.diagnostics(&[warning.help(moved.help().unwrap_or_default())]);
    }
    if arguments.json {
        Ui::json(&json!({
            "last_run": past.last_run().map(|moment| moment.to_string()),
            "next_issue": past.next_issue(),
            "subscribers": subscribers,
            "deliveries": deliveries,
            "letters": letters,
            "waiting": waiting.iter().map(|(post, why)| json!({ "path": post.path, "title": post.title, "reason": why })).collect::<Value>(),
            "guards": guards.iter().map(plan::guard_as_json).collect::<Vec<_>>(),
            "delivering": deliverer.as_ref().map(deliverer_as_json),
            "forecast": forecast.as_ref().map(forecast_as_json),
            "relays": config.mail.relays.iter().map(|relay| relay_as_json(relay, &limits, &stops)).collect::<Value>(),
            "limits": limits.iter().map(limit_as_json).collect::<Value>(),
            "stops": stops.iter().map(as_json).collect::<Value>(),
        }));
        context.ui.diagnostics(&[past.findings(), publish::gone_lists(&past, &config)].concat());
        return Ok(Exit::Done);
    }
    let zone = &config.site.timezone;
    let mut page = context.ui.new_page();
    tell_past(&past, is_finished, &waiting, &config, &mut page);
    tell_counts(&subscribers, &deliveries, &mut page);
    if letters != Letters::default() {
        let Letters { on_their_way, waiting_for_their_turn: waiting } = letters;
        page.push(&format!("Letters to one reader: {on_their_way} on their way, {waiting} waiting for their turn.\n"));
    }
    if let Some(deliverer) = &deliverer {
        page.push(&delivering(deliverer, zone));
    }
    if let Some(forecast) = &forecast {
        page.push(&how_long(forecast));
    }
    if config.mail.relays.len() > 1 {
        config.mail.relays.iter().for_each(|relay| page.push(&how_it_is(relay, &stops)));
    }
    for limit in &limits {
        page.push(&left_of(limit, zone));
    }
    if let Some(next) = next_attempt {
        let what = if deliveries.deferred > 0 { "Deferred deliveries" } else { "Deliveries that were put off" };
        page.push(&format!("{what} can be tried again {}.\n", from_when(&next, zone, context)));
    }
    for stop in stops.iter().take(STOPS_SHOWN) {
        let until = stop.until.as_ref().map(|until| format!(" until {}", told_of(until, zone))).unwrap_or_default();
        let relay = Some(&stop.relay).filter(|relay| !relay.is_empty()).map(|relay| format!("{relay}: "));
        let relay = relay.unwrap_or_default();
        page.paint(ATTENTION, "Stopped");
        let at = told_of(&stop.at, zone);
        page.push(&format!(" at {at}{until}: {relay}{}\n  {}.\n", stop.reason, help(stop)));
    }
    if let Some(more) = stops.len().checked_sub(STOPS_SHOWN).filter(|more| *more > 0) {
        page.push(&format!("… and {}; `tidings status --json` names them.\n", count(more as u64, "more domain")));
    }
    if deliveries.in_doubt > 0 {
        page.push("See `tidings runs show` for what is in doubt, and settle it with `tidings runs resolve`.\n");
    }
    Ui::page(page);
    context.ui.diagnostics(&[past.findings(), publish::gone_lists(&past, &config)].concat());
    context.ui.diagnostics(&guards.iter().map(Failure::warning).collect::<Vec<_>>());
    Ok(Exit::Done)
}

/// When there was a run, which issue is next, and what waits for it.
fn tell_past(past: &Past, is_finished: bool, waiting: &[(Post, String)], config: &Config, page: &mut Page) {
    let zone = &config.site.timezone;
    match past.last_run().map(|moment| clock::told(moment, zone)) {
        Some(moment) if is_finished => page.push(&format!("Last run: {moment}, finished.\n")),
        Some(moment) => {
            page.push(&format!("Last run: {moment}, "));
            page.paint(ATTENTION, "not finished");
            page.push(": `tidings deliver` goes on.\n");
        }
        None => page.push("Nothing was published yet.\n"),
    }
    page.push(&format!("Next issue: {}.\n", past.next_issue()));
    let mut groups: BTreeMap<&[String], Vec<&Post>> = BTreeMap::new();
    for (post, _) in waiting {
        groups.entry(lists_of(post)).or_default().push(post);
    }
    for (lists, posts) in groups {
        let least = config.newsletter.min_entries;
        let readers = if lists.is_empty() { String::new() } else { format!(" for {}", lists.join(", ")) };
        page.paint(ATTENTION, "Waiting for more");
        page.push(&format!(": {} of the {least} entries of `newsletter.min_entries`{readers}.\n", posts.len()));
        page.table(&posts.iter().map(|post| [format!("  {}", post.path), cut(&post.title, 40)]).collect::<Vec<_>>());
    }
}

/// How many readers and deliveries there are in each state.
fn tell_counts(subscribers: &SubscriberCounts, deliveries: &DeliveryCounts, page: &mut Page) {
    let SubscriberCounts { pending, confirmed, unsubscribed, bounced, complained } = subscribers;
    page.paragraph(&format!(
        "Subscribers: {confirmed} confirmed, {pending} pending, {unsubscribed} unsubscribed, {bounced} bounced, {complained} complained."
    ));
    page.push("Deliveries: ");
    let states: Vec<_> = DeliveryState::ALL.into_iter().filter(|state| deliveries.get(*state) > 0).collect();
    for (at, state) in states.iter().enumerate() {
        page.push(if at > 0 { ", " } else { "" });
        let words = format!("{} {}", deliveries.get(*state), state.as_str().replace('_', " "));
        page.paint(look::of_delivery(*state), &words);
    }
    page.push(if states.is_empty() { "none.\n" } else { ".\n" });
}

/// The entries that wait until more are due, and why.
fn waiting(config: &Config, past: &Past, context: &Context) -> Result<Vec<(Post, String)>, Failure> {
    if config.newsletter.min_entries == 1 || config.newsletter.from.is_none() {
        return Ok(Vec::new());
    }
    let site = Site::open(&context.site, config.clone(), context.now)?;
    let verdicts = publish::verdicts(&site, past, context.now)?;
    let waits = |(post, verdict): (&Post, &Verdict)| {
        matches!(verdict, Verdict::Waiting { .. }).then(|| (post.clone(), verdict.reason()))
    };
    Ok(site.posts.iter().zip(&verdicts).filter_map(waits).collect())
}

/// `A process is delivering now: number 4711, since 2026-03-02 09:00:00 UTC.`
fn delivering(Deliverer { process, since }: &Deliverer, zone: &TimeZone) -> String {
    let process = process.map(|process| format!("number {process}"));
    let since = since.as_ref().map(|since| format!("since {}", told_of(since, zone)));
    let known: Vec<_> = process.into_iter().chain(since).collect();
    if known.is_empty() {
        return "A process is delivering now.\n".to_owned();
    }
    format!("A process is delivering now: {}.\n", known.join(", "))
}

fn how_long(forecast: &Forecast) -> String {
    let messages = count(forecast.waiting, "message");
    format!("{messages} can be tried now: about {}, at {} a second.\n", forecast.time(), forecast.rate())
}

fn left_of(LimitUse { relay, domains, limit, used, left, from }: &LimitUse, zone: &TimeZone) -> String {
    let from = from.map(|from| format!(", the next one from {}", clock::told(from, zone))).unwrap_or_default();
    let relay = if relay.is_empty() { String::new() } else { format!(" of {relay}") };
    let domains = if domains.is_empty() { String::new() } else { format!(" for {}", domains.join(", ")) };
    format!("Limit {limit}{relay}{domains}: {used} used, {left} left{from}.\n")
}

/// `Relay second: priority 2, weight 1, stopped.`
fn how_it_is(Relay { name, priority, weight, .. }: &Relay, stops: &[Stopped]) -> String {
    let is_stopped = stops.iter().any(|stop| stop.relay == *name && stop.domain.is_empty());
    let health = if is_stopped { "stopped" } else { "ready" };
    format!("Relay {name}: priority {priority}, weight {weight}, {health}.\n")
}

/// Keys: `name` (null for the only one), `priority`, `weight`, `limits`, `stop` (why it is not taken, or null).
fn relay_as_json(relay: &Relay, limits: &[LimitUse], stops: &[Stopped]) -> Value {
    let stop = stops.iter().find(|stop| stop.relay == relay.name && stop.domain.is_empty());
    json!({
        "name": named(&relay.name),
        "priority": relay.priority,
        "weight": relay.weight,
        "limits": limits.iter().filter(|limit| limit.relay == relay.name && limit.domains.is_empty()).map(limit_as_json).collect::<Value>(),
        "stop": stop.map(as_json),
    })
}

/// The name of a relay; null for the only one.
fn named(relay: &str) -> Option<&str> {
    Some(relay).filter(|relay| !relay.is_empty())
}

/// Keys: `pid`, `since`.
fn deliverer_as_json(Deliverer { process, since }: &Deliverer) -> Value {
    json!({ "pid": process, "since": since })
}

/// Keys: `messages` (may be tried now), `per_second`, `seconds` (what that takes).
fn forecast_as_json(Forecast { waiting, per_second, seconds }: &Forecast) -> Value {
    json!({ "messages": waiting, "per_second": per_second, "seconds": seconds })
}

/// Keys: `relay` (null for the only one, or all), `domains` (empty for all), `limit`, `used`, `left`, `from` (when the next message may leave; null for now).
fn limit_as_json(LimitUse { relay, domains, limit, used, left, from }: &LimitUse) -> Value {
    json!({ "relay": named(relay), "domains": domains, "limit": limit.to_string(), "used": used, "left": left, "from": from.map(|from| from.to_string()) })
}

/// From when on something can be tried: `from` a moment, or `now` when that is past.
pub(super) fn from_when(next: &str, zone: &TimeZone, context: &Context) -> String {
    let is_past = next.parse::<Timestamp>().is_ok_and(|next| next <= context.now);
    if is_past { "now".to_owned() } else { format!("from {}", told_of(next, zone)) }
}

/// What to do about it.
fn help(stop: &Stopped) -> &'static str {
    match stop.kind.as_str() {
        "rate-limit" => "`tidings deliver` goes on when the limit has room again",
        "unreachable" => "See that the mail server runs; `tidings deliver` goes on",
        "local" => {
            "Mend that, or give the run up with `tidings runs cancel`; `tidings deliver` goes on with other readers first"
        }
        _ if stop.domain.is_empty() => {
            "Ask those who run the mail server why, and mend it; `tidings deliver` goes on with other readers first"
        }
        _ => {
            "Nothing has to be done if it takes mail again by then; else see what it says, and ask its postmaster. \
             `tidings runs cancel` gives these readers up"
        }
    }
}

/// Keys: `relay` (null for the only one), `domain` (null when all readers wait), `kind`, `at`, `until`, `reason`, `help`.
fn as_json(stop: &Stopped) -> Value {
    json!({
        "relay": named(&stop.relay),
        "domain": Some(&stop.domain).filter(|domain| !domain.is_empty()),
        "kind": stop.kind,
        "at": stop.at,
        "until": stop.until,
        "reason": stop.reason,
        "help": help(stop),
    })
}
