//! Jekyll: `_config.yml`.

use super::blog::{Blog, Folder};
use super::settings::Found;

const FILES: [&str; 2] = ["_config.yml", "_config.yaml"];

pub(super) fn recognise(folder: &Folder<'_>) -> Option<Blog> {
    let (file, settings) = folder.first(&FILES)?;
    let mut blog = Blog::default();
    blog.take("site.title", settings.get(&["title", "name"]));
    let url = settings.get(&["url"]).map(|url| {
        // `baseurl` is the path below the host.
        let base = settings.get(&["baseurl"]).map_or(String::new(), |base| base.text);
        let base = base.trim_matches('/');
        if base.is_empty() || url.text.trim_end_matches('/').ends_with(&format!("/{base}")) {
            url
        } else {
            Found::new(format!("{}/{base}", url.text.trim_end_matches('/')), format!("{file}: url, baseurl"))
        }
    });
    blog.take("site.url", url);
    blog.take("site.description", settings.get(&["description", "tagline"]));
    blog.take("site.language", settings.get(&["lang", "language", "locale"]));
    blog.take("site.author.name", settings.get(&["author.name", "author"]));
    blog.take("site.author.email", settings.get(&["author.email", "email"]));
    blog.take("site.timezone", settings.get(&["timezone"]));

    let below = |folder: Option<Found>| {
        folder.map_or(String::new(), |folder| format!("{}/", folder.text.trim_start_matches("./").trim_matches('/')))
    };
    let prefix = below(settings.get(&["source"])) + &below(settings.get(&["collections_dir"]));
    blog.posts(folder, &[format!("{prefix}_posts").trim_start_matches(['.', '/']).to_owned()]);

    let pattern = settings.get(&["permalink"]).unwrap_or_else(|| Found::new("date", "Jekyll's own default"));
    let pattern = Found { text: style(&pattern.text).to_owned(), ..pattern };
    if pattern.text.contains(":categories") {
        blog.notes.push(
            "the categories in addresses: posts that have some need `permalink:`, for here they are no part of it"
                .into(),
        );
    }
    blog.permalink(pattern, |word| {
        Some(match word {
            "year" | "month" | "day" => format!(":{word}"),
            "title" | "slug" | "name" => ":slug".to_owned(),
            "output_ext" => ".html".to_owned(),
            "collection" => "posts".to_owned(),
            "categories" => String::new(),
            _ => return None,
        })
    });
    blog.notes.push(format!(
        "Jekyll publishes whatever lies in its folder: add `exclude: [config.toml, public, preview, outbox]` to {file}"
    ));
    Some(blog)
}

/// The pattern that a word of Jekyll stands for.
fn style(word: &str) -> &str {
    match word {
        "date" => "/:categories/:year/:month/:day/:title.html",
        "pretty" => "/:categories/:year/:month/:day/:title/",
        "ordinal" => "/:categories/:year/:y_day/:title.html",
        "weekdate" => "/:categories/:year/W:week/:short_day/:title.html",
        "none" => "/:categories/:title.html",
        pattern => pattern,
    }
}
