//! Headings: ids for those that the text links to, and none of the marks that themes hang on them.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use percent_encoding::percent_decode_str;

use crate::content::nodes::{self, Element, Node, each, walk};

/// Gives an id to each heading without one that a link in the text means: generators make ids of headings, and authors
/// link to them. Runs before ids are renamed.
pub(crate) fn give_ids(nodes: &mut [Node]) {
    let mut taken = HashSet::new();
    each(nodes, &mut |element| taken.extend(element.get("id")));
    let mut wanted = BTreeSet::new();
    // What the links say: a table of contents has the words of the headings.
    let mut said = Vec::new();
    each(nodes, &mut |element| {
        if let Some(fragment) = element.get("href").and_then(|href| href.trim().strip_prefix('#')) {
            let fragment = percent_decode_str(fragment).decode_utf8_lossy();
            if !fragment.is_empty() && !taken.contains(&*fragment) && wanted.insert(fragment.to_string()) {
                said.push((key(&nodes::one_line(&element.children)), fragment.into_owned()));
            }
        }
    });
    if wanted.is_empty() {
        return;
    }
    // The fragments that may mean the heading with these words, of several the first, the second, …
    let mut fragments: Fragments = BTreeMap::new();
    for fragment in &wanted {
        fragments.entry((key(fragment), 1)).or_default().push_back(fragment.clone());
        // The second of a name is `name-1` to most generators, `name-2` to some.
        if let Some((name, number)) = fragment.rsplit_once(['-', '_'])
            && let Ok(number @ 1..) = number.parse::<usize>()
        {
            let place = (key(name), number.saturating_add(1));
            fragments.entry(place).or_default().push_back(fragment.clone());
        }
    }
    give(nodes, fragments, &mut wanted);
    said.retain(|(words, fragment)| !words.is_empty() && wanted.contains(fragment));
    if !said.is_empty() {
        // Ids that a plugin makes, such as `section-3`, are known by the words of their links only.
        let mut fragments: Fragments = BTreeMap::new();
        for (words, fragment) in said {
            fragments.entry((words, 1)).or_default().push_back(fragment);
        }
        give(nodes, fragments, &mut wanted);
    }
}

/// By the words of a heading, and whether it is the first or a later one with these: the fragments that may mean it.
type Fragments = BTreeMap<(String, usize), VecDeque<String>>;

/// Gives those headings that have no id the first of their fragments that is wanted still.
fn give(nodes: &mut [Node], mut fragments: Fragments, wanted: &mut BTreeSet<String>) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    walk(nodes, &mut |element| {
        if !is_heading(element) {
            return;
        }
        let text = nodes::one_line(&element.children);
        let mut keys = vec![key(&text)];
        if !text.is_ascii() {
            // Zola and others write it in Latin letters, as it sounds.
            keys.push(key(&deunicode::deunicode(&text)));
            keys.dedup();
        }
        for key in keys {
            let count = seen.entry(key.clone()).or_default();
            *count += 1;
            let mut names = fragments.get_mut(&(key, *count)).filter(|_| element.get("id").is_none());
            while let Some(fragment) = names.as_mut().and_then(|names| names.pop_front()) {
                if wanted.remove(&fragment) {
                    element.set("id", fragment);
                    break;
                }
            }
        }
    });
}

