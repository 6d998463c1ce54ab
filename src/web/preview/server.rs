//! The state that the handlers share: the newest snapshot of the site, and the outcome of the last test.

use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use tokio::sync::{mpsc, oneshot, watch};

use crate::diagnostic::Diagnostic;
use crate::files::FileKind;
use crate::model::Outcome;
use crate::templates::Templates;

use super::super::security::is_same;
use super::choice::{Choice, View};
use super::desk::{Desk, DeskPart};
use super::feeds;
use super::frame::framed;
use super::page::{self, Report};
use super::pictures::{self, Wanted};
use super::snapshot::{Backend, Refresh, Seen, ShownIssue, Sight, Snapshot};
use super::watch::{Scope, Watcher};

/// So long the page waits for the findings in all posts; then it shows what it has, and the rest when it comes.
const PATIENCE: Duration = Duration::from_millis(150);

/// The answer to the question whether a test shall be sent.
#[derive(Deserialize)]
pub(super) struct TestForm {
    /// Proves that the form is ours.
    pub(super) token: String,
    /// Which of the writer's addresses, from 0.
    to: usize,
    /// The digest of the issue that the writer has seen.
    digest: String,
}

type Inspection<'d> = Pin<Box<dyn Future<Output = Vec<Diagnostic>> + 'd>>;

/// What handlers ask for: the site is read, and a test sent, in one task, one after the other.
pub(super) struct Requests {
    refreshes: mpsc::Receiver<oneshot::Sender<()>>,
    tests: mpsc::Receiver<Test>,
    desks: mpsc::Receiver<(DeskPart, oneshot::Sender<Looked>)>,
}

/// What the database knows, or why it cannot be asked.
type Looked = Result<Desk, Vec<Diagnostic>>;

struct Test {
    choice: Choice,
    form: TestForm,
    done: oneshot::Sender<()>,
}

pub(super) struct Server {
    templates: Result<Templates, Vec<Diagnostic>>,
    token: Option<String>,
    newest: watch::Sender<Arc<Seen>>,
    report: Mutex<Option<Report>>,
    refreshes: mpsc::Sender<oneshot::Sender<()>>,
    tests: mpsc::Sender<Test>,
    desks: mpsc::Sender<(DeskPart, oneshot::Sender<Looked>)>,
}

impl Server {
    /// `token` proves that a form is ours by which a test is sent; without one none is.
    pub(super) fn new(refresh: Refresh, token: Option<String>) -> (Self, Requests) {
        let (newest, _) = watch::channel(Arc::new(Seen::new(refresh, None, None)));
        let ((refreshes, to_refresh), (tests, to_test)) = (mpsc::channel(16), mpsc::channel(1));
        let (desks, to_desk) = mpsc::channel(16);
        let templates = Templates::of_the_preview();
        let server = Self { templates, token, newest, report: Mutex::default(), refreshes, tests, desks };
        (server, Requests { refreshes: to_refresh, tests: to_test, desks: to_desk })
    }

    /// Does what handlers ask for, and looks anew after each change of a file.
    pub(super) async fn attend(&self, root: &Path, backend: &impl Backend, requests: Requests, tell: impl Fn(&str)) {
        let Requests { refreshes, mut tests, mut desks } = requests;
        let send = async {
            while let Some(Test { choice, form, done }) = tests.recv().await {
                self.send_test(backend, &choice, &form).await;
                let _ = done.send(());
            }
        };
        let look = async {
            while let Some((part, done)) = desks.recv().await {
                let _ = done.send(backend.desk(part).await);
            }
        };
        tokio::join!(self.follow(root, backend, refreshes, tell), send, look);
    }

