//! Everything that a publish would do, worked out and not yet done. The dry run shows it, the real run carries it out:
//! both come from here, so they cannot differ.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::error::PublishError;
use super::guard::{Circumstances, Guard, GuardName, count, guards, unfinished_too_late};
use super::message_lint;
use super::parallel::{self, Work};
use super::plan::{ContentHashes, Ledger, Rules, Verdict, plan, undecided};
use super::signing::misaligned;
use super::site::Site;
use super::tolerance::{Tolerance, refuse_bad_due};
use crate::config::Mode;
use crate::diagnostic::Diagnostic;
use crate::email;
use crate::feed::FeedFile;
use crate::model::{Entry, Issue, MadeFile, MailedEntry, Post, PostStatus, Run, distinct, sha256_hex};
use crate::post;
use crate::store::{FrozenEntry, Store, StoreError};

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Posts to mail on purpose: path, file name, slug, id or URL.
    pub include: Vec<String>,
    /// Guards to let pass.
    pub allow: Vec<GuardName>,
    /// The digest of the plan that was reviewed.
    pub expect: Option<String>,
    /// How much may be wrong with the posts.
    pub tolerance: Tolerance,
}

/// A publish, ready to be shown or carried out.
#[derive(Debug)]
pub struct Prepared {
    /// The time of the run.
    pub now: Timestamp,
    /// The time of the last recorded run.
    pub last_run: Option<Timestamp>,
    /// The verdict on every post, in the order of [`Site::posts`].
    pub verdicts: Vec<Verdict>,
    /// The feeds.
    pub feeds: Vec<FeedFile>,
    /// Pictures that the issues show and that have to be online beside the feeds.
    pub made: Vec<MadeFile>,
    /// The issues, none when nothing is due.
    pub issues: Vec<Issue>,
    /// The entries that the run will record.
    pub entries: Vec<FrozenEntry>,
    /// How many confirmed readers there are.
    pub recipients: i64,
    /// Deliveries of earlier runs that will be worked on first.
    pub unfinished: i64,
    /// What stands in the way.
    pub guards: Vec<Guard>,
    /// What is wrong with the posts and was put up with.
    pub warnings: Vec<Diagnostic>,
    /// What is wrong with the issues: they can be looked at, but do not leave.
    pub errors: Vec<Diagnostic>,
}

impl Prepared {
    /// What `--expect` compares: the digest of the issue, or one over the digests of several; empty when nothing is due.
    pub fn digest(&self) -> String {
        match self.issues.as_slice() {
            [] => String::new(),
            [issue] => issue.digest.clone(),
            issues => {
                let all: String = issues.iter().map(|issue| issue.digest.as_str()).collect();
                sha256_hex(all.as_bytes())
            }
        }
    }

    /// Stops where an issue is faulty, a guard stands or the plan is not the expected one.
    ///
    /// # Errors
    /// [`PublishError::Site`], [`PublishError::Refused`] or [`PublishError::OtherPlan`].
    pub fn allowed(&self, options: &Options) -> Result<(), PublishError> {
        if !self.errors.is_empty() {
            return Err(PublishError::Site(self.errors.clone()));
        }
        let standing: Vec<_> =
            self.guards.iter().filter(|guard| !options.allow.contains(&guard.name)).cloned().collect();
        if !standing.is_empty() {
            return Err(PublishError::Refused(standing));
        }
        match &options.expect {
            Some(expected) if *expected != self.digest() => Err(PublishError::OtherPlan { found: self.digest() }),
            _ => Ok(()),
        }
    }
}

/// What is known of the past: the ledger's part in the plan.
#[derive(Debug, Default)]
pub struct Past {
    ledger: Ledger,
    next_issue: i64,
    recipients: i64,
    unfinished: i64,
    unfinished_issues: Vec<Issue>,
    copied_database: bool,
}

impl Past {
    /// Asks the ledger; without a database nothing ever happened.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read(store: Option<&mut Store>) -> Result<Self, PublishError> {
        let Some(store) = store else { return Ok(Self { next_issue: 1, ..Self::default() }) };
        let last_run = store.last_run().await?;
        let unreadable = |run: &Run| StoreError::Content(format!("the time of run {}", run.id));
        let last_run = last_run.map(|run| run.cutoff.parse().map_err(|_| unreadable(&run))).transpose()?;
        Ok(Self {
            ledger: Ledger { last_run, mailed: store.mailed_entries().await? },
            next_issue: store.next_issue().await?,
            recipients: store.subscriber_counts().await?.confirmed,
            unfinished: store.delivery_counts(None).await?.open(),
            unfinished_issues: store.open_issues().await?,
            copied_database: store.is_copy().await?,
        })
    }
}

