//! Keeps to `mail.domains`: how many messages leave for the readers of some domains, by all ways out together.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::pace::Pace;
use crate::config::{DomainLimit, RateLimit};
use crate::store::{Result, Store};

/// The limits, and how far each is used up.
#[derive(Debug, Default)]
pub(super) struct Domains {
    groups: Vec<Group>,
    /// The place of the group of each domain.
    of: HashMap<String, usize>,
}

/// Domains that share their limits.
#[derive(Debug)]
struct Group {
    interval: Duration,
    /// How many tries the long limits leave.
    left: Option<u64>,
    /// When they leave some again, once they leave none.
    again: Timestamp,
    /// How many messages at once.
    most: Option<u32>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: Option<Instant>,
    taken: u64,
    out: u32,
}

/// Whether a message to a reader may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Now.
    Go,
    /// At this moment, which is kept for it.
    At(Instant),
    /// When another one to the same domains has an answer.
    Full,
    /// Not before this moment.
    Spent(Timestamp),
}

/// What is left of a limit that holds longer than a minute.
pub(super) struct LongLimit {
    pub(super) limit: RateLimit,
    /// How many tries its last span had.
    pub(super) tries: u64,
    pub(super) left: u64,
    /// When it takes the next one, once none is left.
    pub(super) again: Timestamp,
}

/// What is left of the long limits of some domains.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn long_limits(store: &mut Store, limit: &DomainLimit, now: Timestamp) -> Result<Vec<LongLimit>> {
    let mut all = Vec::new();
    for long in Pace::budgets(&limit.rate) {
        let span = SignedDuration::from_secs(long.seconds.into());
        let since = (now - span).to_string();
        let tries = store.tried_to_since(&since, &limit.domains).await?;
        // The first moment at which so many tries are past that there is room for one.
        let past = tries.saturating_sub(u64::from(long.count));
        let past = store.try_to_after(&since, past, &limit.domains).await?.and_then(|at| at.parse().ok());
        let again = past.unwrap_or(now) + span + SignedDuration::from_secs(1);
        all.push(LongLimit { limit: *long, tries, left: u64::from(long.count).saturating_sub(tries), again });
    }
    Ok(all)
}

impl Domains {
    /// Counts what was tried before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn open(store: &mut Store, limits: &[DomainLimit], now: Timestamp) -> Result<Self> {
        let mut domains = Self::default();
        for limit in limits {
            let long = long_limits(store, limit, now).await?;
            let left = long.iter().map(|long| long.left).min();
            let again = long.iter().map(|long| long.again).max().unwrap_or(now);
            for domain in &limit.domains {
                domains.of.insert(domain.clone(), domains.groups.len());
            }
            let (interval, most) = (Pace::interval(&limit.rate), limit.connections);
            domains.groups.push(Group { interval, left, again, most, state: Mutex::default() });
        }
        Ok(domains)
    }

    /// The group of a domain; `None` when it has no limits.
    pub(super) fn group(&self, domain: &str) -> Option<usize> {
        if self.groups.is_empty() { None } else { self.of.get(domain).copied() }
    }

    fn state(&self, group: usize) -> MutexGuard<'_, State> {
        self.groups[group].state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a message; with `is_kept` its moment was kept for it and has come.
    pub(super) fn ask(&self, group: usize, is_kept: bool) -> Answer {
        let Group { interval, left, again, most, .. } = &self.groups[group];
        let mut state = self.state(group);
        if !is_kept {
            if *left == Some(state.taken) {
                return Answer::Spent(*again);
            }
            if !interval.is_zero() {
                let now = Instant::now();
                let turn = state.next.map_or(now, |next| next.max(now));
                state.next = Some(turn + *interval);
                if turn > now {
                    state.taken += 1;
                    return Answer::At(turn);
                }
            }
            state.taken += 1;
        }
        if *most == Some(state.out) {
            return Answer::Full;
        }
        state.out += 1;
        Answer::Go
    }

    /// A message has its answer, or was not tried: then `is_tried` is false.
    pub(super) fn ends(&self, group: usize, is_tried: bool) {
        let mut state = self.state(group);
        state.out = state.out.saturating_sub(1);
        state.taken -= u64::from(!is_tried);
    }

    /// Whether as many messages are on their way as may be.
    pub(super) fn is_full(&self, group: usize) -> bool {
        self.groups[group].most == Some(self.state(group).out)
    }

    /// Takes back a moment that was kept, or a place that was waited for, for a message that is put off.
    pub(super) fn takes_back(&self, group: usize) {
        self.state(group).taken -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(interval: u64, left: Option<u64>, most: Option<u32>) -> Domains {
        let interval = Duration::from_secs(interval);
        let group = Group { interval, left, again: Timestamp::MAX, most, state: Mutex::default() };
        Domains { groups: vec![group], of: HashMap::from([("a.example".to_owned(), 0)]) }
    }

    #[tokio::test(start_paused = true)]
    async fn moments_are_kept_one_after_the_other() {
        let domains = group(2, None, None);
        let start = Instant::now();
        let at = |seconds| Answer::At(start + Duration::from_secs(seconds));
        assert_eq!([domains.ask(0, false), domains.ask(0, false), domains.ask(0, false)], [Answer::Go, at(2), at(4)]);
        assert_eq!(domains.ask(0, true), Answer::Go);
        assert_eq!((domains.group("a.example"), domains.group("b.example")), (Some(0), None));
    }

    #[tokio::test]
    async fn what_is_out_and_what_is_left_is_counted() {
        let domains = group(0, Some(2), Some(1));
        assert_eq!([domains.ask(0, false), domains.ask(0, false)], [Answer::Go, Answer::Full]);
        assert_eq!(domains.ask(0, false), Answer::Spent(Timestamp::MAX));
        domains.ends(0, true);
        assert_eq!(domains.ask(0, true), Answer::Go, "the place that was waited for");
        domains.ends(0, false);
        assert_eq!(domains.ask(0, false), Answer::Go, "what was not tried does not count");
    }
}
