//! The feeds of a site, written: each post is rendered once and its item streamed into every file that shows it. Nothing
//! takes its place before all files are complete and nothing stands against them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use super::error::PublishError;
use super::feed_guard::{self, Objection};
use super::feed_pictures;
use super::items::Items;
use super::mail_pictures;
use super::manifest::{self, Bytes, Manifest, Stale};
use super::once::Rendered;
use super::parallel;
use super::rendered::rendered;
use super::site::Site;
use crate::diagnostic::{Diagnostic, Severity};
use crate::feed::{self, Changes, FeedPlan, Folders, Layout, Plans};
use crate::files::{Draft, Finished, Folder, Written};
use crate::model::MadeFile;

/// So many posts, at most, are rendered before their items are handed on.
const AT_ONCE: usize = 16;

/// So many bytes wait in memory for their files.
const HELD: usize = 16 * 1024 * 1024;

/// So many bytes of items are kept, should the feeds have to begin anew.
const KEPT: usize = 4 * 1024 * 1024;

/// What is done with feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// They are written to `feeds.dir`.
    Write,
    /// They are compared with what is there.
    Compare,
    /// They are compared with what is there, and written to another folder of the site, to be looked at.
    Show(&'static str),
}

/// Feeds that are complete and have not taken their places yet. Dropped, they leave everything as it was.
#[derive(Debug)]
pub struct BuiltFeeds {
    /// Each file with its path below the site, in the order of the feeds.
    files: Vec<(String, Finished)>,
    /// Files of feeds that are no more.
    stale: Vec<Stale>,
    /// What is wrong with the posts, and with files that are in the way.
    pub warnings: Vec<Diagnostic>,
    /// How many of these are about the posts.
    of_posts: usize,
    /// What speaks against it.
    objections: Vec<Objection>,
    /// What changes for those who subscribe to the site's feed, when that changes.
    pub changes: Option<Changes>,
    /// How many feeds there are, archives included.
    pub feeds: usize,
    /// The files that mail about the newest posts would need online, so that they are there before it leaves.
    pub made: Vec<MadeFile>,
    /// Whose the folders are, for the next build.
    folders: Folders,
    purpose: Purpose,
    site: Folder,
    folder: String,
}

impl BuiltFeeds {
    /// Every file and what becomes of it.
    pub fn written(&self) -> Vec<(String, Written)> {
        self.files.iter().map(|(name, file)| (name.clone(), file.written)).collect()
    }

    /// The files of feeds that are no more.
    pub fn stale(&self) -> impl Iterator<Item = &str> {
        self.stale.iter().map(|stale| &*stale.name)
    }

    /// Stops at objections.
    ///
    /// # Errors
    /// [`PublishError::FeedsRefused`].
    pub fn allowed(&self, accept: bool) -> Result<(), PublishError> {
        let objections: Vec<_> = self.objections.iter().map(|objection| objection.diagnostic.clone()).collect();
        if accept || objections.is_empty() { Ok(()) } else { Err(PublishError::FeedsRefused(objections)) }
    }

    /// What is wrong with the posts that the feeds show.
    pub(super) fn about_posts(&self) -> &[Diagnostic] {
        &self.warnings[..self.of_posts]
    }

