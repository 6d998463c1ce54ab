//! What a command has made of posts, so that it is made once, however many ask for it. Only of the posts that are asked for
//! again is anything kept.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::diagnostic::Diagnostic;
use crate::model::{Body, Entry};

/// A post that was read and rendered.
#[derive(Debug)]
pub struct Rendered {
    /// What is published of it.
    pub entry: Entry,
    /// Its text as it was written, in which findings are placed.
    pub(super) body: Arc<Body>,
}

/// A post that was rendered, if that was possible, and what is wrong with its body.
pub(super) type Outcome = (Option<Arc<Rendered>>, Vec<Diagnostic>);

/// A body that was read, and what there is to warn of.
pub(super) type ReadBody = Result<(Arc<Body>, Option<Diagnostic>), Diagnostic>;

/// What a command has read and rendered of a site's posts.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) bodies: Once<ReadBody>,
    pub(super) entries: Once<Outcome>,
    pub(super) renders: AtomicUsize,
}

/// What is made of each post, by its path. It is kept for those that are [wanted again](Once::keep), and made anew each time
/// for any other.
#[derive(Debug)]
pub(super) struct Once<T>(Mutex<HashMap<String, Arc<OnceLock<T>>>>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Once<T> {
    /// From now on, what is made of this post is kept.
    pub(super) fn keep(&self, path: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.contains_key(path) {
            kept.insert(path.to_owned(), Arc::default());
        }
    }

    /// The place of what is made of this post.
    pub(super) fn of(&self, path: &str) -> Arc<OnceLock<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned().unwrap_or_default()
    }
}
