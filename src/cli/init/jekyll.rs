//! Jekyll: `_config.yml` or `_config.toml`, and what its `defaults` say for all posts; or just a folder `_posts`.

use super::blog::{Blog, Folder};
use super::settings::{Found, Settings};

const TOML: &str = "_config.toml";
const FILES: [&str; 3] = ["_config.yml", "_config.yaml", TOML];

pub(super) fn recognise(folder: &Folder) -> Option<Blog> {
    // GitHub Pages makes a blog of a folder without any settings too.
    let (file, settings) =
        folder.first(&FILES).or_else(|| folder.has("_posts").then(|| (FILES[0], Settings::default())))?;
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
    match settings.get(&["baseurl"]).filter(|base| url.is_none() && !base.text.trim_matches('/').is_empty()) {
        Some(base) => {
            blog.notes.push(format!("the site lies below `{}` ({}): let site.url end with it", base.text, base.from));
        }
        None => blog.take("site.url", url),
    }
    blog.take("site.description", settings.get(&["description", "tagline"]));
    blog.take("site.language", settings.get(&["lang", "language", "locale"]));
    let defaults = Defaults::of(&settings, file);
    let author = settings.get(&["author.name", "author"]).or_else(|| defaults.get(&["author.name"]));
    // An author of the posts may be an entry of the table of authors.
    let id = || defaults.get(&["author"]);
    let by_id = || {
        let found = id()?;
        ["_data/authors.yml", "_data/authors.yaml"]
            .iter()
            .find_map(|table| folder.settings(table)?.get(&[&format!("{}.name", found.text)]))
    };
    blog.take("site.author.name", author.or_else(by_id).or_else(id));
    blog.take("site.author.email", settings.get(&["author.email", "email"]));
    blog.take("site.timezone", settings.get(&["timezone"]));

    let below = |folder: Option<Found>| {
        folder.map_or(String::new(), |folder| format!("{}/", folder.text.trim_start_matches("./").trim_matches('/')))
    };
    let prefix = below(settings.get(&["source"])) + &below(settings.get(&["collections_dir"]));
    blog.posts(folder, &[format!("{prefix}_posts").trim_start_matches(['.', '/']).to_owned()]);

    let pattern = defaults
        .get(&["permalink"])
        .or_else(|| settings.get(&["collections.posts.permalink", "permalink"]))
        .unwrap_or_else(|| Found::new("date", "Jekyll's own default"));
    let pattern = Found { text: style(&pattern.text).to_owned(), ..pattern };
    if let Some(category) = defaults.get(&["categories", "category"]).filter(|_| pattern.text.contains("categories")) {
        blog.notes.push(format!(
            "the category `{}` that defaults give every post is no part of addresses here; write it into posts.permalink",
            category.text
        ));
    }
    blog.take("posts.slugify", Some(Found::new("jekyll", "Jekyll's own way")));
    blog.permalink(pattern, |word| {
        Some(match word {
            "year" | "month" | "day" | "i_month" | "i_day" | "y_day" | "categories" | "slugified_categories" => {
                format!(":{word}")
            }
            "title" | "name" => ":slug".to_owned(),
            "slug" => ":slugified".to_owned(),
            "path" => ":dir/:basename".to_owned(),
            "output_ext" => ".html".to_owned(),
            "collection" => "posts".to_owned(),
            _ => return None,
        })
    });
    let is_kramdown = settings.get(&["markdown"]).is_none_or(|markdown| markdown.text.eq_ignore_ascii_case("kramdown"));
    if is_kramdown {
        blog.take("posts.smart_punctuation", Some(Found::new("true", "kramdown's own default")));
    }
    blog.notes.extend(defaults.elsewhere.iter().map(|(path, pattern)| {
        format!("the addresses `{pattern}` of what lies in `{path}` ({file}: defaults): such posts need `permalink:`")
    }));
    let names = "config.toml, public, preview, outbox";
    let exclude = if file == TOML {
        format!("exclude = [\"{}\"]", names.replace(", ", "\", \""))
    } else {
        format!("exclude: [{names}]")
    };
    blog.notes.push(format!("Jekyll publishes whatever lies in its folder: add `{exclude}` to {file}"));
    Some(blog)
}

#[derive(Default)]
struct Defaults {
    /// The values of scopes that all posts are in, those that count first.
    for_posts: Vec<Settings>,
    /// Folders of posts that have addresses of their own.
    elsewhere: Vec<(String, String)>,
    file: &'static str,
}

impl Defaults {
    fn of(settings: &Settings, file: &'static str) -> Self {
        let mut defaults = Self { file, ..Self::default() };
        let mut scopes = Vec::new();
        for (n, set) in settings.items("defaults").into_iter().enumerate() {
            let kind = set.get(&["scope.type"]).map(|kind| kind.text);
            if !matches!(kind.as_deref(), None | Some("posts" | "post")) {
                continue;
            }
            let path = set.get(&["scope.path"]).map_or(String::new(), |path| path.text.trim_matches('/').to_owned());
            if path.is_empty() || path == "_posts" || path.ends_with("/_posts") {
                // The deeper path counts, then the scope that names a type, then the later one.
                scopes.push(((path.len(), kind.is_some(), n), set));
            } else if let Some(pattern) = set.get(&["values.permalink"]).filter(|_| kind.is_some()) {
                defaults.elsewhere.push((path, pattern.text));
            }
        }
        scopes.sort_by(|(a, _), (b, _)| b.cmp(a));
        defaults.for_posts = scopes.into_iter().map(|(_, set)| set).collect();
        defaults
    }

    fn get(&self, keys: &[&str]) -> Option<Found> {
        let found = self
            .for_posts
            .iter()
            .find_map(|set| keys.iter().find_map(|key| Some((set.get(&[&format!("values.{key}")])?, key))));
        found.map(|(found, key)| Found::new(found.text, format!("{}: defaults, {key}", self.file)))
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_defaults_the_deeper_path_counts_then_the_type_then_the_later_one() {
        let pattern = |sets: &str| {
            let settings = Settings::read("_config.yml", &format!("defaults:\n{sets}"));
            Defaults::of(&settings, "_config.yml").get(&["permalink"]).map(|found| found.text)
        };
        let set = |scope: &str, value: &str| format!("- scope: {{{scope}}}\n  values: {{permalink: {value}}}\n");
        let (all, typed) = (set("path: ''", "/all/"), set("path: '', type: posts", "/typed/"));
        assert_eq!(pattern(&(typed.clone() + &all)).as_deref(), Some("/typed/"));
        assert_eq!(pattern(&(typed.clone() + &set("type: posts", "/later/"))).as_deref(), Some("/later/"));
        assert_eq!(pattern(&(set("path: _posts", "/deep/") + &typed)).as_deref(), Some("/deep/"));
        assert_eq!(pattern(&set("path: '', type: pages", "/pages/")), None);
        assert_eq!(pattern("- values: {permalink: /bare/}\n").as_deref(), Some("/bare/"));
        assert_eq!(pattern("no list\n"), None);
    }
}
