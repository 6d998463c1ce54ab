//! A tree in the making. It takes only what stands where HTML5's rules (§13.2.6) let it stand: whatever they would end, move
//! or make is none of its business.

use super::super::characters;
use super::elements::Kind;
use super::tree::{Element, Node};

/// The elements of a tree, as they begin and end. Where a function returns `None`, a parser should look at the whole.
#[derive(Default)]
pub(crate) struct Builder {
    /// The open elements with what stood before them in their parents.
    open: Vec<(Element, Vec<Node>)>,
    /// What the innermost of them holds so far.
    nodes: Vec<Node>,
    /// Directly behind `<pre>`.
    begins_pre: bool,
}

impl Builder {
    /// The nodes, when all elements have ended.
    pub(crate) fn finish(self) -> Option<Vec<Node>> {
        self.open.is_empty().then_some(self.nodes)
    }

    /// How many elements are open.
    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Adds text as it is meant, without references.
    pub(crate) fn text(&mut self, text: &str) -> Option<()> {
        // At the beginning, a byte order mark is lost to a parser.
        let begins = self.open.is_empty() && self.nodes.is_empty();
        if self.is_in_table() && !text.bytes().all(|b| b.is_ascii_whitespace())
            || begins && text.starts_with('\u{feff}')
        {
            return None;
        }
        let mut text = text;
        // Each of two parsers drops one.
        for _ in 0..if std::mem::take(&mut self.begins_pre) { 2 } else { 0 } {
            text = text.strip_prefix('\n').unwrap_or(text);
        }
        let mut text = text.to_owned();
        characters::clean(&mut text);
        match self.nodes.last_mut() {
            Some(Node::Text(before)) => before.push_str(&text),
            _ if text.is_empty() => {}
            _ => self.nodes.push(Node::Text(text)),
        }
        Some(())
    }

    /// Begins an element, which must have its place here; one without content ends at once.
    pub(crate) fn open(&mut self, element: Element) {
        self.begins_pre = element.name == "pre";
        if element.kind == Kind::Void {
            self.nodes.push(Node::Element(element));
        } else {
            self.open.push((element, std::mem::take(&mut self.nodes)));
        }
    }

    /// Passes over something that is no element.
    pub(crate) fn divide(&mut self) {
        self.begins_pre = false;
    }

    /// Ends the innermost element, which must be this one.
    pub(crate) fn close(&mut self, name: &str) -> Option<()> {
        self.begins_pre = false;
        let (mut element, before) = self.open.pop()?;
        if element.name != name {
            return None;
        }
        element.children = std::mem::replace(&mut self.nodes, before);
        self.nodes.push(Node::Element(element));
        Some(())
    }

    /// Whether an element can stand here without ending, moving or making another (HTML5 §13.2.6.4.7 and 9 to 15).
    pub(crate) fn has_place(&self, name: &str, kind: Kind) -> bool {
        let parent = self.parent();
        match name {
            "caption" | "thead" | "tbody" | "tfoot" => return parent == Some("table"),
            "tr" => return matches!(parent, Some("thead" | "tbody" | "tfoot")),
            "td" | "th" => return parent == Some("tr"),
            _ if self.is_in_table() => return false,
            "a" => return !self.is_within("a"),
            "li" if !matches!(parent, Some("ul" | "ol" | "menu")) => return false,
            "dt" | "dd" if parent != Some("dl") => return false,
            "ruby" | "rt" | "rp" => return false,
            _ => {}
        }
        let is_heading = |name: &str| matches!(name.as_bytes(), [b'h', b'1'..=b'6']);
        if is_heading(name) && parent.is_some_and(is_heading) {
            return false;
        }
        !(matches!(kind, Kind::Block | Kind::Table) || name == "hr") || !self.is_within("p")
    }

    fn parent(&self) -> Option<&'static str> {
        self.open.last().map(|(element, _)| element.name)
    }

    /// Whether an element is open, in the innermost cell of a table.
    fn is_within(&self, name: &str) -> bool {
        let is_wall = |name: &str| matches!(name, "td" | "th" | "caption" | "table");
        let names = self.open.iter().rev().map(|(element, _)| element.name);
        names.take_while(|open| !is_wall(open)).any(|open| open == name)
    }

    fn is_in_table(&self) -> bool {
        self.open
            .last()
            .is_some_and(|(element, _)| element.kind == Kind::Table && !matches!(element.name, "td" | "th" | "caption"))
    }
}
