//! Zola: `config.toml` (or `zola.toml`) with `base_url`.

use super::blog::{Blog, Folder, by_folder, sections};
use super::settings::Found;

const CONTENT: &str = "content";

pub(super) fn recognise(folder: &Folder) -> Option<Blog> {
    let (_, settings) = folder.first(&["zola.toml", "config.toml"])?;
    settings.get(&["base_url"])?;
    let mut blog = Blog::default();
    blog.site("zola", None, |names| settings.get(names));
    let posts = blog.posts(folder, &sections(folder, CONTENT)).unwrap_or_else(|| CONTENT.to_owned());
    if settings.get(&["markdown.smart_punctuation"]).is_some_and(|found| found.text == "true") {
        blog.take("posts.smart_punctuation", settings.get(&["markdown.smart_punctuation"]));
    }
    let slugify = settings.get(&["slugify.paths"]);
    if slugify.as_ref().is_none_or(|paths| paths.text == "on") {
        blog.take("posts.slugify", Some(Found::new("zola", "Zola's own default")));
    }
    blog.take("posts.permalink", Some(Found::new(by_folder(&posts, CONTENT, ":slug"), "Zola's own default")));
    Some(blog)
}
