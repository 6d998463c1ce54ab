//! Delivers what is queued, row by row: several connections, one recorder, and no message completed before its row says
//! `sending` on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as Lock};

use tokio::sync::{Mutex, Notify, mpsc};
use tokio::task::JoinSet;

use super::backoff::GIVE_UP_AFTER;
use super::breaker::{Breaker, MANY};
use super::error::PublishError;
use super::halt::{Halt, Stop};
use super::pace::Pace;
use super::recorder::record;
use super::watcher::Watcher;
use super::worker::{FrozenIssue, Shared, work};
use crate::clock::Clock;
use crate::config::{Mail, RateLimit};
use crate::email::Copies;
use crate::email::dkim::Signer;
use crate::model::{DeliveryState, Issue};
use crate::store::{Place, QueuedDelivery, Stopped, Store};
use crate::transport::Transport;

/// How many deliveries are read from the database at a time.
const PAGE: u32 = 1_000;

/// What a delivering process did.
#[derive(Debug, Default)]
pub struct Delivered {
    /// How many deliveries ended in each state.
    pub states: BTreeMap<&'static str, u64>,
    /// How many of those that were skipped were given up; the readers of the others have left.
    pub given_up: u64,
    /// Why it stopped before the queue was empty.
    pub stopped: Option<Stop>,
    /// The domains whose readers are left alone for a while since they were refused.
    pub left_alone: Vec<Stopped>,
    /// How many messages were tried, for limits.
    pub tried: u64,
}

/// Which deliveries are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// All that may be tried now.
    All,
    /// Those that were neither tried nor put off.
    Fresh,
}

/// What to deliver, and how.
pub(super) struct Task {
    pub(super) issues: Vec<Issue>,
    pub(super) which: Which,
    /// At most so many are tried.
    pub(super) limit: Option<u64>,
    pub(super) mail: Mail,
    pub(super) signer: Option<Arc<Signer>>,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) clock: Clock,
    pub(super) watcher: Arc<dyn Watcher>,
    pub(super) halt: Arc<Halt>,
}

/// Delivers the open deliveries that may be tried now.
///
/// # Errors
/// When the ledger cannot be read or written. Rows that were being sent then stay `sending` and will be in doubt.
pub(super) async fn deliver(mut store: Store, task: Task) -> (Store, Result<Delivered, PublishError>) {
    let pool = prepare(&mut store, task).await;
    match pool {
        Ok(pool) => run(store, pool).await,
        Err(error) => (store, Err(error)),
    }
}

/// The workers' shared state, and what hands them their work.
struct Pool {
    shared: Arc<Shared>,
    reader: Store,
    which: Which,
    jobs: mpsc::Sender<QueuedDelivery>,
}

async fn prepare(store: &mut Store, task: Task) -> Result<Pool, PublishError> {
    let Task { issues, which, limit, mail, signer, transport, clock, watcher, halt } = task;
    store.set_relay(&transport.describe()).await?;
    let mut used = BTreeMap::new();
    for limit in Pace::budgets(&mail.rate) {
        let since = clock.now() - jiff::SignedDuration::from_secs(limit.seconds.into());
        used.insert(limit.seconds, store.tried_since(&since.to_string()).await?);
    }
    let used = |limit: &RateLimit| used.get(&limit.seconds).copied().unwrap_or(0);
    let mut frozen = BTreeMap::new();
    for issue in issues {
        let (number, mut issue) = freeze(issue, signer.clone())?;
        if clock.now().duration_since(issue.frozen_at) >= GIVE_UP_AFTER {
            issue.never_accepted = store.never_accepted(number, MANY).await?;
        }
        frozen.insert(number, issue);
    }
    let (sender, jobs) = mpsc::channel(PAGE as usize);
    let shared = Shared {
        transport,
        issues: frozen,
        secret: store.secret().await?,
        in_doubt: mail.in_doubt,
        jobs: Mutex::new(jobs),
        spare: Lock::default(),
        pace: Pace::new(&mail.rate, limit, used),
        halt,
        watcher,
        clock,
        connections: AtomicUsize::new(mail.connections),
        is_spent: AtomicBool::new(false),
        given_up: AtomicU64::new(0),
        breaker: Lock::new(Breaker::new(store.stops().await?, clock.now())),
        probed: Notify::new(),
        probe_store: Mutex::new(store.reader().await?),
        rest_until: Lock::default(),
    };
    Ok(Pool { shared: Arc::new(shared), reader: store.reader().await?, which, jobs: sender })
}

