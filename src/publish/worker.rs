//! One connection and what it carries: envelope and intent together, content after both, and then what became of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as Lock, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Mutex, Notify, mpsc, oneshot};
use tokio::time::Instant;

use super::backoff::{Tried, mixed, settle};
use super::breaker::{Breaker, Heard, Next, Reaction, Wait};
use super::halt::{Halt, Stop};
use super::pace::{Pace, Turn};
use super::probes;
use super::recorder::Note;
use super::refusal::AnswerKind;
use super::watcher::Watcher;
use crate::clock::Clock;
use crate::config::InDoubt;
use crate::email::{self, Copies};
use crate::model::{Answer, DeliveryState, EmailAddress, Issue, Outcome, Recipient};
use crate::store::{DeliveryKey, Grant, Intent, Place, QueuedDelivery, Recorded, Said, Store};
use crate::transport::{Connection, Envelope, Transport};

/// Pauses before a connection is tried again; each is up to twice as long, so that they do not all come back at once.
const RECONNECT_AFTER: [Duration; 2] = [Duration::from_millis(400), Duration::from_millis(1_500)];

/// The pause before the same reader is tried over a new connection, when the server has closed one that had served.
const NEXT_CONNECTION_AFTER: Duration = Duration::from_millis(200);

/// What all connections share.
pub(super) struct Shared {
    pub(super) transport: Arc<dyn Transport>,
    pub(super) issues: BTreeMap<i64, FrozenIssue>,
    pub(super) secret: Vec<u8>,
    pub(super) in_doubt: InDoubt,
    pub(super) jobs: Mutex<mpsc::Receiver<QueuedDelivery>>,
    /// Jobs that were taken and have to wait for others.
    pub(super) spare: Lock<VecDeque<QueuedDelivery>>,
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
    /// Wakes the connections that wait for the end of the probing.
    pub(super) probed: Notify,
    /// Looks further back in the queue.
    pub(super) probe_store: Mutex<Store>,
    /// Until when no connection asks for anything.
    pub(super) rest_until: Lock<Option<Instant>>,
}

pub(super) struct FrozenIssue {
    pub(super) issue: Issue,
    pub(super) frozen_at: Timestamp,
    pub(super) copies: Arc<Copies>,
    pub(super) from: EmailAddress,
    /// Of one that is old: the domains with many readers of which none was accepted; `None` when none was at all.
    pub(super) never_accepted: Option<BTreeSet<String>>,
}

impl FrozenIssue {
    /// Whether the server has accepted others like a reader of this domain, or is still expected to.
    fn accepts_others_like(&self, domain: &str) -> bool {
        self.never_accepted.as_ref().is_some_and(|domains| !domains.contains(domain))
    }
}

/// What one connection has done, by state.
pub(super) type Tally = BTreeMap<&'static str, u64>;

impl Shared {
    pub(super) fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spare(&self) -> MutexGuard<'_, VecDeque<QueuedDelivery>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rest_until(&self) -> MutexGuard<'_, Option<Instant>> {
        self.rest_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for as long as the server wants to be left alone.
    async fn rest(&self) {
        loop {
            let Some(until) = self.rest_until().filter(|until| *until > Instant::now()) else { return };
            tokio::time::sleep_until(until).await;
        }
    }

    /// The next delivery to try, and whether it is a probe; `None` at the end of the queue.
    async fn next(&self) -> Option<(QueuedDelivery, bool)> {
        loop {
            let probed = self.probed.notified();
            tokio::pin!(probed);
            // From here on no end of a probing is missed.
            probed.as_mut().enable();
            let next = self.breaker().next();
            match next {
                Next::Probe(job) => return Some((*job, true)),
                Next::Wait => probed.await,
                Next::GoOn => {
                    let spare = self.spare().pop_front();
                    let job = match spare {
                        Some(job) => job,
                        None => self.jobs.lock().await.recv().await?,
                    };
                    // A probing may have begun meanwhile.
                    match self.breaker().next() {
                        Next::GoOn => return Some((job, false)),
                        Next::Wait => self.spare().push_back(job),
                        Next::Probe(probe) => {
                            self.spare().push_back(job);
                            return Some((*probe, true));
                        }
                    }
                }
            }
        }
    }

    /// All connections ask for nothing for so long.
    fn rest_for(&self, rest: Duration) {
        let until = Instant::now() + rest;
        let mut place = self.rest_until();
        *place = Some(place.map_or(until, |other| other.max(until)));
    }

    fn stop(&self, why: Option<Stop>) {
        if let Some(why) = why {
            self.halt.set(why);
        }
        self.probed.notify_waiters();
    }
}

/// One connection: takes jobs until there are none, or it is time to stop.
pub(super) async fn work(shared: Arc<Shared>, notes: mpsc::Sender<Note>) -> Tally {
    let mut tally = Tally::new();
    let mut worker = Worker { shared: &shared, notes, connection: None, served: 0, has_given_up: false };
    while worker.is_ready().await {
        let Some(Some((job, is_probe))) = shared.halt.unless(shared.next()).await else { break };
        let done = worker.deliver(job).await;
        if is_probe {
            let why = shared.breaker().probed(shared.clock.now());
            shared.stop(why);
        }
        let Some(done) = done else { break };
        if let Some(state) = done {
            *tally.entry(state.as_str()).or_default() += 1;
            shared.watcher.delivered(state);
        }
    }
    if !worker.has_given_up {
        shared.connections.fetch_sub(1, Ordering::SeqCst);
    }
    if let Some(mut open) = worker.connection {
        open.close().await;
    }
    tally
}

/// One connection and what it has done.
struct Worker<'s> {
    shared: &'s Shared,
    notes: mpsc::Sender<Note>,
    connection: Option<Box<dyn Connection>>,
    /// How many deliveries were tried over it.
    served: usize,
    /// Whether the server would have no more connections.
    has_given_up: bool,
}

