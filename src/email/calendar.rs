//! Days as natives write them.

use jiff::Zoned;

use super::wording::primary;

const GERMAN: &str = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember";
const FRENCH: &str = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre";
const SPANISH: &str = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre";
const PORTUGUESE: &str = "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro";
const ITALIAN: &str = "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre";
const DUTCH: &str = "januari februari maart april mei juni juli augustus september oktober november december";

/// A day as readers of `language` write it; as ISO 8601, which all can read, where the program does not know the words.
pub(super) fn day(date: &Zoned, language: &str) -> String {
    let (year, month, day) = (date.year(), date.month(), date.day());
    let name =
        |names: &'static str| names.split(' ').nth(usize::try_from(month - 1).unwrap_or_default()).unwrap_or_default();
    match (&*primary(language), &*language.to_ascii_lowercase()) {
        (_, "en-us" | "en-ca" | "en-ph") => date.strftime("%B %-d, %Y").to_string(),
        ("en", _) => date.strftime("%-d %B %Y").to_string(),
        ("de", "de-at") if month == 1 => format!("{day}. Jänner {year}"),
        ("de", _) => format!("{day}. {} {year}", name(GERMAN)),
        ("fr", _) if day == 1 => format!("1er {} {year}", name(FRENCH)),
        ("fr", _) => format!("{day} {} {year}", name(FRENCH)),
        ("es", _) => format!("{day} de {} de {year}", name(SPANISH)),
        ("pt", _) if day == 1 => format!("1º de {} de {year}", name(PORTUGUESE)),
        ("pt", _) => format!("{day} de {} de {year}", name(PORTUGUESE)),
        ("it", _) if day == 1 => format!("1º {} {year}", name(ITALIAN)),
        ("it", _) => format!("{day} {} {year}", name(ITALIAN)),
        ("nl", _) => format!("{day} {} {year}", name(DUTCH)),
        ("ja" | "zh", _) => format!("{year}年{month}月{day}日"),
        _ => date.strftime("%Y-%m-%d").to_string(),
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
            ("he", "2025-06-03", "2026-01-01"),
        ] {
            assert_eq!((&*day(&date, language), &*day(&first, language)), (third_of_june, new_year));
        }
    }
}
