//! The pictures, sound and film of a site: which file a URL stands for, and what that file is.
//!
//! Only URLs of the site itself have a file. It is looked for beside the post, as the author wrote it, and in the folders
//! from which generators copy their files to the root of a site; never outside of the site.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use percent_encoding::percent_decode_str;
use url::Url;

use super::error::refused;
use crate::config::Config;
use crate::content::nodes;
use crate::diagnostic::{Diagnostic, Location, Places, Severity};
use crate::files::{FileKind, Folder, Open, Refusal, Why};
use crate::media::{self, Facts};
use crate::model::{Body, Entry, Image, Markup, media_type};
use crate::render;

/// The folders whose content generators put at the root of a site.
const FOLDERS: [&str; 14] = [
    "static",
    "public",
    "assets",
    "source",
    "content",
    "src",
    "src/assets",
    "src/public",
    "docs",
    "docs/.vuepress/public",
    ".vuepress/public",
    "content/extra",
    "files",
    "media",
];

/// What a file is, its first bytes say, or for a film the last ones; more of it is not read.
const LOOKED_AT: u64 = 4 << 20;

/// More warnings than this about the files of one post are not read.
pub(super) const MOST_WARNINGS: usize = 40;

/// Where the files of a site are.
#[derive(Debug)]
pub(super) struct Library {
    pub(super) folder: Folder,
    /// Those of [`FOLDERS`] that are there, and the site's own; `""` is the root.
    folders: Vec<String>,
    /// Where the feeds are written.
    pub(super) feeds: String,
    pub(super) site: Url,
    seen: Mutex<Seen>,
}

/// What was looked at before: posts often show the same pictures, and look for them in the same folders.
#[derive(Debug, Default)]
struct Seen {
    /// Whether there is such a folder.
    folders: HashMap<String, bool>,
    /// Which of the site's folders have such a folder in them, with it.
    homes: HashMap<String, Arc<[String]>>,
    /// The files that were found.
    files: HashMap<String, Found>,
    /// Those that were found and are left alone, by name.
    refused: BTreeMap<String, Refusal>,
}

impl Seen {
    fn has_folder(&mut self, folder: &str, site: &Folder) -> bool {
        if let Some(is_there) = self.folders.get(folder) {
            return *is_there;
        }
        let is_there = site.is_folder(folder);
        if !is_there && let Err(error) = site.find(folder) {
            self.refuse(&error);
        }
        self.folders.insert(folder.to_owned(), is_there);
        is_there
    }

    /// Remembers a link that leads out of the site. Why anything else cannot be read does not matter: it is as good as not
    /// there.
    fn refuse(&mut self, error: &io::Error) {
        if let Some(refusal) = Refusal::of(error).filter(|refusal| !matches!(refusal.why, Why::Outside(_))) {
            self.refused.insert(refusal.name.clone(), refusal.clone());
        }
    }
}

/// A file that was found.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Relative to the site.
    pub(super) path: String,
    length: u64,
    pub(super) facts: Facts,
}

impl Library {
    /// Looks which folders there are.
    pub(super) fn new(folder: Folder, config: &Config) -> Self {
        let posts = config.posts.dir.trim_matches('/');
        let own = [posts, &config.feeds.dir].map(|folder| folder.trim_start_matches("./").trim_matches('/').to_owned());
        // With posts in content/blog, content is the root.
        let above = own[0].match_indices('/').map(|(at, _)| own[0][..at].to_owned());
        let mut folders = vec![String::new()];
        for name in FOLDERS.map(str::to_owned).into_iter().chain(above).chain(own.clone()) {
            if !folders.contains(&name) && folder.is_folder(&name) {
                folders.push(name);
            }
        }
        let (feeds, site) = (config.feeds.dir.clone(), config.site.url.clone());
        Self { folder, folders, feeds, site, seen: Mutex::default() }
    }

