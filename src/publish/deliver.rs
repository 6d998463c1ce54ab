//! Delivers what is queued, row by row: several connections, one recorder, and no message completed before its row says
//! `sending` on disk.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinSet;

use super::backoff::settle;
use super::error::PublishError;
use super::halt::{Halt, Stop};
use super::pace::Pace;
use super::recorder::{Note, record};
use crate::clock::Clock;
use crate::config::{InDoubt, Mail};
use crate::email::{self, Copies};
use crate::model::{DeliveryState, EmailAddress, Issue, Outcome};
use crate::store::{DeliveryKey, QueuedDelivery, Recorded, Store};
use crate::transport::{Connection, Envelope, Transport};

/// How many deliveries are read from the database at a time.
const PAGE: u32 = 1_000;

/// Pauses before a connection is tried again.
const RECONNECT_AFTER: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// So many connections lost in a row, without one answer about a message between them, mean that the server is ill.
const LOST_IN_A_ROW: usize = 10;

/// So many recipients refused, and none accepted: the server has something against us, not against all of them.
const FAILED_FROM_THE_START: usize = 20;

/// Is told how deliveries go on; the terminal's progress bar is one.
pub trait Watcher: Send + Sync {
    /// This many messages are about to leave.
    fn begin(&self, total: u64);
    /// One delivery has reached a state.
    fn delivered(&self, state: DeliveryState);
    /// No more will follow.
    fn end(&self);
}

/// What a delivering process did.
#[derive(Debug, Default)]
pub struct Delivered {
    /// How many deliveries ended in each state.
    pub states: BTreeMap<&'static str, u64>,
    /// Why it stopped before the queue was empty.
    pub stopped: Option<Stop>,
}

/// What all connections share.
struct Shared {
    transport: Arc<Transport>,
    issues: BTreeMap<i64, FrozenIssue>,
    secret: Vec<u8>,
    in_doubt: InDoubt,
    jobs: Mutex<mpsc::Receiver<QueuedDelivery>>,
    pace: Pace,
    halt: Arc<Halt>,
    watcher: Arc<dyn Watcher>,
    clock: Clock,
    connections: AtomicUsize,
    lost_in_a_row: AtomicUsize,
    sent: AtomicUsize,
    failed: AtomicUsize,
}

struct FrozenIssue {
    issue: Issue,
    copies: Copies,
    from: EmailAddress,
    cutoff: Timestamp,
}

/// Delivers the open deliveries of `issues` that may be tried now, at most `limit` of them.
///
/// # Errors
/// When the ledger cannot be read or written. Rows that were being sent then stay `sending` and will be in doubt.
#[expect(clippy::too_many_arguments, reason = "each is a different thing, and there is one caller")]
pub(super) async fn deliver(
    store: Store,
    transport: Arc<Transport>,
    issues: Vec<Issue>,
    mail: &Mail,
    limit: Option<usize>,
    clock: Clock,
    watcher: Arc<dyn Watcher>,
    halt: Arc<Halt>,
) -> (Store, Result<Delivered, PublishError>) {
    match prepare(store, issues, mail, clock).await {
        (store, Ok((reader, frozen, secret, pace))) => {
            let (sender, jobs) = mpsc::channel(PAGE as usize);
            let shared = Arc::new(Shared {
                transport,
                issues: frozen,
                secret,
                in_doubt: mail.in_doubt,
                jobs: Mutex::new(jobs),
                pace,
                halt: Arc::clone(&halt),
                watcher: Arc::clone(&watcher),
                clock,
                connections: AtomicUsize::new(mail.connections),
                lost_in_a_row: AtomicUsize::new(0),
                sent: AtomicUsize::new(0),
                failed: AtomicUsize::new(0),
            });
            run(store, reader, shared, sender, mail.connections, limit).await
        }
        (store, Err(error)) => (store, Err(error)),
    }
}

type Prepared = (Store, BTreeMap<i64, FrozenIssue>, Vec<u8>, Pace);

async fn prepare(
    mut store: Store,
    issues: Vec<Issue>,
    mail: &Mail,
    clock: Clock,
) -> (Store, Result<Prepared, PublishError>) {
    let prepared = async {
        let reader = store.reader().await?;
        let secret = store.secret().await?;
        let mut used = BTreeMap::new();
        for limit in Pace::budgets(&mail.rate) {
            let since = clock.now() - jiff::SignedDuration::from_secs(limit.seconds.into());
            used.insert(limit.seconds, store.tried_since(&since.to_string()).await?.cast_unsigned());
        }
        let pace = Pace::new(&mail.rate, |limit| used.get(&limit.seconds).copied().unwrap_or(0));
        let frozen = issues.into_iter().map(freeze).collect::<Result<_, _>>()?;
        Ok((reader, frozen, secret, pace))
    };
    let prepared = prepared.await;
    (store, prepared)
}

