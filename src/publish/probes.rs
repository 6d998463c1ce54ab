//! Looks further back in the queue for readers to try before anything stops.

use std::collections::BTreeSet;

use super::breaker::{PROBES, RefusingDomains};
use super::jobs::Jobs;
use crate::store::{DeliveryKey, Place, QueuedDelivery, Result, Store};

/// At so many places of the queue, from its end on, so many readers are looked at: a queue of any length costs the same.
const PLACES: i64 = 8;
const READERS: u32 = 128;

/// Readers to try.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Those that are in the queue.
    pub(super) waiting: Vec<DeliveryKey>,
    /// Those that were claimed, and no connection had.
    pub(super) claimed: Vec<QueuedDelivery>,
}

/// Whom to look for.
struct Search<'s> {
    suspects: &'s RefusingDomains,
    elsewhere: usize,
    same: usize,
    domains: BTreeSet<String>,
}

impl Search<'_> {
    fn is_elsewhere(&self, job: &QueuedDelivery) -> bool {
        !self.suspects.all.contains(domain(job)) && domain(job) != self.suspects.most
    }

    fn wants_elsewhere(&self) -> bool {
        self.suspects.is_general && self.elsewhere < PROBES
    }

    fn wants_same(&self) -> bool {
        self.same < PROBES
    }

    fn found_elsewhere(&mut self, job: &QueuedDelivery) {
        self.domains.insert(domain(job).to_owned());
        self.elsewhere += 1;
    }
}

/// Readers behind `from` that were never tried: a few of the domain that refused most, and before them a few of other domains
/// when the server seems to refuse all readers. Those who are furthest back come first, and those who were claimed last.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn find(
    store: &mut Store,
    jobs: &Jobs,
    from: DeliveryKey,
    suspects: &RefusingDomains,
    now: &str,
) -> Result<Found> {
    let mut search = Search { suspects, elsewhere: 0, same: 0, domains: BTreeSet::new() };
    let (mut elsewhere, mut same) = (Vec::new(), Vec::new());
    if let Some(last) = store.last_fresh().await? {
        let first = if from.issue == last.issue { from.subscriber.min(last.subscriber) } else { 0 };
        let mut seen = BTreeSet::from([from]);
        for place in (0..PLACES).rev() {
            let subscriber = first + (last.subscriber - first) * place / PLACES;
            let after = Place { next_attempt_at: 0, attempts: 0, key: DeliveryKey { issue: last.issue, subscriber } };
            let mut readers = store.queued(after, now, READERS).await?;
            readers.retain(|job| job.place.is_fresh() && !seen.contains(&job.key()));
            if search.wants_elsewhere() {
                let is_new = |job: &QueuedDelivery| search.is_elsewhere(job) && !search.domains.contains(domain(job));
                let new = readers.iter().position(is_new);
                if let Some(at) = new.or_else(|| readers.iter().position(|job| search.is_elsewhere(job))) {
                    let job = readers.swap_remove(at);
                    search.found_elsewhere(&job);
                    seen.insert(job.key());
                    elsewhere.push(job.key());
                }
            }
            if search.wants_same()
                && let Some(at) = readers.iter().position(|job| domain(job) == suspects.most)
            {
                let key = readers.swap_remove(at).key();
                search.same += 1;
                seen.insert(key);
                same.push(key);
            }
        }
    }
    let mut claimed = Vec::new();
    while search.wants_elsewhere() {
        let is_fresh_elsewhere = |job: &QueuedDelivery| job.place.is_fresh() && search.is_elsewhere(job);
        let new = jobs.pick(|job| is_fresh_elsewhere(job) && !search.domains.contains(domain(job)));
        let Some(job) = new.or_else(|| jobs.pick(is_fresh_elsewhere)) else { break };
        search.found_elsewhere(&job.queued);
        claimed.push(job.queued);
    }
    while search.wants_same()
        && let Some(job) = jobs.pick(|job| job.place.is_fresh() && domain(job) == suspects.most)
    {
        search.same += 1;
        claimed.push(job.queued);
    }
    elsewhere.append(&mut same);
    Ok(Found { waiting: elsewhere, claimed })
}

/// The domain of the reader, as it is stored: in lower-case ASCII.
pub(super) fn domain(job: &QueuedDelivery) -> &str {
    job.address.rsplit_once('@').map_or("", |(_, domain)| domain)
}
