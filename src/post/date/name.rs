//! The day in the name of a file, in its folders, or in the path of its permalink.

use jiff::civil::Date;

use super::super::front_matter::Fields;
use super::super::source_path::SourcePath;

/// A day that a name or path says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NamedDay {
    pub(crate) date: Date,
    pub(super) day_zero: bool,
}

/// `2025-01-31-a-walk` → the day and `a-walk`; also `2025_01_31`, `20250131-a-walk`.
pub(crate) fn split_name(name: &str) -> Option<(NamedDay, &str)> {
    let bytes = name.as_bytes();
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let (day, rest) = if digits == 8 {
        (day(&name[..4], &name[4..6], &name[6..8])?, &name[8..])
    } else if digits == 4 {
        let separator = char::from(*bytes.get(4)?);
        if !matches!(separator, '-' | '_' | '.') {
            return None;
        }
        let (month, rest) = short(&name[5..])?;
        let (day_digits, rest) = short(rest.strip_prefix(separator)?)?;
        (day(&name[..4], month, day_digits)?, rest)
    } else {
        return None;
    };
    let slug = rest.strip_prefix(['-', '_', ' ', '.']).unwrap_or(rest);
    (rest.is_empty() || slug.len() < rest.len()).then_some((day, slug))
}

/// The name without the day in it; `07-29-scaling` in a folder of a year has one too.
pub(crate) fn slug_in_name(path: &SourcePath) -> &str {
    if let Some((_, rest)) = split_name(&path.name) {
        return rest;
    }
    let month_and_day = || {
        let year = path.folders.last().filter(|year| year.len() == 4)?;
        let (month, rest) = short(&path.name)?;
        let (number, rest) = short(rest.strip_prefix('-')?)?;
        day(year, month, number)?;
        rest.strip_prefix('-').filter(|rest| !rest.is_empty())
    };
    month_and_day().unwrap_or(&path.name)
}

fn short(text: &str) -> Option<(&str, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    (1..=2).contains(&digits).then(|| text.split_at(digits))
}

fn day(year: &str, month: &str, day: &str) -> Option<NamedDay> {
    let year: i16 = year.parse().ok().filter(|year| (1900..=2199).contains(year))?;
    let number: i8 = day.parse().ok()?;
    let date = Date::new(year, month.parse().ok()?, number.max(1)).ok()?;
    Some(NamedDay { date, day_zero: number == 0 })
}

/// The day that the name says, else the folders: `2025/01/31/`, `2025-01-31-x/`, `2025/01-31-x`.
pub(crate) fn from_path(path: &SourcePath) -> Option<NamedDay> {
    if let Some((day, _)) = split_name(&path.name) {
        return Some(day);
    }
    let mut names: Vec<&str> = path.folders.iter().map(String::as_str).collect();
    names.push(&path.name);
    from_names(&names).or_else(|| path.folders.iter().rev().find_map(|folder| split_name(folder).map(|(day, _)| day)))
}

/// The day at the start of `path`, `permalink`, `url` or `slug`.
pub(crate) fn from_keys(fields: &Fields) -> Option<NamedDay> {
    ["path", "permalink", "url", "slug"].iter().find_map(|key| {
        let text = fields.get(&[key])?.value.text()?;
        let text = text.split_once("://").map_or(text, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
        from_names(&text.split('/').filter(|name| !name.is_empty()).collect::<Vec<_>>())
    })
}

fn from_names(names: &[&str]) -> Option<NamedDay> {
    names.windows(2).enumerate().find_map(|(n, pair)| {
        let (year, second) = (pair[0], pair[1]);
        if year.len() != 4 || !year.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let (month, rest) = short(second)?;
        if rest.is_empty() {
            let (number, rest) = short(names.get(n + 2)?)?;
            return (rest.is_empty() || rest.starts_with(['-', '_', ' ', '.'])).then(|| day(year, month, number))?;
        }
        let (number, rest) = short(rest.strip_prefix('-')?)?;
        (rest.is_empty() || rest.starts_with(['-', '_', ' '])).then(|| day(year, month, number))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> Option<String> {
        from_path(&SourcePath::new(path, "posts", None)).map(|day| day.date.to_string())
    }

    #[test]
    fn r8_the_day_is_found_in_names_and_folders() {
        for path in [
            "posts/2025-01-31-a-walk.md",
            "posts/2025-1-31-a.md",
            "posts/2025_01_31.md",
            "posts/20250131-a.md",
            "posts/2025/01/31/a.md",
            "posts/2025/01/31-a.md",
            "posts/2025/01-31-a.md",
            "posts/2025-01-31-a/index.md",
            "posts/20250131-a/extra.md",
        ] {
            assert_eq!(of(path).as_deref(), Some("2025-01-31"), "{path}");
        }
    }

    #[test]
    fn numbers_that_are_no_day_are_left_alone() {
        for path in [
            "posts/2025-ideas.md",
            "posts/20259931-a.md",
            "posts/12345678.md",
            "posts/2025/notes.md",
            "posts/2025-01-31a.md",
            "posts/404-1-1-x.md",
        ] {
            assert_eq!(of(path), None, "{path}");
        }
    }

    #[test]
    fn one_separator_goes_with_the_day() {
        let slug = |name| split_name(name).map(|(_, slug)| slug);
        assert_eq!(slug("2025-01-31-a-walk"), Some("a-walk"));
        assert_eq!(slug("2025-01-31--a"), Some("-a"));
        assert_eq!(slug("2025-01-31"), Some(""));
        assert_eq!(split_name("2025-01-00-a").unwrap().0.date.to_string(), "2025-01-01");
    }
}
