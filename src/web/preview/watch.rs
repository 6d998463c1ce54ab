//! Tells when a file changes that the page is made of. Folders are watched, not files: editors put a new file in the place
//! of the old one, and a watched file would be lost with it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

use crate::config::{Config, FeedSource};
use crate::files::Folder;
use crate::post;
use crate::publish::{CONFIG_FILE, Use, site_folder};

/// A save is several events; the page is made anew when there were none for so long.
const QUIET: Duration = Duration::from_millis(40);
/// Where something is always being written, the page is still made anew so often.
const PATIENCE: Duration = Duration::from_millis(400);

/// What to watch.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    root: PathBuf,
    /// The names in the site's folder that matter.
    names: BTreeSet<String>,
    /// Every other folder of which each file matters.
    folders: BTreeSet<PathBuf>,
}

impl Scope {
    /// The files that a site with this configuration is made of: without one, the configuration.
    pub(super) fn of(root: &Path, config: Option<&Config>) -> Self {
        let mut scope = Self { root: root.to_owned(), ..Self::default() };
        let site = config.map_or_else(|| Folder::new(root), |config| site_folder(root, config, Use::Content));
        scope.names.insert(CONFIG_FILE.to_owned());
        scope.add(&site, "templates", &|_| true);
        if let Some(config) = config {
            if let Some(feed) = config.posts.feed.as_ref().and_then(FeedSource::file) {
                match feed.rsplit_once('/') {
                    Some((folder, _)) => scope.add(&site, folder, &|_| false),
                    None => drop(scope.names.insert(feed.to_owned())),
                }
                return scope;
            }
            scope.add(&site, &config.posts.dir, &|folder| post::enters(folder));
            for path in post::author_files(&config.posts.dir) {
                if let Some((folder, _)) = path.rsplit_once('/') {
                    scope.add(&site, folder, &|_| false);
                } else {
                    scope.names.insert(path);
                }
            }
        }
        scope
    }

    /// Adds a folder and those below it. While it is missing, its making is what matters.
    fn add(&mut self, site: &Folder, folder: &str, enter: &dyn Fn(&str) -> bool) {
        let path = self.root.join(folder);
        if let Some(first) = Path::new(folder).components().next() {
            self.names.insert(first.as_os_str().to_string_lossy().into_owned());
        }
        let below = site.folders(folder, enter).unwrap_or_default();
        if site.is_folder(folder) {
            self.folders.extend(below.into_iter().map(|name| path.join(name)));
            self.folders.insert(path);
        }
    }

    /// True when a change of the file matters.
    fn has(&self, path: &Path) -> bool {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let folder = path.parent().unwrap_or(path);
        let is_known = self.folders.contains(folder) || (folder == self.root && self.names.contains(&*name));
        is_known && !is_of_an_editor(&name)
    }
}

/// Files that editors make beside the one that is written.
fn is_of_an_editor(name: &str) -> bool {
    let is_swap_file = matches!(name.rsplit_once('.'), Some((_, "swp" | "swx")));
    is_swap_file || name.ends_with('~') || name.starts_with(".#") || name == "4913"
}

/// True for what changes a file; that it was read is no change.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)) => false,
        _ => true,
    }
}

#[derive(Default)]
struct Watched {
    scope: Scope,
    /// The folders that the system watches for us.
    folders: BTreeSet<PathBuf>,
}

/// Watches the files of a site.
pub(super) struct Watcher {
    system: RecommendedWatcher,
    watched: Arc<Mutex<Watched>>,
    changed: Arc<Notify>,
}

impl Watcher {
    /// # Errors
    /// When the system does not let us watch.
    pub(super) fn new() -> notify::Result<Self> {
        let watched: Arc<Mutex<Watched>> = Arc::default();
        let changed = Arc::new(Notify::new());
        let (shared, signal) = (Arc::clone(&watched), Arc::clone(&changed));
        let system = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let Ok(event) = event else { return signal.notify_one() };
            let mut watched = shared.lock().unwrap_or_else(PoisonError::into_inner);
            if matches!(event.kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))) {
                // The system forgets a folder that is gone, and does not know one that takes its place.
                watched.folders.retain(|folder| !event.paths.contains(folder));
            }
            if event.need_rescan() || (is_change(event.kind) && event.paths.iter().any(|path| watched.scope.has(path)))
            {
                signal.notify_one();
            }
        })?;
        Ok(Self { system, watched, changed })
    }

    /// Watches these files from now on, and tells how many folders cannot be watched.
    pub(super) fn set(&mut self, scope: Scope) -> usize {
        let wanted: BTreeSet<PathBuf> = scope.folders.iter().cloned().chain([scope.root.clone()]).collect();
        let known = {
            let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
            watched.scope = scope;
            std::mem::replace(&mut watched.folders, wanted.clone())
        };
        // Not under the lock: the system may be waiting for it to tell us something.
        for folder in known.difference(&wanted) {
            let _ = self.system.unwatch(folder);
        }
        let missed: Vec<_> = wanted
            .difference(&known)
            .filter(|folder| self.system.watch(folder, RecursiveMode::NonRecursive).is_err())
            .cloned()
            .collect();
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.folders.retain(|folder| !missed.contains(folder));
        missed.len()
    }

    /// Waits for a change, and then for the moment when all of it is written. Who stops waiting loses nothing: the change is told
    /// to the next one.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
        let mut untold = Untold(Some(&self.changed));
        let patience = tokio::time::sleep(PATIENCE);
        tokio::pin!(patience);
        loop {
            tokio::select! {
                () = self.changed.notified() => {}
                () = tokio::time::sleep(QUIET) => break,
                () = &mut patience => break,
            }
        }
        untold.0 = None;
    }
}

