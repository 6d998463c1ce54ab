//! What the settings of a blog do not say, and other files of its folder do: its address, its title, its language.

use url::Url;

use super::blog::{Blog, Folder, NO_FOLDER, UNREAD};
use super::settings::{Found, Settings};
use crate::feed;
use crate::model::ReadFeed;
use crate::post::{self, Spoken};
use crate::publish::count;

/// From the address or the name of the folder, which the owner should look at.
pub(super) const GUESS: &str = "for want of a title";

/// Where GitHub Pages and others read the host from.
const HOSTS: [&str; 6] = ["CNAME", "static/CNAME", "public/CNAME", "docs/CNAME", "source/CNAME", "src/CNAME"];

/// Where data about the site stands beside its settings.
const DATA: [&str; 6] =
    ["_data/site.yml", "_data/site.json", "_data/meta.yml", "_data/config.yml", "src/_data/site.json", "data/site.yml"];

/// Folders that blogs are built into, and names of feeds there.
const BUILT: [&str; 8] = ["", "public/", "_site/", "docs/", "dist/", "build/", "output/", "static/"];
const FEEDS: [&str; 6] = ["feed.xml", "atom.xml", "index.xml", "rss.xml", "feed.json", "feed/index.xml"];

/// As much of a page is looked at for its title.
const HEAD: usize = 16_384;

/// So many posts are looked at for their language.
const SAMPLES: usize = 30;

