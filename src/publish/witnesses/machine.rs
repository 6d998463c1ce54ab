//! What this machine remembers, outside of all sites, in the user's state folder:
//!
//! - `machine`: a random number, of which its id is made;
//! - `paths/HASH.json`: which ledger published last from a folder;
//! - `ledgers/ID/generation`: how far a ledger has come;
//! - `ledgers/ID/issues/N.json`: copies of its records;
//! - `ledgers/ID/way`: through what, and from which sender, it mails.
//!
//! Any of it may be missing, damaged or not writable: then it protects less, and that is said.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::folder;
use crate::diagnostic::Diagnostic;
use crate::files::{self, Counter, StateFolder};
use crate::model::{Record, sha256_hex};

/// The file of the machine's random number.
const ID: &str = "machine";

/// Where the memory of ledgers is.
pub(super) const LEDGERS: &str = "ledgers";

type Write = fn(&StateFolder, &str, &[u8]) -> std::io::Result<bool>;

/// The state folder of this machine, for one site.
pub(super) struct Machine<'a> {
    state: &'a StateFolder,
    /// The file that names the ledger of the site.
    index: String,
    root: String,
    /// Something could not be written: the rest is not tried.
    is_closed: bool,
    /// What could not be read or written, once.
    pub(super) warning: Option<Diagnostic>,
}

/// Which ledger published last from a folder.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Index {
    /// For people who look into the file.
    path: String,
    ledger: String,
}

/// What is known of a folder.
pub(super) enum Former {
    /// Nothing.
    None,
    /// The ledger that published from it last.
    Ledger(String),
    /// Something that cannot be read.
    Damaged,
}

/// What is known of a ledger.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Nothing was ever kept, or all of it is gone.
    is_missing: bool,
    pub(super) generation: i64,
    pub(super) records: Vec<Record>,
    /// The numbers of copies that cannot be read.
    pub(super) damaged: Vec<i64>,
}

impl Memory {
    /// True when this ledger has sent anything, or may have: whatever publishes has a generation.
    pub(super) fn may_have_sent(&self) -> bool {
        self.is_missing || self.generation > 0 || !self.records.is_empty() || !self.damaged.is_empty()
    }
}

impl<'a> Machine<'a> {
    pub(super) fn new(state: &'a StateFolder, root: &Path) -> Self {
        let root = files::resolved(root).to_string_lossy().into_owned();
        let mut name = sha256_hex(root.as_bytes());
        name.truncate(32);
        Self { state, index: format!("paths/{name}.json"), root, is_closed: false, warning: None }
    }

    /// Its id, which is made when there is none and it `is_sending`; else a machine without one has an empty id. `None`
    /// when it cannot be told: it cannot be kept, or is damaged.
    pub(super) fn id(&mut self, is_sending: bool) -> Option<String> {
        self.state.path()?;
        match self.read(ID) {
            Some(text) if is_id(text.trim()) => Some(self.id_of(text.trim())),
            Some(_) => {
                self.damaged(ID);
                None
            }
            None if self.warning.is_some() => None,
            None if is_sending => self.new_id(),
            None => Some(String::new()),
        }
    }

