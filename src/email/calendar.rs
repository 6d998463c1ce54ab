//! Days as natives write them; `dates.toml` holds the patterns and the names of months.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::Zoned;
use serde::Deserialize;

/// How the days of a language are written.
#[derive(Debug, Deserialize)]
struct Calendar {
    /// With `{day}`, `{month}` and `{year}`.
    pattern: String,
    months: Vec<String>,
    /// The digits from 0 to 9, where they are not those of ASCII.
    #[serde(default)]
    digits: String,
    /// What the first of a month is called.
    first: Option<String>,
}

/// All languages, by their tags in lower case.
static LANGUAGES: LazyLock<BTreeMap<String, Calendar>> = LazyLock::new(|| {
    let read: BTreeMap<String, Calendar> = toml::from_str(include_str!("dates.toml")).unwrap_or_default();
    read.into_iter().map(|(tag, calendar)| (tag.to_ascii_lowercase(), calendar)).collect()
});

/// A day as readers of `language` write it; as ISO 8601, which all can read, where the program does not know the words.
pub fn day(date: &Zoned, language: &str) -> String {
    let Some(calendar) = calendar(language) else { return date.strftime("%Y-%m-%d").to_string() };
    let month = usize::try_from(date.month() - 1).ok().and_then(|month| calendar.months.get(month));
    let day = match &calendar.first {
        Some(first) if date.day() == 1 => first.clone(),
        _ => calendar.number(date.day()),
    };
    let text = calendar.pattern.replace("{day}", &day).replace("{year}", &calendar.number(date.year()));
    text.replace("{month}", month.map_or("", String::as_str))
}

/// That of the tag, or of a shorter one (RFC 4647 §3.4): `sr-Latn-RS`, `sr-Latn`, `sr`.
fn calendar(language: &str) -> Option<&'static Calendar> {
    let tag = language.to_ascii_lowercase();
    let mut rest = tag.as_str();
    loop {
        // Names that came before those of today.
        let name = match rest {
            "iw" => "he",
            "no" => "nb",
            name => name,
        };
        if let Some(calendar) = LANGUAGES.get(name) {
            return Some(calendar);
        }
        rest = rest.rsplit_once('-')?.0;
    }
}

impl Calendar {
    fn number(&self, number: impl Into<i32>) -> String {
        let digit = |c: char| c.to_digit(10).and_then(|digit| self.digits.chars().nth(digit as usize)).unwrap_or(c);
        number.into().to_string().chars().map(digit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_their_readers_do() {
        let date = "2025-06-03T00:00:00[UTC]".parse().unwrap();
        let first = "2026-01-01T00:00:00[UTC]".parse().unwrap();
        for (language, third_of_june, new_year) in [
            ("en", "3 June 2025", "1 January 2026"),
            ("en-us", "June 3, 2025", "January 1, 2026"),
            ("de", "3. Juni 2025", "1. Januar 2026"),
            ("de-AT", "3. Juni 2025", "1. Jänner 2026"),
            ("fr", "3 juin 2025", "1er janvier 2026"),
            ("es-MX", "3 de junio de 2025", "1 de enero de 2026"),
            ("pt-BR", "3 de junho de 2025", "1º de janeiro de 2026"),
            ("it", "3 giugno 2025", "1º gennaio 2026"),
            ("nl", "3 juni 2025", "1 januari 2026"),
            ("ja", "2025年6月3日", "2026年1月1日"),
            ("zh-Hant-TW", "2025年6月3日", "2026年1月1日"),
            ("he-IL", "3 ביוני 2025", "1 בינואר 2026"),
            ("ar", "3 يونيو 2025", "1 يناير 2026"),
            ("ar-EG", "٣ يونيو ٢٠٢٥", "١ يناير ٢٠٢٦"),
            ("fa", "۳ ژوئن ۲۰۲۵", "۱ ژانویهٔ ۲۰۲۶"),
            ("pl", "3 czerwca 2025", "1 stycznia 2026"),
            ("no", "3. juni 2025", "1. januar 2026"),
            ("tlh", "2025-06-03", "2026-01-01"),
        ] {
            assert_eq!((&*day(&date, language), &*day(&first, language)), (third_of_june, new_year));
        }
    }

    #[test]
    fn every_language_has_twelve_months_and_a_whole_pattern() {
        assert!(LANGUAGES.len() > 90);
        for (tag, calendar) in LANGUAGES.iter() {
            assert_eq!(calendar.months.len(), 12, "{tag}");
            assert!(["{day}", "{month}", "{year}"].iter().all(|part| calendar.pattern.contains(part)), "{tag}");
            assert!(matches!(calendar.digits.chars().count(), 0 | 10), "{tag}");
        }
    }
}
