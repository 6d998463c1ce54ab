//! What lies in a folder that no program is known by: which of its folders holds the posts, and what cannot be read.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::config;
use crate::files::{FileKind, Folder};
use crate::post::{self, Source};

/// Formats of posts that are no Markdown, by the endings of their files.
const OTHERS: [&str; 10] = ["ipynb", "dj", "org", "adoc", "asciidoc", "rst", "textile", "tex", "typ", "lr"];

/// What folders of posts are called in most blogs.
const USUAL: [&str; 10] =
    ["posts", "_posts", "post", "blog", "articles", "article", "writing", "journal", "diary", "entries"];

/// As many posts make a folder one of posts.
const FEW: usize = 5;

/// What lies in a folder.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// The Markdown files that are in no folder of drafts, sorted, and whether each says a day.
    markdown: Vec<(String, bool)>,
    /// Files of formats that are not read.
    others: Vec<String>,
}

/// A folder of posts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Best {
    /// Relative to what was looked at; `.` for that itself.
    pub(super) folder: String,
    /// How many Markdown files it holds.
    pub(super) files: usize,
    /// How many of them say a day.
    pub(super) dated: usize,
}

impl Survey {
    /// Looks at all Markdown files below a folder.
    pub(super) fn of(folder: &Folder) -> Self {
        let mut survey = Self::default();
        let mut sources = Vec::new();
        for path in folder.list("", &post::enters).unwrap_or_default() {
            let ending = path.rsplit_once('.').map_or(String::new(), |(_, ending)| ending.to_ascii_lowercase());
            if OTHERS.contains(&&*ending) {
                survey.others.push(path);
            } else if post::is_post_file(&path, false)
                && let Ok(bytes) = folder.read(&path, FileKind::Post)
            {
                if post::may_hold_programs(&path) && post::first_program(&String::from_utf8_lossy(&bytes)).is_some() {
                    survey.others.push(path);
                } else {
                    sources.push(Source { path, bytes });
                }
            }
        }
        let config = "[site]\ntitle = 'x'\nurl = 'https://x.invalid'\n[posts]\ndir = '.'\n";
        let config = config::parse("config.toml", config).expect("it is whole");
        // Every day has come by the end of time.
        let loaded = post::load(sources, &config, Timestamp::MAX);
        let posts = loaded.posts.iter().filter(|post| !is_among_drafts(&post.path));
        survey.markdown = posts.map(|post| (post.path.clone(), post.published.is_some())).collect();
        survey.markdown.sort();
        survey
    }

    /// How many files below a folder may be posts: those that say a day, where any does.
    pub(super) fn posts(&self, folder: &str) -> usize {
        self.within(folder, self.is_any_dated()).count()
    }

    /// True unless next to none says a day: then those that do are not where the posts are.
    fn is_any_dated(&self) -> bool {
        let dated = self.markdown.iter().filter(|(_, is_dated)| *is_dated).count();
        dated >= FEW || dated > 0 && dated * 20 >= self.markdown.len()
    }

    /// True for a folder that is one post.
    pub(super) fn is_one_post(&self, folder: &str) -> bool {
        let names = self.within(folder, false).map(|path| &path[folder.len() + 1..]).take(2);
        is_bundle(&names.collect::<Vec<_>>())
    }

    /// How many Markdown files there are.
    pub(super) fn count(&self) -> usize {
        self.markdown.len()
    }

    /// Where else there are files that say a day.
    pub(super) fn left_out(&self, folder: &str, files: usize) -> Option<String> {
        let mut others: BTreeMap<&str, usize> = BTreeMap::new();
        let inside: Vec<_> = self.within(folder, true).collect();
        for path in self.within(".", true).filter(|path| inside.binary_search(path).is_err()) {
            *others.entry(path.rsplit_once('/').map_or(".", |(place, _)| place)).or_default() += 1;
        }
        let mut others: Vec<_> = others.into_iter().filter(|(_, count)| *count * 20 >= files).collect();
        others.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let named: Vec<_> = others.iter().take(3).map(|(place, count)| format!("{count} in `{place}`")).collect();
        let text = "posts.dir is one folder with what lies below it, so these files with a date are left out: ";
        (!named.is_empty()).then(|| format!("{text}{}", named.join(", ")))
    }

