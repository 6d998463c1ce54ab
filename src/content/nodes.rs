//! The content of one entry as a small tree: what HTML and text are both made from, so that they never disagree.

use super::allowed::{self, Kind};
use super::characters;

/// An element or a run of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Text as it is meant, without references.
    Text(String),
}

/// An element with its attributes and content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// One of the allowed elements, or a mark.
    pub(crate) name: &'static str,
    /// How it behaves.
    pub(crate) kind: Kind,
    /// In their order, each once.
    pub(crate) attributes: Vec<(&'static str, String)>,
    pub(crate) children: Vec<Node>,
}

impl Element {
    /// An element; `name` is one of [`allowed`].
    pub(crate) fn new(name: &'static str, attributes: &[(&'static str, &str)], children: Vec<Node>) -> Self {
        let kind = allowed::kind(name).unwrap_or(Kind::Inline);
        Self {
            name,
            kind,
            attributes: attributes.iter().map(|(key, value)| (*key, (*value).to_owned())).collect(),
            children,
        }
    }

    /// A mark: nothing is written of it.
    pub(crate) fn mark(name: &'static str) -> Self {
        Self { name, kind: Kind::Mark, attributes: vec![], children: vec![] }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.attributes.iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_str())
    }

    pub(crate) fn set(&mut self, key: &'static str, value: String) {
        match self.attributes.iter_mut().find(|(name, _)| *name == key) {
            Some((_, old)) => *old = value,
            None => self.attributes.push((key, value)),
        }
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<String> {
        let at = self.attributes.iter().position(|(name, _)| *name == key)?;
        Some(self.attributes.remove(at).1)
    }

    pub(crate) fn has_class(&self, class: &str) -> bool {
        self.get("class").is_some_and(|classes| classes.split_ascii_whitespace().any(|one| one == class))
    }

    /// True for elements that stand on lines of their own.
    pub(crate) fn is_block(&self) -> bool {
        matches!(self.kind, Kind::Block | Kind::Table) || self.name == "hr"
    }

    /// True for elements in which a paragraph may stand, directly or in a part of them.
    pub(crate) fn holds_paragraphs(&self) -> bool {
        matches!(self.kind, Kind::Block | Kind::Table)
            && !matches!(self.name, "p" | "pre" | "summary" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
    }
}

/// Calls `visit` for every element, outer before inner.
pub(crate) fn walk(nodes: &mut [Node], visit: &mut dyn FnMut(&mut Element)) {
    for node in nodes {
        if let Node::Element(element) = node {
            visit(element);
            walk(&mut element.children, visit);
        }
    }
}

/// Calls `look` for every element, outer before inner.
pub(crate) fn each<'n>(nodes: &'n [Node], look: &mut dyn FnMut(&'n Element)) {
    for node in nodes {
        if let Node::Element(element) = node {
            look(element);
            each(&element.children, look);
        }
    }
}

/// True when `is_it` is true of an element below `nodes`.
pub(crate) fn any(nodes: &[Node], is_it: &dyn Fn(&Element) -> bool) -> bool {
    nodes.iter().any(|node| match node {
        Node::Element(element) => is_it(element) || any(&element.children, is_it),
        Node::Text(_) => false,
    })
}

/// Replaces every node by what `change` makes of it, inner before outer.
pub(crate) fn rewrite(nodes: Vec<Node>, change: &mut dyn FnMut(Node) -> Vec<Node>) -> Vec<Node> {
    let mut changed = Vec::with_capacity(nodes.len());
    for node in nodes {
        let node = match node {
            Node::Element(mut element) => {
                element.children = rewrite(element.children, change);
                Node::Element(element)
            }
            text @ Node::Text(_) => text,
        };
        changed.extend(change(node));
    }
    changed
}

/// Joins neighbouring texts, and drops the line end after `<pre>`, which a parser would drop: writing and reading come
/// to the same.
pub(crate) fn settle(nodes: &mut Vec<Node>) {
    if nodes.windows(2).any(|pair| matches!(pair, [Node::Text(_), Node::Text(_)])) {
        let mut joined: Vec<Node> = Vec::with_capacity(nodes.len());
        for node in nodes.drain(..) {
            match (node, joined.last_mut()) {
                (Node::Text(text), Some(Node::Text(before))) => before.push_str(&text),
                (node, _) => joined.push(node),
            }
        }
        *nodes = joined;
    }
    for node in nodes {
        if let Node::Element(element) = node {
            settle(&mut element.children);
            if element.name == "pre" {
                drop_first_line_ends(&mut element.children);
            }
        }
    }
}

/// True for a mark of the author's.
pub(super) fn is_mark(node: &Node) -> bool {
    matches!(node, Node::Element(element) if element.kind == Kind::Mark)
}

/// Line ends at the beginning of a `pre`, also behind a mark, would be lost to a parser.
pub(crate) fn drop_first_line_ends(nodes: &mut Vec<Node>) {
    while let Some(first) = nodes.iter().position(|node| !is_mark(node))
        && let Node::Text(text) = &mut nodes[first]
        && text.starts_with('\n')
    {
        *text = text.trim_start_matches('\n').to_owned();
        if text.is_empty() {
            nodes.remove(first);
        }
    }
}

/// Calls `visit` with all text, as it stands, until that returns false; pictures and footnote marks say nothing. False when
/// it did.
fn each_text(nodes: &[Node], visit: &mut dyn FnMut(&str) -> bool) -> bool {
    nodes.iter().all(|node| match node {
        Node::Text(text) => visit(text),
        Node::Element(element) if element.name == "br" => visit(" "),
        Node::Element(element) if element.has_class("footnote") || element.has_class("reversefootnote") => true,
        Node::Element(element) => {
            let around = if element.is_block() { " " } else { "" };
            visit(around) && each_text(&element.children, visit) && visit(around)
        }
    })
}

/// All text as one line.
pub(crate) fn one_line(nodes: &[Node]) -> String {
    let mut all = String::new();
    each_text(nodes, &mut |text| {
        all.push_str(text);
        true
    });
    characters::one_line(&all)
}

/// Whether all text as one line is this one; looks no further than to where they differ.
pub(crate) fn is_one_line(nodes: &[Node], line: &str) -> bool {
    let mut rest = line.bytes();
    let (mut begun, mut after_space) = (false, false);
    let is_same = each_text(nodes, &mut |text| {
        text.bytes().all(|byte| {
            if byte.is_ascii_whitespace() {
                after_space = true;
                return true;
            }
            let is_space_due = std::mem::take(&mut after_space) && begun;
            begun = true;
            (!is_space_due || rest.next() == Some(b' ')) && rest.next() == Some(byte)
        })
    });
    is_same && rest.next().is_none()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::Strategy as _;

    use super::*;

    proptest::proptest! {
        #[test]
        fn a_line_is_known_from_any_other(
            texts in proptest::collection::vec("[ab \\n\u{a0}]{0,3}", 0..5),
            block in proptest::bool::ANY,
            other in "[ab ]{0,4}".prop_map(|text| characters::one_line(&text)),
        ) {
            let name = if block { "p" } else { "b" };
            let nodes: Vec<_> =
                texts.into_iter().map(|text| Node::Element(Element::new(name, &[], vec![Node::Text(text)]))).collect();
            let line = one_line(&nodes);
            proptest::prop_assert!(is_one_line(&nodes, &line));
            proptest::prop_assert_eq!(is_one_line(&nodes, &other), other == line);
        }
    }
}
