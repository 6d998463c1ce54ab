//! Zola: `config.toml` (or `zola.toml`) with `base_url`.

use super::blog::{Blog, Folder, by_folder, sections};
use super::settings::Found;

const CONTENT: &str = "content";

pub(super) fn recognise(folder: &Folder) -> Option<Blog> {
    let (_, settings) = folder.first(&["zola.toml", "config.toml"])?;
    let url = settings.get(&["base_url"])?;
    let mut blog = Blog::default();
    blog.take("site.title", settings.get(&["title", "extra.title"]));
    blog.take("site.url", Some(url));
    blog.take("site.description", settings.get(&["description"]));
    blog.take("site.language", settings.get(&["default_language"]));
    blog.take("site.author.name", settings.get(&["author", "extra.author.name", "extra.author"]));
    blog.take("site.author.email", settings.get(&["extra.author.email", "extra.email"]));
    let posts = blog.posts(folder, &sections(CONTENT)).unwrap_or_else(|| CONTENT.to_owned());
    blog.take("posts.permalink", Some(Found::new(by_folder(&posts, CONTENT, ":slug"), "Zola's own default")));
    Some(blog)
}
