//! The archive as it is now, made of the record and the pages kept beside it. Its list and feed are held in memory, and the pages that
//! were asked for, until something of the record changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::held::Held;
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::files::Folder;
use crate::publish::{self, ArchivedIssue, PublishError};
use crate::templates::Templates;

const HTML: &str = "text/html; charset=utf-8";
const ATOM: &str = "application/atom+xml; charset=utf-8";
/// So many pages of issues are held.
const MOST: usize = 64;
/// A file system may give two changes the same time when they are no further apart.
const TICK: SignedDuration = SignedDuration::from_secs(2);

pub(super) struct Archive {
    folder: Folder,
    config: Config,
    templates: Templates,
    tell: fn(&str),
    now: Mutex<Option<Made>>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    List,
    Feed,
    Issue(i64),
}

/// The archive as the folder of the record was at a time.
struct Made {
    /// When that was last changed, and when it was read.
    changed: Option<Timestamp>,
    read: Timestamp,
    /// Without their pages.
    issues: Vec<ArchivedIssue>,
    held: HashMap<i64, Arc<Held>>,
    list: Arc<Held>,
    feed: Arc<Held>,
}

impl Archive {
    pub(super) fn new(folder: Folder, config: Config, templates: Templates, tell: fn(&str)) -> Self {
        Self { folder, config, templates, tell, now: Mutex::default() }
    }

    /// What is wanted, as it is now; `None` when there is no such issue.
    pub(super) fn file(&self, wanted: Wanted, now: Timestamp) -> Result<Option<Arc<Held>>, PublishError> {
        let changed = publish::archive_changed(&self.folder);
        let mut state = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let is_as_it_was =
            |made: &&mut Made| made.changed == changed && changed.is_none_or(|at| made.read.duration_since(at) > TICK);
        let made = match state.as_mut().filter(is_as_it_was) {
            Some(made) => made,
            None => state.insert(self.made(changed, now)?),
        };
        let Wanted::Issue(number) = wanted else {
            return Ok(Some(Arc::clone(if wanted == Wanted::List { &made.list } else { &made.feed })));
        };
        if let Some(held) = made.held.get(&number) {
            return Ok(Some(Arc::clone(held)));
        }
        let archive = publish::Archive::new(&made.issues, &self.config, &self.templates);
        let Some(kept) = publish::kept_page(&self.folder, number) else { return Ok(None) };
        let Some(page) = archive.page(number, &kept).map_err(faulty)? else { return Ok(None) };
        let held = Arc::new(Held::new(page.into_bytes(), changed.unwrap_or(now), HTML));
        if made.held.len() >= MOST {
            made.held.clear();
        }
        made.held.insert(number, Arc::clone(&held));
        Ok(Some(held))
    }

    /// Reads the record.
    fn made(&self, changed: Option<Timestamp>, now: Timestamp) -> Result<Made, PublishError> {
        let read = publish::read_archive(&self.folder)?;
        for warning in read.warnings {
            (self.tell)(&warning.to_string());
        }
        let mut issues = read.issues;
        for issue in &mut issues {
            issue.page = None;
        }
        let archive = publish::Archive::new(&issues, &self.config, &self.templates);
        let held = |bytes, kind| Arc::new(Held::new(bytes, changed.unwrap_or(now), kind));
        let list = held(archive.list().map_err(faulty)?.into_bytes(), HTML);
        let feed = held(archive.feed().bytes, ATOM);
        Ok(Made { changed, read: now, held: HashMap::new(), list, feed, issues })
    }
}

fn faulty(problem: Diagnostic) -> PublishError {
    PublishError::Site(vec![problem])
}
