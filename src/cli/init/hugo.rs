//! Hugo: `hugo.toml`, `config.toml` with a word of Hugo such as `baseURL`, or the files of `config/_default`, in any of its three languages.

use super::blog::{Blog, Folder, by_folder, languages, sections};
use super::settings::{Found, Settings};

/// The languages of its settings.
const ENDINGS: [&str; 4] = ["toml", "yaml", "yml", "json"];

/// A file of settings, in whichever language it is.
fn files(name: &str) -> impl Iterator<Item = String> {
    ENDINGS.iter().map(move |ending| format!("{name}.{ending}"))
}

pub(super) fn recognise(folder: &Folder) -> Option<Blog> {
    let settings = settings(folder)?;
    let mut blog = Blog::default();
    let main =
        settings.get(&["defaultContentLanguage"]).map_or("en".to_owned(), |language| language.text.to_lowercase());
    // What a language says goes before what all of them share.
    let get = |keys: &[&str]| {
        let own: Vec<_> = keys.iter().map(|key| format!("languages.{main}.{key}")).collect();
        settings.get(&own.iter().map(String::as_str).collect::<Vec<_>>()).or_else(|| settings.get(keys))
    };
    blog.site("hugo", None, get);

    let content = get(&["contentDir"]).map_or("content".to_owned(), |dir| dir.text);
    let content = content.trim_start_matches("./").trim_matches('/').to_owned();
    // A section that has a pattern of its own is where the posts are.
    let patterns: Vec<(String, Found)> = settings
        .below("permalinks")
        .map(|(key, found)| (key.strip_prefix("page.").unwrap_or(key).to_owned(), found.clone()))
        .filter(|(section, _)| !section.contains('.'))
        .collect();
    let named = settings.items("params.mainSections").into_iter().filter_map(|item| item.get(&[""]));
    let named: Vec<_> = named.map(|section| format!("{content}/{}", section.text.trim_matches('/'))).collect();
    let mut candidates: Vec<_> = patterns.iter().map(|(section, _)| format!("{content}/{section}")).collect();
    let sections = sections(folder, &content);
    candidates.retain(|candidate| sections.contains(candidate));
    candidates.extend(sections);
    // What the blog itself calls its posts goes before what holds more.
    let is_main = |name: &String| named.contains(name) && folder.posts(name) > 0;
    if candidates.iter().any(is_main) {
        candidates.retain(is_main);
    }
    let posts = blog.posts(folder, &candidates).unwrap_or_else(|| content.clone());
    let section = posts.strip_prefix(&content).unwrap_or_default().trim_matches('/').to_owned();
    // For the whole site, or for a section.
    let top = section.split('/').next().unwrap_or_default();
    let is_ugly = settings.get(&["uglyURLs", &format!("uglyURLs.{top}")]).is_some_and(|found| found.text == "true");
    // Hugo takes the date out of a name only when it takes it for the date.
    let is_date = settings
        .items("frontmatter.date")
        .iter()
        .any(|item| item.get(&[""]).is_some_and(|handler| handler.text == ":filename"));
    let of_language = match languages(&settings) {
        0 | 1 => String::new(),
        _ if settings.get(&["defaultContentLanguageInSubdir"]).is_some_and(|found| found.text == "true") => {
            blog.notes
                .push(format!("posts in another language than `{main}` need `permalink:`, for all lie below theirs"));
            format!("/{main}")
        }
        _ => "/:lang".to_owned(),
    };
    blog.take("posts.slugify", Some(Found::new("hugo", "Hugo's own way")));
    match patterns.into_iter().find(|(name, _)| *name == section) {
        Some((_, pattern)) => {
            let is_of_title = [":title", ":slug", ":slugortitle"].iter().any(|word| has_word(&pattern.text, word));
            if is_of_title && !is_date {
                blog.take("posts.slug_from", Some(Found::new("title", pattern.from.clone())));
            }
            let text = format!("{of_language}/{}", with_ending(&pattern.text, is_ugly).trim_start_matches('/'));
            blog.permalink(Found { text, ..pattern }, |word| meaning(word, &section));
        }
        None => {
            let pattern = by_folder(&posts, &content, if is_date { ":slug" } else { ":slugorfilename" });
            let pattern = of_language + &with_ending(&pattern, is_ugly);
            blog.take("posts.permalink", Some(Found::new(pattern, "Hugo's own default")));
        }
    }
    let typographer =
        settings.get(&["markup.goldmark.extensions.typographer", "markup.goldmark.extensions.typographer.disable"]);
    if typographer.is_none_or(|found| (found.text == "true") != found.from.ends_with("disable")) {
        blog.take("posts.smart_punctuation", Some(Found::new("true", "Hugo's own default")));
    }
    if settings.get(&["disablePathToLower"]).is_some_and(|found| found.text == "true") {
        blog.notes.push(
            "Hugo keeps capital letters in addresses here, `:slugorfilename` makes them small: such posts need `permalink:`"
                .into(),
        );
    }
    Some(blog)
}

