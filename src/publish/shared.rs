//! What connections and recorder share while messages leave.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as Lock, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::backoff::Repetition;
use super::breaker::{Breaker, Next, RefusingDomains};
use super::halt::{Halt, Stop};
use super::jobs::{Job, Jobs, Taken};
use super::pace::Pace;
use super::watcher::Watcher;
use crate::clock::Clock;
use crate::config::{InDoubt, RelayProfile};
use crate::email::{Copies, Recipients};
use crate::model::{EmailAddress, Recipient};
use crate::store::{DeliveryKey, Doubt, Marks, QueuedDelivery, Recorded};
use crate::transport::{Checkpoint, Transport};

/// So long after it was looked who has left no message begins.
const BLIND_AFTER: Duration = Duration::from_millis(250);

/// Which deliveries are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// All that may be tried now.
    All,
    /// Those that were neither tried nor put off.
    Fresh,
}

/// What all connections share.
pub(super) struct Shared {
    pub(super) transport: Arc<dyn Transport>,
    pub(super) issues: BTreeMap<i64, FrozenIssue>,
    pub(super) in_doubt: InDoubt,
    /// What is known of where they go.
    pub(super) relay: Option<&'static RelayProfile>,
    /// Under what number tries are recorded.
    pub(super) relay_number: i64,
    /// How many messages go over one connection.
    pub(super) messages_per_connection: Option<u32>,
    pub(super) jobs: Jobs,
    /// What makes a claim safe before anything of it leaves.
    pub(super) checkpoint: Option<Checkpoint>,
    /// Which messages may be complete at the server; `None` where that cannot be kept.
    pub(super) marks: Option<Marks>,
    /// At most so many deliveries are claimed at a time.
    pub(super) largest_claim: usize,
    pub(super) pace: Pace,
    pub(super) halt: Arc<Halt>,
    pub(super) watcher: Arc<dyn Watcher>,
    pub(super) clock: Clock,
    /// How many connections are at work.
    pub(super) connections: AtomicUsize,
    pub(super) is_spent: AtomicBool,
    /// How many deliveries were given up.
    pub(super) given_up: AtomicU64,
    pub(super) breaker: Lock<Breaker>,
    /// Calls the recorder.
    pub(super) call: Notify,
    /// Whether it was called for more jobs, and has not come yet.
    pub(super) is_called: AtomicBool,
    pub(super) ledger: Lock<Ledger>,
    /// When it was last looked who has left.
    pub(super) looked_at: Lock<Instant>,
    /// Until when no connection asks for anything.
    pub(super) rest_until: Lock<Option<Instant>>,
}

/// What connections and recorder tell each other.
#[derive(Default)]
pub(super) struct Ledger {
    /// What became of deliveries, and is not on disk yet.
    outcomes: Vec<Recorded>,
    /// The readers whose deliveries are claimed, and how many of each: there may be several open issues.
    claimed: HashMap<i64, u32>,
    /// Those of them who have left, and what is said of it.
    left: HashMap<i64, String>,
    /// Readers to look for further back in the queue.
    look: Option<(DeliveryKey, RefusingDomains)>,
    /// Whether all connections have ended.
    is_over: bool,
}

pub(super) struct FrozenIssue {
    pub(super) frozen_at: Timestamp,
    pub(super) copies: Copies,
    pub(super) recipients: Recipients,
    pub(super) from: Arc<EmailAddress>,
    /// Of one that is old: the domains with many readers of which none was accepted; `None` when none was at all.
    pub(super) never_accepted: Option<BTreeSet<String>>,
}

impl FrozenIssue {
    /// Whether the server has accepted others like a reader of this domain, or is still expected to.
    pub(super) fn accepts_others_like(&self, domain: &str) -> bool {
        self.never_accepted.as_ref().is_some_and(|domains| !domains.contains(domain))
    }

    pub(super) fn recipient(
        &self,
        queued: &QueuedDelivery,
        address: &EmailAddress,
        relay: Option<&RelayProfile>,
    ) -> Recipient {
        let recipient = self.recipients.of(queued.key().subscriber, address).named(queued.name.clone());
        let known = relay.and_then(|relay| relay.idempotency.as_ref());
        self.recipients.for_relay(recipient, known.map(|known| known.header.as_str()))
    }
}

impl Shared {
    /// Whether a message that may have been accepted, in an earlier try or now, may be sent again.
    pub(super) fn repetition(&self, doubt: Option<Doubt>, now: Timestamp) -> Repetition {
        let known = self.relay.and_then(|relay| Some((relay, relay.idempotency.as_ref()?)));
        match (self.in_doubt, known) {
            (InDoubt::Resend, _) => Repetition::Wished,
            (InDoubt::Hold, Some((relay, known))) if doubt.is_none_or(|doubt| doubt.relay == self.relay_number) => {
                // An hour less: two clocks, and the time that a try takes.
                let since = doubt.map_or(now, |doubt| doubt.since);
                let end = since + SignedDuration::from_hours(i64::from(known.hours) - 1);
                Repetition::Until(end, &relay.name)
            }
            (InDoubt::Hold, _) => Repetition::Never,
        }
    }

