//! Hugo: `hugo.toml`, `config.toml` with `baseURL`, or the files of `config/_default`, in any of its three languages.

use super::blog::{Blog, DATES_IN_NAMES, Folder, by_folder, sections};
use super::settings::{Found, Settings};

/// Names that only Hugo uses.
const OWN: [&str; 8] = [
    "hugo.toml",
    "hugo.yaml",
    "hugo.yml",
    "hugo.json",
    "config/_default/hugo.toml",
    "config/_default/hugo.yaml",
    "config/_default/hugo.yml",
    "config/_default/hugo.json",
];

/// Names that others use too.
const SHARED: [&str; 8] = [
    "config.toml",
    "config.yaml",
    "config.yml",
    "config.json",
    "config/_default/config.toml",
    "config/_default/config.yaml",
    "config/_default/config.yml",
    "config/_default/config.json",
];

pub(super) fn recognise(folder: &Folder<'_>) -> Option<Blog> {
    let settings = settings(folder)?;
    let mut blog = Blog::default();
    let main =
        settings.get(&["defaultContentLanguage"]).map_or("en".to_owned(), |language| language.text.to_lowercase());
    let of_language = |key: &str| format!("languages.{main}.{key}");
    blog.take("site.title", settings.get(&["title", &of_language("title")]));
    blog.take("site.url", settings.get(&["baseURL", &of_language("baseURL")]));
    blog.take(
        "site.description",
        settings.get(&["params.description", &of_language("params.description"), "description", "params.subtitle"]),
    );
    let code = [of_language("locale"), of_language("languageCode")];
    blog.take("site.language", settings.get(&["locale", "languageCode", &code[0], &code[1], "defaultContentLanguage"]));
    blog.take("site.author.name", settings.get(&["params.author.name", "params.author", "author.name", "author"]));
    blog.take("site.author.email", settings.get(&["params.author.email", "author.email", "params.email"]));
    blog.take("site.timezone", settings.get(&["timeZone"]));

    let content =
        settings.get(&[&of_language("contentDir"), "contentDir"]).map_or("content".to_owned(), |dir| dir.text);
    let content = content.trim_start_matches("./").trim_matches('/').to_owned();
    // A section that has a pattern of its own is where the posts are.
    let patterns: Vec<(String, Found)> = settings
        .below("permalinks")
        .map(|(key, found)| (key.strip_prefix("page.").unwrap_or(key).to_owned(), found.clone()))
        .filter(|(section, _)| !section.contains('.'))
        .collect();
    let mut candidates: Vec<_> = patterns.iter().map(|(section, _)| format!("{content}/{section}")).collect();
    candidates.retain(|candidate| sections(&content).contains(candidate));
    candidates.extend(sections(&content));
    let posts = blog.posts(folder, &candidates).unwrap_or_else(|| content.clone());
    let section = posts.strip_prefix(&content).unwrap_or_default().trim_matches('/').to_owned();
    let is_ugly = settings.get(&["uglyURLs"]).is_some_and(|found| found.text == "true");
    match patterns.into_iter().find(|(name, _)| *name == section) {
        Some((_, pattern)) => {
            if pattern.text.contains(":title") {
                blog.notes.push(
                    "Hugo makes `:title` from the title, here it is the name of the file: such posts need `slug:`"
                        .into(),
                );
            }
            blog.permalink(pattern, |word| meaning(word, &section));
        }
        None => {
            let pattern = by_folder(&posts, &content);
            let pattern = if is_ugly { pattern.replace(":slug/", ":slug.html") } else { pattern };
            blog.take("posts.permalink", Some(Found::new(pattern, "Hugo's own default")));
        }
    }
    blog.notes.push(DATES_IN_NAMES.into());
    Some(blog)
}

fn settings(folder: &Folder<'_>) -> Option<Settings> {
    let own = folder.first(&OWN).map(|(_, settings)| settings);
    let shared = || {
        SHARED.iter().find_map(|name| {
            let settings = folder.settings(name)?;
            let is_hugo = name.starts_with("config/") || settings.get(&["baseURL"]).is_some();
            is_hugo.then_some(settings)
        })
    };
    let mut settings = own.or_else(shared)?;
    for part in ["params", "languages", "permalinks"] {
        for ending in ["toml", "yaml", "yml", "json"] {
            if let Some(more) = folder.settings(&format!("config/_default/{part}.{ending}")) {
                settings.add(part, more);
            }
        }
    }
    // Each language may have a file of its own.
    let main = settings.get(&["defaultContentLanguage"]).map_or("en".to_owned(), |language| language.text);
    for part in ["params", "languages"] {
        for ending in ["toml", "yaml", "yml", "json"] {
            if let Some(more) = folder.settings(&format!("config/_default/{part}.{main}.{ending}")) {
                let language = format!("languages.{main}").to_lowercase();
                settings.add(&if part == "params" { language + ".params" } else { language }, more);
            }
        }
    }
    Some(settings)
}

fn meaning(word: &str, section: &str) -> Option<String> {
    Some(match word {
        "year" | "month" | "day" => format!(":{word}"),
        "slug"
        | "title"
        | "filename"
        | "contentbasename"
        | "slugorfilename"
        | "slugorcontentbasename"
        | "slugortitle" => ":slug".to_owned(),
        "section" => section.to_owned(),
        "sections" => format!("{section}/:dir"),
        // Hugo also takes the layouts of Go's dates.
        "2006" => ":year".to_owned(),
        "01" => ":month".to_owned(),
        "02" => ":day".to_owned(),
        _ => return None,
    })
}