/// True when these are settings of Hugo, and not of another program whose file has the same name.
pub(super) fn is_own(settings: &Settings) -> bool {
    let is_of_language = |key: &str| {
        let key = key.rsplit('.').next().unwrap_or_default();
        matches!(key, "baseurl" | "languagecode" | "languagename" | "contentdir")
    };
    settings.get(&["base_url"]).is_none()
        && (settings.get(&["baseURL", "languageCode", "defaultContentLanguage", "contentDir"]).is_some()
            || settings.below("languages").any(|(key, _)| is_of_language(key)))
}

/// What Hugo makes of the end of a pattern: a folder, or a file when addresses are to be ugly.
fn with_ending(pattern: &str, is_ugly: bool) -> String {
    let path = pattern.trim_end_matches('/');
    match (path.strip_suffix(".html"), is_ugly) {
        (None, true) => format!("{path}.html"),
        (None, false) => format!("{path}/"),
        (Some(_), _) => path.to_owned(),
    }
}

/// True when a pattern has this very word: `:slug` is no part of `:slugorfilename`.
fn has_word(pattern: &str, word: &str) -> bool {
    pattern.match_indices(word).any(|(at, _)| {
        let next = pattern[at + word.len()..].chars().next();
        next.is_none_or(|next| !next.is_ascii_alphanumeric() && next != '_')
    })
}

fn settings(folder: &Folder) -> Option<Settings> {
    // A file that others use too is Hugo's by its folder, or by what it says.
    let named = ["hugo", "config/_default/hugo", "config", "config/_default/config"];
    let mut all = named.into_iter().flat_map(|name| files(name).map(move |file| (name, folder.settings(&file))));
    let mut settings = all.find_map(|(name, found)| found.filter(|found| name != "config" || is_own(found)))?;
    let add = |settings: &mut Settings, file: &str, prefix: &str| {
        files(&format!("config/_default/{file}"))
            .filter_map(|name| folder.settings(&name))
            .for_each(|more| settings.add(prefix, more));
    };
    for part in ["params", "languages", "permalinks"] {
        add(&mut settings, part, part);
    }
    // Each language may have a file of its own.
    let main = settings.get(&["defaultContentLanguage"]).map_or("en".to_owned(), |language| language.text);
    let language = format!("languages.{main}").to_lowercase();
    add(&mut settings, &format!("params.{main}"), &format!("{language}.params"));
    add(&mut settings, &format!("languages.{main}"), &language);
    Some(settings)
}

fn meaning(word: &str, section: &str) -> Option<String> {
    Some(match word {
        "lang" | "year" | "month" | "day" => format!(":{word}"),
        "slug" | "slugortitle" => ":slug".to_owned(),
        "title" => ":title".to_owned(),
        "filename" | "contentbasename" => ":filename".to_owned(),
        "slugorfilename" | "slugorcontentbasename" => ":slugorfilename".to_owned(),
        "section" => section.to_owned(),
        "sections" => format!("{section}/:dir"),
        // Hugo also takes the layouts of Go's dates.
        "2006" => ":year".to_owned(),
        "01" => ":month".to_owned(),
        "02" => ":day".to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_end_as_hugo_ends_them() {
        assert_eq!(with_ending("/:filename", false), "/:filename/");
        assert_eq!(with_ending("/posts/:slug/", true), "/posts/:slug.html");
        assert_eq!(with_ending("/:slug.html", false), "/:slug.html");
    }

    #[test]
    fn a_word_is_found_whole() {
        assert!(has_word("/:slugorfilename/:slug/", ":slug") && has_word(":title", ":title"));
        assert!(!has_word("/:slugorfilename/", ":slug") && !has_word("/:title_x", ":title"));
    }

    #[test]
    fn a_file_that_others_use_too_is_hugo_s_by_what_it_says() {
        let own = |text: &str| is_own(&Settings::read("config.toml", text));
        assert!(own("baseURL = 'https://example.org'") && own("[languages.en]\nbaseURL = 'https://example.org'"));
        assert!(!own("base_url = 'https://example.org'\n[languages.fr]\ntitle = 'x'"), "Zola's");
        assert!(!own(include_str!("config.toml")) && !own("[site]\ntitle = 'x'\nurl = 'https://example.org'"), "ours");
    }
}