/// A delivery on its way.
struct Job<'a> {
    queued: &'a QueuedDelivery,
    frozen: &'a FrozenIssue,
    envelope: Envelope<'a>,
    /// How often it was tried before.
    attempts: i64,
}

/// How a try ended.
enum End {
    Answered(Outcome),
    /// The reader has left.
    Left,
    /// It was tried before its turn.
    Gone,
    /// It was time to stop before anything was complete.
    Stopped,
}

impl Worker<'_> {
    /// True once there is a connection; false when it is time to stop.
    async fn is_ready(&mut self) -> bool {
        let must_rest = self.shared.rest_until().is_some();
        if must_rest && self.shared.halt.unless(self.shared.rest()).await.is_none() {
            return false;
        }
        if !self.connection.as_ref().is_some_and(|open| open.is_open()) {
            self.connection = self.connect().await;
            self.served = 0;
        }
        self.connection.is_some() && !self.shared.halt.is_set()
    }

    /// Opens a connection. When the server will have no more of them this worker gives up, and the others go on; the last one
    /// to give up stops the run.
    async fn connect(&mut self) -> Option<Box<dyn Connection>> {
        let shared = self.shared;
        let mut pauses = RECONNECT_AFTER.iter();
        loop {
            match shared.halt.unless(shared.transport.connect()).await? {
                Ok(connection) => return Some(connection),
                Err(error) => {
                    let left = shared.connections.load(Ordering::SeqCst);
                    let pause = pauses.next();
                    if let Some(pause) = pause.filter(|_| error.is_temporary() && !shared.halt.is_set()) {
                        shared.halt.unless(tokio::time::sleep(spread(*pause, left))).await;
                        continue;
                    }
                    self.has_given_up = true;
                    if shared.connections.fetch_sub(1, Ordering::SeqCst) == 1 {
                        shared.halt.set(Stop::Unreachable(error.to_string()));
                    }
                    return None;
                }
            }
        }
    }

    /// Tries one delivery, and says what became of it if anything did; `None` when this connection's work is over.
    async fn deliver(&mut self, queued: QueuedDelivery) -> Option<Option<DeliveryState>> {
        let shared = self.shared;
        // An issue that is not open has no delivery in the queue.
        let Some(frozen) = shared.issues.get(&queued.key().issue) else { return Some(None) };
        let (domain, now) = (probes::domain(&queued), shared.clock.now());
        let wait = shared.breaker().wait(domain, frozen.frozen_at, queued.first_try_at, now);
        match wait {
            Some(Wait::Until(until)) => {
                let next_attempt_at = Some(until.to_string());
                self.note(Recorded { key: queued.key(), state: None, next_attempt_at, said: None }).await?;
                return Some(None);
            }
            Some(Wait::GivenUp(why)) => {
                let (key, attempts) = (queued.key(), queued.place.attempts);
                self.send(Note::GiveUp(Intent { key, attempts, give_up: Some(why) })).await?;
                // The recorder counts it, unless it was tried as a probe meanwhile.
                shared.watcher.delivered(DeliveryState::Skipped);
                return Some(None);
            }
            None => {}
        }
        let Ok(address) = queued.address.parse::<EmailAddress>() else {
            let text = "the address on the list is not one that can be mailed".into();
            let said = Some(Said { is_try: false, answer: Answer { code: None, enhanced: None, text } });
            let state = Some(DeliveryState::Failed);
            self.note(Recorded { key: queued.key(), state, next_attempt_at: None, said }).await?;
            return Some(state);
        };
        let name = format!("issue-{}-{:05}", queued.key().issue, queued.key().subscriber);
        let envelope = Envelope { from: &frozen.from, to: &address, name: &name };
        let mut job = Job { queued: &queued, frozen, envelope, attempts: queued.place.attempts };
        let mut end = self.try_in_turn(&job).await?;
        // Many relays close a connection after so many messages. Before the final dot nothing is lost by going on elsewhere.
        if let End::Answered(Outcome::Deferred(reply) | Outcome::Refused(reply)) = &end
            && self.served > 0
            && !self.connection.as_ref()?.is_open()
        {
            let answer = Answer::parse(reply);
            let pause = spread(NEXT_CONNECTION_AFTER, mixed(queued.key(), 0));
            self.put_back(queued.key(), Some(Said { is_try: true, answer })).await?;
            shared.halt.unless(tokio::time::sleep(pause)).await;
            self.connection = Some(self.connect().await?);
            self.served = 0;
            job.attempts += 1;
            end = self.try_in_turn(&job).await?;
        }
        self.served += 1;
        if matches!(end, End::Left | End::Gone) {
            shared.pace.give_back().await;
        }
        match end {
            End::Answered(Outcome::Refused(reply)) if Answer::parse(&reply).is_temporary() => {
                let attempts = job.attempts + 1;
                self.busy(queued, attempts, &reply).await?;
                Some(None)
            }
            End::Answered(outcome) => {
                let is_broken = !self.connection.as_ref()?.is_open();
                let is_lost = matches!(outcome, Outcome::Deferred(_) | Outcome::InDoubt(_)) && is_broken;
                self.settled(&queued, job.attempts, outcome, is_lost).await.map(Some)
            }
            End::Left => Some(Some(DeliveryState::Skipped)),
            End::Gone => Some(None),
            End::Stopped => {
                self.put_back(queued.key(), None).await?;
                Some(None)
            }
        }
    }

    /// A try, once the limits of `mail.rate` allow it; `None` when they do not, or the ledger is gone.
    async fn try_in_turn(&mut self, job: &Job<'_>) -> Option<End> {
        let shared = self.shared;
        match shared.halt.unless(shared.pace.turn()).await {
            None | Some(Turn::Enough) => return None,
            Some(Turn::Spent) => {
                // The others still have their turns.
                shared.is_spent.store(true, Ordering::SeqCst);
                return None;
            }
            Some(Turn::Go) => {}
        }
        if shared.halt.is_set() {
            return None;
        }
        self.try_once(job).await
    }

    /// The envelope travels while the intent is being written to disk; the content only after both.
    async fn try_once(&mut self, job: &Job<'_>) -> Option<End> {
        let shared = self.shared;
        let connection = self.connection.as_mut()?;
        let (answer, granted) = oneshot::channel();
        let intent = async {
            let intent = Intent { key: job.queued.key(), attempts: job.attempts, give_up: None };
            self.notes.send(Note::Intent(intent, answer)).await.ok()?;
            granted.await.ok()
        };
        // Nothing is at the server before the content is complete: a stop need not wait for a server that does not answer.
        let begin = shared.halt.unless(connection.begin(&job.envelope));
        let (granted, begun) = tokio::join!(intent, begin);
        let Some(granted) = granted else {
            shared.halt.set(Stop::Ledger);
            return None;
        };
        if granted != Grant::Granted {
            if begun.is_some_and(|begun| begun.is_ok()) {
                connection.cancel().await;
            }
            return Some(if granted == Grant::Skipped { End::Left } else { End::Gone });
        }
        Some(match begun {
            None => End::Stopped,
            Some(Err(outcome)) => End::Answered(outcome),
            Some(Ok(())) => {
                let Job { queued, frozen, envelope, .. } = job;
                let recipient = email::recipient(&shared.secret, &frozen.issue, queued.key().subscriber, envelope.to)
                    .named(queued.name.clone());
                let message = message(&frozen.copies, recipient).await;
                End::Answered(connection.finish(envelope, &message).await)
            }
        })
    }

    /// Records what became of a try; `attempts` counts those before it, and `is_lost` says that it ended with the connection
    /// and not with an answer.
    async fn settled(
        &self,
        queued: &QueuedDelivery,
        attempts: i64,
        outcome: Outcome,
        is_lost: bool,
    ) -> Option<DeliveryState> {
        let shared = self.shared;
        let now = shared.clock.now();
        let kind = AnswerKind::of(&outcome, is_lost);
        let reaction = match &outcome {
            Outcome::Refused(reply) => {
                shared.halt.set(Stop::Refused(reply.clone()));
                Reaction::default()
            }
            Outcome::Sent(reply) | Outcome::Deferred(reply) | Outcome::Failed(reply) | Outcome::InDoubt(reply) => {
                let attempts = attempts + 1;
                shared.breaker().hear(Heard {
                    key: queued.key(),
                    attempts,
                    domain: probes::domain(queued),
                    kind,
                    reply,
                })
            }
        };
        let first = queued.first_try_at.unwrap_or(now);
        let counted = shared.breaker().counted(now);
        let issue = shared.issues.get(&queued.key().issue);
        let are_others_accepted = issue.is_some_and(|issue| issue.accepts_others_like(probes::domain(queued)));
        let tried = Tried { key: queued.key(), tries: queued.tries + 1, first, counted, are_others_accepted, now };
        let recorded = settle(tried, kind, outcome, shared.in_doubt);
        let state = recorded.state;
        if state == Some(DeliveryState::Skipped) {
            shared.given_up.fetch_add(1, Ordering::SeqCst);
        }
        self.note(recorded).await?;
        if kind == AnswerKind::Own {
            shared.pace.give_back().await;
        }
        self.react(reaction, queued.key()).await;
        state
    }

    /// What the server says to MAIL goes for every reader: all connections rest, and this one is tried again then.
    async fn busy(&self, queued: QueuedDelivery, attempts: i64, reply: &str) -> Option<()> {
        let shared = self.shared;
        self.put_back(queued.key(), Some(Said { is_try: true, answer: Answer::parse(reply) })).await?;
        let rest = shared.breaker().busy(queued.key(), reply);
        match rest {
            Ok(rest) => shared.rest_for(rest),
            Err(why) => shared.stop(Some(why)),
        }
        let first_try_at = queued.first_try_at.or(Some(shared.clock.now()));
        let place = Place { attempts, ..queued.place };
        shared.spare().push_back(QueuedDelivery { place, tries: queued.tries + 1, first_try_at, ..queued });
        Some(())
    }

    /// Does what the breaker asks for.
    async fn react(&self, reaction: Reaction, key: DeliveryKey) {
        let shared = self.shared;
        match reaction.rest {
            Some(rest) if reaction.all_rest => shared.rest_for(rest),
            Some(rest) => drop(shared.halt.unless(tokio::time::sleep(rest)).await),
            None => {}
        }
        if let Some(refusing) = reaction.look {
            let now = shared.clock.now();
            let found = probes::find(&mut *shared.probe_store.lock().await, key, &refusing, &now.to_string()).await;
            if found.is_err() {
                shared.halt.set(Stop::Ledger);
            }
            let why = shared.breaker().probe(found.unwrap_or_default(), now);
            shared.stop(why);
        } else if reaction.may_go_on {
            shared.probed.notify_waiters();
        }
    }

    async fn put_back(&self, key: DeliveryKey, said: Option<Said>) -> Option<()> {
        self.note(Recorded { key, state: Some(DeliveryState::Queued), next_attempt_at: None, said }).await
    }

    async fn note(&self, recorded: Recorded) -> Option<()> {
        self.send(Note::Outcome(recorded)).await
    }

    async fn send(&self, note: Note) -> Option<()> {
        let sent = self.notes.send(note).await.ok();
        if sent.is_none() {
            self.shared.halt.set(Stop::Ledger);
        }
        sent
    }
}

/// A pause up to twice as long, by something that differs.
fn spread(pause: Duration, seed: impl TryInto<u64>) -> Duration {
    let seed = seed.try_into().unwrap_or(0).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    pause + pause * u32::try_from(seed % 1_000).unwrap_or(0) / 1_000
}

/// The message for one reader. To sign takes half a millisecond, so signatures are made on all cores at once.
async fn message(copies: &Arc<Copies>, recipient: Recipient) -> Vec<u8> {
    if !copies.is_signed() {
        return copies.message(&recipient);
    }
    let copies = Arc::clone(copies);
    tokio::task::spawn_blocking(move || copies.message(&recipient)).await.expect("signing never panics")
}
