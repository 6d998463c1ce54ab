//! One connection and what it carries: envelope and intent together, content after both, and then what became of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, oneshot};

use super::backoff::settle;
use super::deliver::Watcher;
use super::halt::{Halt, Stop};
use super::pace::Pace;
use super::recorder::Note;
use crate::clock::Clock;
use crate::config::InDoubt;
use crate::email::{self, Copies};
use crate::model::{DeliveryState, EmailAddress, Issue, Outcome, Recipient};
use crate::store::{DeliveryKey, QueuedDelivery, Recorded};
use crate::transport::{Connection, Envelope, Transport};

/// Pauses before a connection is tried again.
const RECONNECT_AFTER: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// So many connections lost in a row, without one answer about a message between them, mean that the server is ill.
const LOST_IN_A_ROW: usize = 10;

/// So many recipients refused or put off in a row, and none accepted between them: the server has something against us,
/// not against all of them.
const REFUSED_IN_A_ROW: usize = 20;

/// What all connections share.
pub(super) struct Shared {
    pub(super) transport: Arc<Transport>,
    pub(super) issues: BTreeMap<i64, FrozenIssue>,
    pub(super) secret: Vec<u8>,
    pub(super) in_doubt: InDoubt,
    pub(super) jobs: Mutex<mpsc::Receiver<QueuedDelivery>>,
    pub(super) pace: Pace,
    pub(super) halt: Arc<Halt>,
    pub(super) watcher: Arc<dyn Watcher>,
    pub(super) clock: Clock,
    pub(super) connections: AtomicUsize,
    pub(super) is_spent: AtomicBool,
    pub(super) lost_in_a_row: AtomicUsize,
    /// Deliveries that failed since the last one that was accepted, for reasons that may lie with us.
    pub(super) refused_in_a_row: Mutex<Vec<DeliveryKey>>,
    pub(super) put_off_in_a_row: AtomicUsize,
}

pub(super) struct FrozenIssue {
    pub(super) issue: Issue,
    pub(super) copies: Arc<Copies>,
    pub(super) from: EmailAddress,
}

/// What one connection has done, by state.
pub(super) type Tally = BTreeMap<&'static str, u64>;

