//! The places between blocks where a content can end early, in its tree and in its text alike.

use crate::content::nodes::{Element, Node};
use crate::model::{End, Ends};

use super::text::Written;

/// Joins where the blocks of `nodes` end with where they end in the text. `more` is how many blocks come before the author's
/// mark.
pub(crate) fn find(nodes: &[Node], text: &Written, more: Option<usize>) -> Ends {
    let blocks = nodes.iter().enumerate().filter_map(|(at, node)| match node {
        Node::Element(element) if element.is_block() => Some((at, element)),
        _ => None,
    });
    let all: Vec<(&Element, End)> = blocks
        .zip(&text.blocks)
        .map(|((at, element), block)| (element, End { nodes: at + 1, text: block.text, links: block.links }))
        .collect();
    let has_notes = all.last().is_some_and(|(element, _)| element.has_class("footnotes"));
    // What ends with the notes, or right before them, is whole.
    let inner = all.len().saturating_sub(if has_notes { 2 } else { 1 });
    let may_be_last = |element: &Element| !matches!(element.name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "hr");
    Ends {
        blocks: all[..inner].iter().filter(|(element, _)| may_be_last(element)).map(|(_, end)| *end).collect(),
        more: more.filter(|count| (1..=inner).contains(count)).map(|count| all[count - 1].1),
        links: text.links,
    }
}
