//! How much markup a post has in feeds and mail. A megabyte of Markdown can make ten of HTML, which three feeds repeat and no
//! reader or mail program shows: what is beyond a limit is shown as plain text, with the same words and addresses.

use std::collections::HashSet;

use crate::content::nodes::{self, Element, Node, each, walk};
use crate::content::text;
use crate::diagnostic::{Diagnostic, Location};
use crate::model::Post;

/// An element counts one, and one more for every [`PIECE`] bytes of its attributes. A table of 10,000 rows and nine columns
/// counts 100,000, a note with its marks about ten; of what people wrote, nothing that was seen comes near.
const MOST: usize = 120_000;

const PIECE: usize = 32;

/// Shows as plain text those blocks with which it would be too much, and says so. Runs when addresses are whole.
pub(crate) fn limit(nodes: Vec<Node>, post: &Post) -> (Vec<Node>, Option<Diagnostic>) {
    limit_to(MOST, nodes, post)
}

fn limit_to(most: usize, nodes: Vec<Node>, post: &Post) -> (Vec<Node>, Option<Diagnostic>) {
    if nodes.iter().map(extent).sum::<usize>() <= most {
        return (nodes, None);
    }
    let mut room = most;
    let mut kept = Vec::new();
    let mut beyond: Vec<Node> = Vec::new();
    let mut beginning = None;
    for node in nodes {
        let extent = extent(&node);
        // Text stays with what is before it.
        if extent > room || extent == 0 && !beyond.is_empty() {
            beyond.push(node);
            continue;
        }
        room -= extent;
        plain(std::mem::take(&mut beyond), &mut kept, &mut beginning);
        kept.push(node);
    }
    plain(beyond, &mut kept, &mut beginning);
    drop_dead_ends(&mut kept, &post.url);
    let beginning = beginning.unwrap_or_default();
    let message = format!("more than {most} elements: shown as plain text are parts of it, the first at “{beginning}”");
    let help = "put large tables and lists of notes into files and link to them, or divide the post";
    (kept, Some(Diagnostic::warning("post/extent", message).at(Location::start_of(&post.path)).help(help)))
}

fn extent(node: &Node) -> usize {
    let Node::Element(element) = node else { return 0 };
    let bytes: usize = element.attributes.iter().map(|(_, value)| value.len()).sum();
    1 + bytes / PIECE + element.children.iter().map(extent).sum::<usize>()
}

/// Adds nodes as their text, in lines; keeps how the first of all begins.
fn plain(nodes: Vec<Node>, into: &mut Vec<Node>, beginning: &mut Option<String>) {
    let nodes = nodes::rewrite(nodes, &mut |node| match node {
        Node::Element(picture) if picture.name == "img" => vec![linked(&picture)],
        node => vec![node],
    });
    let text = text::write(&nodes);
    if !text.is_empty() {
        beginning.get_or_insert_with(|| text.split_whitespace().next().unwrap_or_default().chars().take(40).collect());
        into.push(Node::Element(Element::new("pre", &[], vec![Node::Text(text)])));
    }
}

/// A picture as a link to it, so that its address is in the text.
fn linked(picture: &Element) -> Node {
    let words = picture.get("alt").filter(|alt| !alt.trim().is_empty()).unwrap_or("Image");
    let words = vec![Node::Text(words.to_owned())];
    Node::Element(Element::new("a", &[("href", picture.get("src").unwrap_or_default())], words))
}

/// Links to places that were in what is now text lead to the post.
fn drop_dead_ends(nodes: &mut [Node], url: &str) {
    let mut ids = HashSet::new();
    each(nodes, &mut |element| ids.extend(element.get("id").map(str::to_owned)));
    walk(nodes, &mut |element| {
        let place = element.get("href").and_then(|href| href.strip_prefix(url)?.strip_prefix('#'));
        if place.is_some_and(|place| !ids.contains(place)) {
            element.set("href", url.to_owned());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::write;
    use crate::post::tests::one;
    use crate::render::tests::rendered;

    fn post_of(body: &str) -> (Vec<Node>, Post) {
        let text = format!("---\ntitle: A\ndate: 2025-01-31\n---\n\n{body}");
        (rendered(&[("posts/a.md", &text)]).0.content, one("posts/a.md", &text).0)
    }

    /// What `piece` makes of 0, 1, 2, …
    fn pieces(count: usize, piece: impl Fn(usize) -> String) -> String {
        (0..count).map(piece).collect::<Vec<_>>().concat()
    }

    fn html(nodes: &[Node]) -> String {
        let mut html = String::new();
        write::write(nodes, &mut html);
        html
    }

    #[test]
    fn a_table_of_ten_thousand_rows_stays_a_table() {
        let rows = |count: usize| {
            let body =
                "|a|b|c|d|e|f|g|h|i|\n|-|-|-|-|-|-|-|-|-:|\n".to_owned() + &"|1|2|3|4|5|6|7|8|9|\n".repeat(count);
            post_of(&body).0.iter().map(extent).sum::<usize>()
        };
        assert!(rows(1) + (rows(2) - rows(1)) * 9_999 < MOST);
    }

    #[test]
    fn what_is_too_much_is_text_with_every_word_and_address_and_the_rest_stays() {
        let many = pieces(50, |n| format!("*w{n}* "));
        let (nodes, post) = post_of(&format!("Before.\n\n{many} [x](b/) ![y](c.png)\n\n> After.\n"));
        assert_eq!(limit_to(60, nodes.clone(), &post), (nodes.clone(), None));
        let (kept, found) = limit_to(20, nodes, &post);
        let html = html(&kept);
        assert!(html.contains("<p>Before.</p>") && html.contains("<blockquote>\n<p>After.</p>"), "{html}");
        let text = &html[html.find("<pre>").unwrap()..html.find("</pre>").unwrap()];
        assert_eq!(text[5..].split_whitespace().filter(|word| word.starts_with('w')).count(), 50);
        assert!(text.contains("x [1]") && text.contains("[1] https://") && text.contains("/c.png"), "{text}");
        let warning = found.unwrap();
        assert_eq!(warning.code, "post/extent");
        assert!(warning.message.ends_with("the first at “w0”"), "{}", warning.message);
    }

    #[test]
    fn notes_that_are_text_leave_no_link_that_leads_nowhere() {
        let notes = pieces(9, |n| format!("[^{n}]: note {n}\n\n"));
        let references = pieces(9, |n| format!("[^{n}] "));
        let (nodes, post) = post_of(&format!("x {references}\n\n{notes}"));
        let (kept, _) = limit_to(40, nodes, &post);
        let html = html(&kept);
        assert!(html.contains(&format!("href=\"{}\" class=\"footnote\">9</a>", post.url)), "{html}");
        assert!(html.contains("<pre>") && html.contains("[^9]: note 8") && !html.contains("#fn-"), "{html}");
    }
}
