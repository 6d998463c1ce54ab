//! What was sent is remembered three times: by the database, by the records beside the posts, and by this machine. What any
//! of them knows as mailed is mailed, and a database that is not the newest does not go on without a word.

mod folder;
mod judge;
mod machine;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use self::folder::Place;
use self::judge::{Database, Doubt, Others, judge};
use self::machine::{Former, KEPT_AGAIN, LEDGERS, Machine};
use super::error::PublishError;
use super::guard::{Guard, GuardName, count};
use super::reach::{self, Use};
use super::site::Site;
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::email;
use crate::files::{Folder, StateFolder};
use crate::model::{IssueKey, MailedEntry, Record};
use crate::store::{Adoption, SentIssue, Store};
use crate::transport::{Server, Target};

pub(super) use self::folder::{FOLDER, page_name};

/// The records that are beside the posts of a site.
///
/// # Errors
/// Any that cannot be read.
pub(super) fn records(site: &Folder) -> Result<Vec<Record>, PublishError> {
    let found = folder::read(site)?;
    if found.problems.is_empty() {
        Ok(found.records.into_values().collect())
    } else {
        Err(PublishError::Site(found.problems))
    }
}

/// Where the memory of a site is.
#[derive(Debug, Clone)]
pub struct Memory {
    root: PathBuf,
    /// What its records are read and written through.
    site: Folder,
    config: Box<Config>,
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
    /// That of the site; UTC where none is said.
    zone: Option<TimeZone>,
    /// Where this machine remembers what no record beside the posts tells.
    place: Option<PathBuf>,
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
        let zone = self.zone.clone().unwrap_or(TimeZone::UTC);
        self.doubts.iter().map(|doubt| doubt.guard(self.open, self.place.as_deref(), &zone)).collect()
    }

    /// Issues of other databases that had not left for all readers when their records were written, as warnings, unless all that
    /// they carried was mailed again since. `mailed` is all that was ever mailed.
    pub(super) fn half_sent(&self, mailed: &[MailedEntry]) -> Vec<Diagnostic> {
        let own: BTreeSet<_> = self.sent.iter().map(|issue| &issue.key).collect();
        // Of the copies of a record the newest counts.
        let mut left: BTreeMap<IssueKey, (i64, Reverse<i64>, &Record)> = BTreeMap::new();
        for record in self.records.iter().filter(|record| !own.contains(&record.key())) {
            let rank = (record.generation, Reverse(judge::left(record)));
            let known = left.entry(record.key()).or_insert((rank.0, rank.1, record));
            if (known.0, known.1) < rank {
                *known = (rank.0, rank.1, record);
            }
        }
        let mut last = BTreeMap::new();
        for entry in mailed {
            let issue = last.entry(entry.id.as_str()).or_insert(entry.issue);
            *issue = entry.issue.max(*issue);
        }
        let is_open = |record: &Record| {
            record.entries.iter().any(|entry| last.get(entry.id.as_str()).is_none_or(|issue| *issue <= record.number))
        };
        let warning = |(_, Reverse(left), record): (i64, Reverse<i64>, &Record)| {
            let message = format!(
                "{} of issue {} “{}” had not left when its record was written, and the database that knows who they were is not this one",
                count(left.unsigned_abs(), "delivery"),
                record.number,
                record.subject
            );
            let help = "put that database back, or send its posts again to all readers with `tidings publish --include POST`; if they have left since, put the newer record into `.tidings/issues`";
            Diagnostic::warning("memory/half-sent", message).help(help)
        };
        left.into_values().filter(|(_, left, record)| left.0 > 0 && is_open(record)).map(warning).collect()
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
        Self { root, site, config: Box::new(config.clone()), state, is_ci }
    }

    /// True when every machine is a new one.
    pub fn is_ci(&self) -> bool {
        self.is_ci
    }

    /// True when the database is at a server, which other machines use too.
    fn is_at_server(&self) -> bool {
        self.config.store.server.is_some()
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
        let mut others =
            Others { machine: machine.id(is_sending), is_ci: self.is_ci || self.is_at_server(), ..Others::default() };
        let own = ledger.as_ref().map(|ledger| machine.memory(ledger)).unwrap_or_default();
        let copied: BTreeSet<i64> = own.records.iter().map(|record| record.number).collect();
        let own_generation = own.generation;
        let mut is_remembered = own_generation > 0 || !own.records.is_empty();
        let mut heard: BTreeSet<String> = ledger.iter().cloned().collect();
        others.generation = own_generation;
        others.records.extend(own.records);
        let mut numbers = own.damaged;
        match machine.former() {
            Former::None => {}
            Former::Damaged => others.is_unclear = true,
            Former::Ledger(former) if Some(&former) == ledger.as_ref() => {}
            Former::Ledger(former) => {
                let memory = machine.memory(&former);
                others.is_unclear = memory.may_have_sent();
                others.records.extend(memory.records);
                numbers.extend(memory.damaged);
                heard.insert(former);
            }
        }
        let site = folder::read(&self.site)?;
        let own_ledger = ledger.clone();
        let is_own = |record: &&Record| own_ledger.as_ref() == Some(&record.ledger);
        let recorded = site.records.values().filter(is_own).map(|record| record.generation).max();
        is_remembered |= recorded.is_some();
        others.generation = others.generation.max(recorded.unwrap_or(0));
        others.records.extend(site.records.values().cloned());

        let mut found =
            Witnesses { numbers, problems: site.problems, generation: others.generation, ..Witnesses::default() };
        let mut database = Database { ledger, ..Database::default() };
        if let Some(store) = store {
            let known = store.known_issues().await?;
            found.sent = store.sent_issues().await?;
            found.open = store.open_counts().await?.open();
            database.generation = store.generation().await?;
            database.home = store.home().await?;
            database.issues =
                found.sent.iter().map(|issue| issue.key.clone()).chain(known.iter().map(Record::key)).collect();
            others.records.extend(known);
        }
        if database.issues.is_empty() {
            others.records.extend(self.sent_elsewhere(&machine, &heard));
        }
        let is_ours = database.home.is_some() && database.home == others.machine;
        others.is_forgotten = is_ours && !is_remembered && database.generation > 0 && !found.sent.is_empty();
        found.doubts = judge(&database, &others);
        found.zone = Some(self.config.site.timezone.clone());
        if let ([Doubt::Lost(newest), ..], true) = (found.doubts.as_slice(), site.records.is_empty()) {
            let ledger = newest.as_deref().map(|record| format!("{LEDGERS}/{}", record.ledger)).unwrap_or_default();
            found.place = self.state.path().map(|state| state.join(ledger));
        }
        let is_recorded = |issue: &&SentIssue| {
            let record = site.records.get(&issue.key.number);
            record.is_some_and(|record| record.key() != issue.key || !issue.is_finished || judge::left(record) == 0)
        };
        found.unrecorded =
            found.sent.iter().filter(|issue| !is_recorded(issue)).map(|issue| issue.key.number).collect();
        let is_uncopied = |record: &&Record| is_own(record) && !copied.contains(&record.number);
        found.uncopied = site.records.values().filter(is_uncopied).cloned().collect();
        if is_ours && own_generation == 0 && database.generation > 0 && !others.is_forgotten {
            machine.warn_with(LEDGERS, "it is gone", KEPT_AGAIN);
        }
        let is_unknown = |record: &&Record| !database.issues.contains(&record.key());
        found.unknown = others.records.iter().filter(is_unknown).cloned().collect();
        found.records = others.records;
        found.warning = machine.warning;
        Ok(found)
    }

    /// What other databases have mailed of the posts of this site, from this machine, by the same way: it may have been moved or
    /// cloned, and its own lost. Asked only as long as the database has sent nothing, so two that are both in use do not stop
    /// each other.
    fn sent_elsewhere(&self, machine: &Machine<'_>, heard: &BTreeSet<String>) -> Vec<Record> {
        let Some(way) = self.way() else { return Vec::new() };
        let mut ledgers = machine.elsewhere(&way, &heard.iter().map(String::as_str).collect());
        if ledgers.is_empty() {
            return Vec::new();
        }
        // The time decides which of them are in the future, and about no id.
        let site = Site::open(&self.root, (*self.config).clone(), Timestamp::UNIX_EPOCH);
        let posts = site.map(|site| site.posts).unwrap_or_default();
        let ids: BTreeSet<&str> = posts.iter().map(|post| post.id.as_str()).collect();
        let is_of_this_site = |record: &Record| record.entries.iter().any(|entry| ids.contains(entry.id.as_str()));
        ledgers.retain(|records| records.iter().any(is_of_this_site));
        ledgers.into_iter().flatten().collect()
    }

    /// Through what, and from which sender, the site mails. Another list, or a trial with another server, has another way;
    /// `None` for an outbox, which mails nothing.
    fn way(&self) -> Option<String> {
        let from = self.config.newsletter.from.as_ref().map_or("", |from| from.address.as_str());
        match Target::of(&self.config.mail.first().transport).ok()? {
            Target::Folder(_) => None,
            Target::Server(Server { host, port, user, .. }) => {
                Some(format!("{from} smtp {} {host} {port}\n", user.as_deref().unwrap_or_default()))
            }
            Target::Program(program) => Some(format!("{from} sendmail {program}\n")),
        }
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
        match self.way() {
            Some(way) => machine.set_way(&ledger, &way),
            None if found.sent.is_empty() => machine.set_way(&ledger, "outbox\n"),
            // It has mailed before.
            None => {}
        }
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
        let day = |moment: Timestamp| moment.to_zoned(self.config.site.timezone.clone()).date().to_string();
        for record in store.records(&issues.iter().copied().collect(), day).await? {
            let place = folder::place(&self.site, &record)?;
            // The page first: as soon as there is a record, it is there. It is made once, from the frozen issue.
            let has_no_page = matches!(place, Place::Free | Place::Ours { has_page: false });
            // One that cannot be read any more has no page, and stands in the way of no other.
            if has_no_page && let Ok(Some((_, issue))) = store.issue(record.number).await {
                folder::write_page(&self.site, record.number, &email::page(&issue))?;
            }
            if place != Place::Taken {
                folder::write(&self.site, &record)?;
            }
            machine.write_copy(&record);
        }
        Ok(())
    }
}