fn freeze(issue: Issue) -> Result<(i64, FrozenIssue), PublishError> {
    let damaged = |what: &str| PublishError::DamagedIssue { number: issue.number, what: what.to_owned() };
    let from = issue.from_address.parse().map_err(|_| damaged("its sender"))?;
    let cutoff = issue.date.parse().map_err(|_| damaged("its date"))?;
    Ok((issue.number, FrozenIssue { copies: Copies::new(&issue), from, cutoff, issue }))
}

async fn run(
    store: Store,
    reader: Store,
    shared: Arc<Shared>,
    jobs: mpsc::Sender<QueuedDelivery>,
    connections: usize,
    limit: Option<usize>,
) -> (Store, Result<Delivered, PublishError>) {
    let (notes, inbox) = mpsc::channel(PAGE as usize);
    let recorder = tokio::spawn(record(store, inbox, shared.clock));
    let feeder = tokio::spawn(feed(reader, Arc::clone(&shared), jobs, limit));
    let mut workers = JoinSet::new();
    for _ in 0..connections {
        workers.spawn(work(Arc::clone(&shared), notes.clone()));
    }
    drop(notes);
    let mut delivered = Delivered::default();
    while let Some(worker) = workers.join_next().await {
        for (state, count) in worker.expect("a worker never panics") {
            *delivered.states.entry(state).or_default() += count;
        }
    }
    // Nobody takes jobs any more: let the feeder end too.
    shared.jobs.lock().await.close();
    let fed = feeder.await.expect("the feeder never panics");
    let (store, recorded) = recorder.await.expect("the recorder never panics");
    delivered.stopped = shared.halt.take();
    let result = recorded.and(fed).map(|()| delivered).map_err(PublishError::from);
    (store, result)
}

