//! What is known about the files that a text includes, before it is read.

use std::collections::HashSet;

use crate::model::{Body, Post};
use crate::post;

/// What is known about the files that a text includes.
#[derive(Default)]
pub(crate) struct Includes {
    /// How much was included.
    pub(crate) written: usize,
    /// When a file is missing: the labels that the text defines itself.
    pub(crate) labels: Option<HashSet<String>>,
}

impl Includes {
    pub(crate) fn of(post: &Post, body: &Body, posts_dir: &str) -> Self {
        let is_there = |name: &str| body.includes.contains_key(name);
        let is_whole = post::includes(&body.text, &post.path, posts_dir).iter().all(|wanted| is_there(wanted.name));
        let labels = || {
            let texts = body.includes.values().chain([&body.text]);
            texts.flat_map(|text| text.lines()).filter_map(definition).collect()
        };
        Self { written: 0, labels: (!is_whole).then(labels) }
    }
}

/// The label that a line defines: `[label]: https://…`.
fn definition(line: &str) -> Option<String> {
    let (label, _) = line.trim_start_matches([' ', '>']).strip_prefix('[')?.split_once("]:")?;
    Some(plain(label))
}

/// Labels are compared without regard to case and blanks (`CommonMark` §4.7).
pub(crate) fn plain(label: &str) -> String {
    label.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
