//! The feeds as `build` has written them, each held in memory until its file changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::held::Held;
use crate::files::{FileKind, Folder};

/// So many files are held.
const MOST: usize = 64;
pub(super) struct Feeds {
    folder: Folder,
    dir: String,
    held: Mutex<HashMap<String, Arc<Held>>>,
}

impl Feeds {
    /// Those in a folder of the site.
    pub(super) fn new(folder: Folder, dir: &str) -> Self {
        Self { folder, dir: dir.to_owned(), held: Mutex::default() }
    }

    /// A file of the folder that is a feed or belongs to one, as it is now.
    pub(super) fn file(&self, name: &str) -> Option<Arc<Held>> {
        let is_plain = |part: &str| {
            let is_known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
            !part.is_empty() && !part.starts_with('.') && part.bytes().all(is_known)
        };
        if name.len() > 255 || !name.split('/').all(is_plain) {
            return None;
        }
        let (_, extension) = name.rsplit_once('.')?;
        if !["xml", "json", "css"].contains(&extension) {
            return None;
        }
        let path = format!("{}/{name}", self.dir);
        let written = self.folder.written(&path).ok()?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = held.get(name).filter(|file| file.written == written) {
            return Some(Arc::clone(file));
        }
        // A link may have come with the site, and lead to its readers.
        self.folder.must_be_plain(&path).ok()?;
        if !self.folder.find(&path).ok()?.starts_with(self.folder.find(&self.dir).ok()?) {
            return None;
        }
        let bytes = self.folder.read(&path, FileKind::Feed).ok()?;
        if held.len() >= MOST {
            held.clear();
        }
        let kind = media_type(&bytes, extension)?;
        let file = Arc::new(Held::new(bytes, written, kind));
        held.insert(name.to_owned(), Arc::clone(&file));
        Some(file)
    }
}

/// What a feed, or a style sheet of one, is. `None` for what is neither.
fn media_type(bytes: &[u8], extension: &str) -> Option<&'static str> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(4_096)]).into_owned();
    match extension {
        "json" if head.contains("https://jsonfeed.org/version/") => Some("application/feed+json; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "xml" if head.contains("<rss") => Some("application/rss+xml; charset=utf-8"),
        "xml" if head.contains("<feed") => Some("application/atom+xml; charset=utf-8"),
        _ => None,
    }
}