/// The verdict on every post of a site, without `--include`.
///
/// # Errors
/// When a file that was read a moment ago cannot be read again.
pub fn verdicts(site: &Site, past: &Past, now: Timestamp) -> Result<Vec<Verdict>, PublishError> {
    let mut found = Vec::new();
    let hashes = content_hashes(site, past, &BTreeSet::new(), now, &mut found);
    if found.iter().any(Diagnostic::is_error) {
        return Err(PublishError::Site(found));
    }
    Ok(plan(&site.posts, &past.ledger, &rules(site), &BTreeSet::new(), &hashes, now))
}

/// The content hashes that decide about posts; what is wrong with their bodies is added to `found`.
fn content_hashes(
    site: &Site,
    past: &Past,
    included: &BTreeSet<String>,
    now: Timestamp,
    found: &mut Vec<Diagnostic>,
) -> ContentHashes {
    let posts = undecided(&site.posts, &past.ledger, &rules(site), included, now);
    let hashes = parallel::map(&posts, Work::Light, |post| {
        let mut found = Vec::new();
        let hash = match site.body(post, &mut found) {
            Ok(body) => post::content_hash(post, &body),
            Err(error) => {
                found.push(error);
                None
            }
        };
        (hash, found)
    });
    let mut known = ContentHashes::new();
    for (post, (hash, about)) in posts.into_iter().zip(hashes) {
        known.extend(hash.map(|hash| (post.path.clone(), hash)));
        found.extend(about);
    }
    known
}

/// Works a publish out.
///
/// # Errors
/// Posts or templates with errors, an `--include` that names no post or one that cannot be mailed.
pub fn prepare(site: &Site, past: &Past, options: &Options, now: Timestamp) -> Result<Prepared, PublishError> {
    options.tolerance.judge_early(&site.diagnostics)?;
    let included = included(site, &options.include)?;
    let mut warnings = site.diagnostics.clone();
    let hashes = content_hashes(site, past, &included, now, &mut warnings);
    if options.tolerance == Tolerance::BadPosts {
        refuse_bad_due(site, &warnings, &past.ledger, &rules(site))?;
    }
    let verdicts = plan(&site.posts, &past.ledger, &rules(site), &included, &hashes, now);
    for (post, verdict) in site.posts.iter().zip(&verdicts) {
        if included.contains(&post.path) && !verdict.is_due() {
            return Err(PublishError::NotMailable { path: post.path.clone(), reason: verdict.reason() });
        }
    }
    let circumstances =
        Circumstances { published_before: past.ledger.last_run.is_some(), copied_database: past.copied_database, now };
    let mut guards = guards(&site.posts, &verdicts, &site.config, circumstances);
    guards.extend(unfinished_too_late(&past.unfinished_issues, &site.config, now));
    warnings.extend(misaligned(&site.config));
    if let Some(last) = past.ledger.last_run.filter(|last| *last > now) {
        let message = format!("the last run is dated {last}, after this one: new entries count as late until then");
        warnings.push(
            Diagnostic::warning("publish/clock", message).help("check the clock, or name entries with `--include`"),
        );
    }
    let feeds = site.feeds(&mut warnings)?;
    let mut due: Vec<Entry> = Vec::new();
    let mut made = Vec::new();
    for (post, _) in site.posts.iter().zip(&verdicts).filter(|(_, verdict)| verdict.is_due()) {
        match site.entry(post, &mut warnings) {
            Some(entry) => due.push(site.for_mail(entry, &mut made, &mut warnings)),
            // Whatever is put up with, nobody's newsletter goes out without an entry that is due.
            None => {
                distinct(&mut warnings);
                return Err(PublishError::Site(warnings));
            }
        }
    }
    warnings.extend(not_online(site.not_yet_written(&made).count(), site));
    options.tolerance.judge(&warnings)?;
    let issues = issues(site, &due, past.next_issue, now)?;
    let about_mail = message_lint::look(site, &issues, &due)?;
    if options.tolerance == Tolerance::Nothing && !about_mail.is_empty() {
        warnings.extend(about_mail.iter().cloned());
        options.tolerance.judge(&warnings)?;
    }
    let (errors, about_mail) = about_mail.into_iter().partition(Diagnostic::is_error);
    warnings.extend::<Vec<_>>(about_mail);
    // A post that the feeds show too was read twice.
    distinct(&mut warnings);
    let entries = frozen(&due, &issues, &hashes, site.config.newsletter.mode);
    Ok(Prepared {
        now,
        last_run: past.ledger.last_run,
        verdicts,
        feeds,
        made,
        issues,
        entries,
        recipients: past.recipients,
        unfinished: past.unfinished,
        guards,
        warnings,
        errors,
    })
}

