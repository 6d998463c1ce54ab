//! Every URL of an entry → an absolute one: against the permalink, as a browser would, and through the posts of the site
//! where the author linked to a file.

use percent_encoding::percent_decode_str;
use url::{Position, Url};

use crate::config::{Config, PermalinkPart};
use crate::diagnostic::{Diagnostic, Location, Places};
use crate::model::{Body, Post, PostStatus, percent_encoded};

use super::ids::Ids;
use crate::content::allowed::SCHEMES;
use crate::content::nodes::{Element, Node, walk};
use crate::post::{Posts, source_path, without_mark};

/// More warnings than this about one body are not read.
const MOST_WARNINGS: usize = 40;

/// How the names of places begin that pages have around a post.
const PLACES_OF_PAGES: [&str; 6] = ["comment", "disqus", "respond", "top", "webmention", "reply"];

/// What is needed to resolve the URLs of one post.
pub(crate) struct Links<'a> {
    post: &'a Post,
    body: &'a Body,
    posts: &'a Posts,
    config: &'a Config,
    ids: &'a Ids,
    /// What relative addresses are relative to.
    base: Option<Url>,
    /// What there is to warn of so far.
    pub(crate) warnings: Vec<Diagnostic>,
}

impl<'a> Links<'a> {
    pub(crate) fn new((post, body): (&'a Post, &'a Body), posts: &'a Posts, config: &'a Config, ids: &'a Ids) -> Self {
        let base = body.base.clone().or_else(|| Url::parse(&post.url).ok());
        Self { post, body, posts, config, ids, base, warnings: Vec::new() }
    }

    /// Makes all URLs below `nodes` absolute and drops those that lead nowhere safe.
    pub(crate) fn resolve(&mut self, nodes: &mut [Node]) {
        walk(nodes, &mut |element| self.element(element));
    }

    fn element(&mut self, element: &mut Element) {
        let keys: &[&str] = match element.name {
            "a" => &["href"],
            "img" | "source" | "audio" | "iframe" => &["src"],
            "video" => &["src", "poster"],
            "blockquote" | "q" | "del" | "ins" => &["cite"],
            _ => return,
        };
        for key in keys {
            let Some(written) = element.get(key) else { continue };
            let written = without_mark(written.trim()).to_owned();
            if element.name == "img" {
                self.look_at_picture(&written);
            }
            match if *key == "href" { self.href(&written) } else { self.file(&written) } {
                Some(url) => element.set(key, url),
                None => drop(element.remove(key)),
            }
        }
        if let Some(set) = element.get("srcset").map(|set| self.set(set)) {
            // Mail programs and most feed readers know no sets.
            if element.name == "img"
                && element.get("src").is_none()
                && let Some(best) = best(&set)
            {
                element.set("src", best.to_owned());
            }
            if set.is_empty() {
                element.remove("srcset");
            } else {
                element.set("srcset", set);
            }
        }
    }

    /// A picture that comes unprotected is shown by few mail programs.
    fn look_at_picture(&mut self, written: &str) {
        let is_http = written.trim().get(..7).is_some_and(|start| start.eq_ignore_ascii_case("http://"));
        if is_http && self.config.newsletter.from.is_some() {
            let message = "this picture comes over http, and many mail programs do not show such".to_owned();
            self.warn_of("post/insecure-image", written, message, "write `https://` when its server can do that");
        }
    }

