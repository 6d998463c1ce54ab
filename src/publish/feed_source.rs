//! Posts from a feed that another program builds: read from a file of the site, or fetched.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::error::PublishError;
use crate::config::{Config, FeedPlace, FeedSource};
use crate::diagnostic::Diagnostic;
use crate::feed::{self, lint::LARGEST};
use crate::files::{Access, FileKind, Folder};
use crate::model::{Body, ReadFeed, sha256_hex};
use crate::post::{self, FromFeed, Loaded};
use crate::transport::{Fetched, Validators, fetch};

/// What is kept of a feed that was fetched, so that it is fetched again only when it has changed.
fn cache(url: &Url) -> [String; 2] {
    let name = &sha256_hex(url.as_str().as_bytes())[..16];
    [format!(".tidings/fetched/{name}.feed"), format!(".tidings/fetched/{name}.json")]
}

/// A feed with more entries is not read.
const MOST_ENTRIES: usize = 50_000;

/// The posts of a site whose posts are the entries of a feed.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// By the paths of the posts.
    pub(super) bodies: BTreeMap<String, Arc<Body>>,
    /// Where its readers have it.
    pub(super) address: Option<String>,
}

/// Reads the feed and makes posts of it. One that is not there, is no feed or has no entries is an error: it never stands for a
/// site without posts.
pub(super) fn read(
    site: &Folder,
    config: &Config,
    source: &FeedSource,
    now: Timestamp,
) -> Result<(Loaded, Source), PublishError> {
    let feed = whole(site, source, &config.site.url)?;
    if feed.entries.len() > MOST_ENTRIES {
        let message = format!("the feed has {} entries: {}", feed.entries.len(), source.name());
        return Err(problem(source, "posts/feed", message, &format!("name a feed of at most {MOST_ENTRIES}")));
    }
    let of_web = if let FeedPlace::Web(url) = &source.place { Some(url.to_string()) } else { None };
    let address = of_web
        .or_else(|| feed.address.clone())
        .filter(|address| Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https")));
    let FromFeed { loaded, bodies } = post::from_feed(feed, source.name(), config, now);
    if loaded.posts.is_empty() {
        let empty = format!("the feed has no entries with an id: {}", source.name());
        return Err(problem(source, "posts/no-entries", empty, "look at what makes it; nothing was changed"));
    }
    Ok((loaded, Source { bodies, address }))
}

/// The feed that a setting names; `own` is the address of the site.
pub(super) fn whole(site: &Folder, source: &FeedSource, own: &Url) -> Result<ReadFeed, PublishError> {
    match &source.place {
        FeedPlace::File(name) => {
            let bytes = match site.read(name, FileKind::Feed) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let help = "build the blog first, or name its feed in config.toml";
                    return Err(problem(source, "posts/no-feed", format!("there is no feed: {name}"), help));
                }
                read => read.map_err(|error| PublishError::file(name, error))?,
            };
            feed::read(&bytes).map_err(|why| unreadable(source, &why))
        }
        FeedPlace::Web(url) => {
            if let Some(bytes) = source.fetched.get() {
                return feed::read(bytes).map_err(|why| unreadable(source, &why));
            }
            let cached = cached(site, url);
            let known = cached.as_ref().map(|(validators, _)| validators.clone()).unwrap_or_default();
            let fetched = fetch(url, &known, own, LARGEST).map_err(|why| {
                let help = "try again when it can be reached; nothing was changed";
                problem(source, "posts/no-feed", format!("the feed cannot be fetched: {url}: {why}"), help)
            })?;
            let (bytes, validators) = match (fetched, cached) {
                (Fetched::New(bytes, validators), _) => (bytes, Some(validators)),
                (Fetched::Same, Some((_, bytes))) => (bytes, None),
                (Fetched::Same, None) => (Vec::new(), None),
            };
            let feed = feed::read(&bytes).map_err(|why| unreadable(source, &why))?;
            if let Some(validators) = validators.filter(|validators| *validators != Validators::default()) {
                keep(site, url, &validators, &bytes);
            }
            let _ = source.fetched.set(Arc::new(bytes));
            Ok(feed)
        }
    }
}

fn problem(source: &FeedSource, code: &'static str, message: String, help: &str) -> PublishError {
    PublishError::Site(vec![Diagnostic::error(code, message).at(source.location.clone()).help(help)])
}

fn unreadable(source: &FeedSource, why: &str) -> PublishError {
    let message = format!("this is no feed that can be read: {}: {why}", source.name());
    let help = "`tidings check FILE` says more about a feed; nothing was changed";
    problem(source, "posts/feed", message, help)
}

/// What is known of the feed that was fetched last.
#[derive(Serialize, Deserialize)]
struct About {
    url: String,
    etag: Option<String>,
    last_modified: Option<String>,
    sha256: String,
}

/// The feed that was fetched last from this address, whole as it came. What cannot be read is fetched again.
fn cached(site: &Folder, url: &Url) -> Option<(Validators, Vec<u8>)> {
    let [cache, about] = cache(url);
    let about = site.read_optional(&about, FileKind::Memory).ok()??;
    let about: About = serde_json::from_slice(&about).ok()?;
    let bytes = site.read_optional(&cache, FileKind::Memory).ok()??;
    let is_whole = about.url == url.as_str() && about.sha256 == sha256_hex(&bytes);
    is_whole.then_some((Validators { etag: about.etag, last_modified: about.last_modified }, bytes))
}

/// Keeps a feed. Where that is not possible, the next command fetches it again.
fn keep(site: &Folder, url: &Url, validators: &Validators, bytes: &[u8]) {
    let Validators { etag, last_modified } = validators.clone();
    let about = About { url: url.to_string(), etag, last_modified, sha256: sha256_hex(bytes) };
    let Ok(text) = serde_json::to_string_pretty(&about) else { return };
    let [cache, place] = cache(url);
    let folder = site.make_folder(".tidings", Access::Private);
    let written = folder.and_then(|()| site.write_if_changed(&cache, bytes, Access::Private));
    let _ = written.and_then(|_| site.write_if_changed(&place, (text + "\n").as_bytes(), Access::Private));
}