    async fn follow(
        &self,
        root: &Path,
        backend: &impl Backend,
        mut refreshes: mpsc::Receiver<oneshot::Sender<()>>,
        tell: impl Fn(&str),
    ) {
        let mut watcher = Watcher::new();
        if let Err(error) = &watcher {
            tell(&format!("The page does not follow changes, reload it to see them: {error}."));
        }
        let mut scope = Scope::of(root, None);
        let mut inspection: Option<Inspection<'_>> = None;
        let mut told = false;
        loop {
            // What to watch depends on the configuration; while it is broken, what it said last is watched.
            let wanted = match &self.newest.borrow().refresh.site {
                Ok(snapshot) => Scope::of(root, Some(&snapshot.site.config)),
                Err(_) => scope.clone(),
            };
            if let Ok(watcher) = &mut watcher {
                let missed = watcher.set(wanted.clone());
                if missed > 0 && !told {
                    told = true;
                    tell(&format!(
                        "The page does not follow changes in {missed} of the folders, reload it to see them."
                    ));
                }
            }
            let changed = async {
                match &watcher {
                    // A folder may have been filled before it was watched.
                    Ok(watcher) if wanted == scope => watcher.changed().await,
                    Ok(_) => {}
                    Err(_) => std::future::pending().await,
                }
            };
            let inspected = async {
                match inspection.as_mut() {
                    Some(inspection) => inspection.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                found = inspected => {
                    inspection = None;
                    self.add(found);
                    continue;
                }
                () = changed => inspection = self.renew(backend).await,
                Some(done) = refreshes.recv() => {
                    // One refresh is enough for all who wait for one.
                    let waiting: Vec<_> = std::iter::from_fn(|| refreshes.try_recv().ok()).chain([done]).collect();
                    inspection = self.renew(backend).await;
                    for done in waiting {
                        let _ = done.send(());
                    }
                }
            }
            scope = wanted;
        }
    }

    /// Looks, and returns the inspection when that takes longer.
    async fn renew<'d>(&self, backend: &'d impl Backend) -> Option<Inspection<'d>> {
        let refresh = backend.refresh().await;
        let mut inspection =
            refresh.site.as_ref().ok().map(|snapshot| Self::inspection(backend, snapshot, refresh.now));
        let found = match &mut inspection {
            Some(inspection) => tokio::time::timeout(PATIENCE, inspection).await.ok(),
            None => None,
        };
        if found.is_some() {
            inspection = None;
        }
        let seen = Seen::new(refresh, found, Some(&self.seen()));
        self.newest.send_replace(Arc::new(seen));
        inspection
    }

    fn inspection<'d>(backend: &'d impl Backend, snapshot: &Arc<Snapshot>, now: Timestamp) -> Inspection<'d> {
        Box::pin(backend.inspect(Arc::clone(snapshot), now))
    }

    /// Adds the findings in all posts to the newest snapshot.
    fn add(&self, found: Vec<Diagnostic>) {
        let seen = self.seen().inspected(found);
        self.newest.send_replace(Arc::new(seen));
    }

    /// Looks anew.
    pub(super) async fn refresh(&self) {
        let (done, is_done) = oneshot::channel();
        if self.refreshes.send(done).await.is_ok() {
            let _ = is_done.await;
        }
    }

    /// Sends the issue that the page shows, if it is still the one that the writer has seen.
    pub(super) async fn test(&self, choice: Choice, form: TestForm) {
        let (done, is_done) = oneshot::channel();
        if self.tests.send(Test { choice, form, done }).await.is_ok() {
            let _ = is_done.await;
        }
    }

    async fn desk(&self, part: DeskPart) -> Option<Looked> {
        let (done, is_done) = oneshot::channel();
        self.desks.send((part, done)).await.ok()?;
        is_done.await.ok()
    }

    /// What was kept of an issue: `3.html`, its page, or `3.json`, its record.
    pub(super) fn kept(&self, name: &str) -> Option<Vec<u8>> {
        let seen = self.seen();
        let (number, extension) = name.split_once('.')?;
        let number: i64 = number.parse().ok()?;
        let kind = match extension {
            "html" => FileKind::Page,
            "json" => FileKind::Memory,
            _ => return None,
        };
        let site = seen.site()?.snapshot;
        site.site.folder.read_optional(&format!(".tidings/issues/{number}.{extension}"), kind).ok()?
    }

    pub(super) fn news(&self) -> watch::Receiver<Arc<Seen>> {
        self.newest.subscribe()
    }

    fn seen(&self) -> Arc<Seen> {
        Arc::clone(&self.newest.borrow())
    }

    pub(super) fn knows(&self, token: &str) -> bool {
        self.token.as_ref().is_some_and(|own| is_same(token, own))
    }

    /// Whether a page is open that follows changes.
    pub(super) fn is_followed(&self) -> bool {
        self.newest.receiver_count() > 0
    }

    fn templates(&self) -> Result<&Templates, Diagnostic> {
        let broken = |problems: &Vec<Diagnostic>| {
            let unknown = || Diagnostic::error("unexpected", "the page's templates do not compile");
            problems.first().cloned().unwrap_or_else(unknown)
        };
        self.templates.as_ref().map_err(broken)
    }

    /// The page as HTML.
    pub(super) async fn page(&self, choice: &Choice) -> Result<String, Diagnostic> {
        let desk = match choice.view {
            View::Readers => self.desk(DeskPart::Readers).await,
            View::Issues => self.desk(DeskPart::Issues).await,
            _ => None,
        };
        let seen = self.seen();
        let report = self.report.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let view = page::page(&seen, choice, self.token.as_deref(), report, desk);
        self.templates()?.render("web/preview.html", &view)
    }

    /// How delivering goes, as a part of the page.
    pub(super) async fn delivery(&self) -> Result<String, Diagnostic> {
        let desk = self.desk(DeskPart::Delivery).await;
        let seen = self.seen();
        let view = page::delivery(&seen, desk.and_then(Result::ok).as_ref());
        self.templates()?.render("web/preview-delivery.html", &view)
    }

    /// The issue that the page shows.
    pub(super) fn shown(&self, choice: &Choice) -> Option<ShownIssue> {
        self.seen().sight(choice).ok()?.issue
    }

    /// The HTML part of the issue that the page shows, for a frame.
    pub(super) fn issue(&self, choice: &Choice) -> Option<String> {
        let Sight { moment, issue, .. } = self.seen().sight(choice).ok()?;
        let (snapshot, shown) = (moment.snapshot, issue?);
        let html = pictures::from_files(&shown.copy.html, &snapshot, &snapshot.posts_of(&shown, choice));
        Some(framed(&html, choice.scheme))
    }

    pub(super) fn picture(&self, wanted: &Wanted) -> Option<(&'static str, Vec<u8>)> {
        let seen = self.seen();
        let sites = [seen.site(), seen.published()];
        sites.into_iter().flatten().find_map(|moment| pictures::picture(&moment.snapshot, wanted))
    }

    /// The entry of a feed that the page shows, as a document.
    pub(super) fn entry(&self, choice: &Choice) -> Option<Result<String, Diagnostic>> {
        let article = feeds::article(&self.seen().published()?.snapshot, choice)?;
        Some(self.templates().and_then(|templates| templates.render("web/preview-entry.html", &article)))
    }

    /// The bytes of a feed.
    pub(super) fn feed(&self, name: &str) -> Option<Vec<u8>> {
        feeds::bytes(&self.seen().published()?.snapshot, name).map(<[u8]>::to_vec)
    }

    async fn send_test(&self, backend: &impl Backend, choice: &Choice, form: &TestForm) {
        self.refresh().await;
        let seen = self.seen();
        let report = match &seen.refresh.site {
            Ok(snapshot) => {
                let (is_sent, answer) = send(backend, snapshot, seen.refresh.now, choice, form).await;
                Some(Report::new(snapshot, seen.refresh.now, is_sent, answer))
            }
            Err(_) => None,
        };
        *self.report.lock().unwrap_or_else(PoisonError::into_inner) = report;
    }
}

