//! The folder of posts: finds the files, reads of each as much as its front matter needs, and later a body that is shown.

use std::collections::BTreeMap;
use std::io;

use jiff::Timestamp;

use super::error::{PublishError, refused};
use super::parallel::{self, Work};
use crate::config::{Config, FileDate};
use crate::diagnostic::{Diagnostic, Location, Severity};
use crate::files::{self, FileKind, Folder, LeftOut, Refusal};
use crate::post::{self, Loaded, Source};

/// How much of a file is read at first, in bytes: the front matter of nearly all posts and some of the text.
const HEAD: usize = 2048;

/// So many names of posts that are not there are told.
const MOST_LOST: usize = 20;

/// How much of the files is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// What it takes to know all about a post but its body.
    Heads,
    /// All.
    Whole,
}

/// Reads the posts of a site.
pub(super) fn read(site: &Folder, config: &Config, now: Timestamp, depth: Depth) -> Result<Loaded, PublishError> {
    let dir = &config.posts.dir;
    let survey = match site.survey(dir, &|folder| post::enters(folder)) {
        Ok(survey) => survey,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let missing = Diagnostic::error("posts/no-folder", format!("there is no folder for posts: {dir}"))
                .help("make it, or set `posts.dir` in config.toml");
            return Err(PublishError::Site(vec![missing]));
        }
        Err(error) => return Err(PublishError::file(dir, error)),
    };
    let named = |path: &str| named(dir, path);
    let (beside, paths): (Vec<String>, Vec<String>) = post::files_to_read(&survey.files, config.posts.txt)
        .into_iter()
        .map(named)
        .partition(|path| post::is_companion(path));
    let (mut companions, mut unread) = (Vec::new(), Vec::new());
    for path in beside {
        match bytes(site, &path, FileKind::Companion) {
            Ok(bytes) => companions.push(Source { path, bytes }),
            Err(problem) => unread.push(problem),
        }
    }
    for (path, why) in &survey.left_out {
        let is_read = post::is_post_file(path, config.posts.txt) || post::is_companion(path);
        match why {
            LeftOut::Refused(refusal) if is_read => unread.push(refused(refusal)),
            LeftOut::Refused(_) => {}
            why if is_read || *why == LeftOut::FolderLink => {
                let found = unreadable(&named(path), &why.to_string());
                unread.push(Diagnostic { severity: Severity::Warning, ..found });
            }
            _ => {}
        }
    }
    for path in post::author_files(dir) {
        match site.read_optional(&path, FileKind::Companion) {
            Ok(bytes) => companions.extend(bytes.map(|bytes| Source { path, bytes })),
            Err(error) => unread.push(problem(&path, &error)),
        }
    }
    let dates = dates(site, config, &paths)?;
    let ids = ids(site, config)?;
    for path in ids.keys().filter(|path| !paths.contains(path)).take(MOST_LOST) {
        let message = format!("the file of `posts.ids` names a post that is not there: {path}");
        let help = "if it moved, give its line the new path: its readers know it by the id there";
        let place = Location::start_of(config.posts.ids.as_deref().unwrap_or_default());
        unread.push(Diagnostic::warning("posts/ids", message).at(place).help(help));
    }
    let reader =
        post::Loader::new(companions, paths.iter().map(String::as_str), config, now).dated(dates).known_as(ids);
    let read = parallel::map(&paths, Work::Light, |path| read_one(site, path, &reader, depth));
    let posts = read.into_iter().filter_map(|read| read.map_err(|problem| unread.push(problem)).ok()).collect();
    let mut loaded = reader.gather(posts);
    loaded.diagnostics.extend(unread);
    Ok(loaded)
}

/// The path of a file of the folder, relative to the site.
fn named(dir: &str, path: &str) -> String {
    if dir == "." { path.to_owned() } else { format!("{dir}/{path}") }
}

/// What dates the posts that say no day themselves, when the owner wants it so.
fn dates(site: &Folder, config: &Config, paths: &[String]) -> Result<BTreeMap<String, Timestamp>, PublishError> {
    let dir = &config.posts.dir;
    match config.posts.date {
        None => Ok(BTreeMap::new()),
        Some(FileDate::Written) => {
            let written = |path: &String| Some((path.clone(), site.written(path).ok()?));
            Ok(paths.iter().filter_map(written).collect())
        }
        Some(FileDate::Git) => {
            let commits = files::first_commits(site.path(), &site.path().join(dir)).map_err(|problem| {
                let message = format!("`posts.date` is \"git\", and the history cannot be read: {problem}");
                PublishError::Site(vec![Diagnostic::error("posts/git", message).help(problem.help())])
            })?;
            Ok(commits.into_iter().map(|(path, at)| (named(dir, &path), at)).collect())
        }
    }
}

/// The ids that the file of `posts.ids` names.
fn ids(site: &Folder, config: &Config) -> Result<BTreeMap<String, String>, PublishError> {
    let Some(name) = &config.posts.ids else { return Ok(BTreeMap::new()) };
    let problem = |message: String, help: &str| {
        PublishError::Site(vec![Diagnostic::error("posts/ids", message).at(Location::start_of(name)).help(help)])
    };
    let bytes = site.read_optional(name, FileKind::Post).map_err(|error| PublishError::file(name, error))?;
    let Some(bytes) = bytes else {
        let help = "bring it back, or remove `posts.ids`: without it readers would see its posts as new";
        return Err(problem(format!("there is no such file: {name}"), help));
    };
    toml::from_str(&String::from_utf8_lossy(&bytes)).map_err(|error| {
        let help = "write a line such as `\"posts/a.md\" = \"tag:example.org,2020:a\"` for each post";
        problem(format!("this cannot be read: {}", error.message()), help)
    })
}

/// The whole of a file.
pub(super) fn bytes(site: &Folder, path: &str, kind: FileKind) -> Result<Vec<u8>, Diagnostic> {
    site.read(path, kind).map_err(|error| problem(path, &error))
}

fn read_one(
    site: &Folder,
    path: &str,
    reader: &post::Loader<'_>,
    depth: Depth,
) -> Result<(crate::model::Post, Vec<Diagnostic>), Diagnostic> {
    let failed = |error: io::Error| problem(path, &error);
    let mut file = site.open(path, FileKind::Post).map_err(failed)?;
    let mut source = Source { path: path.to_owned(), bytes: Vec::new() };
    let is_whole = depth == Depth::Heads && file.read_to(&mut source.bytes, HEAD).map_err(failed)?;
    if !is_whole {
        if depth == Depth::Heads
            && let Some(read) = reader.read_head(&source)
        {
            return Ok(read);
        }
        file.read_to_end(&mut source.bytes).map_err(failed)?;
    }
    Ok(reader.read(&source))
}

/// Why a file cannot be read.
fn problem(path: &str, error: &io::Error) -> Diagnostic {
    Refusal::of(error).map_or_else(|| unreadable(path, &error.to_string()), refused)
}

/// A file that is there and cannot be read as a post.
fn unreadable(path: &str, why: &str) -> Diagnostic {
    Diagnostic::error("posts/unreadable", format!("this cannot be read: {why}"))
        .at(Location::start_of(path))
        .help("mend it, or move it out of the folder of posts")
}
