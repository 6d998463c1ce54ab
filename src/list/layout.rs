//! What the columns of one file are, found out from its first line.

use jiff::Timestamp;

use super::columns::{Meaning, may_be_a_wish, meaning, rank};
use super::consent::consent;
use super::findings::Values;
use super::rows::Row;
use super::words::{Consent, folded, is_refusal, is_yes_or_no};
use crate::diagnostic::{Diagnostic, Location};
use crate::model::EmailAddress;
use crate::model::SubscriberStatus::{self, Bounced, Confirmed, Unsubscribed};

/// No list of readers has more.
const MOST_COLUMNS: usize = 1_000;

/// How many answers of a column are remembered: most columns hold a few words again and again.
const REMEMBERED: usize = 8;

/// What the user says about the file.
#[derive(Debug, Clone, Default)]
pub struct Options<'a> {
    /// The name of the file, for findings.
    pub path: &'a str,
    /// The time of the import: no reader came later.
    pub now: Timestamp,
    /// What the readers of the file are at most; a row may say that its reader gets less mail.
    pub taken_as: Option<SubscriberStatus>,
    /// Columns that are not about consent, whatever they are called.
    pub ignored: &'a [String],
}

/// The columns of a file.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) address: usize,
    pub(super) name: Option<usize>,
    /// What says since when a reader wants mail, the best first.
    pub(super) since: Vec<usize>,
    /// In a file that we exported.
    pub(super) record: Option<Record>,
    pub(super) deciding: Vec<Deciding>,
    pub(super) doubts: Vec<Doubt>,
    /// The columns that mean nothing so far.
    pub(super) others: Vec<(usize, String)>,
    /// What each column is taken for, in the order of the file.
    pub(super) taken: Vec<TakenFor>,
    /// What is kept as a field of the reader, with the name of each column.
    pub(super) kept: Vec<Keeping>,
    pub(super) delimiter: char,
    /// How many columns have names; one in a list of bare addresses.
    pub(super) width: usize,
    pub(super) has_names: bool,
    /// What a reader is when no cell says anything.
    pub(super) default: SubscriberStatus,
}

/// A column, and what it is taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenFor {
    /// Its name on the first line.
    pub column: String,
    /// `address`, `name`, `consent`, `since when`, `language`, `lists`, `tags`, `fields`, `field`, `nothing` or `not known`.
    pub meaning: &'static str,
}

/// A column whose cells are kept.
#[derive(Debug)]
pub(super) struct Keeping {
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) meaning: Meaning,
}

/// The columns that only our own export has with this meaning.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) source: usize,
    pub(super) created: usize,
    pub(super) updated: usize,
}

/// A column that decides whether a reader gets mail.
#[derive(Debug)]
pub(super) struct Deciding {
    pub(super) index: usize,
    pub(super) name: String,
    meaning: Meaning,
    remembered: Vec<(String, Consent)>,
    pub(super) unknown: Values,
}

impl Deciding {
    pub(super) fn consent(&mut self, cell: &str) -> Consent {
        if let Some((_, answer)) = self.remembered.iter().find(|(known, _)| known == cell) {
            return *answer;
        }
        let answer = consent(self.meaning, cell);
        if self.remembered.len() < REMEMBERED {
            self.remembered.push((cell.to_owned(), answer));
        }
        answer
    }

    /// Substack calls so what may be the end of a paid plan only.
    pub(super) fn is_cancel_date(&self) -> bool {
        folded(&self.name) == "canceldate"
    }
}

/// A column that may be about consent, and nothing is known about it.
#[derive(Debug)]
pub(super) struct Doubt {
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) place: Location,
    pub(super) values: Values,
    pub(super) ground: Ground,
}

impl Doubt {
    fn new(row: &Row, path: &str, index: usize, name: String, ground: Ground) -> Self {
        Self { index, name, place: row.place(path, index), values: Values::default(), ground }
    }
}

/// Why a column may be about consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ground {
    Name,
    Cells,
    /// Its name, if all cells say yes or no.
    Answers,
}

