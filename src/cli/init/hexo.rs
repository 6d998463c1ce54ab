//! Hexo: `_config.yml` with `new_post_name`, or posts in `source/_posts`.

use super::blog::{Blog, Folder};
use super::settings::Found;

pub(super) fn recognise(folder: &Folder) -> Option<Blog> {
    let (_, settings) = folder.first(&["_config.yml", "_config.yaml"])?;
    let source = settings.get(&["source_dir"]).map_or("source".to_owned(), |source| source.text);
    let posts = format!("{}/_posts", source.trim_matches('/'));
    let is_hexo = settings.get(&["new_post_name", "source_dir"]).is_some()
        || (settings.get(&["theme"]).is_some() && folder.has(&posts));
    if !is_hexo {
        return None;
    }
    let mut blog = Blog::default();
    blog.site("hexo", None, |names| settings.get(names));
    blog.posts(folder, &[posts]);
    let pattern =
        settings.get(&["permalink"]).unwrap_or_else(|| Found::new(":year/:month/:day/:title/", "Hexo's own default"));
    // Hexo's title is the name of the file with its folders.
    let with_folders =
        !pattern.text.contains(":dir") && (pattern.text.starts_with(":title") || pattern.text.contains("/:title"));
    blog.permalink(pattern, |word| {
        Some(match word {
            "year" | "month" | "day" | "i_month" | "i_day" => format!(":{word}"),
            "title" if with_folders => ":dir/:slug".to_owned(),
            "title" | "name" => ":slug".to_owned(),
            "category" => ":category".to_owned(),
            _ => return None,
        })
    });
    Some(blog)
}
