//! What the page shows: the site at one moment.

use std::sync::Arc;

use jiff::Timestamp;

use crate::diagnostic::Diagnostic;
use crate::feed::FeedFile;
use crate::model::{EmailAddress, Issue, Outcome, Post, PostStatus};
use crate::publish::dry_run::{Addressee, ReaderCopy};
use crate::publish::{Past, Prepared, PublishError, Site, specimen};

use super::choice::{Choice, View};
use super::desk::{Desk, DeskPart};

/// Where the page gets what it shows, and what it may do.
#[expect(async_fn_in_trait, reason = "the backend is asked in one place, by a task that never changes its thread")]
pub trait Backend {
    /// Reads the site and works out what publishing would do now. Nothing is written.
    async fn refresh(&self) -> Refresh;

    /// All that `tidings check` says about what was seen, in its order. This reads every post, and so takes its time.
    async fn inspect(&self, snapshot: Arc<Snapshot>, now: Timestamp) -> Vec<Diagnostic>;

    /// What the database knows of readers and issues.
    ///
    /// # Errors
    /// Why it cannot be asked.
    async fn desk(&self, part: DeskPart) -> Result<Desk, Vec<Diagnostic>>;

    /// Sends one issue to one of the writer's own addresses, as a test; records nothing.
    ///
    /// # Errors
    /// Why nothing could be sent.
    async fn send(&self, issue: &Issue, to: &EmailAddress) -> Result<Outcome, Vec<Diagnostic>>;
}

/// A site at one moment.
#[derive(Clone)]
pub struct Refresh {
    /// When that was.
    pub now: Timestamp,
    /// The site, or why it cannot be read.
    pub site: Result<Arc<Snapshot>, Vec<Diagnostic>>,
}

/// What publishing would do with a site.
pub struct Snapshot {
    /// The site.
    pub site: Site,
    /// What the ledger knows.
    pub past: Past,
    /// The plan, or why there is none.
    pub prepared: Result<Prepared, Vec<Diagnostic>>,
    /// The site's own feed in each format, when there is a plan.
    pub feeds: Vec<FeedFile>,
    /// What was found on the way, in the order of `tidings check`.
    pub findings: Vec<Diagnostic>,
    /// For whom the copies are that are shown: the writer. `None` when the site names no address.
    pub addressee: Option<Addressee>,
    /// The writer's own addresses, to which a test may go.
    pub own: Vec<EmailAddress>,
    /// How mail would leave, for people, or why it cannot.
    pub transport: Result<String, Vec<Diagnostic>>,
}

/// Why an issue is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// The next run sends it.
    Due,
    /// Nothing is due; this is what the newest post would look like.
    Newest,
    /// The writer wants to see this post, whatever the plan says of it.
    Asked,
}

pub(super) struct ShownIssue {
    pub(super) issue: Issue,
    pub(super) copy: ReaderCopy,
    pub(super) standing: Standing,
}

impl Snapshot {
    /// The issue that the page shows: the one asked for, the next one, or an example. `None` when there is no post at all.
    ///
    /// # Errors
    /// Why there is no issue.
    pub(super) fn shown(&self, now: Timestamp, choice: &Choice) -> Result<Option<ShownIssue>, Vec<Diagnostic>> {
        if let Some(post) = choice.post.as_deref().and_then(|path| self.showable(path)) {
            return self.specimen(post, now, Standing::Asked);
        }
        let prepared = self.prepared.as_ref().map_err(Clone::clone)?;
        let place = choice.issue.unwrap_or(0).min(prepared.issues.len().saturating_sub(1));
        if let Some(issue) = prepared.issues.get(place) {
            return Ok(self.copy(issue.clone(), Standing::Due));
        }
        match self.site.published().next() {
            Some(newest) => self.specimen(newest, now, Standing::Newest),
            None => Ok(None),
        }
    }

    /// The posts that an issue shows.
    pub(super) fn posts_of(&self, shown: &ShownIssue, choice: &Choice) -> Vec<&Post> {
        match (shown.standing, &self.prepared) {
            (Standing::Asked, _) => choice.post.as_deref().and_then(|path| self.showable(path)).into_iter().collect(),
            (Standing::Due, Ok(prepared)) => {
                let verdicts = self.site.posts.iter().zip(&prepared.verdicts);
                verdicts.filter(|(_, verdict)| verdict.is_due()).map(|(post, _)| post).collect()
            }
            _ => self.site.published().take(1).collect(),
        }
    }

