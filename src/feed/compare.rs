//! What readers will make of a feed that takes the place of another: which entries are new to them, and which are new only
//! because something went wrong.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use crate::model::{Post, PostStatus, ReadEntry, ReadFeed};

use super::{FeedPlan, text, uri};

/// So many are a mistake when they are also most of those that a reader has.
const MANY: usize = 3;

/// What changes for those who subscribe to a feed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The places of posts that readers have not seen.
    pub new: Vec<usize>,
    /// The places of posts that have another `updated`.
    pub redated: Vec<usize>,
    /// The titles or ids of entries that are too old for the feed now.
    pub dropped: Vec<String>,
    /// The places of posts that readers know by another id, and that id: they will show them again as new.
    pub changed_ids: Vec<(usize, String)>,
    /// The titles or ids of entries that no published post stands for any more.
    pub vanished: Vec<String>,
    /// How many entries both feeds have.
    pub shared: usize,
}

impl Changes {
    /// True when so many entries have another date that readers would show the feed as unread.
    pub fn is_mass_update(&self) -> bool {
        is_most(self.redated.len(), self.shared)
    }

    /// True when most of what readers have would come again.
    pub fn are_most_ids_changed(&self) -> bool {
        is_most(self.changed_ids.len(), self.known())
    }

    /// True when most of what readers have would be gone.
    pub fn are_most_vanished(&self) -> bool {
        is_most(self.vanished.len(), self.known())
    }

    /// How many entries readers have.
    fn known(&self) -> usize {
        self.shared + self.changed_ids.len() + self.vanished.len() + self.dropped.len()
    }
}

fn is_most(some: usize, all: usize) -> bool {
    some >= MANY && some * 2 > all
}

/// What readers know a post by.
struct Name {
    guid: String,
    id: String,
    url: String,
}

/// By what an entry of a feed is known to be a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// Both have one id.
    Id,
    /// Both have one address.
    Address,
    /// Both have one title, and one time or the same last part of the address.
    Look,
}

/// The names of the posts of a site, made when a feed is compared.
pub struct Names<'p> {
    posts: &'p [Post],
    of_posts: Vec<Option<Name>>,
    known: HashSet<String>,
    /// Made when an entry has an id that no post has.
    marks: OnceCell<Marks>,
}

/// What a post can be recognised by when its id is another one.
#[derive(Default)]
struct Marks {
    urls: HashMap<String, usize>,
    times: HashMap<(String, Timestamp), usize>,
    /// By title and the last part of the address: what stays when a date is mended. `None` where several posts have both.
    slugs: HashMap<(String, String), Option<usize>>,
}

impl<'p> Names<'p> {
    /// The names of all published posts; `id_base` is what ids begin with that are made from addresses.
    pub fn new(posts: &'p [Post], id_base: &url::Url) -> Self {
        let id_base = uri::from_url(id_base);
        let name = |post: &Post| {
            let (guid, url) = uri::of_entry(&post.id, &post.url);
            Name { id: uri::identifier(&guid, &id_base), guid, url }
        };
        let of_posts: Vec<_> =
            posts.iter().map(|post| (post.status == PostStatus::Published).then(|| name(post))).collect();
        let known = of_posts.iter().flatten().flat_map(|name| [name.guid.clone(), name.id.clone()]).collect();
        Self { posts, of_posts, known, marks: OnceCell::new() }
    }

    fn marks(&self) -> &Marks {
        self.marks.get_or_init(|| {
            let mut marks = Marks::default();
            for (at, (post, name)) in self.posts.iter().zip(&self.of_posts).enumerate() {
                let Some(name) = name else { continue };
                marks.urls.insert(name.url.clone(), at);
                let title = text::line(&post.title);
                if title.is_empty() {
                    continue;
                }
                if let Some(published) = seconds(post.published.as_ref()) {
                    marks.times.insert((title.clone(), published), at);
                }
                let key = (title, slug(&name.url).to_owned());
                marks.slugs.entry(key).and_modify(|several| *several = None).or_insert(Some(at));
            }
            marks
        })
    }

