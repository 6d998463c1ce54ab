//! The folder of posts: finds the files, reads of each as much as its front matter needs, and later a body that is shown.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use jiff::Timestamp;

use super::error::PublishError;
use super::parallel::{self, Work};
use crate::config::{Config, FileDate};
use crate::diagnostic::{Diagnostic, Location, Severity};
use crate::files::{self, HistoryError};
use crate::post::{self, Loaded, Source};

/// How much of a file is read at first, in bytes: the front matter of nearly all posts and some of the text.
const HEAD: usize = 2048;

/// How much of the files is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// What it takes to know all about a post but its body.
    Heads,
    /// All.
    Whole,
}

/// Reads the posts of a site.
pub(super) fn read(root: &Path, config: &Config, now: Timestamp, depth: Depth) -> Result<Loaded, PublishError> {
    let dir = &config.posts.dir;
    let folder = root.join(dir);
    let survey = match files::survey(&folder, &|folder| post::enters(folder)) {
        Ok(survey) => survey,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let missing =
                Diagnostic::error("posts/no-folder", format!("there is no folder for posts: {}", folder.display()))
                    .help("make it, or set `posts.dir` in config.toml");
            return Err(PublishError::Site(vec![missing]));
        }
        Err(error) => return Err(PublishError::File { path: folder, error }),
    };
    let named = |path: &str| named(dir, path);
    let (beside, paths): (Vec<String>, Vec<String>) = post::files_to_read(&survey.files, config.posts.txt)
        .into_iter()
        .map(named)
        .partition(|path| post::is_companion(path));
    let (mut companions, mut unread) = (Vec::new(), Vec::new());
    for path in beside {
        match bytes(root, &path) {
            Ok(bytes) => companions.push(Source { path, bytes }),
            Err(problem) => unread.push(problem),
        }
    }
    let is_missed = |path: &str, why: &str| post::is_post_file(path, config.posts.txt) || why.contains("a folder");
    for (path, why) in survey.unreadable.iter().filter(|(path, why)| is_missed(path, why)) {
        unread.push(Diagnostic { severity: Severity::Warning, ..unreadable(&named(path), why) });
    }
    for path in post::author_files(dir) {
        let file = root.join(&path);
        let bytes = files::read_optional(&file).map_err(|error| PublishError::File { path: file, error })?;
        companions.extend(bytes.map(|bytes| Source { path, bytes }));
    }
    let dates = dates(root, config, &paths)?;
    let reader = post::Reader::new(companions, paths.iter().map(String::as_str), config, now).dated(dates);
    let read = parallel::map(&paths, Work::Light, |path| read_one(root, path, &reader, depth));
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
fn dates(root: &Path, config: &Config, paths: &[String]) -> Result<BTreeMap<String, Timestamp>, PublishError> {
    let dir = &config.posts.dir;
    match config.posts.date {
        None => Ok(BTreeMap::new()),
        Some(FileDate::Written) => {
            let written = |path: &String| Some((path.clone(), files::written(&root.join(path)).ok()?));
            Ok(paths.iter().filter_map(written).collect())
        }
        Some(FileDate::Git) => {
            let commits = files::first_commits(&root.join(dir)).map_err(|problem| {
                let help = match problem {
                    HistoryError::Shallow => "fetch all of it: `git fetch --unshallow`",
                    _ => "remove `posts.date` from config.toml, and write a `date:` into each post",
                };
                let message = format!("`posts.date` is \"git\", and the history cannot be read: {problem}");
                PublishError::Site(vec![Diagnostic::error("posts/git", message).help(help)])
            })?;
            Ok(commits.into_iter().map(|(path, at)| (named(dir, &path), at)).collect())
        }
    }
}

/// The whole of a file.
pub(super) fn bytes(root: &Path, path: &str) -> Result<Vec<u8>, Diagnostic> {
    files::read(&root.join(path)).map_err(|error| unreadable(path, &error.to_string()))
}

fn read_one(
    root: &Path,
    path: &str,
    reader: &post::Reader<'_>,
    depth: Depth,
) -> Result<(crate::model::Post, Vec<Diagnostic>), Diagnostic> {
    let failed = |error: io::Error| unreadable(path, &error.to_string());
    let mut file = files::open(&root.join(path)).map_err(failed)?;
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

/// A file that is there and cannot be read as a post.
fn unreadable(path: &str, why: &str) -> Diagnostic {
    Diagnostic::error("posts/unreadable", format!("this cannot be read: {why}"))
        .at(Location::start_of(path))
        .help("mend it, or move it out of the folder of posts")
}
