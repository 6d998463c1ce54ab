//! Those who leave at the same time leave together, in one transaction, which is one flush to disk.

use jiff::Timestamp;
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::model::SubscriberStatus;
use crate::store::{Changing, Result, Store};

/// So many leave in one transaction.
const MOST: usize = 512;

/// Where those who leave wait.
pub(super) type Leavers = mpsc::Sender<Leaver>;

/// A reader who leaves: their number, by which way, from which network, when, and who waits for what they were.
pub(super) struct Leaver {
    subscriber: i64,
    way: &'static str,
    network: String,
    now: Timestamp,
    told: oneshot::Sender<Result<Option<SubscriberStatus>>>,
}

/// Where to wait, and where to find who does.
pub(super) fn leavers() -> (Leavers, mpsc::Receiver<Leaver>) {
    mpsc::channel(MOST)
}

/// Unsubscribes a reader ([`Store::unsubscribe`]), as soon as [`unsubscribe_all`] comes to it. `None` when the server stops, or the
/// database does not answer.
pub(super) async fn unsubscribe(
    leavers: &Leavers,
    (subscriber, way): (i64, &'static str),
    (network, now): (&str, Timestamp),
) -> Option<Result<Option<SubscriberStatus>>> {
    let (told, answer) = oneshot::channel();
    leavers.send(Leaver { subscriber, way, network: network.to_owned(), now, told }).await.ok()?;
    answer.await.ok()
}

/// Unsubscribes all who wait, over and over.
pub(super) async fn unsubscribe_all(mut waiting: mpsc::Receiver<Leaver>, store: &Mutex<Store>) {
    let mut all = Vec::with_capacity(MOST);
    while waiting.recv_many(&mut all, MOST).await > 0 {
        let mut store = store.lock().await;
        let changes: Vec<_> = all.iter().map(|leaver| (leaver.subscriber, leaver.changing())).collect();
        match store.unsubscribe_all(&changes).await {
            Ok(were) => all.drain(..).zip(were).for_each(|(leaver, was)| leaver.tell(Ok(was))),
            // One is told why, and the others that there is no answer: to try for each would be to wait as long for each.
            Err(error) => {
                if let Some(leaver) = all.drain(..).next() {
                    leaver.tell(Err(error));
                }
            }
        }
    }
}

impl Leaver {
    fn changing(&self) -> Changing<'_> {
        Changing { way: self.way, network: Some(&self.network), now: self.now }
    }

    /// Who has hung up meanwhile need not be told.
    fn tell(self, was: Result<Option<SubscriberStatus>>) {
        let _ = self.told.send(was);
    }
}
