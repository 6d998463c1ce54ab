//! Dates in the three notations of feeds, always in the offset that the author wrote.
//!
//! RFC 822 knows neither fractions of a second nor of a minute of offset, so no format gets them: all must agree.

use chrono::{DateTime, FixedOffset, Offset as _, Utc};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};

/// `Mon, 23 Jun 2025 00:00:00 +0200` (RFC 822 with the four-digit years of RFC 1123 and a numeric zone). Some readers, and
/// the W3C validator, know zones of whole and half hours only: Nepal's time (+0545) is written as the same moment in UTC.
pub(super) fn rfc822(date: &Zoned) -> String {
    let date = whole(date);
    let is_half_hours = date.offset().seconds() % 1800 == 0;
    let date = if is_half_hours { date } else { date.with_time_zone(TimeZone::UTC) };
    date.strftime("%a, %d %b %Y %H:%M:%S %z").to_string()
}

/// `2025-06-23T00:00:00+02:00` (RFC 3339).
pub(super) fn rfc3339(date: &Zoned) -> String {
    whole(date).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// The same moment and offset as the type that `atom_syndication` wants.
pub(super) fn fixed(date: &Zoned) -> DateTime<FixedOffset> {
    let date = whole(date);
    let offset = FixedOffset::east_opt(date.offset().seconds()).unwrap_or(Utc.fix());
    DateTime::from_timestamp(date.timestamp().as_second(), 0).unwrap_or_default().with_timezone(&offset)
}

/// Whole seconds, and an offset of whole minutes below a day (RFC 3339 §5.6): before 1940 many zones had others
/// (Amsterdam +00:19:32), and an author may write any.
fn whole(date: &Zoned) -> Zoned {
    let seconds = date.offset().seconds() / 60 * 60;
    let offset = Offset::from_seconds(seconds).ok().filter(|_| seconds.abs() < 86_400).unwrap_or(Offset::UTC);
    let moment = Timestamp::from_second(date.timestamp().as_second()).unwrap_or(date.timestamp());
    moment.to_zoned(TimeZone::fixed(offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(date: &str) -> (String, String, String) {
        let date: Zoned = date.parse().unwrap();
        (rfc822(&date), rfc3339(&date), fixed(&date).to_rfc3339())
    }

    #[test]
    fn a_date_keeps_the_offset_it_was_written_with() {
        let (rfc822, rfc3339, atom) = written("2025-06-23T08:05:00+05:30[+05:30]");
        assert_eq!(rfc822, "Mon, 23 Jun 2025 08:05:00 +0530");
        assert_eq!(rfc3339, "2025-06-23T08:05:00+05:30");
        assert_eq!(atom, rfc3339);
        assert_eq!(written("2025-01-05T00:00:00[UTC]").0, "Sun, 05 Jan 2025 00:00:00 +0000");
        assert_eq!(written("2025-01-05T00:00:00[America/St_Johns]").1, "2025-01-05T00:00:00-03:30");
    }

    #[test]
    fn fractions_are_dropped_in_every_format() {
        assert_eq!(written("2025-06-23T08:05:09.999[UTC]").1, "2025-06-23T08:05:09+00:00");
        let (rfc822, rfc3339, atom) = written("1900-01-01T12:00:00[Europe/Amsterdam]");
        assert!(rfc822.ends_with(" +0000"), "{rfc822}");
        assert_eq!(atom, rfc3339);
    }

    #[test]
    fn an_offset_of_odd_minutes_is_written_only_where_every_reader_knows_it() {
        let (rfc822, rfc3339, _) = written("2025-06-23T01:00:00[Asia/Kathmandu]");
        assert_eq!(rfc822, "Sun, 22 Jun 2025 19:15:00 +0000");
        assert_eq!(rfc3339, "2025-06-23T01:00:00+05:45");
    }

    #[test]
    fn an_offset_of_more_than_a_day_becomes_utc() {
        assert_eq!(written("2025-06-23T08:05:00+25:00[+25:00]").1, "2025-06-22T07:05:00+00:00");
    }
}