    /// A link: to a place in this post, to another post's file, or to any URL.
    fn href(&mut self, written: &str) -> Option<String> {
        let written = written.trim();
        if written.is_empty() {
            self.warn_at("]()", "this link has no address".to_owned(), "write the address between the brackets");
            return None;
        }
        let mark = |name: &str| {
            ["{", "%7B"].iter().any(|open| {
                let rest = written.strip_prefix(open).and_then(|rest| rest.strip_prefix(name));
                rest.is_some_and(|rest| rest.starts_with('}') || rest.starts_with("%7D"))
            })
        };
        if mark("index") {
            return Some(self.config.site.url.to_string());
        }
        // Only Pelican's own settings say where its lists of a tag or an author are.
        if ["tag", "category", "author"].into_iter().any(mark) {
            let written = written.replace("%7B", "{").replace("%7D", "}");
            let message = format!("only Pelican knows where `{written}` leads: the link is left out");
            self.warn(&written, message, "write the address of the page");
            return None;
        }
        if let Some(fragment) = written.strip_prefix('#') {
            self.look_for_place(written, fragment);
            return Some(self.place(fragment)).filter(|_| !fragment.is_empty());
        }
        match self.post_file(written) {
            Target::Post(url) => Some(self.own_place(url)),
            Target::Missing => None,
            Target::Other => {
                let url = self.join(written, &SCHEMES).map(|url| self.own_place(url));
                if let Some(url) = &url {
                    self.look_for_post(written, url);
                }
                url
            }
        }
    }

    /// A place in this post that is not there. What a page has around a post may have others, and generators number headings
    /// without Latin letters and call notes by their labels.
    fn look_for_place(&mut self, written: &str, fragment: &str) {
        let is_of_page = |known: &&str| fragment.to_ascii_lowercase().starts_with(*known);
        let is_numbered = fragment
            .strip_prefix("section")
            .is_some_and(|rest| rest.strip_prefix('-').unwrap_or(rest).bytes().all(|b| b.is_ascii_digit()));
        let is_note = fragment.starts_with("fn") && self.ids.has_notes();
        if fragment.is_empty()
            || self.ids.renamed(fragment).is_some()
            || PLACES_OF_PAGES.iter().any(is_of_page)
            || is_numbered
            || is_note
        {
            return;
        }
        let message = format!("there is no place `{written}` in this post: the link leads to the post");
        self.warn(written, message, "name a heading as it is in addresses: in lower case, with `-` for blanks");
    }

    /// The address of a post that is not there: one that looks as the addresses of posts do, by their dates or folders.
    fn look_for_post(&mut self, written: &str, url: &str) {
        let page = url.split(['#', '?']).next().unwrap_or_default();
        // Many servers show `/walk.html` at `/walk` too.
        let bare = || self.posts.at_url(&format!("{}.html", page.trim_end_matches('/')));
        match self.posts.at_url(page).or_else(bare) {
            Some(post) if matches!(post.status, PostStatus::Published | PostStatus::Page) => {}
            Some(post) => {
                let message = format!("this link leads to {}, which is not published: {}", post.path, post.reason);
                self.warn(written, message, "publish that post first, or remove the link");
            }
            None if is_like_a_post(page, self.config) => {
                let message = format!("no post has the address `{written}`");
                self.warn(
                    written,
                    message,
                    "write the path of the post's file, which stays right when its address changes",
                );
            }
            None => {}
        }
    }

    /// An address with a scheme that neither feeds nor mail link to: reading has left it out.
    pub(crate) fn look_at_scheme(&mut self, written: &str) {
        let scheme = Url::parse(written).map(|url| url.scheme().to_owned()).unwrap_or_default();
        // What a dialect made of something else has been told.
        if scheme.is_empty() || SCHEMES.contains(&&*scheme) || !self.body.text.contains(written) {
            return;
        }
        let nearest = SCHEMES.iter().map(|known| (strsim::damerau_levenshtein(known, &scheme), *known)).min();
        let help = match nearest {
            Some((1, known)) => format!("did you mean `{known}:`?"),
            _ => "write an address of the web, or say in words where it is".to_owned(),
        };
        self.warn(written, format!("feeds and mail have no links with `{scheme}:`: this one is left out"), &help);
    }

    /// An absolute address; where it is one in this post, the place as it is called now.
    fn own_place(&self, url: String) -> String {
        match url.split_once('#') {
            Some((page, fragment)) if page == self.post.url => self.place(fragment),
            _ => url,
        }
    }

    /// A place in this post; the page itself when the place is not in what the entry shows (`#comments`): there it may be.
    fn place(&self, fragment: &str) -> String {
        match self.ids.renamed(fragment) {
            Some(id) => format!("{}#{}", self.post.url, percent_encoded(id).replace('#', "%23")),
            None => self.post.url.clone(),
        }
    }

