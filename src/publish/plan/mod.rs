//! What is due: a pure function of the posts, the ledger, the configuration and the time (days, not instants,
//! because many posts carry only a date, and the ledger already rules out repeats).

mod vanished;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::model::{MailedEntry, Post, PostStatus};
use crate::post::Sketch;
use vanished::Vanished;

/// What the ledger knows that matters for the plan.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// The time of the last recorded run.
    pub last_run: Option<Timestamp>,
    /// Every entry that was ever mailed.
    pub mailed: Vec<MailedEntry>,
    /// The time of the run of each issue, by its number.
    pub runs: BTreeMap<i64, Timestamp>,
}

impl Ledger {
    /// The time of the last run that mailed something to the lists of each post that is given, or may have: an issue of which no
    /// entry is there any more may have been for any of them.
    fn last_runs<'p>(&self, posts: &'p [Post]) -> BTreeMap<&'p [String], Option<Timestamp>> {
        let lists: BTreeMap<&str, &[String]> = posts.iter().map(|post| (post.id.as_str(), lists_of(post))).collect();
        let mut issues: BTreeMap<i64, Option<&[String]>> = self.runs.keys().map(|issue| (*issue, None)).collect();
        for entry in &self.mailed {
            if let Some(lists) = lists.get(entry.id.as_str()) {
                issues.insert(entry.issue, Some(lists));
            }
        }
        let is_known = |time: &Timestamp| self.runs.values().any(|known| known == time);
        let unknown = self.last_run.filter(|time| !is_known(time));
        let may_be_for = |issue: Option<&[String]>, lists: &[String]| issue.is_none_or(|issue| issue == lists);
        let last_run = |lists: &[String]| {
            let times =
                issues.iter().filter(|(_, issue)| may_be_for(**issue, lists)).filter_map(|(n, _)| self.runs.get(n));
            times.copied().chain(unknown).max()
        };
        let distinct: BTreeSet<&[String]> = lists.into_values().collect();
        distinct.into_iter().map(|lists| (lists, last_run(lists))).collect()
    }
}

/// The lists that a post is for; none is for everyone.
pub fn lists_of(post: &Post) -> &[String] {
    post.mailing.as_ref().map_or(&[], |mailing| &mailing.lists)
}

/// The settings that decide what is due.
#[derive(Debug, Clone)]
pub struct Rules {
    /// No post dated before this day is mailed.
    pub start: Option<Date>,
    /// Its midnight divides the days.
    pub timezone: TimeZone,
    /// Fewer due posts than this, for the same lists, wait for more.
    pub min_entries: usize,
}

/// Whether the next run mails a post, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// New since the last run; the run's day.
    Due(Option<Date>),
    /// New, and waiting until more are due: as many as `newsletter.min_entries` says.
    #[expect(missing_docs, reason = "so many are due, and so many it takes")]
    Waiting { due: usize, least: usize },
    /// Mailed on the owner's word (`--include`).
    Included,
    /// Older than the last run, and never mailed: named, and sent only on the owner's word.
    Late(Date),
    /// Mailed by a run, in an issue.
    #[expect(missing_docs, reason = "they are numbers of the ledger")]
    Mailed { run: i64, issue: i64 },
    /// Not mailed under this id, but looks like a mailed one that was moved or got another id.
    #[expect(missing_docs, reason = "they are of the mailed one, and in what the two are the same")]
    Resembles { issue: i64, title: String, same: Likeness },
    /// New, but without a title: the name of its file would be the subject of a mail that cannot be called back.
    Untitled,
    /// Dated before `newsletter.start`.
    BeforeStart(Date),
    /// Its author wants it mailed later: the day, or the time in the author's own offset.
    NotBefore(String),
    /// The front matter says so, with this line: `newsletter: false`.
    WebOnly(String),
    /// Not in the feeds either; the post's own reason.
    NotPublished(PostStatus, String),
}

/// In what a post is like a mailed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    /// The same file.
    Path,
    /// The same text.
    Content,
    /// A similar title or text, where the mailed one is no longer among the posts.
    Look,
}

impl Verdict {
    /// True when the next run mails it.
    pub fn is_due(&self) -> bool {
        matches!(self, Self::Due(_) | Self::Included)
    }

    /// True when a look by the owner is needed before it is mailed.
    pub fn is_held_back(&self) -> bool {
        matches!(self, Self::Resembles { .. } | Self::Untitled)
    }

