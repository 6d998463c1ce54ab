//! What authors write for a date: the ISO family, RFC 2822 and its kin, dates in words.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use unicode_normalization::UnicodeNormalization as _;

use super::zone::{self, Zone};
use crate::config::{Config, DateOrder};

/// How a site reads what its dates leave open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conventions<'c> {
    /// The zone of a date without one.
    pub(crate) zone: &'c TimeZone,
    /// What `03/04/2025` means, if anything.
    pub(crate) order: Option<DateOrder>,
}

impl<'c> Conventions<'c> {
    /// As the configuration says.
    pub(crate) fn of(config: &'c Config) -> Self {
        Self { zone: &config.site.timezone, order: config.posts.date_order }
    }
}

/// A moment as an author wrote it.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    /// The instant, in the offset that was written or in the site's zone.
    pub(crate) at: Zoned,
    /// There was a day without a time.
    pub(crate) date_only: bool,
    /// What had to be forgiven, as a message.
    pub(crate) note: Option<String>,
}

impl Moment {
    /// When a file was written or first committed.
    pub(crate) fn of_file(at: Timestamp, zone: &TimeZone) -> Self {
        Self { at: at.to_zoned(zone.clone()), date_only: false, note: None }
    }
}

/// Why a text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateError {
    /// It does not look like one.
    NotADate,
    /// There is no such day.
    Impossible,
    /// Day and month cannot be told apart.
    Ambiguous,
}

/// The parts of a date before they are put together.
#[derive(Default)]
struct Parts {
    date: Option<Date>,
    time: Option<Time>,
    zone: Zone,
    note: Option<String>,
}

/// Reads a date; one without a zone is in the site's.
pub(crate) fn parse(text: &str, conventions: Conventions<'_>) -> Result<Moment, DateError> {
    let text = text.trim();
    let bare = text.trim_matches(['“', '”', '„', '‘', '’', '‚', '«', '»']).trim();
    let mut plain: String = bare.nfkc().collect();
    let mut note = (plain != bare).then(|| "this date is written in full-width characters".to_owned());
    if bare != text {
        note = Some("this date stands in curly quotes".to_owned());
    }
    if plain.contains("::") {
        plain = plain.replace("::", ":");
        note = Some("this date has a doubled colon".to_owned());
    }
    let mut parts = match numeric(&plain, conventions.order) {
        Err(DateError::NotADate) => words(&plain)?,
        other => other?,
    };
    let date = parts.date.ok_or(DateError::NotADate)?;
    // Feeds want years of four digits, and year 1 is how some programs write "none".
    if date.year() < 1000 {
        return Err(DateError::Impossible);
    }
    // The last days of the calendar, on which some park their drafts, are not in all zones.
    let date = date.min(Date::constant(9999, 12, 29));
    let civil = DateTime::from_parts(date, parts.time.unwrap_or_else(Time::midnight));
    let zone = match parts.zone {
        Zone::Fixed(offset) => TimeZone::fixed(offset),
        Zone::Named(zone) => zone,
        Zone::None => conventions.zone.clone(),
        Zone::Unknown(name) => {
            parts.note.get_or_insert_with(|| format!("the time zone `{name}` is not known; the site's is used"));
            conventions.zone.clone()
        }
    };
    let at = civil.to_zoned(zone).map_err(|_| DateError::Impossible)?;
    Ok(Moment { at, date_only: parts.time.is_none(), note: parts.note.or(note) })
}