    /// A file; no address of one is that of the post itself.
    fn file(&self, written: &str) -> Option<String> {
        let written = Some(written.trim()).filter(|written| !written.is_empty() && !written.starts_with('#'))?;
        self.join(written, &SCHEMES[..2])
    }

    fn join(&self, written: &str, schemes: &[&str]) -> Option<String> {
        let url = self.base.as_ref()?.join(written).ok()?;
        // Parsing leaves some characters in it that RFC 3986 does not know.
        let encoded = || format!("{}{}", &url[..Position::BeforePath], percent_encoded(&url[Position::BeforePath..]));
        schemes.contains(&url.scheme()).then(encoded)
    }

    /// `a.png 1x, b.png 2x` (HTML §4.8.4.2.1).
    fn set(&self, written: &str) -> String {
        let mut rest = written;
        let mut candidates = Vec::new();
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
            if rest.is_empty() {
                return candidates.join(", ");
            }
            let (address, after) = rest.split_at(rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len()));
            let alone = address.ends_with(',');
            let (descriptor, after) = if alone { ("", after) } else { after.split_once(',').unwrap_or((after, "")) };
            rest = after;
            if let Some(url) = self.file(address.trim_end_matches(',')).filter(|_| is_descriptor(descriptor)) {
                // The set is divided at commas.
                let url = url.replace(',', "%2C");
                candidates.push(format!("{url} {}", descriptor.trim()).trim_end().to_owned());
            }
        }
    }

    /// The permalink of the post whose file is meant, with the fragment.
    fn post_file(&mut self, written: &str) -> Target {
        if written.is_empty() || written.starts_with("//") || written.contains(':') {
            return Target::Other;
        }
        let end = written.find(['?', '#']).unwrap_or(written.len());
        let (path, rest) = written.split_at(end);
        let path = percent_decode_str(path).decode_utf8_lossy();
        let name = path.rsplit('/').next().unwrap_or_default();
        let is_file = source_path::strip_extension(name).is_some();
        if !is_file && (name.is_empty() || name.contains('.')) {
            return Target::Other;
        }
        let posts = self.posts;
        let places = self.places(&path);
        let found = places.iter().find_map(|place| {
            let with_extensions = || source_path::with_extensions(place).find_map(|file| posts.at_path(&file));
            if is_file { posts.at_path(place) } else { with_extensions() }
        });
        let fragment = rest.find('#').map_or("", |at| &rest[at..]);
        match found {
            Some(post) => {
                if !matches!(post.status, PostStatus::Published | PostStatus::Page) && is_file {
                    let message = format!("this link leads to {}, which is not published: {}", post.path, post.reason);
                    self.warn(written, message, "publish that post first, or remove the link");
                }
                Target::Post(format!("{}{fragment}", post.url))
            }
            None if let Some(url) = path.strip_prefix("@/").and_then(|page| self.body.pages.get(page)) => {
                Target::Post(format!("{url}{fragment}"))
            }
            None if is_file => {
                let message = format!("there is no post `{path}`");
                self.warn(written, message, "write the path of a file in the posts folder, or the address of the page");
                Target::Missing
            }
            None => Target::Other,
        }
    }

    /// Where a path in a link may lead, relative to the site.
    fn places(&self, path: &str) -> Vec<String> {
        let dir = format!("{}/", self.config.posts.dir.trim_start_matches("./").trim_end_matches('/'));
        // The posts may lie in a folder above the site; then paths are those of that folder.
        let (up, dir) = dir.split_at(dir.len() - dir.trim_start_matches("../").len());
        let place = |path: String| format!("{up}{}", normal(&path));
        if let Some(below) = path.strip_prefix("@/") {
            // Zola counts from its content folder, of which the posts folder may be a part.
            let inner = dir.split_once('/').map_or("", |(_, inner)| inner.trim_end_matches('/'));
            let from_content = below.strip_prefix(inner).unwrap_or(below);
            return vec![place(format!("{dir}{below}")), place(format!("{dir}{from_content}"))];
        }
        if let Some(rooted) = path.strip_prefix('/') {
            return vec![place(rooted.to_owned()), place(format!("{dir}{rooted}"))];
        }
        let folder = self.post.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let folder = folder.strip_prefix(up).unwrap_or_default();
        vec![place(format!("{folder}/{path}")), place(format!("{dir}{path}")), place(path.to_owned())]
    }

    fn warn(&mut self, written: &str, message: String, help: &str) {
        self.warn_of("post/link", written, message, help);
    }

    /// Warns of the place of a text that is not an address.
    fn warn_at(&mut self, text: &str, message: String, help: &str) {
        if self.body.text.contains(text) {
            self.warn_of("post/link", text, message, help);
        }
    }

    fn warn_of(&mut self, code: &'static str, written: &str, message: String, help: &str) {
        if self.warnings.len() >= MOST_WARNINGS {
            return;
        }
        let body = self.body;
        let place = body.text.find(written).map_or_else(
            || Location::start_of(&self.post.path),
            |at| Places::from_line(body.first_line, &self.post.path, &body.text).at(at..at + written.len()),
        );
        self.warnings.push(Diagnostic::warning(code, message).at(place).help(help));
    }
}

