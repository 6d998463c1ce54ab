//! `init --from-feed`: what the readers of a feed know is taken over, so that nothing is new to them.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use jiff::Zoned;
use url::Url;

use super::blog::Blog;
use super::settings::Found;
use super::takeover::Takeover;
use crate::cli::failure::Failure;
use crate::cli::{Context, against};
use crate::config;
use crate::feed::{FORMATS, Match, Names};
use crate::files;
use crate::model::{Post, ReadEntry, ReadFeed};
use crate::publish::{Site, against_feed, count};

/// The file that keeps ids for which there is no rule.
pub(super) const IDS: &str = "ids.toml";

/// So many differences are told.
const TOLD: usize = 10;

/// So many patterns of addresses are tried.
const TRIED: usize = 4;

/// The feed that a person named.
pub(super) struct Online {
    /// As it was named.
    pub(super) name: String,
    feed: ReadFeed,
}

impl Online {
    pub(super) fn read(name: &str) -> Result<Self, Failure> {
        Ok(Self { name: name.to_owned(), feed: against::feed(name)? })
    }

    /// Its address, when it was named by that.
    pub(super) fn url(&self) -> Option<Url> {
        against::web(&self.name)
    }

    /// What the feed says about the blog, in the place of what settings say: this is what readers see.
    pub(super) fn fill(&self, blog: &mut Blog, folder: &Path) {
        let feed = &self.feed;
        let links = feed.entries.iter().filter_map(|entry| entry.link.as_deref());
        let link = feed.link.as_deref().and_then(|link| Url::parse(link.trim()).ok()).filter(|link| {
            let within = links.clone().filter(|entry| entry.starts_with(link.as_str().trim_end_matches('/'))).count();
            within * 2 >= feed.entries.len()
        });
        let link_host = link.as_ref().and_then(|link| Some(link.host_str()?.to_owned()));
        let is_secure = link.as_ref().is_some_and(|link| link.scheme() == "https");
        let author =
            feed.author.clone().or_else(|| feed.entries.iter().find_map(|entry| entry.authors.first().cloned()));
        let said = [
            ("site.title", feed.title.clone()),
            ("site.url", link.map(|link| link.to_string())),
            ("site.description", feed.description.clone()),
            ("site.language", feed.language.clone()),
            ("site.author.name", author.filter(|name| !name.contains('@'))),
        ];
        for (key, text) in said {
            if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
                let settings = blog.taken.iter().position(|(known, _)| *known == key).map(|at| blog.taken.remove(at));
                let found = Some(Found::new(text, self.name.clone()));
                match self.url().filter(|url| key == "site.url" && url.host_str() == link_host.as_deref()) {
                    // An address of this machine is taken where the feed itself is there.
                    Some(_) => blog.taken.extend(found.map(|found| (key, found))),
                    None => blog.take(key, found),
                }
                if !blog.taken.iter().any(|(known, _)| *known == key) {
                    blog.taken.extend(settings);
                }
            }
        }
        if !blog.taken.iter().any(|(key, _)| *key == "posts.dir") {
            blog.take("posts.feed", Some(Found::new(self.source(folder, is_secure), self.name.clone())));
        }
    }

    /// The feed as config.toml in `folder` names it: a saved copy elsewhere would never change. The feed of a site that
    /// `is_secure` is fetched so.
    fn source(&self, folder: &Path, is_secure: bool) -> String {
        if self.url().is_some() {
            let is_plain = is_secure && self.name.starts_with("http://");
            return if is_plain { self.name.replacen("http", "https", 1) } else { self.name.clone() };
        }
        let file = files::resolved(Path::new(&self.name));
        let inside = file.strip_prefix(files::resolved(folder)).ok().and_then(Path::to_str).map(str::to_owned);
        inside.or_else(|| self.feed.address.clone()).unwrap_or_else(|| file.display().to_string())
    }

    /// Finds the addresses and ids by which readers know the posts, and writes them into the new configuration; returns the
    /// text of [`IDS`] when it needs one.
    pub(super) fn adopt(&self, takeover: &mut Takeover, folder: &Path, now: Timestamp) -> Option<String> {
        let opened = |text: &str| Site::open(folder, config::parse("config.toml", text).ok()?, now).ok();
        self.keep_file_name(takeover);
        let site = opened(&takeover.config)?;
        let pairs = |site: &Site| self.pairs(site);
        let equal = |site: &Site, is_equal: fn(&ReadEntry, &Post) -> bool| {
            self.pairs(site).iter().filter(|(entry, at, _)| is_equal(entry, &site.posts[*at])).count()
        };
        let same_address = |entry: &ReadEntry, post: &Post| entry.link.as_deref() == Some(post.url.as_str());
        let same_id = |entry: &ReadEntry, post: &Post| entry.id == post.id;

        let mut best = equal(&site, same_address);
        for pattern in self.patterns(&site) {
            let mut tried = takeover.clone();
            tried.take("posts.permalink", Found::new(pattern, "the addresses in the feed"));
            let found = opened(&tried.config).map_or(0, |site| equal(&site, same_address));
            if found > best {
                tried
                    .taken
                    .retain(|(key, found)| *key != "posts.permalink" || found.from == "the addresses in the feed");
                (best, *takeover) = (found, tried);
            }
        }
        let mut best = opened(&takeover.config).map_or(0, |site| equal(&site, same_id));
        let plain = takeover.clone();
        for rule in [None, Some("jekyll")] {
            let mut tried = plain.clone();
            if let Some(rule) = rule {
                tried.take("posts.id_from", Found::new(rule, "the ids in the feed"));
            }
            let base = opened(&tried.config).and_then(|site| common_base(&pairs(&site), &site));
            if let Some(base) = base {
                tried.take("site.id_base", Found::new(base, "the ids in the feed"));
            }
            let found = opened(&tried.config).map_or(0, |site| equal(&site, same_id));
            if found > best {
                (best, *takeover) = (found, tried);
            }
        }
        let site = opened(&takeover.config)?;
        let others: BTreeMap<String, String> = pairs(&site)
            .into_iter()
            .filter(|(entry, at, _)| entry.id != site.posts[*at].id)
            .map(|(entry, at, _)| (site.posts[at].path.clone(), entry.id.clone()))
            .collect();
        if let Some(url) = self.url() {
            takeover
                .notes
                .push(format!("with `online = \"{url}\"` below [feeds], `build` compares with that feed first"));
        }
        if others.is_empty() {
            return None;
        }
        takeover.take("posts.ids", Found::new(IDS, format!("{}, kept there", count(others.len() as u64, "id"))));
        let text = toml::to_string(&others).ok()?;
        Some(format!("# The ids by which readers know posts: keep this file with them.\n{text}"))
    }

    /// Says how much of the feed the new site has.
    pub(super) fn tell(&self, config: &str, folder: &Path, context: &Context) {
        let Some(config) = config::parse("config.toml", config).ok().filter(|config| config.posts.feed.is_none())
        else {
            return;
        };
        let Ok(site) = Site::open(folder, config, context.now) else { return };
        let compared = against_feed(&site, &self.feed, &self.name);
        context.ui.say(&against::summary(&compared, &self.name));
        for found in compared.found.iter().take(TOLD) {
            let place =
                found.path().filter(|path| *path != self.name).map_or(String::new(), |path| format!("{path}: "));
            context.ui.say(&format!("  - {place}{}", found.message));
        }
    }

    /// The entries of the feed that stand for posts, with the places of these.
    fn pairs(&self, site: &Site) -> Vec<(&ReadEntry, usize, Match)> {
        let names = Names::new(&site.posts, site.config.site.id_base());
        let found = names.matches(&self.feed);
        let pair = |(entry, found): (_, Option<(usize, Match)>)| found.map(|(at, by)| (entry, at, by));
        self.feed.entries.iter().zip(found).filter_map(pair).collect()
    }

    /// Patterns of the addresses in the feed, the most frequent first.
    fn patterns(&self, site: &Site) -> Vec<String> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for (entry, at, _) in self.pairs(site) {
            let below = entry.link.as_deref().and_then(|link| link.strip_prefix(site.config.site.url.as_str()));
            if let Some(pattern) = below.and_then(|below| pattern(below, &site.posts[at])) {
                *counts.entry(pattern).or_default() += 1;
            }
        }
        let mut patterns: Vec<(String, usize)> = counts.into_iter().collect();
        patterns.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        patterns.into_iter().take(TRIED).map(|(pattern, _)| pattern).collect()
    }

    /// The name under which readers fetch the feed stays that of its format.
    fn keep_file_name(&self, takeover: &mut Takeover) {
        let Ok(config) = config::parse("config.toml", &takeover.config) else { return };
        let address = self.url().map(|url| url.to_string()).or_else(|| self.feed.address.clone()).unwrap_or_default();
        let Some(name) = address.strip_prefix(config.site.url.as_str()).filter(|name| !name.is_empty()) else { return };
        let Some(format) = FORMATS.iter().find(|format| format.name == self.feed.format) else { return };
        if name.contains(['/', '?', '#', '%']) || !name.contains('.') {
            takeover.notes.push(format!(
                "readers fetch the feed at {address}: let that address lead to {}{} when you change over",
                config.site.url, format.file_name
            ));
            return;
        }
        if format.file_name == name {
            return;
        }
        let from = || "where readers fetch it".to_owned();
        let files = format!("{{ {} = {} }}", format.name, toml::Value::from(name));
        let rest = FORMATS.iter().filter(|other| other.name == format.name || other.file_name != name);
        let formats: Vec<String> = rest.map(|format| format!("\"{}\"", format.name)).collect();
        if formats.len() < FORMATS.len() {
            takeover.take("feeds.formats", Found::new(format!("[{}]", formats.join(", ")), from()));
        }
        takeover.take("feeds.files", Found::new(files, from()));
    }
}

