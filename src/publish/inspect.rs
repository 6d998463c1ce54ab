//! Everything that is wrong with a site: what publishing would find now, and what it would find later in posts that are
//! neither in a feed nor due today. Nothing is written.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::error::PublishError;
use super::message_lint;
use super::parallel::{self, Work};
use super::prepare::{Past, issues, verdicts};
use super::signing::{misaligned, signer};
use super::site::Site;
use crate::diagnostic::Diagnostic;
use crate::feed::lint::{MARKUP, lint};
use crate::feed::{FORMATS, FeedFile};
use crate::model::{Entry, Post, PostStatus};

/// All diagnostics of a site whose configuration is sound, in no order: of front matter, bodies, templates, feeds and the
/// next issue.
///
/// # Errors
/// When a file cannot be read.
pub fn inspect(site: &Site, past: &Past, now: Timestamp) -> Result<Vec<Diagnostic>, PublishError> {
    let mut found = site.diagnostics.clone();
    let readable: Vec<&Post> =
        site.posts.iter().filter(|post| matches!(post.status, PostStatus::Published | PostStatus::Scheduled)).collect();
    let of_bodies = parallel::map(&readable, Work::Heavy, |post| {
        let mut found = Vec::new();
        site.entry(post, &mut found);
        found
    });
    found.extend(of_bodies.into_iter().flatten());
    match site.feeds(&mut Vec::new()) {
        Ok(feeds) => {
            found.extend(feeds.iter().filter(|file| is_feed(file)).flat_map(|file| look_at_feed(file, site, now)));
        }
        failed => collect(failed, &mut found)?,
    }
    if site.config.newsletter.from.is_some() {
        let entries = next_entries(site, past, now, &mut found)?;
        match issues(site, &entries, 1, now) {
            Ok(issues) => found.extend(message_lint::look(site, &issues, &entries)?),
            failed => collect(failed, &mut found)?,
        }
        collect(signer(&site.config, &site.root), &mut found)?;
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

/// False for the style sheet beside the feeds.
fn is_feed(file: &FeedFile) -> bool {
    FORMATS.iter().any(|format| format.file_name == file.file_name)
}

/// What our own validator says about a feed as it would be written. It guesses whether a title was escaped twice: here it is
/// known that a title which shows `&amp;` was written so.
fn look_at_feed(file: &FeedFile, site: &Site, now: Timestamp) -> Vec<Diagnostic> {
    let mut found = lint(&format!("{}/{}", site.config.feeds.dir, file.file_name), &file.bytes, now);
    found.retain(|finding| finding.code != MARKUP.code);
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