impl Layout {
    /// Reads the names on the first line.
    ///
    /// # Errors
    /// What is wrong with them, when no column holds addresses or none is called what the user ignores.
    pub(super) fn read(row: &Row, options: &Options<'_>, delimiter: char) -> Result<Self, Diagnostic> {
        if row.cells().any(|cell| cell.contains('\0')) {
            let binary = Diagnostic::error("import/encoding", "the file is UTF-16 text, or no text at all");
            return Err(binary.at(row.place(options.path, 0)).help("save it as UTF-8"));
        }
        if row.len() > MOST_COLUMNS {
            let many = Diagnostic::error("import/columns", format!("the first line has {} columns", row.len()));
            return Err(many.at(row.place(options.path, MOST_COLUMNS)).help("check that this is a list of readers"));
        }
        let is_ignored = |name: &str| options.ignored.iter().any(|ignored| folded(ignored) == folded(name));
        let mut columns: Vec<(usize, String, Meaning)> = row
            .cells()
            .enumerate()
            .map(|(index, name)| {
                let meaning = if is_ignored(&name) { Meaning::Nothing } else { meaning(&name) };
                (index, name.to_string(), meaning)
            })
            .collect();
        columns.sort_by_key(|(index, name, _)| (rank(name), *index));
        let first = |wanted| columns.iter().find(|(_, _, meaning)| *meaning == wanted).map(|(index, ..)| *index);
        let Some(address) = first(Meaning::Address) else { return Self::bare(row, options) };
        let missing = options.ignored.iter().find(|name| !row.cells().any(|cell| folded(&cell) == folded(name)));
        if let Some(name) = missing {
            let unknown = Diagnostic::error("import/columns", format!("no column is called `{name}`"));
            let names: Vec<_> = row.cells().filter(|name| !name.is_empty()).map(|name| format!("`{name}`")).collect();
            return Err(unknown.at(row.place(options.path, 0)).help(format!("the columns are {}", names.join(", "))));
        }
        let column =
            |wanted: &str| columns.iter().find(|(_, name, _)| folded(name) == wanted).map(|(index, ..)| *index);
        let record = match (column("status"), column("source"), column("createdat"), column("updatedat")) {
            (Some(_), Some(source), Some(created), Some(updated)) => Some(Record { source, created, updated }),
            _ => None,
        };
        let column_token = column("token");
        // The files of Mailchimp that are only of readers who left or bounced; all readers have their last change.
        let default = match (column("unsubtime"), column("cleantime"), column("lastchanged")) {
            (Some(_), _, None) => Unsubscribed,
            (_, Some(_), None) => Bounced,
            _ => Confirmed,
        };
        let name = first(Meaning::Name);
        let since = columns.iter().filter(|(_, _, meaning)| matches!(meaning, Meaning::Day(_) | Meaning::Since));
        let since: Vec<usize> = since.map(|(index, ..)| *index).collect();
        let mut layout = Self {
            address,
            name,
            since,
            record,
            deciding: Vec::new(),
            doubts: Vec::new(),
            others: Vec::new(),
            taken: Vec::new(),
            kept: Vec::new(),
            delimiter,
            width: row.len(),
            has_names: true,
            default,
        };
        columns.sort_by_key(|(index, ..)| *index);
        for (index, name, meaning) in &columns {
            let taken_for = layout.word(*index, *meaning);
            layout.taken.push(TakenFor { column: name.clone(), meaning: taken_for });
        }
        for (index, name, meaning) in columns {
            let is_field = matches!(
                meaning,
                Meaning::Other | Meaning::Language | Meaning::Lists | Meaning::Tags | Meaning::Fields
            );
            if is_field || (meaning == Meaning::Name && Some(index) != layout.name) {
                layout.kept.push(Keeping { index, name: name.clone(), meaning });
            }
            match meaning {
                Meaning::State
                | Meaning::Kind
                | Meaning::Wish(_)
                | Meaning::Day(_)
                | Meaning::Refusal(_)
                | Meaning::Reason(_) => {
                    let (remembered, unknown) = (Vec::new(), Values::default());
                    layout.deciding.push(Deciding { index, name, meaning, remembered, unknown });
                }
                Meaning::Doubtful => {
                    layout.doubts.push(Doubt::new(row, options.path, index, name, Ground::Name));
                }
                Meaning::Other | Meaning::Address if index != layout.address && may_be_a_wish(&name) => {
                    layout.doubts.push(Doubt::new(row, options.path, index, name, Ground::Answers));
                }
                Meaning::Other | Meaning::Tags | Meaning::Fields => layout.others.push((index, name)),
                _ => {}
            }
        }
        if let Some(Record { source, created, updated }) = layout.record {
            let is_own = |index: usize| [source, created, updated].contains(&index) || Some(index) == column_token;
            layout.others.retain(|(index, _)| !is_own(*index));
            layout.kept.retain(|keeping| !is_own(keeping.index));
        }
        Ok(layout)
    }

