//! Looks at the feeds that are there before others take their places: what readers would take for new although it is not,
//! and what would be gone.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::error::PublishError;
use super::feed_source;
use super::guard::count;
use super::manifest::Stale;
use super::site::Site;
use crate::diagnostic::{Diagnostic, Location};
use crate::feed::{self, Changes, FORMATS, FeedPlan, Format, Names, Subject, compare};
use crate::files::{FileKind, Finished, Folder, Refusal, Written};
use crate::model::ReadFeed;

/// A reason not to put feeds in their places.
#[derive(Debug, Clone)]
pub(super) struct Objection {
    /// What readers would see, and what to do.
    pub(super) diagnostic: Diagnostic,
    /// True when it is about most of a feed.
    pub(super) is_grave: bool,
}

/// So many are named.
const NAMED: usize = 5;

/// What speaks against putting these files in their places and removing those that are `stale`, and what changes in the
/// site's own feed, when that changes. `files` has a file for each format of each plan. Only feeds whose bytes change or that
/// go are read, and one format of each: the entries are the same in all.
pub(super) fn look(
    site: &Site,
    plans: &[FeedPlan],
    formats: &[Format],
    files: &[(String, Finished)],
    stale: &[Stale],
    warnings: &mut Vec<Diagnostic>,
) -> Result<(Vec<Objection>, Option<Changes>), PublishError> {
    let names = OnceCell::new();
    let names = || names.get_or_init(|| Names::new(&site.posts, site.config.site.id_base()));
    let mut found = Found::default();
    let mut of_site = None;
    let mut objections = Vec::new();
    if let (Some(online), Some(plan)) = (&site.config.feeds.online, plans.first().filter(|_| !formats.is_empty())) {
        match feed_source::whole(&site.folder, online, &site.config.site.url) {
            Ok(online) => found.add(&compare(&online, Some(plan), names()), Some(plan)),
            Err(PublishError::Site(why)) => objections.extend(why.into_iter().map(not_compared)),
            Err(error) => return Err(error),
        }
    }
    for (plan, files) in plans.iter().zip(files.chunks(formats.len().max(1))) {
        let changed = files.iter().filter(|(_, file)| file.written == Written::Changed);
        let Some(previous) = previous(&site.folder, changed.map(|(name, _)| &**name), warnings)? else { continue };
        let changes = compare(&previous, Some(plan), names());
        found.add(&changes, Some(plan));
        if plan.subject == Subject::Site {
            of_site = Some(changes);
        }
    }
    // A feed goes with the last post of its term or month: those that lost the tag are still there, others are not.
    let names_of_stale = stale.iter().map(|stale| &*stale.name);
    let known = feed::file_names(&site.config);
    let feeds = names_of_stale.filter(|name| known.iter().any(|known| file_name(name) == known));
    for of_one in feeds.collect::<Vec<_>>().chunk_by(|one, other| folder(one) == folder(other)) {
        if let Some(previous) = previous(&site.folder, of_one.iter().copied(), warnings)? {
            found.add(&compare(&previous, None, names()), None);
        }
    }
    objections.extend(found.objections(site));
    Ok((objections, of_site))
}

/// The feed that is online could not be looked at.
fn not_compared(why: Diagnostic) -> Objection {
    let diagnostic = Diagnostic { code: "guard/online", ..why }
        .help("try again when it can be reached; or pass `--accept`, without a comparison");
    Objection { diagnostic, is_grave: false }
}

/// Warns of files of the site's own feed that an earlier build made in a format which is switched off: readers may still
/// fetch them, and see nothing new.
pub(super) fn warn_of_leftovers(
    site: &Folder,
    folder: &str,
    formats: &[Format],
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), PublishError> {
    // Another program's, where none are written.
    let all = if formats.is_empty() { &[] } else { FORMATS };
    for format in all.iter().filter(|format| !formats.iter().any(|used| used.name == format.name)) {
        let name = format!("{folder}/{}", format.file_name);
        let bytes = site.read_optional(&name, FileKind::Feed).map_err(|error| PublishError::file(&name, error))?;
        if bytes.is_some_and(|bytes| feed::read(&bytes).is_ok_and(|previous| previous.is_ours())) {
            let message = format!("{name} is of an earlier build, and readers who fetch it see nothing new");
            let help = format!("add \"{}\" to `feeds.formats`, or remove the file", format.name);
            warnings.push(Diagnostic::warning("feeds/leftover", message).help(help));
        }
    }
    Ok(())
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The feed that is there, from the first file that can be read.
fn previous<'f>(
    site: &Folder,
    files: impl Iterator<Item = &'f str>,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Option<ReadFeed>, PublishError> {
    for name in files {
        let read = match site.read(name, FileKind::Feed) {
            Ok(bytes) => feed::read(&bytes),
            // A feed of another program may be larger than any that is read.
            Err(error) => match Refusal::of(&error) {
                Some(refusal) => Err(refusal.to_string()),
                None => return Err(PublishError::file(name, error)),
            },
        };
        match read {
            Ok(previous) => {
                if let Some(other) = previous.generator.as_deref().filter(|_| !previous.is_ours()) {
                    let message = format!("another program made this feed, and it is replaced: {other}");
                    let help = "set `feeds.dir` to another folder if both are needed";
                    warnings
                        .push(Diagnostic::warning("feeds/foreign", message).at(Location::start_of(name)).help(help));
                }
                return Ok(Some(previous));
            }
            Err(why) => {
                let message =
                    format!("the feed that is there cannot be read, and is replaced without a comparison: {why}");
                let help = "compare it yourself if readers subscribe to it";
                warnings.push(Diagnostic::warning("feeds/unreadable", message).at(Location::start_of(name)).help(help));
            }
        }
    }
    Ok(None)
}