    /// Turns the objections into warnings, but for those about most of a feed: one post that moved is no reason to keep mail
    /// from its readers, who are told from the ledger what they have.
    pub fn tolerate_few(&mut self) {
        let (grave, few): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.objections).into_iter().partition(|objection| objection.is_grave);
        let warning = |objection: Objection| Diagnostic { severity: Severity::Warning, ..objection.diagnostic };
        self.warnings.extend(few.into_iter().map(warning));
        self.objections = grave;
    }

    /// Puts every file in its place and removes those of feeds that are no more. Returns every file and what became of it.
    ///
    /// # Errors
    /// As the system reports them; each file is whole, old or new.
    pub fn commit(self) -> Result<Vec<(String, Written)>, PublishError> {
        let failed = |name: &str| {
            let name = name.to_owned();
            move |error| PublishError::file(name, error)
        };
        let mut written_files = BTreeMap::new();
        let mut done = Vec::new();
        for (name, file) in self.files {
            written_files.extend(file.fingerprint.clone().map(|bytes| (name.clone(), Bytes::Known(bytes))));
            let (name, written) = match self.purpose {
                Purpose::Show(folder) => {
                    let shown = format!("{folder}{}", &name[self.folder.len()..]);
                    let written = file.commit_as(&self.site, &shown);
                    (shown, written)
                }
                _ => (name, file.commit()),
            };
            let written = written.map_err(failed(&name))?;
            done.push((name, written));
        }
        if self.purpose != Purpose::Write {
            return Ok(done);
        }
        for Stale { name, fingerprint } in &self.stale {
            self.site.remove_made(name, fingerprint, &self.folder).map_err(failed(name))?;
        }
        manifest::write(&self.site, &Manifest { files: written_files, folders: self.folders })?;
        Ok(done)
    }
}

/// Builds every feed of the site, and what mail about the newest posts would need beside them if that is wanted.
///
/// # Errors
/// An unknown feed format; or as the system reports them. Nothing is changed.
pub fn build_feeds(site: &Site, purpose: Purpose, with_mail_files: bool) -> Result<BuiltFeeds, PublishError> {
    let folder = site.config.feeds.dir.clone();
    let layout = Layout::new(&site.config).map_err(PublishError::Site)?;
    let place = In { site: &site.folder, folder: &folder, purpose };
    let mailed = site.published().take(if with_mail_files { site.config.feeds.limit } else { 0 });
    let mailed =
        mailed.filter(|post| mail_pictures::may_be_mailed(site, post)).map(|post| post.path.as_str()).collect();
    let mut noted = Noted { mailed, ..Noted::default() };
    let (plans, folders, finished) = loop {
        let Plans { feeds: plans, folders, .. } = manifest::feed_plans(site, &noted.unreadable)?;
        let known = noted.unreadable.len();
        let mut stream = Stream::new(&layout, &plans, site.posts.len(), place);
        let names =
            || plans.iter().flat_map(|plan| layout.formats().iter().map(|it| plan.folder.clone() + &it.file_name));
        let failed = |error| PublishError::file(place.in_the_way(names()), error);
        stream_items(site, &layout, &mut stream, &mut noted).map_err(failed)?;
        // Others take the places of those that cannot be read.
        if noted.unreadable.len() == known {
            let finished = stream.finish().map_err(failed)?;
            break (plans, folders, finished);
        }
    };
    if let Some(fault) = layout.fault() {
        return Err(PublishError::Site(vec![fault]));
    }
    let mut warnings: Vec<_> = noted.found.into_values().flatten().collect();
    let mut files = Vec::new();
    for (plan, finished) in plans.iter().zip(finished) {
        for (format, file) in layout.formats().iter().zip(finished) {
            files.push((format!("{folder}/{}{}", plan.folder, format.file_name), file));
        }
    }
    let (of_feeds, of_posts) = (files.len(), warnings.len());
    let opml = feed::opml(&plans, layout.formats(), &site.config).map(String::into_bytes);
    let sheet = feed::stylesheet(&site.config).map(|sheet| (sheet.file_name, sheet.bytes));
    for (name, bytes) in opml.map(|bytes| (feed::OPML_FILE.to_owned(), bytes)).into_iter().chain(sheet) {
        let path = format!("{folder}/{name}");
        let finished = place.draft(&name).and_then(|mut draft| {
            draft.push(&bytes);
            draft.finish()
        });
        files.push((path.clone(), finished.map_err(|error| PublishError::file(path, error))?));
    }
    warnings.extend(feed_pictures::look(site));
    warnings.extend(site.refused_files());
    feed_guard::warn_of_leftovers(&site.folder, &folder, layout.formats(), &mut warnings)?;
    let current = files.iter().map(|(name, _)| name.as_str()).collect();
    let are_written = site.config.feeds.are_written;
    let stale = if are_written {
        manifest::stale(&site.folder, &folder, &feed::file_names(&site.config), &current, &mut warnings)?
    } else {
        Vec::new()
    };
    let (of_site, formats) = (&files[..of_feeds], layout.formats());
    let (objections, changes) = feed_guard::look(site, &plans, formats, of_site, &stale, &mut warnings)?;
    warnings.append(&mut noted.about_mail);
    let feeds = plans.len();
    Ok(BuiltFeeds {
        files,
        stale,
        warnings,
        of_posts,
        objections,
        changes,
        feeds,
        made: noted.made,
        folders,
        purpose,
        site: site.folder.clone(),
        folder,
    })
}

