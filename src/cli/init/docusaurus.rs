//! Docusaurus: `docusaurus.config.js` and the blog of its classic preset, or one that a plugin adds. Nothing is run.

use super::blog::{Blog, Folder};
use super::settings::{Found, Settings};
use super::table::says;

const FILES: [&str; 5] = [
    "docusaurus.config.js",
    "docusaurus.config.ts",
    "docusaurus.config.mjs",
    "docusaurus.config.mts",
    "docusaurus.config.cjs",
];

pub(super) fn recognise(folder: &Folder) -> Option<Blog> {
    let (file, settings) = folder.first(&FILES)?;
    let text = folder.text(file).unwrap_or_default();
    let mut blog = Blog::default();
    let url = settings.get(&["url"]).map(|url| {
        let base = settings.get(&["baseUrl"]).map_or(String::new(), |base| base.text);
        match base.trim_matches('/') {
            "" => url,
            base => Found::new(format!("{}/{base}", url.text.trim_end_matches('/')), format!("{file}: url, baseUrl")),
        }
    });
    blog.site("docusaurus", url.as_ref(), |names| settings.get(names));
    // Without the blog of the preset, that of the plugin is meant.
    let is_off = says(&text, "blog", "false") || !text.contains("preset");
    let plugin = text.split_once("plugin-content-blog").filter(|_| is_off);
    let plugin = plugin.map(|(_, rest)| Settings::read(file, &rest[rest.find('{').unwrap_or(rest.len())..]));
    let option = |name: &str| match &plugin {
        Some(plugin) => plugin.get(&[name]),
        None => settings.get(&[&format!("blog.{name}")]),
    };
    let path = option("path").map_or("blog".to_owned(), |path| path.text);
    if blog.posts(folder, &[path.trim_start_matches("./").trim_matches('/').to_owned()]).is_none() {
        return Some(blog);
    }
    blog.take("posts.slugify", Some(Found::new("docusaurus", "Docusaurus's own way")));
    let end = if says(&text, "trailingSlash", "true") { "/" } else { "" };
    let route = option("routeBasePath").unwrap_or_else(|| Found::new("blog", "Docusaurus's own default"));
    let pattern = match route.text.trim_matches('/') {
        "" => format!("/:slugorbasename{end}"),
        route => format!("/{route}/:slugorbasename{end}"),
    };
    blog.take("posts.permalink", Some(Found { text: pattern, ..route }));
    Some(blog)
}
