//! How deliveries are shown while they go on: a bar on a terminal, a line now and then elsewhere.

use std::fmt::Write;
use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

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
    trouble: AtomicU64,
}

impl Progress {
    pub(super) fn new(quiet: bool) -> Self {
        Self {
            quiet,
            bar: Mutex::new(None),
            total: AtomicU64::new(0),
            done: AtomicU64::new(0),
            trouble: AtomicU64::new(0),
        }
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
        self.trouble.store(0, Ordering::Relaxed);
        if self.quiet || !std::io::stderr().is_terminal() {
            return;
        }
        let style =
            ProgressStyle::with_template("Sending {bar:30} {human_pos} of {human_len}  {rate}  {eta} left  {msg}");
        let rate = |state: &ProgressState, text: &mut dyn Write| {
            // A bar that cannot be drawn is no reason to stop.
            let _ = write!(text, "{:.0}/s", state.per_sec());
        };
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).with_key("rate", rate);
        let bar = ProgressBar::new(total).with_style(style);
        if let Ok(mut place) = self.bar.lock() {
            *place = Some(bar);
        }
    }

    fn delivered(&self, state: DeliveryState) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if !matches!(state, DeliveryState::Sent | DeliveryState::Skipped) {
            let trouble = self.trouble.fetch_add(1, Ordering::Relaxed) + 1;
            self.with_bar(|bar| bar.set_message(format!("{trouble} with trouble")));
        }
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
