//! Eleventy: a configuration that is a program, and the site's data beside it. Nothing is run.

use url::Url;

use super::blog::{Blog, Folder, by_folder, names, sections};
use super::settings::{Found, Settings};
use crate::post;

const FILES: [&str; 5] =
    ["eleventy.config.js", "eleventy.config.mjs", "eleventy.config.cjs", "eleventy.config.ts", ".eleventy.js"];

pub(super) fn recognise(folder: &Folder) -> Option<Blog> {
    let (file, settings) = folder.first(&FILES)?;
    let input = input_folder(&settings, &folder.text(file).unwrap_or_default());
    let mut places = vec!["", "src", "content", "src/content"];
    if let Some(input) = input.as_deref().filter(|input| !places.contains(input)) {
        places.insert(0, input);
    }
    let mut data = Settings::default();
    let mut place_of_data = None;
    for place in &places {
        for directory in ["_data", "data"] {
            for name in
                ["site", "metadata", "meta"].iter().flat_map(|name| ["json", "js", "mjs"].map(|end| (name, end)))
            {
                if let Some(more) = folder.settings(&below(place, &format!("{directory}/{}.{}", name.0, name.1))) {
                    data.add("", more);
                    place_of_data = place_of_data.or(Some(*place));
                }
            }
        }
    }
    let mut blog = Blog::default();
    // Parts of a page have titles and addresses too, which are no addresses of a site.
    let is_site = |found: &Found| found.text.contains("://") && !found.text.contains("://localhost");
    let urls: Vec<_> = names("eleventy", "site.url").split_whitespace().filter_map(|name| data.get(&[name])).collect();
    let url = urls.into_iter().find(is_site);
    blog.site("eleventy", url.as_ref(), |names| data.get(names).filter(|found| !found.text.starts_with('/')));
    let in_places =
        places.iter().flat_map(|place| sections(folder, place).into_iter().chain([format!("{place}/_posts")]));
    let mut candidates: Vec<String> = in_places.map(|name| name.trim_matches('/').to_owned()).collect();
    candidates.retain(|candidate| !places.contains(&candidate.as_str()));
    candidates.extend(["content", "src/content"].map(str::to_owned));
    if let Some(input) = input.as_deref().filter(|input| !input.is_empty()) {
        candidates.retain(|candidate| candidate.strip_prefix(input).is_some_and(|rest| rest.starts_with('/')));
    }
    let Some(posts) = blog.posts(folder, &candidates) else { return Some(blog) };
    // The folder that Eleventy reads holds the folder of data, or is the one above it.
    let first = posts.split('/').next().unwrap_or_default();
    let content = match input.as_deref() {
        Some(input) => input,
        None if first != posts
            && places.contains(&first)
            && place_of_data.is_none_or(|it| it.is_empty() || it == first) =>
        {
            first
        }
        None => place_of_data.unwrap_or_default(),
    };
    blog.take("posts.slugify", Some(Found::new("eleventy", "Eleventy's own way")));
    // Only `fileSlug` is without the date.
    let default = by_folder(&posts, content, ":basename");
    // What the folder's own file says for all in it, or that of a folder around it.
    let mut folders = vec![posts.as_str()];
    while let Some((above, _)) = folders.last().and_then(|last| last.rsplit_once('/')) {
        folders.push(above);
    }
    let layout = folders.iter().find_map(|at| said_by_layout(folder, at, content));
    let layout = layout.or_else(|| said_by_layout_of_posts(folder, &posts, content));
    let said = folders.into_iter().find_map(|at| said_in(folder, at)).or_else(|| said_below(folder, &posts)).or(layout);
    match said {
        Some((Some(pattern), _)) => permalink(&mut blog, pattern, &default),
        Some((None, file)) => blog.notes.push(format!(
            "the addresses are made by a program ({file}); set posts.permalink, or `permalink:` in each post"
        )),
        None => blog.take("posts.permalink", Some(Found::new(default, "Eleventy's own default"))),
    }
    if settings.get(&["pathPrefix"]).is_none_or(|prefix| prefix.text == "/") {
        name_path_once(&mut blog);
    }
    Some(blog)
}

