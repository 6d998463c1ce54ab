//! Findings gathered while a list is read: all of them are counted, and the first ones kept.

use crate::diagnostic::{Diagnostic, Location};

/// How many findings of one kind are kept.
const KEPT: usize = 12;

/// How many different values of a column are kept.
const VALUES: usize = 6;

/// The first of many findings, each made only when it is kept.
#[derive(Debug, Default)]
pub(super) struct Kept {
    kept: Vec<Diagnostic>,
    pub(super) all: u64,
}

impl Kept {
    pub(super) fn add(&mut self, diagnostic: impl FnOnce() -> Diagnostic) {
        self.all += 1;
        if self.kept.len() < KEPT {
            self.kept.push(diagnostic());
        }
    }

    pub(super) fn take(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.kept)
    }
}

/// Something that is told once however many rows it is about.
#[derive(Debug, Default)]
pub(super) struct Once {
    first: Option<(Location, String)>,
    all: u64,
}

impl Once {
    /// Notes one row, and of the first one where and what.
    pub(super) fn add(&mut self, first: impl FnOnce() -> (Location, String)) {
        self.all += 1;
        self.first.get_or_insert_with(first);
    }

    /// The warning, made from the number of rows and what the first one holds.
    pub(super) fn warning(&mut self, code: &'static str, message: impl Fn(&str, &str) -> String) -> Option<Diagnostic> {
        let (place, what) = self.first.take()?;
        let rows = rows(self.all);
        Some(Diagnostic::warning(code, message(&rows, &what)).at(place))
    }
}

/// The different values of a column that cannot be taken as they are.
#[derive(Debug, Default)]
pub(super) struct Values {
    seen: Vec<(String, u64)>,
    /// Where the first one stands.
    pub(super) place: Option<Location>,
    others: u64,
}

impl Values {
    pub(super) fn add(&mut self, value: &str, place: impl FnOnce() -> Location) {
        self.place.get_or_insert_with(place);
        let value: String = value.chars().take(40).collect();
        if let Some((_, count)) = self.seen.iter_mut().find(|(seen, _)| *seen == value) {
            *count += 1;
        } else if self.seen.len() < VALUES {
            self.seen.push((value, 1));
        } else {
            self.others += 1;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }
}

/// ``` `active` (3 times), `x` and others ```.
impl std::fmt::Display for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, (value, count)) in self.seen.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let times = if *count == 1 { String::new() } else { format!(" ({count} times)") };
            let value = if value.is_empty() { "an empty cell".to_owned() } else { format!("`{value}`") };
            write!(f, "{comma}{value}{times}")?;
        }
        if self.others > 0 { write!(f, " and {} more", self.others) } else { Ok(()) }
    }
}

/// `1 row`, `2 rows`.
fn rows(count: u64) -> String {
    format!("{count} {}", if count == 1 { "row" } else { "rows" })
}
