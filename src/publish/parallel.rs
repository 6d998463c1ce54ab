//! Work on all cores whose results are taken in the order of the items, however many cores there are.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;

/// So many results may wait for an earlier one to be taken: one that takes long does not let the others fill the memory.
const WAITING: usize = 8;

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
    let parts: Vec<&[T]> = items.chunks(at_once).collect();
    let mut results = Vec::with_capacity(items.len());
    let make = |part: &&[T]| part.iter().map(&make).collect::<Vec<_>>();
    // All are kept, so none has to wait for another.
    let Ok(()) = run(&parts, items.len() / worth_a_thread, usize::MAX, make, |part| {
        results.extend(part);
        Ok::<_, Infallible>(())
    });
    results
}

/// Hands what `make` makes of each item to `take`, on this thread and in the order of the items, until there is an error.
/// Only a few results wait to be taken.
///
/// # Errors
/// The first of `take`.
///
/// # Panics
/// When `make` or `take` panics.
pub(super) fn each<T: Sync, R: Send, E>(
    items: &[T],
    make: impl Fn(&T) -> R + Sync,
    take: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    run(items, items.len(), WAITING, make, take)
}

/// [`each`] on at most so many threads, with so many results waiting.
fn run<T: Sync, R: Send, E>(
    items: &[T],
    threads: usize,
    waiting: usize,
    make: impl Fn(&T) -> R + Sync,
    mut take: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get).min(threads);
    if cores < 2 {
        return items.iter().try_for_each(|item| take(make(item)));
    }
    let next = AtomicUsize::new(0);
    let progress = Progress::default();
    thread::scope(|scope| {
        let (sender, results) = mpsc::channel();
        for _ in 0..cores {
            let sender = sender.clone();
            let (next, progress, make) = (&next, &progress, &make);
            scope.spawn(move || {
                let _stop_with_me = Stop(progress);
                loop {
                    // Each takes the next when it is done with the last: no core waits for another that has more to do.
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { return };
                    if !progress.wait_for_turn(at, waiting) || sender.send((at, make(item))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let _stop_with_me = Stop(&progress);
        let mut early = BTreeMap::new();
        let mut taken = 0;
        for (at, result) in results {
            early.insert(at, result);
            while let Some(result) = early.remove(&taken) {
                if let Err(error) = take(result) {
                    progress.stop();
                    return Err(error);
                }
                taken += 1;
                progress.taken(taken);
            }
        }
        Ok(())
    })
}

/// How many results were taken, and whether it goes on.
#[derive(Default)]
struct Progress {
    state: Mutex<(usize, bool)>,
    moved: Condvar,
}

impl Progress {
    fn state(&self) -> MutexGuard<'_, (usize, bool)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until not too many results would wait; false when no more are wanted.
    fn wait_for_turn(&self, at: usize, waiting: usize) -> bool {
        let is_early = |(taken, stopped): &mut (usize, bool)| !*stopped && at >= taken.saturating_add(waiting);
        let state = self.moved.wait_while(self.state(), is_early).unwrap_or_else(PoisonError::into_inner);
        !state.1
    }

    fn taken(&self, count: usize) {
        self.state().0 = count;
        self.moved.notify_all();
    }

    fn stop(&self) {
        self.state().1 = true;
        self.moved.notify_all();
    }
}

/// Ends the waiting for a thread that panics.
struct Stop<'p>(&'p Progress);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_result_is_taken_once_and_in_order() {
        for length in [0, 1, 2, 7, 8, 100, 127, 128, 1_001] {
            let items: Vec<usize> = (0..length).collect();
            let all: Vec<usize> = items.iter().map(|item| item * 2).collect();
            for work in [Work::Light, Work::Heavy] {
                assert_eq!(map(&items, work, |item| item * 2), all);
            }
            let mut doubled = Vec::new();
            let take = |result| {
                doubled.push(result);
                Ok::<_, ()>(())
            };
            let done = each(&items, |item| item * 2, take);
            assert_eq!((done, doubled), (Ok(()), all));
        }
    }

    #[test]
    fn not_many_results_wait_for_a_slow_one() {
        let items: Vec<usize> = (0..1_000).collect();
        let (made, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let make = |_: &usize| made.fetch_add(1, Ordering::SeqCst) - taken.load(Ordering::SeqCst);
        let mut ahead = 0;
        let take = |before: usize| {
            ahead = ahead.max(before);
            taken.fetch_add(1, Ordering::SeqCst);
            Ok::<_, ()>(())
        };
        each(&items, make, take).unwrap();
        assert!(ahead <= WAITING, "{ahead}");
    }

    #[test]
    fn an_error_ends_the_work() {
        let items: Vec<usize> = (0..1_000).collect();
        let made = AtomicUsize::new(0);
        let make = |item: &usize| {
            made.fetch_add(1, Ordering::SeqCst);
            *item
        };
        let take = |item| if item == 20 { Err("no more") } else { Ok(()) };
        assert_eq!(each(&items, make, take), Err("no more"));
        assert!(made.into_inner() <= 20 + 1 + WAITING);
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_panic_is_not_waited_for() {
        let items: Vec<usize> = (0..1_000).collect();
        each(&items, |item| assert_ne!(*item, 30), |()| Ok::<_, ()>(())).unwrap();
    }
}
