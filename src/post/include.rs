//! Files that a text asks for: `{% include notice.md %}` of Jekyll, `{% include "notice.md" %}` of Nunjucks, `include_relative`.

use super::source_path::strip_extension;

/// As many of one text are looked for, and each is at most this long, in bytes.
const MOST: usize = 16;
pub(crate) const LONGEST: usize = 1 << 16;

/// A tag is not longer than this.
const LONGEST_TAG: usize = 300;

const WORDS: [&str; 3] = ["include", "include_relative", "include_cached"];

/// A file that is asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Include<'t> {
    /// As it is written in the tag.
    pub name: &'t str,
    /// Where it may be, relative to the site, the likeliest place first.
    pub places: Vec<String>,
}

/// The Markdown files that the body of a post asks for, each once; `post` is its path. What a template makes of one is not known:
/// see [`plain`].
///
/// ```
/// use tidings::post::includes;
/// let wanted = includes("{% include notice.md %}\n", "_posts/2025-01-31-a.md", "_posts");
/// assert_eq!(wanted[0].places, ["_includes/notice.md"]);
/// ```
pub fn includes<'t>(body: &'t str, post: &str, posts_dir: &str) -> Vec<Include<'t>> {
    let mut wanted: Vec<Include<'t>> = Vec::new();
    for at in memchr::memmem::find_iter(body.as_bytes(), b"{%") {
        let Some((word, name)) = tag(&body[at + 2..]) else { continue };
        if wanted.iter().any(|known| known.name == name) {
            continue;
        }
        wanted.push(Include { name, places: places(word, name, post, posts_dir) });
        if wanted.len() == MOST {
            break;
        }
    }
    wanted
}

/// The word of a tag and the Markdown file that it names, when it is one of these.
fn tag(rest: &str) -> Option<(&str, &str)> {
    let (inside, _) = rest[..rest.floor_char_boundary(LONGEST_TAG)].split_once("%}")?;
    let (word, argument) = inside.trim_matches(['-', ' ', '\t', '\n']).split_once(char::is_whitespace)?;
    let name = argument.trim_start().trim_start_matches(['"', '\'']);
    let name = &name[..name.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',')).unwrap_or(name.len())];
    let is_below = name.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
    (WORDS.contains(&word) && is_below && strip_extension(name).is_some()).then_some((word, name))
}

fn places(word: &str, name: &str, post: &str, posts_dir: &str) -> Vec<String> {
    let below = |folder: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    if word == "include_relative" {
        return vec![below(post.rsplit_once('/').map_or("", |(folder, _)| folder))];
    }
    // Beside the folder of the posts, or beside one that it lies in.
    let around = posts_dir.match_indices('/').map(|(at, _)| &posts_dir[..at]).chain([""]);
    let mut folders: Vec<&str> = around.filter(|folder| !folder.ends_with("..")).collect();
    folders.sort_by_key(|folder| std::cmp::Reverse(folder.len()));
    folders.dedup();
    folders.into_iter().map(|folder| below(format!("{folder}/_includes").trim_start_matches('/'))).collect()
}

/// The text of a file that a body asks for, when it is nothing but Markdown: without a tag or a value that a program fills in.
pub fn plain(bytes: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(bytes).ok().filter(|text| text.len() <= LONGEST)?;
    (!["{%", "{{", "\0"].iter().any(|mark| text.contains(mark))).then(|| text.replace("\r\n", "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_below_the_folders_of_includes_is_asked_for_and_nothing_else() {
        let body = "{% include a.md %} {%- include \"x/b.md\" -%} {% include_relative c.markdown x=1 %} {% include a.md %}\n\
                    {% include d.html %} {% include ../e.md %} {% include .f.md %} {% include /g.md %} {% include {{ h }}.md %} {% includes i.md %} {% include";
        let found = includes(body, "src/blog/x/p.md", "src/blog");
        let found: Vec<_> = found.iter().map(|it| (it.name, it.places.join(" "))).collect();
        let expected = [
            ("a.md", "src/_includes/a.md _includes/a.md"),
            ("x/b.md", "src/_includes/x/b.md _includes/x/b.md"),
            ("c.markdown", "src/blog/x/c.markdown"),
        ];
        assert_eq!(found, expected.map(|(name, places)| (name, places.to_owned())));
        let many: String =
            (0..99).flat_map(|n| ["{% include ".to_owned(), n.to_string(), ".md %}".to_owned()]).collect();
        assert_eq!(includes(&many, "p.md", ".").len(), MOST);
    }

    #[test]
    fn a_template_or_a_long_file_is_not_plain() {
        assert_eq!(plain(b"a\r\nb".to_vec()).as_deref(), Some("a\nb"));
        for bytes in [b"{% if x %}".to_vec(), b"{{ x }}".to_vec(), vec![0xff], vec![b'a'; LONGEST + 1]] {
            assert_eq!(plain(bytes), None);
        }
    }
}
