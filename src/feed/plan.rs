//! Which feeds a site has and which posts each of them shows: known before any post is rendered.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::config::{Archive, Config, FeedTerm, FeedsBy};
use crate::model::Post;

use super::channel::{Feed, History};
use super::folders::{Contested, Folders, Group, Named};
use super::{has_comments_feed, language, slug, text, uri};

/// What a feed is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The newest posts of the site.
    Site,
    /// Older posts of the site: those of this month or year (RFC 5005 §4). It is no feed to subscribe to.
    Archive(String),
    /// The newest posts of one term, author or language.
    Part {
        /// What the posts are sorted by.
        by: FeedsBy,
        /// The term as most posts write it, the author's name or the language tag.
        name: String,
    },
}

/// A feed that will be written, in each of the formats.
#[derive(Debug)]
pub struct FeedPlan {
    /// What it is about.
    pub subject: Subject,
    /// Its folder below `feeds.dir`: empty for the site's feed, else with a `/` at the end.
    pub folder: String,
    /// The places of the posts that it shows, newest first.
    pub posts: Vec<usize>,
    /// True when it shows as many posts as it may, so that older ones have no place in it.
    is_full: bool,
    pub(super) feed: Feed,
}

/// The feeds of a site and where they lie.
#[derive(Debug)]
pub struct Plans {
    /// In a fixed order, the site's own first.
    pub feeds: Vec<FeedPlan>,
    /// The folders of all terms, authors and languages, also of those with too few posts for a feed: to be remembered, and
    /// handed to [`plan`] the next time.
    pub folders: Folders,
    /// The folders that several want and nothing was remembered of: see [`Contested::owner`].
    pub contested: Vec<Contested>,
}

impl FeedPlan {
    /// True when it shows as many posts as it may.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Its title.
    pub fn title(&self) -> &str {
        &self.feed.title
    }

    /// False for an archive, which readers find by themselves.
    pub fn is_subscribed_to(&self) -> bool {
        !matches!(self.subject, Subject::Archive(_))
    }

    /// The address of one of its files.
    pub fn address(&self, file_name: &str) -> String {
        self.feed.address(file_name)
    }
}

/// Every feed of a site: its own, then the archives from the newest to the oldest, then those of `feeds.by`, each sort by
/// the names of their folders. `posts` come newest first; only published ones are shown, without those whose places are
/// `unreadable`. What has a folder in `kept` keeps it.
pub fn plan(posts: &[Post], unreadable: &BTreeSet<usize>, config: &Config, kept: &Folders) -> Plans {
    let is_shown = |at: &usize| posts[*at].is_for_feeds() && !unreadable.contains(at);
    let published: Vec<usize> = (0..posts.len()).filter(is_shown).collect();
    let limit = config.feeds.limit;
    let mut taken = BTreeSet::new();
    let newest: Vec<usize> = published.iter().copied().take(limit).collect();
    let mut plans = vec![made(Subject::Site, String::new(), newest, posts, config)];
    if config.feeds.archive != Archive::Off {
        if published.len() <= limit {
            plans[0].feed.history = History::Complete;
        } else {
            plans.extend(archives(&published, posts, config, &mut taken));
            chain(&mut plans);
        }
    }
    let mut named = Named { kept, taken, folders: Folders::new(), contested: Vec::new() };
    for by in &config.feeds.by {
        plans.extend(parts(by, &published, posts, config, &mut named));
    }
    Plans { feeds: plans, folders: named.folders, contested: named.contested }
}

fn made(subject: Subject, folder: String, shown: Vec<usize>, posts: &[Post], config: &Config) -> FeedPlan {
    let updated = shown.iter().filter_map(|at| posts[*at].updated.as_ref()).max().cloned();
    let mut feed = Feed::new(config, updated);
    feed.folder = uri::encode(&folder);
    feed.has_comment_feeds = shown.iter().any(|at| has_comments_feed(posts[*at].in_feeds.as_deref()));
    match &subject {
        Subject::Site => {}
        Subject::Archive(name) => feed.title = format!("{}: {name}", feed.title),
        Subject::Part { by, name } => {
            feed.title = format!("{}: {name}", feed.title);
            if *by == FeedsBy::Languages {
                feed.language.clone_from(name);
            }
        }
    }
    // A feed that the posts come from holds the newest: what has left it is older, and not gone.
    let is_full = shown.len() == config.feeds.limit || config.posts.feed.is_some();
    FeedPlan { is_full, subject, folder, posts: shown, feed }
}

