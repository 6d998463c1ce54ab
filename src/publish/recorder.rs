//! The one writer of delivery states while messages leave. It gathers what all connections have to say and commits it
//! together: one flush to disk for many rows, and a message is completed only after its intent is on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::clock::Clock;
use crate::store::{DeliveryKey, Grant, Intent, Recorded, Store, StoreError};

/// At most this many rows in one transaction.
const LARGEST_BATCH: usize = 1_000;

/// An outcome is on disk after this time at the latest.
const OUTCOMES_WAIT: Duration = Duration::from_millis(50);

/// How often and how long to wait for a database that does not take a batch; each time it has waited itself before.
const BUSY_PAUSES: u32 = 20;
const BUSY_PAUSE: Duration = Duration::from_secs(1);

/// What a connection has to say.
pub(super) enum Note {
    /// It wants to complete a message; answered with whether it may.
    Intent(Intent, oneshot::Sender<Grant>),
    /// It gives a delivery up.
    GiveUp(Intent),
    /// What became of one.
    Outcome(Recorded),
}

/// Records notes until every sender is gone; gives the store back, with how many deliveries were given up, or the error that
/// ended it early.
pub(super) async fn record(
    mut store: Store,
    mut notes: mpsc::Receiver<Note>,
    clock: Clock,
) -> (Store, Result<u64, StoreError>) {
    let mut given_up = 0;
    let mut waiting: Vec<Note> = Vec::with_capacity(LARGEST_BATCH);
    loop {
        // A worker waits for an intent, none for an outcome: outcomes travel with the next intents, or alone after a while.
        let more = async {
            while !waiting.iter().any(|note| matches!(note, Note::Intent(..))) && waiting.len() < LARGEST_BATCH {
                if notes.recv_many(&mut waiting, LARGEST_BATCH).await == 0 {
                    return false;
                }
            }
            true
        };
        let is_over = !tokio::time::timeout(OUTCOMES_WAIT, more).await.unwrap_or(true);
        while !waiting.is_empty() {
            let mut batch = Batch::default();
            // A delivery that is queued again and wanted again at once takes two rounds: the order of its notes counts.
            waiting = waiting.into_iter().filter_map(|note| batch.take(note)).collect();
            match record_patiently(&mut store, &batch, clock).await {
                Ok(grants) => {
                    for (intent, answer) in batch.intents.iter().zip(batch.answers) {
                        let grant = grants.get(&intent.key).copied().unwrap_or(Grant::Gone);
                        match answer {
                            // A connection that gave up meanwhile no longer listens; its row is settled by its outcome.
                            Some(answer) => drop(answer.send(grant)),
                            None => given_up += u64::from(grant == Grant::Skipped),
                        }
                    }
                }
                // Dropping the answers tells the connections that nothing may be completed any more.
                Err(error) => return (store, Err(error)),
            }
        }
        if is_over {
            return (store, Ok(given_up));
        }
    }
}

/// What a server has answered is known only here until it is on disk: a database that is busy is asked again for a while,
/// and the connections wait.
async fn record_patiently(
    store: &mut Store,
    batch: &Batch,
    clock: Clock,
) -> Result<BTreeMap<DeliveryKey, Grant>, StoreError> {
    let mut pauses = BUSY_PAUSES;
    loop {
        match store.record(&batch.outcomes, &batch.intents, &clock.now().to_string()).await {
            Err(_) if pauses > 0 => {
                pauses -= 1;
                tokio::time::sleep(BUSY_PAUSE).await;
            }
            recorded => return Ok(recorded?.into_iter().collect()),
        }
    }
}

/// Notes that are recorded together.
#[derive(Default)]
struct Batch {
    keys: BTreeSet<DeliveryKey>,
    outcomes: Vec<Recorded>,
    intents: Vec<Intent>,
    answers: Vec<Option<oneshot::Sender<Grant>>>,
}

impl Batch {
    /// Takes a note in, or gives it back when the batch has one of the same delivery already.
    fn take(&mut self, note: Note) -> Option<Note> {
        let key = match &note {
            Note::Intent(intent, _) | Note::GiveUp(intent) => intent.key,
            Note::Outcome(recorded) => recorded.key,
        };
        if !self.keys.insert(key) {
            return Some(note);
        }
        match note {
            Note::Outcome(recorded) => self.outcomes.push(recorded),
            Note::Intent(intent, answer) => {
                self.intents.push(intent);
                self.answers.push(Some(answer));
            }
            Note::GiveUp(intent) => {
                self.intents.push(intent);
                self.answers.push(None);
            }
        }
        None
    }
}
