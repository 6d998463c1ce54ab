//! Looks further back in the queue for readers to try before anything stops.

use std::collections::BTreeSet;

use super::breaker::{PROBES, RefusingDomains};
use crate::store::{DeliveryKey, Place, QueuedDelivery, Result, Store};

/// At so many places of the queue, from its end on, so many readers are looked at: a queue of any length costs the same.
const PLACES: i64 = 8;
const READERS: u32 = 128;

/// Readers behind `from` that were never tried: a few of the domain that refused most, and before them a few of other domains
/// when the server seems to refuse all readers.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn find(
    store: &mut Store,
    from: DeliveryKey,
    refusing: &RefusingDomains,
    now: &str,
) -> Result<Vec<QueuedDelivery>> {
    let Some(last) = store.last_fresh().await? else { return Ok(Vec::new()) };
    let first = if from.issue == last.issue { from.subscriber.min(last.subscriber) } else { 0 };
    let (mut elsewhere, mut same) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::from([from]);
    let mut domains = BTreeSet::new();
    for place in (0..PLACES).rev() {
        let subscriber = first + (last.subscriber - first) * place / PLACES;
        let after = Place { next_attempt_at: 0, attempts: 0, key: DeliveryKey { issue: last.issue, subscriber } };
        let mut readers = store.queued(after, now, READERS).await?;
        readers.retain(|job| job.place.is_fresh() && !seen.contains(&job.key()));
        let is_other = |job: &QueuedDelivery| !refusing.all.contains(domain(job)) && domain(job) != refusing.most;
        if refusing.is_general && elsewhere.len() < PROBES {
            let new = readers.iter().position(|job| is_other(job) && !domains.contains(domain(job)));
            if let Some(at) = new.or_else(|| readers.iter().position(is_other)) {
                let job = readers.swap_remove(at);
                domains.insert(domain(&job).to_owned());
                seen.insert(job.key());
                elsewhere.push(job);
            }
        }
        if same.len() < PROBES
            && let Some(at) = readers.iter().position(|job| domain(job) == refusing.most)
        {
            let job = readers.swap_remove(at);
            seen.insert(job.key());
            same.push(job);
        }
    }
    elsewhere.append(&mut same);
    Ok(elsewhere)
}

/// The domain of the reader, as it is stored: in lower-case ASCII.
pub(super) fn domain(job: &QueuedDelivery) -> &str {
    job.address.rsplit_once('@').map_or("", |(_, domain)| domain)
}
