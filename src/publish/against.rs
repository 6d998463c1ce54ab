//! What would change for readers if a site took the place of what is online: of a feed, or of the pages of another program.

use std::collections::BTreeSet;

use jiff::Timestamp;
use quick_xml::Reader;
use quick_xml::events::Event;
use url::Url;

use super::site::Site;
use crate::diagnostic::{Diagnostic, Location};
use crate::feed::{Match, Names};
use crate::files::Folder;
use crate::model::{Post, ReadFeed, percent_encoded};

/// So many findings of one kind are told one by one.
const MOST: usize = 20;

/// A sitemap with more addresses is none (<https://www.sitemaps.org/protocol.html>).
const MOST_PAGES: usize = 50_000;

/// What a comparison with a feed found.
#[derive(Debug, Default)]
pub struct Compared {
    /// What readers would see.
    pub found: Vec<Diagnostic>,
    /// How many entries the feed has.
    pub entries: usize,
    /// How many of them have the id of a post.
    pub by_id: usize,
    /// How many have the address of a post and another id.
    pub by_address: usize,
    /// How many are like a post, whose address and id are others.
    pub by_look: usize,
}

/// Compares the posts of a site with a feed that readers have; `name` is how messages call it.
pub fn against_feed(site: &Site, feed: &ReadFeed, name: &str) -> Compared {
    let names = Names::new(&site.posts, site.config.site.id_base());
    let mut compared = Compared { entries: feed.entries.len(), ..Compared::default() };
    let mut kinds = [const { Vec::new() }; 5];
    for (entry, found) in feed.entries.iter().zip(names.matches(feed)) {
        let title = entry.title.as_deref().unwrap_or_default().trim();
        let Some((at, by)) = found else {
            let link = entry.link.as_deref().unwrap_or(&entry.id);
            let message = format!("no post stands for this entry of the feed: “{title}”, {link}");
            let help = "it may be older than what is here, a draft now, or no post; readers keep what they have";
            kinds[0].push(Diagnostic::warning("against/no-post", message).at(Location::start_of(name)).help(help));
            continue;
        };
        match by {
            Match::Id => compared.by_id += 1,
            Match::Address => compared.by_address += 1,
            Match::Look => compared.by_look += 1,
        }
        let post = &site.posts[at];
        let place = || Location::start_of(&post.path);
        if by != Match::Id {
            let message = format!(
                "readers know this post by another id, and would see it again as new: `{}` online, `{}` here",
                entry.id, post.id
            );
            let help = format!("write `id: {}` into its front matter, or into the file of `posts.ids`", entry.id);
            kinds[1].push(Diagnostic::error("against/id", message).at(place()).help(help));
        }
        let (online, here) = (entry.link.as_deref().map(without_end), names.address(at).map(without_end));
        if online.is_some() && online != here {
            let message = format!(
                "the feed leads to another address: `{}` online, `{}` here",
                entry.link.as_deref().unwrap_or_default(),
                post.url
            );
            let help = "make `posts.permalink` as your site has it, or write `permalink:` into the front matter";
            kinds[2].push(Diagnostic::error("against/address", message).at(place()).help(help));
        }
        let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        if !title.is_empty() && line(title) != line(&post.title) {
            let message = format!("the title is another one: “{title}” online, “{}” here", post.title);
            kinds[3].push(Diagnostic::warning("against/title", message).at(place()).help("readers see the new one"));
        }
        if let Some((online, here)) = dates(entry.published, post).filter(|(online, here)| online != here) {
            let message = format!("the date is another one: {online} online, {here} here");
            let help = "look at `site.timezone` and at the date in the front matter: some readers sort by it";
            kinds[4].push(Diagnostic::warning("against/date", message).at(place()).help(help));
        }
    }
    compared.found = kinds.into_iter().flat_map(few).collect();
    compared
}

/// An address with and without `/` at its end leads to one page on most servers.
fn without_end(url: &str) -> &str {
    url.trim_end_matches('/')
}

fn dates(online: Option<Timestamp>, post: &Post) -> Option<(Timestamp, Timestamp)> {
    Some((online?, Timestamp::from_second(post.published.as_ref()?.timestamp().as_second()).ok()?))
}

/// The first ones, and in the last how many more there are.
fn few(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let more = found.len().saturating_sub(MOST);
    found.truncate(MOST);
    if let Some(last) = found.last_mut().filter(|_| more > 0) {
        last.message += &format!(" (and so with {more} more)");
    }
    found
}