/// Without `pathPrefix` the addresses of pages are whole paths: one that the address of the site has too comes once.
fn name_path_once(blog: &mut Blog) {
    let pattern = blog.taken.iter().find(|(key, _)| *key == "posts.permalink").map(|(_, found)| found.text.clone());
    let site = blog.taken.iter_mut().find(|(key, _)| *key == "site.url").map(|(_, found)| found);
    let (Some(pattern), Some(site)) = (pattern, site) else { return };
    let Ok(mut url) = Url::parse(&site.text) else { return };
    let path = format!("{}/", url.path().trim_end_matches('/'));
    if path != "/" && pattern.starts_with(&path) {
        url.set_path("/");
        site.text = url.into();
    }
}

/// The pattern that the data file of a folder has for all in it, `None` when a program makes it; and the file.
fn said_in(folder: &Folder, at: &str) -> Option<(Option<Found>, String)> {
    let name = at.rsplit('/').next().unwrap_or_default();
    ["json", "11tydata.json", "11tydata.js", "11tydata.mjs", "11tydata.cjs"].iter().find_map(|end| {
        let file = format!("{at}/{name}.{end}");
        let text = folder.text(&file).filter(|text| text.contains("permalink"))?;
        let said = Settings::read(&file, &text).get(&["permalink", "eleventyComputed.permalink"]);
        Some((said.or_else(|| Some(Found::new(returned(&text)?, format!("{file}: permalink")))), file))
    })
}

/// The pattern in the front matter of the layout that a folder names for all in it.
fn said_by_layout(folder: &Folder, at: &str, content: &str) -> Option<(Option<Found>, String)> {
    let name = at.rsplit('/').next().unwrap_or_default();
    let layout = ["json", "11tydata.json", "11tydata.js", "11tydata.mjs", "11tydata.cjs"].iter().find_map(|end| {
        let file = format!("{at}/{name}.{end}");
        Settings::read(&file, &folder.text(&file)?).get(&["layout"])
    })?;
    said_in_layout(folder, &layout.text, content)
}

/// The pattern in the layout that posts name themselves, of the last by the names of files.
fn said_by_layout_of_posts(folder: &Folder, posts: &str, content: &str) -> Option<(Option<Found>, String)> {
    let mut files = folder.files(posts);
    files.retain(|file| post::is_post_file(file, false));
    files.sort();
    files.iter().rev().take(5).find_map(|file| {
        let layout = front_matter(&folder.text(&format!("{posts}/{file}"))?)?.get(&["layout"])?;
        said_in_layout(folder, &layout.text, content)
    })
}

fn said_in_layout(folder: &Folder, layout: &str, content: &str) -> Option<(Option<Found>, String)> {
    let place = below(content, &format!("_includes/{layout}"));
    // The ending may be left out.
    let (file, text) = ["", ".njk", ".html", ".liquid"].iter().find_map(|end| {
        let file = format!("{place}{end}");
        folder.text(&file).map(|text| (file, text))
    })?;
    let said = front_matter(&text)?.get(&["permalink"])?;
    Some((Some(Found::new(said.text, format!("{file}: permalink"))), file))
}

fn front_matter(text: &str) -> Option<Settings> {
    let (head, _) = text.strip_prefix("---\n")?.split_once("\n---")?;
    Some(Settings::read("layout.yml", head))
}

