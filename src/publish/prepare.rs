//! Everything that a publish would do, worked out and not yet done. The dry run shows it, the real run carries it out:
//! both come from here, so they cannot differ.

use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;

use super::archive::{self, ArchivedIssue};
use super::error::PublishError;
use super::guard::{Circumstances, Guard, GuardName, count, guards, no_readers, unfinished_too_late};
use super::mail_pictures;
use super::message_lint;
use super::parallel::{self, Work};
use super::placeholder;
use super::plan::{Fingerprint, Fingerprints, Ledger, Rules, Verdict, plan, undecided};
use super::rendered::{body, keep, rendered};
use super::signing::misaligned;
use super::site::Site;
use super::tolerance::{Tolerance, refuse_bad_due};
use super::witnesses::{Memory, Witnesses};
use crate::clock;
use crate::config::Mode;
use crate::config::placeholder::CODE as EXAMPLE;
use crate::diagnostic::Diagnostic;
use crate::email;
use crate::model::{Entry, Issue, Lists, MadeFile, MailedEntry, Post, PostStatus, Record, distinct, gets, sha256_hex};
use crate::post::{self, Sketch};
use crate::store::{FrozenEntry, Store, StoreError, Untried};

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Posts to mail on purpose: path, file name, slug, id or URL.
    pub include: Vec<String>,
    /// How many due entries it takes, in the place of `newsletter.min_entries`.
    pub min_entries: Option<usize>,
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
    /// Pictures that the issues show and that have to be online beside the feeds.
    pub made: Vec<MadeFile>,
    /// The pages of the archive as they are after the run; none for a site without one.
    pub archive: Vec<MadeFile>,
    /// The issues, none when nothing is due.
    pub issues: Vec<Issue>,
    /// The entries that the run will record.
    pub entries: Vec<FrozenEntry>,
    /// How many readers get an issue; without any, how many confirmed ones there are.
    pub recipients: i64,
    /// How many readers get each of the issues.
    pub readers: Vec<i64>,
    /// Deliveries of earlier runs that will be worked on first.
    pub unfinished: i64,
    /// The guards that refuse.
    pub guards: Vec<Guard>,
    /// What is wrong with the posts and was put up with.
    pub warnings: Vec<Diagnostic>,
    /// What is wrong with the issues: they can be looked at, but do not leave.
    pub errors: Vec<Diagnostic>,
}

impl Prepared {
    /// What `--expect` compares: the digest of the issue, or one over the digests of several; empty when nothing is due.
    pub fn digest(&self) -> String {
        digest_of(self.issues.iter().map(|issue| issue.digest.as_str()))
    }

    /// As much of the digest as people are shown.
    pub fn short_digest(&self) -> String {
        short(&self.digest()).to_owned()
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
            Some(expected) if !is_expected(&self.digest(), expected) => {
                Err(PublishError::OtherPlan { found: self.short_digest() })
            }
            _ => Ok(()),
        }
    }
}

/// So many letters of a digest are shown to people: enough that no two plans of a site share them.
const SHOWN: usize = 12;

/// With fewer letters a digest is not taken for one.
const FEWEST: usize = 8;

fn short(digest: &str) -> &str {
    digest.get(..SHOWN).unwrap_or(digest)
}

/// True when `expected` is the digest, or enough of its first letters.
pub(super) fn is_expected(digest: &str, expected: &str) -> bool {
    digest == expected || (expected.len() >= FEWEST && digest.starts_with(&expected.to_ascii_lowercase()))
}

/// The digest of a plan whose issues have these.
pub(super) fn digest_of<'d>(issues: impl Iterator<Item = &'d str>) -> String {
    match issues.collect::<Vec<_>>().as_slice() {
        [] => String::new(),
        [digest] => (*digest).to_owned(),
        digests => sha256_hex(digests.concat().as_bytes()),
    }
}

/// What is known of the past, by the database and all others that remember it.
#[derive(Debug, Default)]
pub struct Past {
    ledger: Ledger,
    next_issue: i64,
    pub(super) audience: Vec<(Option<Lists>, i64)>,
    unfinished: i64,
    unfinished_issues: Vec<Issue>,
    untried_issues: Vec<Untried>,
    witnesses: Witnesses,
    half_sent: Vec<Diagnostic>,
}

impl Past {
    /// The files of the entries that these issues carry.
    pub(super) fn carried_by(&self, issues: &[i64]) -> BTreeSet<&str> {
        let entries = self.ledger.mailed.iter().filter(|entry| issues.contains(&entry.issue));
        entries.map(|entry| entry.path.as_str()).collect()
    }

