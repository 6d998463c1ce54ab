//! A site on disk, as the desk shows it: for `preview`, and for `serve`.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::super::failure::Failure;
use super::super::{Context, agreement, report, session};
use crate::clock::Clock;
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::files::StateFolder;
use crate::model::{EmailAddress, Issue, Outcome};
use crate::publish::dry_run::Addressee;
use crate::publish::{Activity, Demand, Options, Past, Site, inspect, own_feeds, prepare, send_test, signer, underway};
use crate::web::preview::{Backend, Desk, DeskPart, Refresh, Snapshot};

/// So many readers who came last are shown.
const NEWEST: u32 = 20;

/// So many issues are shown.
const ISSUES: usize = 50;

/// See the module.
pub(in crate::cli) struct SiteBackend {
    site: PathBuf,
    clock: Clock,
    state: StateFolder,
    /// What its owner agreed to when the command began.
    agreed: Vec<Demand>,
    /// How many inspections were asked for.
    turn: Arc<AtomicU64>,
    one_at_a_time: Arc<Mutex<()>>,
}

impl Backend for SiteBackend {
    async fn refresh(&self) -> Refresh {
        let now = self.clock.now();
        Refresh { now, site: self.snapshot(now).await.map(Arc::new).map_err(|failure| failure.diagnostics) }
    }

    async fn inspect(&self, snapshot: Arc<Snapshot>, now: Timestamp) -> Vec<Diagnostic> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) + 1;
        let (newest, one_at_a_time) = (Arc::clone(&self.turn), Arc::clone(&self.one_at_a_time));
        let inspected = tokio::task::spawn_blocking(move || {
            let _alone = one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner);
            // There is no need for an inspection after which another one was asked for.
            if newest.load(Ordering::Relaxed) == turn { inspect_snapshot(&snapshot, now) } else { Vec::new() }
        });
        inspected.await.unwrap_or_default()
    }

    async fn desk(&self, part: DeskPart) -> Result<Desk, Vec<Diagnostic>> {
        self.look_at(part).await.map_err(|failure| failure.diagnostics)
    }

    async fn send(&self, issue: &Issue, to: &EmailAddress) -> Result<Outcome, Vec<Diagnostic>> {
        self.send_test(issue, to).await.map_err(|failure| failure.diagnostics)
    }
}

impl SiteBackend {
    /// The site of a command, with what its owner agreed to.
    pub(in crate::cli) fn new(site: PathBuf, agreed: Vec<Demand>, context: &Context) -> Self {
        let (clock, state) = (context.clock, context.state.clone());
        Self { site, clock, state, agreed, turn: Arc::default(), one_at_a_time: Arc::default() }
    }

    /// The configuration as it is now, if this may be done with it: it may have changed since the preview began.
    fn config(&self, activity: Activity) -> Result<Config, Failure> {
        let config = agreement::read(&self.site)?;
        agreement::check(&config, activity, &self.site, &self.state, &self.agreed)?;
        Ok(config)
    }

    /// The site as it is now. Reading and rendering take a thread of their own: the page answers meanwhile.
    async fn snapshot(&self, now: Timestamp) -> Result<Snapshot, Failure> {
        let ended = |error: tokio::task::JoinError| Failure::unexpected(error.to_string());
        let root = &self.site;
        let config = self.config(Activity::Read)?;
        let may_send = agreement::check(&config, Activity::Send, root, &self.state, &self.agreed);
        let transport = may_send.and_then(|()| session::describe_ways(&config, root));
        let transport = transport.map_err(|failure| failure.diagnostics);
        let folder = root.clone();
        let site = tokio::task::spawn_blocking(move || Site::open(&folder, config, now)).await.map_err(ended)??;
        let mut store = session::existing_store(&site.config, root).await?;
        let past = Past::read(store.as_mut(), &session::memory(&site.config, root, &self.state)).await?;
        let own = own_addresses(&site.config);
        // Without its key nothing is sent, and so nothing shown that would be.
        let (signer, unsigned) = match signer(&site.config, root) {
            Ok(signer) => (signer, None),
            Err(error) => (None, Some(Failure::from(error).diagnostics)),
        };
        let addressee = match own.first() {
            Some(address) => Some(Addressee::find(store.as_mut(), signer, site.config.mail.first(), address).await?),
            None => None,
        };
        session::close(store).await?;
        let mut snapshot = tokio::task::spawn_blocking(move || work_out(site, past, own, addressee, transport, now))
            .await
            .map_err(ended)?;
        if let Some(problems) = unsigned {
            let unknown: Vec<_> =
                problems.iter().filter(|problem| !snapshot.findings.contains(problem)).cloned().collect();
            snapshot.findings.extend(unknown);
            report::sort(&mut snapshot.findings);
            snapshot.prepared = snapshot.prepared.and(Err(problems));
            snapshot.feeds.clear();
        }
        Ok(snapshot)
    }

