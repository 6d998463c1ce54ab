//! The zone behind a time: an offset, a name of RFC 822 and its cousins, or an IANA name.

use jiff::tz::{Offset, TimeZone};

use super::super::names::NAMES;

/// The zone behind a time.
#[derive(Debug, Default)]
pub(crate) enum Zone {
    /// Nothing.
    #[default]
    None,
    /// An offset, or a name that means one.
    Fixed(Offset),
    /// An IANA name.
    Named(TimeZone),
    /// An unknown name.
    Unknown(String),
}

/// Reads a zone; `None` when the text is none.
pub(crate) fn parse(text: &str) -> Option<Zone> {
    let text = text.split('(').next().unwrap_or_default().trim();
    if text.is_empty() {
        return Some(Zone::None);
    }
    // `10:00+01:00[Europe/Berlin]` (RFC 9557) and `GMT+0100`: the offset says it all.
    let text = text
        .split_once('[')
        .map_or(text, |(offset, name)| if offset.is_empty() { name.trim_end_matches(']') } else { offset });
    let lower = text.to_ascii_lowercase();
    let bare = ["gmt", "utc"].iter().find_map(|name| lower.strip_prefix(name).map(str::trim)).unwrap_or(&lower);
    if let Some(offset) = offset(bare) {
        return Some(Zone::Fixed(offset));
    }
    if let Some(minutes) = NAMES.zones.get(&lower) {
        return Offset::from_seconds(minutes * 60).ok().map(Zone::Fixed);
    }
    if text.contains('/')
        && let Ok(zone) = TimeZone::get(text)
    {
        return Some(Zone::Named(zone));
    }
    let looks_like_a_name = text.len() <= 40 && text.bytes().all(|b| b.is_ascii_alphabetic() || b"/_".contains(&b));
    looks_like_a_name.then(|| Zone::Unknown(text.to_owned()))
}

/// `+01:00`, `+0100`, `+01`, `-4`.
fn offset(text: &str) -> Option<Offset> {
    let (sign, digits) = match text.chars().next()? {
        '+' => (1, &text[1..]),
        '-' => (-1, &text[1..]),
        '−' => (-1, &text['−'.len_utf8()..]),
        _ => return None,
    };
    let digits = digits.replacen(':', "", 1);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.as_str(), "0"),
        3 => digits.split_at(1),
        4 => digits.split_at(2),
        _ => return None,
    };
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<i32> {
        match parse(text) {
            Some(Zone::Fixed(offset)) => Some(offset.seconds()),
            _ => None,
        }
    }

    #[test]
    fn offsets_of_every_length_are_read() {
        assert_eq!(seconds("+05:30"), Some(19_800));
        assert_eq!(seconds("-0300"), Some(-10_800));
        assert_eq!(seconds("-4"), Some(-14_400));
        assert_eq!(seconds("GMT+0100 (Central European Time)"), Some(3_600));
        assert_eq!(seconds("+01:00[Europe/Berlin]"), Some(3_600));
        assert_eq!(seconds("KST"), Some(32_400));
    }

    #[test]
    fn an_iana_name_is_a_zone_and_junk_is_not() {
        assert!(matches!(parse("Europe/Berlin"), Some(Zone::Named(_))));
        assert!(matches!(parse("XYZ"), Some(Zone::Unknown(_))));
        assert!(parse("+99:00").is_none() && parse("{{x}}").is_none() && parse("a b c").is_none());
    }
}