/// One connection: takes jobs until there are none, or it is time to stop.
pub(super) async fn work(shared: Arc<Shared>, notes: mpsc::Sender<Note>) -> Tally {
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
            // The others still have their turns.
            shared.is_spent.store(true, Ordering::SeqCst);
            break;
        }
        if shared.halt.is_set() {
            break;
        }
        // Without an outcome the ledger or the server is gone; the row is still queued on disk, or becomes so in doubt.
        let Some(state) = attempt(&shared, &notes, open, *messages, job).await else { break };
        *messages += 1;
        *tally.entry(state.as_str()).or_default() += 1;
        shared.watcher.delivered(state);
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
        match shared.halt.unless(shared.transport.connect()).await? {
            Ok(connection) => return Some(connection),
            Err(error) => {
                let pause = pauses.next();
                if let Some(pause) = pause.filter(|_| error.is_temporary() && !shared.halt.is_set()) {
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

/// One delivery, tried again on a new connection when the server closes one that had served before; `None` when this
/// connection's work is over.
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
        return settled(shared, notes, &job, outcome, false).await;
    };
    let name = format!("issue-{}-{:05}", job.key.issue, job.key.subscriber);
    let envelope = Envelope { from: &frozen.from, to: &address, name: &name };
    let mut outcome = try_once(shared, notes, connection, frozen, &job, &envelope).await?;
    // Many relays close a connection after so many messages. Before the final dot nothing is lost by going on elsewhere.
    if matches!(outcome, Some(Outcome::Deferred(_))) && !connection.is_open() && served > 0 {
        let again =
            Recorded { key: job.key, state: DeliveryState::Queued, reply: String::new(), next_attempt_at: None };
        notes.send(Note::Outcome(again)).await.ok()?;
        *connection = connect(shared).await?;
        outcome = try_once(shared, notes, connection, frozen, &job, &envelope).await?;
    }
    match outcome {
        Some(outcome) => {
            let lost = matches!(outcome, Outcome::Deferred(_) | Outcome::InDoubt(_)) && !connection.is_open();
            settled(shared, notes, &job, outcome, lost).await
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
    job: &QueuedDelivery,
    envelope: &Envelope<'_>,
) -> Option<Option<Outcome>> {
    let (answer, granted) = oneshot::channel();
    let intent = async {
        notes.send(Note::Intent(job.key, answer)).await.ok()?;
        granted.await.ok()
    };
    // Nothing is at the server before the content is complete: a stop need not wait for a server that does not answer.
    let begin = async {
        let begun = shared.halt.unless(connection.begin(envelope)).await;
        begun.unwrap_or_else(|| Err(Outcome::Refused("stopped before it was sent".into())))
    };
    let (granted, begun) = tokio::join!(intent, begin);
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
            let recipient = email::recipient(&shared.secret, &frozen.issue, job.key.subscriber, envelope.to)
                .named(job.name.clone());
            let message = message(&frozen.copies, recipient).await;
            Some(Some(connection.finish(envelope, &message).await))
        }
    }
}

/// The message for one reader. To sign takes half a millisecond, so signatures are made on all cores at once.
async fn message(copies: &Arc<Copies>, recipient: Recipient) -> Vec<u8> {
    if !copies.is_signed() {
        return copies.message(&recipient);
    }
    let copies = Arc::clone(copies);
    tokio::task::spawn_blocking(move || copies.message(&recipient)).await.expect("signing never panics")
}

/// Records what became of a try; `lost` says that it ended with the connection and not with an answer.
async fn settled(
    shared: &Shared,
    notes: &mpsc::Sender<Note>,
    job: &QueuedDelivery,
    outcome: Outcome,
    lost: bool,
) -> Option<DeliveryState> {
    if let Outcome::Refused(reply) = &outcome {
        shared.halt.set(Stop::Refused(reply.clone()));
    }
    let suspects = suspects(shared, job.key, &outcome).await;
    if !lost {
        shared.lost_in_a_row.store(0, Ordering::SeqCst);
    } else if shared.lost_in_a_row.fetch_add(1, Ordering::SeqCst) + 1 >= LOST_IN_A_ROW {
        shared.halt.set(Stop::Unreachable(format!("the server closed {LOST_IN_A_ROW} connections in a row")));
    }
    let now = shared.clock.now();
    let first_try = job.first_attempt_at.as_deref().and_then(|moment| moment.parse().ok()).unwrap_or(now);
    let mut recorded = settle(job.key, outcome, job.attempts + 1, first_try, now, shared.in_doubt);
    for key in suspects {
        let reply = format!("queued again: the server refused {REFUSED_IN_A_ROW} readers in a row: {}", recorded.reply);
        let again = Recorded { key, state: DeliveryState::Queued, reply, next_attempt_at: None };
        if key == recorded.key {
            recorded = again;
        } else if notes.send(Note::Outcome(again)).await.is_err() {
            shared.halt.set(Stop::Ledger);
            return None;
        }
    }
    let state = recorded.state;
    if notes.send(Note::Outcome(recorded)).await.is_err() {
        shared.halt.set(Stop::Ledger);
        return None;
    }
    Some(state)
}

/// Watches for a server that has turned against us. Returns the deliveries that it failed in the streak, which no reader is
/// to blame for.
async fn suspects(shared: &Shared, key: DeliveryKey, outcome: &Outcome) -> Vec<DeliveryKey> {
    let mut refused = shared.refused_in_a_row.lock().await;
    match outcome {
        Outcome::Sent(_) => {
            refused.clear();
            shared.put_off_in_a_row.store(0, Ordering::SeqCst);
        }
        // An address or mailbox that is gone (RFC 3463 §3.2, §3.3) is the reader's, however many there are.
        Outcome::Failed(reply) if !reply.contains(" 5.1.") && !reply.contains(" 5.2.") => {
            refused.push(key);
            if refused.len() == REFUSED_IN_A_ROW {
                shared.halt.set(Stop::Refused(format!("it refused {REFUSED_IN_A_ROW} readers in a row: {reply}")));
                return refused.clone();
            }
            if refused.len() > REFUSED_IN_A_ROW {
                return vec![key];
            }
        }
        Outcome::Deferred(reply) => {
            let put_off = shared.put_off_in_a_row.fetch_add(1, Ordering::SeqCst) + 1;
            if put_off >= REFUSED_IN_A_ROW {
                shared.halt.set(Stop::Refused(format!("it put off {put_off} readers in a row: {reply}")));
            }
        }
        _ => {}
    }
    Vec::new()
}