/// A change that was heard of and not told yet.
struct Untold<'w>(Option<&'w Notify>);

impl Drop for Untold<'_> {
    fn drop(&mut self) {
        if let Some(changed) = self.0 {
            changed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{Access, FileKind};

    fn site() -> (tempfile::TempDir, Scope) {
        let folder = tempfile::tempdir().unwrap();
        let site = Folder::new(folder.path());
        let text = "[site]\ntitle = 'Notes'\nurl = 'https://example.org'\n";
        for name in ["config.toml", "posts/2026/a.md", "outbox/1.eml", "public/feed.xml"] {
            site.write_new(name, text.as_bytes(), Access::Public).unwrap();
        }
        let config = crate::config::parse("config.toml", text).unwrap();
        let scope = Scope::of(site.path(), Some(&config));
        (folder, scope)
    }

    #[test]
    fn only_what_the_page_is_made_of_matters() {
        let (_folder, scope) = site();
        let has = |name: &str| scope.has(&scope.root.join(name));
        for name in ["config.toml", "posts", "posts/b.md", "posts/2026/a.md", "posts/2026/a.yml", "templates"] {
            assert!(has(name), "{name}");
        }
        for name in
            ["outbox/1.eml", "public/feed.xml", ".tidings/tidings.db", "other.toml", "posts/.a.md.swp", "posts/a.md~"]
        {
            assert!(!has(name), "{name}");
        }
    }

    /// Waits for a change; panics when none comes.
    async fn change(watcher: &Watcher, what: &str) {
        assert!(tokio::time::timeout(Duration::from_secs(20), watcher.changed()).await.is_ok(), "not told: {what}");
    }

    #[tokio::test]
    async fn a_change_outlives_who_stops_waiting_for_it() {
        let watcher = Watcher::new().unwrap();
        watcher.changed.notify_one();
        assert!(tokio::time::timeout(QUIET / 4, watcher.changed()).await.is_err(), "it waits for more");
        change(&watcher, "what the first one had heard of").await;
    }

    #[tokio::test]
    async fn a_save_is_told_however_it_is_made() {
        let (_folder, scope) = site();
        let root = scope.root.clone();
        let site = Folder::new(&root);
        let write = |name: &str, bytes: &[u8]| site.write_if_changed(name, bytes, Access::Public).unwrap();
        let mut watcher = Watcher::new().unwrap();
        assert_eq!(watcher.set(scope.clone()), 0);

        write("posts/2026/a.md", b"in the place of the old one");
        change(&watcher, "an atomic save").await;
        write("posts/2027/b.md", b"new");
        change(&watcher, "a new folder").await;
        let text = "[site]\ntitle = 'Notes'\nurl = 'https://example.org'\n";
        let config = crate::config::parse("config.toml", text).unwrap();
        watcher.set(Scope::of(&root, Some(&config)));
        write("posts/2027/b.md", b"newer");
        change(&watcher, "a file in the new folder").await;
        write("templates/email/issue.txt", b"x");
        change(&watcher, "the first template").await;
        site.remove("posts/2026/a.md").unwrap();
        change(&watcher, "a removed post").await;
    }

    #[tokio::test]
    async fn what_is_only_read_or_written_elsewhere_is_not_told() {
        let (_folder, scope) = site();
        let root = scope.root.clone();
        let site = Folder::new(&root);
        let write = |name: &str, bytes: &[u8]| site.write_if_changed(name, bytes, Access::Public).unwrap();
        let mut watcher = Watcher::new().unwrap();
        watcher.set(scope);
        site.read("posts/2026/a.md", FileKind::Post).unwrap();
        write("outbox/1.eml", b"other");
        write("public/feed.xml", b"other");
        // What is told in the order of the events is told before the last of them.
        write("config.toml", b"other");
        change(&watcher, "the configuration").await;
        let told = tokio::time::timeout(QUIET * 3, watcher.changed.notified()).await;
        assert!(told.is_err(), "told without a change");
    }
}
