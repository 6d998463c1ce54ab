//! One line that says what an entry is about, and the mark that ends it in the text.

use crate::content::nodes::{self, Element, Node};
use crate::content::{BEGIN, Kind, MORE};

/// About this many characters, never in the middle of a word.
const LONGEST: usize = 300;

/// The author's description, else the text before the mark, else the first paragraph; `None` when it would say nothing
/// or everything.
pub(crate) fn summary(description: Option<&str>, nodes: &[Node]) -> Option<String> {
    let text = match description {
        Some(description) => Some(crate::content::characters::one_line(description)),
        None => before_mark(nodes).or_else(|| first_paragraph(nodes)),
    };
    if let Some(text) = text.filter(|text| !text.is_empty() && !nodes::is_one_line(nodes, text)) {
        return Some(cut(&text));
    }
    if description.is_some() {
        return None;
    }
    // A long text without paragraphs still has a beginning.
    let whole = nodes::one_line(nodes);
    let cut = cut(&whole);
    (cut != whole).then_some(cut)
}

/// Leaves one of the marks: where the summary ends, behind the block at the top that holds it or comes before it. A paragraph
/// of marks goes with them.
pub(crate) fn raise_mark(nodes: Vec<Node>) -> Vec<Node> {
    let mut raised = Vec::with_capacity(nodes.len());
    let (mut last_block, mut place) = (None, None);
    for node in nodes {
        let is_block = matches!(&node, Node::Element(element) if element.is_block()) && !is_only_mark(&node);
        let is_place = holds_mark(std::slice::from_ref(&node));
        let says_nothing = |node: &Node| is_mark(node) || is_only_mark(node);
        raised.extend(nodes::rewrite(vec![node], &mut |node| if says_nothing(&node) { vec![] } else { vec![node] }));
        last_block = if is_block { Some(raised.len()) } else { last_block };
        place = if is_place { place.or(Some(last_block)) } else { place };
    }
    if let Some(at) = place.flatten() {
        raised.insert(at, Node::Element(Element::mark(MORE)));
    }
    raised
}

fn is_mark(node: &Node) -> bool {
    matches!(node, Node::Element(element) if element.kind == Kind::Mark)
}

/// A paragraph, without an id that a link may lead to, of marks.
fn is_only_mark(node: &Node) -> bool {
    let is_nothing = |node: &Node| is_mark(node) || matches!(node, Node::Text(text) if text.trim_ascii().is_empty());
    matches!(node, Node::Element(element)
        if element.name == "p" && element.get("id").is_none() && element.children.iter().all(is_nothing))
}

fn holds_mark(nodes: &[Node]) -> bool {
    nodes::any(nodes, &|element| element.name == MORE)
}

fn before_mark(nodes: &[Node]) -> Option<String> {
    if !holds_mark(nodes) {
        return None;
    }
    let mut before = Vec::new();
    let found = copy_to_mark(nodes, &mut before);
    let text = nodes::one_line(&before);
    (found && !text.is_empty()).then_some(text)
}

/// Copies the content before the mark; true when there is one.
fn copy_to_mark(nodes: &[Node], into: &mut Vec<Node>) -> bool {
    for node in nodes {
        match node {
            Node::Element(element) if element.name == MORE => return true,
            Node::Element(element) if element.name == BEGIN => into.clear(),
            Node::Element(element) => {
                let mut copy = shell(element);
                let found = copy_to_mark(&element.children, &mut copy.children);
                into.push(Node::Element(copy));
                if found {
                    return true;
                }
            }
            text @ Node::Text(_) => into.push(text.clone()),
        }
    }
    false
}

fn shell(element: &Element) -> Element {
    Element { attributes: element.attributes.clone(), children: Vec::new(), ..*element }
}

fn first_paragraph(nodes: &[Node]) -> Option<String> {
    nodes.iter().find_map(|node| match node {
        Node::Element(element) if element.name == "p" => {
            Some(nodes::one_line(&element.children)).filter(|text| !text.is_empty())
        }
        Node::Element(element)
            if !matches!(element.name, "figure" | "table" | "aside" | "nav" | "ol" | "ul" | "dl") =>
        {
            first_paragraph(&element.children)
        }
        _ => None,
    })
}

fn cut(text: &str) -> String {
    let Some((limit, _)) = text.char_indices().nth(LONGEST) else { return text.to_owned() };
    let start = &text[..limit];
    // A language without spaces is cut between characters.
    let end = start
        .rfind(' ')
        .filter(|end| *end > limit / 2)
        .unwrap_or_else(|| start.char_indices().next_back().map_or(0, |(at, _)| at));
    format!("{}…", start[..end].trim_end_matches([' ', ',', ';', ':', '.', '—', '–', '-']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_summary_ends_at_a_word() {
        let long = "word ".repeat(100);
        let cut = cut(long.trim());
        assert!(cut.ends_with("word…") && cut.chars().count() <= LONGEST, "{cut}");
        let cjk = super::cut(&"字".repeat(400));
        assert_eq!(cjk.chars().count(), LONGEST);
    }
}