/// What is wrong with any of the feeds, each thing once.
#[derive(Default)]
struct Found {
    changed_ids: BTreeSet<(usize, String)>,
    vanished: BTreeSet<String>,
    /// Of the feed with the most: its title, how many have another date, how many there are.
    redated: Option<(String, usize, usize)>,
    are_most_ids_changed: bool,
    are_most_vanished: bool,
}

impl Found {
    /// `plan` is that of the new feed, if there is one.
    fn add(&mut self, changes: &Changes, plan: Option<&FeedPlan>) {
        self.changed_ids.extend(changes.changed_ids.iter().cloned());
        self.vanished.extend(changes.vanished.iter().cloned());
        self.are_most_ids_changed |= changes.are_most_ids_changed();
        self.are_most_vanished |= changes.are_most_vanished();
        let most = self.redated.as_ref().map_or(0, |(_, redated, _)| *redated);
        if let Some(plan) = plan.filter(|plan| plan.is_subscribed_to())
            && changes.is_mass_update()
            && changes.redated.len() > most
        {
            self.redated = Some((plan.title().to_owned(), changes.redated.len(), changes.shared));
        }
    }

    /// Where the site was before, when that is all that changed in the ids.
    fn old_base(&self, site: &Site) -> Option<&str> {
        let below = |at: usize| site.posts[at].url.strip_prefix(site.config.site.url.as_str());
        let mut bases = self.changed_ids.iter().map(|(at, id)| id.strip_suffix(below(*at)?));
        let first = bases.next()??;
        let is_address = first.ends_with('/') && first.contains("://");
        (is_address && bases.all(|base| base == Some(first))).then_some(first)
    }

    fn objections(&self, site: &Site) -> Vec<Objection> {
        let mut objections = Vec::new();
        let path = |at: usize| site.posts[at].path.as_str();
        if let Some((first, id)) = self.changed_ids.first() {
            let old = self.changed_ids.iter().map(|(at, id)| format!("{} (was {id})", path(*at)));
            let message = format!(
                "{} another id, and readers would show {} again as new: {}",
                verb(self.changed_ids.len(), "entry", "has", "have"),
                if self.changed_ids.len() == 1 { "it" } else { "them" },
                listed(old)
            );
            let help = match self.old_base(site) {
                Some(base) => format!(
                    "if the site moved, write `id_base = \"{base}\"` below [site]: all ids stay; or pass `--accept`"
                ),
                None => format!("keep the old id in the front matter, here `id: {id}`; or pass `--accept`"),
            };
            let diagnostic = Diagnostic::error("guard/changed-id", message).at(Location::start_of(path(*first)));
            objections.push(Objection { diagnostic: diagnostic.help(help), is_grave: self.are_most_ids_changed });
        }
        if !self.vanished.is_empty() {
            let message = format!(
                "{} gone from the posts while the feeds still show {}: {}",
                verb(self.vanished.len(), "entry", "is", "are"),
                if self.vanished.len() == 1 { "it" } else { "them" },
                listed(self.vanished.iter().map(|title| format!("“{title}”")))
            );
            let help = "bring the post back: a file that moved, became a draft or has an error; or pass `--accept`";
            let diagnostic = Diagnostic::error("guard/vanished", message).help(help);
            objections.push(Objection { diagnostic, is_grave: self.are_most_vanished });
        }
        if let Some((title, redated, shared)) = &self.redated {
            let message = format!(
                "{redated} of {} in “{title}” {} another `updated`: readers may show them all as unread",
                count(*shared as u64, "entry"),
                if *redated == 1 { "has" } else { "have" },
            );
            let help = "take dates from the front matter only, and look at `site.timezone`; or pass `--accept`";
            let diagnostic = Diagnostic::error("guard/mass-update", message).help(help);
            objections.push(Objection { diagnostic, is_grave: true });
        }
        objections
    }
}

/// `1 entry has`, `2 entries have`.
fn verb(number: usize, noun: &str, one: &str, several: &str) -> String {
    format!("{} {}", count(number as u64, noun), if number == 1 { one } else { several })
}

/// The first few, and how many there are.
fn listed(all: impl ExactSizeIterator<Item = String>) -> String {
    let rest = all.len().saturating_sub(NAMED);
    let named: Vec<String> = all.take(NAMED).collect();
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("{}{more}", named.join(", "))
}
