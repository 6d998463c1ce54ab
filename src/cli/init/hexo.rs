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
    let names = settings.get(&["new_post_name"]).map_or(":title.md".to_owned(), |names| names.text);
    blog.take("posts.slugify", Some(Found::new("hexo", "Hexo's own way")));
    blog.permalink(pattern, |word| {
        Some(match word {
            "year" | "month" | "day" | "i_month" | "i_day" | "category" | "abbrlink" => format!(":{word}"),
            "title" => title(&names).to_owned(),
            "name" => ":basename".to_owned(),
            _ => return None,
        })
    });
    Some(blog)
}

/// What Hexo's `:title` is: the name of the file with its folders, less what `new_post_name` puts before the title.
fn title(new_post_name: &str) -> &'static str {
    let before = new_post_name.split_once(":title").map_or("", |(before, _)| before);
    match before.rsplit_once('/') {
        None if before.is_empty() => ":dir/:basename",
        None => ":dir/:slug",
        Some((_, "")) => ":basename",
        Some(_) => ":slug",
    }
}

#[cfg(test)]
mod tests {
    use super::title;

    #[test]
    fn what_new_post_name_puts_before_the_title_is_no_part_of_it() {
        let titles = [":title.md", ":year-:month-:day-:title.md", ":category/:title.md", ":year/:month-:day-:title.md"];
        assert_eq!(titles.map(title), [":dir/:basename", ":dir/:slug", ":basename", ":slug"]);
    }
}
