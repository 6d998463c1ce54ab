//! The items of posts in every format, to be put into feeds more than once.

use std::collections::BTreeMap;
use std::sync::Arc;

/// So many bytes, at most, are kept: a post whose item is not is rendered again.
const MOST: usize = 16 * 1024 * 1024;

/// The items of posts, by their places.
#[derive(Default)]
pub(super) struct Items {
    kept: BTreeMap<usize, Vec<Arc<String>>>,
    bytes: usize,
}

impl Items {
    pub(super) fn get(&self, post: usize) -> Option<Vec<Arc<String>>> {
        self.kept.get(&post).cloned()
    }

    pub(super) fn add(&mut self, post: usize, items: &[Arc<String>]) {
        let bytes = self.bytes + items.iter().map(|item| item.len()).sum::<usize>();
        if bytes <= MOST {
            self.bytes = bytes;
            self.kept.insert(post, items.to_vec());
        }
    }
}
