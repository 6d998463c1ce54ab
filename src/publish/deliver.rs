//! Delivers what is queued, row by row: several connections, one recorder, and no message completed before its row says
//! `sending` on disk.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

use super::error::PublishError;
use super::halt::{Halt, Stop};
use super::pace::Pace;
use super::recorder::record;
use super::worker::{FrozenIssue, Shared, work};
use crate::clock::Clock;
use crate::config::Mail;
use crate::email::Copies;
use crate::email::dkim::Signer;
use crate::model::{DeliveryState, Issue};
use crate::store::{QueuedDelivery, Store};
use crate::transport::Transport;

/// How many deliveries are read from the database at a time.
const PAGE: u32 = 1_000;

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

impl Delivered {
    /// How many deliveries were tried.
    pub fn total(&self) -> usize {
        self.states.values().fold(0, |sum, count| sum.saturating_add(usize::try_from(*count).unwrap_or(usize::MAX)))
    }
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
    signer: Option<Arc<Signer>>,
    limit: Option<usize>,
    clock: Clock,
    watcher: Arc<dyn Watcher>,
    halt: Arc<Halt>,
) -> (Store, Result<Delivered, PublishError>) {
    match prepare(store, issues, mail, signer, clock).await {
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
                is_spent: AtomicBool::new(false),
                lost_in_a_row: AtomicUsize::new(0),
                refused_in_a_row: Mutex::new(Vec::new()),
                put_off_in_a_row: AtomicUsize::new(0),
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
    signer: Option<Arc<Signer>>,
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
        let frozen = issues.into_iter().map(|issue| freeze(issue, signer.clone())).collect::<Result<_, _>>()?;
        Ok((reader, frozen, secret, pace))
    };
    let prepared = prepared.await;
    (store, prepared)
}

fn freeze(issue: Issue, signer: Option<Arc<Signer>>) -> Result<(i64, FrozenIssue), PublishError> {
    let damaged = |what: &str| PublishError::DamagedIssue { number: issue.number, what: what.to_owned() };
    let from = issue.from_address.parse().map_err(|_| damaged("its sender"))?;
    Ok((issue.number, FrozenIssue { copies: Arc::new(Copies::new(&issue, signer)), from, issue }))
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
    let is_spent = shared.is_spent.load(Ordering::SeqCst);
    delivered.stopped = shared.halt.take().or(is_spent.then_some(Stop::RateLimit));
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
