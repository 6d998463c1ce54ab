//! A way out: what it may still take, what it answers, and whether it can be taken at all.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as Lock, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::breaker::Breaker;
use super::halt::Stop;
use super::pace::Pace;
use crate::config::Relay;
use crate::store::Quota;
use crate::transport::{Connection, Transport, TransportError};

/// A way out that could not be taken is tried again after so long; twice as long each further time, up to the limit.
const REST: Duration = Duration::from_secs(30);
const LONGEST_REST: Duration = Duration::from_mins(10);

/// How messages leave: one of `mail.relays`, or the only one there is.
#[derive(Debug, Clone)]
pub struct WayOut {
    /// What the configuration says of it.
    pub relay: Relay,
    /// What carries the messages.
    pub transport: Arc<dyn Transport>,
}

impl WayOut {
    /// As tries, limits and messages name it.
    pub fn name(&self) -> String {
        if self.relay.name.is_empty() { self.transport.describe() } else { self.relay.name.clone() }
    }

    /// The first of them that lets us in, with its connection.
    ///
    /// # Errors
    /// What stood in the way of the first one, when all of them fail.
    pub(super) async fn connect(ways: &[Self]) -> Result<(&Self, Box<dyn Connection>), TransportError> {
        let mut fault = None;
        for way in ways {
            match way.transport.connect().await {
                Ok(connection) => return Ok((way, connection)),
                Err(error) => fault = fault.or(Some(error)),
            }
        }
        Err(fault.expect("there is a way out"))
    }
}

/// A way out while messages leave.
pub(super) struct Way {
    pub(super) relay: Relay,
    pub(super) transport: Arc<dyn Transport>,
    /// Under what number tries are recorded.
    pub(super) number: i64,
    pub(super) pace: Pace,
    /// Its limits that hold longer than a minute.
    pub(super) quota: Option<Quota>,
    /// How many connections are at work.
    pub(super) connections: AtomicUsize,
    /// How many deliveries it was given.
    pub(super) given: AtomicU64,
    pub(super) breaker: Lock<Breaker>,
    /// Until when no connection asks for anything.
    pub(super) rest_until: Lock<Option<Instant>>,
    pub(super) health: Lock<Health>,
}

/// Whether a way out can be taken.
#[derive(Debug, Default)]
pub(super) struct Health {
    down: Option<Down>,
    /// How often in succession it could not be reached.
    times: u32,
}

/// Why a way out is not taken.
#[derive(Debug, Clone)]
struct Down {
    why: Stop,
    /// When it is tried again; `None` for not before the end.
    until: Option<Instant>,
}

impl Way {
    pub(super) fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rest_until(&self) -> MutexGuard<'_, Option<Instant>> {
        self.rest_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for as long as the server wants to be left alone.
    pub(super) async fn rest(&self) {
        loop {
            let Some(until) = self.rest_until().filter(|until| *until > Instant::now()) else { return };
            tokio::time::sleep_until(until).await;
        }
    }

    pub(super) fn must_rest(&self) -> bool {
        self.rest_until().is_some_and(|until| until > Instant::now())
    }

    /// All its connections ask for nothing for so long.
    pub(super) fn rest_for(&self, rest: Duration) {
        let until = Instant::now() + rest;
        let mut place = self.rest_until();
        *place = Some(place.map_or(until, |other| other.max(until)));
    }

    /// Whether it can be taken now.
    pub(super) fn is_up(&self) -> bool {
        !self.is_down() && !self.must_rest()
    }

    /// Whether it cannot be taken for longer than a rest.
    pub(super) fn is_down(&self) -> bool {
        self.health().down.as_ref().is_some_and(|down| down.until.is_none_or(|until| until > Instant::now()))
    }

    /// When it can be tried again, or need not rest any more.
    pub(super) fn again_at(&self) -> Option<Instant> {
        let until = self.health().down.as_ref().and_then(|down| down.until);
        until.into_iter().chain(*self.rest_until()).filter(|until| *until > Instant::now()).max()
    }

    /// It cannot be taken: for a while, or not before the end.
    pub(super) fn goes_down(&self, why: Stop, is_for_a_while: bool) {
        let mut health = self.health();
        let rest = (REST * 2u32.saturating_pow(health.times)).min(LONGEST_REST);
        health.times = health.times.saturating_add(u32::from(is_for_a_while));
        health.down = Some(Down { why, until: is_for_a_while.then(|| Instant::now() + rest) });
    }

    /// It lets us in. True when it had not.
    pub(super) fn comes_up(&self) -> bool {
        let mut health = self.health();
        let was_down = health.down.as_ref().is_some_and(|down| down.until.is_some());
        if was_down {
            *health = Health::default();
        }
        was_down
    }

    /// Why it was not taken last.
    pub(super) fn why_down(&self) -> Option<Stop> {
        self.health().down.as_ref().map(|down| down.why.clone())
    }

    /// Whether it is given the next delivery, rather than `other`, which can be taken too: by priority, then by weight.
    pub(super) fn comes_before(&self, other: &Self) -> bool {
        let share = |way: &Self, by: &Self| way.given.load(Ordering::SeqCst) * u64::from(by.relay.weight);
        match self.relay.priority.cmp(&other.relay.priority) {
            std::cmp::Ordering::Equal => share(self, other) <= share(other, self),
            order => order.is_lt(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use jiff::Timestamp;

    use super::*;
    use crate::config;
    use crate::files::Folder;
    use crate::transport;

    fn way(priority: u32, weight: u32) -> Way {
        let config = config::parse("config.toml", "[site]\ntitle = 'x'\nurl = 'https://x.example'\n").unwrap();
        let relay = Relay { priority, weight, ..config.mail.first().clone() };
        Way {
            transport: transport::new(&relay, 10, &Folder::new(Path::new("/site")), None).unwrap(),
            number: 1,
            pace: Pace::new(&[], None, None),
            quota: None,
            connections: AtomicUsize::new(1),
            given: AtomicU64::new(0),
            breaker: Lock::new(Breaker::new(Vec::new(), Timestamp::UNIX_EPOCH)),
            rest_until: Lock::default(),
            health: Lock::default(),
            relay,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_relay_that_cannot_be_reached_is_tried_again_after_longer_and_longer_times() {
        let way = way(0, 1);
        for seconds in [30, 60, 120, 240, 480, 600, 600] {
            way.goes_down(Stop::Unreachable("no".to_owned()), true);
            tokio::time::advance(Duration::from_secs(seconds - 1)).await;
            assert!(way.is_down() && !way.is_up() && way.again_at().is_some(), "{seconds}");
            tokio::time::advance(Duration::from_secs(1)).await;
            assert!(!way.is_down(), "{seconds}");
        }
        assert!(way.why_down().is_some(), "it was never reached");
        assert!(way.comes_up() && way.why_down().is_none() && !way.comes_up());
        way.goes_down(Stop::RateLimit, false);
        tokio::time::advance(Duration::from_hours(1)).await;
        assert!(way.is_down() && !way.comes_up(), "not before the end");
    }

    #[test]
    fn deliveries_are_shared_by_priority_and_then_by_weight() {
        let (mut heavy, light, later) = (0, way(1, 1), way(2, 100));
        let main = way(1, 3);
        for _ in 0..40 {
            assert!(main.comes_before(&later) && light.comes_before(&later) && !later.comes_before(&main));
            let next = if main.comes_before(&light) { &main } else { &light };
            next.given.fetch_add(1, Ordering::SeqCst);
            heavy += u32::from(next.relay.weight == 3);
        }
        assert_eq!(heavy, 30);
    }
}