    /// Adds to an entry what its files say about themselves.
    pub(super) fn complete(&self, entry: &mut Entry, body: &Body, warnings: &mut Vec<Diagnostic>) {
        let mut sizes = BTreeMap::new();
        let (mut pictures, mut mail) = (std::mem::take(&mut entry.pictures), entry.mail.take());
        let in_mail = mail.iter_mut().flat_map(|mail| &mut mail.pictures);
        for picture in pictures.iter_mut().chain(in_mail) {
            if let Some(found) = self.find(&picture.url, entry) {
                if let Some(size) = found.facts.size {
                    sizes.insert(picture.url.clone(), size);
                }
                know(picture, &found.facts);
            }
        }
        warnings.extend(self.missing(&pictures, entry, body));
        (entry.pictures, entry.mail) = (pictures, mail);
        if !sizes.is_empty() {
            render::add_sizes(&mut entry.content, &sizes);
            if let Some(mail) = &mut entry.mail {
                render::add_sizes(&mut mail.content, &sizes);
            }
        }
        if let Some(mut image) = entry.image.take() {
            if let Some(found) = self.find(&image.url, entry) {
                know(&mut image, &found.facts);
            }
            entry.image = Some(image);
        }
        let mut told = 0;
        for index in 0..entry.enclosures.len() {
            let found = self.find(&entry.enclosures[index].url, entry);
            let enclosure = &mut entry.enclosures[index];
            match found {
                Some(found) => {
                    enclosure.length = Some(found.length);
                    if let Some(kind) = found.facts.media_type {
                        enclosure.media_type = Some(kind.to_owned());
                    }
                }
                // Of an entry of a feed its author cannot say it here.
                None if enclosure.length.is_none() && told < MOST_WARNINGS && body.markup == Markup::Markdown => {
                    told += 1;
                    let message = "it is not known how many bytes this file has, which podcast programs want to know";
                    let help =
                        "write `length:` and the number of bytes into the front matter, or keep the file in the site";
                    let place = place(&entry.path, body, &enclosure.url);
                    warnings.push(Diagnostic::warning("post/enclosure-length", message).at(place).help(help));
                }
                None => {}
            }
        }
    }

