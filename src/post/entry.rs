//! The entries of a feed → posts: ids, addresses, titles, days and HTML as its readers know them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::{Timestamp, Zoned};
use url::Url;

use super::{Loaded, permalink, posts};
use crate::config::Config;
use crate::content::{self, characters, nodes};
use crate::diagnostic::{Diagnostic, Location};
use crate::model::{Body, Head, Markup, Person, Post, PostStatus, ReadEntry, ReadFeed, Taxonomy};

/// In bytes. A database keeps ids in an index, whose entries are no longer.
const LONGEST_ID: usize = 1000;

/// So many letters of a text stand in for a title.
const LONGEST_TITLE: usize = 60;

/// In characters; a longer title is cut.
const MOST_OF_TITLE: usize = 1000;

/// So many terms, authors and files of one entry count.
const MOST_OF_EACH: usize = 100;

/// More warnings about single entries are not read.
const MOST_WARNINGS: usize = 20;

/// The posts of a feed, and their bodies by the posts' paths.
#[derive(Debug)]
pub struct FromFeed {
    /// In the order of posts from files.
    pub loaded: Loaded,
    /// What there is to read of each: there is no file to read it from later.
    pub bodies: BTreeMap<String, Arc<Body>>,
}

/// Makes posts of the entries of a feed; `name` is how messages call the feed.
pub fn from_feed(feed: ReadFeed, name: &str, config: &Config, now: Timestamp) -> FromFeed {
    let base = feed.link.as_deref().and_then(|link| config.site.url.join(link.trim()).ok());
    let base = base.filter(is_web).unwrap_or_else(|| config.site.url.clone());
    let html_titles = feed.format == "rss" && !feed.is_ours();
    let mut found = Findings { name, diagnostics: Vec::new(), told: 0 };
    let count = feed.entries.len();
    let summaries = feed.entries.iter().filter(|entry| entry.is_summary).count();
    let changes = feed.entries.iter().filter(|entry| entry.published.is_none() && entry.updated.is_some()).count();
    let mut ids = HashSet::new();
    let mut known: Vec<(String, Option<Url>, ReadEntry)> = Vec::new();
    for mut entry in feed.entries {
        let link = entry.link.as_deref().and_then(|link| base.join(link.trim()).ok()).filter(is_web);
        let mut id = std::mem::take(&mut entry.id);
        characters::clean(&mut id);
        let id = if id.is_empty() { link.as_ref().map(ToString::to_string).unwrap_or_default() } else { id };
        if id.is_empty() {
            found.warning("feed/no-id", "an entry of the feed has neither an id nor a link, and is left out", NO_ID);
        } else if ids.insert(id.clone()) {
            known.push((id, link, entry));
        } else {
            let message = format!("two entries of the feed have the id `{}`: the first one counts", short(&id));
            found.warning("feed/same-id", message, "give each a `guid` or `id` of its own where the feed is made");
        }
    }
    if summaries > 0 {
        let message = format!(
            "{summaries} of {count} entries of the feed are summaries: mail shows these, and a link to the rest"
        );
        found.add("feed/summaries", message, SUMMARIES);
    }
    if changes > 0 {
        let message = format!(
            "{changes} of {count} entries of the feed say only when they changed: an old one that was never mailed is taken \
             for a new one when it is edited"
        );
        found.add("feed/no-published", message, "let the feed say `published` for each entry");
    }
    let mut links: HashMap<&str, usize> = HashMap::new();
    for link in known.iter().filter_map(|(_, link, _)| link.as_ref()) {
        *links.entry(link.as_str()).or_default() += 1;
    }
    let own = |id: &str, link: &Option<Url>| {
        let link = link.as_ref().map(Url::as_str).filter(|link| links[link] == 1);
        link.filter(|link| *link == id || !ids.contains(*link)).unwrap_or(id).to_owned()
    };
    let paths: Vec<String> = known.iter().map(|(id, link, _)| own(id, link)).collect();
    let (mut posts, mut bodies) = (Vec::new(), BTreeMap::new());
    for ((id, link, entry), path) in known.into_iter().zip(paths) {
        if link.is_none() {
            let message = format!("the entry `{}` has no link: mail leads to {base} for it", short(&id));
            found.warning("feed/no-link", message, "give it a `link` where the feed is made");
        }
        let url = link.unwrap_or_else(|| base.clone());
        let (post, body) = post(id, &url, path, entry, html_titles, config, now);
        if post.status == PostStatus::Error {
            let help = "mend it where the feed is made; `--skip-bad` goes on without it";
            let code = if post.published.is_none() { "post/no-date" } else { "post/id" };
            let message = format!("this entry of the feed cannot be published: {}", post.reason);
            found.diagnostics.push(Diagnostic::error(code, message).at(Location::start_of(&post.path)).help(help));
        }
        bodies.insert(post.path.clone(), Arc::new(body));
        posts.push(post);
    }
    posts::sort(&mut posts);
    FromFeed { loaded: Loaded { posts: posts.into(), diagnostics: found.diagnostics }, bodies }
}

