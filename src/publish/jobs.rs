//! Claimed deliveries on their way to the connections: signed ahead of the wire where messages are signed.

use std::collections::btree_map::OccupiedEntry;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::store::QueuedDelivery;

/// So many are set aside for the limits of their domains; more are put off, since others wait behind them.
const ASIDE: usize = 1_000;

/// A claimed delivery.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) queued: QueuedDelivery,
    /// The signatures of its message, when they are made already.
    pub(super) signatures: Option<String>,
    /// Whether it is tried before its turn, to see whether anything must stop.
    pub(super) is_probe: bool,
    /// Whether its connection was lost, and another one tries again.
    pub(super) is_moved: bool,
    /// The group of its domain, while it counts there as on its way.
    pub(super) group: Option<usize>,
    /// Whether its moment was kept for it, as the limits of its domain have it.
    pub(super) is_kept: bool,
}

impl Job {
    pub(super) fn new(queued: QueuedDelivery) -> Self {
        Self { queued, signatures: None, is_probe: false, is_moved: false, group: None, is_kept: false }
    }
}

/// What a connection that asks for a job gets.
#[derive(Debug)]
pub(super) enum Taken {
    Job(Box<Job>),
    /// None now.
    NotYet,
    /// None any more.
    Over,
}

/// The claimed deliveries that no connection has.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    state: Mutex<State>,
    /// Wakes connections that wait for a job, or for the end of a probing.
    pub(super) wake: Notify,
    /// Wakes those who sign.
    unsigned: Condvar,
    /// Whether a connection may have to leave a job to others: then all are woken for one.
    is_shared: bool,
}

#[derive(Debug, Default)]
struct State {
    /// Those that only one way out may have, by its number.
    kept: Vec<(i64, Job)>,
    /// Those whose moment is to come, by that and in order.
    aside: BTreeMap<(Instant, u64), Job>,
    /// How many were set aside.
    set_aside: u64,
    /// Those that wait for another one to the same domains, by their group.
    blocked: VecDeque<(usize, Job)>,
    /// Those that were taken once and put back.
    back: VecDeque<Job>,
    ready: VecDeque<Job>,
    unsigned: VecDeque<Job>,
    /// How many are being signed.
    signing: usize,
    is_over: bool,
}

impl Jobs {
    /// Without jobs; `is_shared` when there are several ways out.
    pub(super) fn new(is_shared: bool) -> Self {
        Self { is_shared, ..Self::default() }
    }

