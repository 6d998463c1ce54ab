//! What a try leads to: the state to record, and when a deferred delivery is tried again.

use jiff::{SignedDuration, Timestamp};

use super::refusal::AnswerKind;
use crate::model::{Answer, DeliveryState, Outcome};
use crate::store::{DeliveryKey, Recorded, Said};

/// Minutes from one try to the next: past the usual greylisting first, then ever more patient (RFC 5321 §4.5.4.1 asks for
/// about 30 minutes in the long run).
const MINUTES: [i64; 7] = [6, 15, 30, 60, 120, 240, 480];

/// A newsletter that could not be delivered for this long is no news any more.
pub(super) const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(48);

/// So many times a delivery in doubt is sent again where its owner wishes that.
const REPEATS: i64 = 3;

/// Whether a message may be sent again of which it is not known whether it was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repetition {
    /// No: the owner decides.
    Never,
    /// Up to a moment: until then the relay, which is called so, knows it again.
    Until(Timestamp, &'static str),
    /// A few times.
    Wished,
}

/// A delivery and how long it has been tried.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tried {
    /// Which one.
    pub(super) key: DeliveryKey,
    /// The number of the way out.
    pub(super) relay: i64,
    /// Whether what may have been accepted by it is kept from others.
    pub(super) is_kept: bool,
    /// How often, with the present try.
    pub(super) tries: i64,
    /// Since when.
    pub(super) first: Timestamp,
    /// Up to when time counts against it.
    pub(super) counted: Timestamp,
    /// Whether the server accepts others like this reader, so that what it says of a mailbox is about that mailbox.
    pub(super) are_others_accepted: bool,
    /// The present moment.
    pub(super) now: Timestamp,
}

/// What to record for a try that ended with an answer of this kind.
pub(super) fn settle(tried: Tried, kind: AnswerKind, outcome: Outcome, repetition: Repetition) -> Recorded {
    let is_over = tried.counted.duration_since(tried.first) >= GIVE_UP_AFTER;
    let next = tried.now + pause(tried.key, tried.tries);
    let is_doubtful = matches!(outcome, Outcome::InDoubt(_)) && (repetition != Repetition::Wished || tried.is_kept);
    let (state, reply, is_given_up) = match outcome {
        Outcome::Sent(reply) => (DeliveryState::Sent, reply, false),
        // Not the reader's fault, or perhaps not: to give it up is all that may happen.
        Outcome::Failed(reply) if matches!(kind, AnswerKind::Policy | AnswerKind::Unclear) => {
            (if is_over { DeliveryState::Skipped } else { DeliveryState::Deferred }, reply, is_over)
        }
        Outcome::Failed(reply) => (DeliveryState::Failed, reply, false),
        Outcome::Refused(reply) => (DeliveryState::Queued, reply, false),
        Outcome::InDoubt(reply) => match repetition {
            Repetition::Until(end, relay) if next < end => {
                (DeliveryState::Deferred, format!("{reply} (it is sent again: {relay} knows it by its key)"), false)
            }
            // A server that never answers would get copy after copy: after a few even the owner who wants them repeated decides.
            Repetition::Wished if tried.tries < REPEATS => (DeliveryState::Deferred, reply, false),
            _ => (DeliveryState::InDoubt, reply, false),
        },
        // A mailbox that takes nothing for so long, where others do, is a bad address; for anything else the reader is not to
        // blame.
        Outcome::Deferred(reply) if is_over => {
            let is_readers = kind == AnswerKind::Reader && tried.are_others_accepted;
            (if is_readers { DeliveryState::Failed } else { DeliveryState::Skipped }, reply, true)
        }
        Outcome::Deferred(reply) => (DeliveryState::Deferred, reply, false),
    };
    let mut answer = Answer::parse(&reply);
    // What no server has said has to do with this machine, and may be mended at once.
    let waits = state == DeliveryState::Deferred || (state == DeliveryState::Queued && answer.code.is_some());
    if is_given_up {
        answer.text = format!("{} (given up after {} hours)", answer.text, GIVE_UP_AFTER.as_hours());
    }
    Recorded {
        key: tried.key,
        state: Some(state),
        next_attempt_at: waits.then(|| next.to_string()),
        said: Some(Said { relay: (kind != AnswerKind::Own).then_some(tried.relay), is_doubtful, answer }),
    }
}

/// The wait before the next try, up to a fifth shorter or longer, so that a refused crowd does not come back at once.
pub(super) fn pause(key: DeliveryKey, tries: i64) -> SignedDuration {
    let step = usize::try_from(tries.max(1) - 1).unwrap_or(usize::MAX).min(MINUTES.len() - 1);
    let seconds = MINUTES[step] * 60;
    let fifth = (seconds / 5).cast_unsigned();
    SignedDuration::from_secs(seconds - seconds / 5 + (mixed(key, tries) % (2 * fifth + 1)).cast_signed())
}