/// Whether an address of the site is made as those of its posts are: with a year, a month or another fixed part where they have it.
fn is_like_a_post(page: &str, config: &Config) -> bool {
    let Some(below) = page.strip_prefix(config.site.url.as_str()) else { return false };
    let mut has_fixed = false;
    let mut rest = below.trim_end_matches('/');
    for (at, part) in config.posts.permalink.parts().iter().enumerate() {
        let digits = match part {
            PermalinkPart::Year => 4,
            PermalinkPart::Month | PermalinkPart::Day => 2,
            PermalinkPart::DayOfYear => 3,
            PermalinkPart::Text(text) => {
                let text = if at == 0 { text.trim_start_matches('/') } else { text };
                match rest.strip_prefix(text) {
                    Some(behind) => rest = behind,
                    None => return false,
                }
                has_fixed |= text.bytes().any(|byte| byte.is_ascii_alphanumeric());
                continue;
            }
            // The rest is a name.
            _ => return has_fixed && !rest.is_empty() && !rest.contains(['/', '.']),
        };
        if rest.len() < digits || !rest.bytes().take(digits).all(|byte| byte.is_ascii_digit()) {
            return false;
        }
        rest = &rest[digits..];
        has_fixed = true;
    }
    false
}

/// The picture of a set that is best for a column of 600 pixels on a screen of twice as many: the smallest that is large
/// enough, else the largest.
fn best(set: &str) -> Option<&str> {
    let candidates = set.split(',').filter_map(|candidate| {
        let mut words = candidate.split_ascii_whitespace();
        let (address, descriptor) = (words.next()?, words.next().unwrap_or("1x"));
        let (number, unit) = descriptor.split_at(descriptor.len() - 1);
        let number: f64 = number.parse().ok()?;
        Some((address, if unit == "x" { number * 600.0 } else { number }))
    });
    let is_better = |one: f64, other: f64| if one < 1200.0 || other < 1200.0 { one > other } else { one < other };
    let best = candidates.reduce(|best, next| if is_better(next.1, best.1) { next } else { best });
    best.map(|(address, _)| address)
}

/// `2x`, `1.5x`, `640w`, or nothing.
fn is_descriptor(text: &str) -> bool {
    let text = text.trim();
    let number = text.strip_suffix(['x', 'w']).unwrap_or("1");
    text.is_empty() || text.ends_with(['x', 'w']) && number.parse::<f64>().is_ok_and(|number| number > 0.0)
}

/// What a link leads to.
enum Target {
    /// This permalink.
    Post(String),
    /// A file that is no post: the link goes, its text stays.
    Missing,
    /// Anything else.
    Other,
}

/// The path without `.` and `..`.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
