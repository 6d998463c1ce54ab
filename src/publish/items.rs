//! The items of posts in every format, to be put into feeds more than once.

use std::collections::BTreeMap;
use std::sync::Arc;

/// The items of posts, by their places.
#[derive(Default)]
pub(super) struct Items {
    kept: BTreeMap<usize, Vec<Arc<String>>>,
    /// How many bytes may still be kept.
    room: usize,
}

impl Items {
    /// Keeps so many bytes at most: a post whose items are not kept has to be rendered again.
    pub(super) fn with_room(room: usize) -> Self {
        Self { kept: BTreeMap::new(), room }
    }

    pub(super) fn get(&self, post: usize) -> Option<Vec<Arc<String>>> {
        self.kept.get(&post).cloned()
    }

    pub(super) fn add(&mut self, post: usize, items: &[Arc<String>]) {
        let bytes = items.iter().map(|item| item.len()).sum();
        if let Some(left) = self.room.checked_sub(bytes) {
            self.room = left;
            self.kept.insert(post, items.to_vec());
        }
    }
}
