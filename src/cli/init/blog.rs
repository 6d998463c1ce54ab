//! A blog that is there already, made by another program: what its settings say, in our words.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use super::settings::{Found, Settings};
use super::survey::{Best, Survey, is_of_one_kind};
use crate::files::{self, FileKind, Refusal, Why};
use crate::post;

/// What is known about a site, in the order in which it is told.
const SITE: [&str; 7] = [
    "site.title",
    "site.url",
    "site.description",
    "site.language",
    "site.author.name",
    "site.author.email",
    "site.timezone",
];

/// How a note begins that no folder of posts was found.
pub(super) const NO_FOLDER: &str = "the folder of the posts:";

/// How a note begins that names formats which are not read.
pub(super) const UNREAD: &str = "posts in a format that is not read:";

/// How a note begins that no post can be published yet.
pub(super) const UNDATED: &str = "no file says a day";

/// The names in `generators.toml`, by generator and key.
static GENERATORS: LazyLock<BTreeMap<String, BTreeMap<String, String>>> =
    LazyLock::new(|| toml::from_str(include_str!("generators.toml")).expect("the file holds names"));

/// What the row of a generator has under a key; nothing when it has none.
pub(super) fn names(row: &str, key: &str) -> &'static str {
    GENERATORS.get(row).and_then(|names| names.get(key)).map_or("", String::as_str)
}

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
        // As RSS has it: the address first, then the name.
        if let Some((address, name)) = found.as_ref().filter(|_| key == "site.author.name").and_then(of_rss) {
            self.taken.push(("site.author.email", address));
            found = Some(name);
        }
        // Where a program serves it to its writer is no place for readers.
        let is_local = |found: &Found| {
            ["://localhost", "://127.0.0.1", "://0.0.0.0"].iter().any(|local| found.text.contains(local))
        };
        if key == "site.url" && found.as_ref().is_some_and(is_local) {
            return;
        }
        // Themes put HTML there; we show it as text.
        if let Some(found) = found.as_mut().filter(|_| matches!(key, "site.title" | "site.description")) {
            found.text = post::plain_text(&found.text);
        }
        self.taken.extend(found.map(|found| (key, found)));
    }

    /// Takes over what `get` finds by the names of a generator; `url` where its address has no name of its own.
    pub(super) fn site(&mut self, generator: &str, url: Option<&Found>, get: impl Fn(&[&str]) -> Option<Found>) {
        for key in SITE {
            let names: Vec<_> = names(generator, key).split_whitespace().collect();
            let found = if names.is_empty() { None } else { get(&names) };
            self.take(key, url.filter(|_| key == "site.url").cloned().or(found));
        }
    }

    /// Takes over the pattern of addresses, or says what has no counterpart.
    pub(super) fn permalink(&mut self, pattern: Found, meaning: impl Fn(&str) -> Option<String>) {
        let (text, unknown) = translate(&pattern.text, meaning);
        if unknown.is_empty() {
            self.take("posts.permalink", Some(Found { text, ..pattern }));
        } else {
            let names: Vec<_> = unknown.iter().map(|name| format!("`:{name}`")).collect();
            let have = if names.len() == 1 { "has" } else { "have" };
            self.notes.push(format!(
                "the addresses `{}` ({}): {} {have} no counterpart; set posts.permalink, or `permalink:` in each post",
                pattern.text,
                pattern.from,
                names.join(", ")
            ));
        }
    }

    /// Takes over the folder that holds the most posts of these, the first of several, and returns it. One that holds
    /// another of them counts when that is empty.
    pub(super) fn posts(&mut self, folder: &Folder, candidates: &[String]) -> Option<String> {
        let mut there: Vec<(&String, usize)> = Vec::new();
        for candidate in candidates {
            if folder.has(candidate) && !there.iter().any(|(known, _)| *known == candidate) {
                there.push((candidate, folder.posts(candidate)));
            }
        }
        let within = |outer: &str, inner: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
        let holds_another = |outer: &str| there.iter().any(|(inner, count)| *count > 0 && within(outer, inner));
        let (around, apart): (Vec<_>, Vec<_>) = there.iter().copied().partition(|(outer, _)| holds_another(outer));
        // `max_by_key` takes the last of several.
        let most = apart.iter().rev().copied().max_by_key(|(_, count)| *count);
        // What lies around it may be the greater part of the blog.
        let rest = |outer: &str, all: usize| {
            let inside: usize = apart.iter().filter(|(inner, _)| within(outer, inner)).map(|(_, count)| count).sum();
            all.saturating_sub(inside)
        };
        let is_greater = |(outer, all): &&(&String, usize)| {
            most.is_none_or(|(posts, count)| within(outer, posts) && rest(outer, *all) > count)
        };
        let Some((posts, count)) = around.iter().find(is_greater).copied().or(most) else {
            let named = candidates.iter().take(3).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            self.notes.push(match candidates.len() {
                1 => format!("{NO_FOLDER} there is no {named}; set posts.dir"),
                _ => format!("{NO_FOLDER} there is none with a usual name, such as {named}; set posts.dir"),
            });
            return None;
        };
        let mut left: Vec<String> = apart
            .iter()
            .filter(|(other, count)| *other != posts && !within(posts, other) && *count > 0)
            .map(|(other, count)| format!("{count} in `{other}`"))
            .collect();
        for (outer, all) in around.iter().filter(|(outer, _)| within(outer, posts)) {
            let rest = rest(outer, *all);
            left.extend((rest > 0).then(|| format!("{rest} elsewhere in `{outer}`")));
        }
        let from = match apart.iter().filter(|(_, count)| *count > 0).count() {
            0 | 1 => "the folder that is there".to_owned(),
            _ => format!("it holds the most posts, {count}"),
        };
        if !left.is_empty() {
            self.notes.push(format!(
                "posts.dir is one folder with what lies below it, so these posts are left out: {}",
                left.join(", ")
            ));
        }
        self.take("posts.dir", Some(Found::new(posts, from)));
        Some(posts.clone())
    }

    /// Takes over the folder of the posts that was found by looking, and says what was seen; false when there is nothing that may be
    /// a post.
    pub(super) fn look(&mut self, survey: &Survey) -> bool {
        let others = survey.others(".");
        if let Some(others) = &others {
            self.notes.push(format!("{UNREAD} {others}"));
        }
        let Some(best) = survey.best() else {
            self.notes.extend(others.is_some().then(|| {
                format!(
                    "{NO_FOLDER} there is none that can be read; the feed of the site stands in for it: set posts.feed"
                )
            }));
            return others.is_some();
        };
        let Best { folder, files, dated } = best;
        let all = survey.count();
        let seen = match (files == all, dated == files) {
            (true, true) => format!("all {all} Markdown files"),
            (true, false) => format!("all {all} Markdown files, {dated} with a date"),
            (false, true) => format!("{files} of {all} Markdown files"),
            (false, false) => format!("{files} of {all} Markdown files, {dated} with a date"),
        };
        self.notes.retain(|note| !note.starts_with(NO_FOLDER));
        if let Some(named) = survey.left_out(&folder, files) {
            self.notes.push(named);
        }
        self.take("posts.dir", Some(Found::new(folder, seen)));
        if dated == 0 {
            self.notes.push(format!("{UNDATED}: write `date:` into each, or set posts.date to \"git\" or \"mtime\""));
        }
        if !self.taken.iter().any(|(key, _)| *key == "posts.permalink") {
            self.notes.push("the addresses of posts are not known: set posts.permalink as your site has them".into());
        }
        true
    }
}