    /// Asks the database, when there is one, the records beside the posts, and this machine.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read(mut store: Option<&mut Store>, memory: &Memory) -> Result<Self, PublishError> {
        let witnesses = memory.look(store.as_deref_mut(), false).await?;
        let mut past = Self::default();
        let has_database = store.is_some();
        let mut runs: Vec<Timestamp> = Vec::new();
        if let Some(store) = store {
            if let Some(run) = store.last_run().await? {
                let moment = run.cutoff.parse();
                runs.push(moment.map_err(|_| StoreError::Content(format!("the time of run {}", run.id)))?);
            }
            past.ledger.mailed = store.mailed_entries().await?;
            past.next_issue = store.next_issue().await?;
            let issues = store.sent_issues().await?;
            past.ledger.runs.extend(issues.into_iter().map(|issue| (issue.key.number, issue.key.time)));
            past.audience = store.audience().await?;
            past.unfinished = store.open_counts().await?.open();
            past.unfinished_issues = store.open_issues().await?;
            past.untried_issues = store.untried_issues().await?;
        }
        let numbers = witnesses.numbers.iter().copied().chain(witnesses.records.iter().map(|record| record.number));
        past.next_issue = numbers.map(|number| number.saturating_add(1)).fold(past.next_issue.max(1), i64::max);
        past.ledger.runs.extend(witnesses.records.iter().map(|record| (record.number, record.time)));
        past.ledger.last_run = runs.into_iter().chain(witnesses.records.iter().map(|record| record.time)).max();
        let mut known: HashSet<_> =
            past.ledger.mailed.iter().map(|entry| (entry.issue, entry.id.clone(), entry.path.clone())).collect();
        let more = witnesses.records.iter().flat_map(Record::mailed);
        past.ledger
            .mailed
            .extend(more.filter(|entry| known.insert((entry.issue, entry.id.clone(), entry.path.clone()))));
        // Of an entry that was mailed more than once, the last time counts.
        past.ledger.mailed.sort_by_key(|entry| entry.issue);
        if !witnesses.guards().is_empty() {
            // A database that goes on although it is not the newest puts them in doubt.
            past.unfinished = 0;
        }
        // A fresh clone has no database, and nothing is sent from it.
        if has_database {
            past.half_sent = witnesses.half_sent(&past.ledger.mailed);
        }
        past.witnesses = witnesses;
        Ok(past)
    }

    /// How many confirmed readers are on such lists.
    pub fn readers(&self, are_meant: impl Fn(Option<&Lists>) -> bool) -> i64 {
        self.audience.iter().filter(|(lists, _)| are_meant(lists.as_ref())).map(|(_, count)| count).sum()
    }

    /// The time of the last run that anything knows of.
    pub fn last_run(&self) -> Option<Timestamp> {
        self.ledger.last_run
    }

    /// The number of the next issue: above all that are known.
    pub fn next_issue(&self) -> i64 {
        self.next_issue
    }

    /// Why this database may not be the one to publish from.
    pub fn guards(&self) -> Vec<Guard> {
        let mut guards = self.witnesses.guards();
        let is_named = guards.iter().any(|guard| guard.name == GuardName::LostDatabase);
        if self.readers(|_| true) == 0 && self.witnesses.has_sent() && !is_named {
            guards.push(no_readers());
        }
        guards
    }

    /// What is wrong with what is remembered: errors, which stop sending, and warnings.
    pub fn findings(&self) -> Vec<Diagnostic> {
        self.witnesses.problems.iter().chain(&self.witnesses.warning).chain(&self.half_sent).cloned().collect()
    }
}

/// The verdict on every post of a site, without `--include`.
///
/// # Errors
/// When a file that was read a moment ago cannot be read again.
pub fn verdicts(site: &Site, past: &Past, now: Timestamp) -> Result<Vec<Verdict>, PublishError> {
    let mut found = Vec::new();
    let fingerprints = fingerprints(site, past, &BTreeSet::new(), now, &mut found);
    if found.iter().any(Diagnostic::is_error) {
        return Err(PublishError::Site(found));
    }
    Ok(plan(&site.posts, &past.ledger, &rules(site), &BTreeSet::new(), &fingerprints, now))
}

