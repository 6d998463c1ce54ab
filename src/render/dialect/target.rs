//! Links to other posts by the name of their file, as every generator has them → permalinks.

use percent_encoding::percent_decode_str;

use crate::model::{Post, PostStatus};

use super::part::Part;
use super::writer::Writer;
use crate::post::source_path;

/// More names than this are not looked for in one body.
const MOST_NAMES: usize = 1000;

/// The post that `name` means, with the fragment of the link; warns when there is none, or none that is published.
pub(crate) fn post<'a>(writer: &mut Writer<'a>, part: &Part<'_>, at: usize, name: &str) -> Option<(&'a Post, String)> {
    let (name, fragment) = name.split_once('#').map_or((name, ""), |(name, fragment)| (name, fragment));
    let found = look_up(writer, name.trim());
    let Some(post) = found else {
        let message = format!("there is no post `{}`", name.trim());
        writer.warn("post/link", name, part, at, message, "write the name of a file in the posts folder");
        return None;
    };
    if !matches!(post.status, PostStatus::Published | PostStatus::Page) {
        let message = format!("this link leads to {}, which is not published: {}", post.path, post.reason);
        writer.warn("post/link", name, part, at, message, "publish that post first, or remove the link");
    }
    let fragment = fragment.trim().to_lowercase().split_whitespace().collect::<Vec<_>>().join("-");
    Some((post, if fragment.is_empty() { fragment } else { format!("#{fragment}") }))
}

/// Writes the address of a post in the place of a tag; an address that leads nowhere makes no link.
pub(crate) fn write_address(writer: &mut Writer<'_>, part: &Part<'_>, at: usize, name: &str) {
    match post(writer, part, at, name) {
        Some((post, fragment)) => {
            let url = post.url.replace('(', "%28").replace(')', "%29");
            writer.out.push_str(&url);
            writer.out.push_str(&fragment);
        }
        None => {
            let out = &writer.out;
            if out.trim_end_matches(' ').ends_with("]:") || out.ends_with(['(', '"', '\'', '=', '<']) {
                writer.out.push_str("unknown:");
            }
        }
    }
}

fn look_up<'a>(writer: &mut Writer<'a>, name: &str) -> Option<&'a Post> {
    if name.is_empty() {
        return None;
    }
    let posts = writer.posts;
    if let Some(known) = writer.known.get(name) {
        return known.and_then(|n| posts.get(n));
    }
    if writer.known.len() >= MOST_NAMES {
        return None;
    }
    let wanted = Wanted::new(name);
    let found = posts.best_named(&wanted.names(), names, |post| wanted.rank(post));
    writer.known.insert(name.to_owned(), found);
    found.and_then(|n| posts.get(n))
}

/// A name as it was written, taken apart.
struct Wanted {
    path: String,
    title: String,
    /// The title as the name of a file.
    dashed: String,
}

/// Under which names a post can be meant: its file's, also without the date, its slug and its title.
fn names(post: &Post) -> Vec<String> {
    let path = comparable(post);
    let name = path.rsplit('/').next().unwrap_or_default();
    vec![undated(name).to_owned(), post.slug.to_lowercase(), post.title.to_lowercase(), name.to_owned()]
}

/// The path without the ending that all posts have.
fn comparable(post: &Post) -> String {
    let path = source_path::strip_extension(&post.path).unwrap_or(&post.path);
    path.strip_suffix("/index").unwrap_or(path).to_lowercase()
}

impl Wanted {
    fn new(name: &str) -> Self {
        let decoded = percent_decode_str(name).decode_utf8_lossy();
        let path = decoded.replace('\\', "/");
        let path = path.trim_start_matches("@/").trim_start_matches(['.', '/']).trim_end_matches('/').to_lowercase();
        let path = source_path::strip_extension(&path).unwrap_or(&path);
        let path = path.strip_suffix("/index").or_else(|| path.strip_suffix("/_index")).unwrap_or(path).to_owned();
        let title = decoded.trim().to_lowercase();
        Self { path, dashed: title.split_whitespace().collect::<Vec<_>>().join("-"), title }
    }

    /// What a post that fits is called by [`names`].
    fn names(&self) -> [&str; 4] {
        [&self.path, self.path.rsplit('/').next().unwrap_or_default(), &self.title, &self.dashed]
    }

    /// How well a post fits, the best being the lowest: its path, the end of its path, its name without the date, its
    /// slug, its title.
    fn rank(&self, post: &Post) -> Option<usize> {
        let path = comparable(post);
        let ends = |whole: &str, end: &str| {
            !end.is_empty() && whole.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('/'))
        };
        let name = path.rsplit('/').next().unwrap_or_default();
        let slug = self.path.rsplit('/').next().unwrap_or_default();
        if path == self.path {
            Some(0)
        } else if ends(&path, &self.path) {
            Some(1)
        } else if undated(name) == self.path || undated(name) == self.dashed {
            Some(2)
        } else if post.title.to_lowercase() == self.title {
            Some(3)
        } else if ends(&self.path, undated(name)) || post.slug.to_lowercase() == slug {
            Some(4)
        } else {
            None
        }
    }
}

/// A name without the date that it begins with.
fn undated(name: &str) -> &str {
    let fits = |(n, byte): (usize, u8)| match n {
        4 | 7 | 10 => matches!(byte, b'-' | b'_'),
        _ => byte.is_ascii_digit(),
    };
    // All of the first eleven bytes are ASCII then, so the rest begins with a whole character.
    let is_date = name.len() > 11 && name.bytes().take(11).enumerate().all(fits);
    if is_date { &name[11..] } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_loses_its_date_in_any_script() {
        assert_eq!(undated("2025-01-31-走"), "走");
        assert_eq!(undated("01.33个非常实用"), "01.33个非常实用");
        assert_eq!(undated("2025-01-3é-walk"), "2025-01-3é-walk");
        assert_eq!(undated("2025-01-31-"), "2025-01-31-");
    }
}