    fn specimen(&self, post: &Post, now: Timestamp, standing: Standing) -> Result<Option<ShownIssue>, Vec<Diagnostic>> {
        let issue = specimen(&self.site, &self.past, post, now).map_err(|error| match error {
            PublishError::Site(diagnostics) => diagnostics,
            error => vec![Diagnostic::error("unexpected", error.to_string())],
        })?;
        Ok(issue.and_then(|issue| self.copy(issue, standing)))
    }

    fn copy(&self, issue: Issue, standing: Standing) -> Option<ShownIssue> {
        let copy = self.addressee.as_ref()?.copy(&issue);
        Some(ShownIssue { issue, copy, standing })
    }

    /// A post that can be shown as an issue: one with a date and without errors.
    pub(super) fn showable(&self, path: &str) -> Option<&Post> {
        self.site.posts.iter().find(|post| post.path == path).filter(|post| is_showable(post))
    }
}

/// True when a post can be shown as an issue.
pub(super) fn is_showable(post: &Post) -> bool {
    let is_post = matches!(post.status, PostStatus::Published | PostStatus::Draft | PostStatus::Scheduled);
    is_post && post.published.is_some()
}

/// A refresh, and its place among the others.
pub(super) struct Seen {
    pub(super) refresh: Refresh,
    /// What is wrong with the site; `None` as long as posts are still being read for it.
    pub(super) findings: Option<Vec<Diagnostic>>,
    /// 1 for the first, and so on.
    pub(super) revision: u64,
    /// The last one that could be published; none that is older is kept.
    good: Option<Moment>,
}

/// A site and when that was.
#[derive(Clone)]
pub(super) struct Moment {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) now: Timestamp,
}

/// An issue and the site that it is of.
pub(super) struct Sight {
    pub(super) moment: Moment,
    pub(super) issue: Option<ShownIssue>,
    /// Whether the site has an error since.
    pub(super) is_old: bool,
}

impl Seen {
    /// What a refresh found, after what was seen before.
    pub(super) fn new(refresh: Refresh, findings: Option<Vec<Diagnostic>>, before: Option<&Self>) -> Self {
        let good = match &refresh.site {
            Ok(snapshot) if snapshot.prepared.is_ok() => {
                Some(Moment { snapshot: Arc::clone(snapshot), now: refresh.now })
            }
            _ => before.and_then(|before| before.good.clone()),
        };
        Self { refresh, findings, revision: before.map_or(1, |before| before.revision + 1), good }
    }

    /// The same with all findings.
    pub(super) fn inspected(&self, findings: Vec<Diagnostic>) -> Self {
        Self::new(self.refresh.clone(), Some(findings), Some(self))
    }

    /// What keeps the site from being published.
    pub(super) fn problems(&self) -> &[Diagnostic] {
        match &self.refresh.site {
            Ok(snapshot) => snapshot.prepared.as_ref().err().map_or(&[], Vec::as_slice),
            Err(problems) => problems,
        }
    }

    /// The site as it is now, or as it was last when it could be published.
    pub(super) fn site(&self) -> Option<Moment> {
        match &self.refresh.site {
            Ok(snapshot) => Some(Moment { snapshot: Arc::clone(snapshot), now: self.refresh.now }),
            Err(_) => self.good.clone(),
        }
    }

    /// The site that feeds are shown of: the last one that could be published, when there is one.
    pub(super) fn published(&self) -> Option<Moment> {
        self.good.clone().or_else(|| self.site())
    }

    /// The issue that a page shows: of the site as it is now or, when that has an error, as it was before.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn sight(&self, choice: &Choice) -> Result<Sight, Vec<Diagnostic>> {
        let newest = match &self.refresh.site {
            Ok(snapshot) => {
                let moment = Moment { snapshot: Arc::clone(snapshot), now: self.refresh.now };
                snapshot.shown(self.refresh.now, choice).map(|issue| Sight { moment, issue, is_old: false })
            }
            Err(problems) => Err(problems.clone()),
        };
        newest.or_else(|problems| {
            let Some(moment) = self.good.clone().filter(|_| choice.view != View::Test) else { return Err(problems) };
            match moment.snapshot.shown(moment.now, choice) {
                Ok(Some(issue)) => Ok(Sight { moment, issue: Some(issue), is_old: true }),
                _ => Err(problems),
            }
        })
    }
}