/// The fingerprints that decide about posts; what is wrong with their bodies is added to `found`.
fn fingerprints(
    site: &Site,
    past: &Past,
    included: &BTreeSet<String>,
    now: Timestamp,
    found: &mut Vec<Diagnostic>,
) -> Fingerprints {
    let posts = undecided(&site.posts, &past.ledger, &rules(site), included, now);
    let prints = parallel::map(&posts, Work::Light, |post| {
        let mut found = Vec::new();
        let print = match body(site, post, &mut found) {
            Ok(body) => Fingerprint { hash: post::content_hash(post, &body), sketch: Sketch::of(&body.text) },
            Err(error) => {
                found.push(error);
                Fingerprint::default()
            }
        };
        (print, found)
    });
    let mut known = Fingerprints::new();
    for (post, (print, about)) in posts.into_iter().zip(prints) {
        known.insert(post.path.clone(), print);
        found.extend(about);
    }
    known
}

/// Works a publish out. `feeds` makes what is wanted of the feeds, and adds what is wrong with their posts to what was found.
///
/// # Errors
/// Posts or templates with errors, an `--include` that names no post or one that cannot be mailed.
pub fn prepare<F>(
    site: &Site,
    past: &Past,
    options: &Options,
    now: Timestamp,
    feeds: impl FnOnce(&mut Vec<Diagnostic>) -> Result<F, PublishError>,
) -> Result<(Prepared, F), PublishError> {
    options.tolerance.judge_early(&site.diagnostics)?;
    if !past.witnesses.problems.is_empty() {
        return Err(PublishError::Site(past.witnesses.problems.clone()));
    }
    let included = included(site, &options.include)?;
    let mut warnings = site.diagnostics.clone();
    let fingerprints = fingerprints(site, past, &included, now, &mut warnings);
    if options.tolerance == Tolerance::BadPosts {
        refuse_bad_due(site, &warnings, &past.ledger, &rules(site))?;
    }
    let mut rules = rules(site);
    rules.min_entries = options.min_entries.unwrap_or(rules.min_entries);
    let verdicts = plan(&site.posts, &past.ledger, &rules, &included, &fingerprints, now);
    for (post, verdict) in site.posts.iter().zip(&verdicts) {
        if included.contains(&post.path) && !verdict.is_due() {
            return Err(PublishError::NotMailable { path: post.path.clone(), reason: verdict.reason() });
        }
    }
    let circumstances = Circumstances { published_before: past.ledger.last_run.is_some(), now };
    let mut guards = guards(&site.posts, &verdicts, &site.config, circumstances);
    guards.extend(past.guards());
    guards.extend(unfinished_too_late(&past.untried_issues, &site.config, now));
    guards.extend(placeholder::guard_of_frozen(&past.unfinished_issues, &site.config.mail));
    warnings.extend(misaligned(&site.config));
    // Whether an example may leave is a guard's business.
    warnings.extend(site.config.warnings.iter().filter(|found| found.code != EXAMPLE).cloned());
    if let Some(last) = past.ledger.last_run.filter(|last| *last > now) {
        let last = clock::told(last, &site.config.site.timezone);
        let message = format!("the last run is dated {last}, after this one: new entries count as late until then");
        warnings.push(
            Diagnostic::warning("publish/clock", message).help("check the clock, or name entries with `--include`"),
        );
    }
    let is_due = |(post, verdict): (_, &Verdict)| verdict.is_due().then_some(post);
    let due_posts: Vec<&Post> = site.posts.iter().zip(&verdicts).filter_map(is_due).collect();
    keep(site, due_posts.iter().copied());
    let feeds = feeds(&mut warnings)?;
    let mut due: Vec<Entry> = Vec::new();
    let mut made = Vec::new();
    for post in due_posts {
        match rendered(site, post, &mut warnings) {
            Some(rendered) => due.push(mail_pictures::for_mail(site, &rendered, &mut made, &mut warnings)),
            // With any tolerance, no newsletter goes out without an entry that is due.
            None => {
                distinct(&mut warnings);
                return Err(PublishError::Site(warnings));
            }
        }
    }
    warnings.extend(not_online(site.library.not_yet_written(&made).count(), site));
    options.tolerance.judge(&warnings)?;
    let issues = issues(site, &due, past.next_issue, now)?;
    guards.extend(placeholder::guard(&issues, &site.config.mail));
    let about_mail = message_lint::look(site, &issues, &due);
    if options.tolerance == Tolerance::Nothing && !about_mail.is_empty() {
        warnings.extend(about_mail.iter().cloned());
        options.tolerance.judge(&warnings)?;
    }
    let (errors, about_mail) = about_mail.into_iter().partition(Diagnostic::is_error);
    warnings.extend::<Vec<_>>(about_mail);
    // What is wrong with a post that the feeds show too was told twice.
    distinct(&mut warnings);
    let entries = frozen(&due, &issues, &fingerprints, site.config.newsletter.mode);
    let planned = issues.iter().map(|issue| ArchivedIssue::planned(issue, now, &entries)).collect();
    let archive = archive::of_site(site, planned, &mut warnings)?;
    let prepared = Prepared {
        now,
        archive,
        last_run: past.ledger.last_run,
        verdicts,
        made,
        entries,
        recipients: past.readers(|lists| is_any_for(&issues, lists)),
        readers: issues.iter().map(|issue| past.readers(|lists| gets(lists, &issue.lists))).collect(),
        issues,
        unfinished: past.unfinished,
        guards,
        warnings,
        errors,
    };
    Ok((prepared, feeds))
}