/// `2025-1-31`, `2025/01/31 10:00`, `20250131T100000Z`, `2025年1月31日`, `31.1.2025`.
fn numeric(text: &str, order: Option<DateOrder>) -> Result<Parts, DateError> {
    let (first, rest) = number(text).ok_or(DateError::NotADate)?;
    if first.len() == 8 {
        return Ok(with_time(date(&first[..4], &first[4..6], &first[6..])?, rest));
    }
    let separator = rest.chars().next().filter(|c| "-/.年년".contains(*c)).ok_or(DateError::NotADate)?;
    // `2021. 6. 2.` and `2021년 6월 2일` have blanks.
    let next = |rest: &'_ str| -> Option<(String, usize)> {
        let blank = rest.len() - rest.trim_start_matches(' ').len();
        let (digits, _) = number(&rest[blank..])?;
        Some((digits.to_owned(), blank + digits.len()))
    };
    let rest = &rest[separator.len_utf8()..];
    let (second, length) = next(rest).ok_or(DateError::NotADate)?;
    let again = match separator {
        '年' => '月',
        '년' => '월',
        same => same,
    };
    let rest = rest[length..].strip_prefix(again).ok_or(DateError::NotADate)?;
    let (third, length) = next(rest).ok_or(DateError::NotADate)?;
    let rest = &rest[length..];
    let rest = rest.strip_prefix(['日', '일']).unwrap_or(rest);
    let rest = if separator == '.' { rest.strip_prefix('.').unwrap_or(rest) } else { rest };
    let (second, third) = (second.as_str(), third.as_str());
    if first.len() == 4 && second.len() <= 2 && third.len() <= 2 {
        return Ok(with_time(date(first, second, third)?, rest));
    }
    if third.len() != 4 || first.len() > 2 || second.len() > 2 {
        return Err(DateError::NotADate);
    }
    let (a, b) = (small(first), small(second));
    // With dots the day comes first everywhere.
    let (month, day) = match (a > 12, b > 12) {
        (true, true) => return Err(DateError::Impossible),
        (false, true) => (first, second),
        (false, false) if separator != '.' && a != b => match order {
            Some(DateOrder::MonthFirst) => (first, second),
            Some(DateOrder::DayFirst) => (second, first),
            None => return Err(DateError::Ambiguous),
        },
        _ => (second, first),
    };
    Ok(with_time(date(third, month, day)?, rest))
}

fn number(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

fn small(digits: &str) -> i8 {
    digits.parse().unwrap_or(i8::MAX)
}

fn date(year: &str, month: &str, day: &str) -> Result<Date, DateError> {
    let year = year.parse().map_err(|_| DateError::NotADate)?;
    Date::new(year, small(month), small(day)).map_err(|_| DateError::Impossible)
}

/// What follows a whole date: nothing, a time, a time and a zone; anything else is junk, and the day still counts.
fn with_time(date: Date, rest: &str) -> Parts {
    let mut parts = Parts { date: Some(date), ..Parts::default() };
    let rest = rest.trim_start_matches(['T', 't', ' ', '\t', ',', '_']).trim_end();
    if rest.is_empty() {
        return parts;
    }
    // `2025-01-31 18:30:22 2025 -0800` says the year twice.
    let year = date.year().to_string();
    if let Some((time, rest, forgiven)) = clock(rest)
        && let Some(zone) = zone::parse(rest.trim().trim_start_matches(&year).trim())
    {
        (parts.time, parts.zone, parts.note) = (Some(time), zone, forgiven);
    } else if let Some(zone @ (Zone::Fixed(_) | Zone::Named(_))) = zone::parse(rest) {
        parts.zone = zone;
    } else {
        parts.note = Some(format!("`{rest}` after the date makes no sense; only the day counts"));
    }
    parts
}

/// `10:00`, `10:00:30.5`, `100030`, `6:00 PM`, `21点21分`; also returns what follows and what had to be forgiven.
fn clock(text: &str) -> Option<(Time, &str, Option<String>)> {
    let (hour, mut rest) = number(text)?;
    let mut fields = [0_i8; 3];
    let mut note = None;
    if matches!(hour.len(), 4 | 6) {
        for (field, at) in fields.iter_mut().zip((0..hour.len()).step_by(2)) {
            *field = small(&hour[at..at + 2]);
        }
    } else {
        if hour.len() > 2 {
            return None;
        }
        fields[0] = small(hour);
        let mut count = 1;
        while let Some((digits, after)) = rest.strip_prefix([':', '点', '時', '时', '分', '秒']).and_then(number) {
            match fields.get_mut(count) {
                Some(field) => *field = small(digits),
                None => note = Some("this time has a part too many".to_owned()),
            }
            count += 1;
            rest = after;
        }
        rest = rest.trim_start_matches(['分', '秒', '点', '時', '时']);
        let lower = rest.trim_start().to_ascii_lowercase();
        // `America/Chicago` begins like a mark.
        let is_mark = |mark: &&str| lower.strip_prefix(mark).is_some_and(|rest| !rest.starts_with(char::is_alphabetic));
        let marked = ["am", "pm", "a.m.", "p.m."].into_iter().find(is_mark);
        if count == 1 && marked.is_none() && text.len() == hour.len() + rest.len() {
            return None;
        }
        if let Some(mark) = marked {
            if !(1..=12).contains(&fields[0]) {
                return None;
            }
            fields[0] = fields[0] % 12 + if mark.starts_with('p') { 12 } else { 0 };
            rest = &rest.trim_start()[mark.len()..];
        }
    }
    let mut nanoseconds = 0;
    if let Some((digits, after)) = rest.strip_prefix(['.', ',']).and_then(number) {
        nanoseconds = format!("{digits:0<9}")[..9].parse().ok()?;
        rest = after;
    }
    if fields[2] > 59 {
        fields[2] = 59;
        note = Some("this time has more than 59 seconds".to_owned());
    }
    Time::new(fields[0], fields[1], fields[2], nanoseconds).ok().map(|time| (time, rest, note))
}

/// `Fri, 31 Jan 2025 10:00:00 +0100`, `31 January 2025`, `January 31, 2025`, `Fri Jan 31 10:00:00 CET 2025`,
/// `Fri Jan 31 2025 10:00:00 GMT+0100 (Central European Time)`.
fn words(text: &str) -> Result<Parts, DateError> {
    let text = text.split('(').next().unwrap_or_default().replace(',', " ");
    let (mut day, mut month, mut year) = (None, None, None);
    let mut parts = Parts::default();
    let mut tokens = text.split_whitespace().peekable();
    while let Some(token) = tokens.next() {
        let digits = token.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '.');
        let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        let ordinal = matches!(&*token[digits.len()..].to_ascii_lowercase(), "" | "st" | "nd" | "rd" | "th" | ".");
        if is_number && ordinal && digits.len() <= 2 && day.is_none() {
            day = Some(digits);
        } else if is_number && digits.len() == 4 && token.len() == 4 && year.is_none() {
            year = Some(digits);
        } else if let Some(at) = place_in(MONTHS, token).filter(|_| month.is_none()) {
            month = Some((at + 1).to_string());
        } else if place_in(WEEKDAYS, token).is_some()
            || token.eq_ignore_ascii_case("at")
            || token.eq_ignore_ascii_case("of")
        {
        } else if parts.time.is_none() && token.as_bytes()[0].is_ascii_digit() {
            let mark = tokens.next_if(|next| matches!(&*next.to_ascii_lowercase(), "am" | "pm" | "a.m." | "p.m."));
            let joined = format!("{token}{}", mark.unwrap_or_default());
            let (time, rest, note) = clock(&joined).ok_or(DateError::NotADate)?;
            (parts.time, parts.note) = (Some(time), note);
            if !rest.is_empty() {
                parts.zone = zone::parse(rest).ok_or(DateError::NotADate)?;
            }
        } else if parts.time.is_some() && matches!(parts.zone, Zone::None) {
            parts.zone = zone::parse(token).ok_or(DateError::NotADate)?;
        } else {
            return Err(DateError::NotADate);
        }
    }
    let (Some(day), Some(month), Some(year)) = (day, month, year) else { return Err(DateError::NotADate) };
    parts.date = Some(date(year, &month, day)?);
    Ok(parts)
}

