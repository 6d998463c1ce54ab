//! Single values: dates, addresses, media types, languages. Each check says what is wrong as half a sentence, or nothing.

use std::ops::Range;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

use crate::model::uri_fault;

use super::findings::Findings;
use super::garbled::garbled;
use super::rules::{ADDRESS, CHARACTERS, DATE, EMAIL, FAR_DATE, LANGUAGE, MEDIA_TYPE, NO_NAME, ODD_DATE};

/// A day, which clocks may differ by.
const SKEW: i64 = 24 * 60 * 60;

/// How dates are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notation {
    /// RFC 822 with four digits for the year (RSS).
    Mail,
    /// RFC 3339.
    Internet,
}

/// Looks at a date; returns the moment it stands for.
pub(super) fn date(
    text: &str,
    notation: Notation,
    at: Range<usize>,
    now: Timestamp,
    findings: &mut Findings<'_>,
) -> Option<Timestamp> {
    let shown = shown(text);
    let moment = match notation {
        Notation::Internet => internet_date(text),
        Notation::Mail => rfc2822::DateTimeParser::new().parse_timestamp(text).ok().filter(|_| text.is_ascii()),
    };
    let Some(moment) = moment else {
        let is_old_form = notation == Notation::Mail && has_two_digit_year(text);
        let rule = if is_old_form { &ODD_DATE } else { &DATE };
        findings.add(rule, at, format!("not a date as readers expect it: `{shown}`"));
        return None;
    };
    if notation == Notation::Mail && !is_plain_mail_date(text) {
        findings.add(&ODD_DATE, at, format!("not every reader understands `{shown}`"));
    } else if moment.as_second() > now.as_second() + SKEW || moment.as_second() < 0 {
        findings.add(&FAR_DATE, at, format!("`{shown}` is far away"));
    }
    Some(moment)
}

/// RFC 3339 as RFC 4287 §3.3 wants it: upper case, seconds and zone.
fn internet_date(text: &str) -> Option<Timestamp> {
    let digits: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let rest = digits.strip_prefix("0000-00-00T00:00:00")?;
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches('0'),
        None => rest,
    };
    matches!(zone, "Z" | "+00:00" | "-00:00").then(|| text.parse().ok()).flatten()
}

/// `Sat, 31 Jan 2026 09:00:00 +0000`, with single blanks and capitals, the day of the week and the seconds optional.
fn is_plain_mail_date(text: &str) -> bool {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    const ZONES: [&str; 11] = ["UT", "GMT", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT", "Z"];
    let rest = match text.split_once(", ") {
        Some((day, rest)) if ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].contains(&day) => rest,
        Some(_) => return false,
        None => text,
    };
    let [day, month, year, time, zone] = rest.split(' ').collect::<Vec<_>>()[..] else { return false };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let is_offset = |zone: &str| zone.len() == 5 && zone.starts_with(['+', '-']) && digits(&zone[1..]);
    (1..=2).contains(&day.len())
        && MONTHS.contains(&month)
        && year.len() == 4
        && matches!(time.len(), 5 | 8)
        && (ZONES.contains(&zone) || is_offset(zone))
}

/// What RFC 822 itself asked for.
fn has_two_digit_year(text: &str) -> bool {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let year = words.iter().position(|word| word.contains(':')).and_then(|time| words.get(time.checked_sub(1)?));
    let Some(year) = year.filter(|year| year.len() == 2 && year.bytes().all(|b| b.is_ascii_digit())) else {
        return false;
    };
    let whole = text.replacen(&format!(" {year} "), &format!(" 20{year} "), 1);
    rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(&whole).is_ok()
}

/// Looks at an address that has to be whole; true when it is.
pub(super) fn address(text: &str, at: Range<usize>, findings: &mut Findings<'_>) -> bool {
    let problem = if let Some(problem) = bad_characters(text) {
        Some(problem)
    } else if let Some(fault) = uri_fault(text) {
        Some(fault.to_owned())
    } else if !has_scheme(text) {
        Some("not a whole address".to_owned())
    } else {
        None
    };
    let is_sound = problem.is_none();
    if let Some(problem) = problem {
        findings.add(&ADDRESS, at, format!("{problem}: `{}`", shown(text)));
    }
    is_sound
}

