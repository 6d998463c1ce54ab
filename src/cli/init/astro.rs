//! Astro: `site` in `astro.config.mjs`; what else is known stands where its starters put it. Nothing is run.

use super::blog::{Blog, Folder, sections};
use super::settings::Found;

const FILES: [&str; 5] =
    ["astro.config.mjs", "astro.config.js", "astro.config.ts", "astro.config.mts", "astro.config.cjs"];

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
    let url = settings.get(&["site"]).or_else(|| more.get(&["website", "SITE_URL", "site.url"])).map(|url| {
        match settings.get(&["base"]).map(|base| base.text.trim_matches('/').to_owned()) {
            Some(base) if !base.is_empty() => {
                Found::new(format!("{}/{base}", url.text.trim_end_matches('/')), format!("{file}: site, base"))
            }
            _ => url,
        }
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
    if let Some(posts) = blog.posts(folder, &candidates) {
        let section = posts.strip_prefix("src/content").unwrap_or(&posts).rsplit('/').next().unwrap_or_default();
        let pattern = format!("/{section}/:dir/:slugorfilename/").replace("//", "/");
        let pattern = Found::new(pattern, "the name of the folder, as its starters do it");
        blog.take("posts.permalink", Some(pattern));
    }
    Some(blog)
}
