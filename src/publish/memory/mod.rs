//! What was sent is remembered three times: by the database, by the records beside the posts, and by this machine. What any
//! of them knows as mailed is mailed, and a database that is not the newest does not go on without a word.

mod folder;
mod judge;
mod machine;

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use self::judge::{Database, Doubt, Others, judge};
use self::machine::{Former, Machine};
use super::error::PublishError;
use super::guard::{Guard, GuardName};
use super::reach::{self, Use};
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::files::{Folder, StateFolder};
use crate::model::Record;
use crate::store::{Adoption, SentIssue, Store};

/// Where the memory of a site is.
#[derive(Debug, Clone)]
pub struct Memory {
    root: PathBuf,
    /// What its records are read and written through.
    site: Folder,
    timezone: TimeZone,
    state: StateFolder,
    is_ci: bool,
}

/// What all witnesses say.
#[derive(Debug, Default)]
pub struct Witnesses {
    /// Every record that there is.
    pub(super) records: Vec<Record>,
    /// The numbers of issues of which nothing else is known.
    pub(super) numbers: Vec<i64>,
    /// What makes it impossible to know what was sent: errors.
    pub problems: Vec<Diagnostic>,
    /// What is not protected.
    pub warning: Option<Diagnostic>,
    doubts: Vec<Doubt>,
    open: i64,
    /// How far others know the ledger to have come.
    generation: i64,
    sent: Vec<SentIssue>,
    /// The issues of the database that have no record as it should be.
    unrecorded: Vec<i64>,
    /// Records of which this machine has no copy.
    uncopied: Vec<Record>,
    /// Those that the database does not know.
    unknown: Vec<Record>,
}

/// What became of a database when it was taken up.
#[derive(Debug, Default)]
pub struct TakenUp {
    /// Its deliveries that are in doubt now, because it was not the newest.
    pub held: u64,
    /// What is not protected.
    pub warning: Option<Diagnostic>,
}

impl Witnesses {
    /// The refusals to go on with this database.
    pub fn guards(&self) -> Vec<Guard> {
        self.doubts.iter().map(|doubt| doubt.guard(self.open)).collect()
    }

    /// True when any issue was ever sent.
    pub fn has_sent(&self) -> bool {
        !self.sent.is_empty() || !self.records.is_empty() || matches!(self.doubts.as_slice(), [Doubt::Lost(_), ..])
    }

    /// Stops unless everything can be read, and the owner lets every doubt pass, and `other` guards too.
    ///
    /// # Errors
    /// [`PublishError::Site`] or [`PublishError::Refused`].
    pub fn allowed(&self, other: impl IntoIterator<Item = Guard>, allow: &[GuardName]) -> Result<(), PublishError> {
        if !self.problems.is_empty() {
            return Err(PublishError::Site(self.problems.clone()));
        }
        let standing: Vec<_> =
            self.guards().into_iter().chain(other).filter(|guard| !allow.contains(&guard.name)).collect();
        if standing.is_empty() { Ok(()) } else { Err(PublishError::Refused(standing)) }
    }
}

impl Memory {
    /// The memory of the site in `root`. `is_ci` says that every machine is a new one.
    pub fn new(root: PathBuf, config: &Config, state: StateFolder, is_ci: bool) -> Self {
        let site = reach::folder(&root, config, Use::Content);
        Self { root, site, timezone: config.site.timezone.clone(), state, is_ci }
    }

    /// True when every machine is a new one.
    pub fn is_ci(&self) -> bool {
        self.is_ci
    }