const MONTHS: &str = "january february march april may june july august september october november december";

const WEEKDAYS: &str = "monday tuesday wednesday thursday friday saturday sunday";

/// Which of these names a word is, or the beginning of, from 0.
fn place_in(names: &str, word: &str) -> Option<usize> {
    let word = word.trim_end_matches('.').to_lowercase();
    names.split(' ').position(|name| word.len() >= 3 && name.starts_with(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        match parse(text, Conventions { zone: &zone, order: None }) {
            Ok(moment) => {
                let marks = [(moment.date_only, " day"), (moment.note.is_some(), " note")];
                let marks: String = marks.into_iter().filter(|(on, _)| *on).map(|(_, mark)| mark).collect();
                format!("{}{marks}", moment.at.strftime("%Y-%m-%dT%H:%M:%S%:z"))
            }
            Err(fault) => format!("{fault:?}"),
        }
    }

    #[test]
    fn r9_the_iso_family_is_read() {
        for (text, expected) in [
            ("2025-06-23", "2025-06-23T00:00:00+02:00 day"),
            ("2025/6/3", "2025-06-03T00:00:00+02:00 day"),
            ("2025.06.23", "2025-06-23T00:00:00+02:00 day"),
            ("20250623", "2025-06-23T00:00:00+02:00 day"),
            ("2025-01-31 22:13", "2025-01-31T22:13:00+01:00"),
            ("2025-01-31 6:05:09", "2025-01-31T06:05:09+01:00"),
            ("2025-01-31T10:00:00.000Z", "2025-01-31T10:00:00+00:00"),
            ("2025-01-31T23:30:00-05:00", "2025-01-31T23:30:00-05:00"),
            ("2025-01-31 10:00:00 +0000", "2025-01-31T10:00:00+00:00"),
            ("2025-01-31 10:00:00.000000000 +09:00", "2025-01-31T10:00:00+09:00"),
            ("2025-01-31 10:00 -4", "2025-01-31T10:00:00-04:00"),
            ("2025-01-31 10:00:00 UTC", "2025-01-31T10:00:00+00:00"),
            ("2025-01-31 10:00 PM", "2025-01-31T22:00:00+01:00"),
            ("2025-01-31 12:00 a.m. EST", "2025-01-31T00:00:00-05:00"),
            ("20250131T100030Z", "2025-01-31T10:00:30+00:00"),
            ("2025-01-31 18:30:22 2025 -0800", "2025-01-31T18:30:22-08:00"),
            ("2025-01-31 +0900", "2025-01-31T00:00:00+09:00 day"),
            ("2025년 3월 18일 21:21", "2025-03-18T21:21:00+01:00"),
            ("2021. 6. 2.", "2021-06-02T00:00:00+02:00 day"),
            ("31. 1. 2025", "2025-01-31T00:00:00+01:00 day"),
            ("2026-01-02 10:00 America/Chicago", "2026-01-02T10:00:00-06:00"),
            ("9999-12-31", "9999-12-29T00:00:00+01:00 day"),
            ("2025年3月18日 21点21分", "2025-03-18T21:21:00+01:00"),
            ("2025年3月18日", "2025-03-18T00:00:00+01:00 day"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn dates_in_words_are_read() {
        for (text, expected) in [
            ("Fri, 31 Jan 2025 14:56:04 GMT", "2025-01-31T14:56:04+00:00"),
            ("31 Jan 2025 14:56 +0530", "2025-01-31T14:56:00+05:30"),
            ("27 February 2025", "2025-02-27T00:00:00+01:00 day"),
            ("July 4, 2025", "2025-07-04T00:00:00+02:00 day"),
            ("Jul 08 2025", "2025-07-08T00:00:00+02:00 day"),
            ("Sept. 3rd, 2025 at 5pm", "2025-09-03T17:00:00+02:00"),
            ("Fri Sep  3 11:21:31 CEST 2025", "2025-09-03T11:21:31+02:00"),
            ("Fri Nov 24 2025 11:49:41 GMT+0100 (Central European Time)", "2025-11-24T11:49:41+01:00"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn small_slips_are_forgiven_with_a_note() {
        for (text, expected) in [
            ("2025-01-31 21:43:79", "2025-01-31T21:43:59+01:00 note"),
            ("2025-01-31 00:10::00 -03:00", "2025-01-31T00:10:00-03:00 note"),
            ("2025-01-31 17:31:22:02", "2025-01-31T17:31:22+01:00 note"),
            ("2025-01-31c", "2025-01-31T00:00:00+01:00 day note"),
            ("2025-01-31 25:00", "2025-01-31T00:00:00+01:00 day note"),
            ("2025-01-31 10:00 XYZT", "2025-01-31T10:00:00+01:00 note"),
            ("２０２５-01-31 13：00：00", "2025-01-31T13:00:00+01:00 note"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn a_day_that_cannot_be_told_from_a_month_is_never_guessed() {
        assert_eq!(read("03/04/2025"), "Ambiguous");
        assert_eq!(read("31/12/2025"), "2025-12-31T00:00:00+01:00 day");
        assert_eq!(read("12/31/2025"), "2025-12-31T00:00:00+01:00 day");
        assert_eq!(read("3.4.2025"), "2025-04-03T00:00:00+02:00 day");
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "now",
            "Last Modified",
            "{{date}}",
            "Invalid Date",
            "2025",
            "2025-06",
            "10:00",
            "maybe 3",
            "1.10",
            "-",
            "年",
        ] {
            assert_eq!(read(text), "NotADate", "{text}");
        }
        for text in ["2025-02-29", "2025-13-01", "0001-01-01T00:00:00Z", "30 February 2025", "0000-00-00"] {
            assert_eq!(read(text), "Impossible", "{text}");
        }
    }

    #[test]
    fn midnight_that_a_clock_change_skips_is_the_first_instant_of_the_day() {
        let zone = TimeZone::get("America/Sao_Paulo").unwrap();
        let moment = parse("2018-11-04", Conventions { zone: &zone, order: None }).unwrap();
        assert_eq!(moment.at.strftime("%Y-%m-%dT%H:%M").to_string(), "2018-11-04T01:00");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_grammar_panic(text in "\\PC{0,40}", shaped in "[0-9]{1,4}[-/.:年 ]{0,2}[0-9]{0,4}[-/.:月T ]{0,2}[0-9a-zA-Z:.+ -]{0,20}") {
            let _ = parse(&text, Conventions { zone: &TimeZone::UTC, order: None });
            let _ = parse(&shaped, Conventions { zone: &TimeZone::UTC, order: None });
        }
    }
}
