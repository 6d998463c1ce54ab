//! Work on all cores whose result does not depend on how many there are.

use std::num::NonZero;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// How long the work on one item takes, as against the start of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Some microseconds: a thread pays for many items.
    Light,
    /// A millisecond or so: a thread pays for a few.
    Heavy,
}

/// What `make` makes of each item, in the order of the items.
///
/// # Panics
/// When `make` panics.
pub(super) fn map<T: Sync, R: Send>(items: &[T], work: Work, make: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let (worth_a_thread, at_once) = match work {
        Work::Light => (64, 64),
        Work::Heavy => (4, 1),
    };
    let cores = thread::available_parallelism().map_or(1, NonZero::get).min(items.len() / worth_a_thread);
    if cores < 2 {
        return items.iter().map(make).collect();
    }
    let mut results: Vec<Option<R>> = items.iter().map(|_| None).collect();
    // Each takes the next few when it is done with the last: no core waits for another that has the longer posts.
    let queue = Mutex::new(items.chunks(at_once).zip(results.chunks_mut(at_once)));
    let work = || {
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((items, places)) = next else { break };
            for (item, place) in items.iter().zip(places) {
                *place = Some(make(item));
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..cores {
            scope.spawn(work);
        }
        work();
    });
    results.into_iter().map(|result| result.expect("every item was taken")).collect()
}

#[cfg(test)]
mod tests {
    use super::{Work, map};

    #[test]
    fn every_item_is_done_once_and_in_order() {
        for length in [0, 1, 7, 8, 127, 128, 1_001] {
            let items: Vec<usize> = (0..length).collect();
            let doubled: Vec<usize> = items.iter().map(|item| item * 2).collect();
            for work in [Work::Light, Work::Heavy] {
                assert_eq!(map(&items, work, |item| item * 2), doubled);
            }
        }
    }
}
