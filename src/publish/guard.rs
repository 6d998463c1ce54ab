//! Guards: signs that sending now would be a mistake. Each stops the run and names the word that lets it pass.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::plan::{Verdict, lists_of};
use crate::config::Config;
use crate::model::{Issue, Post};
use crate::store::Untried;

/// What a guard watches; the word is what `--allow` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuardName {
    /// Neither a start day nor a recorded run: every old post would go out.
    NoStart,
    /// More due entries than `newsletter.max_entries`.
    TooMany,
    /// After the first run: a due entry, or an unfinished run, older than `newsletter.max_lateness` days.
    TooLate,
    /// A draft flag that is neither yes nor no.
    UnclearDraft,
    /// The database is not the newest, or was last used elsewhere: what it thinks is due may have been sent.
    CopiedDatabase,
    /// The page of a due entry is not online, and `newsletter.require_live` asks for it.
    NotLive,
    /// Issues were sent from here, and the database knows no run or no confirmed reader.
    LostDatabase,
    /// A sender, a title or a post that was made as an example.
    Placeholder,
    /// The person at this machine has not said yet that this site may reach, run and use what it names.
    NewSite,
    /// So much of an issue came back that something is wrong with it, or with the sender.
    Spike,
}

impl GuardName {
    /// Every guard.
    pub const ALL: [Self; 10] = [
        Self::NoStart,
        Self::TooMany,
        Self::TooLate,
        Self::UnclearDraft,
        Self::CopiedDatabase,
        Self::NotLive,
        Self::LostDatabase,
        Self::Placeholder,
        Self::NewSite,
        Self::Spike,
    ];

    /// The word for `--allow`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoStart => "no-start",
            Self::TooMany => "too-many",
            Self::TooLate => "too-late",
            Self::UnclearDraft => "unclear-draft",
            Self::CopiedDatabase => "copied-database",
            Self::NotLive => "not-live",
            Self::LostDatabase => "lost-database",
            Self::Placeholder => "placeholder",
            Self::NewSite => "new-site",
            Self::Spike => "spike",
        }
    }
}

/// A guard that refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// Which one.
    pub name: GuardName,
    /// What it saw.
    pub message: String,
    /// What to do, before `--allow` comes to mind.
    pub help: String,
}

/// What the guards look at beside the posts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Circumstances {
    /// True when any run was ever recorded.
    pub published_before: bool,
    /// The time.
    pub now: Timestamp,
}

/// Every guard that refuses a plan.
pub(super) fn guards(
    posts: &[Post],
    verdicts: &[Verdict],
    config: &Config,
    circumstances: Circumstances,
) -> Vec<Guard> {
    let mut refusals = Vec::new();
    let due: Vec<&Post> =
        posts.iter().zip(verdicts).filter(|(_, verdict)| verdict.is_due()).map(|(post, _)| post).collect();
    let newsletter = &config.newsletter;
    if newsletter.start.is_none() && !circumstances.published_before && !due.is_empty() {
        refusals.push(Guard {
            name: GuardName::NoStart,
            message: format!(
                "nothing was published yet and `newsletter.start` is not set: {} would be mailed",
                count(due.len() as u64, "old post")
            ),
            help: "set `newsletter.start` in config.toml to the day from which posts are mailed".into(),
        });
    }
    if due.len() > newsletter.max_entries {
        refusals.push(Guard {
            name: GuardName::TooMany,
            message: format!(
                "{} are due, more than `newsletter.max_entries` ({})",
                count(due.len() as u64, "entry"),
                newsletter.max_entries
            ),
            help: "look at `tidings publish --dry-run` before you let them all go".into(),
        });
    }
    let chosen = posts.iter().zip(verdicts).filter(|(_, verdict)| matches!(verdict, Verdict::Due(_)));
    let chosen: Vec<_> = chosen.filter_map(|(post, _)| Some((post.mailed_from()?, post))).collect();
    // Until there were `newsletter.min_entries` for the same lists, it was right to wait.
    let mut moments: BTreeMap<&[String], Vec<Timestamp>> = BTreeMap::new();
    for (moment, post) in &chosen {
        moments.entry(lists_of(post)).or_default().push(*moment);
    }
    for moments in moments.values_mut() {
        moments.sort_unstable();
    }
    let enough = |post: &Post| {
        let moments = moments.get(lists_of(post));
        moments.and_then(|moments| moments.get(newsletter.min_entries.saturating_sub(1))).copied()
    };
    // On the first run `newsletter.start` says how far back to go; later on, old entries mean that runs were missed.
    let is_overdue = |(moment, post): &&(Timestamp, &Post)| {
        let since = enough(post).unwrap_or(circumstances.now).max(*moment);
        circumstances.published_before
            && is_too_late(since, circumstances.now, newsletter.max_lateness, &config.site.timezone)
    };
    let overdue: Vec<_> = chosen.iter().filter(is_overdue).map(|(_, post)| post.path.as_str()).collect();
    if !overdue.is_empty() {
        refusals.push(Guard {
            name: GuardName::TooLate,
            message: format!(
                "due, but older than `newsletter.max_lateness` ({} days): {}",
                newsletter.max_lateness,
                overdue.join(", ")
            ),
            help: "set `newsletter: false` in posts that are no news any more".into(),
        });
    }
    for post in posts.iter().filter(|post| post.draft_unclear) {
        refusals.push(Guard {
            name: GuardName::UnclearDraft,
            message: format!("it is not clear whether this is a draft: {}", post.path),
            help: "write `draft: true` or `draft: false` in its front matter".into(),
        });
    }
    refusals
}