fn freeze(issue: Issue, signer: Option<Arc<Signer>>) -> Result<(i64, FrozenIssue), PublishError> {
    let damaged = |what: &str| PublishError::DamagedIssue { number: issue.number, what: what.to_owned() };
    let from = issue.from_address.parse().map_err(|_| damaged("its sender"))?;
    let frozen_at = issue.date.parse().map_err(|_| damaged("its date"))?;
    let copies = Arc::new(Copies::new(&issue, signer));
    Ok((issue.number, FrozenIssue { frozen_at, copies, from, issue, never_accepted: Some(BTreeSet::new()) }))
}

async fn run(store: Store, pool: Pool) -> (Store, Result<Delivered, PublishError>) {
    let Pool { shared, reader, which, jobs } = pool;
    let (notes, inbox) = mpsc::channel(PAGE as usize);
    let recorder = tokio::spawn(record(store, inbox, shared.clock));
    let feeder = tokio::spawn(feed(reader, which, jobs, shared.clock));
    let mut workers = JoinSet::new();
    for _ in 0..shared.connections.load(Ordering::SeqCst) {
        workers.spawn(work(Arc::clone(&shared), notes.clone()));
    }
    drop(notes);
    let mut delivered = Delivered::default();
    while let Some(worker) = workers.join_next().await {
        for (state, count) in worker.expect("a worker never panics") {
            *delivered.states.entry(state).or_default() += count;
        }
    }
    // No worker takes jobs any more: let the feeder end too.
    shared.jobs.lock().await.close();
    let fed = feeder.await.expect("the feeder never panics");
    let (mut store, recorded) = recorder.await.expect("the recorder never panics");
    delivered.tried = shared.pace.taken().await;
    delivered.given_up = shared.given_up.load(Ordering::SeqCst);
    if let Some(given_up) = recorded.as_ref().ok().filter(|given_up| **given_up > 0) {
        delivered.given_up += given_up;
        *delivered.states.entry(DeliveryState::Skipped.as_str()).or_default() += given_up;
    }
    let is_spent = shared.is_spent.load(Ordering::SeqCst);
    delivered.stopped = shared.halt.take().or(is_spent.then_some(Stop::RateLimit));
    let result = match recorded.and(fed) {
        Ok(()) => conclude(&mut store, &shared, delivered).await.map_err(PublishError::from),
        Err(error) => Err(error.into()),
    };
    (store, result)
}

/// Records what was learnt: which refusals are final, and what keeps the rest waiting.
async fn conclude(store: &mut Store, shared: &Shared, mut delivered: Delivered) -> crate::store::Result<Delivered> {
    let now = shared.clock.now();
    let (refused, domains, earlier) = {
        let mut breaker = shared.breaker();
        (breaker.take_final(), breaker.stops(), breaker.stopped())
    };
    let failed = store.refused_for_good(&refused, &now.to_string()).await?;
    if failed > 0 {
        *delivered.states.entry(DeliveryState::Failed.as_str()).or_default() += failed;
        let deferred = delivered.states.entry(DeliveryState::Deferred.as_str()).or_default();
        *deferred = deferred.saturating_sub(failed);
    }
    let stop = delivered.stopped.as_ref().and_then(|stop| stop.as_stopped(now));
    // Without an acceptance it is the same stop that goes on.
    let stop = match (stop, earlier) {
        (Some(stop), Some(earlier)) => Some(Stopped { at: earlier.at, ..stop }),
        (stop, earlier) => stop.or(earlier),
    };
    let stops: Vec<_> = stop.into_iter().chain(domains.iter().map(|(stop, _)| stop.clone())).collect();
    store.set_stops(&stops).await?;
    delivered.left_alone = domains.into_iter().filter(|(_, is_new)| *is_new).map(|(stop, _)| stop).collect();
    Ok(delivered)
}

/// Hands out what is queued, a page at a time.
async fn feed(
    mut reader: Store,
    which: Which,
    jobs: mpsc::Sender<QueuedDelivery>,
    clock: Clock,
) -> crate::store::Result<()> {
    let mut place = Place::START;
    loop {
        let page = reader.queued(place, &clock.now().to_string(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        place = last.place;
        for job in page {
            let is_over = which == Which::Fresh && !job.place.is_fresh();
            if is_over || jobs.send(job).await.is_err() {
                return Ok(());
            }
        }
    }
}
