//! What a build remembers for the next one: which files it made, so that those nobody needs any more can be removed, and
//! which folder each term has, so that a feed keeps its address.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::PublishError;
use super::site::Site;
use crate::diagnostic::Diagnostic;
use crate::feed::{self, Folders, Format, Layout, Plans, Previous};
use crate::files;

/// Where that is, below the site.
pub(super) const MANIFEST: &str = ".tidings/feeds.json";

/// What is remembered.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// Each file below the site, and how many bytes it was written with.
    pub(super) files: BTreeMap<String, u64>,
    /// Whose folders are.
    #[serde(default)]
    pub(super) folders: Folders,
}

/// Reads it; `None` when it is damaged. Of a site that has none, nothing is remembered.
pub(super) fn read(root: &Path) -> Result<Option<Manifest>, PublishError> {
    let path = root.join(MANIFEST);
    let bytes = files::read_optional(&path).map_err(|error| PublishError::File { path, error })?;
    let Some(bytes) = bytes else { return Ok(Some(Manifest::default())) };
    // A list of files alone is what it was at first.
    let list = || serde_json::from_slice(&bytes).ok().map(|files| Manifest { files, folders: Folders::new() });
    Ok(serde_json::from_slice(&bytes).ok().or_else(list))
}

/// Remembers it.
pub(super) fn write(root: &Path, manifest: &Manifest) -> Result<(), PublishError> {
    let path = root.join(MANIFEST);
    let done = if *manifest == Manifest::default() {
        files::remove(&path)
    } else {
        let text = serde_json::to_string_pretty(manifest).unwrap_or_default() + "\n";
        let folder = path.parent().unwrap_or(root);
        files::make_private_folder(folder).and_then(|()| files::write_if_changed(&path, text.as_bytes()).map(drop))
    };
    done.map_err(|error| PublishError::File { path, error })
}

/// The files that an earlier build made in `folder` and this one does not. One that has another length than it was written
/// with belongs to somebody else now: it stays, with a warning.
pub(super) fn stale(
    root: &Path,
    folder: &str,
    current: &BTreeSet<&str>,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Vec<String>, PublishError> {
    let Some(manifest) = read(root)? else {
        let damaged = format!("{MANIFEST} cannot be read: files of feeds that are no more stay where they are");
        warnings.push(Diagnostic::warning("feeds/manifest", damaged).help("remove it; the next build makes it again"));
        return Ok(Vec::new());
    };
    let is_ours = |name: &str| {
        let below = name.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
        below.is_some_and(|rest| rest.split('/').all(|part| !matches!(part, "" | "." | "..")))
    };
    let mut stale = Vec::new();
    let gone = manifest.files.into_iter().filter(|(name, _)| is_ours(name) && !current.contains(name.as_str()));
    for (name, length) in gone {
        match files::length(&root.join(&name)) {
            Ok(found) if found == length => stale.push(name),
            Ok(_) => {
                let message =
                    format!("{name} is no feed of this site any more, and another program changed it: it stays");
                warnings.push(Diagnostic::warning("feeds/stale", message).help("remove it if nothing needs it"));
            }
            Err(_) => {}
        }
    }
    Ok(stale)
}

impl Site {
    /// Every feed of the site, but for the posts at the places that are `unreadable`. A feed keeps its address: it is
    /// remembered, or else known from the feed that is there.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn feed_plans(&self, unreadable: &BTreeSet<usize>) -> Result<Plans, PublishError> {
        if self.config.feeds.by.is_empty() {
            return Ok(feed::plan(&self.posts, unreadable, &self.config, &Folders::new()));
        }
        let mut kept = read(&self.root)?.unwrap_or_default().folders;
        let plans = feed::plan(&self.posts, unreadable, &self.config, &kept);
        if plans.contested.is_empty() {
            return Ok(plans);
        }
        let layout = Layout::new(&self.config).map_err(PublishError::Site)?;
        for contested in &plans.contested {
            let there = self.feed_in(&contested.folder, layout.formats())?;
            if let Some(owner) = there.as_ref().and_then(|there| contested.owner(there)) {
                kept.insert(contested.folder.clone(), owner.to_owned());
            }
        }
        Ok(feed::plan(&self.posts, unreadable, &self.config, &kept))
    }

    /// The feed that lies in a folder, from the first file that can be read.
    fn feed_in(&self, folder: &str, formats: &[&'static Format]) -> Result<Option<Previous>, PublishError> {
        for format in formats {
            let path = self.root.join(&self.config.feeds.dir).join(folder).join(format.file_name);
            let bytes = files::read_optional(&path).map_err(|error| PublishError::File { path, error })?;
            if let Some(previous) = bytes.and_then(|bytes| Previous::read(&bytes).ok()) {
                return Ok(Some(previous));
            }
        }
        Ok(None)
    }
}
