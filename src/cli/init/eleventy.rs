//! Eleventy: a configuration that is a program, and the site's data beside it. Nothing is run.

use super::blog::{Blog, Folder, by_folder, sections};
use super::settings::{Found, Settings};

const FILES: [&str; 5] =
    ["eleventy.config.js", "eleventy.config.mjs", "eleventy.config.cjs", "eleventy.config.ts", ".eleventy.js"];

pub(super) fn recognise(folder: &Folder<'_>) -> Option<Blog> {
    folder.first(&FILES)?;
    let mut data = Settings::default();
    let mut input = None;
    for place in ["", "src", "content"] {
        let prefix = if place.is_empty() { String::new() } else { format!("{place}/") };
        for directory in ["_data", "data"] {
            for name in
                ["site", "metadata", "meta"].iter().flat_map(|name| ["json", "js", "mjs"].map(|end| (name, end)))
            {
                if let Some(more) = folder.settings(&format!("{prefix}{directory}/{}.{}", name.0, name.1)) {
                    data.add("", more);
                    input = input.or(Some(place));
                }
            }
        }
    }
    let mut blog = Blog::default();
    blog.take("site.title", data.get(&["title", "name"]));
    blog.take("site.url", data.get(&["url", "baseUrl", "siteUrl"]));
    blog.take("site.description", data.get(&["description"]));
    blog.take("site.language", data.get(&["language", "lang", "locale"]));
    blog.take("site.author.name", data.get(&["author.name", "author", "authorName"]));
    blog.take("site.author.email", data.get(&["author.email", "authorEmail", "email"]));
    blog.take("site.timezone", data.get(&["timezone"]));
    // The folder that Eleventy reads holds the folder of data, or is the one above it.
    let places = ["content", "src"];
    let mut candidates: Vec<String> = places.iter().flat_map(|place| sections(place)).collect();
    candidates.retain(|candidate| !places.contains(&candidate.as_str()));
    candidates.extend(sections("").into_iter().map(|name| name.trim_matches('/').to_owned()));
    candidates.retain(|candidate| !candidate.is_empty());
    candidates.push("content".to_owned());
    if let Some(posts) = blog.posts(folder, &candidates) {
        let first = posts.split('/').next().unwrap_or_default();
        let content = if places.contains(&first) && input.is_none_or(|input| input.is_empty() || input == first) {
            first
        } else {
            input.unwrap_or_default()
        };
        let pattern = by_folder(&posts, content);
        blog.take("posts.permalink", Some(Found::new(pattern, "Eleventy's own default")));
    }
    Some(blog)
}
