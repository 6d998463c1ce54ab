//! The only reader of the clock. Everything else takes the time as an argument.

use jiff::Timestamp;

/// The present moment, in whole seconds: mail and feed dates have no finer grain.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub fn now() -> Timestamp {
    whole_seconds(Timestamp::now())
}

/// A moment without its fraction of a second.
pub fn whole_seconds(moment: Timestamp) -> Timestamp {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment)
}

/// Where the time of a long-running command comes from: the clock, or the moment given with `--now`.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A fixed moment.
    Fixed(Timestamp),
}

impl Clock {
    /// The present moment according to this clock.
    pub fn now(self) -> Timestamp {
        match self {
            Self::System => now(),
            Self::Fixed(moment) => moment,
        }
    }

    /// Whether time goes on.
    pub fn is_running(self) -> bool {
        matches!(self, Self::System)
    }
}
