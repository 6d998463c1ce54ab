//! A plan as text for people and as JSON for programs.

use serde_json::{Value, json};

use super::posts;
use super::printable::one_line;
use super::table::{columns, cut};
use crate::config::Config;
use crate::model::{Issue, Post};
use crate::publish::{Guard, Prepared, Site, Verdict, count, dry_run, is_worth_telling};

/// So many posts that are not due are named; the others are counted, unless the user wants to hear more.
const NAMED: usize = 12;

/// The plan for people.
pub(super) fn as_text(
    site: &Site,
    prepared: &Prepared,
    files: &[String],
    included: &[String],
    verbose: bool,
) -> String {
    let zone = &site.config.site.timezone;
    let day = |moment: jiff::Timestamp| moment.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string();
    let last = prepared
        .last_run
        .map_or("nothing was published before".to_owned(), |moment| format!("the last run was at {}", day(moment)));
    let mut text = format!("{}: plan for {}; {last}.\n", one_line(&site.config.site.title), day(prepared.now));
    if prepared.unfinished > 0 {
        text += &format!(
            "\nFirst, {} of an earlier run will be finished.\n",
            count(prepared.unfinished.unsigned_abs(), "delivery")
        );
    }
    let pairs: Vec<_> = site.posts.iter().zip(&prepared.verdicts).collect();
    let (due, rest): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(_, verdict)| verdict.is_due());
    let (late, rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(_, verdict)| matches!(verdict, Verdict::Late(_)));
    let (held, rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(_, verdict)| verdict.is_held_back());
    let rest: Vec<_> = rest.into_iter().filter(|(_, verdict)| verbose || is_worth_telling(verdict)).collect();
    let readers = count(prepared.recipients.unsigned_abs(), "reader");
    if due.is_empty() {
        text += "\nNothing is due.\n";
        if let (true, Some(newest)) = (files.contains(&specimen()), site.published().next()) {
            let title = cut(&newest.title, 60);
            text += &format!("{} shows how the newest post, “{title}”, would look in mail.\n", specimen());
        }
    }
    for issue in &prepared.issues {
        text += &format!("\nIssue {} “{}” goes to {readers}.\n", issue.number, one_line(&issue.subject));
    }
    text += &section(&site.config, "Due", &due, due.len());
    text += &section(&site.config, "Held back until you have had a look", &held, held.len());
    text += &section(&site.config, "Late, and sent only with --include", &late, late.len());
    text += &section(&site.config, "Not due", &rest, if verbose { rest.len() } else { NAMED });
    if !files.is_empty() {
        text += &format!("\nIn preview/: {}.\n", in_preview(files));
        if !prepared.issues.is_empty() && prepared.guards.is_empty() {
            let include: Vec<_> = included.iter().map(|post| format!(" --include {}", one_line(post))).collect();
            let include = include.concat();
            let digest = prepared.digest();
            text += &format!(
                "Nothing was sent. To send this and nothing else: tidings publish{include} --expect {digest}\n"
            );
        }
    }
    text
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

fn section(config: &Config, heading: &str, list: &[(&Post, &Verdict)], shown: usize) -> String {
    if list.is_empty() {
        return String::new();
    }
    let row = |(post, verdict): &(&Post, &Verdict)| {
        let date = posts::day(post, config).unwrap_or_else(|| "no date   ".to_owned());
        [format!("  {date}"), cut(&post.title, 40), verdict.reason()]
    };
    let rows: Vec<_> = list.iter().take(shown).map(row).collect();
    let more = match list.len().saturating_sub(shown) {
        0 => String::new(),
        more => format!("  … and {} (`-v` names them)\n", count(more as u64, "older post")),
    };
    format!("\n{heading}:\n{}{more}", columns(&rows))
}

/// The plan for programs; the keys are a promise.
pub(super) fn as_json(site: &Site, prepared: &Prepared, files: &[String]) -> Value {
    let pick = |wanted: &dyn Fn(&Verdict) -> bool| -> Vec<Value> {
        let picked = site.posts.iter().zip(&prepared.verdicts).filter(|(_, verdict)| wanted(verdict));
        picked.map(|(post, verdict)| post_as_json(post, verdict)).collect()
    };
    let is_late = |verdict: &Verdict| matches!(verdict, Verdict::Late(_));
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
        "issue": prepared.issues.first().map(issue_as_json),
        "issues": prepared.issues.iter().map(issue_as_json).collect::<Vec<_>>(),
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
