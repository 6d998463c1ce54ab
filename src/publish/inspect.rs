//! Everything that is wrong with a site: what publishing would find now, and what it would find later in posts that are
//! neither in a feed nor due today. Nothing is written.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;

use jiff::Timestamp;

use super::error::PublishError;
use super::feed_pictures;
use super::gone_lists::gone_lists;
use super::items::Items;
use super::mail_pictures;
use super::manifest;
use super::message_lint;
use super::parallel::{self, Work};
use super::placeholder;
use super::prepare::{Past, issues, verdicts};
use super::rendered::{keep, rendered};
use super::signing::{misaligned, signer};
use super::site::{CONFIG_FILE, Site};
use crate::diagnostic::{Diagnostic, Location};
use crate::feed::lint::{ESCAPED_TWICE, LARGE, MARKUP, Sound, lint_one_of};
use crate::feed::{FeedFile, FeedPlan, Layout};
use crate::model::{Body, Entry, Post, PostStatus};
use crate::post::Spoken;

/// So many bytes of items are kept from the look at posts for the look at feeds.
const KEPT: usize = 64 * 1024 * 1024;

/// So many posts are looked at for their language.
const SAMPLES: usize = 30;

/// All diagnostics of a site whose configuration is sound, in no order: of front matter, bodies, templates, feeds and the
/// next issue.
///
/// # Errors
/// When a file cannot be read.
pub fn inspect(site: &Site, past: &Past, now: Timestamp) -> Result<Vec<Diagnostic>, PublishError> {
    let mut found = [site.diagnostics.clone(), past.findings(), site.config.warnings.clone()].concat();
    let is_mailed = site.config.newsletter.from.is_some();
    let due = if is_mailed { due(site, past, now)? } else { Vec::new() };
    let samples = site.published().filter(|post| post.language == site.config.site.language).take(SAMPLES);
    let samples = samples.map(|post| post.path.clone()).collect();
    let mut looked = Looked { samples, items: Items::with_room(KEPT), ..Looked::default() };
    let of_feeds = of_feeds(site, &mut looked, now);
    let is_readable = |at: &usize| matches!(site.posts[*at].status, PostStatus::Published | PostStatus::Scheduled);
    looked.look_at(site, (0..site.posts.len()).filter(is_readable), None);
    found.append(&mut looked.found);
    found.extend(other_language(site, &looked.bodies));
    found.extend(feed_pictures::look(site));
    found.extend(gone_lists(past, &site.config));
    found.extend(site.refused_files());
    match of_feeds {
        Ok(about) => found.extend(about),
        failed => collect(failed, &mut found)?,
    }
    if is_mailed {
        let entries = next_entries(site, &due, &mut found);
        match issues(site, &entries, 1, now) {
            Ok(issues) => found.extend(message_lint::look(site, &issues, &entries)),
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

/// Says so when posts that name no language cannot be in that of the site: many programs begin with English.
fn other_language(site: &Site, bodies: &[Arc<Body>]) -> Option<Diagnostic> {
    let said = &site.config.site.language;
    let spoken = Spoken::of(bodies.iter().map(|body| body.text.clone())).filter(|spoken| spoken.belies(said))?;
    let Spoken { tag, posts, read, .. } = spoken;
    let place = site.config.site.language_place.clone();
    let how = if place.is_some() { "is" } else { "is not set, which makes it" };
    let message =
        format!("`site.language` {how} `{said}`, and by their words {posts} of the {read} newest posts are in `{tag}`");
    let help = format!(
        "write `language = \"{tag}\"` below `[site]`, or `lang:` into posts: what reads them aloud or translates goes by it"
    );
    let place = place.unwrap_or_else(|| Location::start_of(CONFIG_FILE));
    Some(Diagnostic::warning("config/language", message).at(place).help(help))
}

/// What is wrong with the posts of a site, whatever else is.
pub fn inspect_posts(site: &Site) -> Vec<Diagnostic> {
    let mut looked = Looked { found: site.diagnostics.clone(), ..Looked::default() };
    let is_readable = |at: &usize| matches!(site.posts[*at].status, PostStatus::Published | PostStatus::Scheduled);
    looked.look_at(site, (0..site.posts.len()).filter(is_readable), None);
    looked.found
}

/// The posts that are due; these and the newest one are kept.
fn due<'s>(site: &'s Site, past: &Past, now: Timestamp) -> Result<Vec<&'s Post>, PublishError> {
    let verdicts = verdicts(site, past, now)?;
    let due = site.posts.iter().zip(&verdicts).filter(|(_, verdict)| verdict.is_due()).map(|(post, _)| post);
    let due: Vec<&Post> = due.collect();
    keep(site, due.iter().copied().chain(site.published().next()));
    Ok(due)
}

/// What the next issue shows, or would show if the newest post were due: then that is seen before it is.
fn next_entries(site: &Site, due: &[&Post], found: &mut Vec<Diagnostic>) -> Vec<Entry> {
    let rendered = |post: &Post| rendered(site, post, &mut Vec::new());
    let mut next: Vec<_> = due.iter().filter_map(|post| rendered(post)).collect();
    if next.is_empty() {
        next.extend(site.published().find_map(rendered));
    }
    next.iter().map(|rendered| mail_pictures::for_mail(site, rendered, &mut Vec::new(), found)).collect()
}

/// Asks the web for what the next issue leads to: dead links, as warnings. Takes about a minute at most.
///
/// # Errors
/// When a file cannot be read.
pub async fn dead_links(site: &Site, past: &Past, now: Timestamp) -> Result<Vec<Diagnostic>, PublishError> {
    if site.config.newsletter.from.is_none() {
        return Ok(Vec::new());
    }
    let entries = next_entries(site, &due(site, past, now)?, &mut Vec::new());
    match issues(site, &entries, 1, now) {
        Ok(issues) => Ok(message_lint::ask(site, &issues, &entries).await),
        // That has been said.
        Err(PublishError::Site(_)) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// What was seen of posts.
#[derive(Default)]
struct Looked {
    /// The places of those that were rendered.
    seen: BTreeSet<usize>,
    /// Those among them that cannot be read.
    unreadable: BTreeSet<usize>,
    /// The paths of those whose texts tell the language, and the texts.
    samples: BTreeSet<String>,
    bodies: Vec<Arc<Body>>,
    items: Items,
    found: Vec<Diagnostic>,
}

impl Looked {
    /// Renders those posts that were not seen before; of those for a feed the items are kept.
    fn look_at(&mut self, site: &Site, places: impl Iterator<Item = usize>, layout: Option<&Layout<'_>>) {
        let places: Vec<usize> = places.filter(|at| self.seen.insert(*at)).collect();
        let samples = &self.samples;
        let make = |at: &usize| {
            let mut found = Vec::new();
            let post = &site.posts[*at];
            let rendered = rendered(site, post, &mut found);
            let is_sample = samples.contains(&post.path);
            let body = rendered.as_ref().filter(|_| is_sample).map(|rendered| Arc::clone(&rendered.body));
            found.extend(rendered.as_ref().and_then(|rendered| placeholder::look_at(rendered)));
            let items = rendered.as_ref().zip(layout).map(|(rendered, layout)| layout.item(&rendered.entry));
            (*at, rendered.is_none(), body, items, found)
        };
        let Ok(()) = parallel::each(&places, make, |(at, is_unreadable, body, items, found)| {
            self.bodies.extend(body);
            if is_unreadable {
                self.unreadable.insert(at);
            }
            if let Some(items) = items {
                self.items.add(at, &items);
            }
            self.found.extend(found);
            Ok::<_, Infallible>(())
        });
    }
}

/// What our own validator says about every feed as it would be written, without the posts that cannot be read. What the same
/// post brings into several feeds is said of the first.
fn of_feeds(site: &Site, looked: &mut Looked, now: Timestamp) -> Result<Vec<Diagnostic>, PublishError> {
    let layout = Layout::new(&site.config).map_err(PublishError::Site)?;
    let plans = loop {
        let plans = manifest::feed_plans(site, &looked.unreadable)?.feeds;
        let known = looked.seen.len();
        looked.look_at(site, plans.iter().flat_map(|plan| plan.posts.iter().copied()), Some(&layout));
        // Others take the places of those that cannot be read.
        if looked.seen.len() == known {
            break plans;
        }
    };
    let sound = Sound::default();
    let found = parallel::map(&plans, Work::Heavy, |plan| {
        let item = |at: &usize| {
            let rendered = || rendered(site, &site.posts[*at], &mut Vec::new());
            looked.items.get(*at).or_else(|| Some(layout.item(&rendered()?.entry)))
        };
        let items: Vec<_> = plan.posts.iter().filter_map(item).collect();
        let files = layout.formats().iter().zip(layout.whole(plan, &items));
        let look_at = |(_, file)| look_at_feed(&file, plan, site, &sound, now);
        files.filter(|(format, _)| format.is_linted).flat_map(look_at).collect::<Vec<_>>()
    });
    let mut said = BTreeSet::new();
    let mut all: Vec<Diagnostic> = layout.fault().into_iter().collect();
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
fn look_at_feed(file: &FeedFile, plan: &FeedPlan, site: &Site, sound: &Sound, now: Timestamp) -> Vec<Diagnostic> {
    let path = format!("{}/{}{}", site.config.feeds.dir, plan.folder, file.file_name);
    let mut found = lint_one_of(&path, &file.bytes, now, sound);
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
