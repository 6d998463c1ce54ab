//! HTML in which nothing was wrong: the feeds of a site show the same content in each format, and again in every feed of a tag.

use std::collections::HashSet;
use std::hash::BuildHasher as _;
use std::sync::{Mutex, PoisonError};

use foldhash::quality::RandomState;

/// What was looked at in other feeds of the same site and found sound, by its hash.
#[derive(Debug, Default)]
pub struct Sound {
    hasher: RandomState,
    hashes: Mutex<HashSet<u64>>,
}

impl Sound {
    pub(super) fn has(&self, html: &str) -> bool {
        self.hashes.lock().unwrap_or_else(PoisonError::into_inner).contains(&self.hasher.hash_one(html))
    }

    pub(super) fn add(&self, html: &str) {
        self.hashes.lock().unwrap_or_else(PoisonError::into_inner).insert(self.hasher.hash_one(html));
    }
}
