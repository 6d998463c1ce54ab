//! A blog that is there already, made by another program: what its settings say, in our words.

use std::path::Path;

use super::settings::{Found, Settings};
use super::{astro, eleventy, hexo, hugo, jekyll, pelican, zola};
use crate::{files, post};

/// A program that makes blogs.
pub(super) struct Generator {
    /// What its makers call it.
    pub(super) name: &'static str,
    /// Reads a blog of it; `None` when the folder is no such blog.
    pub(super) recognise: fn(&Folder<'_>) -> Option<Blog>,
}

/// All that are recognised; the first one that knows the folder wins. Hexo and Jekyll share the name of a file.
pub(super) const GENERATORS: [Generator; 7] = [
    Generator { name: "Hugo", recognise: hugo::recognise },
    Generator { name: "Zola", recognise: zola::recognise },
    Generator { name: "Astro", recognise: astro::recognise },
    Generator { name: "Eleventy", recognise: eleventy::recognise },
    Generator { name: "Hexo", recognise: hexo::recognise },
    Generator { name: "Jekyll", recognise: jekyll::recognise },
    Generator { name: "Pelican", recognise: pelican::recognise },
];

/// What a generator's settings say.
#[derive(Debug, Default)]
pub(super) struct Blog {
    /// Our key, such as `site.title`, and its value.
    pub(super) taken: Vec<(&'static str, Found)>,
    /// What could not be taken over, and what to know about it.
    pub(super) notes: Vec<String>,
}

impl Blog {
    /// Takes over a value, if there is one.
    pub(super) fn take(&mut self, key: &'static str, mut found: Option<Found>) {
        // Themes put HTML there; we show it as text.
        if let Some(found) = found.as_mut().filter(|_| matches!(key, "site.title" | "site.description")) {
            found.text = post::plain_text(&found.text);
        }
        self.taken.extend(found.map(|found| (key, found)));
    }

    /// Takes over the pattern of addresses, or says what has no counterpart.
    pub(super) fn permalink(&mut self, pattern: Found, meaning: impl Fn(&str) -> Option<String>) {
        let (text, unknown) = translate(&pattern.text, meaning);
        if unknown.is_empty() {
            self.take("posts.permalink", Some(Found { text, ..pattern }));
        } else {
            let names: Vec<_> = unknown.iter().map(|name| format!("`:{name}`")).collect();
            self.notes.push(format!(
                "the addresses `{}` ({}): {} has no counterpart; set posts.permalink, or `permalink:` in each post",
                pattern.text,
                pattern.from,
                names.join(", ")
            ));
        }
    }

    /// Takes over the first of these folders that is there, and returns it.
    pub(super) fn posts(&mut self, folder: &Folder<'_>, candidates: &[String]) -> Option<String> {
        let posts = candidates.iter().find(|candidate| folder.has(candidate));
        match posts {
            Some(posts) => self.take("posts.dir", Some(Found::new(posts, "the folder that is there"))),
            None => {
                let names: Vec<_> = candidates.iter().map(|name| format!("`{name}`")).collect();
                self.notes
                    .push(format!("the folder of the posts: there is none of {}; set posts.dir", names.join(", ")));
            }
        }
        posts.cloned()
    }
}

/// The folder of a blog, for reading.
pub(super) struct Folder<'p>(pub(super) &'p Path);

impl Folder<'_> {
    /// The settings in a file, if there is one that can be read.
    pub(super) fn settings(&self, file: &str) -> Option<Settings> {
        let bytes = files::read_optional(&self.0.join(file)).ok()??;
        Some(Settings::read(file, &String::from_utf8_lossy(&bytes)))
    }

    /// The first of these files, with its settings.
    pub(super) fn first(&self, names: &[&'static str]) -> Option<(&'static str, Settings)> {
        names.iter().find_map(|name| Some((*name, self.settings(name)?)))
    }

    /// True when there is a folder of this name below.
    pub(super) fn has(&self, folder: &str) -> bool {
        files::is_folder(&self.0.join(folder))
    }
}

/// A pattern with every `:word` replaced by what it means here, and the words without a counterpart.
fn translate(pattern: &str, meaning: impl Fn(&str) -> Option<String>) -> (String, Vec<String>) {
    let mut parts = pattern.split(':');
    let mut text = parts.next().unwrap_or_default().to_owned();
    let mut unknown = Vec::new();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(part.len());
        match meaning(&part[..end]) {
            Some(ours) => text += &ours,
            None => unknown.push(part[..end].to_owned()),
        }
        text += &part[end..];
    }
    let mut text = format!("/{}", text.trim_start_matches('/'));
    while text.contains("//") {
        text = text.replace("//", "/");
    }
    (text, unknown)
}

/// What is said where names may begin with a date that the generator keeps.
pub(super) const DATES_IN_NAMES: &str =
    "a date at the beginning of a file's name is no part of its address here; such posts need `slug:`";

/// The folders that hold the posts in most blogs whose content is sorted by section.
pub(super) fn sections(content: &str) -> Vec<String> {
    let names = ["posts", "post", "blog", "articles", "writing", "notes", "news"];
    names.iter().map(|name| format!("{content}/{name}")).chain([content.to_owned()]).collect()
}

/// `content/posts` below `content` → `/posts/:dir/:slug/`
pub(super) fn by_folder(posts: &str, content: &str) -> String {
    let section = posts.strip_prefix(content).unwrap_or_default().trim_matches('/');
    let section = if section.is_empty() { String::new() } else { format!("/{section}") };
    format!("{section}/:dir/:slug/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_translated_word_by_word() {
        let meaning = |word: &str| match word {
            "title" => Some(":slug".to_owned()),
            "categories" => Some(String::new()),
            _ => None,
        };
        assert_eq!(translate("/:categories/:title.html", meaning), ("/:slug.html".to_owned(), vec![]));
        assert_eq!(translate(":title/é:hash", meaning).1, ["hash"]);
        assert_eq!(by_folder("content/posts", "content"), "/posts/:dir/:slug/");
        assert_eq!(by_folder("content", "content"), "/:dir/:slug/");
    }
}