/// Looks at an address that may be relative.
pub(super) fn reference(text: &str, at: Range<usize>, findings: &mut Findings<'_>) {
    if has_scheme(text) {
        address(text, at, findings);
    } else if let Some(problem) = bad_characters(text) {
        findings.add(&ADDRESS, at, format!("{problem}: `{}`", shown(text)));
    }
}

/// RFC 3986 §3.1
pub(super) fn has_scheme(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, rest)| {
        !rest.is_empty()
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    })
}

/// RFC 3986 §2
fn bad_characters(text: &str) -> Option<String> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || ";/?:@&=+$.-_!~*'()%,#[]".contains(c);
    let bad = text.chars().find(|c| !is_allowed(*c))?;
    Some(if bad.is_whitespace() { "a blank in an address".to_owned() } else { format!("`{bad}` in an address") })
}

/// `ada@example.org` (RFC 5322 §3.4.1, as people write it).
pub(super) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let is_local = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let is_label =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
    !local.is_empty() && local.chars().all(is_local) && domain.split('.').all(is_label)
}

/// `ada@example.org (Ada)`, as RSS wants it for people.
pub(super) fn rss_person(text: &str, at: Range<usize>, findings: &mut Findings<'_>) {
    let text = text.trim();
    let text = text.strip_prefix("mailto:").unwrap_or(text);
    let (email, name) = match text.split_once(" (") {
        Some((email, name)) if name.ends_with(')') => (email, true),
        _ => (text, false),
    };
    let email = email.rsplit_once('<').and_then(|(_, rest)| rest.strip_suffix('>')).unwrap_or(email);
    if !is_email(email) {
        findings.add(&EMAIL, at, format!("no e-mail address: `{}`", shown(text)));
    } else if !name {
        findings.add(&NO_NAME, at, format!("an e-mail address without the name of its owner: `{}`", shown(text)));
    }
}

/// BCP 47, as far as its form goes.
pub(super) fn language(text: &str, at: Range<usize>, findings: &mut Findings<'_>) {
    let mut parts = text.split('-');
    let primary = parts.next().unwrap_or_default();
    let is_part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let is_sound = (matches!(primary.len(), 2 | 3) && primary.bytes().all(|b| b.is_ascii_alphabetic())
        || matches!(primary, "x" | "i"))
        && parts.all(is_part);
    if !is_sound {
        findings.add(&LANGUAGE, at, format!("no language: `{}`", shown(text)));
    }
}

/// RFC 2045 §5.1; true when it is one.
pub(super) fn media_type(text: &str, at: Range<usize>, findings: &mut Findings<'_>) -> bool {
    let is_token =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b));
    let essence = text.split(';').next().unwrap_or_default().trim();
    let is_sound = essence.split_once('/').is_some_and(|(kind, rest)| is_token(kind) && is_token(rest));
    if !is_sound {
        findings.add(&MEDIA_TYPE, at, format!("no media type: `{}`", shown(text)));
    }
    is_sound
}

/// Characters that are left of a text that was read in the wrong encoding, and those that cannot be shown.
pub(super) fn characters(text: &str, at: Range<usize>, findings: &mut Findings<'_>) {
    let is_bad = |c: &char| matches!(c, '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{FFFD}') && !"\t\n\r".contains(*c);
    let Some(bad) = text.chars().find(is_bad) else { return };
    let number = u32::from(bad);
    let forms = [bad.to_string(), format!("\\u{number:04x}"), format!("\\u{number:04X}")];
    let message = if number < 0x80 {
        format!("the control character U+{number:04X}, which cannot be shown")
    } else {
        format!("the character U+{number:04X} stands for one that was lost")
    };
    let place = |findings: &Findings<'_>| forms.iter().find_map(|form| findings.within_range(&at, form));
    findings.add_at(&CHARACTERS, |findings| place(findings).unwrap_or_else(|| at.clone()), message);
}

