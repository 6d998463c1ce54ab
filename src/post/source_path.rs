//! What the name of a file says: whether it is a post, and what it is called.

use super::names::{NAMES, has};
use crate::content::characters::composed;

const EXTENSIONS: [&str; 9] = ["md", "markdown", "mdown", "mkd", "mkdn", "mdx", "mdoc", "qmd", "rmd"];

/// Files that speak about a repository, not to readers.
const FOREIGN_NAMES: [&str; 5] = ["readme", "license", "changelog", "contributing", "404"];

/// Two-letter languages that a file name may end in. Left out are those that are better known as file extensions or
/// domains (`io`, `ts`, `so`, `to`).
const LANGUAGE_SUFFIXES: &str = " af ar az be bg bn ca cs cy da de el en eo es et eu fa fi fr ga gl gu he hi hr hu hy id is \
    it ja ka kk km kn ko la lb lo lt lv mk ml mn mr ms mt my nb ne nl nn no pa pl pt ro ru si sk sl sq sr sv sw ta te \
    th tl tr uk ur uz vi zh ";

/// True for `fr` or `pt-br` as the end of a file name.
pub(crate) fn is_language_suffix(suffix: &str) -> bool {
    let suffix = suffix.to_ascii_lowercase();
    let (language, region) = suffix.split_once(['-', '_']).unwrap_or((&suffix, "xx"));
    language.len() == 2
        && LANGUAGE_SUFFIXES.contains(&format!(" {language} "))
        && matches!(region.len(), 2 | 4)
        && region.bytes().all(|b| b.is_ascii_alphabetic())
}

/// True for a folder below `posts.dir` that is entered; `folder` is relative to `posts.dir`, with `/`.
///
/// ```
/// use tidings::post::enters;
/// assert!(enters("2025/drafts") && enters("_posts"));
/// assert!(!enters(".git") && !enters("themes/node_modules"));
/// ```
pub fn enters(folder: &str) -> bool {
    folder.split('/').all(|name| !name.starts_with('.') && !has(&NAMES.foreign_folders, name))
}

/// True for a file that may be a post; `path` is relative to `posts.dir`, with `/`. With `txt` a `.txt` file may be one.
///
/// ```
/// use tidings::post::is_post_file;
/// assert!(is_post_file("2025/a-walk.md", false) && is_post_file("a-walk/index.md", false));
/// assert!(!is_post_file("index.md", false) && !is_post_file("README.md", false));
/// assert!(is_post_file("a-walk.txt", true) && !is_post_file("a-walk.txt", false));
/// ```
pub fn is_post_file(path: &str, txt: bool) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    if !folder.is_empty() && !enters(folder) {
        return false;
    }
    let stem = stem(name);
    if strip_extension(name).is_none() && !(txt && stem != name) {
        return false;
    }
    let is_root_index = folder.is_empty() && stem.eq_ignore_ascii_case("index");
    !stem.is_empty()
        && !stem.starts_with(['.', '_'])
        && !is_root_index
        && !FOREIGN_NAMES.iter().any(|foreign| stem.eq_ignore_ascii_case(foreign))
}

/// The name without one of the extensions of Markdown, or `None` when it has another.
pub(crate) fn strip_extension(name: &str) -> Option<&str> {
    let (stem, extension) = name.rsplit_once('.')?;
    EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)).then_some(stem)
}

/// The name of a post without its extension.
pub(crate) fn stem(name: &str) -> &str {
    let text = || name.rsplit_once('.').filter(|(_, end)| end.eq_ignore_ascii_case("txt")).map(|(stem, _)| stem);
    strip_extension(name).or_else(text).unwrap_or(name)
}

/// Every spelling that a link without an extension may mean.
pub(crate) fn with_extensions(stem: &str) -> impl Iterator<Item = String> {
    EXTENSIONS.iter().map(move |extension| format!("{stem}.{extension}"))
}

/// The path of a post below `posts.dir`, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SourcePath {
    /// The folders below `posts.dir`, without that of a bundle.
    pub(crate) folders: Vec<String>,
    /// The name that speaks for the post: of the file, of the folder of an `index.md`, or the key `Filename`; NFC,
    /// without extension and language.
    pub(crate) name: String,
    /// The language that the name ends in, as in `walk.fr.md`.
    pub(crate) language: Option<String>,
    jekyll: bool,
}

impl SourcePath {
    /// Takes `path` (relative to the site) apart; `filename` is the front matter's own `Filename`.
    pub(crate) fn new(path: &str, posts_dir: &str, filename: Option<&str>) -> Self {
        let path = path.trim_start_matches("./");
        let below = path.strip_prefix(posts_dir.trim_start_matches("./")).unwrap_or(path).trim_start_matches('/');
        let mut folders: Vec<String> = below.split('/').map(|name| composed(name).into_owned()).collect();
        let file = folders.pop().unwrap_or_default();
        let stem = stem(&file);
        let (mut name, mut language) = split_language(stem);
        if matches!(name.to_ascii_lowercase().as_str(), "index" | "content" | "+page")
            && let Some(folder) = folders.pop()
        {
            name = folder;
        }
        let filename = filename.map(|given| given.trim().rsplit(['/', '\\']).next().unwrap_or_default());
        if let Some(given) = filename.filter(|given| !given.is_empty()) {
            let given = composed(given);
            let (own, own_language) = split_language(self::stem(&given));
            name = own;
            language = own_language.or(language);
        }
        let jekyll = posts_dir.split('/').any(|folder| folder == "_posts") || folders.iter().any(|f| f == "_posts");
        Self { folders, name, language, jekyll }
    }

