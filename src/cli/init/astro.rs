//! Astro: `site` in `astro.config.mjs`; what else is known stands where its starters put it. Nothing is run.

use super::blog::{Blog, Folder, by_folder, sections};
use super::settings::Found;

const FILES: [&str; 5] =
    ["astro.config.mjs", "astro.config.js", "astro.config.ts", "astro.config.mts", "astro.config.cjs"];

const PAGES: &str = "src/pages";

pub(super) fn recognise(folder: &Folder) -> Option<Blog> {
    let (file, settings) = folder.first(&FILES)?;
    let mut blog = Blog::default();
    let mut more = super::settings::Settings::default();
    for name in [
        "src/consts.ts",
        "src/config.ts",
        "src/consts.js",
        "src/config.js",
        "src/site.config.ts",
        "src/site.ts",
        "src/constants.ts",
        "src/data/site.ts",
        "src/data/siteConfig.ts",
    ] {
        more.add("", folder.settings(name).unwrap_or_default());
    }
    // It may be a name there for what stands above it.
    let url = settings
        .get(&["site", "siteUrl", "SITE_URL"])
        .or_else(|| more.get(&["website", "SITE_URL", "site.url", "site"]))
        .map(|url| match settings.get(&["base"]).map(|base| base.text.trim_matches('/').to_owned()) {
            Some(base) if !base.is_empty() => {
                Found::new(format!("{}/{base}", url.text.trim_end_matches('/')), format!("{file}: site, base"))
            }
            _ => url,
        });
    let default = settings.get(&["defaultLocale"]);
    blog.site("astro", url.as_ref(), |names| {
        more.get(names).or_else(|| default.clone().filter(|_| names.contains(&"locale")))
    });
    let mut candidates: Vec<String> = [
        "src/content/blog",
        "src/content/posts",
        "src/content/post",
        "src/data/blog",
        "src/pages/blog",
        "src/pages/posts",
    ]
    .map(str::to_owned)
    .into();
    candidates.extend(sections(folder, "src/content"));
    // A collection without a page of its own has no addresses.
    let has_pages =
        |name: &String| name.strip_prefix("src/content/").is_some_and(|collection| route(folder, collection).is_some());
    if candidates.iter().any(has_pages) {
        candidates.retain(|name| !name.starts_with("src/content") || has_pages(name));
    }
    if let Some(posts) = blog.posts(folder, &candidates) {
        let end = if settings.get(&["trailingSlash"]).is_some_and(|found| found.text == "never") { "" } else { "/" };
        let pattern = if posts.starts_with(PAGES) {
            // A page is called as its file is.
            let path = by_folder(&posts, PAGES, ":basename");
            Found::new(path.trim_end_matches('/').to_owned() + end, "Astro's own way with pages")
        } else {
            blog.take("posts.slugify", Some(Found::new("astro", "Astro's own way")));
            let collection = posts.rsplit('/').next().unwrap_or_default();
            match route(folder, collection) {
                Some((path, file)) => Found::new(path + end, file),
                None => {
                    let path = format!("/{collection}/:dir/:slugorbasename{end}");
                    Found::new(path, "the name of the folder, as its starters do it")
                }
            }
        };
        blog.take("posts.permalink", Some(pattern));
    }
    Some(blog)
}

/// The address of an entry of a collection, and the page that makes it: `src/pages/blog/[...slug].astro`.
fn route(folder: &Folder, collection: &str) -> Option<(String, String)> {
    let names = [format!("'{collection}'"), format!("\"{collection}\"")];
    let mut routes: Vec<(usize, String, String)> = Vec::new();
    for file in folder.files(PAGES) {
        let Some(path) = address(&file) else { continue };
        let name = format!("{PAGES}/{file}");
        let text = folder.text(&name).unwrap_or_default();
        // Its entries may come through a function of its own or of a theme.
        let is_below = file.strip_prefix(collection).is_some_and(|rest| rest.starts_with('/'));
        if !is_below && !names.iter().any(|name| text.contains(name)) {
            continue;
        }
        // A page of the collection's own name, then the one that is nearest to the top.
        let is_named = path.split('/').any(|part| part == collection);
        routes.push((2 * path.matches('/').count() + usize::from(!is_named), path, name));
    }
    routes.into_iter().min().map(|(_, path, name)| (path, name))
}

/// `blog/[...slug].astro` → `/blog/:dir/:slugorbasename`; nothing for a page that is no post.
fn address(file: &str) -> Option<String> {
    let path = file.strip_suffix(".astro")?;
    let path = path.strip_suffix("/index").unwrap_or(path);
    let (before, parameter) = path.strip_suffix(']')?.rsplit_once('[')?;
    let (rest, parameter) = parameter.strip_prefix("...").map_or((false, parameter), |name| (true, name));
    let is_list = ["page", "tag", "category", "lang", "locale", "author", "year", "series"].contains(&parameter);
    let dated = before.replace("[year]", ":year").replace("[month]", ":month").replace("[day]", ":day");
    if is_list || dated.contains('[') || !(before.is_empty() || before.ends_with('/')) {
        return None;
    }
    // With the day in the folders, the name goes without it.
    Some(match (dated != before, rest) {
        (true, _) => format!("/{dated}:slug"),
        (false, true) => format!("/{before}:dir/:slugorbasename"),
        (false, false) => format!("/{before}:slugorbasename"),
    })
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn a_page_of_a_collection_says_the_addresses_of_its_entries() {
        let of = |file: &str| address(file).unwrap_or_default();
        assert_eq!(of("blog/[...slug].astro"), "/blog/:dir/:slugorbasename");
        assert_eq!(of("[slug]/index.astro"), "/:slugorbasename");
        assert_eq!(of("[year]/[month]/[slug].astro"), "/:year/:month/:slug");
        for other in ["blog/[page].astro", "[lang]/[slug].astro", "index.astro", "[slug].png.ts", "blog/x-[slug].astro"]
        {
            assert_eq!(of(other), "", "{other}");
        }
    }
}