    /// Half a sentence for people.
    pub fn reason(&self) -> String {
        match self {
            Self::Due(Some(day)) => format!("new since the last run on {day}"),
            Self::Due(None) => "new: nothing was published before".into(),
            Self::Waiting { due, least } => {
                format!(
                    "waits until {least} entries are due (`newsletter.min_entries`), and {due} {}",
                    if *due == 1 { "is" } else { "are" }
                )
            }
            Self::Included => "included by --include".into(),
            Self::Late(day) => {
                format!("late: dated before the last run on {day} and never mailed; send it with --include")
            }
            Self::Mailed { run: 0, issue } => format!("mailed in issue {issue}, sent from another database"),
            Self::Mailed { run, issue } => format!("mailed in issue {issue} (run {run})"),
            Self::Resembles { issue, title, same: Likeness::Path } => {
                format!(
                    "the same file was mailed in issue {issue} as `{title}` under another id; send it with --include"
                )
            }
            Self::Resembles { issue, title, same: Likeness::Content } => {
                format!("the same text was mailed in issue {issue} as `{title}`; send it with --include")
            }
            Self::Resembles { issue, title, same: Likeness::Look } => {
                format!(
                    "looks like “{title}”, mailed in issue {issue} and no longer among the posts; \
                     if it is another one, send it with --include"
                )
            }
            Self::Untitled => "it has no title: write a line `title:` into its front matter, or send it as it is with \
                               --include"
                .into(),
            Self::NotBefore(moment) => format!("`send_after: {moment}` in its front matter"),
            Self::BeforeStart(start) => format!("dated before newsletter.start ({start})"),
            Self::WebOnly(line) => format!("`{line}` in its front matter"),
            Self::NotPublished(_, reason) => reason.clone(),
        }
    }
}

/// What recognises the words of a post.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// When they are unchanged: [`post::content_hash`](crate::post::content_hash).
    pub hash: Option<String>,
    /// When they were edited.
    pub sketch: Option<Sketch>,
}

/// The fingerprints of posts, by the paths of their files.
pub type Fingerprints = BTreeMap<String, Fingerprint>;

/// The posts that are mailed unless their words were mailed before: those of which [`plan`] needs the fingerprints.
pub fn undecided<'p>(
    posts: &'p [Post],
    ledger: &Ledger,
    rules: &Rules,
    included: &BTreeSet<String>,
    now: Timestamp,
) -> Vec<&'p Post> {
    let compares = ledger.mailed.iter().any(|entry| entry.content_hash.is_some());
    let verdicts = plan(posts, ledger, rules, included, &Fingerprints::new(), now);
    let may_change = |verdict: &Verdict| match verdict {
        Verdict::Due(_) | Verdict::Waiting { .. } | Verdict::Included => true,
        Verdict::Late(_) | Verdict::Resembles { .. } | Verdict::Untitled => compares,
        _ => false,
    };
    posts.iter().zip(&verdicts).filter(|(_, verdict)| may_change(verdict)).map(|(post, _)| post).collect()
}

