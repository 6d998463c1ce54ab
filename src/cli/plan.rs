//! A plan as text for people and as JSON for programs.

use annotate_snippets::renderer::Style;
use serde_json::{Value, json};

use super::look::{self, ATTENTION, BOLD, GOOD, GREY, PLAIN};
use super::page::Page;
use super::posts;
use super::printable::one_line;
use super::table::cut;
use crate::clock;
use crate::config::Config;
use crate::model::{Issue, Post};
use crate::publish::{Guard, Options, Prepared, Site, Verdict, count, dry_run, is_worth_telling};

/// So many posts that are not due are named; the others are counted, unless the user wants to hear more.
const NAMED: usize = 12;

/// The plan for people.
pub(super) fn tell(
    site: &Site,
    prepared: &Prepared,
    files: &[String],
    options: &Options,
    verbose: bool,
    page: &mut Page,
) {
    let zone = &site.config.site.timezone;
    let day = |moment| clock::told(moment, zone);
    let last = prepared
        .last_run
        .map_or("nothing was published before".to_owned(), |moment| format!("the last run was at {}", day(moment)));
    page.paint(BOLD, &site.config.site.title);
    page.push(&format!(": plan for {}; {last}.\n", day(prepared.now)));
    if prepared.unfinished > 0 {
        let unfinished = count(prepared.unfinished.unsigned_abs(), "delivery");
        page.push(&format!("\nFirst, {unfinished} of an earlier run will be finished.\n"));
    }
    let pairs: Vec<_> = site.posts.iter().zip(&prepared.verdicts).collect();
    let (due, rest): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(_, verdict)| verdict.is_due());
    let (late, rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(_, verdict)| matches!(verdict, Verdict::Late(_)));
    let is_waiting = |(_, verdict): &(&Post, &Verdict)| matches!(verdict, Verdict::Waiting { .. });
    let (waiting, rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(is_waiting);
    let (held, rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(_, verdict)| verdict.is_held_back());
    let rest: Vec<_> = rest.into_iter().filter(|(_, verdict)| verbose || is_worth_telling(verdict)).collect();
    if due.is_empty() {
        page.push(if waiting.is_empty() { "\nNothing is due.\n" } else { "\nToo little is due for an issue.\n" });
        if let (true, Some(newest)) = (files.contains(&specimen()), site.published().next()) {
            let title = one_line(&cut(&newest.title, 60));
            page.push(&format!("{} shows how the newest post, “{title}”, would look in mail.\n", specimen()));
        }
    }
    for (issue, readers) in prepared.issues.iter().zip(&prepared.readers) {
        let readers = count(readers.unsigned_abs(), "reader");
        let of_lists = of_lists(issue);
        page.push("\n");
        page.paint(BOLD, &format!("Issue {} “{}”", issue.number, issue.subject));
        page.push(&format!(" goes to {readers}{of_lists}.\n"));
    }
    section(&site.config, ("Due", GOOD), &due, due.len(), page);
    section(
        &site.config,
        ("Waiting for more, and sent before only with --min-entries", ATTENTION),
        &waiting,
        waiting.len(),
        page,
    );
    section(&site.config, ("Held back until you have had a look", ATTENTION), &held, held.len(), page);
    section(&site.config, ("Late, and sent only with --include", ATTENTION), &late, late.len(), page);
    section(&site.config, ("Not due", PLAIN), &rest, if verbose { rest.len() } else { NAMED }, page);
    if !files.is_empty() {
        page.push("\n");
        page.paragraph(&format!("In preview/: {}.", in_preview(files)));
        if !prepared.issues.is_empty() && prepared.guards.is_empty() {
            let include = options.include.iter().map(|post| format!(" --include {}", one_line(post)));
            let least = options.min_entries.map(|least| format!(" --min-entries {least}"));
            let wanted = include.chain(least).collect::<Vec<_>>().concat();
            let digest = prepared.short_digest();
            page.push("Nothing was sent. To send this and nothing else: ");
            page.paint(BOLD, &format!("tidings publish{wanted} --expect {digest}"));
            page.push("\n");
        }
    }
}

/// ` of essays or notes`; nothing for an issue for everyone.
fn of_lists(issue: &Issue) -> String {
    if issue.lists.is_empty() { String::new() } else { format!(" of {}", issue.lists.join(" or ")) }
}

/// The page of a specimen.
fn specimen() -> String {
    format!("{}/{}.html", dry_run::FOLDER, dry_run::SPECIMEN)
}

