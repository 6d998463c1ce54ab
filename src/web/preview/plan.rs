//! The plan as the page shows it: what is due, late or not, and why.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::clock;
use crate::diagnostic::Diagnostic;
use crate::model::Post;
use crate::publish::{Prepared, Verdict, count, is_worth_telling};

use super::choice::{Choice, View};
use super::findings::{FindingsView, Words, words};
use super::snapshot::{Snapshot, is_showable};

#[derive(Serialize, Default)]
pub(super) struct PlanView {
    /// Why there is no plan.
    problems: Option<FindingsView>,
    /// `2026-03-02 10:00:00 CET`
    now: String,
    /// When it was, if ever.
    last_run: Option<String>,
    /// `3 readers`
    readers: String,
    /// Deliveries of earlier runs that come first: `2 deliveries`.
    unfinished: Option<String>,
    guards: Vec<GuardView>,
    groups: Vec<Group>,
    /// What to type to send this and nothing else.
    command: Option<String>,
    /// Whether publishing asks the network for what is not shown here.
    asks_for_pages: bool,
}

#[derive(Serialize)]
struct GuardView {
    name: &'static str,
    message: Vec<Words>,
    help: Vec<Words>,
}

#[derive(Serialize)]
struct Group {
    name: &'static str,
    /// `due`, `held`, `late` or `rest`.
    kind: &'static str,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    day: String,
    title: String,
    path: String,
    reason: Vec<Words>,
    /// The page that shows this post as an issue.
    address: Option<String>,
}

pub(super) fn plan(snapshot: &Snapshot, now: Timestamp, choice: &Choice) -> PlanView {
    let zone = &snapshot.site.config.site.timezone;
    let time = |moment| clock::told(moment, zone);
    let config = &snapshot.site.config;
    let prepared = match &snapshot.prepared {
        Ok(prepared) => prepared,
        Err(problems) => {
            return none(problems, now, zone);
        }
    };
    let guards = prepared.guards.iter().map(|guard| GuardView {
        name: guard.name.as_str(),
        message: words(&guard.message),
        help: words(&guard.help),
    });
    let is_clear = prepared.guards.is_empty() && !prepared.issues.is_empty() && prepared.recipients > 0;
    PlanView {
        problems: None,
        now: time(now),
        last_run: prepared.last_run.map(time),
        readers: count(prepared.recipients.unsigned_abs(), "reader"),
        unfinished: (prepared.unfinished > 0).then(|| count(prepared.unfinished.unsigned_abs(), "delivery")),
        guards: guards.collect(),
        groups: groups(snapshot, prepared, choice),
        command: is_clear.then(|| format!("tidings publish --expect {}", prepared.short_digest())),
        asks_for_pages: config.newsletter.require_live,
    }
}

/// The plan of a site that cannot be read.
pub(super) fn none(problems: &[Diagnostic], now: Timestamp, zone: &TimeZone) -> PlanView {
    PlanView { problems: Some(FindingsView::new(problems)), now: clock::told(now, zone), ..PlanView::default() }
}

fn groups(snapshot: &Snapshot, prepared: &Prepared, choice: &Choice) -> Vec<Group> {
    let kind = |verdict: &Verdict| match verdict {
        verdict if verdict.is_due() => "due",
        Verdict::Late(_) => "late",
        verdict if verdict.is_held_back() => "held",
        Verdict::Waiting { .. } => "waiting",
        _ => "rest",
    };
    let names = [
        ("due", "Due"),
        ("waiting", "Waiting for more entries"),
        ("held", "Held back until you have had a look"),
        ("late", "Late: sent only with --include"),
        ("rest", "Not due"),
    ];
    let pairs: Vec<_> =
        snapshot.site.posts.iter().zip(&prepared.verdicts).filter(|(_, verdict)| is_worth_telling(verdict)).collect();
    let rows = |wanted: &str| -> Vec<Row> {
        let chosen = pairs.iter().filter(|(_, verdict)| kind(verdict) == wanted);
        chosen.map(|(post, verdict)| row(snapshot, post, verdict, choice)).collect()
    };
    let all = names.map(|(kind, name)| Group { name, kind, rows: rows(kind) });
    all.into_iter().filter(|group| !group.rows.is_empty()).collect()
}

fn row(snapshot: &Snapshot, post: &Post, verdict: &Verdict, choice: &Choice) -> Row {
    let zone = &snapshot.site.config.site.timezone;
    let day = post.published.as_ref().map(|published| published.with_time_zone(zone.clone()).date().to_string());
    let address = choice.with(|choice| {
        choice.view = View::Issue;
        choice.issue = None;
        choice.post = Some(post.path.clone());
    });
    Row {
        day: day.unwrap_or_default(),
        title: post.title.clone(),
        path: post.path.clone(),
        reason: words(&verdict.reason()),
        address: is_showable(post).then(|| address.address()),
    }
}
