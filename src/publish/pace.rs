//! Keeps to `mail.rate`: short limits space the messages out, those of several processes together; long ones are an
//! [allowance](super::allowance) of which several processes take parts. `--limit` is one too, for all ways out together.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex as Line;
use tokio::time::Instant;

use super::allowance::{Allowance, May, is_long};
use crate::config::RateLimit;

/// Another part of the long limits is looked for so often.
pub(super) const LATER: Duration = Duration::from_millis(20);

/// What is claimed leaves within so long, as far as it depends on the limits.
const LOOK_AHEAD: Duration = Duration::from_secs(10);

/// How many tries were asked for, and not taken yet.
#[derive(Debug)]
pub(super) struct Wanted(AtomicU64);

impl Wanted {
    pub(super) fn new(wanted: u64) -> Self {
        Self(AtomicU64::new(wanted))
    }

    /// Takes one; false when none is left.
    fn take(&self) -> bool {
        self.0.try_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }

    fn give_back(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn left(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// The limits of one way out, shared by its connections.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    /// How many processes share it.
    senders: AtomicU32,
    /// How many tries were asked for, of all ways out; `None` when all were.
    wanted: Option<Arc<Wanted>>,
    /// Whether there are long limits, of which parts have to be waited for.
    has_allowance: bool,
    /// Those who wait for a part stand here: who came first goes first, or deliveries late in the queue overtake others.
    line: Line<()>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: Option<Instant>,
    taken: u64,
    /// What the long limits leave.
    allowance: Option<Allowance>,
}

/// Whether a message may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Now.
    Go,
    /// Later, which was not waited for.
    NotYet,
    /// A limit of `mail.rate` is used up.
    Spent,
    /// As many were tried as were asked for.
    Enough,
}

/// What became of the wish for a turn.
enum Taken {
    /// It was taken, for this moment; `None` is at once.
    At(Option<Instant>),
    /// It was not.
    Not(Turn),
    /// Another part of the long limits is needed first.
    Later,
}

impl Pace {
    /// At most `wanted` messages are tried now, and as many as the long limits allow.
    pub(super) fn new(limits: &[RateLimit], wanted: Option<Arc<Wanted>>, allowance: Option<Allowance>) -> Self {
        Self {
            interval: Self::interval(limits),
            senders: AtomicU32::new(1),
            wanted,
            has_allowance: allowance.is_some(),
            line: Line::new(()),
            state: Mutex::new(State { allowance, ..State::default() }),
        }
    }

    /// Whether another part of the long limits is needed.
    pub(super) fn is_low(&self) -> bool {
        self.state().allowance.is_some_and(Allowance::is_low)
    }

    /// Takes in another part of them; nothing when there is none.
    pub(super) fn allow(&self, part: u64) {
        if let Some(allowance) = &mut self.state().allowance {
            allowance.add(part);
        }
    }