/// The template that a function makes which does nothing else: ``permalink: ({ page }) => `/web/${page.fileSlug}/` ``.
fn returned(program: &str) -> Option<String> {
    let (_, function) = program.split_once("permalink")?;
    let (head, literal) = function.split_once('`')?;
    let does_more = |word: &str| ["if", "const", "let", "var", "switch", "permalink"].contains(&word);
    if !(head.contains("return") || head.contains("=>")) || head.split(|c: char| !c.is_alphanumeric()).any(does_more) {
        return None;
    }
    let (literal, _) = literal.split_once('`')?;
    let literal = literal.replace("${", "{{ ").replace("data.page.", "page.").replace('}', " }}");
    (!literal.contains(['?', '('])).then_some(literal)
}

/// The pattern of folders that have one each, which differ by the name of the folder only: languages.
fn said_below(folder: &Folder, posts: &str) -> Option<(Option<Found>, String)> {
    let mut all: Option<(Option<Found>, String)> = None;
    for name in folder.folders(posts) {
        let Some((found, file)) = said_in(folder, &format!("{posts}/{name}")) else { continue };
        let found = found.map(|found| Found { text: found.text.replace(&format!("/{name}/"), "/:dir/"), ..found });
        let is_other = |known: &Option<Found>| known.as_ref().map(|it| &it.text) != found.as_ref().map(|it| &it.text);
        match &mut all {
            Some((known, _)) if is_other(known) => *known = None,
            Some(_) => {}
            None => all = Some((found, file)),
        }
    }
    all
}

fn below(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_owned() } else { format!("{place}/{name}") }
}

/// The folder that Eleventy reads, if its configuration says so: `dir: { input: "src" }` or `setInputDirectory("src")`.
fn input_folder(settings: &Settings, program: &str) -> Option<String> {
    let by_call = || {
        let (_, call) = program.split_once("setInputDirectory(")?;
        let call = call.trim_start();
        let quote = call.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        call[1..].split_once(quote).map(|(folder, _)| folder.to_owned())
    };
    let input = settings.get(&["dir.input"]).map(|found| found.text).or_else(by_call)?;
    Some(input.trim_start_matches('.').trim_matches('/').to_owned())
}

/// `page.date | date: "%Y/%m"` → `:year/:month`
fn of_date(name: &str) -> Option<String> {
    let format = name.strip_prefix("page.date")?.trim_start().strip_prefix('|')?.trim_start().strip_prefix("date:")?;
    let format = format.trim().trim_matches(['"', '\'']);
    let text = format.replace("%Y", ":year").replace("%m", ":month").replace("%d", ":day");
    (!text.contains(['%', '|', '"', '\''])).then_some(text)
}