/// The folder of a blog, for reading.
pub(super) struct Folder {
    folder: files::Folder,
    survey: OnceCell<Survey>,
}

impl Folder {
    pub(super) fn new(path: &Path) -> Self {
        Self { folder: files::Folder::new(path), survey: OnceCell::new() }
    }

    /// What lies in it, looked at once.
    pub(super) fn survey(&self) -> &Survey {
        self.survey.get_or_init(|| Survey::of(&self.folder))
    }

    /// The settings in a file, if there is one that can be read.
    pub(super) fn settings(&self, file: &str) -> Option<Settings> {
        Some(Settings::read(file, &self.text(file)?))
    }

    /// The first of these files, with its settings.
    pub(super) fn first(&self, names: &[&'static str]) -> Option<(&'static str, Settings)> {
        names.iter().find_map(|name| Some((*name, self.settings(name)?)))
    }

    /// A text file, if there is one that can be read.
    pub(super) fn text(&self, file: &str) -> Option<String> {
        let bytes = self.folder.read_optional(file, FileKind::Settings).ok()??;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// How many files of a folder may be posts: those that say a day, where any does.
    pub(super) fn posts(&self, folder: &str) -> usize {
        self.survey().posts(folder)
    }

    /// All files below a folder where posts may be, relative to it.
    pub(super) fn files(&self, folder: &str) -> Vec<String> {
        self.folder.list(folder, &post::enters).unwrap_or_default()
    }

    /// The folders right below a folder where posts may be.
    pub(super) fn folders(&self, folder: &str) -> Vec<String> {
        let enters = |path: &str| !path.contains('/') && post::enters(path);
        self.folder.folders(folder, &enters).unwrap_or_default()
    }

    /// How many posts of a folder are a folder of their own.
    pub(super) fn bundles(&self, folder: &str) -> usize {
        let is_bundle = |file: &&String| file.rsplit('/').next().is_some_and(|name| name.starts_with("index."));
        self.files(folder).iter().filter(|file| post::is_post_file(file, false)).filter(is_bundle).count()
    }

    /// The names of the files right in the folder.
    pub(super) fn names(&self) -> Vec<String> {
        self.folder.list("", &|_| false).unwrap_or_default()
    }

    /// What the folder itself is called.
    pub(super) fn own_name(&self) -> Option<String> {
        Some(files::resolved(self.folder.path()).file_name()?.to_str()?.to_owned())
    }

    /// A feed, if there is one that can be read.
    pub(super) fn feed(&self, file: &str) -> Option<Vec<u8>> {
        self.folder.read_optional(file, FileKind::Feed).ok()?
    }

    /// A post, if it can be read.
    pub(super) fn bytes(&self, file: &str) -> Option<Vec<u8>> {
        self.folder.read_optional(file, FileKind::Post).ok()?
    }

    /// True when there is a folder of this name below, or a link to one elsewhere: the new site asks before it follows that.
    pub(super) fn has(&self, folder: &str) -> bool {
        let leaves = |error: std::io::Error| Refusal::of(&error).is_some_and(|it| matches!(it.why, Why::Leaves(_)));
        self.folder.find(folder).map_or_else(leaves, |_| self.folder.is_folder(folder))
    }
}

/// `ada@example.org (Ada Quill)` → the address and the name.
fn of_rss(author: &Found) -> Option<(Found, Found)> {
    let (address, name) = author.text.strip_suffix(')')?.split_once(" (")?;
    let part = |text: &str| Found { text: text.to_owned(), ..author.clone() };
    (address.contains('@') && !address.contains(' ')).then(|| (part(address), part(name)))
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

/// The folders that may hold the posts of a blog whose content is sorted by section, those with usual names first.
pub(super) fn sections(folder: &Folder, content: &str) -> Vec<String> {
    let usual = ["posts", "post", "blog", "articles", "writing", "notes", "news"];
    let is_section = |name: &String| {
        !usual.contains(&name.as_str())
            && !is_of_one_kind(name)
            && !folder.survey().is_one_post(&format!("{content}/{name}"))
    };
    let there = folder.folders(content).into_iter().filter(is_section);
    let names = usual.iter().map(ToString::to_string).chain(there);
    names.map(|name| format!("{content}/{name}")).chain([content.to_owned()]).collect()
}

/// How many languages a generator's settings have a part of their own for.
pub(super) fn languages(settings: &Settings) -> usize {
    let names: BTreeSet<&str> = settings.below("languages").filter_map(|(key, _)| key.split('.').next()).collect();
    names.len()
}

/// `content/posts` below `content`, and the `name` of a post → `/posts/:dir/:slug/`
pub(super) fn by_folder(posts: &str, content: &str, name: &str) -> String {
    let section = posts.strip_prefix(content).unwrap_or_default().trim_matches('/');
    let section = if section.is_empty() { String::new() } else { format!("/{section}") };
    format!("{section}/:dir/{name}/")
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
        assert_eq!(by_folder("content/posts", "content", ":slug"), "/posts/:dir/:slug/");
        assert_eq!(by_folder("content", "content", ":slug"), "/:dir/:slug/");
    }
}