    /// A new id, unless another process has made one at the same time; `None` when it cannot be kept.
    pub(super) fn new_id(&mut self) -> Option<String> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).ok()?;
        let id = format!("{:032x}", u128::from_ne_bytes(bytes));
        self.write(ID, format!("{id}\n").as_bytes());
        self.read(ID).filter(|text| is_id(text.trim())).map(|text| self.id_of(text.trim()))
    }

    /// The id of this machine. A copy of the state folder on another system, or in another place, is another machine.
    fn id_of(&self, random: &str) -> String {
        let place = files::resolved(self.state.path().unwrap_or(Path::new("")));
        identity(random, &files::system_id().unwrap_or_default(), &place)
    }

    pub(super) fn former(&mut self) -> Former {
        let Some(text) = self.read(&self.index.clone()) else { return Former::None };
        match serde_json::from_str::<Index>(&text) {
            Ok(index) if is_id(&index.ledger) => Former::Ledger(index.ledger),
            _ => {
                self.damaged(&self.index.clone());
                Former::Damaged
            }
        }
    }

    pub(super) fn set_former(&mut self, ledger: &str) {
        let index = Index { path: self.root.clone(), ledger: ledger.to_owned() };
        let text = serde_json::to_string_pretty(&index).unwrap_or_default() + "\n";
        self.write(&self.index.clone(), text.as_bytes());
    }

    /// All that is known of a ledger.
    pub(super) fn memory(&mut self, ledger: &str) -> Memory {
        let mut memory = Memory::default();
        let name = format!("{LEDGERS}/{ledger}/generation");
        if let Some(text) = self.read(&name) {
            match text.trim().parse::<i64>() {
                Ok(generation) if generation >= 0 => memory.generation = generation.min(Record::LARGEST_GENERATION),
                _ => self.damaged(&name),
            }
        } else {
            memory.is_missing = true;
        }
        let folder = copies(ledger);
        let names = self.state.names(&folder, false).unwrap_or_else(|error| {
            self.warn(&folder, &error.to_string());
            Vec::new()
        });
        for name in names {
            let Some(number) = name.strip_suffix(".json").and_then(|number| number.parse().ok()) else { continue };
            let path = format!("{folder}/{name}");
            let copy = self.read(&path).and_then(|text| folder::parse(text.as_bytes(), &path).ok());
            match copy.filter(|record| record.number == number) {
                Some(record) => memory.records.push(record),
                None => {
                    self.damaged(&path);
                    memory.damaged.push(number);
                }
            }
        }
        memory
    }

    /// The records of each ledger that mails by this way from this machine, but for those in `but`. What is damaged there is
    /// the business of its own site.
    pub(super) fn elsewhere(&self, way: &str, but: &BTreeSet<&str>) -> Vec<Vec<Record>> {
        let mut ledgers: BTreeMap<String, Vec<Record>> = BTreeMap::new();
        for name in self.state.names(LEDGERS, true).unwrap_or_default() {
            let Some((ledger, _)) = name.split_once("/issues/").filter(|(ledger, _)| !but.contains(ledger)) else {
                continue;
            };
            let read = |name: &str| self.state.read(&format!("{LEDGERS}/{name}")).ok().flatten();
            if let Some(record) = read(&name).and_then(|bytes| folder::parse(&bytes, &name).ok()) {
                ledgers.entry(ledger.to_owned()).or_default().push(record);
            }
        }
        let has_it =
            |ledger: &str| self.state.read(&way_of(ledger)).ok().flatten().is_none_or(|is| is == way.as_bytes());
        ledgers.retain(|ledger, _| has_it(ledger));
        ledgers.into_values().collect()
    }

    /// Notes by which way a ledger mails.
    pub(super) fn set_way(&mut self, ledger: &str, way: &str) {
        self.write(&way_of(ledger), way.as_bytes());
    }

    /// The generation of a ledger, to be kept up to date; `None` when it cannot be kept.
    pub(super) fn counter(&mut self, ledger: &str) -> Option<Counter> {
        let name = format!("{LEDGERS}/{ledger}/generation");
        match self.state.counter(&name) {
            Ok(None) => {
                let message = "this machine remembers nothing of what is sent: it has no place for it";
                let help = format!("set HOME or XDG_STATE_HOME; {UNPROTECTED}");
                self.warning.get_or_insert(Diagnostic::warning("memory/state", message).help(help));
                None
            }
            Ok(counter) => counter,
            Err(error) => {
                self.warn(&name, &error.to_string());
                None
            }
        }
    }

    pub(super) fn write_copy(&mut self, record: &Record) {
        let name = format!("{}/{}.json", copies(&record.ledger), record.number);
        self.write_with(StateFolder::write_soon, &name, &folder::bytes(record));
    }

    fn read(&mut self, name: &str) -> Option<String> {
        match self.state.read(name) {
            // What is no text means nothing below either.
            Ok(bytes) => bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) => {
                self.warn(name, &error.to_string());
                None
            }
        }
    }

    fn write(&mut self, name: &str, bytes: &[u8]) {
        self.write_with(StateFolder::write, name, bytes);
    }

    fn write_with(&mut self, write: Write, name: &str, bytes: &[u8]) {
        if !self.is_closed
            && let Err(error) = write(self.state, name, bytes)
        {
            self.is_closed = true;
            self.warn(name, &error.to_string());
        }
    }

    fn damaged(&mut self, name: &str) {
        self.warn(name, "it is damaged");
    }

    /// Says what is not protected because of a file; one of them is enough.
    pub(super) fn warn(&mut self, name: &str, why: &str) {
        self.warn_with(name, why, UNPROTECTED);
    }

    pub(super) fn warn_with(&mut self, name: &str, why: &str, help: &str) {
        let path = self.state.path().unwrap_or(Path::new("")).join(name);
        let message = format!("this machine's memory of what was sent cannot be used: {}: {why}", path.display());
        let warning = Diagnostic::warning("memory/state", message).help(help);
        self.warning.get_or_insert(warning);
    }
}

/// For what is gone and is made again.
pub(super) const KEPT_AGAIN: &str = "publishing keeps it again from now on; an older database that took the place of the newest one before is not noticed, but for the records in `.tidings/issues`";

const UNPROTECTED: &str = "until then nothing here notices that an older database takes the place of this one, but for the records in `.tidings/issues`";

fn copies(ledger: &str) -> String {
    format!("{LEDGERS}/{ledger}/issues")
}

fn way_of(ledger: &str) -> String {
    format!("{LEDGERS}/{ledger}/way")
}

/// 128 bits that stand for a machine, and say nothing of its system.
fn identity(random: &str, system: &[u8], place: &Path) -> String {
    let mut named = format!("machine {random} {} ", place.display()).into_bytes();
    named.extend(system);
    let mut id = sha256_hex(&named);
    id.truncate(32);
    id
}

/// 128 bits in hexadecimal digits.
fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_the_state_folder_on_another_system_is_another_machine() {
        let here = identity("a1", b"one", Path::new("/home/ada/.local/state/tidings"));
        assert!(is_id(&here));
        assert_eq!(here, identity("a1", b"one", Path::new("/home/ada/.local/state/tidings")));
        assert_ne!(here, identity("a1", b"two", Path::new("/home/ada/.local/state/tidings")));
        assert_ne!(here, identity("a1", b"one", Path::new("/home/eve/.local/state/tidings")));
        assert_ne!(here, identity("a2", b"one", Path::new("/home/ada/.local/state/tidings")));
    }
}