    /// Wakes a connection that may have the job that was added.
    fn wake_one(&self) {
        if self.is_shared { self.wake.notify_waiters() } else { self.wake.notify_one() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what was claimed; `is_signed` says of an issue whether its messages are signed.
    pub(super) fn add(&self, claimed: Vec<QueuedDelivery>, is_signed: impl Fn(i64) -> bool) {
        let mut state = self.state();
        for queued in claimed {
            let is_signed = is_signed(queued.key().issue);
            let job = Job::new(queued);
            if is_signed { state.unsigned.push_back(job) } else { state.ready.push_back(job) }
        }
        let is_any_unsigned = !state.unsigned.is_empty();
        drop(state);
        if is_any_unsigned {
            self.unsigned.notify_all();
        }
        self.wake.notify_waiters();
    }

    /// Says that no more will be added.
    pub(super) fn close(&self) {
        self.state().is_over = true;
        self.unsigned.notify_all();
        self.wake.notify_waiters();
    }

    /// Ends the signing: what is not signed yet waits with what was put back.
    pub(super) fn stop(&self) {
        let mut state = self.state();
        let unsigned = std::mem::take(&mut state.unsigned);
        state.back.extend(unsigned);
        state.is_over = true;
        drop(state);
        self.unsigned.notify_all();
        self.wake.notify_waiters();
    }

    /// Whether no more will be added.
    pub(super) fn is_closed(&self) -> bool {
        self.state().is_over
    }

    /// How many no connection has yet.
    pub(super) fn len(&self) -> usize {
        let state = self.state();
        state.kept.len() + state.back.len() + state.ready.len() + state.unsigned.len() + state.signing
    }

    pub(super) fn take(&self) -> Taken {
        let mut state = self.state();
        let due = state.aside.first_entry().filter(|first| first.key().0 <= Instant::now());
        let job = due.map(OccupiedEntry::remove).or_else(|| state.back.pop_front());
        match job.or_else(|| state.ready.pop_front()) {
            Some(job) => Taken::Job(Box::new(job)),
            None if state.is_over => {
                let waits = !state.aside.is_empty() || !state.blocked.is_empty();
                if waits || !state.unsigned.is_empty() || state.signing > 0 { Taken::NotYet } else { Taken::Over }
            }
            None => Taken::NotYet,
        }
    }

    /// Whether there is no job and none will be added.
    pub(super) fn is_over(&self) -> bool {
        let is_closed = {
            let state = self.state();
            state.is_over && state.aside.is_empty() && state.blocked.is_empty()
        };
        is_closed && self.len() == 0
    }

    /// Sets a job aside until a moment; gives it back when too many are.
    pub(super) fn set_aside(&self, until: Instant, job: Job) -> Option<Job> {
        let mut state = self.state();
        if state.aside.len() >= ASIDE {
            return Some(job);
        }
        state.set_aside += 1;
        let key = (until, state.set_aside);
        state.aside.insert(key, job);
        None
    }

    /// Sets a job aside until another one of its group ends; gives it back when too many are.
    pub(super) fn block(&self, group: usize, job: Job) -> Option<Job> {
        let mut state = self.state();
        if state.blocked.len() >= ASIDE {
            return Some(job);
        }
        state.blocked.push_back((group, job));
        None
    }

    /// One of a group has ended: another one may be tried.
    pub(super) fn unblock(&self, group: usize) {
        let mut state = self.state();
        let Some(at) = state.blocked.iter().position(|(of, _)| *of == group) else { return };
        let job = state.blocked.remove(at).map(|(_, job)| job);
        state.back.extend(job);
        drop(state);
        self.wake_one();
    }

    /// When the first job that was set aside is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.state().aside.first_key_value().map(|((due, _), _)| *due)
    }

    /// A job that was kept for the way out with this number.
    pub(super) fn take_kept(&self, relay: i64) -> Option<Job> {
        let mut state = self.state();
        let at = state.kept.iter().position(|(only, _)| *only == relay)?;
        Some(state.kept.swap_remove(at).1)
    }

    /// Leaves a job to the way out with this number.
    pub(super) fn keep_for(&self, relay: i64, job: Job) {
        self.state().kept.push((relay, job));
        self.wake_one();
    }

    /// Takes back what was kept for a way out.
    pub(super) fn release(&self, relay: i64) {
        let mut state = self.state();
        let State { kept, back, .. } = &mut *state;
        back.extend(kept.extract_if(.., |(only, _)| *only == relay).map(|(_, job)| job));
    }

    /// Takes back a job that was not tried, or has to be tried again.
    pub(super) fn put_back(&self, job: Job) {
        self.state().back.push_back(job);
        self.wake_one();
    }

    /// Takes the last job for which `wanted` says so.
    pub(super) fn pick(&self, wanted: impl Fn(&QueuedDelivery) -> bool) -> Option<Job> {
        let mut state = self.state();
        let State { ready, unsigned, .. } = &mut *state;
        [unsigned, ready].into_iter().find_map(|jobs| {
            let at = jobs.iter().rposition(|job| wanted(&job.queued))?;
            jobs.remove(at)
        })
    }

    /// Takes all that no connection has.
    pub(super) fn drain(&self) -> Vec<QueuedDelivery> {
        let mut state = self.state();
        let State { kept, aside, blocked, back, ready, unsigned, .. } = &mut *state;
        back.extend(std::mem::take(kept).into_iter().map(|(_, job)| job));
        back.extend(std::mem::take(aside).into_values());
        back.extend(std::mem::take(blocked).into_iter().map(|(_, job)| job));
        [back, ready, unsigned].into_iter().flat_map(std::mem::take).map(|job| job.queued).collect()
    }

    /// Signs jobs until no more are added. `sign` takes a third of a millisecond, so this is for threads of its own.
    pub(super) fn sign_all(&self, sign: impl Fn(&QueuedDelivery) -> Option<String>) {
        loop {
            let mut state = self.state();
            let mut job = loop {
                if let Some(job) = state.unsigned.pop_front() {
                    break job;
                }
                if state.is_over {
                    return;
                }
                state = self.unsigned.wait(state).unwrap_or_else(PoisonError::into_inner);
            };
            state.signing += 1;
            drop(state);
            job.signatures = sign(&job.queued);
            let mut state = self.state();
            state.signing -= 1;
            state.ready.push_back(job);
            drop(state);
            self.wake_one();
        }
    }
}
