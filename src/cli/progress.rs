//! How deliveries are shown while they go on: a bar on a terminal, a line now and then elsewhere.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use super::ui::Ui;
use crate::model::DeliveryState;
use crate::publish::Watcher;

/// Below this number plain output shows only the end.
const WORTH_LINES: u64 = 100;

/// Shows how deliveries go on.
pub(super) struct Progress {
    quiet: bool,
    bar: Mutex<Option<ProgressBar>>,
    total: AtomicU64,
    done: AtomicU64,
    counts: Arc<Counts>,
}

/// How many deliveries have come to each state.
#[derive(Debug, Default)]
struct Counts([AtomicU64; DeliveryState::ALL.len()]);

impl Counts {
    fn of(&self, state: DeliveryState) -> &AtomicU64 {
        &self.0[state as usize]
    }

    /// `3 sent, 1 failed`
    fn as_text(&self) -> String {
        let words = DeliveryState::ALL.map(|state| {
            // What the server does not take because of the sender goes back into the queue.
            let word = if state == DeliveryState::Queued { "not taken" } else { state.as_str() };
            (self.of(state).load(Ordering::Relaxed), word.replace('_', " "))
        });
        let words = words.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
        words.collect::<Vec<_>>().join(", ")
    }
}

impl Progress {
    pub(super) fn new(quiet: bool) -> Self {
        Self { quiet, bar: Mutex::new(None), total: AtomicU64::new(0), done: AtomicU64::new(0), counts: Arc::default() }
    }

    fn with_bar(&self, act: impl FnOnce(&ProgressBar)) {
        if let Ok(bar) = self.bar.lock()
            && let Some(bar) = bar.as_ref()
        {
            act(bar);
        }
    }
}

impl Watcher for Progress {
    fn begin(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
        self.done.store(0, Ordering::Relaxed);
        self.counts.0.iter().for_each(|count| count.store(0, Ordering::Relaxed));
        if self.quiet {
            return;
        }
        let style =
            ProgressStyle::with_template("Sending {bar:30} {human_pos} of {human_len}  {rate}  {eta} left  {counts}");
        // A bar that cannot be drawn is no reason to stop.
        let rate = |state: &ProgressState, text: &mut dyn Write| {
            let _ = write!(text, "{:.0}/s", state.per_sec());
        };
        let counts = Arc::clone(&self.counts);
        let counts = move |_: &ProgressState, text: &mut dyn Write| {
            let _ = text.write_str(&counts.as_text());
        };
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(total).with_style(style.with_key("rate", rate).with_key("counts", counts));
        if let Ok(mut place) = self.bar.lock() {
            *place = Some(bar).filter(|bar| !bar.is_hidden());
        }
    }

    fn delivered(&self, state: DeliveryState) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.counts.of(state).fetch_add(1, Ordering::Relaxed);
        self.with_bar(|bar| bar.inc(1));
        let total = self.total.load(Ordering::Relaxed);
        let is_plain = self.bar.lock().is_ok_and(|bar| bar.is_none());
        if is_plain && !self.quiet && total >= WORTH_LINES && done.is_multiple_of(total.div_ceil(10)) {
            Ui::line(&format!("{done} of {total} messages handled."));
        }
    }

    fn end(&self) {
        self.with_bar(ProgressBar::finish_and_clear);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_the_messages_is_counted_by_state() {
        let progress = Progress::new(true);
        progress.begin(6);
        let states = [DeliveryState::InDoubt, DeliveryState::Sent, DeliveryState::Queued, DeliveryState::Sent];
        for state in states {
            progress.delivered(state);
        }
        assert_eq!(progress.counts.as_text(), "1 not taken, 2 sent, 1 in doubt");
        progress.begin(2);
        assert_eq!(progress.counts.as_text(), "");
    }
}