/// Mail that shows a picture which nobody has put online shows a hole.
fn not_online(number: usize, site: &Site) -> Option<Diagnostic> {
    let pictures = count(number as u64, "picture");
    let message =
        format!("the mail shows {pictures} that {} not in `{}/` yet", is_or_are(number), site.config.feeds.dir);
    let help = "run `tidings build` and put its files online before you publish";
    (number > 0).then(|| Diagnostic::warning("mail/new-picture", message).help(help))
}

fn is_or_are(number: usize) -> &'static str {
    if number == 1 { "is" } else { "are" }
}

fn rules(site: &Site) -> Rules {
    Rules { start: site.config.newsletter.start, timezone: site.config.site.timezone.clone() }
}

/// The paths of the posts that the owner named.
fn included(site: &Site, names: &[String]) -> Result<BTreeSet<String>, PublishError> {
    let mut paths = BTreeSet::new();
    for wanted in names {
        let post = site.find(wanted).map_err(|why| PublishError::NotOnePost { wanted: wanted.clone(), why })?;
        paths.insert(post.path.clone());
    }
    Ok(paths)
}

/// The issue that would mail one post and no other, whether it is due or not: how it would look, with the number of the
/// next issue.
///
/// # Errors
/// Templates with errors, a newsletter without a sender, or a file that cannot be read any more.
pub fn specimen(site: &Site, past: &Past, post: &Post, now: Timestamp) -> Result<Option<Issue>, PublishError> {
    let mut found = Vec::new();
    let Some(entry) = site.entry(post, &mut found) else { return Err(PublishError::Site(found)) };
    let entry = site.for_mail(entry, &mut Vec::new(), &mut found);
    Ok(issues(site, &[entry], past.next_issue, now)?.pop())
}

/// The issues that mail `due`, of which the first one has the number `first`.
pub(super) fn issues(site: &Site, due: &[Entry], first: i64, now: Timestamp) -> Result<Vec<Issue>, PublishError> {
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let templates = site.templates()?;
    let date = now.to_zoned(site.config.site.timezone.clone());
    let compose = |number: i64, entries: &[Entry]| {
        email::compose(number, &date, entries, &site.config, &templates).map_err(PublishError::Site)
    };
    match site.config.newsletter.mode {
        Mode::Digest => Ok(vec![compose(first, due)?]),
        // The oldest first, so that issues are numbered in the order of the posts.
        Mode::Each => (first..)
            .zip(due.iter().rev())
            .map(|(number, entry)| compose(number, std::slice::from_ref(entry)))
            .collect(),
    }
}

/// The entries as the ledger will record them, each with the issue that carries it.
fn frozen(due: &[Entry], issues: &[Issue], hashes: &ContentHashes, mode: Mode) -> Vec<FrozenEntry> {
    let carried = |(at, entry): (usize, &Entry)| {
        let issue = match mode {
            Mode::Digest => issues.first()?,
            // As they are numbered: the oldest first.
            Mode::Each => issues.get(due.len() - 1 - at)?,
        };
        let mailed = MailedEntry {
            id: entry.id.clone(),
            run: 0,
            issue: issue.number,
            path: entry.path.clone(),
            content_hash: hashes.get(&entry.path).cloned(),
            title: entry.title.clone(),
        };
        Some(FrozenEntry { mailed, url: entry.url.clone(), published: entry.published.timestamp().to_string() })
    };
    due.iter().enumerate().filter_map(carried).collect()
}

/// True when a verdict is worth a line in the plan: pages and files that are no posts are not.
pub fn is_worth_telling(verdict: &Verdict) -> bool {
    !matches!(verdict, Verdict::NotPublished(PostStatus::Page | PostStatus::Skipped, _))
}
