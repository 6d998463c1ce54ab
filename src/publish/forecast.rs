//! How long deliveries will take, and what the limits of `mail.rate` leave.

use jiff::{SignedDuration, Timestamp};

use super::allowance::{LongLimit, is_long, long_limits, of_domains, of_relay};
use super::error::PublishError;
use super::guard::count;
use crate::config::{Mail, RateLimit, Relay};
use crate::store::{Deliverer, Stopped, Store};

/// The rate of the present is that of the tries of so long before.
const RECENT: SignedDuration = SignedDuration::from_mins(5);

/// What is left of a limit that holds longer than a minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitUse {
    /// The name of the way out; empty for the only one.
    pub relay: String,
    /// The domains whose readers it is for; empty for all.
    pub domains: Vec<String>,
    /// The limit.
    pub limit: RateLimit,
    /// How many tries its last span of time had.
    pub used: u64,
    /// How many it still takes now.
    pub left: u64,
    /// When it takes the next one; `None` when it does now.
    pub from: Option<Timestamp>,
}

/// How long deliveries will take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// How many may be tried now.
    pub waiting: u64,
    /// How many are tried in a second.
    pub per_second: f64,
    /// How many seconds that takes, with the limits that hold longer.
    pub seconds: u64,
}

impl Forecast {
    /// How long it takes, for people: `3 minutes`.
    pub fn time(&self) -> String {
        match self.seconds {
            seconds @ ..60 => count(seconds.max(1), "second"),
            seconds @ 60..7_200 => count(seconds.div_ceil(60), "minute"),
            seconds @ 7_200..172_800 => count(seconds.div_ceil(3_600), "hour"),
            seconds => count(seconds.div_ceil(86_400), "day"),
        }
    }

    /// How many are tried in a second, for people: `4.5`.
    pub fn rate(&self) -> String {
        if self.per_second < 10.0 { format!("{:.1}", self.per_second) } else { format!("{:.0}", self.per_second) }
    }
}

/// How delivering goes.
#[derive(Debug, Clone, Default)]
pub struct Underway {
    /// The process that delivers now.
    pub deliverer: Option<Deliverer>,
    /// What is left of the limits.
    pub limits: Vec<LimitUse>,
    /// How long what waits will take, when that is known.
    pub forecast: Option<Forecast>,
    /// From when on the next delivery that was put off can be tried, RFC 3339 in UTC.
    pub next_attempt: Option<String>,
    /// What keeps deliveries from being tried.
    pub stops: Vec<Stopped>,
}

/// How delivering goes. `open` is how many deliveries are left.
///
/// # Errors
/// When the database does not answer.
pub async fn underway(store: &mut Store, mail: &Mail, open: i64, now: Timestamp) -> Result<Underway, PublishError> {
    let deliverer = store.deliverer().await?;
    let limits = limits(store, mail, now).await?;
    let forecast = forecast(store, &mail.relays, &limits, deliverer.is_some(), now).await?;
    let time = now.to_string();
    let is_on = |stop: &Stopped| stop.until.as_ref().is_none_or(|until| *until > time);
    // What one of several relays has against us matters also when the others have taken everything.
    let is_told = |stop: &Stopped| open > 0 || (!stop.relay.is_empty() && stop.domain.is_empty());
    let stops = store.stops().await?.into_iter().filter(|stop| is_on(stop) && is_told(stop)).collect();
    Ok(Underway { deliverer, limits, forecast, next_attempt: store.next_attempt_at().await?, stops })
}

/// What is left of each limit that holds longer than a minute.
///
/// # Errors
/// When the database does not answer.
async fn limits(store: &mut Store, mail: &Mail, now: Timestamp) -> Result<Vec<LimitUse>, PublishError> {
    let mut limits = Vec::new();
    let known = |known: LongLimit, relay: &str, domains: &[String]| LimitUse {
        relay: relay.to_owned(),
        domains: domains.to_vec(),
        limit: known.limit,
        used: known.tries,
        left: known.left,
        from: Some(known.again).filter(|_| known.left == 0),
    };
    for relay in &mail.relays {
        let long = long_limits(store, of_relay(relay).as_ref(), now).await?;
        limits.extend(long.into_iter().map(|long| known(long, &relay.name, &[])));
    }
    for domain in &mail.domains {
        let long = long_limits(store, of_domains(domain).as_ref(), now).await?;
        limits.extend(long.into_iter().map(|long| known(long, "", &domain.domains)));
    }
    Ok(limits)
}