    /// The time between two messages by the limits that are kept by waiting.
    pub(super) fn interval(limits: &[RateLimit]) -> Duration {
        let short = limits.iter().filter(|limit| !is_long(**limit));
        short.map(|limit| Duration::from_secs(limit.seconds.into()) / limit.count).max().unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on so many processes keep to the limits together.
    pub(super) fn share(&self, senders: u32) {
        self.senders.store(senders, Ordering::Relaxed);
    }

    fn shared_interval(&self) -> Duration {
        self.interval * self.senders.load(Ordering::Relaxed)
    }

    /// The turn of one message; waits for it when `wait` says so.
    pub(super) async fn turn(&self, wait: bool) -> Turn {
        let moment = {
            let _place = match self.has_allowance.then(|| self.line.try_lock()) {
                Some(Err(_)) if wait => Some(self.line.lock().await),
                Some(Err(_)) => return Turn::NotYet,
                Some(Ok(place)) => Some(place),
                None => None,
            };
            loop {
                match self.take(wait) {
                    Taken::At(moment) => break moment,
                    Taken::Not(turn) => return turn,
                    Taken::Later if wait => tokio::time::sleep(LATER).await,
                    Taken::Later => return Turn::NotYet,
                }
            }
        };
        if let Some(moment) = moment {
            tokio::time::sleep_until(moment).await;
        }
        Turn::Go
    }

    /// Takes a turn, which may lie ahead when `wait` says so.
    fn take(&self, wait: bool) -> Taken {
        let mut state = self.state();
        if self.wanted.as_ref().is_some_and(|wanted| wanted.left() == 0) {
            return Taken::Not(Turn::Enough);
        }
        match state.allowance.map_or(May::Go, Allowance::asks) {
            May::Go => {}
            May::Later => return Taken::Later,
            May::Spent => return Taken::Not(Turn::Spent),
        }
        let now = Instant::now();
        let turn = state.next.map_or(now, |next| next.max(now));
        if !wait && turn > now {
            return Taken::Not(Turn::NotYet);
        }
        if !self.wanted.as_ref().is_none_or(|wanted| wanted.take()) {
            return Taken::Not(Turn::Enough);
        }
        state.taken += 1;
        if let Some(allowance) = &mut state.allowance {
            allowance.take();
        }
        let interval = self.shared_interval();
        if interval.is_zero() {
            return Taken::At(None);
        }
        state.next = Some(turn + interval);
        Taken::At(Some(turn))
    }

    /// Takes a turn back that no server was asked for.
    pub(super) fn give_back(&self) {
        {
            let mut state = self.state();
            state.taken -= 1;
            if let Some(allowance) = &mut state.allowance {
                allowance.give_back();
            }
        }
        if let Some(wanted) = &self.wanted {
            wanted.give_back();
        }
    }

    /// How many turns were taken.
    pub(super) fn taken(&self) -> u64 {
        self.state().taken
    }

    /// How many messages are worth taking out of the queue at a time, when so many wait already: at most `most`, not more than
    /// leave within a few seconds, and not more than may leave at all.
    pub(super) fn page(&self, most: usize, waiting: usize) -> usize {
        let soon = match self.shared_interval().as_nanos() {
            0 => most,
            interval => usize::try_from(LOOK_AHEAD.as_nanos() / interval).unwrap_or(most).min(most),
        };
        let left = self.state().allowance.map(Allowance::left);
        let rest = left.into_iter().chain(self.wanted.as_ref().map(|wanted| wanted.left())).min();
        let rest = rest.map_or(usize::MAX, |rest| usize::try_from(rest).unwrap_or(usize::MAX));
        soon.min(rest.saturating_sub(waiting)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn short_limits_space_messages_out() {
        let pace = Pace::new(&[RateLimit { count: 10, seconds: 1 }], None, None);
        let start = Instant::now();
        for _ in 0..21 {
            assert_eq!(pace.turn(true).await, Turn::Go);
        }
        assert_eq!(start.elapsed().as_millis(), 2_000);
    }

    #[tokio::test]
    async fn what_was_asked_for_is_told_from_what_is_left() {
        let pace = Pace::new(&[], Some(Arc::new(Wanted::new(1))), Some(Allowance::all(2)));
        assert_eq!([pace.turn(true).await, pace.turn(true).await], [Turn::Go, Turn::Enough]);
        let pace = Pace::new(&[], None, Some(Allowance::all(1)));
        assert_eq!([pace.turn(true).await, pace.turn(true).await], [Turn::Go, Turn::Spent]);
        pace.give_back();
        assert_eq!([pace.turn(true).await, pace.turn(true).await], [Turn::Go, Turn::Spent], "no server was asked");
    }

    #[tokio::test(start_paused = true)]
    async fn a_further_part_of_a_limit_is_waited_for() {
        let pace = Arc::new(Pace::new(&[], None, Some(Allowance::none_yet())));
        assert!(pace.is_low() && pace.turn(false).await == Turn::NotYet);
        let turn = tokio::spawn({
            let pace = Arc::clone(&pace);
            async move { [pace.turn(true).await, pace.turn(true).await] }
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        pace.allow(1);
        tokio::time::sleep(Duration::from_secs(1)).await;
        pace.allow(0);
        assert_eq!(turn.await.unwrap(), [Turn::Go, Turn::Spent]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_a_part_is_not_overtaken() {
        let pace = Arc::new(Pace::new(&[], None, Some(Allowance::none_yet())));
        let wait = |pace: &Arc<Pace>| {
            let pace = Arc::clone(pace);
            tokio::spawn(async move { pace.turn(true).await })
        };
        let first = wait(&pace);
        tokio::time::sleep(LATER / 2).await;
        pace.allow(1);
        let second = wait(&pace);
        assert_eq!(pace.turn(false).await, Turn::NotYet);
        assert_eq!(first.await.unwrap(), Turn::Go);
        pace.allow(0);
        assert_eq!(second.await.unwrap(), Turn::Spent);
    }
}
