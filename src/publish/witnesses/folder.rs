//! The records beside the posts, `.tidings/issues/N.json`. They come with the site, so they may come from a stranger or out
//! of a merge: what cannot be read stops sending, because an issue may have been sent of which nothing else is known.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use crate::diagnostic::{Diagnostic, Location};
use crate::files::{Access, FileKind, Folder};
use crate::model::Record;
use crate::publish::error::PublishError;

/// Where they are, below the site.
pub(in crate::publish) const FOLDER: &str = ".tidings/issues";

/// Bounds for what a stranger can make us read: files, and bytes of one and of all. An issue of 10,000 entries takes 5 MB.
const MOST_FILES: usize = 100_000;
const MOST_BYTES: u64 = 16 << 20;
const MOST_BYTES_IN_ALL: u64 = 256 << 20;

/// No issue has a larger number.
const LARGEST_NUMBER: i64 = 1_000_000_000;

/// The records of a site, by their number, and what is wrong with those that are none.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) records: BTreeMap<i64, Record>,
    pub(super) problems: Vec<Diagnostic>,
}

/// Reads the records of a site.
pub(super) fn read(site: &Folder) -> Result<Records, PublishError> {
    let mut found = Records::default();
    let folders = RefCell::new(Vec::new());
    let pass_by = |name: &str| {
        folders.borrow_mut().push(name.to_owned());
        false
    };
    let survey = match site.survey(FOLDER, &pass_by) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(found),
        survey => survey.map_err(|error| PublishError::file(site.path().join(FOLDER), error))?,
    };
    let is_json =
        |name: &str| Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let is_record = |name: &str| is_json(name) && !name.starts_with('.');
    let left_out = survey.left_out.iter().filter(|(name, _)| is_record(name));
    found.problems.extend(left_out.map(|(name, why)| problem(name, &why.to_string())));
    let folders = folders.into_inner();
    found.problems.extend(folders.iter().filter(|name| is_record(name)).map(|name| problem(name, "it is a folder")));
    let names: Vec<_> = survey.files.iter().filter(|name| is_record(name)).collect();
    if names.len() > MOST_FILES {
        let message = format!("more than {MOST_FILES} files are in {FOLDER}");
        found.problems.push(Diagnostic::error("memory/record", message).help("keep the records of this site only"));
        return Ok(found);
    }
    let mut left = MOST_BYTES_IN_ALL;
    for name in names {
        match read_one(site, name, &mut left) {
            Ok(record) => drop(found.records.insert(record.number, record)),
            Err(problem) => found.problems.push(problem),
        }
    }
    Ok(found)
}

fn read_one(site: &Folder, name: &str, left: &mut u64) -> Result<Record, Diagnostic> {
    let path = format!("{FOLDER}/{name}");
    let failed = |error: std::io::Error| problem(name, &error.to_string());
    let mut file = site.open(&path, FileKind::Memory).map_err(failed)?;
    if file.length() > MOST_BYTES.min(*left) {
        return Err(problem(name, "it is too large"));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(failed)?;
    *left = left.saturating_sub(bytes.len() as u64);
    let record = parse(&bytes, &path)?;
    if name != format!("{}.json", record.number) {
        return Err(problem(name, &format!("its name is not that of issue {}", record.number)));
    }
    Ok(record)
}

/// Reads a record from the file at `path`, which is only named.
pub(super) fn parse(bytes: &[u8], path: &str) -> Result<Record, Diagnostic> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let text = std::str::from_utf8(bytes).map_err(|_| problem(name, "it is not UTF-8 text"))?;
    if let Some(offset) =
        text.match_indices("<<<<<<<").map(|(at, _)| at).find(|at| *at == 0 || text[..*at].ends_with('\n'))
    {
        let conflict = Diagnostic::error("memory/record", format!("{path} holds a merge conflict"));
        return Err(conflict
            .at(Location::in_text(path, text, offset, 7))
            .help("keep one side, and add to its `entries` those of the other side: both were mailed"));
    }
    let record: Record = serde_json::from_str(text).map_err(|error| {
        let start = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
        let what = error.to_string();
        let what = what.rsplit_once(" at line ").map_or(what.as_str(), |(what, _)| what);
        problem(name, what).at(Location::in_text(path, text, start + error.column().saturating_sub(1), 1))
    })?;
    let is_id = |id: &str| (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if record.version != Record::VERSION {
        return Err(problem(name, "a newer version of tidings wrote it").help("update tidings on this machine"));
    }
    let faults = [
        (!(1..=LARGEST_NUMBER).contains(&record.number), "no issue has such a number"),
        (!is_id(&record.ledger), "its `ledger` is none"),
    ];
    match faults.into_iter().find(|(is_there, _)| *is_there) {
        Some((_, fault)) => Err(problem(name, fault)),
        None => Ok(record),
    }
}

fn problem(name: &str, what: &str) -> Diagnostic {
    let path = format!("{FOLDER}/{name}");
    Diagnostic::error("memory/record", format!("the record of an issue cannot be read: {what}"))
        .at(Location::start_of(&path))
        .help(format!(
            "put it back as it was, for example with `git checkout -- {path}`; once removed, it is written again if the database knows the issue"
        ))
}

/// The bytes of a record.
pub(super) fn bytes(record: &Record) -> Vec<u8> {
    (serde_json::to_string_pretty(record).unwrap_or_default() + "\n").into_bytes()
}

/// What is there in the place of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing.
    Free,
    /// An earlier state of it, and whether the page of the issue is beside it.
    Ours {
        /// Records of older versions have none.
        has_page: bool,
    },
    /// The record of another sending with its number.
    Taken,
}

/// Looks at the place of a record.
pub(super) fn place(site: &Folder, record: &Record) -> Result<Place, PublishError> {
    let name = format!("{FOLDER}/{}.json", record.number);
    let failed = |error| PublishError::file(site.path().join(&name), error);
    let there = site.read_optional(&name, FileKind::Memory).map_err(failed)?;
    let is_ours = |bytes: &Vec<u8>| parse(bytes, FOLDER).is_ok_and(|there| there.key() == record.key());
    Ok(match there.as_ref().map(is_ours) {
        None => Place::Free,
        Some(true) => Place::Ours { has_page: site.is_file(&page_name(record.number)) },
        Some(false) => Place::Taken,
    })
}

/// Writes a record.
pub(super) fn write(site: &Folder, record: &Record) -> Result<(), PublishError> {
    write_file(site, &format!("{FOLDER}/{}.json", record.number), &bytes(record))
}

/// Writes the page of an issue, beside its record.
pub(super) fn write_page(site: &Folder, number: i64, page: &str) -> Result<(), PublishError> {
    write_file(site, &page_name(number), page.as_bytes())
}

/// The name of the page of an issue, below the site.
pub(in crate::publish) fn page_name(number: i64) -> String {
    format!("{FOLDER}/{number}.html")
}

fn write_file(site: &Folder, name: &str, bytes: &[u8]) -> Result<(), PublishError> {
    let written = site.make_folder(FOLDER, Access::Private);
    let written = written.and_then(|()| site.write_if_changed(name, bytes, Access::Public));
    written.map(drop).map_err(|error| PublishError::file(site.path().join(name), error))
}
