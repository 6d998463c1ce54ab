//! When a post was published and changed: from its keys, its name, its folders; never from the file
//! system's times.

mod grammar;
mod name;
mod zone;

use super::findings::Findings;
use super::front_matter::{Field, Fields};
use super::names::NAMES;
use super::source_path::SourcePath;
use grammar::DateError;

pub(crate) use grammar::{Conventions, Moment, parse};
pub(crate) use name::{slug_in_name, split_name};

/// Keys that say when a post is no longer public.
pub(crate) const EXPIRY_KEYS: [&str; 3] = ["expirydate", "expires", "unpublishdate"];

const HELP: &str = "write it as `2025-01-31` or `2025-01-31T10:00:00+01:00`";

/// The keys that say when a post is or is no longer public.
pub(crate) fn keys() -> impl Iterator<Item = &'static str> {
    NAMES.date.iter().map(String::as_str).chain(EXPIRY_KEYS)
}

/// When the post was published, if anything says so.
pub(crate) fn published(
    fields: &Fields,
    path: &SourcePath,
    conventions: Conventions<'_>,
    findings: &mut Findings<'_>,
) -> Option<Moment> {
    let named = name::from_path(path);
    let mut unread = None;
    for field in NAMES.date.iter().filter_map(|key| fields.get(&[key])) {
        let flag_or_book_year = field.key.eq_ignore_ascii_case("published") && !looks_like_a_date(field, conventions);
        if flag_or_book_year {
            continue;
        }
        if let Some(moment) = read(field, conventions, findings) {
            if let Some(day) = named.filter(|day| moment.at.date().duration_since(day.date).as_hours().abs() > 24) {
                let message = format!(
                    "`{}` says {} and the name of the file says {}: the key counts",
                    field.key,
                    moment.at.date(),
                    day.date
                );
                findings.warning("post/date-differs", field.at.clone(), message, "make them agree");
            }
            return Some(moment);
        }
        unread = Some(field);
    }
    if let (Some(field), Some(day)) = (unread, named) {
        let message =
            format!("the day in the name of the file counts, {}, for `{}` cannot be read", day.date, field.key);
        findings.warning("post/date-differs", field.at.clone(), message, HELP);
    }
    let found = named.or_else(|| name::from_keys(fields))?;
    if found.day_zero {
        findings.warning(
            "post/date",
            0..1,
            "the name of the file has day 00, read as 01",
            "write the day into the name",
        );
    }
    let at = found.date.to_zoned(conventions.zone.clone()).ok()?;
    Some(Moment { at, date_only: true, note: None })
}

/// When the post last changed; `None` when nothing readable says so or it was before `published`.
pub(crate) fn updated(
    fields: &Fields,
    published: &Moment,
    conventions: Conventions<'_>,
    findings: &mut Findings<'_>,
) -> Option<Moment> {
    let field = fields.get(&NAMES.updated)?;
    let moment = read(field, conventions, findings)?;
    if moment.at >= published.at {
        return Some(moment);
    }
    if moment.at.date() < published.at.date() {
        let message = format!("`{}` is before the date of the post, which counts", field.key);
        findings.warning("post/updated", field.at.clone(), message, "write the later day, or remove the key");
    }
    None
}

/// Another date of the post, such as `expiryDate`.
pub(crate) fn of_keys(fields: &Fields, keys: &[&str], conventions: Conventions<'_>) -> Option<Moment> {
    parse(fields.get(keys)?.value.text()?, conventions).ok()
}

pub(crate) fn looks_like_a_date(field: &Field, conventions: Conventions<'_>) -> bool {
    field.value.text().is_some_and(|text| !matches!(parse(text, conventions), Err(DateError::NotADate)))
}

fn read(field: &Field, conventions: Conventions<'_>, findings: &mut Findings<'_>) -> Option<Moment> {
    let text = field.value.text().unwrap_or(&field.source);
    let problem = match parse(text, conventions) {
        Ok(mut moment) => {
            if let Some(note) = moment.note.take() {
                findings.warning("post/date", field.at.clone(), note, HELP);
            }
            return Some(moment);
        }
        Err(DateError::NotADate) => format!("`{}` is not a date: `{text}`", field.key),
        Err(DateError::Impossible) => format!("`{}` is a day that does not exist: `{text}`", field.key),
        Err(DateError::Ambiguous) => {
            let message = format!("`{}` may be two different days: `{text}`", field.key);
            let help = "write it as `2025-01-31`, or say in config.toml which comes first: `date_order = \"dmy\"`";
            findings.warning("post/date", field.at.clone(), message, help);
            return None;
        }
    };
    findings.warning("post/date", field.at.clone(), problem, HELP);
    None
}
