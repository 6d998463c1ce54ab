//! Counts of what was asked and answered. No reader is in them.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use axum::http::StatusCode;
use jiff::Timestamp;

use crate::store::Asked;

/// What became of wishes to join, with its number in [`Metrics::asked`].
pub(super) const ASKED: [(&str, Asked); 5] = [
    ("letter", Asked::Letter),
    ("known", Asked::Known),
    ("enough", Asked::Enough),
    ("barred", Asked::Barred),
    ("busy", Asked::Busy),
];

/// Counts since the start.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    pub(super) answers: [AtomicU64; 5],
    pub(super) asked: [AtomicU64; ASKED.len()],
    pub(super) limited: AtomicU64,
    pub(super) joined: AtomicU64,
    pub(super) left: AtomicU64,
    pub(super) returned: AtomicU64,
    /// The hour in which it was told that no more letters leave.
    busy_hour: AtomicI64,
}

impl Metrics {
    pub(super) fn answered(&self, status: StatusCode) {
        add(&self.answers[usize::from(status.as_u16() / 100).clamp(1, 5) - 1]);
    }

    pub(super) fn asked(&self, asked: Asked) {
        if let Some(at) = ASKED.iter().position(|(_, it)| *it == asked) {
            add(&self.asked[at]);
        }
    }

    pub(super) fn limited(&self) {
        add(&self.limited);
    }

    pub(super) fn joined(&self) {
        add(&self.joined);
    }

    pub(super) fn left(&self) {
        add(&self.left);
    }

    pub(super) fn returned(&self) {
        add(&self.returned);
    }

    /// True once an hour.
    pub(super) fn is_first_busy(&self, now: Timestamp) -> bool {
        let hour = now.as_second() / 3_600;
        self.busy_hour.swap(hour, Ordering::Relaxed) != hour
    }
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