/// Renders every post that a feed shows, once, and hands its item on.
fn stream_items(site: &Site, layout: &Layout<'_>, stream: &mut Stream<'_>, noted: &mut Noted<'_>) -> io::Result<()> {
    let shown: Vec<usize> = (0..site.posts.len()).filter(|at| !stream.shown_by[*at].is_empty()).collect();
    let few: Vec<&[usize]> = shown.chunks((shown.len() / AT_ONCE).clamp(1, AT_ONCE)).collect();
    let items = std::mem::replace(&mut noted.items, Items::with_room(KEPT));
    let wanted = std::mem::take(&mut noted.mailed);
    let make = |places: &&[usize]| {
        let rendered = places.iter().map(|at| {
            let mut found = Vec::new();
            if let Some(items) = items.get(*at) {
                return (*at, Some(items), None, found);
            }
            let post = &site.posts[*at];
            let rendered = rendered(site, post, &mut found);
            let items = rendered.as_ref().map(|rendered| layout.item(&rendered.entry));
            let is_mailed = |rendered: &Arc<Rendered>| {
                wanted.contains(&*post.path) && mail_pictures::has_pictures_to_replace(&rendered.entry)
            };
            (*at, items, rendered.filter(is_mailed), found)
        });
        rendered.collect::<Vec<_>>()
    };
    parallel::each(&few, make, |rendered| {
        for (at, items, mailed, found) in rendered {
            noted.found.entry(at).or_insert(found);
            if let Some(rendered) = mailed {
                mail_pictures::for_mail(site, &rendered, &mut noted.made, &mut noted.about_mail);
            }
            match &items {
                Some(items) => noted.items.add(at, items),
                None => drop(noted.unreadable.insert(at)),
            }
            stream.add(at, &items.unwrap_or_default())?;
        }
        Ok(())
    })
}

/// What is noted while posts are rendered.
#[derive(Default)]
struct Noted<'s> {
    /// What is wrong with each, by its place.
    found: BTreeMap<usize, Vec<Diagnostic>>,
    /// The places of those that cannot be read.
    unreadable: BTreeSet<usize>,
    /// The items of those that can be, should the feeds have to begin anew.
    items: Items,
    /// The paths of those of which mail may need files online.
    mailed: BTreeSet<&'s str>,
    made: Vec<MadeFile>,
    /// What is wrong with these.
    about_mail: Vec<Diagnostic>,
}

/// The files of all feeds, while their items come by.
struct Stream<'s> {
    layout: &'s Layout<'s>,
    plans: &'s [FeedPlan],
    place: In<'s>,
    /// The feeds that show a post, for each post.
    shown_by: Vec<Vec<usize>>,
    /// What is being written, for each feed: one file for each format.
    open: Vec<Option<OpenFeed>>,
    finished: Vec<Vec<Finished>>,
    held: usize,
}

/// A feed that has some of its items.
struct OpenFeed {
    drafts: Vec<Draft>,
    /// How many of its posts are still to come.
    left: usize,
    has_items: bool,
}