/// What all ids begin with that are no addresses of this site but end like those.
fn common_base(pairs: &[(&ReadEntry, usize, Match)], site: &Site) -> Option<String> {
    let own = site.config.site.url.as_str();
    let others = pairs.iter().filter(|(entry, at, _)| entry.id != site.posts[*at].id);
    let mut bases = others.map(|(entry, at, _)| entry.id.strip_suffix(site.posts[*at].id.strip_prefix(own)?));
    let first = bases.next()??;
    let is_address = first.ends_with('/') && first.contains("://") && first != own;
    (is_address && bases.all(|base| base == Some(first))).then(|| first.to_owned())
}

/// `2026/03/02/ropes.html` → `/:year/:month/:day/:slug.html`, for a post of that day and slug; `None` without the slug.
fn pattern(below: &str, post: &Post) -> Option<String> {
    let published: &Zoned = post.published.as_ref()?;
    let part = |format: &str| published.strftime(format).to_string();
    let mut dates = vec![(":year", part("%Y")), (":month", part("%m")), (":day", part("%d"))];
    let mut has_slug = false;
    let mut segment = |segment: &str| {
        let (stem, end) = segment.rsplit_once('.').map_or((segment, ""), |(stem, _)| (stem, &segment[stem.len()..]));
        if !has_slug && [segment, stem].contains(&post.slug.as_str()) {
            has_slug = true;
            return format!(":slug{}", if segment == post.slug { "" } else { end });
        }
        match dates.iter().position(|(_, text)| text == segment) {
            Some(at) => dates.remove(at).0.to_owned(),
            None => segment.to_owned(),
        }
    };
    let segments: Vec<String> = below.split('/').map(&mut segment).collect();
    has_slug.then(|| format!("/{}", segments.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_known_by_one_address() {
        let post =
            crate::post::tests::one("posts/ropes.md", "---\ntitle: Ropes\ndate: 2026-03-02\nslug: ropes\n---\nText.\n")
                .0;
        for (below, expected) in [
            ("2026/03/02/ropes.html", Some("/:year/:month/:day/:slug.html")),
            ("2026/03/02/ropes/", Some("/:year/:month/:day/:slug/")),
            ("notes/ropes", Some("/notes/:slug")),
            ("2026/03/02/", None),
        ] {
            assert_eq!(pattern(below, &post).as_deref(), expected, "{below}");
        }
    }
}
