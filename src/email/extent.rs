//! How much of an entry its issue shows. Invariant: what is shown ends between two blocks, and says that it goes on elsewhere.
//! HTML and text are both written from it.

use std::borrow::Cow;

use crate::content::{Element, MORE, Node, write};
use crate::model::Entry;

/// The room for what says that an entry goes on.
const RESERVE: usize = 400;

/// What an issue shows of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown<'e> {
    pub(super) content: Cow<'e, [Node]>,
    /// False when the entry goes on elsewhere.
    pub(super) is_whole: bool,
    /// Whether something of the entry is not shown.
    pub(super) is_cut: bool,
}

impl<'e> Shown<'e> {
    pub(super) fn whole(entry: &'e Entry) -> Self {
        Self { content: Cow::Borrowed(&entry.content), is_whole: !entry.is_summary, is_cut: false }
    }

    /// Everything, or as many of its first blocks as have at most so many bytes of HTML.
    pub(super) fn beginning(entry: &'e Entry, bytes: usize) -> Self {
        let (mut length, mut fitting) = (0, 0);
        for node in &entry.content {
            length += length_of(std::slice::from_ref(node));
            if length > bytes {
                let last = ends(&entry.content).into_iter().rfind(|end| *end <= fitting);
                return last
                    .map_or_else(|| Self::whole(entry), |end| Self { is_whole: true, ..Self::up_to(entry, end) });
            }
            fitting += 1;
        }
        Self::whole(entry)
    }

    /// The content before the author's mark, else the summary; everything when there is neither.
    pub(super) fn excerpt(entry: &'e Entry) -> Self {
        let before = end_at_mark(&entry.content).map(|end| Self::up_to(entry, end));
        before.or_else(|| Self::summary(entry)).unwrap_or_else(|| Self::whole(entry))
    }

    /// As much as `fits`, which is asked about HTML: up to the author's mark, else up to the last block that fits, else the
    /// summary.
    pub(super) fn fitting(entry: &'e Entry, fits: impl Fn(&Self) -> bool) -> Self {
        let marked = end_at_mark(&entry.content).map(|end| Self::up_to(entry, end)).filter(&fits);
        let last = || {
            let ends = ends(&entry.content);
            let count = ends.partition_point(|end| fits(&Self::up_to(entry, *end)));
            Some(Self::up_to(entry, *ends.get(count.checked_sub(1)?)?))
        };
        marked.or_else(last).or_else(|| Self::summary(entry)).unwrap_or_else(|| Self::whole(entry))
    }

    fn up_to(entry: &'e Entry, end: usize) -> Self {
        Self { content: Cow::Borrowed(&entry.content[..end]), is_whole: false, is_cut: true }
    }

    fn summary(entry: &Entry) -> Option<Self> {
        let summary = entry.summary.as_deref().filter(|summary| !summary.trim().is_empty())?;
        let content = vec![Node::Element(Element::new("p", &[], vec![Node::Text(summary.to_owned())]))];
        Some(Self { content: content.into(), is_whole: false, is_cut: true })
    }

    /// The bytes of its HTML.
    pub(super) fn length(&self) -> usize {
        length_of(&self.content)
    }
}

fn length_of(nodes: &[Node]) -> usize {
    let mut html = String::new();
    write::write(nodes, &mut html);
    html.len()
}

/// The blocks after which a content can end early, each with how many nodes it ends after. What ends with the notes, or right
/// before them, is whole.
fn inner_blocks(nodes: &[Node]) -> Vec<(usize, &Element)> {
    let mut blocks = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        if let Node::Element(element) = node
            && element.is_block()
        {
            blocks.push((at + 1, element));
        }
    }
    let has_notes = blocks.last().is_some_and(|(_, last)| last.has_class("footnotes"));
    blocks.truncate(blocks.len().saturating_sub(if has_notes { 2 } else { 1 }));
    blocks
}

/// Where a content can end early, as numbers of nodes: after blocks that may be the last one, such as paragraphs and lists, but
/// no headings.
fn ends(nodes: &[Node]) -> Vec<usize> {
    let may_be_last = |element: &Element| !matches!(element.name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "hr");
    inner_blocks(nodes).into_iter().filter(|(_, element)| may_be_last(element)).map(|(end, _)| end).collect()
}

/// Where the author's mark ends a content: right after a block.
fn end_at_mark(nodes: &[Node]) -> Option<usize> {
    let mark = nodes.iter().position(|node| matches!(node, Node::Element(element) if element.name == MORE))?;
    inner_blocks(nodes).iter().any(|(end, _)| *end == mark).then_some(mark)
}

/// How large each entry may become, so that all of them together fit: the longest give most.
pub(super) fn cap(sizes: &[usize], room: usize) -> usize {
    let mut sorted = sizes.to_vec();
    sorted.sort_unstable();
    let mut left = room;
    for (index, size) in sorted.iter().enumerate() {
        let share = left / (sorted.len() - index);
        if *size > share {
            return share.saturating_sub(RESERVE);
        }
        left -= size;
    }
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_entries_give_most() {
        assert_eq!(cap(&[10, 20, 30], 60), usize::MAX);
        assert_eq!(cap(&[1_000, 50_000, 60_000], 81_000), 40_000 - RESERVE);
        assert_eq!(cap(&[30_000, 90_000], 80_000), 50_000 - RESERVE);
        assert_eq!(cap(&[], 0), usize::MAX);
    }
}
