//! What a delivery is known by, and what is recorded of it.

use super::{Result, StoreError};
use crate::model::{Answer, DeliveryState};

/// Which delivery: an issue to a subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryKey {
    /// The issue's number.
    pub issue: i64,
    /// The subscriber's number.
    pub subscriber: i64,
}

/// What became of a claimed delivery, or was decided of it, to be recorded as long as it is claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Which delivery.
    pub key: DeliveryKey,
    /// Its state from now on; `None` when it is tried again at once.
    pub state: Option<DeliveryState>,
    /// When it may be tried again, RFC 3339 in UTC; `None` for at once, or never.
    pub next_attempt_at: Option<String>,
    /// What is added to its history: nothing when it is only put back or put off.
    pub said: Option<Said>,
}

/// What a server said, or what was decided without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The number of the way out that was asked, as [`Store::relay`](super::Store::relay) gives it, when this was a try.
    pub relay: Option<i64>,
    /// True when the message may have been accepted by it, whatever the delivery becomes.
    pub is_doubtful: bool,
    /// What was said.
    pub answer: Answer,
}

pub(super) fn state_of(number: i64) -> Result<DeliveryState> {
    DeliveryState::from_number(number).ok_or_else(|| StoreError::Content(format!("a delivery's state {number}")))
}
