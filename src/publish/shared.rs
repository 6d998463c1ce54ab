//! What connections and recorder share while messages leave.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex as Lock, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::backoff::Repetition;
use super::breaker::{Next, RefusingDomains};
use super::domains::Domains;
use super::halt::{Halt, Stop};
use super::jobs::{Job, Jobs, Taken};
use super::watcher::Watcher;
use super::way::Way;
use crate::clock::Clock;
use crate::config::{InDoubt, RelayProfile};
use crate::email::{BounceTokens, Copies, Recipients, ReturnPaths};
use crate::model::{EmailAddress, Recipient};
use crate::store::{DeliveryKey, Doubt, Marks, QueuedDelivery, Recorded};
use crate::transport::Checkpoint;

/// So long after it was looked who has left no message begins.
const BLIND_AFTER: Duration = Duration::from_millis(250);

/// So long after it was last seen that the lease holds no message is completed; that is half of what it holds.
const LEASED_FOR: Duration = Duration::from_secs(30);

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
    /// The ways out, those with the lowest priority number first.
    pub(super) ways: Vec<Way>,
    /// Held while it is decided which way out is given the next delivery, where there are several.
    pub(super) gate: Lock<()>,
    pub(super) issues: BTreeMap<i64, FrozenIssue>,
    pub(super) in_doubt: InDoubt,
    pub(super) jobs: Jobs,
    /// The limits of domains.
    pub(super) domains: Domains,
    /// What makes a claim safe before anything of it leaves.
    pub(super) checkpoint: Option<Checkpoint>,
    /// Which messages may be complete at the server; `None` where that cannot be kept.
    pub(super) marks: Option<Marks>,
    /// At most so many deliveries are claimed at a time.
    pub(super) largest_claim: usize,
    /// Whether what is claimed is another's when this process is not heard of for a while.
    pub(super) is_leased: bool,
    pub(super) halt: Arc<Halt>,
    pub(super) watcher: Arc<dyn Watcher>,
    pub(super) clock: Clock,
    pub(super) is_spent: AtomicBool,
    /// Whether as many were tried as were asked for.
    pub(super) has_enough: AtomicBool,
    /// How many deliveries were given up.
    pub(super) given_up: AtomicU64,
    /// Calls the recorder.
    pub(super) call: Notify,
    /// Whether it was called for more jobs, and has not come yet.
    pub(super) is_called: AtomicBool,
    pub(super) ledger: Lock<Ledger>,
    /// When it was last looked who has left.
    pub(super) looked_at: Lock<Instant>,
}

/// What connections and recorder tell each other.
#[derive(Default)]
pub(super) struct Ledger {
    /// What became of deliveries, and is not on disk yet.
    outcomes: Vec<Recorded>,
    /// The deliveries that are claimed.
    claimed: HashSet<DeliveryKey>,
    /// Those of them whose readers have left, and what is said of it.
    left: HashMap<DeliveryKey, String>,
    /// Readers to look for further back in the queue, and for which way out.
    look: Vec<(usize, DeliveryKey, RefusingDomains)>,
    /// Whether all connections have ended.
    is_over: bool,
}

pub(super) struct FrozenIssue {
    pub(super) frozen_at: Timestamp,
    pub(super) copies: Copies,
    pub(super) recipients: Recipients,
    pub(super) from: Arc<EmailAddress>,
    /// Where copies come back to, when each comes back to an address of its own.
    pub(super) return_paths: Option<ReturnPaths>,
    /// What names a copy in a report.
    pub(super) bounces: BounceTokens,
    /// Of one that is old: the domains with many readers of which none was accepted; `None` when none was at all.
    pub(super) never_accepted: Option<BTreeSet<String>>,
}

impl FrozenIssue {
    /// The envelope sender of a copy.
    pub(super) fn sender(&self, key: DeliveryKey) -> Arc<EmailAddress> {
        let own = self.return_paths.as_ref().and_then(|paths| paths.of(key.issue, key.subscriber));
        own.map_or_else(|| Arc::clone(&self.from), Arc::new)
    }

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
        self.recipients.for_relay(recipient, queued.key().subscriber, relay)
    }
}

impl Shared {
    /// Whether there is another way out than this one.
    pub(super) fn has_several(&self) -> bool {
        self.ways.len() > 1
    }

