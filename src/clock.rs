//! The only reader of the clock. Everything else takes the time as an argument.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The present moment, in whole seconds: mail and feed dates have no finer grain.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub fn now() -> Timestamp {
    whole_seconds(Timestamp::now())
}

/// A moment without its fraction of a second.
pub fn whole_seconds(moment: Timestamp) -> Timestamp {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment)
}

/// A moment as people are told it everywhere, in the zone of the site: `2026-03-02 09:00:00 CET`. Programs get RFC 3339.
pub fn told(moment: Timestamp, zone: &TimeZone) -> String {
    moment.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
}

/// The same of a moment as the ledger writes it (RFC 3339); a text that is none stays.
pub fn told_of(recorded: &str, zone: &TimeZone) -> String {
    recorded.parse().map_or_else(|_| recorded.to_owned(), |moment| told(moment, zone))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_in_the_zone_of_the_site() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        assert_eq!(told_of("2026-07-01T23:30:05Z", &berlin), "2026-07-02 01:30:05 CEST");
        assert_eq!(told_of("2026-03-02T09:00:00Z", &TimeZone::UTC), "2026-03-02 09:00:00 UTC");
        assert_eq!(told_of("never", &berlin), "never");
    }
}
