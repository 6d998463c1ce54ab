//! `tidings check --against`: what a person named, read and compared with the site.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;

use url::Url;

use super::Context;
use super::failure::{Exit, Failure};
use crate::diagnostic::Diagnostic;
use crate::feed::{self, lint::LARGEST};
use crate::files::{self, FileKind, Folder};
use crate::model::ReadFeed;
use crate::publish::{Compared, Pages, PublishError, Site, against_feed, against_pages, count, sitemaps_of_index};
use crate::transport::{Fetched, Validators, fetch};

/// What readers would see if the site took the place of what is at this address, or in this file or folder.
pub(super) fn find(site: &Site, wanted: &str, context: &Context) -> Result<Vec<Diagnostic>, Failure> {
    if web(wanted).is_none() && Folder::new(Path::new(wanted)).is_folder("") {
        let folder = Folder::new(Path::new(wanted));
        return Ok(of_pages(site, &Pages::Built(&folder), wanted, context));
    }
    let bytes = bytes(wanted)?;
    if let Some(pages) = Pages::of_sitemap(&bytes) {
        return Ok(of_pages(site, &pages, wanted, context));
    }
    if let Some(maps) = sitemaps_of_index(&bytes) {
        return Ok(of_pages(site, &all_of(&maps, wanted, context)?, wanted, context));
    }
    let feed = feed_in(wanted, &bytes)?;
    let compared = against_feed(site, &feed, wanted);
    context.ui.say(&summary(&compared, wanted));
    Ok(compared.found)
}

/// So many sitemaps of an index are read.
const MOST_MAPS: usize = 50;

/// The pages of all sitemaps that an index names: of one on the web those on its host, of a file those that lie beside it.
fn all_of(maps: &[Url], wanted: &str, context: &Context) -> Result<Pages<'static>, Failure> {
    let index = web(wanted);
    let folder = Folder::new(Path::new(wanted).parent().unwrap_or(Path::new("")));
    let is_own = |map: &&Url| index.as_ref().is_none_or(|index| index.host_str() == map.host_str());
    let mut pages = BTreeSet::new();
    let mut count_read = 0;
    for map in maps.iter().filter(is_own).take(MOST_MAPS) {
        // The site may lie below a path of its host.
        let name = map.path().trim_start_matches('/');
        let last = name.rsplit('/').next().unwrap_or_default();
        let text = match &index {
            Some(_) => bytes(map.as_str())?,
            None => folder
                .read(name, FileKind::Feed)
                .or_else(|error| folder.read(last, FileKind::Feed).map_err(|_| error))
                .map_err(|error| PublishError::File { path: folder.path().join(name), error })?,
        };
        let Some(Pages::Listed(more)) = Pages::of_sitemap(&text) else {
            let unknown =
                Diagnostic::error("against/unreadable", format!("this is no sitemap that can be read: {map}"));
            let help = "name one that is not compressed, or the folder that the site was built into";
            return Err(Failure::new(Exit::Problems, unknown.help(help)));
        };
        pages.extend(more);
        count_read += 1;
    }
    if count_read < maps.len() {
        let all = count(maps.len() as u64, "sitemap");
        context
            .ui
            .say(&format!("Read {count_read} of {all} in {wanted}: at most {MOST_MAPS}, and those of its own host."));
    }
    Ok(Pages::Listed(pages))
}

/// How many entries of the feed are posts.
pub(super) fn summary(compared: &Compared, name: &str) -> String {
    let Compared { entries, by_id, by_address, by_look, .. } = compared;
    let none = entries - by_id - by_address - by_look;
    let all = count(*entries as u64, "entry");
    format!(
        "Of {all} in {name}, {by_id} match a post by id, {by_address} by address, {by_look} by title and time; {none} without a post."
    )
}

fn of_pages(site: &Site, pages: &Pages<'_>, name: &str, context: &Context) -> Vec<Diagnostic> {
    let (missing, found) = against_pages(site, pages, name);
    let posts = site.published().count();
    let all = count(posts as u64, "published post");
    let there = posts - missing;
    let verb = if there == 1 { "has" } else { "have" };
    context.ui.say(&format!("Of {all}, {there} {verb} a page in {name}."));
    found
}

/// The feed that a person named.
pub(super) fn feed(wanted: &str) -> Result<ReadFeed, Failure> {
    feed_in(wanted, &bytes(wanted)?)
}

fn feed_in(wanted: &str, bytes: &[u8]) -> Result<ReadFeed, Failure> {
    feed::read(bytes).map_err(|why| {
        let unknown =
            Diagnostic::error("against/unreadable", format!("this is no feed that can be read: {wanted}: {why}"));
        let help = "name an RSS, Atom or JSON Feed; `tidings check FILE` says more about one";
        Failure::new(Exit::Problems, unknown.help(help))
    })
}

/// The address that is meant, if it is one.
pub(super) fn web(wanted: &str) -> Option<Url> {
    Url::parse(wanted).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// What is at an address or in a file. A person named it, so it may be on this machine.
#[expect(clippy::disallowed_methods, reason = "a person named this file")]
fn bytes(wanted: &str) -> Result<Vec<u8>, Failure> {
    if let Some(url) = web(wanted) {
        return match fetch(&url, &Validators::default(), &url, LARGEST) {
            Ok(Fetched::New(bytes, _)) => Ok(bytes),
            Ok(Fetched::Same) => Err(Failure::unexpected("the server says that nothing changed")),
            Err(why) => {
                let failed = Diagnostic::error("against/unreachable", format!("{wanted} cannot be fetched: {why}"));
                Err(Failure::new(Exit::Problems, failed.help("try again when it can be reached, or name a saved copy")))
            }
        };
    }
    let mut bytes = Vec::new();
    files::open_named(Path::new(wanted))
        .and_then(|opened| opened.take(LARGEST as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| PublishError::File { path: wanted.into(), error })?;
    Ok(bytes)
}
