//! Keeps to `mail.domains`: how many messages leave for the readers of some domains, by all ways out together.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::allowance::{Allowance, May, long_limits, of_domains};
use super::pace::Pace;
use crate::config::DomainLimit;
use crate::store::{Quota, Result, Store};

/// The limits, and how far each is used up.
#[derive(Debug, Default)]
pub(super) struct Domains {
    groups: Vec<Group>,
    /// The place of the group of each domain.
    of: HashMap<String, usize>,
    /// How many processes share them.
    senders: AtomicU32,
}

/// Domains that share their limits.
#[derive(Debug)]
struct Group {
    interval: Duration,
    /// Those that hold longer than a minute.
    quota: Option<Quota>,
    /// When they leave some again, once they leave none.
    again: Timestamp,
    /// How many messages at once.
    most: Option<u32>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: Option<Instant>,
    /// What the long limits leave.
    allowance: Option<Allowance>,
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
    /// When another part of the long limits has been taken.
    Later,
    /// Not before this moment.
    Spent(Timestamp),
}

impl State {
    fn take(&mut self) {
        if let Some(allowance) = &mut self.allowance {
            allowance.take();
        }
    }

    fn give_back(&mut self) {
        if let Some(allowance) = &mut self.allowance {
            allowance.give_back();
        }
    }
}

impl Domains {
    /// Counts what was tried before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn open(store: &mut Store, limits: &[DomainLimit], now: Timestamp) -> Result<Self> {
        let mut domains = Self::default();
        for limit in limits {
            let quota = of_domains(limit);
            let long = long_limits(store, quota.as_ref(), now).await?;
            let again = long.iter().map(|long| long.again).max().unwrap_or(now);
            for domain in &limit.domains {
                domains.of.insert(domain.clone(), domains.groups.len());
            }
            let allowance = Allowance::open(store, quota.as_ref(), now).await?;
            let (interval, most) = (Pace::interval(&limit.rate), limit.connections);
            let state = Mutex::new(State { allowance, ..State::default() });
            domains.groups.push(Group { interval, quota, again, most, state });
        }
        Ok(domains)
    }

    /// The group of a domain; `None` when it has no limits.
    pub(super) fn group(&self, domain: &str) -> Option<usize> {
        if self.groups.is_empty() { None } else { self.of.get(domain).copied() }
    }

    /// From now on so many processes keep to the limits together.
    pub(super) fn share(&self, senders: u32) {
        self.senders.store(senders, Ordering::Relaxed);
    }

    /// The time between two messages of this process, and how many it may have on their way: one at least.
    fn share_of(&self, group: usize) -> (Duration, Option<u32>) {
        let (Group { interval, most, .. }, senders) =
            (&self.groups[group], self.senders.load(Ordering::Relaxed).max(1));
        (*interval * senders, most.map(|most| (most / senders).max(1)))
    }

    /// The limits of which another part is needed, each with the place of its group.
    pub(super) fn low(&self) -> Vec<(usize, &Quota)> {
        let groups = self.groups.iter().enumerate().filter_map(|(at, group)| Some((at, group.quota.as_ref()?)));
        groups.filter(|(at, _)| self.state(*at).allowance.is_some_and(Allowance::is_low)).collect()
    }

    /// The limits that hold longer than a minute.
    pub(super) fn quotas(&self) -> impl Iterator<Item = &Quota> {
        self.groups.iter().filter_map(|group| group.quota.as_ref())
    }

    /// Takes in another part of the limits of a group; nothing when there is none.
    pub(super) fn allow(&self, group: usize, part: u64) {
        if let Some(allowance) = &mut self.state(group).allowance {
            allowance.add(part);
        }
    }

    fn state(&self, group: usize) -> MutexGuard<'_, State> {
        self.groups[group].state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a message; with `is_kept` its moment was kept for it and has come.
    pub(super) fn ask(&self, group: usize, is_kept: bool) -> Answer {
        let Group { again, .. } = &self.groups[group];
        let (interval, most) = self.share_of(group);
        let mut state = self.state(group);
        if !is_kept {
            match state.allowance.map_or(May::Go, Allowance::asks) {
                May::Go => {}
                May::Later => return Answer::Later,
                May::Spent => return Answer::Spent(*again),
            }
            if !interval.is_zero() {
                let now = Instant::now();
                let turn = state.next.map_or(now, |next| next.max(now));
                state.next = Some(turn + interval);
                if turn > now {
                    state.take();
                    return Answer::At(turn);
                }
            }
            state.take();
        }
        if most.is_some_and(|most| state.out >= most) {
            return Answer::Full;
        }
        state.out += 1;
        Answer::Go
    }

    /// A message has its answer, or was not tried: then `is_tried` is false.
    pub(super) fn ends(&self, group: usize, is_tried: bool) {
        let mut state = self.state(group);
        state.out = state.out.saturating_sub(1);
        if !is_tried {
            state.give_back();
        }
    }

    /// Whether as many messages are on their way as may be.
    pub(super) fn is_full(&self, group: usize) -> bool {
        let (_, most) = self.share_of(group);
        most.is_some_and(|most| self.state(group).out >= most)
    }

    /// Takes back a moment that was kept, or a place that was waited for, for a message that is put off.
    pub(super) fn takes_back(&self, group: usize) {
        self.state(group).give_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(interval: u64, left: Option<u64>, most: Option<u32>) -> Domains {
        let interval = Duration::from_secs(interval);
        let state = Mutex::new(State { allowance: left.map(Allowance::all), ..State::default() });
        let group = Group { interval, quota: None, again: Timestamp::MAX, most, state };
        let of = HashMap::from([("a.example".to_owned(), 0)]);
        Domains { groups: vec![group], of, senders: AtomicU32::new(1) }
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
