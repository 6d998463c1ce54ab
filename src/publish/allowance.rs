//! What this process may still try of limits that hold longer than a minute. Several processes share them, each by parts that it
//! takes as it goes.

use jiff::{SignedDuration, Timestamp};

use crate::config::{DomainLimit, RateLimit, Relay};
use crate::store::{Counted, Quota, Result, Store};

/// Limits up to this many seconds are kept by waiting; for longer ones waiting in the foreground makes no sense.
const LONGEST_WAIT: u32 = 60;

/// Another part is taken when so little is left of the last ones.
const FEW: u64 = 250;

/// What is left of what this process has taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allowance {
    left: u64,
    /// Whether the limits leave no further part.
    is_all: bool,
}

/// Whether a message may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum May {
    /// Now.
    Go,
    /// When another part has been taken.
    Later,
    /// Not any more.
    Spent,
}

impl Allowance {
    /// All that the limits leave.
    pub(super) fn all(left: u64) -> Self {
        Self { left, is_all: true }
    }

    /// Nothing before a part is taken.
    pub(super) fn none_yet() -> Self {
        Self { left: 0, is_all: false }
    }

    /// All that the limits leave; where several processes share them, nothing yet.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn open(store: &mut Store, quota: Option<&Quota>, now: Timestamp) -> Result<Option<Self>> {
        let Some(quota) = quota else { return Ok(None) };
        // Parts are held by a sender, which this process becomes later.
        if store.is_shared() {
            return Ok(Some(Self::none_yet()));
        }
        Ok(Some(Self::all(store.take_part(quota, &now.to_string()).await?)))
    }

    /// Whether a message may be tried.
    pub(super) fn asks(self) -> May {
        match self {
            Self { left: 1.., .. } => May::Go,
            Self { is_all: true, .. } => May::Spent,
            Self { .. } => May::Later,
        }
    }

    /// One is tried.
    pub(super) fn take(&mut self) {
        self.left = self.left.saturating_sub(1);
    }

    /// One was not tried after all.
    pub(super) fn give_back(&mut self) {
        self.left += 1;
    }

    /// How many may be tried before another part is taken.
    pub(super) fn left(self) -> u64 {
        self.left
    }

    /// Whether another part is needed.
    pub(super) fn is_low(self) -> bool {
        !self.is_all && self.left < FEW
    }

    /// Takes in another part; nothing when there is none.
    pub(super) fn add(&mut self, part: u64) {
        self.left += part;
        self.is_all = part == 0;
    }
}

/// Whether a limit needs to know what was tried before.
pub(super) fn is_long(limit: RateLimit) -> bool {
    limit.seconds > LONGEST_WAIT
}

/// The limits of a way out that hold longer than a minute.
pub(super) fn of_relay(relay: &Relay) -> Option<Quota> {
    // Whatever the only way out was called before, it is the one whose limits these are.
    let counted = if relay.name.is_empty() { Counted::All } else { Counted::By(relay.name.clone()) };
    quota(counted, &relay.rate)
}

/// Those of some domains.
pub(super) fn of_domains(limit: &DomainLimit) -> Option<Quota> {
    quota(Counted::To(limit.domains.clone()), &limit.rate)
}

fn quota(counted: Counted, rate: &[RateLimit]) -> Option<Quota> {
    let limits: Vec<_> =
        rate.iter().filter(|limit| is_long(**limit)).map(|limit| (limit.count, limit.seconds)).collect();
    Some(Quota { counted, limits }).filter(|quota| !quota.limits.is_empty())
}

/// What is left of a limit.
pub(super) struct LongLimit {
    pub(super) limit: RateLimit,
    /// How many tries its last span had.
    pub(super) tries: u64,
    pub(super) left: u64,
    /// When it takes the next one, once none is left.
    pub(super) again: Timestamp,
}

/// What is left of each of some limits.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn long_limits(store: &mut Store, quota: Option<&Quota>, now: Timestamp) -> Result<Vec<LongLimit>> {
    let mut all = Vec::new();
    let Some(quota) = quota else { return Ok(all) };
    for (count, seconds) in &quota.limits {
        let (limit, most) = (RateLimit { count: *count, seconds: *seconds }, u64::from(*count));
        let span = SignedDuration::from_secs(limit.seconds.into());
        let since = (now - span).to_string();
        let tries = store.tried_since(&since, &quota.counted).await?;
        // The first moment at which so many of them are past that there is room for one.
        let past = store.try_after(&since, tries.saturating_sub(most), &quota.counted).await?;
        let past = past.and_then(|at| at.parse().ok()).unwrap_or(now);
        let again = past + span + SignedDuration::from_secs(1);
        all.push(LongLimit { limit, tries, left: most.saturating_sub(tries), again });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::{Allowance, May};

    #[test]
    fn another_part_is_waited_for_until_there_is_none() {
        let mut allowance = Allowance::none_yet();
        assert!(allowance.asks() == May::Later && allowance.is_low());
        allowance.add(2);
        allowance.take();
        assert!(allowance.asks() == May::Go && allowance.left() == 1 && allowance.is_low());
        allowance.take();
        assert_eq!(allowance.asks(), May::Later);
        allowance.add(0);
        assert!(allowance.asks() == May::Spent && !allowance.is_low());
        allowance.give_back();
        assert_eq!(allowance.asks(), May::Go, "no server was asked");
    }
}
