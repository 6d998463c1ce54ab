//! Pelican: `pelicanconf.py`, and `publishconf.py` for what differs when it is published. Nothing is run.

use super::blog::{Blog, Folder};
use super::settings::Found;

pub(super) fn recognise(folder: &Folder) -> Option<Blog> {
    let settings = folder.settings("pelicanconf.py")?;
    let published = folder.settings("publishconf.py").unwrap_or_default();
    let mut blog = Blog::default();
    let url = published.get(&["SITEURL"]).or_else(|| settings.get(&["SITEURL"]));
    blog.site("pelican", url.as_ref(), |names| settings.get(names));
    let content = settings.get(&["PATH"]).map_or("content".to_owned(), |path| path.text);
    let content = content.trim_start_matches("./").trim_matches('/').to_owned();
    let named = |key: &str| {
        let items = settings.items(key).into_iter().filter_map(|item| item.get(&[""]));
        items.map(|item| item.text.trim_matches('/').to_owned()).collect::<Vec<_>>()
    };
    // One folder of articles is where the posts are; of several, what they lie in.
    let articles = named("ARTICLE_PATHS");
    match articles.as_slice() {
        [one] => blog.posts(folder, &[format!("{content}/{one}"), content.clone()]),
        _ => blog.posts(folder, std::slice::from_ref(&content)),
    };
    if articles.len() != 1 {
        let pages: Vec<_> = named("PAGE_PATHS").into_iter().filter(|name| name != "pages").collect();
        blog.notes.extend(pages.iter().map(|name| {
            format!(
                "the pages in `{content}/{name}`: here a folder of pages is called `pages`; others need `layout: page`"
            )
        }));
    }
    let pattern = settings.get(&["ARTICLE_URL"]).unwrap_or_else(|| Found::new("{slug}.html", "Pelican's own default"));
    let source = settings.get(&["SLUGIFY_SOURCE"]).unwrap_or_else(|| Found::new("title", "Pelican's own default"));
    // A slug that is read from the name stays as it is.
    let of_name = settings.get(&["FILENAME_METADATA"]).filter(|names| names.text.contains("(?P<slug>"));
    let is_whole = of_name.as_ref().map_or(source.text == "basename", |names| names.text.starts_with("(?P<slug>"));
    blog.permalink(Found { text: with_colons(&pattern.text), ..pattern }, |word| match word {
        "slug" if is_whole => Some(":slugorbasename".to_owned()),
        "year" | "month" | "day" | "slug" | "category" => Some(format!(":{word}")),
        _ => None,
    });
    blog.take("posts.slugify", Some(Found::new("pelican", "Pelican's own way")));
    let slug_from = match of_name {
        Some(names) => Some(Found { text: "file".to_owned(), ..names }),
        None => Some(source).filter(|source| source.text == "title"),
    };
    blog.take("posts.slug_from", slug_from);
    Some(blog)
}

/// `{date:%Y/%m}/{slug}` → `:year/:month/:slug`
fn with_colons(pattern: &str) -> String {
    let mut text = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        text += before;
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        text += &match name.split_once(':') {
            Some(("date", layout)) => {
                layout.replace("%Y", ":year").replace("%m", ":month").replace("%d", ":day").replace('%', ":date_")
            }
            _ => format!(":{name}"),
        };
        rest = after;
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::with_colons;

    #[test]
    fn patterns_in_braces_become_ours() {
        assert_eq!(with_colons("posts/{date:%Y/%m/%d}/{slug}/"), "posts/:year/:month/:day/:slug/");
        assert_eq!(with_colons("{date:%b}/{category}/{slug"), ":date_b/:category/:slug");
    }
}