/// A number that looks like chance, the same on every run and different for every reader: a few rounds of an ordinary mixing
/// function.
pub(super) fn mixed(key: DeliveryKey, tries: i64) -> u64 {
    let mut mixed = key.issue.cast_unsigned()
        ^ key.subscriber.cast_unsigned().rotate_left(20)
        ^ tries.cast_unsigned().rotate_left(40);
    for _ in 0..3 {
        mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(outcome: Outcome, tries: i64, hours: i64, repetition: Repetition) -> Recorded {
        let first: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        let now = first + SignedDuration::from_hours(hours);
        let key = DeliveryKey { issue: 1, subscriber: 2 };
        let tried = Tried { key, relay: 1, is_kept: false, tries, first, counted: now, are_others_accepted: true, now };
        settle(tried, AnswerKind::of(&outcome, false, &[]), outcome, repetition)
    }

    #[test]
    fn every_outcome_has_its_state() {
        use DeliveryState as S;
        let state = |outcome: Outcome| settled(outcome, 1, 0, Repetition::Never).state.unwrap();
        assert_eq!(state(Outcome::Sent("250".into())), S::Sent);
        assert_eq!(state(Outcome::Deferred("451".into())), S::Deferred);
        assert_eq!(state(Outcome::Failed("550 5.1.1 no such user".into())), S::Failed);
        assert_eq!(state(Outcome::Failed("this address needs SMTPUTF8".into())), S::Failed);
        assert_eq!(state(Outcome::Failed("550 5.7.1 no".into())), S::Deferred, "no reader is to blame");
        assert_eq!(state(Outcome::Failed("550 no".into())), S::Deferred, "perhaps no reader is to blame");
        assert_eq!(state(Outcome::InDoubt("lost".into())), S::InDoubt);
        assert_eq!(state(Outcome::Refused("530".into())), S::Queued, "no reader is to blame");
        assert_eq!(settled(Outcome::InDoubt("lost".into()), 1, 0, Repetition::Wished).state, Some(S::Deferred));
        assert_eq!(settled(Outcome::InDoubt("lost".into()), 3, 0, Repetition::Wished).state, Some(S::InDoubt));
    }

    #[test]
    fn what_a_relay_knows_by_its_key_is_sent_again_as_long_as_it_does() {
        let until = |hours: i64| {
            let end = "2026-03-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hours);
            settled(Outcome::InDoubt("lost".into()), 1, 2, Repetition::Until(end, "resend"))
        };
        let again = until(23);
        assert_eq!(again.state, Some(DeliveryState::Deferred));
        let said = again.said.unwrap();
        assert!(again.next_attempt_at.is_some() && said.is_doubtful && said.answer.text.contains("resend"), "{said:?}");
        assert_eq!(until(2).state, Some(DeliveryState::InDoubt), "the next try would come too late");
        let said = settled(Outcome::Deferred("451".into()), 1, 0, Repetition::Never).said.unwrap();
        assert!(!said.is_doubtful);
    }

    #[test]
    fn waits_grow_and_end() {
        let wait = |tries: i64| {
            let next = settled(Outcome::Deferred("451".into()), tries, 0, Repetition::Never).next_attempt_at.unwrap();
            let next: Timestamp = next.parse().unwrap();
            next.duration_since("2026-03-01T00:00:00Z".parse().unwrap()).as_secs()
        };
        for (tries, minutes) in (1..).zip(MINUTES) {
            assert!((minutes * 48..=minutes * 72).contains(&wait(tries)), "try {tries}: {} s", wait(tries));
        }
        assert!(wait(100) <= 480 * 72);
    }

    #[test]
    fn what_is_given_up_fails_only_those_whom_nothing_else_explains() {
        let end = |outcome: Outcome| settled(outcome, 9, 48, Repetition::Never);
        for reply in
            ["451 4.7.1 later", "450 4.1.8 no such domain", "421 4.7.0 too many", "451 4.3.0 later", "450 later"]
        {
            assert_eq!(end(Outcome::Deferred(reply.into())).state, Some(DeliveryState::Skipped), "{reply}");
        }
        let deferred = end(Outcome::Deferred("452 4.2.2 mailbox full".into()));
        assert_eq!((deferred.state, deferred.next_attempt_at), (Some(DeliveryState::Failed), None));
        let said = deferred.said.unwrap().answer;
        assert_eq!(
            (said.code, said.to_string().as_str()),
            (Some(452), "452 4.2.2 mailbox full (given up after 48 hours)")
        );
        assert_eq!(end(Outcome::Failed("550 5.7.1 no".into())).state, Some(DeliveryState::Skipped));
        let gone = end(Outcome::Failed("550 5.1.1 no such user".into())).said.unwrap().answer;
        assert_eq!(gone.to_string(), "550 5.1.1 no such user");
    }

    #[test]
    fn a_mailbox_is_blamed_only_where_others_are_accepted() {
        let key = DeliveryKey { issue: 1, subscriber: 2 };
        let first: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        let now = first + SignedDuration::from_hours(48);
        for (are_others_accepted, state) in [(true, DeliveryState::Failed), (false, DeliveryState::Skipped)] {
            let tried =
                Tried { key, relay: 1, is_kept: false, tries: 9, first, counted: now, are_others_accepted, now };
            let outcome = Outcome::Deferred("452 4.2.2 mailbox full".into());
            assert_eq!(settle(tried, AnswerKind::Reader, outcome, Repetition::Never).state, Some(state));
        }
    }

    #[test]
    fn who_met_a_server_that_refuses_us_goes_to_the_back() {
        assert!(
            settled(Outcome::Refused("550 5.7.1 not you".into()), 1, 0, Repetition::Never).next_attempt_at.is_some()
        );
        let here = settled(Outcome::Refused("cannot write outbox/a.eml".into()), 1, 0, Repetition::Never);
        assert_eq!(here.next_attempt_at, None, "this may be mended at once");
    }

    #[test]
    fn readers_do_not_come_back_all_at_once() {
        let waits: std::collections::BTreeSet<_> =
            (0..50).map(|subscriber| pause(DeliveryKey { issue: 1, subscriber }, 1)).collect();
        assert!(waits.len() > 30, "{} different waits", waits.len());
    }
}