    /// The post that each entry of a feed stands for, by its place, and by what that is known. An entry that is only like a post
    /// is not one that another entry stands for.
    pub fn matches(&self, feed: &ReadFeed) -> Vec<Option<(usize, Match)>> {
        let by_id: HashMap<&str, usize> = (0..self.posts.len())
            .filter_map(|at| Some((at, self.of_posts[at].as_ref()?)))
            .flat_map(|(at, name)| [(name.guid.as_str(), at), (name.id.as_str(), at)])
            .collect();
        let of_id = |entry: &ReadEntry| by_id.get(entry.id.as_str()).copied();
        let seen: HashSet<usize> = feed.entries.iter().filter_map(of_id).collect();
        let mut titles: HashMap<String, Option<usize>> = HashMap::new();
        for at in (0..self.posts.len()).filter(|at| self.of_posts[*at].is_some()) {
            let title = text::line(&self.posts[at].title);
            titles.entry(title).and_modify(|several| *several = None).or_insert(Some(at));
        }
        // Of one title, and so near in time that only the zone may be another one.
        let by_title = |entry: &ReadEntry| {
            let at = (*titles.get(&text::line(entry.title.as_deref().filter(|title| !title.is_empty())?))?)?;
            let apart = entry.published?.duration_since(seconds(self.posts[at].published.as_ref())?);
            (apart.abs() <= SignedDuration::from_hours(26)).then_some(at)
        };
        let one = |entry: &ReadEntry| {
            let found = || self.same(entry, &seen).or_else(|| by_title(entry)).filter(|at| !seen.contains(at));
            let is_address = |at: usize| entry.link.is_some() && self.address(at) == entry.link.as_deref();
            let found = of_id(entry).map(|at| (at, Match::Id)).or_else(|| found().map(|at| (at, Match::Look)));
            found.map(|(at, by)| if by == Match::Look && is_address(at) { (at, Match::Address) } else { (at, by) })
        };
        feed.entries.iter().map(one).collect()
    }

    /// The address of a published post, as feeds have it.
    pub fn address(&self, at: usize) -> Option<&str> {
        self.of_posts[at].as_ref().map(|name| name.url.as_str())
    }

    /// The post that an entry with an unknown id stands for, by its address, or by its title and time; else by its title
    /// and slug when that is none of `seen`, which readers know by their own ids.
    fn same(&self, entry: &ReadEntry, seen: &HashSet<usize>) -> Option<usize> {
        let marks = self.marks();
        let title = entry.title.as_deref().map(text::line);
        let by_url = || marks.urls.get(entry.link.as_deref()?).copied();
        let by_time = || marks.times.get(&(title.clone()?, entry.published?)).copied();
        let by_slug = || *marks.slugs.get(&(title.clone()?, slug(entry.link.as_deref()?).to_owned()))?;
        by_url().or_else(by_time).or_else(|| by_slug().filter(|at| !seen.contains(at)))
    }
}

/// The last part of an address.
fn slug(url: &str) -> &str {
    let last = url.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    last.strip_suffix(".html").unwrap_or(last)
}

/// Compares the feed that is there with the one of the plan; without one, it is to be removed.
pub fn compare(previous: &ReadFeed, plan: Option<&FeedPlan>, names: &Names<'_>) -> Changes {
    let mut changes = Changes::default();
    let shown = plan.map_or(&[][..], |plan| plan.posts.as_slice());
    let mut by_id: HashMap<&str, usize> = HashMap::new();
    for &at in shown {
        let Some(name) = &names.of_posts[at] else { continue };
        by_id.insert(&name.guid, at);
        by_id.insert(&name.id, at);
    }
    let mut seen = HashSet::new();
    for entry in &previous.entries {
        if let Some(&at) = by_id.get(entry.id.as_str()) {
            seen.insert(at);
            changes.shared += 1;
            if is_redated(entry, &names.posts[at], previous.is_ours()) {
                changes.redated.push(at);
            }
        }
    }
    let in_feed: HashSet<usize> = shown.iter().copied().collect();
    for entry in previous.entries.iter().filter(|entry| !by_id.contains_key(entry.id.as_str())) {
        let title = || entry.title.clone().filter(|title| !title.trim().is_empty()).unwrap_or_else(|| entry.id.clone());
        if names.known.contains(&entry.id) {
            changes.dropped.push(title());
            continue;
        }
        let same = names.same(entry, &seen);
        let is_too_old = || plan.is_some_and(|plan| is_too_old(entry, plan, names.posts));
        match same {
            // Of two entries for one post, one is enough.
            Some(at) if seen.contains(&at) => changes.dropped.push(title()),
            Some(at) if in_feed.contains(&at) || !is_too_old() => {
                seen.insert(at);
                changes.changed_ids.push((at, entry.id.clone()));
            }
            None if !is_too_old() => changes.vanished.push(title()),
            _ => changes.dropped.push(title()),
        }
    }
    changes.new = shown.iter().copied().filter(|at| !seen.contains(at)).collect();
    changes
}

/// True when the feed is full of entries that are newer.
fn is_too_old(entry: &ReadEntry, plan: &FeedPlan, posts: &[Post]) -> bool {
    let oldest = plan.posts.last().and_then(|at| seconds(posts[*at].published.as_ref()));
    plan.is_full() && entry.published.or(entry.updated).zip(oldest).is_some_and(|(entry, oldest)| entry < oldest)
}

fn is_redated(entry: &ReadEntry, post: &Post, is_ours: bool) -> bool {
    let (published, updated) = (seconds(post.published.as_ref()), seconds(post.updated.as_ref()));
    match (entry.updated, entry.published) {
        (Some(date), _) => updated != Some(date),
        // Other programs tell no change of an RSS item.
        (None, Some(date)) => updated != Some(date) && (is_ours || published != Some(date)),
        (None, None) => false,
    }
}

fn seconds(date: Option<&jiff::Zoned>) -> Option<Timestamp> {
    Timestamp::from_second(date?.timestamp().as_second()).ok()
}