const NO_ID: &str = "give it a `guid` or `id` where the feed is made";
const SUMMARIES: &str = "let the feed hold whole posts (WordPress: Settings, Reading, “Full text”; Hugo: a template of your own \
                         for RSS), or leave it so";

/// What is wrong with the feed.
struct Findings<'n> {
    name: &'n str,
    diagnostics: Vec<Diagnostic>,
    told: usize,
}

impl Findings<'_> {
    fn add(&mut self, code: &'static str, message: impl Into<String>, help: &str) {
        self.diagnostics.push(Diagnostic::warning(code, message).at(Location::start_of(self.name)).help(help));
    }

    /// About a single entry.
    fn warning(&mut self, code: &'static str, message: impl Into<String>, help: &str) {
        self.told += 1;
        if self.told <= MOST_WARNINGS {
            self.add(code, message, help);
        }
    }
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.as_str().len() <= permalink::LONGEST
}

fn short(id: &str) -> String {
    id.chars().take(100).collect()
}

fn post(
    id: String,
    url: &Url,
    path: String,
    entry: ReadEntry,
    has_html_title: bool,
    config: &Config,
    now: Timestamp,
) -> (Post, Body) {
    let zoned = |moment: Timestamp| moment.to_zoned(config.site.timezone.clone());
    let published = entry.published.or(entry.updated).map(zoned);
    let updated = entry.updated.map(zoned).max(published.clone());
    let (status, reason) = standing(&id, published.as_ref(), now);
    let written = entry.title.as_deref().map(|title| if has_html_title { of_html(title) } else { title.to_owned() });
    let mut title = written.unwrap_or_default();
    characters::clean(&mut title);
    let mut title = beginning(&characters::one_line(&title), MOST_OF_TITLE);
    if title.is_empty() {
        title = beginning(&nodes::one_line(&content::read(&entry.html).nodes), LONGEST_TITLE);
    }
    let authors: Vec<Person> = entry.authors.iter().take(MOST_OF_EACH).filter_map(|author| person(author)).collect();
    let description = entry.summary.as_deref().map(|html| nodes::one_line(&content::read(html).nodes));
    let mut segments = url.path_segments().into_iter().flatten();
    let mut text = entry.html;
    characters::clean(&mut text);
    let markup = if entry.is_summary { Markup::HtmlSummary } else { Markup::Html };
    let post = Post {
        id,
        url: url.to_string(),
        path,
        title,
        // A text of a few words often has none, and its readers know it so.
        untitled: false,
        in_feeds: None,
        published,
        date_only: false,
        updated,
        slug: segments.rfind(|segment| !segment.is_empty()).unwrap_or_default().to_owned(),
        language: config.site.language.clone(),
        taxonomies: taxonomies(entry.categories, config),
        authors: if authors.is_empty() { config.site.author.clone().into_iter().collect() } else { authors },
        description: description.filter(|description| !description.is_empty()),
        image: None,
        enclosures: entry
            .enclosures
            .into_iter()
            .filter(|file| Url::parse(&file.url).is_ok_and(|it| is_web(&it)))
            .take(MOST_OF_EACH)
            .collect(),
        episode: None,
        status,
        reason,
        feed: true,
        newsletter: true,
        mailing: None,
        draft_unclear: false,
        head: Head::default(),
    };
    (post, Body { text, first_line: 1, markup, base: entry.base.filter(is_web), ..Body::default() })
}

fn standing(id: &str, published: Option<&Zoned>, now: Timestamp) -> (PostStatus, String) {
    match published {
        _ if id.len() > LONGEST_ID => {
            (PostStatus::Error, format!("its id has {} characters; the most are {LONGEST_ID}", id.len()))
        }
        None => (PostStatus::Error, "it has no date".to_owned()),
        Some(moment) if moment.timestamp() > now => {
            (PostStatus::Scheduled, format!("dated {}, in the future", moment.date()))
        }
        Some(_) => (PostStatus::Published, "in the feed".to_owned()),
    }
}

/// A title that may hold references and tags, as those of RSS do.
fn of_html(title: &str) -> String {
    // `Vec<T>` is a title too.
    let html = if title.contains("</") { title.to_owned() } else { title.replace('<', "&lt;") };
    nodes::one_line(&content::read(&html).nodes)
}

fn beginning(line: &str, most: usize) -> String {
    let Some((cut, _)) = line.char_indices().nth(most) else { return line.to_owned() };
    let start = &line[..cut];
    format!("{}…", start.rsplit_once(' ').map_or(start, |(words, _)| words).trim_end())
}

/// `ada@example.org (Ada Quill)` → Ada Quill; an address alone is not for others to read.
fn person(author: &str) -> Option<Person> {
    let inner = author.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(name, _)| name);
    let name = characters::one_line(inner.filter(|_| author.contains('@')).unwrap_or(author));
    (!name.is_empty() && !name.contains('@')).then(|| Person { name, ..Person::default() })
}

