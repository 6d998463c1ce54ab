//! The one writer of delivery states while messages leave. It gathers what all connections have to say and commits it
//! together: one flush to disk for many rows, and a message is completed only after its intent is on disk.

use tokio::sync::{mpsc, oneshot};

use crate::clock::Clock;
use crate::store::{Intent, Recorded, Store, StoreError};

/// At most this many rows in one transaction.
const LARGEST_BATCH: usize = 1_000;

/// What a connection has to say.
pub(super) enum Note {
    /// It wants to complete a message; answered with whether it may.
    Intent(Intent, oneshot::Sender<bool>),
    /// What became of one.
    Outcome(Recorded),
}

/// Records notes until every sender is gone; gives the store back, with the error that ended it early.
pub(super) async fn record(
    mut store: Store,
    mut notes: mpsc::Receiver<Note>,
    clock: Clock,
) -> (Store, Result<(), StoreError>) {
    let mut batch = Vec::with_capacity(LARGEST_BATCH);
    while notes.recv_many(&mut batch, LARGEST_BATCH).await > 0 {
        let mut outcomes = Vec::new();
        let mut intents = Vec::new();
        let mut answers = Vec::new();
        for note in batch.drain(..) {
            match note {
                Note::Outcome(recorded) => outcomes.push(recorded),
                Note::Intent(intent, answer) => {
                    intents.push(intent);
                    answers.push(answer);
                }
            }
        }
        match store.record(&outcomes, &intents, &clock.now().to_string()).await {
            Ok(granted) => {
                for (intent, answer) in intents.iter().zip(answers) {
                    // A connection that gave up meanwhile no longer listens; its row is settled by its outcome.
                    let _ = answer.send(granted.contains(intent));
                }
            }
            // Dropping the answers tells the connections that nothing may be completed any more.
            Err(error) => return (store, Err(error)),
        }
    }
    (store, Ok(()))
}
