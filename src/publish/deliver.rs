//! Delivers what is queued: several connections, one recorder, and no message completed before its delivery says `sending`
//! on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as Lock};

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::allowance::{Allowance, of_relay};
use super::backoff::GIVE_UP_AFTER;
use super::breaker::{Breaker, MANY};
use super::domains::Domains;
use super::error::PublishError;
use super::halt::{Halt, Stop};
use super::jobs::Jobs;
use super::pace::{Pace, Wanted};
use super::recorder::{LARGEST_BATCH, record};
use super::shared::{FrozenIssue, Ledger, Shared, Which};
use super::watcher::Watcher;
use super::way::{Way, WayOut};
use super::worker::work;
use crate::clock::Clock;
use crate::config::Mail;
use crate::email::dkim::Signer;
use crate::email::{BounceTokens, Copies, Recipients, ReturnPaths};
use crate::model::{DeliveryState, Issue, Secret};
use crate::store::{Stopped, Store};
use crate::transport::Checkpoint;

/// So many deliveries are claimed for each message in flight, where other machines deliver too.
const FEW: usize = 16;

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
    /// Those of several ways out that could not be taken.
    pub down: Vec<Stopped>,
    /// Those of several ways out that were tried.
    pub taken: Vec<String>,
    /// How many messages were tried, for limits.
    pub tried: u64,
}

/// What to deliver, and how.
pub(super) struct Task {
    pub(super) issues: Vec<Issue>,
    pub(super) which: Which,
    /// At most so many are tried.
    pub(super) limit: Option<u64>,
    pub(super) mail: Mail,
    pub(super) signer: Option<Arc<Signer>>,
    pub(super) ways: Vec<WayOut>,
    pub(super) checkpoint: Option<Checkpoint>,
    pub(super) clock: Clock,
    pub(super) watcher: Arc<dyn Watcher>,
    pub(super) halt: Arc<Halt>,
}

/// Delivers the open deliveries that may be tried now.
///
/// # Errors
/// When the ledger cannot be read or written. Rows that were being sent then stay `sending` and will be in doubt.
pub(super) async fn deliver(mut store: Store, task: Task) -> (Store, Result<Delivered, PublishError>) {
    let which = task.which;
    match prepare(&mut store, task).await {
        Ok(shared) => run(store, Arc::new(shared), which).await,
        Err(error) => (store, Err(error)),
    }
}

async fn prepare(store: &mut Store, task: Task) -> Result<Shared, PublishError> {
    let Task { issues, which: _, limit, mail, signer, ways, checkpoint, clock, watcher, halt } = task;
    let names: Vec<_> = ways.iter().map(WayOut::name).collect();
    store.set_relay(&names.join(" or ")).await?;
    let ways = open_ways(store, ways, limit, clock.now()).await?;
    let domains = Domains::open(store, &mail.domains, clock.now()).await?;
    store.set_quotas(ways.iter().filter_map(|way| way.quota.as_ref()).chain(domains.quotas()).cloned().collect());
    let secret = store.secret().await?;
    let mut frozen = BTreeMap::new();
    for issue in issues {
        let mut thawed = thaw(&issue, &secret, signer.clone(), mail.bounces.as_deref())?;
        if clock.now().duration_since(thawed.frozen_at) >= GIVE_UP_AFTER {
            thawed.never_accepted = store.never_accepted(issue.number, MANY).await?;
        }
        frozen.insert(issue.number, thawed);
    }
    let marks = store.new_marks(&frozen.keys().copied().collect::<Vec<_>>()).await?;
    Ok(Shared {
        issues: frozen,
        in_doubt: mail.in_doubt,
        jobs: Jobs::new(ways.len() > 1),
        domains,
        checkpoint,
        largest_claim: {
            let in_flight: usize = ways.iter().map(|way| way.relay.connections * way.relay.in_flight).sum();
            match marks {
                // All of it is in doubt when this machine is lost.
                Some(_) if store.is_shared() => (in_flight * FEW).min(LARGEST_BATCH),
                Some(_) => LARGEST_BATCH,
                None => in_flight,
            }
        },
        is_leased: store.is_shared(),
        marks,
        ways,
        gate: Lock::default(),
        halt,
        watcher,
        clock,
        is_spent: AtomicBool::new(false),
        has_enough: AtomicBool::new(false),
        given_up: AtomicU64::new(0),
        call: Notify::new(),
        is_called: AtomicBool::new(false),
        ledger: Lock::new(Ledger::default()),
        looked_at: Lock::new(tokio::time::Instant::now()),
    })
}

/// The ways out with what is known of each.
async fn open_ways(
    store: &mut Store,
    ways: Vec<WayOut>,
    limit: Option<u64>,
    now: Timestamp,
) -> Result<Vec<Way>, PublishError> {
    let wanted = limit.map(|limit| Arc::new(Wanted::new(limit)));
    let stops = store.stops().await?;
    let mut open = Vec::new();
    for way in ways {
        let name = way.name();
        let number = store.relay(&name).await?;
        let WayOut { relay, transport } = way;
        let quota = of_relay(&relay);
        let allowance = Allowance::open(store, quota.as_ref(), now).await?;
        let stops = stops.iter().filter(|stop| stop.relay == relay.name).cloned().collect();
        open.push(Way {
            number,
            pace: Pace::new(&relay.rate, wanted.clone(), allowance),
            quota,
            connections: AtomicUsize::new(relay.connections),
            given: AtomicU64::new(0),
            breaker: Lock::new(Breaker::new(stops, now)),
            rest_until: Lock::default(),
            health: Lock::default(),
            relay,
            transport,
        });
    }
    Ok(open)
}