/// The files of the preview by name, those in folders by their number.
fn in_preview(files: &[String]) -> String {
    let below: Vec<&str> = files.iter().map(|path| path.trim_start_matches("preview/")).collect();
    let inside = |folder: &str| below.iter().filter(|name| name.starts_with(folder)).count() as u64;
    let mut names: Vec<String> =
        below.iter().filter(|name| !name.contains('/')).map(|name| (*name).to_owned()).collect();
    let (copies, pictures) = (inside("outbox/"), inside("mail-images/"));
    if pictures > 0 {
        names.push(format!("{} in preview/mail-images/", count(pictures, "picture")));
    }
    let further = below.iter().filter(|name| name.contains('/')).count() as u64 - copies - pictures;
    if further > 0 {
        names.push(format!("{} of further feeds", count(further, "file")));
    }
    if copies > 0 {
        names.push(format!(
            "{} in preview/outbox/",
            count(copies, "reader's copy").replace("reader's copies", "readers' copies")
        ));
    }
    if copies + pictures + further > 0
        && let Some(last) = names.last_mut()
    {
        last.insert_str(0, "and ");
    }
    names.join(", ")
}

fn section(
    config: &Config,
    (heading, style): (&str, Style),
    list: &[(&Post, &Verdict)],
    shown: usize,
    page: &mut Page,
) {
    if list.is_empty() {
        return;
    }
    let row = |(post, verdict): &(&Post, &Verdict)| {
        let date = posts::day(post, config).unwrap_or_else(|| "no date   ".to_owned());
        let style = look::of_verdict(verdict);
        let other = if style == GREY { GREY } else { PLAIN };
        [(format!("  {date}"), other), (cut(&post.title, 40), style), (verdict.reason(), other)]
    };
    let rows: Vec<_> = list.iter().take(shown).map(row).collect();
    page.push("\n");
    page.paint(style, &format!("{heading}:"));
    page.push("\n");
    page.table(&rows);
    if let Some(more) = list.len().checked_sub(shown).filter(|more| *more > 0) {
        page.push(&format!("  … and {} (`-v` names them)\n", count(more as u64, "older post")));
    }
}

/// The plan for programs; the keys are a promise.
pub(super) fn as_json(site: &Site, prepared: &Prepared, files: &[String]) -> Value {
    let pick = |wanted: &dyn Fn(&Verdict) -> bool| -> Vec<Value> {
        let picked = site.posts.iter().zip(&prepared.verdicts).filter(|(_, verdict)| wanted(verdict));
        picked.map(|(post, verdict)| post_as_json(post, verdict)).collect()
    };
    let is_late = |verdict: &Verdict| matches!(verdict, Verdict::Late(_));
    let of_plan = |(issue, readers): (&Issue, &i64)| {
        let mut value = issue_as_json(issue);
        if !issue.lists.is_empty() {
            value["lists"] = json!(issue.lists);
            value["recipients"] = json!(readers);
        }
        value
    };
    let issues: Vec<_> = prepared.issues.iter().zip(&prepared.readers).map(of_plan).collect();
    json!({
        "now": prepared.now.to_string(),
        "last_run": prepared.last_run.map(|moment| moment.to_string()),
        "cutoff": prepared.now.to_string(),
        "entries": pick(&Verdict::is_due),
        "skipped": pick(&|verdict| !verdict.is_due() && !is_late(verdict)),
        "late": pick(&is_late),
        "recipients": prepared.recipients,
        "unfinished": prepared.unfinished,
        "digest": prepared.digest(),
        "issue": issues.first(),
        "issues": issues,
        "guards": prepared.guards.iter().map(guard_as_json).collect::<Vec<_>>(),
        "files": files,
    })
}

fn post_as_json(post: &Post, verdict: &Verdict) -> Value {
    json!({
        "path": post.path,
        "id": post.id,
        "url": post.url,
        "title": post.title,
        "published": post.published.as_ref().map(posts::rfc_3339),
        "status": post.status.as_str(),
        "reason": verdict.reason(),
    })
}

/// A guard that refuses.
pub(super) fn guard_as_json(guard: &Guard) -> Value {
    json!({ "name": guard.name.as_str(), "message": guard.message })
}

/// One issue of the plan.
pub(super) fn issue_as_json(issue: &Issue) -> Value {
    json!({
        "number": issue.number,
        "subject": issue.subject,
        "digest": issue.digest,
        "html_bytes": issue.html.len(),
        "text_bytes": issue.text.len(),
    })
}
