//! When readers of other programs came, where that is certain.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// The moment that a cell names, in whole seconds: a date in the order year, month, day, with or without a time and a zone;
/// without a zone it is in UTC. Other orders, such as 03/04/2025, are not certain.
pub(super) fn moment(cell: &str) -> Option<Timestamp> {
    let bytes = cell.as_bytes();
    if !(10..=40).contains(&bytes.len()) || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return None;
    }
    // Go writes the name of the zone behind its offset.
    let go: Vec<&str> = cell.split(' ').collect();
    let has_both = go.len() == 4 && go[2].starts_with(['+', '-']);
    let cell = if has_both { cell.rsplit_once(' ').map_or(cell, |(time, _)| time) } else { cell };
    let in_utc = |time: DateTime| time.to_zoned(TimeZone::UTC).as_ref().map(Zoned::timestamp).ok();
    let text = cell.strip_suffix("UTC").map_or_else(|| cell.to_owned(), |time| format!("{}Z", time.trim_end()));
    // The blank before an offset, as in `2021-02-04 07:55:20 +0000`.
    let text = text.replace(" +", "+").replace(" -", "-");
    let time = text.parse::<Timestamp>().ok();
    let time = time.or_else(|| text.parse::<DateTime>().ok().and_then(in_utc));
    let time = time.or_else(|| text.parse::<Date>().ok().map(|day| day.at(0, 0, 0, 0)).and_then(in_utc))?;
    Timestamp::from_second(time.as_second()).ok()
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_moment_is_read_as_other_programs_write_it() {
        for (cell, expected) in [
            ("2018-08-27T15:06:27.713Z", "2018-08-27T15:06:27Z"),
            ("2023-03-24 10:23:10 UTC", "2023-03-24T10:23:10Z"),
            ("2018-02-12 10:54:27", "2018-02-12T10:54:27Z"),
            ("2021-02-04 07:55:20 +0100", "2021-02-04T06:55:20Z"),
            ("2023-05-01 10:00:00.123456 +0000 UTC", "2023-05-01T10:00:00Z"),
            ("2023-05-01 10:00:00 +0530 IST", "2023-05-01T04:30:00Z"),
            ("2026-07-20T23:06:19.807341000+00:00", "2026-07-20T23:06:19Z"),
            ("2024-01-05", "2024-01-05T00:00:00Z"),
        ] {
            assert_eq!(moment(cell).map(|time| time.to_string()).as_deref(), Some(expected), "{cell}");
        }
    }

    #[test]
    fn what_is_not_certain_is_not_read() {
        for cell in [
            "",
            "03/04/2025",
            "12 Mar 2024",
            "1520438067",
            "0000-00-00 00:00:00",
            "2024-13-01",
            "yesterday",
            "2024-01-05é",
        ] {
            assert_eq!(moment(cell), None, "{cell}");
        }
    }
}