    /// Whether a message that may have been accepted by this way out, in an earlier try or now, may be sent again.
    pub(super) fn repetition(&self, way: &Way, doubt: Option<Doubt>, now: Timestamp) -> Repetition {
        let known = way.relay.profile.and_then(|relay| Some((relay, relay.idempotency.as_ref()?)));
        match (self.in_doubt, known) {
            (InDoubt::Resend, _) => Repetition::Wished,
            (InDoubt::Hold, Some((relay, known))) if doubt.is_none_or(|doubt| doubt.relay == way.number) => {
                // An hour less: two clocks, and the time that a try takes.
                let since = doubt.map_or(now, |doubt| doubt.since);
                let end = since + SignedDuration::from_hours(i64::from(known.hours) - 1);
                Repetition::Until(end, &relay.name)
            }
            (InDoubt::Hold, _) => Repetition::Never,
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Asks the recorder for readers further back in the queue, for a way out.
    pub(super) fn look_for(&self, way: usize, from: DeliveryKey, refusing: RefusingDomains) {
        self.ledger().look.push((way, from, refusing));
        self.call.notify_one();
    }

    /// What is said of a delivery whose reader has left.
    pub(super) fn why_left(&self, key: DeliveryKey) -> Option<String> {
        self.ledger().left.get(&key).cloned()
    }

    pub(super) fn take_outcomes(&self) -> Vec<Recorded> {
        std::mem::take(&mut self.ledger().outcomes)
    }

    pub(super) fn take_looks(&self) -> Vec<(usize, DeliveryKey, RefusingDomains)> {
        std::mem::take(&mut self.ledger().look)
    }

    /// Takes in what was claimed.
    pub(super) fn claimed(&self, deliveries: &[QueuedDelivery]) {
        let mut ledger = self.ledger();
        ledger.claimed.extend(deliveries.iter().map(QueuedDelivery::key));
    }

    /// Takes in what is on disk.
    pub(super) fn recorded(&self, outcomes: &[Recorded]) {
        let mut ledger = self.ledger();
        for outcome in outcomes.iter().filter(|outcome| outcome.state.is_some()) {
            ledger.claimed.remove(&outcome.key);
            ledger.left.remove(&outcome.key);
        }
        if self.has_several() && ledger.claimed.is_empty() {
            self.jobs.wake.notify_waiters();
        }
    }

    /// The deliveries that are claimed.
    pub(super) fn claimed_keys(&self) -> Vec<DeliveryKey> {
        self.ledger().claimed.iter().copied().collect()
    }

    /// Takes in who has left, as it was at `moment`.
    pub(super) fn have_left(&self, left: Vec<(DeliveryKey, String)>, moment: Instant) {
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

    /// Whether what is claimed may be another's by now.
    pub(super) fn is_lease_over(&self) -> bool {
        self.is_leased && self.looked_at.lock().unwrap_or_else(PoisonError::into_inner).elapsed() > LEASED_FOR
    }

    /// Whether a way out is given the next delivery.
    fn is_turn_of(&self, at: usize) -> bool {
        let way = &self.ways[at];
        let others = self.ways.iter().enumerate().filter(|(other, way)| *other != at && way.is_up());
        !way.is_down() && others.into_iter().all(|(_, other)| way.comes_before(other))
    }

    /// The next delivery to try by a way out.
    pub(super) fn try_job(&self, at: usize) -> Taken {
        if self.is_blind() {
            return Taken::NotYet;
        }
        let way = &self.ways[at];
        let mut breaker = way.breaker();
        match breaker.next() {
            Next::Probe(queued) => Taken::Job(Box::new(Job { is_probe: true, ..Job::new(*queued) })),
            Next::Wait => Taken::NotYet,
            Next::GoOn => {
                let taken = if self.has_several() { self.share(at) } else { self.jobs.take() };
                drop(breaker);
                let are_few = !self.jobs.is_closed() && self.jobs.len() < self.largest_claim / 2;
                if are_few && !self.is_called.swap(true, Ordering::Relaxed) {
                    self.call.notify_one();
                }
                taken
            }
        }
    }

    /// The next delivery, when one of several ways out is given it.
    fn share(&self, at: usize) -> Taken {
        if self.is_all_done() {
            return Taken::Over;
        }
        let _gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        let way = &self.ways[at];
        let kept = if way.is_down() { None } else { self.jobs.take_kept(way.number) };
        if let Some(job) = kept {
            return Taken::Job(Box::new(job));
        }
        if !self.is_turn_of(at) {
            return Taken::NotYet;
        }
        let taken = self.jobs.take();
        if !matches!(taken, Taken::Job(_)) {
            return Taken::NotYet;
        }
        way.given.fetch_add(1, Ordering::SeqCst);
        self.jobs.wake.notify_waiters();
        taken
    }

    /// Whether nothing is left for any of several ways out: no job, and none that another may have to put back.
    fn is_all_done(&self) -> bool {
        self.has_enough.load(Ordering::SeqCst) || (self.jobs.is_over() && self.ledger().claimed.is_empty())
    }

    /// Waits until nothing is left for any of several ways out.
    pub(super) async fn all_done(&self) {
        loop {
            let woken = self.jobs.wake.notified();
            tokio::pin!(woken);
            woken.as_mut().enable();
            if self.is_all_done() {
                return;
            }
            woken.await;
        }
    }

    /// The next delivery to try by a way out, which may have to be waited for; `None` at the end of the queue.
    pub(super) async fn job(&self, at: usize) -> Option<Job> {
        loop {
            let woken = self.jobs.wake.notified();
            tokio::pin!(woken);
            // From here on no job and no end of a probing is missed.
            woken.as_mut().enable();
            match self.try_job(at) {
                Taken::Job(job) => return Some(*job),
                Taken::Over => return None,
                Taken::NotYet => {
                    // Others may rest, this one come up again, or a moment come that was kept.
                    let ways = self.ways.iter().filter(|_| self.has_several()).filter_map(Way::again_at);
                    match ways.chain(self.jobs.next_due()).min() {
                        Some(until) => tokio::select! { () = woken => {}, () = tokio::time::sleep_until(until) => {} },
                        None => woken.await,
                    }
                }
            }
        }
    }

    /// Ends it for all ways out: as many were tried as were asked for.
    pub(super) fn has_enough(&self) {
        self.has_enough.store(true, Ordering::SeqCst);
        self.jobs.wake.notify_waiters();
    }

    /// All connections of a way out ask for nothing for so long.
    pub(super) fn rest_for(&self, at: usize, rest: Duration) {
        self.ways[at].rest_for(rest);
        if self.has_several() {
            self.jobs.wake.notify_waiters();
        }
    }

    /// A way out cannot be taken, for a while or not before the end. The run stops when there is no other.
    pub(super) fn goes_down(&self, at: usize, why: Stop, is_for_a_while: bool) {
        if !self.has_several() {
            return self.halt.set(why);
        }
        let way = &self.ways[at];
        way.goes_down(why, is_for_a_while);
        self.share_anew();
        self.jobs.release(way.number);
        way.breaker().release().into_iter().for_each(|job| self.jobs.put_back(Job::new(job)));
        if self.ways.iter().all(Way::is_down) {
            let why = self.ways.iter().filter_map(|way| Some((way.relay.name.as_str(), way.why_down()?)));
            self.halt.set(Stop::of_all(why.collect()));
        }
        self.jobs.wake.notify_waiters();
    }

    /// A way out lets us in.
    pub(super) fn comes_up(&self, at: usize) {
        if self.ways[at].comes_up() {
            self.share_anew();
        }
    }

    /// What a way out missed is not made up for.
    fn share_anew(&self) {
        self.ways.iter().for_each(|way| way.given.store(0, Ordering::SeqCst));
    }

    /// Goes on after the breaker of a way out has concluded, or stops.
    pub(super) fn stop(&self, at: usize, why: Option<Stop>) {
        if let Some(why) = why {
            self.goes_down(at, why, false);
        }
        let released = self.ways[at].breaker().released();
        for job in released {
            self.jobs.put_back(Job::new(job));
        }
        self.jobs.wake.notify_waiters();
    }

    /// How many deliveries are worth taking out of the queue at a time, when so many wait already.
    pub(super) fn page(&self, waiting: usize) -> usize {
        let most = self.largest_claim;
        self.ways.iter().map(|way| way.pace.page(most, waiting)).sum::<usize>().min(most)
    }
}
