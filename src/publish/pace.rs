//! Keeps to `mail.rate`: short limits space the messages out, long ones are a budget for this process.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::config::RateLimit;

/// Limits up to this many seconds are kept by waiting; for longer ones waiting in the foreground makes no sense.
const LONGEST_WAIT: u32 = 60;

/// The limits of one delivering process, shared by its connections.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    next: Option<Instant>,
    left: Option<u64>,
}

impl Pace {
    /// `used` says for each limit how many messages were tried in its span already.
    pub(super) fn new(limits: &[RateLimit], used: impl Fn(&RateLimit) -> u64) -> Self {
        let (short, long): (Vec<&RateLimit>, Vec<&RateLimit>) =
            limits.iter().partition(|limit| limit.seconds <= LONGEST_WAIT);
        let interval = short.iter().map(|limit| Duration::from_secs(limit.seconds.into()) / limit.count).max();
        let left = long.iter().map(|limit| u64::from(limit.count).saturating_sub(used(limit))).min();
        Self { interval: interval.unwrap_or_default(), state: Mutex::new(State { next: None, left }) }
    }

    /// The limits that need to know what was tried before.
    pub(super) fn budgets(limits: &[RateLimit]) -> impl Iterator<Item = &RateLimit> {
        limits.iter().filter(|limit| limit.seconds > LONGEST_WAIT)
    }

    /// Waits for the turn of one message; false when the budget is used up.
    pub(super) async fn turn(&self) -> bool {
        let wait_until = {
            let mut state = self.state.lock().await;
            if let Some(left) = &mut state.left {
                let Some(rest) = left.checked_sub(1) else { return false };
                *left = rest;
            }
            if self.interval.is_zero() {
                return true;
            }
            let turn = state.next.map_or_else(Instant::now, |next| next.max(Instant::now()));
            state.next = Some(turn + self.interval);
            turn
        };
        tokio::time::sleep_until(wait_until).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn short_limits_space_messages_out() {
        let pace = Pace::new(&[RateLimit { count: 10, seconds: 1 }], |_| 0);
        let start = Instant::now();
        for _ in 0..21 {
            assert!(pace.turn().await);
        }
        assert_eq!(start.elapsed().as_millis(), 2_000);
    }

    #[tokio::test]
    async fn a_days_budget_counts_what_was_sent_before() {
        let limits = [RateLimit { count: 5, seconds: 86_400 }];
        let pace = Pace::new(&limits, |_| 3);
        assert!(pace.turn().await && pace.turn().await);
        assert!(!pace.turn().await);
    }
}
