//! Publishing: finish what an earlier run left, plan, freeze, deliver, finish.
//!
//! The invariant: an entry is recorded and its deliveries are queued in one transaction, before the first message leaves;
//! from then on only the ledger decides what is sent. Whatever ends the program, the next run goes on from there.

mod against;
mod agreements;
mod allowance;
mod archive;
mod backoff;
mod breaker;
mod deliver;
mod demand;
mod domains;
pub mod dry_run;
mod error;
mod event;
mod feed_guard;
mod feed_pictures;
mod feed_source;
mod feeds;
mod folder;
mod forecast;
mod gone_lists;
mod guard;
mod halt;
mod heard;
mod inspect;
mod items;
mod jobs;
mod letters;
mod library;
mod links;
mod mail_pictures;
mod manifest;
mod message_lint;
mod missing;
mod once;
mod one_click;
mod own_feed;
mod owners;
mod pace;
mod parallel;
mod ping;
mod placeholder;
mod plan;
mod prepare;
mod probes;
mod reach;
mod recorder;
mod refusal;
mod rendered;
mod returned;
mod run;
mod shared;
mod signing;
mod site;
mod tolerance;
mod watcher;
mod way;
mod wishes;
mod witnesses;
mod worker;

use std::sync::Arc;

pub use against::{Compared, Pages, against_feed, against_pages, sitemaps_of_index};
pub use agreements::Agreements;
pub use archive::{
    Archive, ArchivedIssue, KeptIssues, archive, changed as archive_changed, compare as compare_archive, kept_page,
    pages as archive_pages, read as read_archive,
};
pub use deliver::Delivered;
use deliver::Task;
pub use demand::{Activity, Demand, demands, program};
use dry_run::Addressee;
pub use error::{NotOnePost, PublishError, refused};
pub use event::{Event, Frontend, Left};
pub use feeds::{BuiltFeeds, Purpose, build_feeds};
pub use forecast::{Forecast, LimitUse, Underway, underway};
pub use gone_lists::gone_lists;
pub use guard::{Guard, GuardName, count};
use guard::{earliest, is_old, unfinished_too_late};
pub use halt::{Halt, Stop};
pub use heard::{Arrival, Heard, Service, Wish};
pub use inspect::{dead_links, inspect, inspect_posts};
pub use letters::{
    LettersSent, address_hash, are_letters_due, greeting, is_fresh, letter_of, never_again, purge_unconfirmed,
    send_letters, turns_an_hour,
};
pub use links::send_links;
pub use mail_pictures::{compare_made, write_made};
pub use manifest::feed_plans;
pub use missing::MissingIssue;
pub use once::Rendered;
pub use one_click::{TEST_TOKEN, try_one_click};
pub use own_feed::{look_at_feed, own_feeds};
pub use owners::owners_of;
pub use ping::{Ping, Told, due_pings, ping};
pub use placeholder::SAMPLE;
pub use plan::{Fingerprint, Fingerprints, Ledger, Likeness, Rules, Verdict, lists_of, plan, undecided};
pub use prepare::{Options, Past, Prepared, is_worth_telling, prepare, specimen, verdicts};
pub use reach::{Outside, Use, folder as site_folder, outside};
pub use rendered::{rendered, renders};
pub use returned::{Recorded, correlate, record, record_told};
pub use run::{Done, End, Order, deliver, plan_with_feeds, publish, publish_missing};
use shared::Which;
pub use signing::{misaligned, signer};
pub use site::{CONFIG_FILE, Picture, Site};
pub use tolerance::Tolerance;
pub use watcher::Watcher;
pub use way::WayOut;
pub use wishes::{Fulfilled, MOST_LETTERS_AN_HOUR, fulfil};
pub use witnesses::Memory;

use crate::clock::Clock;
use crate::config::{Config, InDoubt, Mail};
use crate::diagnostic::Diagnostic;
use crate::email::dkim::Signer;
use crate::model::{EmailAddress, Issue, Outcome};
use crate::store::{Lock, Recovered, Repeat, Right, Store};
use crate::transport::{self, Checkpoint, Letter};

/// Why a delivery was given up that later issues would have to wait for.
const GIVEN_UP: &str = "given up: older than `newsletter.max_lateness`";

/// Everything with an effect that publishing needs.
pub struct Publisher {
    /// The ledger.
    pub store: Store,
    /// How messages leave, in the order of `mail.relays`.
    pub ways: Vec<WayOut>,
    /// What keeps a copy of the database elsewhere.
    pub checkpoint: Option<Checkpoint>,
    /// `[mail]` of the configuration.
    pub mail: Mail,
    /// What signs the messages. A signature is made when its message leaves, with the key of that moment: an issue that was
    /// frozen before the key changed goes on with the new key, and everything else of it stays as it was.
    pub signer: Option<Arc<Signer>>,
    /// Where the time comes from.
    pub clock: Clock,
    /// Who is told how it goes on.
    pub watcher: Arc<dyn Watcher>,
    /// How it is told to stop.
    pub halt: Arc<Halt>,
    /// What else remembers what was sent.
    pub memory: Memory,
    /// What that does not protect from, for the user.
    pub warning: Option<Diagnostic>,
}

