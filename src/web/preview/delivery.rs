//! How delivering goes, as the desk shows it while it does: the figures of `tidings status`.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::desk::Desk;
use crate::clock::{told, told_of};
use crate::model::DeliveryState;
use crate::publish::count;
use crate::store::Stopped;

/// Of what keeps deliveries from being tried, so much is shown.
const STOPS: usize = 10;

#[derive(Serialize)]
pub(super) struct DeliveryView {
    is_running: bool,
    since: Option<String>,
    /// How many deliveries of the last run there are, and how many need nothing more.
    all: i64,
    ended: i64,
    /// Of all, from 0 to 100.
    percent: i64,
    /// Each state of the last run that has some, and how many.
    states: Vec<(&'static str, i64)>,
    /// `120 messages`, when it is known how long they take.
    waiting: String,
    /// `3 minutes`
    time: String,
    /// So many a second: `4.5`.
    rate: String,
    /// When deliveries that were put off are tried again.
    again: Option<String>,
    stops: Vec<StopView>,
    /// Ask again after so many seconds.
    every: u8,
}

#[derive(Serialize)]
struct StopView {
    at: String,
    until: Option<String>,
    relay: String,
    reason: String,
}

impl DeliveryView {
    /// What the database says at `now`.
    pub(super) fn new(desk: &Desk, zone: &TimeZone, now: Timestamp) -> Self {
        let (counts, underway) = (&desk.latest, &desk.underway);
        let (all, open) = (counts.total(), counts.open());
        let forecast = underway.forecast.as_ref().filter(|_| underway.deliverer.is_some());
        let again = underway.next_attempt.as_ref().filter(|_| open > 0);
        let again = again.and_then(|again| again.parse::<Timestamp>().ok()).filter(|again| *again > now);
        let stop = |stop: &Stopped| StopView {
            at: told_of(&stop.at, zone),
            until: stop.until.as_ref().map(|until| told_of(until, zone)),
            relay: stop.relay.clone(),
            reason: stop.reason.clone(),
        };
        let is_running = underway.deliverer.is_some() && open > 0;
        Self {
            is_running,
            since: underway.deliverer.as_ref().and_then(|it| it.since.as_ref()).map(|since| told_of(since, zone)),
            all,
            ended: all - open,
            percent: (all - open) * 100 / all.max(1),
            states: states(desk),
            waiting: forecast.map(|forecast| count(forecast.waiting, "message")).unwrap_or_default(),
            time: forecast.map(crate::publish::Forecast::time).unwrap_or_default(),
            rate: forecast.map(crate::publish::Forecast::rate).unwrap_or_default(),
            again: again.map(|again| told(again, zone)),
            stops: underway.stops.iter().take(STOPS).map(stop).collect(),
            every: if is_running { 2 } else { 10 },
        }
    }
}

fn states(desk: &Desk) -> Vec<(&'static str, i64)> {
    let all = DeliveryState::ALL.iter().map(|state| (state.as_str(), desk.latest.get(*state)));
    all.filter(|(_, count)| *count > 0).collect()
}
