//! Pages that a text of Zola's links to by their files and that are no posts of this site: `@/boats/crow.md` where the posts are
//! in `content/blog`.

use jiff::Timestamp;
use percent_encoding::percent_decode_str;

use super::source_path::{enters, strip_extension};
use super::{Loader, Source};
use crate::config::{Config, Permalink, PermalinkPart};
use crate::model::PostStatus;

/// As many of one text are looked for.
const MOST: usize = 40;

/// A path is not longer than this, in bytes.
const LONGEST: usize = 500;

/// A file that is linked to.
#[derive(Debug, PartialEq, Eq)]
pub struct Linked {
    /// What is written behind `@/`, decoded: where it is in Zola's content folder.
    pub path: String,
    /// Where it is in the site.
    pub place: String,
}

/// The files outside of the folder of posts that a body links to, each once, and the texts of sections anywhere.
///
/// ```
/// use tidings::{config, post};
/// let config = "[site]\ntitle = 'x'\nurl = 'https://example.org'\n[posts]\ndir = 'content/blog'\n";
/// let config = config::parse("config.toml", config).expect("valid");
/// let linked = post::linked_files("[a](@/boats/crow.md#sail) [b](@/blog/a.md)\n", &config);
/// assert_eq!((linked.len(), &*linked[0].place), (1, "content/boats/crow.md"));
/// ```
pub fn linked_files(body: &str, config: &Config) -> Vec<Linked> {
    let (root, section) = content_folder(&config.posts.dir);
    let mut linked: Vec<Linked> = Vec::new();
    if root.is_empty() {
        return linked;
    }
    for at in memchr::memmem::find_iter(body.as_bytes(), b"@/") {
        let rest = &body[at + 2..];
        let rest = &rest[..rest.floor_char_boundary(LONGEST)];
        let end = rest.find(|c: char| c.is_whitespace() || "()<>[]#?@\"'".contains(c)).unwrap_or(rest.len());
        let path = percent_decode_str(&rest[..end]).decode_utf8_lossy();
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let is_section = name.starts_with("_index.");
        let is_of_posts = section.is_empty()
            || folder.strip_prefix(section).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let is_below = folder.is_empty() || enters(folder) && folder.split('/').all(|part| !part.is_empty());
        if is_below
            && strip_extension(name).is_some()
            && (is_section || !is_of_posts)
            && !linked.iter().any(|known| known.path == path)
        {
            linked.push(Linked { place: format!("{root}/{path}"), path: path.into_owned() });
            if linked.len() == MOST {
                break;
            }
        }
    }
    linked
}

/// As much of such a file is read, in bytes: more than a front matter may have.
pub const HEAD: usize = 1 << 17;

/// The address that Zola gives the page of such a file, of which these are the first bytes, or all; `None` for a draft and for what
/// is no page.
pub fn address_of(linked: &Linked, bytes: Vec<u8>, is_whole: bool, config: &Config) -> Option<String> {
    let (folder, name) = linked.path.rsplit_once('/').unwrap_or(("", &linked.path));
    if name.starts_with("_index.") {
        let folder = if folder.is_empty() { String::new() } else { format!("./{folder}/") };
        return config.site.url.join(&folder).ok().map(String::from);
    }
    let has = |part: &PermalinkPart| config.posts.permalink.parts().contains(part);
    let language = if has(&PermalinkPart::Language) { "/:lang" } else { "" };
    let name = if has(&PermalinkPart::SlugOrBasename) { ":slugorbasename" } else { ":slug" };
    let mut config = config.clone();
    config.posts.dir = content_folder(&config.posts.dir).0.to_owned();
    config.posts.permalink = Permalink::of_post(&format!("{language}/:dir/{name}/")).ok()?;
    let source = Source { path: linked.place.clone(), bytes };
    // What comes later has its address now.
    let reader = Loader::new(Vec::new(), [&*source.path].into_iter(), &config, Timestamp::MAX);
    let (page, _) = if is_whole { reader.read(&source) } else { reader.read_head(&source)? };
    (!matches!(page.status, PostStatus::Draft | PostStatus::Error)).then_some(page.url)
}

/// Zola's content folder, of which the folder of posts may be a part, and what that part is.
fn content_folder(posts: &str) -> (&str, &str) {
    let posts = posts.trim_start_matches("./").trim_end_matches('/');
    let up = posts.len() - posts.trim_start_matches("../").len();
    let end = posts[up..].find('/').map_or(posts.len(), |at| up + at);
    (&posts[..end], posts[end..].trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(dir: &str) -> Config {
        let text = format!(
            "[site]\ntitle = 'x'\nurl = 'https://example.org/a/'\n[posts]\ndir = '{dir}'\npermalink = '/blog/:dir/:slug/'\nslugify = 'zola'\n"
        );
        crate::config::parse("config.toml", &text).unwrap()
    }

    #[test]
    fn files_outside_of_the_posts_are_looked_for() {
        let places = |dir: &str| {
            let body = "[a](@/boats/Old%20crow.md#x) [b](@/blog/b.md) [c](@/blog/_index.md) @/../d.md @/.e/f.md @/g.png <@/h.md>\n\
                        [a](@/boats/Old%20crow.md)";
            linked_files(body, &config(dir)).into_iter().map(|it| it.place).collect::<Vec<_>>()
        };
        assert_eq!(places("content/blog"), ["content/boats/Old crow.md", "content/blog/_index.md", "content/h.md"]);
        assert_eq!(places("../content/blog")[0], "../content/boats/Old crow.md");
        assert_eq!(places("./content/"), ["content/blog/_index.md"]);
        let many = (0..99).map(|n| format!("@/{n}.md")).collect::<Vec<_>>().join(" ");
        assert_eq!(linked_files(&many, &config("content/blog")).len(), MOST);
    }

    #[test]
    fn a_page_has_the_address_that_zola_gives_it() {
        let address = |path: &str, head: &str| {
            let linked = Linked { path: path.to_owned(), place: format!("content/{path}") };
            let text = format!("+++\n{head}\n+++\nSome words.\n\nMore words.\n").into_bytes();
            let [of_all, of_head] =
                [true, false].map(|is_whole| address_of(&linked, text.clone(), is_whole, &config("content/blog")));
            assert_eq!(of_all, of_head, "{path} {head}");
            of_all
        };
        let at = |path: &str| Some(format!("https://example.org/a/{path}"));
        assert_eq!(address("boats/Old crow.md", "title = 'Old'"), at("boats/old-crow/"));
        assert_eq!(address("boats/2031-01-02-crow.md", "title = 'Old'"), at("boats/crow/"));
        assert_eq!(address("boats/crow.md", "title = 'Old'\nslug = 'raven'"), at("boats/raven/"));
        assert_eq!(address("boats/crow.md", "title = 'Old'\npath = 'ships/crow'"), at("ships/crow/"));
        assert_eq!(address("boats/_index.md", ""), at("boats/"));
        assert_eq!(address("_index.md", ""), at(""));
        assert_eq!(address("about/index.md", "title = 'x'"), at("about/"));
        assert_eq!(address("boats/crow.md", "title = 'Old'\ndraft = true"), None);
    }
}
