//! The list as we export it.

use std::borrow::Cow;

use super::details::NO_LISTS;
use super::text::{LONGEST_NAME, LONGEST_SOURCE, clean, guarded};
use crate::model::Subscriber;

/// A reader, and the value of `{token}` in their address for unsubscribing.
type Row<'a> = (&'a Subscriber, &'a str);

/// A column of the export: its name, and what it holds for a reader.
type Column = (&'static str, for<'a> fn(Row<'a>) -> Cow<'a, str>);

/// The columns in their order. [`super::Import`] takes all of them back but the token, which is another one elsewhere.
const COLUMNS: [Column; 10] = [
    ("email", |(reader, _)| reader.address.as_str().into()),
    ("name", |(reader, _)| clean(reader.name.as_deref().unwrap_or_default(), LONGEST_NAME).into()),
    ("status", |(reader, _)| reader.status.as_str().into()),
    ("source", |(reader, _)| clean(&reader.source, LONGEST_SOURCE).into()),
    ("created_at", |(reader, _)| reader.created_at.as_str().into()),
    ("updated_at", |(reader, _)| reader.updated_at.as_str().into()),
    ("language", |(reader, _)| reader.details.language.as_deref().unwrap_or_default().into()),
    ("lists", |(reader, _)| {
        let lists = reader.details.lists.as_ref().map(|lists| lists.to_string().replace(' ', ", "));
        lists.map_or_else(String::new, |lists| if lists.is_empty() { NO_LISTS.into() } else { lists }).into()
    }),
    ("fields", |(reader, _)| reader.details.stored_fields().unwrap_or_default().into()),
    ("token", |(_, token)| token.into()),
];

/// The first line of the file, with the names of the columns.
pub fn header() -> String {
    lines([COLUMNS.map(|(name, _)| name.to_owned()).to_vec()])
}

/// One line for each reader, with what `token` says of them. No cell is one that a spreadsheet program would take for a
/// formula.
pub fn rows(readers: &[Subscriber], token: impl Fn(&Subscriber) -> String) -> String {
    lines(readers.iter().map(|reader| {
        let token = token(reader);
        COLUMNS.map(|(_, value)| guarded(&value((reader, &token)))).to_vec()
    }))
}

pub(super) fn lines(rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = csv::Writer::from_writer(Vec::new());
    for row in rows {
        // A `Vec` takes everything, and every row has as many cells as the one before.
        let _ = table.write_record(&row);
    }
    table.into_inner().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}
