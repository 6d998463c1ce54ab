//! `tidings preview`

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use tokio::net::TcpListener;

use super::agreement::{self, Yes};
use super::failure::{Exit, Failure};
use super::{Context, Ui, report, session};
use crate::clock::Clock;
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::files::{Folder, StateFolder, Temporary};
use crate::model::{EmailAddress, Issue, Outcome};
use crate::publish::dry_run::Addressee;
use crate::publish::{
    Activity, CONFIG_FILE, Demand, Options, Past, Site, inspect, own_feeds, prepare, send_test, signer,
};
use crate::templates;
use crate::web::preview::{Backend, Desk, Refresh, Snapshot, serve};
use crate::web::{AccessGate, leading_to};

/// Show the next issue, the plan and the feeds in the browser, live.
///
/// The page is for this machine only. It shows what `publish` would send now, in light and dark, on desktop and phone, with
/// and without images, as text and as source; what is due and what is not, and why; everything that `check` finds; and the
/// feeds as a reader shows them. It follows every change of a file. Nothing is changed or recorded; a test leaves only on
/// your word, and only to your own address.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidings preview")]
pub(super) struct Arguments {
    /// Answer at this port; any free one by default
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    port: u16,

    /// Open no browser, only print the address
    #[arg(long)]
    no_open: bool,

    #[command(flatten)]
    yes: Yes,
}

pub(super) async fn run(arguments: &Arguments, context: &Context) -> Result<Exit, Failure> {
    let folder = Folder::new(&context.site);
    if !folder.is_folder("") {
        return Err(Failure::usage(
            format!("there is no such folder: {}", context.site.display()),
            "name one with `-C`",
        ));
    }
    let root = folder.path().to_owned();
    let agreed = match agreement::read(&context.site) {
        Ok(config) => agreement::settle(&config, Activity::Read, arguments.yes.answer(), context)?,
        // A folder that is no site at all is a mistake on the command line; a broken site is what the page is for.
        Err(_) if folder.is_file(CONFIG_FILE) => Vec::new(),
        Err(error) => return Err(error),
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port)).await.map_err(|error| {
        Failure::usage(format!("port {} cannot be used: {error}", arguments.port), "choose another one with `--port`")
    })?;
    let address = listener.local_addr().map_err(|error| Failure::unexpected(error.to_string()))?;
    let backend = SiteBackend {
        site: root.clone(),
        clock: context.clock,
        state: context.state.clone(),
        agreed,
        turn: Arc::default(),
        one_at_a_time: Arc::default(),
    };
    let gate =
        AccessGate::new(address.port()).ok_or_else(|| Failure::unexpected("the system has no random numbers"))?;
    let door_address = gate.address();
    Ui::result(&door_address);
    context.ui.say("The preview is at this address until you press Ctrl-C.");
    // Last in the first turn: by then a signal ends the preview in order, and what was opened with it.
    let open = async {
        let _page = if arguments.no_open { None } else { open_browser(&door_address, context) };
        std::future::pending::<Infallible>().await
    };
    tokio::select! {
        biased;
        _ = session::wait_for_signal() => Ok(Exit::Done),
        stopped = serve(listener, gate, &root, backend, |sentence| context.ui.say(sentence)) => {
            let Err(error) = stopped;
            Err(Failure::unexpected(format!("the preview stopped: {error}")))
        }
        () = run_away() => Err(Failure::unexpected("the preview stopped: a template makes work without end")),
        never = open => match never {},
    }
}

/// Opens the browser by way of a file that only the user can read: all users of the machine can see what a program is given
/// on its command line. The file is there as long as what is returned.
fn open_browser(address: &str, context: &Context) -> Option<Temporary> {
    let page = Temporary::private("preview-", ".html", leading_to(address).as_bytes());
    let opened = page.and_then(|page| open::that_detached(page.path()).map(|()| page));
    if opened.is_err() {
        context.ui.say("No browser could be opened; open the address yourself.");
    }
    opened.ok()
}

/// Waits until a template of the site runs away: it would use up the memory of this machine as long as the page is there.
async fn run_away() {
    while !templates::is_running_away() {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// So many readers who came last are shown.
const NEWEST: u32 = 20;

/// So many issues are shown.
const ISSUES: usize = 50;

/// A site on disk, for the preview.
struct SiteBackend {
    site: PathBuf,
    clock: Clock,
    state: StateFolder,
    /// What its owner agreed to when the preview began.
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

    async fn desk(&self) -> Result<Desk, Vec<Diagnostic>> {
        self.look_at_readers().await.map_err(|failure| failure.diagnostics)
    }

    async fn send(&self, issue: &Issue, to: &EmailAddress) -> Result<Outcome, Vec<Diagnostic>> {
        self.send_test(issue, to).await.map_err(|failure| failure.diagnostics)
    }
}

impl SiteBackend {
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

    /// What the database knows of readers and issues; without one, nothing.
    async fn look_at_readers(&self) -> Result<Desk, Failure> {
        let config = self.config(Activity::Read)?;
        let Some(mut store) = session::existing_store(&config, &self.site).await? else { return Ok(Desk::default()) };
        let desk = Desk {
            counts: store.subscriber_counts().await?,
            movements: store.movements().await?,
            newest: store.newest_subscribers(NEWEST).await?,
            issues: store.outcomes(ISSUES).await?,
        };
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