    /// Pictures, and files that are linked to, of the site itself that are not there, although the folder is in which they would
    /// be.
    fn missing(&self, pictures: &[Image], entry: &Entry, body: &Body) -> Vec<Diagnostic> {
        let mut wanted: Vec<(&str, &'static str, &str)> = Vec::new();
        wanted.extend(pictures.iter().map(|picture| (picture.url.as_str(), "post/picture", "picture")));
        nodes::each(&entry.content, &mut |element| {
            let file = element.get("href").filter(|url| element.name == "a" && media_type(url).is_some());
            wanted.extend(file.map(|url| (url, "post/link", "file")));
        });
        let Ok(permalink) = Url::parse(&entry.url) else { return Vec::new() };
        let warning = |(url, code, what): &(&str, &'static str, &str)| {
            let path = url.strip_prefix(self.site.as_str()).unwrap_or(url);
            let message = format!("there is no {what} `{path}` in this site");
            let help = "put it beside the post, write its name as it is, or the whole address where it is";
            Diagnostic::warning(code, message).at(place(&entry.path, body, url)).help(help)
        };
        let is_missing = |(url, ..): &&(&str, &'static str, &str)| self.is_missing(url, entry, &permalink);
        wanted.iter().filter(is_missing).take(MOST_WARNINGS).map(warning).collect()
    }

    fn is_missing(&self, url: &str, entry: &Entry, permalink: &Url) -> bool {
        if !url.starts_with(self.site.as_str()) || self.find(url, entry).is_some() {
            return false;
        }
        let Ok(url) = Url::parse(url) else { return false };
        let places = self.places(&url, &entry.path, permalink);
        let is_beside = permalink.make_relative(&url).is_some_and(|path| !path.starts_with(['.', '/']));
        // What is at the root of a site comes neither from its posts nor from its feeds.
        let is_source =
            |folder: &str| is_beside || !entry.path.starts_with(&format!("{folder}/")) && folder != self.feeds;
        let is_known = |path: &String| {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let is_inside = !folder.is_empty() && !path.contains("..") && is_source(folder);
            is_inside && self.seen().has_folder(folder, &self.folder)
        };
        let is_there = |path: &String| self.seen().refused.contains_key(path) || self.folder.is_file(path);
        places.iter().any(is_known) && !places.iter().any(is_there)
    }

    /// The file that a URL of an entry stands for.
    pub(super) fn find(&self, url: &str, entry: &Entry) -> Option<Found> {
        self.find_near(url, &entry.path, &entry.url)
    }

    /// The file that a URL stands for in the post of this path and permalink.
    pub(super) fn find_near(&self, url: &str, path: &str, permalink: &str) -> Option<Found> {
        let (Ok(url), Ok(permalink)) = (Url::parse(url), Url::parse(permalink)) else { return None };
        self.places(&url, path, &permalink).into_iter().find_map(|path| self.look_at(path))
    }

    fn look_at(&self, path: String) -> Option<Found> {
        let (folder, _) = path.rsplit_once('/').unwrap_or_default();
        {
            let mut seen = self.seen();
            if let Some(found) = seen.files.get(&path) {
                return Some(found.clone());
            }
            if seen.refused.contains_key(&path) || !seen.has_folder(folder, &self.folder) {
                return None;
            }
        }
        let file = self.opened(&path, FileKind::Media)?;
        let length = file.length();
        let facts = media::facts(&path, &mut file.sampled(LOOKED_AT))?;
        // No page shows such a picture; of sound and film any length is good.
        if length > FileKind::Picture.limit() && facts.media_type.is_some_and(|kind| kind.starts_with("image/")) {
            let why = Why::TooLarge { length, kind: FileKind::Picture };
            self.seen().refuse(&Refusal { name: path, why }.into());
            return None;
        }
        let found = Found { path: path.clone(), length, facts };
        self.seen().files.insert(path, found.clone());
        Some(found)
    }

    fn opened(&self, path: &str, kind: FileKind) -> Option<Open> {
        self.folder.open(path, kind).inspect_err(|error| self.seen().refuse(error)).ok()
    }

    /// The links that were found where a post shows a picture and lead out of the site, and what else is left alone there.
    pub(super) fn refused(&self) -> Vec<Diagnostic> {
        let warning = |refusal| Diagnostic { severity: Severity::Warning, ..refused(refusal) };
        self.seen().refused.values().map(warning).collect()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those of the site's folders that have this folder in them, with it.
    fn folders_with(&self, inner: &str) -> Arc<[String]> {
        let mut seen = self.seen();
        if let Some(known) = seen.homes.get(inner) {
            return Arc::clone(known);
        }
        let whole = self.folders.iter().map(|folder| format!("{folder}/{inner}").trim_matches('/').to_owned());
        let there: Arc<[String]> = whole.filter(|folder| seen.has_folder(folder, &self.folder)).collect();
        seen.homes.insert(inner.to_owned(), Arc::clone(&there));
        there
    }

    /// The bytes of a file that was found, when it is not far too large.
    pub(super) fn read(&self, found: &Found) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.opened(&found.path, FileKind::Picture)?.read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    /// Where the file of a URL may be, relative to the site.
    fn places(&self, url: &Url, path: &str, permalink: &Url) -> Vec<String> {
        let origin = |url: &'_ Url| (url.scheme() == self.site.scheme(), url.port_or_known_default());
        if origin(url) != origin(&self.site) || url.host() != self.site.host() {
            return Vec::new();
        }
        let decoded = |path: &str| {
            let path = path.split(['?', '#']).next().unwrap_or_default();
            Some(percent_decode_str(path).decode_utf8().ok()?.into_owned()).filter(|path| !path.is_empty())
        };
        let mut places = Vec::new();
        if let Some(relative) = permalink.make_relative(url).and_then(|path| decoded(&path)) {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
            places.push(format!("{folder}/{relative}"));
            // Hexo keeps the pictures of a post in a folder of its name.
            places.push(format!("{folder}/{stem}/{relative}"));
        }
        // Not the site's own root: a site at example.org/blog/ does not hold example.org/a.png.
        if let Some(below) = url.path().strip_prefix(self.site.path()).and_then(decoded) {
            let (inner, name) = below.rsplit_once('/').unwrap_or(("", &below));
            places.extend(self.folders_with(inner).iter().map(|folder| format!("{folder}/{name}")));
        }
        places.iter().map(|place| place.trim_start_matches('/').to_owned()).collect()
    }
}

/// Where a post names a file: by the last part of the URL.
pub(super) fn place(post: &str, body: &Body, url: &str) -> Location {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let decoded = percent_decode_str(name).decode_utf8_lossy();
    let names = [name, &decoded].into_iter().filter(|name| !name.is_empty());
    let place = |name: &str| {
        let within = |(line, text): (usize, &str)| {
            let at = text.find(name)?;
            Some(Places::from_line(line, post, text).at(at..at + name.len()))
        };
        [(1, &*body.head), (body.first_line, &*body.text)].into_iter().find_map(within)
    };
    { names }.find_map(place).unwrap_or_else(|| Location::start_of(post))
}

/// What a file says about itself is true; what was written about it may be old.
fn know(image: &mut Image, facts: &Facts) {
    if let Some((width, height)) = facts.size {
        (image.width, image.height) = (Some(width), Some(height));
    }
    if let Some(kind) = facts.media_type {
        image.media_type = Some(kind.to_owned());
    }
}