    /// A list of bare addresses has no line of names.
    fn bare(row: &Row, options: &Options<'_>) -> Result<Self, Diagnostic> {
        let example = "name the columns on the first line, for example `email,name,status`";
        let fault = |message: &str| {
            let unknown = Diagnostic::error("import/columns", message).at(row.place(options.path, 0));
            Err(unknown.help(example))
        };
        if row.cell(0).parse::<EmailAddress>().is_err() {
            return fault("no column is called `email`");
        }
        if row.len() > 1 {
            return fault("there are several columns, and the first line does not name them");
        }
        Ok(Self {
            address: 0,
            name: None,
            since: Vec::new(),
            record: None,
            deciding: Vec::new(),
            doubts: Vec::new(),
            others: Vec::new(),
            taken: vec![TakenFor { column: String::new(), meaning: "address" }],
            kept: Vec::new(),
            delimiter: ',',
            width: 1,
            has_names: false,
            default: Confirmed,
        })
    }

    /// What a column is taken for.
    fn word(&self, index: usize, meaning: Meaning) -> &'static str {
        let record = self.record.as_ref();
        let since = record.map_or_else(|| self.since.clone(), |record| vec![record.created]);
        match meaning {
            _ if index == self.address => "address",
            _ if Some(index) == self.name => "name",
            _ if record.is_some_and(|record| record.source == index) => "source",
            _ if record.is_some_and(|record| record.updated == index) => "last change",
            Meaning::Since if since.contains(&index) => "since when",
            Meaning::State
            | Meaning::Kind
            | Meaning::Wish(_)
            | Meaning::Day(_)
            | Meaning::Refusal(_)
            | Meaning::Reason(_) => "consent",
            Meaning::Language => "language",
            Meaning::Lists => "lists",
            Meaning::Tags => "tags",
            Meaning::Fields => "fields",
            Meaning::Doubtful => "not known",
            Meaning::Nothing | Meaning::Since => "nothing",
            Meaning::Address | Meaning::Name | Meaning::Other => "field",
        }
    }

    /// True when something in the file says whether a reader gets mail.
    pub(super) fn says_anything(&self) -> bool {
        !self.deciding.is_empty() || self.default != Confirmed
    }

    /// Notes the values of columns that may be about consent.
    pub(super) fn doubt(&mut self, row: &Row, path: &str) {
        let others = &mut self.others;
        self.doubts.retain_mut(|doubt| {
            let cell = row.cell(doubt.index);
            let is_other = doubt.ground == Ground::Answers && !cell.is_empty() && !is_yes_or_no(&cell);
            if is_other {
                others.push((doubt.index, std::mem::take(&mut doubt.name)));
            } else if doubt.ground != Ground::Cells && !cell.is_empty() {
                doubt.values.add(&cell, || row.place(path, doubt.index));
            }
            !is_other
        });
        for (index, name) in &self.others {
            let cell = row.cell(*index);
            if !is_refusal(&cell) {
                continue;
            }
            let known = self.doubts.iter().position(|doubt| doubt.index == *index);
            if known.is_none() {
                self.doubts.push(Doubt::new(row, path, *index, name.clone(), Ground::Cells));
            }
            let at = known.unwrap_or(self.doubts.len() - 1);
            self.doubts[at].values.add(&cell, || row.place(path, *index));
        }
    }
}

/// A warning about a program whose exports do not say all that we have to know.
pub(super) fn silence(row: &Row, path: &str) -> Option<Diagnostic> {
    let names: Vec<String> = row.cells().map(|name| folded(&name)).collect();
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    let message = if has("uuid") && has("attributes") && has("status") && !has("subscriptionstatus") {
        "listmonk exports readers who left a list as `enabled`: this file does not say who did"
    } else if names == ["email", "firstname", "lastname", "data"] {
        "this version of Keila does not export who left or cannot be reached"
    } else {
        return None;
    };
    let help = "import a list of those who left too, with `--as unsubscribed`, before the next issue";
    Some(Diagnostic::warning("import/layout", message).at(row.place(path, 0)).help(help))
}