/// Takes over what is not known yet.
pub(super) fn complete(blog: &mut Blog, folder: &Folder) {
    propose_feed(blog, folder);
    let is_known = |blog: &Blog, key: &str| blog.taken.iter().any(|(known, _)| *known == key);
    let wanted = ["site.title", "site.url", "site.description", "site.author.name", "site.language"];
    if wanted.iter().any(|key| !is_known(blog, key)) {
        let mut more = Settings::default();
        for name in DATA {
            more.add("", folder.settings(name).unwrap_or_default());
        }
        let named = |keys: &[&str]| more.get(keys);
        let feed = built_feed(folder);
        let of_feed = |value: fn(&ReadFeed) -> Option<String>| {
            let (name, feed) = feed.as_ref()?;
            Some(Found::new(value(feed)?, name.clone()))
        };
        let page = || page(folder);
        let package = folder.settings("package.json").unwrap_or_default();
        let is_site = |found: &Found| found.text.starts_with("http") && !found.text.contains("://github.com/");
        let url = || {
            host(folder)
                .or_else(|| named(&["url", "baseurl", "base_url", "siteUrl"]).filter(is_site))
                .or_else(|| package.get(&["homepage"]).filter(is_site))
                .or_else(|| of_feed(|feed| feed.link.clone()).filter(is_site))
        };
        let title = || {
            named(&["title", "name"])
                .or_else(|| of_feed(|feed| feed.title.clone()))
                .or_else(|| page().and_then(|page| page.0))
        };
        let description = || named(&["description"]).or_else(|| of_feed(|feed| feed.description.clone()));
        let own = blog.taken.iter().find(|(key, _)| *key == "site.url").and_then(|(_, url)| host_of(&url.text));
        // The package may be a theme's, with the home and the author of that.
        let is_theme = package
            .get(&["homepage"])
            .and_then(|home| host_of(&home.text))
            .is_some_and(|home| !home.ends_with("github.com") && own.as_ref().is_some_and(|own| *own != home));
        let of_package = || package.get(&["author.name", "author"]).filter(|_| !is_theme).map(name_only);
        let author = || named(&["author.name", "author"]).or_else(of_package);
        let language = || {
            named(&["language", "lang", "locale"])
                .or_else(|| of_feed(|feed| feed.language.clone()))
                .or_else(|| page().and_then(|page| page.1))
        };
        let ways: [(&'static str, &dyn Fn() -> Option<Found>); 5] = [
            ("site.title", &title),
            ("site.url", &url),
            ("site.description", &description),
            ("site.language", &language),
            ("site.author.name", &author),
        ];
        for (key, way) in ways {
            if !is_known(blog, key) {
                blog.take(key, way().filter(|found| !found.text.trim().is_empty()));
            }
        }
    }
    if !is_known(blog, "site.title") {
        let host = blog.taken.iter().find(|(key, _)| *key == "site.url").and_then(|(_, url)| host_of(&url.text));
        blog.take("site.title", host.or_else(|| folder.own_name()).map(|name| Found::new(name, GUESS)));
    }
    let value = |blog: &Blog, wanted: &str| blog.taken.iter().find(|(key, _)| *key == wanted).map(|(_, it)| it.clone());
    let spoken = value(blog, "posts.dir").and_then(|posts| language(folder, &posts.text));
    match (value(blog, "site.language"), &spoken) {
        (None, None) => {
            blog.notes.push("no language was found: feeds and mail say `en` unless site.language says more".into());
        }
        (None, Some(spoken)) => blog.take("site.language", Some(spoken.into())),
        // What stands there may be what its program began with.
        (Some(said), Some(spoken)) if spoken.belies(&said.text) => {
            blog.taken.retain(|(key, _)| *key != "site.language");
            blog.notes.push(format!("`{}` ({}) is not the language of the posts", said.text, said.from));
            blog.take("site.language", Some(spoken.into()));
        }
        (Some(_), _) => {}
    }
    let title = blog.taken.iter().find(|(key, _)| *key == "site.title").map(|(_, found)| found.text.clone());
    // Themes fill the author with the name of the blog.
    blog.taken.retain(|(key, found)| *key != "site.author.name" || Some(&found.text) != title.as_ref());
}

/// The feed that was built there stands in for posts that cannot be read, or is named where only some of them cannot.
fn propose_feed(blog: &mut Blog, folder: &Folder) {
    let is_known = |wanted: &str| blog.taken.iter().any(|(key, _)| *key == wanted);
    let has_posts = is_known("posts.dir");
    let has_unread = blog.notes.iter().any(|note| note.starts_with(UNREAD));
    if is_known("posts.feed") || has_posts && !has_unread {
        return;
    }
    let Some((name, feed)) = built_feed(folder) else { return };
    if feed.is_ours() || feed.entries.is_empty() {
        return;
    }
    let entries = count(feed.entries.len() as u64, "entry");
    if has_posts {
        let how = "in the place of posts.dir takes posts from the feed that was built there";
        blog.notes.push(format!("`feed = \"{name}\"` {how}, which has {entries}"));
    } else {
        blog.notes.retain(|note| !note.starts_with(NO_FOLDER));
        blog.take("posts.feed", Some(Found::new(name, format!("a feed that was built there, with {entries}"))));
    }
}

/// The host of an address, without `www.`.
fn host_of(url: &str) -> Option<String> {
    Some(Url::parse(url).ok()?.host_str()?.trim_start_matches("www.").to_owned())
}

/// The host in `CNAME`.
fn host(folder: &Folder) -> Option<Found> {
    HOSTS.iter().find_map(|name| {
        let text = folder.text(name)?;
        let host = text.split_whitespace().next()?;
        let is_host = host.contains('.') && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
        is_host.then(|| Found::new(format!("https://{host}"), *name))
    })
}

/// True when a program has built a feed with entries there.
pub(super) fn has_feed(folder: &Folder) -> bool {
    built_feed(folder).is_some_and(|(_, feed)| !feed.is_ours() && !feed.entries.is_empty())
}

/// A feed that the blog's program has built.
fn built_feed(folder: &Folder) -> Option<(String, ReadFeed)> {
    let names = BUILT.iter().flat_map(|place| FEEDS.iter().map(move |name| format!("{place}{name}")));
    names.into_iter().find_map(|name| {
        let feed = feed::read(&folder.feed(&name)?).ok()?;
        Some((name, feed))
    })
}

/// Title and language of the page that the blog begins with.
fn page(folder: &Folder) -> Option<(Option<Found>, Option<Found>)> {
    BUILT.iter().find_map(|place| {
        let name = format!("{place}index.html");
        let text = folder.text(&name)?;
        let head: String = text.chars().take(HEAD).collect();
        let title =
            between(&head, "<title", "</title>").and_then(|it| it.split_once('>')).map(|(_, it)| post::plain_text(it));
        let language = between(&head, "<html", ">").and_then(|tag| {
            let (_, value) = tag.split_once("lang=")?;
            let value = value.trim_start_matches(['"', '\'']);
            Some(value.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next()?.to_owned())
        });
        // What a template says is not what its reader sees.
        let is_text = |text: &String| !text.is_empty() && !text.contains(['{', '}', '<', '%']);
        let found = |text: String| Found::new(text, name.clone());
        Some((title.filter(is_text).map(found), language.filter(is_text).map(found)))
    })
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    text.split_once(start)?.1.split_once(end).map(|(inner, _)| inner)
}

/// `Ada Quill <ada@example.org> (https://…)` → `Ada Quill`
fn name_only(found: Found) -> Found {
    let text = found.text.split(['<', '(']).next().unwrap_or_default().trim().to_owned();
    Found { text, ..found }
}

/// The language of most of the posts, when there is little doubt.
fn language(folder: &Folder, posts: &str) -> Option<Spoken> {
    let files = folder.files(posts);
    let files: Vec<_> = files.iter().filter(|file| post::is_post_file(file, false)).collect();
    let step = files.len().div_ceil(SAMPLES).max(1);
    let bytes = files.iter().step_by(step).filter_map(|file| folder.bytes(&format!("{posts}/{file}")));
    Spoken::of(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

impl From<&Spoken> for Found {
    fn from(spoken: &Spoken) -> Self {
        Self::new(spoken.tag, format!("the words of {} of {} posts", spoken.posts, spoken.read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_known_by_the_words() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::new(temporary.path());
        let site = crate::files::Folder::new(temporary.path());
        let write = |name: &str, text: &str| {
            site.write_new(name, text.as_bytes(), crate::files::Access::Public).unwrap();
        };
        assert_eq!(language(&folder, "."), None);
        let text =
            "Der Fluss ist im August langsam, und alles neben ihm ist es auch: die Hunde, die Boote und das Brot.\n";
        write("a.md", &format!("---\ntitle: The title is English all the same\n---\n{}", text.repeat(3)));
        write("b.md", "---\ntitle: b\n---\n1 2 3\n");
        assert_eq!(language(&folder, ".").unwrap().tag, "de");
        for name in ["c.md", "d.md"] {
            write(name, &"The river is slow in August, and so is everything beside it. ".repeat(4));
        }
        assert_eq!(language(&folder, "."), None, "one of three is no majority to rely on");
    }

    #[test]
    fn a_language_that_the_posts_belie_is_not_believed() {
        let temporary = tempfile::tempdir().unwrap();
        let site = crate::files::Folder::new(temporary.path());
        let text = "八月的河水流得很慢，河边的一切也都很慢。狗在岸上睡觉，船在水里不动。\n".repeat(3);
        site.write_new("a.md", text.as_bytes(), crate::files::Access::Public).unwrap();
        let language = |said: &str| {
            let mut blog = Blog::default();
            blog.take("posts.dir", Some(Found::new(".", "x")));
            blog.take("site.language", Some(Found::new(said, "hugo.toml: languageCode")));
            complete(&mut blog, &Folder::new(temporary.path()));
            let said = blog.taken.iter().find(|(key, _)| *key == "site.language").map(|(_, found)| found.text.clone());
            (said.unwrap(), blog.notes.len())
        };
        assert_eq!(language("en-us"), ("zh".to_owned(), 1));
        assert_eq!(language("zh-TW"), ("zh-TW".to_owned(), 0));
        assert_eq!(language("ja"), ("ja".to_owned(), 0));
    }

    #[test]
    fn the_author_of_a_theme_is_none_of_the_blog() {
        let temporary = tempfile::tempdir().unwrap();
        let site = crate::files::Folder::new(temporary.path());
        let package = r#"{"homepage": "https://themes.example/sea", "author": "Theme Works"}"#;
        site.write_new("package.json", package.as_bytes(), crate::files::Access::Public).unwrap();
        let author = |url: &str| {
            let mut blog = Blog::default();
            blog.take("site.url", Some(Found::new(url, "x")));
            complete(&mut blog, &Folder::new(temporary.path()));
            blog.taken.iter().find(|(key, _)| *key == "site.author.name").map(|(_, found)| found.text.clone())
        };
        assert_eq!(author("https://ada.example"), None);
        assert_eq!(author("https://www.themes.example/"), Some("Theme Works".to_owned()));
    }
}