    /// The first folder, when it is called like a language, as in `fr/walk.md`.
    pub(crate) fn language_folder(&self) -> Option<&str> {
        self.folders.first().map(String::as_str).filter(|folder| is_language_suffix(folder))
    }

    /// A folder whose name says that nothing in it is to be seen yet: drafts, and what generators that know `_posts` leave
    /// out.
    pub(crate) fn draft_folder(&self) -> Option<&str> {
        let holds = |name: &&str| (name.starts_with('_') && *name != "_posts") || name.to_lowercase().contains("draft");
        self.folders.iter().map(String::as_str).find(holds)
    }

    /// True below a `_posts` folder, where Jekyll's own meanings hold.
    pub(crate) fn is_jekyll(&self) -> bool {
        self.jekyll
    }

    /// True in a folder that holds pages, as Pelican and others have it.
    pub(crate) fn is_among_pages(&self) -> bool {
        self.folders.iter().any(|folder| matches!(&**folder, "pages" | "_pages"))
    }

    /// The folders that a `_posts` folder below `posts.dir` lies in.
    pub(crate) fn folders_above_posts(&self) -> &[String] {
        let posts = self.folders.iter().position(|folder| folder == "_posts");
        &self.folders[..posts.unwrap_or_default()]
    }

    /// `:dir` of a permalink: the folders that are not machinery.
    pub(crate) fn permalink_folders(&self) -> impl Iterator<Item = &str> {
        self.folders.iter().map(String::as_str).filter(|folder| !folder.starts_with('_'))
    }
}

/// `walk.fr` → `walk` and `fr`.
pub(crate) fn split_language(stem: &str) -> (String, Option<String>) {
    match stem.rsplit_once('.') {
        Some((name, suffix)) if !name.is_empty() && is_language_suffix(suffix) => {
            (name.to_owned(), Some(suffix.to_owned()))
        }
        _ => (stem.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r1_only_markdown_files_that_speak_to_readers_are_posts() {
        for post in [
            "a.md",
            "b.MARKDOWN",
            "c.mdx",
            "d.mkd",
            "e.mkdn",
            "f.mdown",
            "g.mdoc",
            "x/index.md",
            "_posts/2025-01-01-a.md",
        ] {
            assert!(is_post_file(post, false), "{post}");
        }
        for other in [
            "a.txt",
            "md",
            ".md",
            "_index.md",
            ".hidden.md",
            "index.md",
            "Readme.md",
            "LICENSE.md",
            "404.md",
            ".git/a.md",
        ] {
            assert!(!is_post_file(other, false), "{other}");
        }
        assert!(is_post_file("x/a.TXT", true) && !is_post_file("robots.text", true) && !is_post_file(".txt", true));
    }

    #[test]
    fn an_index_file_is_called_like_its_folder() {
        let path = SourcePath::new("posts/2025/a-walk/index.fr.md", "posts", None);
        assert_eq!(path.name, "a-walk");
        assert_eq!(path.folders, ["2025"]);
        assert_eq!(path.language.as_deref(), Some("fr"));
    }

    #[test]
    fn a_filename_key_stands_in_for_the_name() {
        let path = SourcePath::new("posts/untitled 3.md", "posts", Some("notes/2025-01-02-a-walk.md"));
        assert_eq!(path.name, "2025-01-02-a-walk");
    }

    #[test]
    fn names_are_compared_composed_and_dots_in_names_are_kept() {
        assert_eq!(SourcePath::new("posts/cafe\u{301}.md", "posts", None).name, "café");
        assert_eq!(SourcePath::new("release-7.6.3.md", ".", None).name, "release-7.6.3");
    }

    #[test]
    fn a_draft_folder_is_found_at_any_depth() {
        assert_eq!(SourcePath::new("posts/x/_Drafts/a.md", "posts", None).draft_folder(), Some("_Drafts"));
        assert_eq!(
            SourcePath::new("drafts/x/a.md", "drafts", None).draft_folder(),
            None,
            "posts.dir itself is no word"
        );
    }

    #[test]
    fn file_extensions_are_not_languages() {
        assert!(is_language_suffix("fr") && is_language_suffix("pt-br") && is_language_suffix("zh-Hans"));
        assert!(
            !is_language_suffix("js")
                && !is_language_suffix("io")
                && !is_language_suffix("3")
                && !is_language_suffix("aspx")
        );
    }
}