/// One file for each month or year that has posts. A calendar does not move: a post that comes late, an edit and a removal
/// each change the one file of their time, and a file of the past changes for nothing else.
fn archives(published: &[usize], posts: &[Post], config: &Config, taken: &mut BTreeSet<String>) -> Vec<FeedPlan> {
    let format = if config.feeds.archive == Archive::Month { "%Y-%m" } else { "%Y" };
    let zone = &config.site.timezone;
    let time = |at: &usize| {
        let published = posts[*at].published.as_ref();
        published.map(|moment| moment.with_time_zone(zone.clone()).strftime(format).to_string()).unwrap_or_default()
    };
    let periods = published.chunk_by(|one, other| time(one) == time(other));
    periods
        .map(|places| {
            let name = time(&places[0]);
            let folder = format!("archive/{name}/");
            taken.insert(folder.clone());
            made(Subject::Archive(name), folder, places.to_vec(), posts, config)
        })
        .collect()
}

/// Ties the site's feed, which comes first, and its archives together, from the newest to the oldest.
fn chain(plans: &mut [FeedPlan]) {
    let folders: Vec<String> = plans.iter().map(|plan| plan.feed.folder.clone()).collect();
    for (at, plan) in plans.iter_mut().enumerate() {
        let previous = folders.get(at + 1).cloned();
        plan.feed.history = match at {
            0 => History::Newest { previous },
            _ => {
                let is_oldest_of_several = previous.is_none() && at > 1;
                History::Archive { previous, next: is_oldest_of_several.then(|| folders[at - 1].clone()) }
            }
        };
    }
}

/// As most posts write it; of several such spellings the first in the order of characters.
fn most_frequent(spellings: &BTreeMap<String, usize>) -> String {
    let most = spellings.iter().max_by(|one, other| one.1.cmp(other.1).then_with(|| other.0.cmp(one.0)));
    most.map(|(name, _)| name.clone()).unwrap_or_default()
}

fn parts(by: &FeedsBy, published: &[usize], posts: &[Post], config: &Config, named: &mut Named<'_>) -> Vec<FeedPlan> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for &at in published {
        for name in names(by, &posts[at], config) {
            let key = slug::key(&name);
            let group = *places.entry(key.clone()).or_insert_with(|| {
                groups.push(Group { key, ..Group::default() });
                groups.len() - 1
            });
            let group = &mut groups[group];
            *group.spellings.entry(name).or_default() += 1;
            // Two spellings in one post are one term.
            if group.posts.last() != Some(&at) {
                group.posts.push(at);
            }
        }
    }
    // The oldest has the first choice, so that a new term does not take the name of one that has subscribers.
    groups.sort_by(|one, other| other.posts.last().cmp(&one.posts.last()).then_with(|| one.key.cmp(&other.key)));
    named.name(&mut groups, &slug::slug(&slug::key(by.as_str())).replace('.', "-"));
    let mut plans = Vec::new();
    for mut group in groups {
        // Named all the same: whether there are enough posts must not change the name of another one.
        if group.posts.len() >= config.feeds.min_posts && is_wanted(by, &group.key, config) {
            let subject = Subject::Part { by: by.clone(), name: most_frequent(&group.spellings) };
            group.posts.truncate(config.feeds.limit);
            plans.push(made(subject, group.folder, group.posts, posts, config));
        }
    }
    plans.sort_by(|one, other| one.folder.cmp(&other.folder));
    plans
}

/// Whether a term may have a feed: `feeds.only` and `feeds.except`.
fn is_wanted(by: &FeedsBy, key: &str, config: &Config) -> bool {
    let is_it = |term: &&FeedTerm| term.by == *by && slug::key(&term.name) == key;
    let mut only = config.feeds.only.iter().filter(|term| term.by == *by).peekable();
    (only.peek().is_none() || only.any(|term| is_it(&term))) && !config.feeds.except.iter().any(|term| is_it(&term))
}

/// What a post is sorted under.
fn names(by: &FeedsBy, post: &Post, config: &Config) -> Vec<String> {
    let names: Vec<String> = match by {
        FeedsBy::Taxonomy(taxonomy) => post.terms(taxonomy).iter().map(|term| text::line(term)).collect(),
        FeedsBy::Authors => post.authors.iter().map(|author| text::line(&author.name)).collect(),
        FeedsBy::Languages => {
            vec![language::tag(&post.language).unwrap_or_else(|| config.site.language.clone())]
        }
    };
    names.into_iter().filter(|name| !name.is_empty()).collect()
}
