//! What the settings of a blog do not say, and other files of its folder do: its address, its title, its language.

use std::collections::BTreeMap;

use url::Url;

use super::blog::{Blog, Folder, NO_FOLDER, UNREAD};
use super::settings::{Found, Settings};
use crate::feed;
use crate::model::ReadFeed;
use crate::post;
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
    if !is_known(blog, "site.language") {
        let posts = blog.taken.iter().find(|(key, _)| *key == "posts.dir").map(|(_, found)| found.text.clone());
        let found = posts.and_then(|posts| language(folder, &posts));
        if found.is_none() {
            blog.notes.push("no language was found: feeds and mail say `en` unless site.language says more".into());
        }
        blog.take("site.language", found);
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
fn language(folder: &Folder, posts: &str) -> Option<Found> {
    let files = folder.files(posts);
    let files: Vec<_> = files.iter().filter(|file| post::is_post_file(file, false)).collect();
    let step = files.len().div_ceil(SAMPLES).max(1);
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut read = 0;
    for file in files.iter().step_by(step) {
        let Some(bytes) = folder.bytes(&format!("{posts}/{file}")) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        let words = words(&text);
        let Some(found) = whatlang::detect(&words).filter(whatlang::Info::is_reliable) else { continue };
        read += 1;
        *counts.entry(found.lang().code()).or_default() += 1;
    }
    let (code, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    let tag = CODES.split(' ').filter_map(|pair| pair.split_once('=')).find(|(long, _)| *long == code)?.1;
    (count * 5 >= read * 4).then(|| Found::new(tag, format!("the words of {count} of {read} posts")))
}

/// The words of a post, without front matter, code, tags and addresses, as far as the language needs them.
fn words(text: &str) -> String {
    let mut fences = ["---", "+++"].iter();
    let body = fences.find_map(|fence| Some(text.strip_prefix(fence)?.split_once(&format!("\n{fence}"))?.1));
    let mut is_code = false;
    let prose = body.unwrap_or(text).lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    });
    let is_word = |word: &&str| !word.contains(['<', '>', '{', '}', '/', '`', '=', '_', '#', '|']);
    let words = prose.flat_map(str::split_whitespace).filter(is_word).take(500).collect::<Vec<_>>().join(" ");
    // Names of programs and commands stand in Latin letters in a text of another script.
    let is_latin = |c: &char| *c < '\u{370}' || ('\u{1e00}'..'\u{1f00}').contains(c);
    let (latin, other): (Vec<_>, Vec<_>) = words.chars().filter(|c| c.is_alphabetic()).partition(is_latin);
    if other.len() * 5 < latin.len() { words } else { words.replace(|c: char| c.is_ascii_alphabetic(), "") }
}

/// The two letters of a language (ISO 639-1) by the three that the detector says (ISO 639-3).
const CODES: &str = "afr=af ara=ar aze=az bel=be ben=bn bul=bg cat=ca ces=cs cmn=zh cym=cy dan=da deu=de ell=el eng=en epo=eo \
    est=et fin=fi fra=fr guj=gu heb=he hin=hi hrv=hr hun=hu hye=hy ind=id ita=it jav=jv jpn=ja kan=kn kat=ka khm=km kor=ko lat=la \
    lav=lv lit=lt mal=ml mar=mr mkd=mk mya=my nep=ne nld=nl nob=nb ori=or pan=pa pes=fa pol=pl por=pt ron=ro rus=ru sin=si slk=sk \
    slv=sl sna=sn spa=es srp=sr swe=sv tam=ta tel=te tgl=tl tha=th tuk=tk tur=tr ukr=uk urd=ur uzb=uz vie=vi yid=yi zul=zu aka=ak \
    amh=am";

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
        let code = "let the = river.is_slow in August and so is everything beside it;\n".repeat(9);
        assert_eq!(words(&format!("+++\ntitle = 'b'\n+++\n流水\n```rust\n{code}```\n山\n")), "流水 山");
        assert_eq!(words("Docker 流水 in 山"), " 流水  山");
        let vietnamese = "Sông chảy chậm vào tháng tám và mọi thứ bên cạnh";
        assert_eq!(words(vietnamese), vietnamese);
        assert_eq!(language(&folder, ".").unwrap().text, "de");
        for name in ["c.md", "d.md"] {
            write(name, &"The river is slow in August, and so is everything beside it. ".repeat(4));
        }
        assert_eq!(language(&folder, "."), None, "one of three is no majority to rely on");
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

    #[test]
    fn every_language_of_the_detector_has_its_letters() {
        for language in whatlang::Lang::all() {
            assert!(CODES.contains(&format!("{}=", language.code())), "{language:?}");
        }
    }
}