    /// The formats below a folder that are not read, with the number of files: `12 .org, 3 .ipynb`.
    pub(super) fn others(&self, folder: &str) -> Option<String> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for path in self.others.iter().filter(|path| is_within(path, folder)) {
            let ending = path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
            *counts.entry(ending).or_default() += 1;
        }
        let mut others: Vec<_> = counts.into_iter().collect();
        others.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let named: Vec<_> = others.iter().map(|(ending, count)| format!("{count} .{ending}")).collect();
        (!named.is_empty()).then(|| named.join(", "))
    }

    /// The folder that holds the posts: nearly all files that say a day, or nearly all when none does, and as little else as
    /// may be.
    pub(super) fn best(&self) -> Option<Best> {
        let is_any_dated = self.is_any_dated();
        let mut folder = ".".to_owned();
        // All below `_posts` are posts.
        while folder.rsplit('/').next() != Some("_posts") {
            let inside: Vec<&str> = self.within(&folder, is_any_dated).collect();
            let start = if folder == "." { 0 } else { folder.len() + 1 };
            let mut children: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for path in &inside {
                if let Some((child, rest)) = path[start..].split_once('/') {
                    children.entry(child).or_default().push(rest);
                }
            }
            let can_be = |(child, files): &(&&str, &Vec<&str>)| !is_of_one_kind(child) && !is_bundle(files);
            // A folder that is called as posts are holds them, also where others hold more with a date: pictures, links.
            let is_named = |(child, files): &(&&str, &Vec<&str>)| USUAL.contains(*child) && files.len() >= FEW;
            let named = children.iter().filter(is_named).max_by_key(|(_, files)| files.len());
            let most = children.iter().max_by_key(|(_, files)| files.len());
            let most = most.filter(|(_, files)| files.len() * 5 >= inside.len() * 4);
            let Some((child, _)) = named.or(most).filter(can_be) else { break };
            folder = if start == 0 { (*child).to_owned() } else { format!("{folder}/{child}") };
        }
        let files = self.within(&folder, false).count();
        let dated = self.within(&folder, true).count();
        (files > 0).then_some(Best { folder, files, dated })
    }

    /// The Markdown files below a folder, or those of them that say a day.
    fn within(&self, folder: &str, only_dated: bool) -> impl Iterator<Item = &str> {
        let wanted = move |(path, is_dated): &&(String, bool)| (*is_dated || !only_dated) && is_within(path, folder);
        self.markdown.iter().filter(wanted).map(|(path, _)| path.as_str())
    }
}

fn is_within(path: &str, folder: &str) -> bool {
    folder == "." || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

fn is_among_drafts(path: &str) -> bool {
    path.split('/').any(|folder| ["draft", "drafts", "_drafts"].contains(&&*folder.to_ascii_lowercase()))
}

/// True for a folder whose like comes again: one of a year, or one that begins with a day.
pub(super) fn is_of_one_kind(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_digit())
}

/// True for the files of a folder that is one post.
fn is_bundle(files: &[&str]) -> bool {
    matches!(files, [one] if one.to_ascii_lowercase().starts_with("index."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(files: &[(&str, bool)]) -> Option<(String, usize, usize)> {
        let markdown = files.iter().map(|(path, is_dated)| ((*path).to_owned(), *is_dated)).collect();
        let best = Survey { markdown, ..Survey::default() }.best();
        best.map(|best| (best.folder, best.files, best.dated))
    }

    #[test]
    fn a_folder_of_drafts_holds_no_posts() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::new(temporary.path());
        let write = |name: &str| {
            let text = "---\ntitle: x\ndate: 2026-01-02\n---\nx\n";
            folder.write_new(name, text.as_bytes(), crate::files::Access::Public).unwrap();
        };
        write("drafts/a.md");
        assert_eq!(Survey::of(&folder).best(), None);
        write("_notes/b.md");
        let survey = Survey::of(&folder);
        assert_eq!((survey.best().unwrap().folder.as_str(), survey.left_out("_notes", 1)), ("_notes", None));
    }

    #[test]
    fn the_folder_with_nearly_all_posts_is_the_best() {
        let told = |folder: &str, files, dated| Some((folder.to_owned(), files, dated));
        assert_eq!(best(&[]), None);
        assert_eq!(best(&[("a.md", true)]), told(".", 1, 1));
        assert_eq!(best(&[("posts/a.md", true), ("about.md", false)]), told("posts", 1, 1));
        assert_eq!(best(&[("x/posts/2024/a.md", true), ("x/posts/2025/b.md", true)]), told("x/posts", 2, 2));
        assert_eq!(best(&[("posts/2024/a.md", true)]), told("posts", 1, 1), "a year alone is one of many");
        assert_eq!(best(&[("posts/2024-01-02-a/index.md", true)]), told("posts", 1, 1));
        assert_eq!(best(&[("posts/a/index.md", true)]), told("posts", 1, 1), "a folder that is one post");
        let two = [("tech/a.md", true), ("tech/b.md", true), ("life/c.md", true), ("life/d.md", true)];
        assert_eq!(best(&two), told(".", 4, 4), "two of a kind");
        assert_eq!(best(&[("docs/a.md", false), ("docs/b.md", false)]), told("docs", 2, 0), "no day anywhere");
        let kinds: Vec<_> =
            (0..40).map(|n| format!("src/_posts/{}/{n}.md", if n < 5 { "articles" } else { "faces" })).collect();
        let files: Vec<_> = kinds.iter().map(|name| (name.as_str(), true)).collect();
        assert_eq!(best(&files), told("src/_posts", 40, 40), "kinds of posts");
        let names: Vec<_> = (0..40).map(|n| format!("docs/{}/{n}.md", n % 4)).collect();
        let files: Vec<_> = names.iter().enumerate().map(|(n, name)| (name.as_str(), n == 0)).collect();
        assert_eq!(best(&files), told("docs", 40, 1), "one day says nothing about forty files");
    }
}