/// The right to deliver, and what the last process left behind.
pub struct Resumed {
    /// Held until the end of the command.
    _lock: Lock,
    /// Deliveries of a database that was not the newest: in doubt, and not sent.
    pub held: u64,
    /// Deliveries whose sending an earlier process did not live to record.
    pub interrupted: u64,
    /// Whether those are sent again; else they are in doubt now.
    pub is_repeated: bool,
    /// Deliveries that the server had accepted when an earlier process ended.
    pub accepted: u64,
    /// Deliveries that were given up, since they were refused or put off until they were too old.
    pub given_up: u64,
    /// How many deliveries may be tried now or later.
    pub open: i64,
    /// The issues that were not delivered to the end.
    pub issues: Vec<i64>,
}

impl Publisher {
    /// Step 1: takes a right and looks at what an earlier run left. [`PublishError::Busy`] when another process
    /// is delivering; [`PublishError::Refused`] when the database is not the newest or what is left is too old, unless that
    /// is allowed.
    async fn resume(&mut self, right: Right, config: &Config, allow: &[GuardName]) -> Result<Resumed, PublishError> {
        let lock = self.store.lock(right).await?.ok_or(PublishError::Busy)?;
        let now = self.clock.now();
        let found = self.memory.look(Some(&mut self.store), true).await?;
        let issues = self.store.open_issues().await?;
        let untried = self.store.untried_issues().await?;
        let guards = unfinished_too_late(&untried, config, now).into_iter();
        found.allowed(guards.chain(placeholder::guard_of_frozen(&issues, &self.mail)), allow)?;
        match self.store.spike().await? {
            Some(_) if allow.contains(&GuardName::Spike) => self.store.allow_spikes().await?,
            Some(spike) => return Err(PublishError::Spike(spike.reason)),
            None => {}
        }
        let taken_up = self.memory.take_up(&mut self.store, &found, now).await?;
        self.warning = found.warning.or(taken_up.warning);
        self.store.set_deliverer(std::process::id(), &now.to_string()).await?;
        let Recovered { count: interrupted, repeat, accepted, put_back } =
            self.store.recover(self.repeat(), &now.to_string()).await?;
        let is_repeated = repeat != Repeat::Never;
        // What was tried and is still refused when it is too old keeps no later issue waiting.
        let mut given_up = 0;
        let earliest = earliest(config, now);
        let old = issues.iter().filter(|issue| is_old(issue, config, now));
        for issue in old.filter(|_| !allow.contains(&GuardName::TooLate)) {
            given_up += self.store.give_up(issue.number, GIVEN_UP, &earliest.to_string(), &now.to_string()).await?;
        }
        let finished = self.store.finish_runs(&now.to_string()).await?;
        let issues: Vec<_> = issues.iter().map(|issue| issue.number).collect();
        if taken_up.held + interrupted + accepted + put_back + given_up + finished > 0 {
            self.record(&issues).await?;
        }
        let open = self.store.open_counts().await?.open();
        Ok(Resumed { _lock: lock, held: taken_up.held, interrupted, is_repeated, accepted, given_up, open, issues })
    }

    /// Brings the records of these issues up to date.
    async fn record(&mut self, issues: &[i64]) -> Result<(), PublishError> {
        let warning = self.memory.record(&mut self.store, issues).await?;
        self.warning = self.warning.take().or(warning);
        Ok(())
    }

    /// Whether a delivery whose outcome is lost may be repeated: harmless, or wished. Of several ways out it is not known which
    /// one a dead process had taken.
    fn repeat(&self) -> Repeat {
        let [way] = self.ways.as_slice() else { return Repeat::Never };
        match way.relay.idempotency_header() {
            _ if self.mail.in_doubt == InDoubt::Resend || way.transport.deduplicates() => Repeat::Always,
            Some(_) => Repeat::Remembered,
            None => Repeat::Never,
        }
    }

    /// Fails when no server can be reached or lets us in: asked before anything is frozen.
    async fn reach(&self) -> Result<(), PublishError> {
        let (_, mut connection) = WayOut::connect(&self.ways).await?;
        connection.close().await;
        Ok(())
    }

    /// Step 3: records the run, its entries, its issues and a queued delivery for each reader, in one transaction. From
    /// here on the entries count as published. Returns the number of deliveries. When the database does not answer, nothing is
    /// recorded; when the records beside the posts cannot be written, everything is queued and the next run goes on.
    async fn freeze(&mut self, prepared: &Prepared) -> Result<u64, PublishError> {
        let queued = self.store.freeze(&prepared.now.to_string(), &prepared.entries, &prepared.issues).await?;
        let numbers: Vec<_> = prepared.issues.iter().map(|issue| issue.number).collect();
        self.record(&numbers).await?;
        Ok(queued)
    }

