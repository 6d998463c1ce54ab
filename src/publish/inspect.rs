//! Everything that is wrong with a site: what publishing would find now, and what it would find later in posts that are
//! neither in a feed nor due today. Nothing is written.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::error::PublishError;
use super::feed_pictures;
use super::message_lint;
use super::parallel::{self, Work};
use super::placeholder;
use super::prepare::{Past, issues, verdicts};
use super::signing::{misaligned, signer};
use super::site::Site;
use crate::diagnostic::Diagnostic;
use crate::feed::lint::{ESCAPED_TWICE, LARGE, MARKUP, lint};
use crate::feed::{FeedFile, FeedPlan, Layout};
use crate::model::{Entry, Post, PostStatus};

/// All diagnostics of a site whose configuration is sound, in no order: of front matter, bodies, templates, feeds and the
/// next issue.
///
/// # Errors
/// When a file cannot be read.
pub fn inspect(site: &Site, past: &Past, now: Timestamp) -> Result<Vec<Diagnostic>, PublishError> {
    let mut found = [site.diagnostics.clone(), past.findings(), site.config.warnings.clone()].concat();
    let readable: Vec<&Post> =
        site.posts.iter().filter(|post| matches!(post.status, PostStatus::Published | PostStatus::Scheduled)).collect();
    let of_bodies = parallel::map(&readable, Work::Heavy, |post| {
        let mut found = Vec::new();
        let entry = site.entry(post, &mut found);
        found.extend(entry.as_ref().and_then(|entry| placeholder::look_at(post, entry, site)));
        (entry.is_none().then_some(post.path.as_str()), found)
    });
    let mut unreadable = BTreeSet::new();
    for (path, about) in of_bodies {
        unreadable.extend(path);
        found.extend(about);
    }
    found.extend(feed_pictures::look(site));
    found.extend(site.refused_files());
    match of_feeds(site, &unreadable, now) {
        Ok(about) => found.extend(about),
        failed => collect(failed, &mut found)?,
    }
    if site.config.newsletter.from.is_some() {
        let entries = next_entries(site, past, now, &mut found)?;
        match issues(site, &entries, 1, now) {
            Ok(issues) => found.extend(message_lint::look(site, &issues, &entries)?),
            failed => collect(failed, &mut found)?,
        }
        collect(signer(&site.config, site.folder.path()), &mut found)?;
        found.extend(misaligned(&site.config));
    }
    // Templates are compiled for an issue; without one they have not been looked at.
    collect(site.templates(), &mut found)?;
    let mut seen = BTreeSet::new();
    found.retain(|diagnostic| {
        let place = diagnostic.location.as_ref().map(|place| (place.path.clone(), place.line, place.column));
        seen.insert((diagnostic.code, place, diagnostic.message.clone()))
    });
    Ok(found)
}

/// What the next issue shows, or would show if the newest post were due: then that is seen before it is.
fn next_entries(
    site: &Site,
    past: &Past,
    now: Timestamp,
    found: &mut Vec<Diagnostic>,
) -> Result<Vec<Entry>, PublishError> {
    let verdicts = verdicts(site, past, now)?;
    let due = site.posts.iter().zip(&verdicts).filter(|(_, verdict)| verdict.is_due()).map(|(post, _)| post);
    let mut entries: Vec<Entry> = due.filter_map(|post| site.entry(post, &mut Vec::new())).collect();
    if entries.is_empty() {
        entries.extend(site.published().find_map(|post| site.entry(post, &mut Vec::new())));
    }
    Ok(entries.into_iter().map(|entry| site.for_mail(entry, &mut Vec::new(), found)).collect())
}

/// Asks the web for what the next issue leads to: dead links, as warnings. Takes about a minute at most.
///
/// # Errors
/// When a file cannot be read.
pub async fn dead_links(site: &Site, past: &Past, now: Timestamp) -> Result<Vec<Diagnostic>, PublishError> {
    if site.config.newsletter.from.is_none() {
        return Ok(Vec::new());
    }
    let entries = next_entries(site, past, now, &mut Vec::new())?;
    match issues(site, &entries, 1, now) {
        Ok(issues) => Ok(message_lint::ask(site, &issues, &entries).await),
        // That has been said.
        Err(PublishError::Site(_)) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// What our own validator says about every feed as it would be written, without the posts that cannot be read. What the same
/// post brings into several feeds is said of the first.
fn of_feeds(site: &Site, unreadable: &BTreeSet<&str>, now: Timestamp) -> Result<Vec<Diagnostic>, PublishError> {
    let layout = Layout::new(&site.config).map_err(PublishError::Site)?;
    let is_left_out = |at: &usize| unreadable.contains(site.posts[*at].path.as_str());
    let left_out = (0..site.posts.len()).filter(is_left_out).collect();
    let plans = site.feed_plans(&left_out)?.feeds;
    let found = parallel::map(&plans, Work::Heavy, |plan| {
        let entry = |at: &usize| site.entry(&site.posts[*at], &mut Vec::new());
        let entries: Vec<Entry> = plan.posts.iter().filter_map(entry).collect();
        let files = layout.formats().iter().zip(layout.whole(plan, &entries));
        let look_at = |(_, file)| look_at_feed(&file, plan, site, now);
        files.filter(|(format, _)| format.is_linted).flat_map(look_at).collect::<Vec<_>>()
    });
    let mut said = BTreeSet::new();
    let mut all = Vec::new();
    for found in found {
        let key =
            |one: &Diagnostic| (one.code, one.message.clone(), one.location.as_ref().map(|at| at.excerpt.clone()));
        let new: Vec<_> = found.into_iter().filter(|one| !said.contains(&key(one))).collect();
        said.extend(new.iter().map(key));
        all.extend(new);
    }
    Ok(all)
}

/// What our own validator says about a feed. It guesses whether a text was escaped twice: here it is known that a title
/// which shows `&amp;` was written so. An archive may be large: a reader fetches it once.
fn look_at_feed(file: &FeedFile, plan: &FeedPlan, site: &Site, now: Timestamp) -> Vec<Diagnostic> {
    let path = format!("{}/{}{}", site.config.feeds.dir, plan.folder, file.file_name);
    let mut found = lint(&path, &file.bytes, now);
    let is_guessed = |code: &str| [MARKUP.code, ESCAPED_TWICE.code].contains(&code);
    found.retain(|one| !is_guessed(one.code) && (plan.is_subscribed_to() || one.code != LARGE.code));
    found
}

/// Puts the diagnostics of what failed with the others; what else went wrong is an error.
fn collect<T>(result: Result<T, PublishError>, found: &mut Vec<Diagnostic>) -> Result<(), PublishError> {
    match result {
        Ok(_) => Ok(()),
        Err(PublishError::Site(diagnostics)) => {
            found.extend(diagnostics);
            Ok(())
        }
        Err(error) => Err(error),
    }
}
