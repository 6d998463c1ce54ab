//! What a try leads to: the state to record, and when a deferred delivery is tried again.

use jiff::{SignedDuration, Timestamp};

use crate::config::InDoubt;
use crate::model::{DeliveryState, Outcome};
use crate::store::{DeliveryKey, Recorded};

/// Minutes from one try to the next: past the usual greylisting first, then ever more patient (RFC 5321 §4.5.4.1 asks for
/// about 30 minutes in the long run).
const MINUTES: [i64; 7] = [6, 15, 30, 60, 120, 240, 480];

/// A newsletter that could not be delivered for this long is no news any more.
const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(48);

/// So many times a message is sent again when nobody knows whether it arrived.
const REPEATS: i64 = 3;

/// What to record for a try that ended with `outcome`. `tries` counts this one; `first_try` is when the first
/// one was.
pub(super) fn settle(
    key: DeliveryKey,
    outcome: Outcome,
    tries: i64,
    first_try: Timestamp,
    now: Timestamp,
    in_doubt: InDoubt,
) -> Recorded {
    let (state, reply) = match outcome {
        Outcome::Sent(reply) => (DeliveryState::Sent, reply),
        Outcome::Failed(reply) => (DeliveryState::Failed, reply),
        Outcome::Refused(reply) => (DeliveryState::Queued, reply),
        // A server that never answers would get copy after copy: after a few even the owner who wants them repeated decides.
        Outcome::InDoubt(reply) if in_doubt == InDoubt::Hold || tries >= REPEATS => (DeliveryState::InDoubt, reply),
        Outcome::Deferred(reply) if now.duration_since(first_try) >= GIVE_UP_AFTER => {
            (DeliveryState::Failed, format!("given up after {} hours: {reply}", GIVE_UP_AFTER.as_hours()))
        }
        Outcome::Deferred(reply) | Outcome::InDoubt(reply) => (DeliveryState::Deferred, reply),
    };
    let next_attempt_at = (state == DeliveryState::Deferred).then(|| (now + pause(key, tries)).to_string());
    Recorded { key, state, reply, next_attempt_at }
}

/// The wait before the next try, up to a fifth shorter or longer, so that a refused crowd does not come back at once.
fn pause(key: DeliveryKey, tries: i64) -> SignedDuration {
    let step = usize::try_from(tries.max(1) - 1).unwrap_or(usize::MAX).min(MINUTES.len() - 1);
    let seconds = MINUTES[step] * 60;
    // A few rounds of an ordinary mixing function: the same on every run, different for every reader.
    let mut mixed = key.issue.cast_unsigned()
        ^ key.subscriber.cast_unsigned().rotate_left(20)
        ^ tries.cast_unsigned().rotate_left(40);
    for _ in 0..3 {
        mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    let fifth = (seconds / 5).cast_unsigned();
    SignedDuration::from_secs(seconds - seconds / 5 + (mixed % (2 * fifth + 1)).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(outcome: Outcome, tries: i64, hours: i64, in_doubt: InDoubt) -> Recorded {
        let first_try: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        let now = first_try + SignedDuration::from_hours(hours);
        settle(DeliveryKey { issue: 1, subscriber: 2 }, outcome, tries, first_try, now, in_doubt)
    }

    #[test]
    fn every_outcome_has_its_state() {
        use DeliveryState as S;
        let state = |outcome: Outcome| settled(outcome, 1, 0, InDoubt::Hold).state;
        assert_eq!(state(Outcome::Sent("250".into())), S::Sent);
        assert_eq!(state(Outcome::Deferred("451".into())), S::Deferred);
        assert_eq!(state(Outcome::Failed("550".into())), S::Failed);
        assert_eq!(state(Outcome::InDoubt("lost".into())), S::InDoubt);
        assert_eq!(state(Outcome::Refused("530".into())), S::Queued, "no reader is to blame");
        assert_eq!(settled(Outcome::InDoubt("lost".into()), 1, 0, InDoubt::Resend).state, S::Deferred);
        assert_eq!(settled(Outcome::InDoubt("lost".into()), 3, 0, InDoubt::Resend).state, S::InDoubt);
    }

    #[test]
    fn waits_grow_and_end() {
        let wait = |tries: i64| {
            let next = settled(Outcome::Deferred("451".into()), tries, 0, InDoubt::Hold).next_attempt_at.unwrap();
            let next: Timestamp = next.parse().unwrap();
            next.duration_since("2026-03-01T00:00:00Z".parse().unwrap()).as_secs()
        };
        for (tries, minutes) in (1..).zip(MINUTES) {
            assert!((minutes * 48..=minutes * 72).contains(&wait(tries)), "try {tries}: {} s", wait(tries));
        }
        assert!(wait(100) <= 480 * 72);
        assert_eq!(settled(Outcome::Deferred("451".into()), 9, 48, InDoubt::Hold).state, DeliveryState::Failed);
    }

    #[test]
    fn readers_do_not_come_back_all_at_once() {
        let waits: std::collections::BTreeSet<_> =
            (0..50).map(|subscriber| pause(DeliveryKey { issue: 1, subscriber }, 1)).collect();
        assert!(waits.len() > 30, "{} different waits", waits.len());
    }
}
