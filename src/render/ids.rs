//! Ids that no other post has: a feed reader or a digest shows many posts on one page.
//!
//! Every id is `KEY--ID`, where `KEY` is the post's own and holds no `--`; footnotes have `fn-KEY-N` and `fnref-KEY-N`.

use std::collections::{HashMap, HashSet};

use crate::model::Post;

use crate::content::nodes::{Node, walk};
use crate::post::Posts;

/// What a post's ids begin with: its slug, and a piece of a hash where the slug alone would not do.
pub(crate) fn key(post: &Post, posts: &Posts) -> String {
    let mut key = String::with_capacity(post.slug.len());
    for c in post.slug.chars() {
        let c = if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
        if c != '-' || !key.ends_with('-') {
            key.push(c);
        }
    }
    let key = key.trim_matches('-');
    // The oldest post of a slug keeps it bare, so that a newer one does not change its content.
    let shared = posts.oldest_of_slug(&post.slug).is_some_and(|oldest| oldest.path != post.path);
    if key == post.slug && !shared {
        return key.to_owned();
    }
    let hash = &crate::model::sha256_hex(post.id.as_bytes())[..8];
    if key.is_empty() { format!("p-{hash}") } else { format!("{key}-{hash}") }
}

/// The ids of one post: as written → as they are now.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    renamed: HashMap<String, String>,
    key: String,
}

impl Ids {
    /// Renames all ids below `nodes`; a second use of an id is dropped.
    pub(crate) fn rename(nodes: &mut [Node], key: &str) -> Self {
        let mut ids = HashMap::new();
        let mut used = HashSet::new();
        let own = [format!("fn-{key}-"), format!("fnref-{key}-")];
        walk(nodes, &mut |element| {
            let Some(written) = element.remove("id") else { return };
            let is_note = own.iter().any(|start| {
                let rest = written.strip_prefix(start.as_str());
                rest.is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'_'))
            });
            let safe = url_safe(&written);
            let id = if is_note { written.clone() } else { format!("{key}--{safe}") };
            if !safe.is_empty() && used.insert(id.clone()) {
                ids.entry(written).or_insert_with(|| id.clone());
                element.set("id", id);
            }
        });
        Self { renamed: ids, key: key.to_owned() }
    }

    /// What an id of this post is called now; `fragment` may be percent-encoded.
    pub(crate) fn renamed(&self, fragment: &str) -> Option<&str> {
        let decoded = percent_encoding::percent_decode_str(fragment).decode_utf8_lossy();
        let known = self.renamed.get(fragment).or_else(|| self.renamed.get(&*decoded));
        known.or_else(|| self.note(&decoded)).map(String::as_str)
    }

    /// Whether the post has footnotes.
    pub(crate) fn has_notes(&self) -> bool {
        self.note("fn1").is_some()
    }

    /// The footnote that a generator calls `fn:3`, `fn3` or `user-content-fn-3`, or with `fnref` where it is referred to.
    fn note(&self, fragment: &str) -> Option<&String> {
        let rest = fragment.strip_prefix("user-content-").unwrap_or(fragment);
        let kind = ["fnref", "fn"].into_iter().find(|kind| rest.starts_with(kind))?;
        let number = rest[kind.len()..].trim_start_matches([':', '-']);
        self.renamed.get(&format!("{kind}-{}-{number}", self.key))
    }
}

/// An id of letters that need no escape in a link: readers that compare the two do not decode.
fn url_safe(id: &str) -> String {
    let stays = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let words: Vec<String> = id.split_ascii_whitespace().map(|word| word.replace(|c| !stays(c), "")).collect();
    let safe = words.join("-");
    if id.chars().all(|c| stays(c) || c.is_ascii_whitespace()) {
        return safe;
    }
    let hash = &crate::model::sha256_hex(id.as_bytes())[..8];
    if safe.is_empty() { hash.to_owned() } else { format!("{safe}-{hash}") }
}
