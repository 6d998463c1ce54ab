//! The one writer of the ledger while messages leave. It gathers what all connections have to say and commits it together
//! with the next claim: one flush to disk for many rows, and no message leaves whose claim is not on disk.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use super::halt::Stop;
use super::probes;
use super::shared::{Shared, Which};
use crate::model::DeliveryState;
use crate::store::{Claimed, Place, QueuedDelivery, Recorded, Store, StoreError, Wanted};

/// At most this many deliveries are claimed, and outcomes recorded, in one transaction.
pub(super) const LARGEST_BATCH: usize = 1_000;

/// An outcome is on disk, and a reader who leaves is heard of, after this time at the latest.
const TICK: Duration = Duration::from_millis(50);

/// How often and how long to wait for a database that does not answer; each time it has waited itself before. A lease at a server is over
/// after a minute.
const BUSY_PAUSES: u32 = 20;
const BUSY_PAUSES_AT_SERVER: u32 = 60;
const BUSY_PAUSE: Duration = Duration::from_secs(1);

/// Asks the ledger; one that is busy, or whose server was lost, again for a while, and the connections wait: what a relay has answered
/// is known only here until it is on disk.
macro_rules! patiently {
    ($store:expr, $asked:expr) => {{
        let mut pauses = if $store.is_shared() { BUSY_PAUSES_AT_SERVER } else { BUSY_PAUSES };
        loop {
            match $asked.await {
                Err(error) if pauses > 0 && !matches!(error, StoreError::LeaseOver) => {
                    pauses -= 1;
                    tokio::time::sleep(BUSY_PAUSE).await;
                    // What was committed before the way to a server was lost is not recorded twice: it is claimed no more.
                    if let Err(StoreError::LeaseOver) = $store.reconnect().await {
                        return Err(StoreError::LeaseOver);
                    }
                }
                answered => break answered?,
            }
        }
    }};
}

/// The ledger and how far its queue was read.
struct Recorder<'s> {
    store: &'s mut Store,
    shared: &'s Shared,
    which: Which,
    /// Where the queue goes on; `None` at its end.
    place: Option<Place>,
    /// How many readers had left before their deliveries were claimed.
    left: u64,
}

/// Claims and records until the last connection has ended; gives the store back, with how many deliveries were taken out of
/// the queue because their readers had left, or the error that ended it early.
pub(super) async fn record(mut store: Store, shared: Arc<Shared>, which: Which) -> (Store, Result<u64, StoreError>) {
    let mut recorder = Recorder { store: &mut store, shared: &shared, which, place: Some(Place::START), left: 0 };
    let recorded = recorder.run().await;
    if recorded.is_err() {
        // Nothing may be completed any more that cannot be recorded.
        shared.halt.set(Stop::Ledger);
        shared.jobs.close();
    }
    let left = recorder.left;
    (store, recorded.map(|()| left))
}