/// Whether a reader on these lists gets one of the issues. Without issues, everyone is meant.
fn is_any_for(issues: &[Issue], lists: Option<&Lists>) -> bool {
    issues.is_empty() || issues.iter().any(|issue| gets(lists, &issue.lists))
}

/// A picture that is not online leaves a hole in the mail.
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
    let newsletter = &site.config.newsletter;
    Rules { start: newsletter.start, timezone: site.config.site.timezone.clone(), min_entries: newsletter.min_entries }
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
    keep(site, [post]);
    let Some(rendered) = rendered(site, post, &mut found) else { return Err(PublishError::Site(found)) };
    let entry = mail_pictures::for_mail(site, &rendered, &mut Vec::new(), &mut found);
    Ok(issues(site, &[entry], past.next_issue, now)?.pop())
}

/// The issues that mail `due`, of which the first one has the number `first`.
pub(super) fn issues(site: &Site, due: &[Entry], first: i64, now: Timestamp) -> Result<Vec<Issue>, PublishError> {
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let templates = site.templates()?;
    let date = now.to_zoned(site.config.site.timezone.clone());
    let feed = site.feed_in_mail();
    let compose = |number: i64, entries: &[Entry]| {
        email::compose(number, &date, entries, &site.config, &templates, feed.as_deref()).map_err(PublishError::Site)
    };
    match site.config.newsletter.mode {
        Mode::Digest => {
            let groups = by_lists(due);
            (first..).zip(&groups).map(|(number, entries)| compose(number, entries)).collect()
        }
        // The oldest first, so that issues are numbered in the order of the posts.
        Mode::Each => (first..)
            .zip(due.iter().rev())
            .map(|(number, entry)| compose(number, std::slice::from_ref(entry)))
            .collect(),
    }
}

/// Entries for the same readers come in one issue, those that hold the newest entry first.
fn by_lists(due: &[Entry]) -> Vec<Vec<Entry>> {
    let mut groups: Vec<Vec<Entry>> = Vec::new();
    for entry in due {
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| lists_of(first) == lists_of(entry))) {
            Some(group) => group.push(entry.clone()),
            None => groups.push(vec![entry.clone()]),
        }
    }
    groups
}

/// The lists that an entry is for; none is for everyone.
fn lists_of(entry: &Entry) -> &[String] {
    entry.mailing.as_ref().map_or(&[], |mailing| &mailing.lists)
}

/// The entries as the ledger will record them, each with the issue that carries it.
fn frozen(due: &[Entry], issues: &[Issue], prints: &Fingerprints, mode: Mode) -> Vec<FrozenEntry> {
    let carried = |(at, entry): (usize, &Entry)| {
        let issue = match mode {
            Mode::Digest => issues.iter().find(|issue| issue.lists == lists_of(entry))?,
            // As they are numbered: the oldest first.
            Mode::Each => issues.get(due.len() - 1 - at)?,
        };
        let print = prints.get(&entry.path);
        let mailed = MailedEntry {
            id: entry.id.clone(),
            run: 0,
            issue: issue.number,
            path: entry.path.clone(),
            content_hash: print.and_then(|print| print.hash.clone()),
            sketch: print.and_then(|print| print.sketch.as_ref()).map(Sketch::to_string),
            title: entry.title.clone(),
            published: entry.published.timestamp().to_string(),
        };
        Some(FrozenEntry { mailed, url: entry.url.clone() })
    };
    due.iter().enumerate().filter_map(carried).collect()
}

/// True when a verdict is worth a line in the plan: pages and files that are no posts are not.
pub fn is_worth_telling(verdict: &Verdict) -> bool {
    !matches!(verdict, Verdict::NotPublished(PostStatus::Page | PostStatus::Skipped, _))
}
