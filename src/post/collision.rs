//! Posts with one address or one id: a reader could not tell them apart, so all of them are errors.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hash};

use foldhash::fast::FixedState;

use crate::diagnostic::{Diagnostic, Location};
use crate::model::{Post, PostStatus};

/// Marks all posts that share an address in one language, or an id, and names the others in each error.
pub(crate) fn mark(posts: &mut [Post], diagnostics: &mut Vec<Diagnostic>) {
    let mut translations = Vec::new();
    for group in groups(posts, |post| &post.url) {
        let mut by_language: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for n in group {
            by_language.entry(posts[n].language.clone()).or_default().push(n);
        }
        if by_language.len() > 1 {
            translations.push(by_language.values().map(|same| same[0]).collect::<Vec<_>>());
        }
        for same in by_language.into_values().filter(|same| same.len() > 1) {
            let help = "give one of them another `slug:` or `permalink:`";
            clash(posts, &same, ("post/same-url", "address", help), |post| &post.url, diagnostics);
        }
    }
    diagnostics.extend(about(&translations, posts));
    for group in groups(posts, |post| &post.id) {
        let help = "give one of them another `id:`, or remove the key";
        clash(posts, &group, ("post/same-id", "id", help), |post| &post.id, diagnostics);
    }
}

/// Translations may share an address, and a page that shows both; mostly it is a mistake.
fn about(translations: &[Vec<usize>], posts: &[Post]) -> Option<Diagnostic> {
    let pairs = translations.iter().map(|same| (&posts[same[0]], &posts[same[1]]));
    let (first, more) = pairs.min_by_key(|(post, _)| &post.path)?;
    let count: usize = translations.iter().map(Vec::len).sum();
    let message = format!(
        "{count} posts have the address of a translation, so that feeds lead the readers of both to one page: {} and {}, `{}`",
        first.path, more.path, first.url
    );
    let help = "write `:lang` into `posts.permalink`, or give each a `permalink:` of its own";
    Some(Diagnostic::warning("post/shared-address", message).at(Location::start_of(&first.path)).help(help))
}

/// The posts that would go out, by what they share. Nearly always there is none, so hashes are compared first.
fn groups<'p, K: Ord + Hash>(posts: &'p [Post], key: impl Fn(&'p Post) -> K) -> Vec<Vec<usize>> {
    let state = FixedState::default();
    let goes_out = |post: &Post| matches!(post.status, PostStatus::Published | PostStatus::Scheduled);
    let mut hashes: Vec<(u64, usize)> = posts
        .iter()
        .enumerate()
        .filter(|(_, post)| goes_out(post))
        .map(|(n, post)| (state.hash_one(key(post)), n))
        .collect();
    hashes.sort_unstable();
    let mut groups: BTreeMap<K, Vec<usize>> = BTreeMap::new();
    for same in hashes.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
        for (_, n) in same {
            groups.entry(key(&posts[*n])).or_default().push(*n);
        }
    }
    groups.into_values().filter(|group| group.len() > 1).collect()
}

fn clash(
    posts: &mut [Post],
    group: &[usize],
    (code, what, help): (&'static str, &str, &str),
    shared: impl Fn(&Post) -> &String,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut paths: Vec<String> = group.iter().map(|n| posts[*n].path.clone()).collect();
    paths.sort();
    for post in group {
        let post = &mut posts[*post];
        let others = paths.iter().filter(|path| **path != post.path);
        let mut names = others.take(2).map(String::as_str).collect::<Vec<_>>().join(" and ");
        let more = group.len().saturating_sub(3);
        if more > 0 {
            names = format!("{names} and {more} more");
        }
        let message = format!("this post has the same {what} as {names}: `{}`", shared(post));
        diagnostics.push(Diagnostic::error(code, message).at(Location::start_of(&post.path)).help(help));
        post.status = PostStatus::Error;
        post.reason = format!("it has the same {what} as {names}");
    }
}