/// `/blog/{{ page.fileSlug }}/` → `/blog/:slug/`; a template that says more than that is named.
fn permalink(blog: &mut Blog, pattern: Found, default: &str) {
    let mut text = String::new();
    let mut is_of_title = false;
    let mut rest = pattern.text.as_str();
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        text += before;
        match name.trim_matches([' ', '-']) {
            "page.fileSlug" => text += ":slug",
            "slug" => text += ":slugorbasename",
            "title | slugify" | "title | slugify | url" => {
                text += ":slug";
                is_of_title = true;
            }
            "page.filePathStem" => text += default.trim_end_matches('/'),
            name => text += &of_date(name).unwrap_or("{{".to_owned()),
        }
        rest = after;
    }
    text += rest;
    if text.contains(['{', '$']) {
        blog.notes.push(format!(
            "the addresses `{}` ({}) are made by a template; set posts.permalink, or `permalink:` in each post",
            pattern.text, pattern.from
        ));
        return;
    }
    if is_of_title {
        blog.take("posts.slug_from", Some(Found { text: "title".to_owned(), ..pattern.clone() }));
    }
    let text = format!("/{}", text.trim_end_matches("index.html").trim_start_matches('/')).replace("//", "/");
    blog.take("posts.permalink", Some(Found { text, ..pattern }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_of_one_name_is_a_pattern_of_ours() {
        let taken = |text: &str| {
            let mut blog = Blog::default();
            permalink(&mut blog, Found::new(text, "x"), "/blog/:dir/:slug/");
            (blog.taken.pop().map(|(_, found)| found.text), blog.notes.len())
        };
        assert_eq!(taken("/notes/{{ page.fileSlug }}/index.html"), (Some("/notes/:slug/".into()), 0));
        assert_eq!(taken("/{{page.filePathStem}}.html"), (Some("/blog/:dir/:slug.html".into()), 0));
        assert_eq!(taken("blog/{{ title | slugify }}/"), (Some("/blog/:slug/".into()), 0));
        assert_eq!(taken("/{{ slug }}/"), (Some("/:slugorbasename/".into()), 0));
        let dated = "/blog/{{ page.date | date: '%Y/%m/%d' }}/{{ page.fileSlug }}/";
        assert_eq!(taken(dated), (Some("/blog/:year/:month/:day/:slug/".into()), 0));
        assert_eq!(taken("/{{ page.date | date: '%b' }}/{{ page.fileSlug }}/"), (None, 1));
        assert_eq!(taken("/{{ title | slug }}/"), (None, 1));
        assert_eq!(taken("/{% if x %}a{% endif %}/"), (None, 1));
    }

    #[test]
    fn a_path_of_the_site_s_address_comes_once() {
        let told = |program: &str, url: &str| {
            let temporary = tempfile::tempdir().unwrap();
            let site = crate::files::Folder::new(temporary.path());
            let write = |name: &str, text: &str| {
                site.write_new(name, text.as_bytes(), crate::files::Access::Public).unwrap();
            };
            write("eleventy.config.js", program);
            write("_data/metadata.js", &format!("export default {{ title: 'x', url: '{url}' }}"));
            write("content/blog/a.md", "---\ntitle: a\ndate: 2026-01-02\n---\n");
            let blog = recognise(&Folder::new(temporary.path())).unwrap();
            let of = |wanted: &str| blog.taken.iter().find(|(key, _)| *key == wanted).unwrap().1.text.clone();
            assert_eq!(of("posts.permalink"), "/blog/:dir/:basename/");
            of("site.url")
        };
        let plain = "export const config = { dir: { input: 'content', data: '../_data' } };";
        assert_eq!(told(plain, "https://x.example/blog/"), "https://x.example/");
        assert_eq!(told(plain, "https://x.example/blog"), "https://x.example/");
        assert_eq!(told(plain, "https://x.example/blogs/"), "https://x.example/blogs/");
        let prefixed = format!("{plain} export default {{ pathPrefix: '/blog/' }}");
        assert_eq!(told(&prefixed, "https://x.example/blog/"), "https://x.example/blog/");
    }

    #[test]
    fn a_function_that_only_fills_in_a_template_is_one() {
        let of = |program: &str| returned(program);
        let plain =
            "export default { permalink: function({page}) {\n\treturn `/web/${ page.fileSlug }/`\n}, tags: [`a`] }";
        assert_eq!(of(plain).as_deref(), Some("/web/{{  page.fileSlug  }}/"));
        assert_eq!(of("permalink: (data) => `/${data.page.fileSlug}/`").as_deref(), Some("/{{ page.fileSlug }}/"));
        assert_eq!(of("permalink: (data) => { if (!data.date) { return `/x/` } return `/y/` }"), None);
        assert_eq!(of("permalink: (data) => { const slug = f(data); return `/x/${slug}/` }"), None);
        assert_eq!(of("permalink: (data) => `/x/${slugify(data.title)}/`"), None);
    }

    #[test]
    fn the_folder_that_is_read_is_found_in_the_program() {
        let found = |program: &str| input_folder(&Settings::read(".eleventy.js", program), program);
        assert_eq!(found("return { dir: { input: \"src/site\", output: 'dist' } }").as_deref(), Some("src/site"));
        assert_eq!(found("c.setInputDirectory('./content/');").as_deref(), Some("content"));
        assert_eq!(found("return { dir: { input: '.' } }").as_deref(), Some(""));
        assert_eq!(found("c.setInputDirectory(folder)"), None);
    }
}
