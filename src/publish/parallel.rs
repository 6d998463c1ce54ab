//! Work on all cores whose result does not depend on how many there are.

use std::num::NonZero;
use std::thread;

/// So few items are done sooner than a thread starts.
const WORTH_A_THREAD: usize = 64;

/// What `work` makes of each item, in the order of the items.
///
/// # Panics
/// When `work` panics.
pub(super) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get).min(items.len() / WORTH_A_THREAD);
    if cores < 2 {
        return items.iter().map(work).collect();
    }
    let work = &work;
    thread::scope(|scope| {
        let chunks = items.chunks(items.len().div_ceil(cores));
        let threads: Vec<_> =
            chunks.map(|chunk| scope.spawn(move || chunk.iter().map(work).collect::<Vec<R>>())).collect();
        let mut results = Vec::with_capacity(items.len());
        for thread in threads {
            match thread.join() {
                Ok(done) => results.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    })
}

#[cfg(test)]
mod tests {
    use super::map;

    #[test]
    fn every_item_is_done_once_and_in_order() {
        for length in [0, 1, 127, 128, 1_001] {
            let items: Vec<usize> = (0..length).collect();
            let doubled: Vec<usize> = items.iter().map(|item| item * 2).collect();
            assert_eq!(map(&items, |item| item * 2), doubled);
        }
    }
}