/// Whether the test was sent, and the answer.
async fn send(
    backend: &impl Backend,
    snapshot: &Snapshot,
    now: Timestamp,
    choice: &Choice,
    form: &TestForm,
) -> (bool, String) {
    let nothing = |why: &str| (false, format!("Nothing was sent: {why}"));
    let Some(address) = snapshot.own.get(form.to) else { return nothing("this is none of your addresses any more.") };
    let Ok(Some(shown)) = snapshot.shown(now, choice) else { return nothing("there is no issue any more.") };
    if shown.issue.digest != form.digest {
        return nothing("the issue has changed since you looked at it. Refresh again, then send it.");
    }
    match backend.send(&shown.issue, address).await {
        Ok(Outcome::Sent(reply)) => (true, format!("Sent to {}. {reply}", address.as_str())),
        Ok(Outcome::Deferred(reply) | Outcome::Failed(reply) | Outcome::InDoubt(reply) | Outcome::Refused(reply)) => {
            (false, format!("Not sent to {}: {reply}", address.as_str()))
        }
        Err(problems) => {
            let said = |problem: &Diagnostic| match &problem.help {
                Some(help) => format!("{}; {help}", problem.message),
                None => problem.message.clone(),
            };
            nothing(&problems.iter().map(said).collect::<Vec<_>>().join(". "))
        }
    }
}
