//! `newsletter.schedule`: the days and times of day at which `serve` publishes.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// The names of the days, Monday first.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Days and times of day in the zone of the site: `mon-fri 09:00`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    days: Days,
    /// At least one.
    times: BTreeSet<Time>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Days {
    All,
    OfWeek(BTreeSet<i8>),
    OfMonth(BTreeSet<i8>),
}

impl Schedule {
    /// Reads `DAYS TIME[, TIME…]`; DAYS is `daily`, or days of the week (`mon`, `mon,thu`, `mon-fri`) or of the month (`1`, `1,15`).
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim().to_lowercase();
        let (days, times) = text.split_once(' ').ok_or("needs a day and a time of day")?;
        let times = times.split(',').map(str::trim).map(time).collect::<Result<_, _>>()?;
        if days == "daily" {
            return Ok(Self { days: Days::All, times });
        }
        let parts: Vec<_> = days.split(',').collect();
        if parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_digit())) {
            let day = |part: &&str| part.parse().ok().filter(|day| (1..=31).contains(day));
            let days =
                parts.iter().map(day).collect::<Option<_>>().ok_or("has a day of the month that there is not")?;
            return Ok(Self { days: Days::OfMonth(days), times });
        }
        let mut days = BTreeSet::new();
        for part in parts {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (weekday(first)?, weekday(last)?);
            // `sat-mon` goes round.
            days.extend((0..=(last - first).rem_euclid(7)).map(|more| (first + more).rem_euclid(7)));
        }
        Ok(Self { days: Days::OfWeek(days), times })
    }

    /// The first moment of it after another. A time that the clocks leave out is as much later; of one that comes twice the first
    /// counts. `None` when no calendar goes so far.
    pub fn after(&self, moment: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let today = moment.to_zoned(zone.clone()).date();
        // A 31st comes within two months.
        let days = (0..70).filter_map(|more| today.checked_add(more.days()).ok()).filter(|day| self.has(*day));
        let moments = days.flat_map(|day| self.times.iter().map(move |time| day.to_datetime(*time)));
        moments
            .filter_map(|time| time.to_zoned(zone.clone()).ok())
            .map(|zoned| zoned.timestamp())
            .find(|at| *at > moment)
    }

    fn has(&self, day: Date) -> bool {
        match &self.days {
            Days::All => true,
            Days::OfWeek(days) => days.contains(&day.weekday().to_monday_zero_offset()),
            Days::OfMonth(days) => days.contains(&day.day()),
        }
    }
}

fn time(text: &str) -> Result<Time, String> {
    let parts = text.split_once(':').filter(|(_, minute)| minute.len() == 2);
    let parts = parts.and_then(|(hour, minute)| Some((hour.parse().ok()?, minute.parse().ok()?)));
    let time = parts.and_then(|(hour, minute)| Time::new(hour, minute, 0, 0).ok());
    time.ok_or_else(|| format!("has `{text}` where a time of day such as `09:00` is expected"))
}

/// Monday is 0.
fn weekday(text: &str) -> Result<i8, String> {
    let at = DAYS.iter().position(|day| text.len() >= 3 && text.starts_with(day) && is_rest(text, day));
    let at = at.and_then(|at| i8::try_from(at).ok());
    at.ok_or_else(|| format!("has `{text}` where a day such as `mon` is expected"))
}

/// True for the whole name of a day too.
fn is_rest(text: &str, day: &str) -> bool {
    let whole = |weekday: Weekday| format!("{weekday:?}").to_lowercase();
    text == day || Weekday::Monday.cycle_forward().take(7).any(|weekday| whole(weekday) == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::{only_problem, with};

    fn next(text: &str, after: &str) -> String {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let at = Schedule::parse(text).unwrap().after(after.parse().unwrap(), &zone).unwrap();
        at.to_zoned(zone).strftime("%a %F %H:%M").to_string()
    }

    #[test]
    fn the_next_moment_is_in_the_zone_of_the_site() {
        // A Saturday.
        let now = "2026-02-28T08:00:00Z";
        for (text, expected) in [
            ("mon 09:00", "Mon 2026-03-02 09:00"),
            ("Monday 9:00", "Mon 2026-03-02 09:00"),
            ("daily 09:00", "Sun 2026-03-01 09:00"),
            ("daily 09:00, 18:30", "Sat 2026-02-28 18:30"),
            ("sat 09:00", "Sat 2026-03-07 09:00"),
            ("sat 09:01", "Sat 2026-02-28 09:01"),
            ("mon-fri 07:30", "Mon 2026-03-02 07:30"),
            ("sat-mon 07:30", "Sun 2026-03-01 07:30"),
            ("tue,thu 07:30", "Tue 2026-03-03 07:30"),
            ("31 10:00", "Tue 2026-03-31 10:00"),
            ("1,15 10:00", "Sun 2026-03-01 10:00"),
        ] {
            assert_eq!(next(text, now), expected, "{text}");
        }
        // The clocks leave out 02:30 on that night, and have it twice on the other.
        assert_eq!(next("daily 02:30", "2026-03-28T12:00:00Z"), "Sun 2026-03-29 03:30");
        assert_eq!(next("daily 02:30", "2026-10-25T00:30:00Z"), "Mon 2026-10-26 02:30");
    }

    #[test]
    fn what_is_no_schedule_is_told() {
        for wrong in [
            "",
            "mon",
            "09:00",
            "mon 24:00",
            "mon 9",
            "mon 09:0",
            "munday 09:00",
            "0 09:00",
            "32 09:00",
            "mon-32 09:00",
            "mon 09:00,",
        ] {
            only_problem(&format!("[newsletter]\nschedule = '{wrong}'\n"));
        }
        assert!(with("[newsletter]\nschedule = 'mon 09:00'\n").unwrap().newsletter.schedule.is_some());
    }
}