/// All terms are those of one taxonomy: feeds do not tell tags from categories.
fn taxonomies(terms: Vec<String>, config: &Config) -> Vec<Taxonomy> {
    let all = &config.posts.taxonomies;
    let Some(name) = all.iter().find(|name| *name == "tags").or(all.first()) else { return Vec::new() };
    let mut seen = HashSet::new();
    let terms = terms.into_iter().take(MOST_OF_EACH).map(|term| characters::one_line(&of_html(&term)));
    let terms: Vec<String> = terms.filter(|term| !term.is_empty() && seen.insert(term.to_lowercase())).collect();
    if terms.is_empty() { Vec::new() } else { vec![Taxonomy { name: name.clone(), terms }] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(entries: Vec<ReadEntry>) -> FromFeed {
        let config = "[site]\ntitle = 'Notes'\nurl = 'https://example.org'\nauthor = 'Ada'\n[posts]\nfeed = 'f.xml'\n";
        let config = crate::config::parse("config.toml", config).unwrap();
        let feed =
            ReadFeed { format: "rss", link: Some("https://example.org/blog/".into()), entries, ..ReadFeed::default() };
        from_feed(feed, "f.xml", &config, "2026-02-01T00:00:00Z".parse().unwrap())
    }

    fn entry(id: &str, link: &str, day: &str) -> ReadEntry {
        let published = format!("{day}T10:00:00Z").parse().ok();
        let html = "<p>It rained.</p>".to_owned();
        ReadEntry { id: id.into(), link: Some(link.into()), published, html, ..ReadEntry::default() }
    }

    fn codes(made: &FromFeed) -> Vec<&str> {
        made.loaded.diagnostics.iter().map(|found| found.code).collect()
    }

    #[test]
    fn an_entry_is_a_post_as_its_readers_know_it() {
        let mut rain = entry("https://example.org/?p=7", "/2026/rain/", "2026-01-31");
        rain.title = Some("R&amp;D: Vec<T> <em>or</em> not".into());
        rain.authors = vec!["ada@example.org (Ada Quill)".into(), "eve@example.org".into()];
        rain.categories = vec!["Rain".into(), "rain".into(), "M&amp;M".into()];
        rain.summary = Some("<p>About <b>rain</b></p>".into());
        let made = made(vec![rain, entry("b", "https://example.org/b", "2026-02-02")]);
        let posts = &made.loaded.posts;
        assert_eq!((posts[0].status, posts[0].title.as_str()), (PostStatus::Scheduled, "It rained."));
        let post = &posts[1];
        assert_eq!(
            (post.id.as_str(), post.url.as_str()),
            ("https://example.org/?p=7", "https://example.org/2026/rain/")
        );
        assert_eq!((post.path.as_str(), post.slug.as_str()), ("https://example.org/2026/rain/", "rain"));
        assert_eq!((post.title.as_str(), post.description.as_deref()), ("R&D: Vec or not", Some("About rain")));
        assert_eq!(post.authors.iter().map(|author| author.name.as_str()).collect::<Vec<_>>(), ["Ada Quill"]);
        assert_eq!(post.terms("tags"), ["Rain", "M&M"]);
        assert_eq!(made.bodies[&post.path].markup, Markup::Html);
        assert_eq!(codes(&made), [""; 0]);
    }

    #[test]
    fn no_two_entries_have_one_id_or_one_path() {
        let day = "2026-01-31";
        let page = "https://example.org/";
        let made = made(vec![
            entry("a", page, day),
            entry("b", page, day),
            entry("a", "https://example.org/a", day),
            entry(page, "https://example.org/c", day),
            entry("", "", day),
            ReadEntry { link: None, ..entry("d", "", day) },
        ]);
        let mut paths: Vec<_> = made.loaded.posts.iter().map(|post| post.path.as_str()).collect();
        paths.sort_unstable();
        assert_eq!(paths, ["a", "b", "d", "https://example.org/blog/", "https://example.org/c"]);
        assert_eq!(made.bodies.len(), made.loaded.posts.len());
        assert_eq!(codes(&made), ["feed/same-id", "feed/no-link"]);
    }

    #[test]
    fn what_cannot_be_published_is_an_error_of_that_entry_alone() {
        let long = "x".repeat(LONGEST_ID + 1);
        let undated = ReadEntry { published: None, ..entry("a", "https://example.org/a", "2026-01-31") };
        let changed = ReadEntry { updated: "2026-01-30T00:00:00Z".parse().ok(), ..undated.clone() };
        let changed = ReadEntry { id: "c".into(), is_summary: true, ..changed };
        let made = made(vec![undated, entry(&long, "https://example.org/b", "2026-01-31"), changed]);
        assert_eq!(codes(&made), ["feed/summaries", "feed/no-published", "post/no-date", "post/id"]);
        let good = made.loaded.posts.iter().filter(|post| post.status == PostStatus::Published);
        assert_eq!(good.map(|post| post.id.as_str()).collect::<Vec<_>>(), ["c"]);
    }
}