    /// What the database knows; without one, nothing.
    async fn look_at(&self, part: DeskPart) -> Result<Desk, Failure> {
        let config = self.config(Activity::Read)?;
        let mut desk = Desk::default();
        let Some(mut store) = session::existing_store(&config, &self.site).await? else { return Ok(desk) };
        if part == DeskPart::Readers {
            desk.counts = store.subscriber_counts().await?;
            desk.audience = store.audience().await?;
            desk.movements = store.movements().await?;
            desk.newest = store.newest_subscribers(NEWEST).await?;
        } else {
            if let Some(run) = store.last_run().await? {
                desk.latest = store.delivery_counts(Some(run.id)).await?;
            }
            desk.underway = underway(&mut store, &config.mail, desk.latest.open(), self.clock.now()).await?;
        }
        if part == DeskPart::Issues {
            desk.issues = store.outcomes(ISSUES).await?;
        }
        session::close(Some(store)).await?;
        Ok(desk)
    }

    /// Sends one issue to one address; nothing is recorded.
    async fn send_test(&self, issue: &Issue, to: &EmailAddress) -> Result<Outcome, Failure> {
        let config = self.config(Activity::Send)?;
        let ways = session::ways(&config, &self.site)?;
        let signer = signer(&config, &self.site)?;
        let mut store = session::existing_store(&config, &self.site).await?;
        let issues = std::slice::from_ref(issue);
        let outcomes = send_test(&ways, &config.mail, &[], store.as_mut(), signer, issues, to).await;
        session::close(store).await?;
        outcomes?.pop().ok_or_else(|| Failure::unexpected("the transport gave no answer"))
    }
}

/// What publishing would do, and what is found on the way.
fn work_out(
    site: Site,
    past: Past,
    own: Vec<EmailAddress>,
    addressee: Option<Addressee>,
    transport: Result<String, Vec<Diagnostic>>,
    now: Timestamp,
) -> Snapshot {
    let (prepared, feeds, mut findings) =
        match prepare(&site, &past, &Options::default(), now, |found| own_feeds(&site, found)) {
            Ok((prepared, feeds)) => {
                let findings = [past.findings(), prepared.warnings.clone()].concat();
                (Ok(prepared), feeds, findings)
            }
            Err(error) => {
                let problems = Failure::from(error).diagnostics;
                (Err(problems.clone()), Vec::new(), problems)
            }
        };
    report::sort(&mut findings);
    Snapshot { site, past, prepared, feeds, findings, addressee, own, transport }
}

/// What `check` says, and what was found on the way.
fn inspect_snapshot(snapshot: &Snapshot, now: Timestamp) -> Vec<Diagnostic> {
    let mut findings =
        inspect(&snapshot.site, &snapshot.past, now).unwrap_or_else(|error| Failure::from(error).diagnostics);
    let more: Vec<_> = snapshot.findings.iter().filter(|finding| !findings.contains(finding)).cloned().collect();
    findings.extend(more);
    report::sort(&mut findings);
    findings
}

/// The author's address and the sender's: to no other one does a test go.
fn own_addresses(config: &Config) -> Vec<EmailAddress> {
    let author = config.site.author.as_ref().and_then(|author| author.email.as_deref()?.parse().ok());
    let sender = config.newsletter.from.as_ref().map(|from| from.address.clone());
    let mut own: Vec<EmailAddress> = author.into_iter().collect();
    own.extend(sender.filter(|sender| !own.iter().any(|known| known.key() == sender.key())));
    own
}