/// What the ids of all generators have in common: the letters and digits of the words.
fn key(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Removes the links of headings to themselves: a mark goes, words stay. Runs after ids are given. A heading in another one is
/// a part of that.
pub(crate) fn drop_anchors(nodes: &mut [Node]) {
    for node in nodes {
        let Node::Element(element) = node else { continue };
        if !is_heading(element) {
            drop_anchors(&mut element.children);
            continue;
        }
        let id = element.get("id").map(str::to_owned);
        let children = std::mem::take(&mut element.children);
        let mut anchor = None;
        let kept = nodes::rewrite(children, &mut |node| match node {
            Node::Element(link) if link.name == "a" && is_own(&link, id.as_deref()) => {
                anchor = anchor.take().or_else(|| link.get("id").map(str::to_owned));
                let words = nodes::one_line(&link.children);
                let is_mark =
                    !words.chars().any(char::is_alphanumeric) || PERMALINK_WORDS.contains(&&*words.to_lowercase());
                if is_mark && !holds_picture(&link.children) { vec![] } else { link.children }
            }
            node => vec![node],
        });
        element.children = trimmed(kept);
        if let (None, Some(anchor)) = (id, anchor) {
            element.set("id", anchor);
        }
    }
}

/// What themes write into a link from a heading to itself.
const PERMALINK_WORDS: [&str; 7] =
    ["anchor", "link", "permalink", "direct link", "link to this heading", "link to this section", "link to heading"];

fn is_heading(element: &Element) -> bool {
    matches!(element.name.as_bytes(), [b'h', b'1'..=b'6'])
}

/// A link to the heading it stands in, or to where it stands itself.
fn is_own(link: &Element, heading: Option<&str>) -> bool {
    let Some(fragment) = link.get("href").and_then(|href| href.trim().strip_prefix('#')) else { return false };
    let fragment = percent_decode_str(fragment).decode_utf8_lossy();
    let words = nodes::one_line(&link.children);
    heading.is_some_and(|id| id == fragment)
        || link.get("id").is_some_and(|id| id == fragment)
        || !words.chars().any(char::is_alphanumeric)
}

fn holds_picture(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| match node {
        Node::Element(element) => {
            element.name == "img" && element.get("alt").is_some_and(|alt| !alt.is_empty())
                || holds_picture(&element.children)
        }
        Node::Text(_) => false,
    })
}

fn trimmed(mut nodes: Vec<Node>) -> Vec<Node> {
    if let Some(Node::Text(text)) = nodes.first_mut() {
        *text = text.trim_start_matches(|c: char| c.is_ascii_whitespace()).to_owned();
    }
    if let Some(Node::Text(text)) = nodes.last_mut() {
        *text = text.trim_end_matches(|c: char| c.is_ascii_whitespace() || c == '\u{a0}').to_owned();
    }
    nodes.retain(|node| !matches!(node, Node::Text(text) if text.is_empty()));
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(source: &str) -> String {
        let mut nodes = crate::content::read(source).nodes;
        give_ids(&mut nodes);
        drop_anchors(&mut nodes);
        let mut written = String::new();
        crate::content::write::write(&nodes, &mut written);
        written
    }

    #[test]
    fn a_heading_that_is_linked_to_has_an_id() {
        for (link, heading) in [
            ("a-b-c", "A b, c!"),
            ("a--b", "A – b"),
            ("%C3%BCber", "Über"),
            ("%E6%97%A5%E6%9C%AC", "日本"),
            ("resume", "Résumé"),
            ("ri-ben", "日本"),
        ] {
            let html = after(&format!("<a href=\"#{link}\">x</a><h2>{heading}</h2>"));
            let id = percent_decode_str(link).decode_utf8_lossy();
            assert!(html.ends_with(&format!("<h2 id=\"{id}\">{heading}</h2>")), "{html}");
        }
        assert_eq!(after("<a href=\"#b\">x</a><h2>A</h2>"), "<a href=\"#b\">x</a><h2>A</h2>");
        let by_words = "<a href=\"#section-2\">Ёж</a><a href=\"#section-3\">Уж</a><a href=\"#b\">Ёж</a>";
        assert!(
            after(&format!("{by_words}<h2>Ёж</h2><h2>Уж</h2><h2>B</h2>"))
                .ends_with("<h2 id=\"section-2\">Ёж</h2><h2 id=\"section-3\">Уж</h2><h2 id=\"b\">B</h2>")
        );
        assert!(after("<a href=\"#a-1\">x</a><h2>A</h2><h2>A</h2>").ends_with("<h2>A</h2><h2 id=\"a-1\">A</h2>"));
    }

    #[test]
    fn marks_go_and_words_stay() {
        for source in [
            "<h2 id=\"a\"><a href=\"#a\">¶</a> Words</h2>",
            "<h2 id=\"a\">Words <a href=\"#a\" title=\"Permalink\">#</a></h2>",
            "<h2 id=\"a\"><a href=\"#a\">Words</a></h2>",
            "<h2 id=\"a\">Words<a href=\"#a\">🔗</a></h2>",
            "<h2><a id=\"a\" href=\"#a\"></a>Words</h2>",
            "<h2 id=\"a\">Words<a href=\"#a\">Link to this heading</a></h2>",
        ] {
            assert_eq!(after(source), "<h2 id=\"a\">Words</h2>", "{source}");
        }
        let kept = "<h2 id=\"a\">Words <a href=\"https://b.example/\">#</a> <a href=\"#b\">more</a></h2>";
        assert_eq!(after(kept), kept);
    }
}