impl Recorder<'_> {
    async fn run(&mut self) -> Result<(), StoreError> {
        loop {
            let is_over = self.shared.is_over();
            self.look_further().await?;
            self.take_parts().await?;
            let wanted = self.wanted();
            let mut outcomes = self.shared.take_outcomes();
            if is_over {
                let probes = self.shared.ways.iter().flat_map(|way| way.breaker().release());
                outcomes.extend(self.shared.jobs.drain().into_iter().chain(probes).map(|job| job.put_back()));
            }
            if wanted.is_some() || !outcomes.is_empty() {
                self.advance(outcomes, wanted).await?;
            }
            if is_over {
                return Ok(());
            }
            self.look_for_leavers().await?;
            // What is wanted by then is done at once.
            let _ = tokio::time::timeout(TICK, self.shared.call.notified()).await;
        }
    }

    /// Takes further parts of the long limits, which other processes have too. A database that is busy is asked again.
    async fn take_parts(&mut self) -> Result<(), StoreError> {
        let (shared, now) = (self.shared, self.shared.clock.now().to_string());
        for way in shared.ways.iter().filter(|way| way.pace.is_low()) {
            let Some(quota) = &way.quota else { continue };
            match self.store.take_part(quota, &now).await {
                Ok(part) => way.pace.allow(part),
                Err(StoreError::LeaseOver) => return Err(StoreError::LeaseOver),
                Err(_) => {}
            }
        }
        for (group, quota) in shared.domains.low() {
            match self.store.take_part(quota, &now).await {
                Ok(part) => shared.domains.allow(group, part),
                Err(StoreError::LeaseOver) => return Err(StoreError::LeaseOver),
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// What to claim, when few jobs are left.
    fn wanted(&self) -> Option<Wanted> {
        let shared = self.shared;
        let waiting = shared.jobs.len();
        let page = shared.page(waiting);
        let after = self.place.filter(|_| waiting * 2 <= page && !shared.halt.is_set())?;
        let limit = u32::try_from(page).unwrap_or(u32::MAX);
        Some(Wanted::Next { after, is_fresh: self.which == Which::Fresh, limit })
    }

    async fn advance(&mut self, outcomes: Vec<Recorded>, wanted: Option<Wanted>) -> Result<(), StoreError> {
        let is_next = matches!(wanted, Some(Wanted::Next { .. }));
        let claimed = self.commit(outcomes, wanted).await?;
        if is_next {
            // A page that is not full is the last one.
            self.place = claimed.last.filter(|_| claimed.is_full);
        }
        self.shared.claimed(&claimed.deliveries);
        let claimed = self.safe(claimed).await?;
        self.look_for_leavers().await?;
        self.shared.jobs.add(claimed.deliveries, |issue| self.shared.is_signed(issue));
        self.shared.is_called.store(false, Ordering::Relaxed);
        if self.place.is_none() || self.shared.halt.is_set() {
            self.shared.jobs.close();
        }
        Ok(())
    }

    /// Records and claims, outcomes of one delivery one after the other.
    async fn commit(&mut self, mut outcomes: Vec<Recorded>, wanted: Option<Wanted>) -> Result<Claimed, StoreError> {
        loop {
            let mut keys = BTreeSet::new();
            let (batch, rest): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(|outcome| keys.insert(outcome.key));
            outcomes = rest;
            let wanted = wanted.as_ref().filter(|_| outcomes.is_empty());
            let clock = &self.shared.clock;
            let claimed = patiently!(self.store, self.store.advance(&batch, wanted, &clock.now().to_string()));
            self.shared.recorded(&batch);
            if outcomes.is_empty() {
                self.left += claimed.left;
                (0..claimed.left).for_each(|_| self.shared.watcher.delivered(DeliveryState::Skipped));
                return Ok(claimed);
            }
        }
    }

    /// Lets the owner's program save the database with this claim in it; without that nothing of the claim leaves.
    async fn safe(&mut self, claimed: Claimed) -> Result<Claimed, StoreError> {
        let Some(checkpoint) = self.shared.checkpoint.as_ref().filter(|_| !claimed.deliveries.is_empty()) else {
            return Ok(claimed);
        };
        match self.store.as_one_file(async |path| checkpoint.run(path).await).await.map_err(|error| error.to_string()) {
            Ok(Ok(())) => Ok(claimed),
            Ok(Err(what)) | Err(what) => {
                self.shared.halt.set(Stop::Checkpoint(what));
                let back = claimed.deliveries.iter().map(QueuedDelivery::put_back).collect();
                self.commit(back, None).await?;
                Ok(Claimed::default())
            }
        }
    }

    /// Finds readers further back in the queue, when the breaker has asked for them.
    async fn look_further(&mut self) -> Result<(), StoreError> {
        let shared = self.shared;
        for (way, from, suspects) in shared.take_looks() {
            let now = shared.clock.now();
            let moment = now.to_string();
            let found = patiently!(self.store, probes::find(self.store, &shared.jobs, from, &suspects, &moment));
            let claimed = self.commit(Vec::new(), Some(Wanted::These(found.waiting))).await?;
            shared.claimed(&claimed.deliveries);
            let probes = self.safe(claimed).await?.deliveries.into_iter().chain(found.claimed);
            let why = shared.ways[way].breaker().probe(probes.collect(), now);
            shared.stop(way, why);
        }
        Ok(())
    }

    async fn look_for_leavers(&mut self) -> Result<(), StoreError> {
        let (keys, moment) = (self.shared.claimed_keys(), Instant::now());
        let left =
            if keys.is_empty() { None } else { patiently!(self.store, self.store.leavers(keys.iter().copied())) };
        // What changed the list may be what came back.
        if left.is_some()
            && let Some(spike) = patiently!(self.store, self.store.spike())
        {
            self.shared.halt.set(Stop::Spike(spike.reason));
        }
        let left = left.unwrap_or_default();
        self.shared.have_left(left, moment);
        self.shared.ways.iter().for_each(|way| way.pace.share(self.store.senders()));
        self.shared.domains.share(self.store.senders());
        Ok(())
    }
}
