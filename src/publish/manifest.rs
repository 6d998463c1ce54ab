//! What a build remembers for the next one: which files it made, so that those no longer needed can be removed, and
//! which folder each term has, so that a feed keeps its address.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::error::{PublishError, refused};
use super::site::Site;
use crate::diagnostic::{Diagnostic, Severity};
use crate::feed::{self, Folders, Format, Layout, Plans};
use crate::files::{Access, FileKind, Folder, Refusal, Why};
use crate::model::ReadFeed;

/// Where what is remembered is, below the site.
pub(super) const FOLDER: &str = ".tidings";

/// The file.
const MANIFEST: &str = ".tidings/feeds.json";

/// What is remembered. It may come with a stranger's site: see [`stale`].
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// Each file below the site, and what it was written with.
    pub(super) files: BTreeMap<String, Bytes>,
    /// Whose folders are.
    #[serde(default)]
    pub(super) folders: Folders,
}

/// What a file was written with.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Bytes {
    /// The fingerprint of the bytes.
    Known(String),
    /// Their number, which is all that was remembered at first. Another file may have as many.
    Counted(u64),
}

/// Reads it; `None` when it is damaged. Of a site that has none, nothing is remembered.
pub(super) fn read(site: &Folder) -> Result<Option<Manifest>, PublishError> {
    let bytes = match site.read_optional(MANIFEST, FileKind::Memory) {
        Err(error) if Refusal::of(&error).is_some_and(|refusal| matches!(refusal.why, Why::TooLarge { .. })) => {
            return Ok(None);
        }
        bytes => bytes.map_err(|error| PublishError::file(MANIFEST, error))?,
    };
    let Some(bytes) = bytes else { return Ok(Some(Manifest::default())) };
    // A list of files alone is what it was at first.
    let list = || serde_json::from_slice(&bytes).ok().map(|files| Manifest { files, folders: Folders::new() });
    Ok(serde_json::from_slice(&bytes).ok().or_else(list))
}

/// Remembers it.
pub(super) fn write(site: &Folder, manifest: &Manifest) -> Result<(), PublishError> {
    let done = if *manifest == Manifest::default() {
        site.remove(MANIFEST)
    } else {
        let text = serde_json::to_string_pretty(manifest).unwrap_or_default() + "\n";
        let folder = site.make_folder(FOLDER, Access::Private);
        folder.and_then(|()| site.write_if_changed(MANIFEST, text.as_bytes(), Access::Public).map(drop))
    };
    done.map_err(|error| PublishError::file(MANIFEST, error))
}

/// A file of a feed that is no more.
#[derive(Debug)]
pub(super) struct Stale {
    pub(super) name: String,
    /// The fingerprint of the bytes that it was written with.
    pub(super) fingerprint: String,
}

/// The files that an earlier build made in `folder` and this one does not. A list that was forged must not remove
/// what no build made: only names of feeds count, and only files that hold exactly the bytes they were written with. Any
/// other was changed since: it stays, with a warning.
pub(super) fn stale(
    site: &Folder,
    folder: &str,
    feeds: &[String],
    current: &BTreeSet<&str>,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Vec<Stale>, PublishError> {
    let Some(manifest) = read(site)? else {
        let damaged = format!("{MANIFEST} cannot be read: files of feeds that are no more stay where they are");
        warnings.push(Diagnostic::warning("feeds/manifest", damaged).help("remove it; the next build makes it again"));
        return Ok(Vec::new());
    };
    let mut stale = Vec::new();
    let gone =
        manifest.files.into_iter().filter(|(name, _)| is_of_a_build(name, folder, feeds) && !current.contains(&**name));
    for (name, bytes) in gone {
        let why = match bytes {
            Bytes::Known(fingerprint) => match site.has(&name, &fingerprint) {
                Ok(true) => {
                    stale.push(Stale { name, fingerprint });
                    continue;
                }
                Ok(false) => "another program changed it",
                Err(error) => {
                    let refusal = Refusal::of(&error).map(refused);
                    warnings.extend(refusal.map(|refusal| Diagnostic { severity: Severity::Warning, ..refusal }));
                    continue;
                }
            },
            Bytes::Counted(_) if !site.is_file(&name) => continue,
            Bytes::Counted(_) => "an earlier version did not remember what it wrote there",
        };
        let message = format!("{name} is no feed of this site any more, and {why}: it stays");
        warnings.push(Diagnostic::warning("feeds/stale", message).help("remove it if nothing needs it"));
    }
    Ok(stale)
}

/// True for a name that a build can have given a file below `folder`, where `feeds` are the names of feeds: of a feed in a folder of its own, or the list of them.
fn is_of_a_build(name: &str, folder: &str, feeds: &[String]) -> bool {
    let Some(below) = name.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')) else { return false };
    let is_plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', ':', '\0']);
    below.split('/').all(is_plain)
        && match below.rsplit_once('/') {
            Some((_, file)) => feeds.iter().any(|name| name == file),
            None => below == feed::OPML_FILE,
        }
}

/// Every feed of the site, but for the posts at the places that are `unreadable`. A feed keeps its address: it is
/// remembered, or else known from the feed that is there.
///
/// # Errors
/// As the system reports them.
pub fn feed_plans(site: &Site, unreadable: &BTreeSet<usize>) -> Result<Plans, PublishError> {
    if site.config.feeds.by.is_empty() {
        return Ok(feed::plan(&site.posts, unreadable, &site.config, &Folders::new()));
    }
    let mut kept = read(&site.folder)?.unwrap_or_default().folders;
    let plans = feed::plan(&site.posts, unreadable, &site.config, &kept);
    if plans.contested.is_empty() {
        return Ok(plans);
    }
    let layout = Layout::new(&site.config).map_err(PublishError::Site)?;
    for contested in &plans.contested {
        let there = feed_in(site, &contested.folder, layout.formats())?;
        if let Some(owner) = there.as_ref().and_then(|there| contested.owner(there)) {
            kept.insert(contested.folder.clone(), owner.to_owned());
        }
    }
    Ok(feed::plan(&site.posts, unreadable, &site.config, &kept))
}

/// The feed that lies in a folder, from the first file that can be read.
fn feed_in(site: &Site, folder: &str, formats: &[Format]) -> Result<Option<ReadFeed>, PublishError> {
    for format in formats {
        let name = format!("{}/{folder}{}", site.config.feeds.dir, format.file_name);
        let bytes = site.folder.read_optional(&name, FileKind::Feed);
        let bytes = bytes.map_err(|error| PublishError::file(&name, error))?;
        if let Some(previous) = bytes.and_then(|bytes| feed::read(&bytes).ok()) {
            return Ok(Some(previous));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_build_can_have_made_may_be_removed() {
        let feeds = ["feed.xml", "atom.xml"].map(str::to_owned);
        for name in ["public/tags/calm/feed.xml", "public/archive/2025-04/atom.xml", "public/feeds.opml"] {
            assert!(is_of_a_build(name, "public", &feeds), "{name}");
        }
        for name in [
            "public/feed.xml",
            "public/tags/calm/index.html",
            "public/../feed.xml",
            "public/tags/../../../feed.xml",
            "public//feed.xml",
            "public/./a/feed.xml",
            "/etc/feed.xml",
            "publicity/a/feed.xml",
            "public/a\\b/feed.xml",
            "public/c:/feed.xml",
            "public/a\0/feed.xml",
            "posts/a/feed.xml",
            "public/a/feeds.opml",
            "",
        ] {
            assert!(!is_of_a_build(name, "public", &feeds), "{name}");
        }
    }
}