/// The guard for a site that has no readers any more.
pub(super) fn no_readers() -> Guard {
    Guard {
        name: GuardName::LostDatabase,
        message:
            "issues were sent before, and now there is no confirmed reader: the list is lost, or every reader has left"
                .into(),
        help:
            "put the database back from its newest backup, or import your readers again (`tidings subscribers import`)"
                .into(),
    }
}

/// True when an issue is older than `newsletter.max_lateness` allows.
pub(super) fn is_old(issue: &Issue, config: &Config, now: Timestamp) -> bool {
    let is_old = |moment| is_too_late(moment, now, config.newsletter.max_lateness, &config.site.timezone);
    issue.date.parse().is_ok_and(is_old)
}

/// The lateness guard for an unfinished run, of whose issues some deliveries were never tried: what was frozen long ago is
/// not sent without a word, unless the owner has asked for it since.
pub(super) fn unfinished_too_late(untried: &[Untried], config: &Config, now: Timestamp) -> Option<Guard> {
    let earliest = earliest(config, now);
    let is_recent = |asked_at: &str| asked_at.parse::<Timestamp>().is_ok_and(|at| at >= earliest);
    let is_asked_for = |untried: &&Untried| untried.asked_at.as_deref().is_some_and(is_recent);
    let Untried { issue, .. } =
        untried.iter().find(|untried| is_old(&untried.issue, config, now) && !is_asked_for(untried))?;
    Some(Guard {
        name: GuardName::TooLate,
        message: format!("issue {} was frozen on {} and is not delivered to every reader", issue.number, issue.date),
        help: "see who did not get it with `tidings runs show`, give it up with `tidings runs cancel`".into(),
    })
}

/// When the first day begins that `newsletter.max_lateness` still allows.
pub(super) fn earliest(config: &Config, now: Timestamp) -> Timestamp {
    let day = now.to_zoned(config.site.timezone.clone()).date();
    let span = Span::new().try_days(config.newsletter.max_lateness);
    let day = span.and_then(|span| day.checked_sub(span)).and_then(|day| day.to_zoned(config.site.timezone.clone()));
    day.map_or(Timestamp::MIN, |day| day.timestamp())
}

/// True when something of `moment` is more than `limit` calendar days old; a limit of 0 is no limit.
fn is_too_late(moment: Timestamp, now: Timestamp, limit: u32, timezone: &TimeZone) -> bool {
    let day = |moment: Timestamp| -> Date { moment.to_zoned(timezone.clone()).date() };
    let age = day(now).since(day(moment)).map_or(0, |span| span.get_days());
    limit > 0 && i64::from(age) > i64::from(limit)
}

/// `1 entry`, `2 entries`.
pub fn count(number: u64, noun: &str) -> String {
    match (number, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) if !noun.ends_with("ay") => format!("{number} {stem}ies"),
        _ => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_counts_calendar_days_of_the_site() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        assert!(!is_too_late(at("2026-03-01T12:00:00Z"), at("2026-03-03T22:59:00Z"), 2, &berlin));
        assert!(
            is_too_late(at("2026-03-01T12:00:00Z"), at("2026-03-03T23:00:00Z"), 2, &berlin),
            "the fourth has begun in Berlin"
        );
        assert!(!is_too_late(at("2020-03-01T12:00:00Z"), at("2026-03-03T23:00:00Z"), 0, &berlin));
    }

    #[test]
    fn numbers_take_their_nouns() {
        assert_eq!(
            (count(1, "entry"), count(2, "entry"), count(0, "day")),
            ("1 entry".into(), "2 entries".into(), "0 days".into())
        );
    }
}
