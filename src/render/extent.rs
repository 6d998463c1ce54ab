//! How much markup a post has in feeds and mail. A megabyte of Markdown can make ten of HTML, which three feeds repeat and no
//! reader or mail program shows: what is beyond a limit is shown as plain text, with the same words and addresses.

use super::footnotes::MOST_LINKS;
use super::media;
use crate::content::nodes::{self, Element, Node};
use crate::content::text;
use crate::diagnostic::{Diagnostic, Location};
use crate::model::Post;

/// An element counts one, and one more for every [`PIECE`] bytes of its attributes. A table of 6,000 rows and eight columns
/// counts 54,000, a note with its marks about ten; of what people wrote, nothing that was seen comes near.
pub(super) const MOST: usize = 60_000;

const PIECE: usize = 32;

/// The name of the mark that keeps the place of blocks that were taken out.
const PLACE: &str = "beyond";

/// Takes out those top-level blocks with which it would be more than `most`, neighbours together, so that what is done with
/// elements is done with no more than these. Runs before addresses are resolved.
pub(super) fn take(most: usize, nodes: &mut Vec<Node>) -> Vec<Vec<Node>> {
    let extents: Vec<usize> = nodes.iter().map(extent).collect();
    if extents.iter().sum::<usize>() <= most {
        return Vec::new();
    }
    let mut room = most;
    let mut beyond: Vec<Vec<Node>> = Vec::new();
    let mut kept = Vec::new();
    let mut was_taken = false;
    for (node, extent) in std::mem::take(nodes).into_iter().zip(extents) {
        // Text stays with what is before it.
        let is_taken = extent > room || extent == 0 && was_taken;
        if !is_taken {
            room -= extent;
            kept.push(node);
        } else if was_taken && let Some(taken) = beyond.last_mut() {
            taken.push(node);
        } else {
            kept.push(Node::Element(Element::mark(PLACE)));
            beyond.push(vec![node]);
        }
        was_taken = is_taken;
    }
    *nodes = kept;
    beyond
}

fn extent(node: &Node) -> usize {
    let Node::Element(element) = node else { return 0 };
    let bytes: usize = element.attributes.iter().map(|(_, value)| value.len()).sum();
    1 + bytes / PIECE + element.children.iter().map(extent).sum::<usize>()
}

/// Puts what was taken out in its places, as text, and says so. Runs when addresses are whole.
pub(super) fn put(nodes: &mut Vec<Node>, beyond: Vec<Vec<Node>>, post: &Post) -> Option<Diagnostic> {
    let mut beginning = None;
    let mut beyond = beyond.into_iter();
    nodes.retain_mut(|node| {
        if !matches!(node, Node::Element(place) if place.name == PLACE) {
            return true;
        }
        let text = beyond.next().map(plain).unwrap_or_default();
        if beginning.is_none() {
            beginning = text.split_whitespace().next().map(|word| word.chars().take(40).collect::<String>());
        }
        let is_something = !text.is_empty();
        *node = Node::Element(Element::new("pre", &[], vec![Node::Text(text)]));
        is_something
    });
    let beginning = beginning?;
    let of_elements =
        format!("more than {MOST} elements: shown as plain text are parts of it, the first at “{beginning}”");
    Some(warning(of_elements, post))
}

/// Says that a post has more references to notes than become links.
pub(super) fn about_notes(post: &Post) -> Diagnostic {
    warning(format!("more than {MOST_LINKS} references to notes: further ones are numbers, and no links"), post)
}

fn warning(message: String, post: &Post) -> Diagnostic {
    let help = "put large tables and lists of notes into files and link to them, or divide the post";
    Diagnostic::warning("post/extent", message).at(Location::start_of(&post.path)).help(help)
}

/// Nodes as their text, in lines.
fn plain(nodes: Vec<Node>) -> String {
    let mut nodes = media::replace(nodes);
    if nodes::any(&nodes, &|element| element.name == "img") {
        nodes = nodes::rewrite(nodes, &mut |node| match node {
            Node::Element(picture) if picture.name == "img" => vec![linked(&picture)],
            node => vec![node],
        });
    }
    text::write(&nodes)
}

/// A picture as a link to it, so that its address is in the text.
fn linked(picture: &Element) -> Node {
    let words = picture.get("alt").filter(|alt| !alt.trim().is_empty()).unwrap_or("Image");
    let words = vec![Node::Text(words.to_owned())];
    Node::Element(Element::new("a", &[("href", picture.get("src").unwrap_or_default())], words))
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
    fn a_table_of_six_thousand_rows_stays_a_table() {
        let rows = |count: usize| {
            let body = "|a|b|c|d|e|f|g|h|\n|-|-|-|-|-|-|-|-:|\n".to_owned() + &"|1|2|3|4|5|6|7|8|\n".repeat(count);
            post_of(&body).0.iter().map(extent).sum::<usize>()
        };
        assert!(rows(1) + (rows(2) - rows(1)) * 5_999 < MOST);
    }

    #[test]
    fn what_is_too_much_is_text_with_every_word_and_address_and_the_rest_stays() {
        let many = pieces(50, |n| format!("*w{n}* "));
        let (mut nodes, post) = post_of(&format!("Before.\n\n{many} [x](b/) ![y](c.png)\n\n> After.\n"));
        let all = nodes.clone();
        assert!(take(60, &mut nodes).is_empty() && nodes == all);
        let beyond = take(20, &mut nodes);
        let warning = put(&mut nodes, beyond, &post).unwrap();
        let html = html(&nodes);
        assert!(html.contains("<p>Before.</p>") && html.contains("<blockquote>\n<p>After.</p>"), "{html}");
        let text = &html[html.find("<pre>").unwrap()..html.find("</pre>").unwrap()];
        assert_eq!(text[5..].split_whitespace().filter(|word| word.starts_with('w')).count(), 50);
        assert!(text.contains("x [1]") && text.contains("[1] https://") && text.contains("/c.png"), "{text}");
        assert_eq!(warning.code, "post/extent");
        assert!(warning.message.ends_with("the first at “w0”"), "{}", warning.message);
    }

    #[test]
    fn addresses_in_text_are_whole_and_no_link_leads_to_what_is_text() {
        let body = format!("[x](#a)\n\n> ## A\n>\n> [y](b/) {{{{< z >}}}} {}", "*w* ".repeat(MOST));
        let (nodes, post) = post_of(&body);
        let html = html(&nodes);
        assert!(html.starts_with(&format!("<p><a href=\"{}\">x</a></p>", post.url)), "{}", &html[..200]);
        assert!(html.contains("<pre>&gt; A\n&gt; -\n&gt;\n&gt; y [1] w w"), "{}", &html[..200]);
        assert!(html.ends_with(&format!("[1] {}b/\n</pre>", post.url)), "{}", &html[html.len() - 200..]);
    }

    #[test]
    fn more_references_than_become_links_are_told() {
        let found = |count: usize| {
            let text = format!("---\ntitle: A\ndate: 2025-01-31\n---\n\n{}\n\n[^a]: x\n", "[^a]".repeat(count));
            rendered(&[("posts/a.md", &text)]).1.into_iter().map(|found| found.code).collect::<Vec<_>>()
        };
        assert_eq!(found(MOST_LINKS), [""; 0]);
        assert_eq!(found(MOST_LINKS + 1), ["post/extent"]);
    }
}