impl<'s> Stream<'s> {
    fn new(layout: &'s Layout<'s>, plans: &'s [FeedPlan], posts: usize, place: In<'s>) -> Self {
        let mut shown_by = vec![Vec::new(); posts];
        for (at, plan) in plans.iter().enumerate() {
            plan.posts.iter().for_each(|post| shown_by[*post].push(at));
        }
        let open = plans.iter().map(|_| None).collect();
        let finished = plans.iter().map(|_| Vec::new()).collect();
        Self { layout, plans, place, shown_by, open, finished, held: 0 }
    }

    /// Hands the item of a post, in each format, to the feeds that show it; an empty list stands for a post without one.
    fn add(&mut self, post: usize, items: &[Arc<String>]) -> io::Result<()> {
        for feed in std::mem::take(&mut self.shown_by[post]) {
            let mut open = self.open[feed].take().map_or_else(|| self.begin(feed), Ok)?;
            for ((draft, item), format) in open.drafts.iter_mut().zip(items).zip(self.layout.formats()) {
                let between = if open.has_items { format.between } else { "" };
                draft.push(between.as_bytes());
                draft.share(item);
                self.held += between.len() + item.len();
            }
            open.has_items |= !items.is_empty();
            open.left -= 1;
            if open.left == 0 { self.end(feed, open)? } else { self.open[feed] = Some(open) }
        }
        if self.held > HELD {
            for draft in self.open.iter_mut().flatten().flat_map(|open| &mut open.drafts) {
                draft.spill()?;
            }
            self.held = 0;
        }
        Ok(())
    }

    fn begin(&mut self, feed: usize) -> io::Result<OpenFeed> {
        let plan = &self.plans[feed];
        let openings = self.layout.open(plan);
        let mut drafts = Vec::new();
        for (format, opening) in self.layout.formats().iter().zip(openings) {
            let mut draft = self.place.draft(&format!("{}{}", plan.folder, format.file_name))?;
            draft.push(opening.as_bytes());
            self.held += opening.len();
            drafts.push(draft);
        }
        Ok(OpenFeed { drafts, left: plan.posts.len(), has_items: false })
    }

    fn end(&mut self, feed: usize, open: OpenFeed) -> io::Result<()> {
        for (mut draft, format) in open.drafts.into_iter().zip(self.layout.formats()) {
            self.held = self.held.saturating_sub(draft.held());
            draft.push((format.close)(open.has_items).as_bytes());
            self.finished[feed].push(draft.finish()?);
        }
        Ok(())
    }

    /// The files of each feed, one for each format.
    fn finish(mut self) -> io::Result<Vec<Vec<Finished>>> {
        for feed in 0..self.plans.len() {
            // A site without posts has a feed all the same.
            if self.finished[feed].is_empty() {
                let open = self.open[feed].take().map_or_else(|| self.begin(feed), Ok)?;
                self.end(feed, open)?;
            }
        }
        Ok(self.finished)
    }
}

/// Where feeds are made.
#[derive(Clone, Copy)]
struct In<'s> {
    site: &'s Folder,
    folder: &'s str,
    purpose: Purpose,
}

impl In<'_> {
    /// Begins a file of this name. The site's own feed is never removed, so only the others are remembered.
    fn draft(&self, name: &str) -> io::Result<Draft> {
        let workshop = match self.purpose {
            Purpose::Write => Some(self.folder),
            Purpose::Compare => None,
            Purpose::Show(folder) => Some(folder),
        };
        let draft = self.site.draft(&format!("{}/{name}", self.folder), workshop)?;
        let is_remembered = self.purpose == Purpose::Write && (name.contains('/') || name == feed::OPML_FILE);
        Ok(if is_remembered { draft.with_fingerprint() } else { draft })
    }

    /// What makes it impossible to write feeds: a folder in the place of one of these files, else the folder itself.
    fn in_the_way(&self, names: impl Iterator<Item = String>) -> String {
        let taken = names.map(|name| format!("{}/{name}", self.folder)).find(|name| self.site.is_folder(name));
        taken.unwrap_or_else(|| self.folder.to_owned())
    }
}