fn thaw(
    issue: &Issue,
    secret: &Secret,
    signer: Option<Arc<Signer>>,
    bounces: Option<&str>,
) -> Result<FrozenIssue, PublishError> {
    let damaged = |what: &str| PublishError::DamagedIssue { number: issue.number, what: what.to_owned() };
    let from = issue.from_address.parse().map_err(|_| damaged("its sender"))?;
    let frozen_at = issue.date.parse().map_err(|_| damaged("its date"))?;
    let copies = Copies::new(issue, signer);
    if let Some(fault) = copies.fault() {
        return Err(damaged(fault));
    }
    let recipients = Recipients::new(secret, issue);
    let return_paths = bounces.and_then(|address| ReturnPaths::new(&secret.bytes, address));
    let never_accepted = Some(BTreeSet::new());
    let bounces = BounceTokens::new(&secret.bytes);
    Ok(FrozenIssue { frozen_at, copies, recipients, from: Arc::new(from), return_paths, bounces, never_accepted })
}

async fn run(store: Store, shared: Arc<Shared>, which: Which) -> (Store, Result<Delivered, PublishError>) {
    let recorder = tokio::spawn(record(store, Arc::clone(&shared), which));
    let mut signers = JoinSet::new();
    if shared.issues.keys().any(|issue| shared.is_signed(*issue)) {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            let shared = Arc::clone(&shared);
            signers.spawn_blocking(move || shared.jobs.sign_all(|queued| shared.sign(queued)));
        }
    }
    let mut workers = JoinSet::new();
    for (at, way) in shared.ways.iter().enumerate() {
        for _ in 0..way.connections.load(Ordering::SeqCst) {
            workers.spawn(work(Arc::clone(&shared), at));
        }
    }
    let mut delivered = Delivered::default();
    while let Some(worker) = workers.join_next().await {
        for (state, count) in worker.expect("a worker never panics") {
            *delivered.states.entry(state).or_default() += count;
        }
    }
    // What is being signed is nowhere else: the recorder puts it back after that.
    shared.jobs.stop();
    while let Some(signer) = signers.join_next().await {
        signer.expect("signing never panics");
    }
    shared.end();
    let (mut store, recorded) = recorder.await.expect("the recorder never panics");
    delivered.tried = shared.ways.iter().map(|way| way.pace.taken()).sum();
    delivered.given_up = shared.given_up.load(Ordering::SeqCst);
    let is_spent = shared.is_spent.load(Ordering::SeqCst);
    delivered.stopped = shared.halt.take().or(is_spent.then_some(Stop::RateLimit));
    let result = match recorded {
        Ok(left) => {
            if left > 0 {
                *delivered.states.entry(DeliveryState::Skipped.as_str()).or_default() += left;
            }
            conclude(&mut store, &shared, delivered).await.map_err(PublishError::from)
        }
        Err(error) => Err(error.into()),
    };
    (store, result)
}

/// Records what was learnt: which refusals are final, and what keeps the rest waiting.
async fn conclude(store: &mut Store, shared: &Shared, mut delivered: Delivered) -> crate::store::Result<Delivered> {
    store.remove_marks().await?;
    let now = shared.clock.now();
    let refused: Vec<_> = shared.ways.iter().flat_map(|way| way.breaker().take_final()).collect();
    let failed = store.refused_for_good(&refused, &now.to_string()).await?;
    if failed > 0 {
        *delivered.states.entry(DeliveryState::Failed.as_str()).or_default() += failed;
        let deferred = delivered.states.entry(DeliveryState::Deferred.as_str()).or_default();
        *deferred = deferred.saturating_sub(failed);
    }
    let mut stops = Vec::new();
    for way in &shared.ways {
        let relay = &way.relay.name;
        let (domains, earlier) = {
            let breaker = way.breaker();
            (breaker.stops(relay), breaker.stopped())
        };
        let why = if shared.has_several() { way.why_down() } else { delivered.stopped.clone() };
        // Without an acceptance it is the same stop that goes on.
        let stop = match (why.and_then(|why| why.as_stopped(relay, now)), earlier) {
            (Some(stop), Some(earlier)) => Some(Stopped { at: earlier.at, ..stop }),
            (stop, earlier) => stop.or(earlier),
        };
        if shared.has_several() {
            delivered.down.extend(stop.clone());
            delivered.taken.extend(Some(relay.clone()).filter(|_| way.pace.taken() > 0));
        }
        stops.extend(stop.into_iter().chain(domains.iter().map(|(stop, _)| stop.clone())));
        delivered.left_alone.extend(domains.into_iter().filter(|(_, is_new)| *is_new).map(|(stop, _)| stop));
    }
    store.set_stops(&stops).await?;
    Ok(delivered)
}