    /// Hears every witness; without a database only the others. Nothing is written, but that a machine that `is_sending`
    /// gives itself an id.
    ///
    /// # Errors
    /// When the database does not answer, or the folder of the records cannot be read.
    pub async fn look(&self, mut store: Option<&mut Store>, is_sending: bool) -> Result<Witnesses, PublishError> {
        let mut machine = Machine::new(&self.state, &self.root);
        let ledger = match &mut store {
            Some(store) => Some(store.ledger_id().await?),
            None => None,
        };
        // The others before the database: it is written first, so while a process is sending they never know more.
        let mut others = Others { machine: machine.id(is_sending), is_ci: self.is_ci, ..Others::default() };
        let own = ledger.as_ref().map(|ledger| machine.memory(ledger)).unwrap_or_default();
        let copied: BTreeSet<i64> = own.records.iter().map(|record| record.number).collect();
        let own_generation = own.generation;
        others.generation = own_generation;
        others.records.extend(own.records);
        let mut numbers = own.damaged;
        match machine.former() {
            Former::None => {}
            Former::Damaged => others.is_unclear = true,
            Former::Ledger(former) if Some(&former) == ledger.as_ref() => {}
            Former::Ledger(former) => {
                let memory = machine.memory(&former);
                others.is_unclear = memory.has_sent();
                others.records.extend(memory.records);
                numbers.extend(memory.damaged);
            }
        }
        let site = folder::read(&self.site)?;
        let own_ledger = ledger.clone();
        let is_own = |record: &&Record| own_ledger.as_ref() == Some(&record.ledger);
        let recorded = site.records.values().filter(is_own).map(|record| record.generation).max();
        others.generation = others.generation.max(recorded.unwrap_or(0));
        others.records.extend(site.records.values().cloned());

        let mut found =
            Witnesses { numbers, problems: site.problems, generation: others.generation, ..Witnesses::default() };
        let mut database = Database { ledger, ..Database::default() };
        if let Some(store) = store {
            let known = store.known_issues().await?;
            found.sent = store.sent_issues().await?;
            found.open = store.delivery_counts(None).await?.open();
            database.generation = store.generation().await?;
            database.home = store.home().await?;
            database.issues =
                found.sent.iter().map(|issue| issue.key.clone()).chain(known.iter().map(Record::key)).collect();
            others.records.extend(known);
        }
        found.doubts = judge(&database, &others);
        let is_settled = |record: &Record| {
            let counts = record.deliveries;
            (counts.queued, counts.sending, counts.deferred) == (0, 0, 0)
        };
        let is_recorded = |issue: &&SentIssue| {
            let record = site.records.get(&issue.key.number);
            record.is_some_and(|record| record.key() != issue.key || !issue.is_finished || is_settled(record))
        };
        found.unrecorded =
            found.sent.iter().filter(|issue| !is_recorded(issue)).map(|issue| issue.key.number).collect();
        let is_uncopied = |record: &&Record| is_own(record) && !copied.contains(&record.number);
        found.uncopied = site.records.values().filter(is_uncopied).cloned().collect();
        let is_forgotten = own_generation == 0 && database.generation > 0 && database.home.is_some();
        if is_forgotten && database.home == others.machine {
            machine.warn("ledgers", "it is gone");
        }
        let is_unknown = |record: &&Record| !database.issues.contains(&record.key());
        found.unknown = others.records.iter().filter(is_unknown).cloned().collect();
        found.records = others.records;
        found.warning = machine.warning;
        Ok(found)
    }

    /// Goes on with this database, whatever was found: takes in what others know, puts its open deliveries in doubt when it
    /// is not the newest, and brings this machine and the records up to date. Only for the holder of [`Store::lock`], and
    /// after `Witnesses::allowed`.
    ///
    /// # Errors
    /// When the database does not answer, or a record cannot be written.
    pub async fn take_up(&self, store: &mut Store, found: &Witnesses, now: Timestamp) -> Result<TakenUp, PublishError> {
        let mut done = TakenUp::default();
        if let Some(doubt) = found.doubts.first() {
            let adoption =
                Adoption { records: &found.unknown, generation: found.generation, doubt: Some(doubt.reply()) };
            done.held = store.adopt(&adoption, &now.to_string()).await?;
        }
        let mut machine = Machine::new(&self.state, &self.root);
        // One that is damaged is replaced.
        if let Some(id) = machine.id(true).or_else(|| machine.new_id()) {
            store.set_home(&id).await?;
        }
        let ledger = store.ledger_id().await?;
        store.set_counter(machine.counter(&ledger)).await?;
        machine.set_former(&ledger);
        for record in &found.uncopied {
            machine.write_copy(record);
        }
        self.write(store, &mut machine, &found.unrecorded).await?;
        done.warning = machine.warning;
        Ok(done)
    }

    /// Writes the records of these issues as they are now, and this machine's copies of them. Returns what is not protected.
    ///
    /// # Errors
    /// When the database does not answer, or a record cannot be written.
    pub async fn record(&self, store: &mut Store, issues: &[i64]) -> Result<Option<Diagnostic>, PublishError> {
        let mut machine = Machine::new(&self.state, &self.root);
        if let Some(error) = store.take_counter_fault() {
            machine.warn("ledgers", &error.to_string());
        }
        self.write(store, &mut machine, issues).await?;
        Ok(machine.warning)
    }

    async fn write(&self, store: &mut Store, machine: &mut Machine<'_>, issues: &[i64]) -> Result<(), PublishError> {
        if issues.is_empty() {
            return Ok(());
        }
        let day = |moment: Timestamp| moment.to_zoned(self.timezone.clone()).date().to_string();
        for record in store.records(&issues.iter().copied().collect(), day).await? {
            folder::write(&self.site, &record)?;
            machine.write_copy(&record);
        }
        Ok(())
    }
}
