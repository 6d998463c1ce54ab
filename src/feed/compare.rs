//! What readers will make of a feed that takes the place of another: which entries are new to them, and which are new only
//! because something went wrong.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::model::{Post, PostStatus};

use super::previous::{Known, Previous};
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

/// The names of the posts of a site, made when a feed is compared.
pub struct Names<'p> {
    posts: &'p [Post],
    of_posts: Vec<Option<Name>>,
    known: HashSet<String>,
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
        Self { posts, of_posts, known }
    }
}

/// Compares the feed that is there with the one of the plan.
pub fn compare(previous: &Previous, plan: &FeedPlan, names: &Names<'_>) -> Changes {
    let mut changes = Changes::default();
    let mut by_id: HashMap<&str, usize> = HashMap::new();
    let mut by_url: HashMap<&str, usize> = HashMap::new();
    let mut by_day: HashMap<(String, Timestamp), usize> = HashMap::new();
    for &at in &plan.posts {
        let Some(name) = &names.of_posts[at] else { continue };
        by_id.insert(&name.guid, at);
        by_id.insert(&name.id, at);
        by_url.insert(&name.url, at);
        if let Some(published) = seconds(names.posts[at].published.as_ref()) {
            by_day.insert((text::line(&names.posts[at].title), published), at);
        }
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
    for entry in previous.entries.iter().filter(|entry| !by_id.contains_key(entry.id.as_str())) {
        let title = || entry.title.clone().filter(|title| !title.trim().is_empty()).unwrap_or_else(|| entry.id.clone());
        let moved = || by_day.get(&(text::line(entry.title.as_deref()?), entry.published?)).copied();
        let same = entry.link.as_deref().and_then(|link| by_url.get(link).copied()).or_else(moved);
        if names.known.contains(&entry.id) {
            changes.dropped.push(title());
        } else if let Some(at) = same.filter(|at| !seen.contains(at)) {
            seen.insert(at);
            changes.changed_ids.push((at, entry.id.clone()));
        } else if same.is_some() || is_too_old(entry, plan, names.posts) {
            // Of two entries for one post, one is enough.
            changes.dropped.push(title());
        } else {
            changes.vanished.push(title());
        }
    }
    changes.new = plan.posts.iter().copied().filter(|at| !seen.contains(at)).collect();
    changes
}

/// True when the feed is full of entries that are newer.
fn is_too_old(entry: &Known, plan: &FeedPlan, posts: &[Post]) -> bool {
    let oldest = plan.posts.last().and_then(|at| seconds(posts[*at].published.as_ref()));
    plan.is_full() && entry.published.or(entry.updated).zip(oldest).is_some_and(|(entry, oldest)| entry < oldest)
}

fn is_redated(entry: &Known, post: &Post, is_ours: bool) -> bool {
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