/// Hands out what is queued, issue by issue, a page at a time.
async fn feed(
    mut reader: Store,
    shared: Arc<Shared>,
    jobs: mpsc::Sender<QueuedDelivery>,
    limit: Option<usize>,
) -> crate::store::Result<()> {
    let mut left = limit.unwrap_or(usize::MAX);
    for number in shared.issues.keys() {
        let mut after = 0;
        loop {
            let page = reader.queued(*number, after, &shared.clock.now().to_string(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.key.subscriber;
            for job in page {
                if left == 0 || jobs.send(job).await.is_err() {
                    return Ok(());
                }
                left -= 1;
            }
        }
    }
    Ok(())
}

/// What one connection has done, by state.
type Tally = BTreeMap<&'static str, u64>;

/// One connection: takes jobs until there are none, or it is time to stop.
async fn work(shared: Arc<Shared>, notes: mpsc::Sender<Note>) -> Tally {
    let mut tally = Tally::new();
    let mut connection = None;
    while !shared.halt.is_set() {
        if !connection.as_ref().is_some_and(|(open, _): &(Connection, usize)| open.is_open()) {
            let Some(new) = connect(&shared).await else { break };
            connection = Some((new, 0));
        }
        let Some((open, messages)) = connection.as_mut() else { break };
        let Some(Some(job)) = shared.halt.unless(async { shared.jobs.lock().await.recv().await }).await else { break };
        if !shared.halt.unless(shared.pace.turn()).await.unwrap_or(true) {
            shared.halt.set(Stop::RateLimit);
            break;
        }
        if shared.halt.is_set() {
            break;
        }
        match attempt(&shared, &notes, open, *messages, job).await {
            Some(state) => {
                *messages += 1;
                *tally.entry(state.as_str()).or_default() += 1;
                shared.watcher.delivered(state);
            }
            None if shared.halt.is_set() => break,
            // The server closed a connection that had served before: the same delivery goes through a new one.
            None => {}
        }
    }
    if let Some((open, _)) = connection {
        open.close().await;
    }
    tally
}

/// Opens a connection. When the server will have no more of them this worker gives up, and the others go on; the last one
/// to give up stops the run.
async fn connect(shared: &Shared) -> Option<Connection> {
    let mut pauses = RECONNECT_AFTER.iter();
    loop {
        match shared.transport.connect().await {
            Ok(connection) => return Some(connection),
            Err(error) => {
                let pause = pauses.next();
                if let Some(pause) = pause.filter(|_| !shared.halt.is_set()) {
                    shared.halt.unless(tokio::time::sleep(*pause)).await;
                    continue;
                }
                if shared.connections.fetch_sub(1, Ordering::SeqCst) == 1 {
                    shared.halt.set(Stop::Unreachable(error.to_string()));
                }
                return None;
            }
        }
    }
}

/// One try of one delivery; `None` when it must be tried again on a new connection, or the run is over.
async fn attempt(
    shared: &Shared,
    notes: &mpsc::Sender<Note>,
    connection: &mut Connection,
    served: usize,
    job: QueuedDelivery,
) -> Option<DeliveryState> {
    let frozen = shared.issues.get(&job.key.issue)?;
    let Ok(address) = job.address.parse::<EmailAddress>() else {
        let outcome = Outcome::Failed("the address on the list is not one that can be mailed".into());
        return settled(shared, notes, frozen, &job, outcome, false).await;
    };
    let name = format!("issue-{}-{:05}", job.key.issue, job.key.subscriber);
    let envelope = Envelope { from: &frozen.from, to: &address, name: &name };
    let mut outcome = try_once(shared, notes, connection, frozen, job.key, &envelope).await?;
    // Many relays close a connection after so many messages. Before the final dot nothing is lost by going on elsewhere.
    if matches!(outcome, Some(Outcome::Deferred(_))) && !connection.is_open() && served > 0 {
        let again =
            Recorded { key: job.key, state: DeliveryState::Queued, reply: String::new(), next_attempt_at: None };
        notes.send(Note::Outcome(again)).await.ok()?;
        *connection = connect(shared).await?;
        outcome = try_once(shared, notes, connection, frozen, job.key, &envelope).await?;
    }
    match outcome {
        Some(outcome) => {
            let lost = matches!(outcome, Outcome::Deferred(_) | Outcome::InDoubt(_)) && !connection.is_open();
            settled(shared, notes, frozen, &job, outcome, lost).await
        }
        None => Some(DeliveryState::Skipped),
    }
}

/// The envelope travels while the intent is being written to disk; the content only after both. `None` outside: the ledger
/// is gone. `None` inside: the reader has left.
async fn try_once(
    shared: &Shared,
    notes: &mpsc::Sender<Note>,
    connection: &mut Connection,
    frozen: &FrozenIssue,
    key: DeliveryKey,
    envelope: &Envelope<'_>,
) -> Option<Option<Outcome>> {
    let (answer, granted) = oneshot::channel();
    let intent = async {
        notes.send(Note::Intent(key, answer)).await.ok()?;
        granted.await.ok()
    };
    let (granted, begun) = tokio::join!(intent, connection.begin(envelope));
    let Some(granted) = granted else {
        shared.halt.set(Stop::Ledger);
        return None;
    };
    if !granted {
        if begun.is_ok() {
            connection.cancel().await;
        }
        return Some(None);
    }
    match begun {
        Err(outcome) => Some(Some(outcome)),
        Ok(()) => {
            let recipient = email::recipient(&shared.secret, &frozen.issue, key.subscriber, envelope.to);
            let message = frozen.copies.message(&recipient);
            Some(Some(connection.finish(envelope, &message).await))
        }
    }
}

/// Records what became of a try; `lost` says that it ended with the connection and not with an answer.
async fn settled(
    shared: &Shared,
    notes: &mpsc::Sender<Note>,
    frozen: &FrozenIssue,
    job: &QueuedDelivery,
    outcome: Outcome,
    lost: bool,
) -> Option<DeliveryState> {
    match &outcome {
        Outcome::Refused(reply) => shared.halt.set(Stop::Refused(reply.clone())),
        Outcome::Sent(_) => {
            shared.sent.fetch_add(1, Ordering::SeqCst);
        }
        Outcome::Failed(reply) => {
            let failed = shared.failed.fetch_add(1, Ordering::SeqCst) + 1;
            if failed >= FAILED_FROM_THE_START && shared.sent.load(Ordering::SeqCst) == 0 {
                shared.halt.set(Stop::Refused(format!("{failed} recipients were refused and none accepted: {reply}")));
            }
        }
        Outcome::Deferred(_) | Outcome::InDoubt(_) => {}
    }
    if !lost {
        shared.lost_in_a_row.store(0, Ordering::SeqCst);
    } else if shared.lost_in_a_row.fetch_add(1, Ordering::SeqCst) + 1 >= LOST_IN_A_ROW {
        shared.halt.set(Stop::Unreachable(format!("the server closed {LOST_IN_A_ROW} connections in a row")));
    }
    let recorded = settle(job.key, outcome, job.attempts + 1, frozen.cutoff, shared.clock.now(), shared.in_doubt);
    let state = recorded.state;
    if notes.send(Note::Outcome(recorded)).await.is_err() {
        shared.halt.set(Stop::Ledger);
        return None;
    }
    Some(state)
}