    pub(super) fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rest_until(&self) -> MutexGuard<'_, Option<Instant>> {
        self.rest_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the messages of an issue are signed.
    pub(super) fn is_signed(&self, issue: i64) -> bool {
        self.issues.get(&issue).is_some_and(|issue| issue.copies.is_signed())
    }

    /// The signatures of a message.
    pub(super) fn sign(&self, queued: &QueuedDelivery) -> Option<String> {
        let frozen = self.issues.get(&queued.key().issue)?;
        let address = queued.address.parse().ok()?;
        Some(frozen.copies.signatures(&frozen.recipient(queued, &address, None)))
    }

    /// Says that all connections have ended.
    pub(super) fn end(&self) {
        self.ledger().is_over = true;
        self.jobs.close();
        self.call.notify_one();
    }

    pub(super) fn is_over(&self) -> bool {
        self.ledger().is_over
    }

    /// Takes in what became of a delivery, or was decided of it.
    pub(super) fn note(&self, recorded: Recorded) {
        self.ledger().outcomes.push(recorded);
    }

    /// Asks the recorder for readers further back in the queue.
    pub(super) fn look_for(&self, from: DeliveryKey, refusing: RefusingDomains) {
        self.ledger().look = Some((from, refusing));
        self.call.notify_one();
    }

    /// What is said of a reader who has left.
    pub(super) fn why_left(&self, reader: i64) -> Option<String> {
        self.ledger().left.get(&reader).cloned()
    }

    pub(super) fn take_outcomes(&self) -> Vec<Recorded> {
        std::mem::take(&mut self.ledger().outcomes)
    }

    pub(super) fn take_look(&self) -> Option<(DeliveryKey, RefusingDomains)> {
        self.ledger().look.take()
    }

    /// Takes in what was claimed.
    pub(super) fn claimed(&self, deliveries: &[QueuedDelivery]) {
        let mut ledger = self.ledger();
        for delivery in deliveries {
            *ledger.claimed.entry(delivery.key().subscriber).or_default() += 1;
        }
    }

    /// Takes in what is on disk.
    pub(super) fn recorded(&self, outcomes: &[Recorded]) {
        let mut ledger = self.ledger();
        for outcome in outcomes.iter().filter(|outcome| outcome.state.is_some()) {
            let reader = outcome.key.subscriber;
            let count = ledger.claimed.entry(reader).or_default();
            *count = count.saturating_sub(1);
            if *count == 0 {
                ledger.claimed.remove(&reader);
                ledger.left.remove(&reader);
            }
        }
    }

    /// The readers whose deliveries are claimed.
    pub(super) fn claimed_readers(&self) -> Vec<i64> {
        self.ledger().claimed.keys().copied().collect()
    }

    /// Takes in who has left, as it was at `moment`.
    pub(super) fn have_left(&self, left: Vec<(i64, String)>, moment: Instant) {
        self.ledger().left.extend(left);
        let was_blind = self.is_blind();
        *self.looked_at.lock().unwrap_or_else(PoisonError::into_inner) = moment;
        if was_blind {
            self.jobs.wake.notify_waiters();
        }
    }

    /// Whether it was looked too long ago who has left for another message to begin: the recorder is held up, by a database
    /// that others have locked or by the program that saves it.
    fn is_blind(&self) -> bool {
        self.looked_at.lock().unwrap_or_else(PoisonError::into_inner).elapsed() > BLIND_AFTER
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

    /// The next delivery to try.
    pub(super) fn try_job(&self) -> Taken {
        if self.is_blind() {
            return Taken::NotYet;
        }
        let mut breaker = self.breaker();
        match breaker.next() {
            Next::Probe(queued) => Taken::Job(Box::new(Job { is_probe: true, ..Job::new(*queued) })),
            Next::Wait => Taken::NotYet,
            Next::GoOn => {
                let taken = self.jobs.take();
                drop(breaker);
                if self.jobs.len() < self.largest_claim / 2 && !self.is_called.swap(true, Ordering::Relaxed) {
                    self.call.notify_one();
                }
                taken
            }
        }
    }

    /// The next delivery to try, which may have to be waited for; `None` at the end of the queue.
    pub(super) async fn job(&self) -> Option<Job> {
        loop {
            let woken = self.jobs.wake.notified();
            tokio::pin!(woken);
            // From here on no job and no end of a probing is missed.
            woken.as_mut().enable();
            match self.try_job() {
                Taken::Job(job) => return Some(*job),
                Taken::Over => return None,
                Taken::NotYet => woken.await,
            }
        }
    }

    /// All connections ask for nothing for so long.
    pub(super) fn rest_for(&self, rest: Duration) {
        let until = Instant::now() + rest;
        let mut place = self.rest_until();
        *place = Some(place.map_or(until, |other| other.max(until)));
    }

    /// Goes on after the breaker has concluded, or stops.
    pub(super) fn stop(&self, why: Option<Stop>) {
        if let Some(why) = why {
            self.halt.set(why);
        }
        let released = self.breaker().released();
        for job in released {
            self.jobs.put_back(Job::new(job));
        }
        self.jobs.wake.notify_waiters();
    }
}
