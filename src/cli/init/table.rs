//! Generators of which a few names tell all that there is to know: a row of `generators.toml` for each.

use super::blog::{Blog, Folder, by_folder, names};
use super::settings::Found;

/// Reads a blog of the generator of this row; `label` is what its makers call it.
pub(super) fn recognise(row: &str, label: &str, folder: &Folder) -> Option<Blog> {
    let words = |key: &str| names(row, key).split_whitespace();
    let (file, settings) = words("files").find_map(|name| {
        match name.strip_prefix('*') {
            Some(ending) => folder.names().into_iter().find(|name| name.ends_with(ending)),
            None => Some(name.to_owned()),
        }
        .and_then(|name| Some((name.clone(), folder.settings(&name)?)))
    })?;
    let mut blog = Blog::default();
    let url = settings.get(&words_of(row, "site.url")).map(|url| {
        let text = if url.text.contains("://") { url.text } else { format!("https://{}", url.text) };
        Found { text, ..url }
    });
    blog.site(row, url.as_ref(), |names| settings.get(names));
    let own = settings.get(&words_of(row, "posts_key")).map(|own| own.text.trim_matches('/').to_owned());
    let candidates: Vec<_> = own.map_or_else(|| words("posts").map(str::to_owned).collect(), |own| vec![own]);
    if candidates.is_empty() {
        return Some(blog);
    }
    if let Some(posts) = blog.posts(folder, &candidates) {
        let content = words("content").find(|content| posts == *content || posts.starts_with(&format!("{content}/")));
        let is_leaf = !names(row, "leaf").is_empty() && folder.bundles(&posts) * 2 < folder.posts(&posts);
        let name = names(row, if is_leaf { "leaf" } else { "name" });
        let slugify = Some(names(row, "slugify")).filter(|how| !how.is_empty());
        blog.take("posts.slugify", slugify.map(|how| Found::new(how, format!("the way of {label}"))));
        let pattern = by_folder(&posts, content.unwrap_or_default(), name);
        let pattern = pattern.trim_end_matches('/').to_owned() + if name.ends_with('/') { "/" } else { "" };
        blog.take("posts.permalink", Some(Found::new(pattern, format!("the default of {label}"))));
        blog.notes.push(format!("{label} may make other addresses ({file}): compare one with `tidings posts --json`"));
    }
    Some(blog)
}

fn words_of(row: &str, key: &str) -> Vec<&'static str> {
    names(row, key).split_whitespace().collect()
}