    /// Steps 4 and 5: delivers what is queued and may be tried now, at most `limit` messages of those that wait, and closes the
    /// runs that have nothing open any more.
    async fn deliver(self, which: Which, waiting: u64, limit: Option<u64>) -> Result<(Self, Delivered), PublishError> {
        let repeat = self.repeat();
        let Self { mut store, ways, checkpoint, mail, signer, clock, watcher, halt, memory, warning } = self;
        let issues = store.open_issues().await?;
        let numbers: Vec<_> = issues.iter().map(|issue| issue.number).collect();
        store.set_repeatable(repeat).await?;
        store.raise_generation().await?;
        watcher.begin(limit.map_or(waiting, |limit| waiting.min(limit)));
        let task = Task {
            issues,
            which,
            limit,
            mail: mail.clone(),
            signer: signer.clone(),
            ways: ways.clone(),
            checkpoint: checkpoint.clone(),
            clock,
            watcher: Arc::clone(&watcher),
            halt: Arc::clone(&halt),
        };
        let result;
        (store, result) = Box::pin(deliver::deliver(store, task)).await;
        watcher.end();
        let delivered = result?;
        store.raise_generation().await?;
        store.finish_runs(&clock.now().to_string()).await?;
        let mut publisher = Self { store, ways, checkpoint, mail, signer, clock, watcher, halt, memory, warning };
        publisher.record(&numbers).await?;
        let has_failed = matches!(delivered.stopped, Some(Stop::Checkpoint(_)));
        if !has_failed {
            publisher.save().await?;
        }
        Ok((publisher, delivered))
    }

    /// Has a copy of the database kept elsewhere, where `store.checkpoint` says how.
    async fn save(&mut self) -> Result<(), PublishError> {
        save(&mut self.store, self.checkpoint.as_ref()).await
    }
}

/// Has the program that `store.checkpoint` names keep a copy of the database, where it names one.
///
/// # Errors
/// When the program cannot be run or says that it failed, or the database does not answer.
pub async fn save(store: &mut Store, checkpoint: Option<&Checkpoint>) -> Result<(), PublishError> {
    let Some(checkpoint) = checkpoint else { return Ok(()) };
    let saved = store.as_one_file(async |path| checkpoint.run(path).await).await?;
    saved.map_err(PublishError::Checkpoint)
}

/// Sends the issues to one address, as a test: the copies that the dry run shows for it. Nothing is recorded.
///
/// # Errors
/// When they show an example and `allow` does not let that pass, or when the server cannot be reached; what it answered is in
/// the outcomes.
pub async fn send_test(
    ways: &[WayOut],
    mail: &Mail,
    allow: &[GuardName],
    store: Option<&mut Store>,
    signer: Option<Arc<Signer>>,
    issues: &[Issue],
    to: &EmailAddress,
) -> Result<Vec<Outcome>, PublishError> {
    if let Some(guard) = placeholder::guard(issues, mail).filter(|guard| !allow.contains(&guard.name)) {
        return Err(PublishError::Refused(vec![guard]));
    }
    let (way, mut connection) = WayOut::connect(ways).await?;
    let addressee = Addressee::find(store, signer, &way.relay, to).await?;
    let mut outcomes = Vec::new();
    for issue in issues {
        let damaged = || PublishError::DamagedIssue { number: issue.number, what: "its sender".into() };
        let from: EmailAddress = issue.from_address.parse().map_err(|_| damaged())?;
        let name = format!("test-issue-{}", issue.number);
        let letter = Letter {
            number: issue.number.unsigned_abs(),
            from: Arc::new(from),
            to: to.clone(),
            envelope_id: None,
            name,
        };
        outcomes.push(transport::send(&mut *connection, letter, &addressee.copy(issue).message).await);
    }
    connection.close().await;
    Ok(outcomes)
}

/// The guard for links that lead nowhere yet, when `newsletter.require_live` is on: asks for the page of every due entry.
async fn not_live(prepared: &Prepared, config: &Config) -> Vec<Guard> {
    if !config.newsletter.require_live {
        return Vec::new();
    }
    let pages = prepared.entries.iter().map(|entry| entry.url.clone());
    let pictures =
        prepared.made.iter().filter_map(|file| Some(config.site.url.join(&file.file_name).ok()?.to_string()));
    let addresses: Vec<_> = pages.chain(pictures).collect();
    let what = |address: &str| {
        let is_page = prepared.entries.iter().any(|entry| entry.url == address);
        if is_page { "the page of a due entry" } else { "a picture of a due entry" }
    };
    let own = config.site.url.clone();
    let asked = tokio::task::spawn_blocking(move || transport::not_live(&addresses, &own)).await;
    let refusal = |(address, answer): (String, String)| Guard {
        name: GuardName::NotLive,
        message: format!("{} is not online: {address}: {answer}", what(&address)),
        help: "publish the site before its mail".into(),
    };
    match asked {
        Ok(dead) => dead.into_iter().map(refusal).collect(),
        Err(error) => vec![refusal(("all".into(), error.to_string()))],
    }
}