/// The verdict on every post, in the order of the posts.
///
/// `included` holds the paths of the posts that the owner named with `--include`. A post that is not published, or that
/// says `newsletter: false`, is not mailed even so. `fingerprints` are those of the [`undecided`] posts.
pub fn plan(
    posts: &[Post],
    ledger: &Ledger,
    rules: &Rules,
    included: &BTreeSet<String>,
    fingerprints: &Fingerprints,
    now: Timestamp,
) -> Vec<Verdict> {
    let current: BTreeSet<&str> = posts.iter().map(|post| post.id.as_str()).collect();
    let by_id: BTreeMap<&str, &MailedEntry> = ledger.mailed.iter().map(|entry| (entry.id.as_str(), entry)).collect();
    // A file name may be used again for a new post while the old one lives on elsewhere under its own id.
    let gone = || ledger.mailed.iter().filter(|entry| !current.contains(entry.id.as_str()));
    let by_path: BTreeMap<&str, &MailedEntry> = gone().map(|entry| (entry.path.as_str(), entry)).collect();
    let by_hash: BTreeMap<&str, &MailedEntry> =
        ledger.mailed.iter().filter_map(|entry| Some((entry.content_hash.as_deref()?, entry))).collect();
    // One that was taken back to a draft has vanished for readers.
    let is_there = |post: &&Post| post.status == PostStatus::Published;
    let there: BTreeSet<&str> = posts.iter().filter(is_there).map(|post| post.id.as_str()).collect();
    let vanished = Vanished::new(&ledger.mailed, &there, &rules.timezone);
    // Where posts wait for others of their lists, a run for other lists leaves them behind.
    let last_runs = if rules.min_entries > 1 { ledger.last_runs(posts) } else { BTreeMap::new() };
    let last_day = |post: &Post| {
        let last_run = last_runs.get(lists_of(post)).copied().unwrap_or(ledger.last_run);
        last_run.map(|moment| moment.to_zoned(rules.timezone.clone()).date())
    };

    let judge = |post: &Post| {
        let Some(published) = post
            .published
            .as_ref()
            .filter(|published| post.status == PostStatus::Published && published.timestamp() <= now)
        else {
            return Verdict::NotPublished(post.status, post.reason.clone());
        };
        if !post.newsletter {
            let line = post.mailing.as_ref().and_then(|mailing| mailing.refusal.clone());
            return Verdict::WebOnly(line.unwrap_or_else(|| "newsletter: false".to_owned()));
        }
        if included.contains(&post.path) {
            return Verdict::Included;
        }
        if let Some(entry) = by_id.get(post.id.as_str()) {
            return Verdict::Mailed { run: entry.run, issue: entry.issue };
        }
        let like =
            |entry: &MailedEntry, same| Verdict::Resembles { issue: entry.issue, title: entry.title.clone(), same };
        let day = |moment: Timestamp| moment.to_zoned(rules.timezone.clone()).date();
        if let Some(start) = rules.start.filter(|start| day(published.timestamp()) < *start) {
            return Verdict::BeforeStart(start);
        }
        let fingerprint = fingerprints.get(&post.path);
        if let Some(entry) = fingerprint.and_then(|print| by_hash.get(print.hash.as_deref()?)) {
            return like(entry, Likeness::Content);
        }
        if let Some(entry) = by_path.get(post.path.as_str()) {
            return like(entry, Likeness::Path);
        }
        let sketch = fingerprint.and_then(|print| print.sketch.as_ref());
        if let Some(entry) = vanished.like(post, published.timestamp(), sketch) {
            return like(entry, Likeness::Look);
        }
        // A post that waits counts as of the moment for which it waits: no run before that moment could have mailed it, so
        // it never becomes late by waiting.
        let mailed_from = post.mailed_from().unwrap_or_else(|| published.timestamp());
        if mailed_from > now {
            return Verdict::NotBefore(send_after(post));
        }
        match last_day(post) {
            Some(last) if day(mailed_from) < last => Verdict::Late(last),
            _ if post.untitled => Verdict::Untitled,
            last => Verdict::Due(last),
        }
    };
    let mut verdicts = posts.iter().map(judge).collect::<Vec<_>>();
    wait_for_more(posts, &mut verdicts, rules.min_entries);
    verdicts
}

/// Holds what is due for the same lists while it is too little, unless the owner has named a post: then all of it goes out. So no
/// run is ever recorded that mails to these lists and leaves a waiting post behind, and what waits stays due: its day is not before
/// that of the last run for them.
fn wait_for_more(posts: &[Post], verdicts: &mut [Verdict], least: usize) {
    if least < 2 || verdicts.contains(&Verdict::Included) {
        return;
    }
    let mut counts: BTreeMap<&[String], usize> = BTreeMap::new();
    for (post, _) in posts.iter().zip(&*verdicts).filter(|(_, verdict)| matches!(verdict, Verdict::Due(_))) {
        *counts.entry(lists_of(post)).or_default() += 1;
    }
    for (post, verdict) in posts.iter().zip(verdicts).filter(|(_, verdict)| matches!(verdict, Verdict::Due(_))) {
        let due = counts.get(lists_of(post)).copied().unwrap_or(0);
        if due < least {
            *verdict = Verdict::Waiting { due, least };
        }
    }
}

/// The moment that a post waits for, without a time at midnight.
fn send_after(post: &Post) -> String {
    let moment = post.mailing.as_ref().and_then(|mailing| mailing.send_after.as_ref());
    let pattern = |moment: &Zoned| if moment.time() == Time::midnight() { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M %:z" };
    moment.map(|moment| moment.strftime(pattern(moment)).to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