/// The pages that a site has.
#[derive(Debug)]
pub enum Pages<'f> {
    /// The folder that it was built into.
    Built(&'f Folder),
    /// Those of a sitemap, without `/` at their ends.
    Listed(BTreeSet<String>),
}

impl Pages<'_> {
    /// The addresses in a sitemap (<https://www.sitemaps.org/protocol.html>); `None` when it is none.
    pub fn of_sitemap(bytes: &[u8]) -> Option<Self> {
        let pages = locations(bytes, b"urlset")?;
        Some(Self::Listed(pages.iter().map(|url| without_end(url.as_str()).to_owned()).collect()))
    }

    fn has(&self, url: &str, site: &Url) -> bool {
        match self {
            Self::Listed(pages) => pages.contains(without_end(url)),
            Self::Built(folder) => {
                let Some(below) = url.strip_prefix(site.as_str()) else { return false };
                let below = below.split(['?', '#']).next().unwrap_or_default();
                let plain = percent_encoding::percent_decode_str(below).decode_utf8_lossy();
                [below, &*plain].into_iter().any(|name| {
                    let name = name.trim_end_matches('/');
                    let file = |name: String| folder.is_file(&name);
                    file(format!("{name}/index.html")) || file(name.to_owned()) || file(format!("{name}.html"))
                })
            }
        }
    }
}

/// The sitemaps that an index of sitemaps names, in order; `None` when it is none.
pub fn sitemaps_of_index(bytes: &[u8]) -> Option<Vec<Url>> {
    locations(bytes, b"sitemapindex")
}

/// What stands in `<loc>` below this root.
fn locations(bytes: &[u8], root: &[u8]) -> Option<Vec<Url>> {
    let mut reader = Reader::from_reader(bytes);
    let (mut is_rooted, mut is_address) = (false, false);
    let mut found = Vec::new();
    let mut text = String::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                is_rooted |= start.local_name().as_ref() == root;
                is_address = start.local_name().as_ref() == b"loc";
                text.clear();
            }
            Ok(Event::Text(part)) if is_address => text += &part.decode().ok()?,
            Ok(Event::CData(part)) if is_address => text += &part.decode().ok()?,
            Ok(Event::GeneralRef(name)) if is_address => {
                let name = name.decode().ok()?;
                text += quick_xml::escape::resolve_predefined_entity(&name).unwrap_or_default();
            }
            Ok(Event::End(_)) if is_address => {
                is_address = false;
                found.extend(Url::parse(text.trim()).ok().filter(|_| found.len() < MOST_PAGES));
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    is_rooted.then_some(found)
}

/// How many published posts have addresses that are none of the pages, and what to do; `name` is how messages call those.
pub fn against_pages(site: &Site, pages: &Pages<'_>, name: &str) -> (usize, Vec<Diagnostic>) {
    let url = |post: &Post| Url::parse(&post.url).map_or_else(|_| percent_encoded(&post.url), |url| url.to_string());
    let missing: Vec<&Post> = site.published().filter(|post| !pages.has(&url(post), &site.config.site.url)).collect();
    let finding = |post: &Post| {
        let message = format!("there is no page at the address of this post in {name}: {}", post.url);
        let help = "make `posts.permalink` as your site has it, or write `permalink:` into the front matter";
        Diagnostic::error("against/no-page", message).at(Location::start_of(&post.path)).help(help)
    };
    (missing.len(), few(missing.into_iter().map(finding).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sitemap_is_read_and_nothing_else() {
        let text = "<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>\
                    <url><loc>\n https://example.org/a/?x=1&amp;y=2 </loc><lastmod>2026</lastmod></url>\
                    <url><loc><![CDATA[https://example.org/b/]]></loc></url></urlset>";
        let Some(Pages::Listed(pages)) = Pages::of_sitemap(text.as_bytes()) else { panic!() };
        assert_eq!(
            pages.iter().map(String::as_str).collect::<Vec<_>>(),
            ["https://example.org/a/?x=1&y=2", "https://example.org/b"]
        );
        let index = "<sitemapindex><sitemap><loc>https://example.org/sitemap-0.xml</loc></sitemap></sitemapindex>";
        assert!(Pages::of_sitemap(index.as_bytes()).is_none() && sitemaps_of_index(text.as_bytes()).is_none());
        assert_eq!(sitemaps_of_index(index.as_bytes()).unwrap()[0].path(), "/sitemap-0.xml");
        for text in ["", "<rss/>", "<html><loc>https://example.org/</loc>", "{}"] {
            assert!(Pages::of_sitemap(text.as_bytes()).is_none(), "{text}");
        }
    }
}
