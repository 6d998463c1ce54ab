//! All posts of a site, and where to find one: by its file, by its slug, by any name that a link may call it.
//!
//! Each list is made when it is first asked for, and holds places in the list of posts, not texts.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::ops::Deref;
use std::sync::OnceLock;

use crate::model::Post;

/// All posts in their order, with what it takes to find one without a look at all others. Reads as a slice.
#[derive(Debug, Clone, Default)]
pub struct Posts {
    all: Vec<Post>,
    by_path: OnceLock<Vec<usize>>,
    by_url: OnceLock<Vec<usize>>,
    by_slug: OnceLock<Vec<usize>>,
    by_name: OnceLock<Vec<(u64, usize)>>,
}

impl Posts {
    /// The post of a file; `path` is relative to the site.
    pub fn at_path(&self, path: &str) -> Option<&Post> {
        let places = self.by_path.get_or_init(|| self.sorted_by(|a, b| a.path.cmp(&b.path)));
        let found = places.binary_search_by(|n| self.all[*n].path.as_str().cmp(path)).ok()?;
        Some(&self.all[places[found]])
    }

    /// A post with this address; a slash at its end does not count.
    pub(crate) fn at_url(&self, url: &str) -> Option<&Post> {
        let places = self
            .by_url
            .get_or_init(|| self.sorted_by(|a, b| a.url.trim_end_matches('/').cmp(b.url.trim_end_matches('/'))));
        let found =
            places.binary_search_by(|n| self.all[*n].url.trim_end_matches('/').cmp(url.trim_end_matches('/'))).ok()?;
        Some(&self.all[places[found]])
    }

    /// The oldest post that has this slug; of several of one moment, the first by path.
    pub(crate) fn oldest_of_slug(&self, slug: &str) -> Option<&Post> {
        let places = self.by_slug.get_or_init(|| {
            let age = |post: &Post| post.published.as_ref().map(jiff::Zoned::timestamp);
            self.sorted_by(|a, b| a.slug.cmp(&b.slug).then(age(a).cmp(&age(b))).then_with(|| a.path.cmp(&b.path)))
        });
        let first = places.partition_point(|n| self.all[*n].slug.as_str() < slug);
        places.get(first).map(|n| &self.all[*n]).filter(|post| post.slug == slug)
    }

    /// Of the posts that `names` gives one of `wanted` for, the one with the lowest `rank`, the first of several.
    ///
    /// `names` must be the same function at every call.
    pub(crate) fn best_named(
        &self,
        wanted: &[&str],
        names: impl Fn(&Post) -> Vec<String>,
        rank: impl Fn(&Post) -> Option<usize>,
    ) -> Option<usize> {
        let hash = |name: &str| BuildHasherDefault::<DefaultHasher>::default().hash_one(name);
        let places = self.by_name.get_or_init(|| {
            let of = |(n, post)| names(post).into_iter().map(move |name| (hash(&name), n));
            let mut places: Vec<_> = self.all.iter().enumerate().flat_map(of).collect();
            places.sort_unstable();
            places.dedup();
            places
        });
        let called = |name: &&str| {
            let hash = hash(name);
            let first = places.partition_point(|(other, _)| *other < hash);
            places[first..].iter().take_while(move |(other, _)| *other == hash).map(|(_, n)| *n)
        };
        wanted.iter().flat_map(called).filter_map(|n| Some((rank(&self.all[n])?, n))).min().map(|(_, n)| n)
    }

    fn sorted_by(&self, order: impl Fn(&Post, &Post) -> std::cmp::Ordering) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.all.len()).collect();
        places.sort_by(|a, b| order(&self.all[*a], &self.all[*b]));
        places
    }
}

/// Newest first; posts of one instant by path, descending; those without a date last, by path. The places are sorted first,
/// because posts are large.
pub(crate) fn sort(posts: &mut [Post]) {
    let mut places: Vec<usize> = (0..posts.len()).collect();
    places.sort_unstable_by(|a, b| {
        let (a, b) = (&posts[*a], &posts[*b]);
        match (&a.published, &b.published) {
            (Some(first), Some(second)) => second.cmp(first).then_with(|| b.path.cmp(&a.path)),
            (None, None) => a.path.cmp(&b.path),
            (first, second) => second.is_some().cmp(&first.is_some()),
        }
    });
    // Each post moves to its place, and the one that it drives out to its own, until the circle closes.
    for start in 0..posts.len() {
        let mut place = start;
        while places[place] != start {
            let from = places[place];
            posts.swap(place, from);
            places[place] = place;
            place = from;
        }
        places[place] = place;
    }
}

impl From<Vec<Post>> for Posts {
    fn from(posts: Vec<Post>) -> Self {
        Self { all: posts, ..Self::default() }
    }
}

impl Deref for Posts {
    type Target = [Post];

    fn deref(&self) -> &[Post] {
        &self.all
    }
}

impl IntoIterator for Posts {
    type Item = Post;
    type IntoIter = std::vec::IntoIter<Post>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.into_iter()
    }
}

impl<'p> IntoIterator for &'p Posts {
    type Item = &'p Post;
    type IntoIter = std::slice::Iter<'p, Post>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::load_all;
    use super::*;

    proptest::proptest! {
        #[test]
        fn posts_are_sorted_whatever_their_order_was(days in proptest::collection::vec(1_u8..4, 0..12), dates in 0_usize..12) {
            let text = |(n, day): (usize, &u8)| {
                let keys = if n < dates { format!("date: 2025-01-0{day}") } else { "layout: page".to_owned() };
                format!("---\ntitle: a\n{keys}\n---\ntext\n")
            };
            let texts: Vec<_> = days.iter().enumerate().map(text).collect();
            let paths: Vec<_> = days.iter().enumerate().map(|(n, day)| format!("posts/{day}-{}.md", 7 * n % 12)).collect();
            let files: Vec<_> = paths.iter().zip(&texts).map(|(path, text)| (path.as_str(), text.as_str())).collect();
            let sorted: Vec<Post> = load_all(&files).posts.into_iter().collect();
            proptest::prop_assert_eq!(sorted.len(), files.len());
            for pair in sorted.windows(2) {
                let (first, second) = (&pair[0], &pair[1]);
                let in_order = match (&first.published, &second.published) {
                    (Some(a), Some(b)) => a > b || (a == b && first.path > second.path),
                    (None, None) => first.path < second.path,
                    (first, _) => first.is_some(),
                };
                proptest::prop_assert!(in_order, "{} before {}", first.path, second.path);
            }
        }
    }
}
