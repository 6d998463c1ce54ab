//! Zola: `config.toml` (or `zola.toml`) with `base_url`.

use super::blog::{Blog, Folder, by_folder, languages, sections};
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
    let slugify = match settings.get(&["slugify.paths"]).filter(|paths| paths.text != "on") {
        Some(paths) => Found { text: "zola-safe".to_owned(), ..paths },
        None => Found::new("zola", "Zola's own default"),
    };
    blog.take("posts.slugify", Some(slugify));
    let keeps_days = settings.get(&["slugify.paths_keep_dates"]).is_some_and(|found| found.text == "true");
    let pattern = by_folder(&posts, CONTENT, if keeps_days { ":slugorbasename" } else { ":slug" });
    // Translations lie below their language.
    let pattern = if languages(&settings) > 0 { format!("/:lang{pattern}") } else { pattern };
    blog.take("posts.permalink", Some(Found::new(pattern, "Zola's own default")));
    Some(blog)
}