/// Plain text that was read in the wrong encoding.
pub(super) fn garbling(text: &str, at: &Range<usize>, findings: &mut Findings<'_>) {
    if let Some(part) = garbled(text) {
        let place = |findings: &Findings<'_>| findings.within_range(at, part).unwrap_or_else(|| at.clone());
        findings.add_at(&CHARACTERS, place, format!("`{part}` is a character that was read in the wrong encoding"));
    }
}

/// A value as a message shows it.
pub(super) fn shown(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(check: impl FnOnce(&mut Findings<'_>)) -> Vec<&'static str> {
        let sound = crate::feed::lint::Sound::default();
        let mut findings = Findings::new("feed.xml", "x", &sound);
        check(&mut findings);
        findings.finish().into_iter().map(|found| found.code).collect()
    }

    #[test]
    fn dates_are_those_that_every_reader_understands() {
        let now = "2026-01-31T09:00:00Z".parse().unwrap();
        let mail = |text: &str| {
            codes(|found| {
                date(text, Notation::Mail, 0..1, now, found);
            })
        };
        for good in ["Sat, 31 Jan 2026 09:00:00 +0000", "31 Jan 2026 09:00 GMT", "Sat, 31 Jan 2026 09:00:00 EST"] {
            assert_eq!(mail(good), [""; 0], "{good}");
        }
        for (bad, code) in [
            ("2026-01-31T09:00:00Z", "feed/date"),
            ("Mon, 31 Jan 2026 09:00:00 +0000", "feed/date"),
            ("Sat, 31 Foo 2026 09:00:00 +0000", "feed/date"),
            ("Sat, 31 Jan 26 09:00:00 +0000", "feed/odd-date"),
            ("Sat, 31 Jan 2126 09:00:00 +0000", "feed/date"),
            ("Thu, 31 Jan 2126 09:00:00 +0000", "feed/far-date"),
            ("", "feed/date"),
        ] {
            assert_eq!(mail(bad), [code], "{bad}");
        }
        let internet = |text: &str| {
            codes(|found| {
                date(text, Notation::Internet, 0..1, now, found);
            })
        };
        for good in ["2026-01-31T09:00:00Z", "2026-01-31T09:00:00.25+05:45"] {
            assert_eq!(internet(good), [""; 0], "{good}");
        }
        for bad in [
            "2026-01-31",
            "2026-01-31T09:00:00",
            "2026-01-31 09:00:00Z",
            "2026-02-30T09:00:00Z",
            "2026-01-31t09:00:00z",
        ] {
            assert_eq!(internet(bad), ["feed/date"], "{bad}");
        }
    }

    #[test]
    fn addresses_are_whole_and_ascii() {
        let of = |text: &str| {
            codes(|found| {
                address(text, 0..1, found);
            })
        };
        for good in [
            "https://example.org/a%20b?c=d#e",
            "tag:example.org,2026-01-31:a",
            "urn:uuid:2c1b4a4e-6f1f-4d4c-9d6b-0c7f2f6f5f11",
            "urn:isbn:0451450523",
            "mailto:a@b.c",
        ] {
            assert_eq!(of(good), [""; 0], "{good}");
        }
        for bad in [
            "/a",
            "a b",
            "https://exämple.org/",
            "https://",
            "http:///a",
            "tag:example.org:a",
            "urn:uuid:1",
            "urn:x",
            "",
        ] {
            assert_eq!(of(bad), ["feed/address"], "{bad}");
        }
    }

    #[test]
    fn people_languages_and_media_types() {
        let person = |text: &str| codes(|found| rss_person(text, 0..1, found));
        assert_eq!(person("ada@example.org (Ada)"), [""; 0]);
        assert_eq!((person("Ada"), person("ada@example.org")), (vec!["feed/email"], vec!["feed/no-name"]));
        assert_eq!(codes(|found| language("pt-BR", 0..1, found)), [""; 0]);
        assert_eq!(codes(|found| language("english", 0..1, found)), ["feed/language"]);
        assert_eq!(
            codes(|found| {
                media_type("text/html; charset=utf-8", 0..1, found);
            }),
            [""; 0]
        );
        assert_eq!(
            codes(|found| {
                media_type("mp3", 0..1, found);
            }),
            ["feed/media-type"]
        );
    }
}
