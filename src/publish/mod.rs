//! Publishing: finish what an earlier run left, plan, freeze, deliver, finish.
//!
//! The invariant: an entry is recorded and its deliveries are queued in one transaction, before the first message leaves;
//! from then on only the ledger decides what is sent. Whatever ends the program, the next run goes on from there.

mod backoff;
mod deliver;
mod error;
mod guard;
mod halt;
mod inspect;
mod pace;
mod parallel;
mod plan;
mod prepare;
pub mod preview;
mod recorder;
mod site;
mod tolerance;
mod worker;

use std::sync::Arc;

use jiff::Timestamp;

pub use deliver::{Delivered, Watcher};
pub use error::PublishError;
pub use guard::{Guard, GuardName, count};
pub use halt::{Halt, Stop};
pub use inspect::inspect;
pub use plan::{Ledger, Likeness, Rules, Verdict, plan};
pub use prepare::{Options, Past, Prepared, is_worth_telling, prepare, verdicts};
pub use site::{CONFIG_FILE, Site};
pub use tolerance::Tolerance;

use crate::clock::Clock;
use crate::config::{Config, InDoubt, Mail};
use crate::email::{self, Copies};
use crate::files::Lock;
use crate::model::{EmailAddress, Issue, Outcome};
use crate::store::Store;
use crate::transport::{Envelope, Transport};

/// Everything with an effect that publishing needs.
pub struct Publisher {
    /// The ledger.
    pub store: Store,
    /// How messages leave.
    pub transport: Arc<Transport>,
    /// `[mail]` of the configuration.
    pub mail: Mail,
    /// Where the time comes from.
    pub clock: Clock,
    /// Who is told how it goes on.
    pub watcher: Arc<dyn Watcher>,
    /// How it is told to stop.
    pub halt: Arc<Halt>,
}

/// The right to deliver, and what the last process left behind.
pub struct Resumed {
    /// Held until the end of the command.
    _lock: Lock,
    /// Deliveries whose sending an earlier process did not live to record: now in doubt, or queued again when that is safe.
    pub interrupted: u64,
    /// The issues that still have open deliveries.
    pub issues: Vec<Issue>,
    /// How many deliveries may be tried now or later.
    pub open: i64,
}

impl Publisher {
    /// Step 1: takes the right to deliver and looks at what an earlier run left.
    ///
    /// # Errors
    /// [`PublishError::Busy`] when another process is delivering; or when the database does not answer.
    pub async fn resume(&mut self) -> Result<Resumed, PublishError> {
        let lock = self.store.lock()?.ok_or(PublishError::Busy)?;
        let repeat = self.mail.in_doubt == InDoubt::Resend || self.transport.deduplicates();
        let interrupted = self.store.recover(repeat, &self.clock.now().to_string()).await?;
        let issues = self.store.open_issues().await?;
        let open = self.store.delivery_counts(None).await?.open();
        Ok(Resumed { _lock: lock, interrupted, issues, open })
    }

    /// Fails when the server cannot be reached or does not let us in: asked before anything is frozen.
    ///
    /// # Errors
    /// What is in the way.
    pub async fn reach(&self) -> Result<(), PublishError> {
        self.transport.connect().await?.close().await;
        Ok(())
    }

    /// Step 3: records the run, its entries, its issues and a queued delivery for each reader, in one transaction. From
    /// here on the entries count as published. Returns the number of deliveries.
    ///
    /// # Errors
    /// When the database does not answer; nothing is recorded then.
    pub async fn freeze(&mut self, prepared: &Prepared) -> Result<u64, PublishError> {
        let identity = self.store.identity()?;
        self.store.set_home(&identity).await?;
        Ok(self.store.freeze(&prepared.now.to_string(), &prepared.entries, &prepared.issues).await?)
    }

    /// Steps 4 and 5: delivers what is queued and may be tried now, at most `limit` messages, and closes the runs that have
    /// nothing open any more.
    ///
    /// # Errors
    /// When the ledger cannot be read or written.
    pub async fn deliver(self, limit: Option<usize>) -> Result<(Self, Delivered), PublishError> {
        let Self { mut store, transport, mail, clock, watcher, halt } = self;
        let issues = store.open_issues().await?;
        let mut total = 0;
        for issue in &issues {
            total += store.ready(issue.number, &clock.now().to_string()).await?;
        }
        let total = limit.map_or(total, |limit| total.min(limit as u64));
        let mut delivered = Delivered::default();
        if total > 0 {
            watcher.begin(total);
            let result;
            (store, result) = deliver::deliver(
                store,
                Arc::clone(&transport),
                issues,
                &mail,
                limit,
                clock,
                Arc::clone(&watcher),
                Arc::clone(&halt),
            )
            .await;
            watcher.end();
            delivered = result?;
        }
        store.finish_runs(&clock.now().to_string()).await?;
        Ok((Self { store, transport, mail, clock, watcher, halt }, delivered))
    }

    /// Sends the issues to one address, as a test: nothing is recorded.
    ///
    /// # Errors
    /// When the server cannot be reached; what it answered is in the outcomes.
    pub async fn send_test(&mut self, issues: &[Issue], to: &EmailAddress) -> Result<Vec<Outcome>, PublishError> {
        let secret = self.store.secret().await?;
        let reader = self.store.subscriber(to).await?.map_or(0, |reader| reader.id);
        let mut connection = self.transport.connect().await?;
        let mut outcomes = Vec::new();
        for issue in issues {
            let damaged = || PublishError::DamagedIssue { number: issue.number, what: "its sender".into() };
            let from: EmailAddress = issue.from_address.parse().map_err(|_| damaged())?;
            let name = format!("test-issue-{}", issue.number);
            let envelope = Envelope { from: &from, to, name: &name };
            let message = Copies::new(issue).message(&email::recipient(&secret, issue, reader, to));
            outcomes.push(match connection.begin(&envelope).await {
                Ok(()) => connection.finish(&envelope, &message).await,
                Err(outcome) => outcome,
            });
        }
        connection.close().await;
        Ok(outcomes)
    }
}

/// The lateness guard for an unfinished run: what was frozen long ago is not sent without a word.
pub fn unfinished_too_late(issues: &[Issue], config: &Config, now: Timestamp) -> Option<Guard> {
    let limit = config.newsletter.max_lateness;
    let old = issues.iter().find(|issue| {
        issue.date.parse().is_ok_and(|cutoff| guard::is_too_late(cutoff, now, limit, &config.site.timezone))
    })?;
    Some(Guard {
        name: GuardName::TooLate,
        message: format!("issue {} was frozen on {} and is not delivered to everybody", old.number, old.date),
        help: "see who did not get it with `tidings runs show`".into(),
    })
}
