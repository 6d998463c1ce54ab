//! How much of an entry its issue shows. Invariant: what is shown ends between two blocks, in the HTML and in the text alike,
//! and says that it goes on elsewhere.

use super::plain::wrap;
use crate::content::{Element, Node, write};
use crate::model::{End, Entry};

/// An issue's HTML part stays below so many bytes: Gmail cuts at about 102 KB, and the encoding for the way adds to it.
pub(super) const LIMIT: usize = 80_000;

/// The room for what says that an entry goes on.
const RESERVE: usize = 200;

/// What an issue shows of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) content: Vec<Node>,
    pub(super) text: String,
    /// False when the entry goes on elsewhere.
    pub(super) is_whole: bool,
    /// Whether something of the entry is not shown.
    pub(super) is_cut: bool,
}

impl Shown {
    /// Everything.
    pub(super) fn whole(entry: &Entry) -> Self {
        let mut content = entry.directed(entry.content.clone());
        if !content.is_empty() {
            content.push(Node::Text("\n".to_owned()));
        }
        Self { content, text: entry.content_text.clone(), is_whole: true, is_cut: false }
    }

    /// Everything, or as many of its first blocks as have at most so many bytes of HTML.
    pub(super) fn beginning(entry: &Entry, bytes: usize) -> Self {
        let mut ends = entry.ends.blocks.iter().peekable();
        let (mut length, mut last) = (0, None);
        for (at, node) in entry.content.iter().enumerate() {
            length += length_of(std::slice::from_ref(node));
            if length > bytes {
                return last
                    .map_or_else(|| Self::whole(entry), |end| Self { is_whole: true, ..Self::up_to(entry, end) });
            }
            last = ends.next_if(|end| end.nodes == at + 1).copied().or(last);
        }
        Self::whole(entry)
    }

    /// The content before the author's mark, else the summary; everything when there is neither.
    pub(super) fn excerpt(entry: &Entry) -> Self {
        let before = entry.ends.more.map(|end| Self::up_to(entry, end));
        before.or_else(|| Self::summary(entry)).unwrap_or_else(|| Self::whole(entry))
    }

    /// As much as `fits`, which is asked about HTML: up to the author's mark, else up to the last block that fits, else the
    /// summary.
    pub(super) fn fitting(entry: &Entry, fits: impl Fn(&Self) -> bool) -> Self {
        let marked = entry.ends.more.map(|end| Self::up_to(entry, end)).filter(&fits);
        let ends = &entry.ends.blocks;
        let last = || {
            let count = ends.partition_point(|end| fits(&Self::up_to(entry, *end)));
            Some(Self::up_to(entry, *ends.get(count.checked_sub(1)?)?))
        };
        marked.or_else(last).or_else(|| Self::summary(entry)).unwrap_or_else(|| Self::whole(entry))
    }

    fn up_to(entry: &Entry, end: End) -> Self {
        let content = entry.content.get(..end.nodes).unwrap_or_default().to_vec();
        let body = entry.content_text.get(..end.text).unwrap_or_default();
        let links = entry.content_text.get(entry.ends.links..).unwrap_or_default();
        let links: Vec<&str> = links.lines().filter(|line| !line.is_empty()).take(end.links).collect();
        let mut text = without_references(body).trim_end().to_owned();
        if !links.is_empty() {
            text += "\n\n";
            text += &links.join("\n");
        }
        Self { content: entry.directed(content), text, is_whole: false, is_cut: true }
    }

    fn summary(entry: &Entry) -> Option<Self> {
        let summary = entry.summary.as_deref().filter(|summary| !summary.trim().is_empty())?;
        let content = vec![Node::Element(Element::new("p", &[], vec![Node::Text(summary.to_owned())]))];
        Some(Self { content, text: wrap(summary, ""), is_whole: false, is_cut: true })
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

/// Text without `[^1]`: the notes stand below the whole text.
fn without_references(text: &str) -> String {
    let mut pieces = text.split("[^");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let number = piece.split(']').next().unwrap_or_default();
        if !number.is_empty() && number.len() < piece.len() && number.bytes().all(|b| b.is_ascii_digit()) {
            out.push_str(&piece[number.len() + 1..]);
        } else {
            out.push_str("[^");
            out.push_str(piece);
        }
    }
    out
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

    #[test]
    fn references_to_notes_that_are_not_there_go() {
        assert_eq!(without_references("a[^1], b[^12] [^x] c[^"), "a, b [^x] c[^");
    }
}
