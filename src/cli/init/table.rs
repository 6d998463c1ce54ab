//! Generators of which a few names tell all that there is to know: a row of `generators.toml` for each.

use super::blog::{Blog, Folder, by_folder, names, sections};
use super::settings::Found;
use crate::post::pattern_of;

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
    let own = settings.get(&words_of(row, "posts_key")).map(|own| own.text);
    let source = settings.get(&words_of(row, "content_key")).map(|source| source.text).unwrap_or_default();
    let source = source.trim_matches(['.', '/']).to_owned();
    let candidates: Vec<_> = own.map_or_else(|| words("posts").map(str::to_owned).collect(), |own| vec![own]);
    let mut candidates: Vec<_> =
        candidates.iter().map(|name| format!("{source}/{}", name.trim_matches(['.', '/']))).collect();
    for name in &mut candidates {
        *name = name.trim_matches('/').to_owned();
    }
    // Posts may be anywhere, each in a folder of its own.
    if !names(row, "leaf").is_empty() && !candidates.iter().any(|name| folder.posts(name) > 0) {
        candidates = sections(folder, "").iter().map(|name| name.trim_matches('/').to_owned()).collect();
        candidates.retain(|name| !name.is_empty());
    }
    if candidates.is_empty() {
        return Some(blog);
    }
    if let Some(posts) = blog.posts(folder, &candidates) {
        let content = words("content").chain(Some(&*source)).filter(|content| !content.is_empty());
        let content = content.into_iter().find(|it| posts == *it || posts.starts_with(&format!("{it}/")));
        let section = posts.strip_prefix(content.unwrap_or_default()).unwrap_or_default().trim_matches('/').to_owned();
        let is_leaf = !names(row, "leaf").is_empty() && folder.bundles(&posts) * 2 < folder.posts(&posts);
        let name = names(row, if is_leaf { "leaf" } else { "name" });
        let slugify = Some(names(row, "slugify")).filter(|how| !how.is_empty());
        blog.take("posts.slugify", slugify.map(|how| Found::new(how, format!("the way of {label}"))));
        let said = settings.get(&words_of(row, "permalink_key"));
        let own = said.and_then(|said| {
            let text = said.text.replace("{{parent}}", &section).replace("{{ parent }}", &section);
            let text = format!("/{}", pattern_of(&text)?.trim_start_matches('/'));
            Some(Found { text, ..said })
        });
        if own.is_some() {
            blog.take("posts.permalink", own);
            return Some(blog);
        }
        let is_clean = words("clean").any(|clean| folder.text(&file).is_some_and(|text| says(&text, clean, "true")));
        let name = if is_clean { name.trim_end_matches(".html") } else { name };
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

/// True when a program sets `name: value`.
pub(super) fn says(text: &str, name: &str, value: &str) -> bool {
    text.split(name)
        .skip(1)
        .any(|rest| rest.trim_start().strip_prefix(':').is_some_and(|it| it.trim_start().starts_with(value)))
}