/// How long what may be tried now will take: by the tries of the last minutes when a process is delivering, and by `mail.rate`.
/// `None` when nothing waits, or nothing is known.
///
/// # Errors
/// When the database does not answer.
async fn forecast(
    store: &mut Store,
    relays: &[Relay],
    limits: &[LimitUse],
    is_delivering: bool,
    now: Timestamp,
) -> Result<Option<Forecast>, PublishError> {
    let waiting = store.waiting(&now.to_string()).await?;
    let recent = if is_delivering { store.tries_since(&(now - RECENT).to_string()).await? } else { None };
    let measured = recent.map(|tries| per_second(tries.count, now.as_second() - tries.first_at));
    // What is for some readers only says little of all.
    let limits: Vec<_> = limits.iter().filter(|limit| limit.domains.is_empty()).cloned().collect();
    Ok(estimate(waiting, measured, relays, &limits))
}

#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn per_second(count: u64, seconds: i64) -> f64 {
    count as f64 / seconds.max(1) as f64
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate, of what is never negative"
)]
fn estimate(waiting: u64, measured: Option<f64>, relays: &[Relay], limits: &[LimitUse]) -> Option<Forecast> {
    let of = |limit: &RateLimit| f64::from(limit.count) / f64::from(limit.seconds);
    let slowest = |relay: &Relay| relay.rate.iter().filter(|limit| !is_long(**limit)).map(of).min_by(f64::total_cmp);
    // As fast as all of them together, when that is known of each.
    let most = relays.iter().map(slowest).sum::<Option<f64>>();
    let per_second = measured.or(most).filter(|_| waiting > 0)?;
    // What a limit does not take now, it takes in the course of its span.
    let later = match relays {
        [_] => {
            let later = limits.iter().map(|long| waiting.saturating_sub(long.left) as f64 / of(&long.limit));
            later.fold(0.0, f64::max)
        }
        _ => {
            let own =
                |relay: &&Relay| limits.iter().filter(|long| long.relay == relay.name).min_by_key(|long| long.left);
            let scarce: Option<Vec<_>> = relays.iter().map(|relay| own(&relay)).collect();
            // One without such a limit takes what the others do not.
            scarce.map_or(0.0, |scarce| {
                let left = scarce.iter().map(|long| long.left).sum::<u64>();
                waiting.saturating_sub(left) as f64 / scarce.iter().map(|long| of(&long.limit)).sum::<f64>()
            })
        }
    };
    let seconds = later.max(waiting as f64 / per_second).ceil() as u64;
    Some(Forecast { waiting, per_second, seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slower_of_the_wire_and_the_limits_counts() {
        let second = RateLimit { count: 10, seconds: 1 };
        let day = RateLimit { count: 8_640, seconds: 86_400 };
        let used =
            |left| [LimitUse { relay: String::new(), domains: Vec::new(), limit: day, used: 0, left, from: None }];
        let relay = |name: &str, rate: &[RateLimit]| {
            let text = "[site]\ntitle = 'x'\nurl = 'https://x.example'\n";
            let relay = crate::config::parse("config.toml", text).unwrap().mail.first().clone();
            Relay { name: name.to_owned(), rate: rate.to_vec(), ..relay }
        };
        let seconds = |waiting, measured, rate: &[RateLimit], limits: &[LimitUse]| {
            estimate(waiting, measured, &[relay("", rate)], limits).map(|forecast| forecast.seconds)
        };
        let both = [relay("a", &[second, day]), relay("b", &[second, day])];
        let left = [("a", 10), ("b", 30)].map(|(relay, left)| LimitUse {
            relay: relay.to_owned(),
            domains: Vec::new(),
            limit: day,
            used: 0,
            left,
            from: None,
        });
        let of_both = |waiting, limits: &[LimitUse]| estimate(waiting, None, &both, limits).unwrap().seconds;
        assert_eq!((of_both(40, &left), of_both(60, &left)), (2, 100), "20 at 0.2 a second");
        assert_eq!(seconds(0, Some(5.0), &[], &[]), None, "nothing waits");
        assert_eq!(seconds(100, None, &[], &[]), None, "nothing is known");
        assert_eq!(seconds(100, None, &[second], &[]), Some(10));
        assert_eq!(seconds(100, Some(5.0), &[second], &[]), Some(20), "as it is");
        assert_eq!(seconds(100, Some(5.0), &[second, day], &used(100)), Some(20));
        assert_eq!(seconds(100, Some(5.0), &[second, day], &used(40)), Some(600), "60 at 0.1 a second");
        assert_eq!(seconds(100, None, &[day], &used(40)), None, "a limit of a day says nothing of the wire");
    }
}
