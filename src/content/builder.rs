//! A tree in the making, balanced and shallow: elements are closed, moved and made as HTML §13.2.6.4.7 to 15 has it, but for
//! formatting that is left open, which ends with its block. An HTML parser reads what is written from it as the same tree.
//!
//! Its work is in proportion to its input: an HTML parser takes quadratic time for 100,000 nested elements, or for formatting
//! that is never closed.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::allowed::{self, Kind};
use super::characters;
use super::nodes::{Element, Node, drop_first_line_ends, is_mark};

/// Elements open at once; deeper ones are left out, their content stays.
pub(super) const DEEPEST: usize = 100;

/// Formatting that goes on in the next block when it is not ended (HTML §13.2.4.3), among the allowed elements.
const FORMATTING: [&str; 12] = ["a", "b", "big", "code", "em", "i", "s", "small", "strike", "strong", "tt", "u"];

/// A body that was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) nodes: Vec<Node>,
    /// The names of the elements that were left out with their content or effect.
    pub(crate) left_out: BTreeSet<String>,
    /// A picture written into the text as `data:` was left out.
    pub(crate) has_data_picture: bool,
}

/// The elements of a tree, as they begin and end.
#[derive(Default)]
pub(crate) struct Builder {
    open: Vec<Open>,
    /// The finished nodes in the innermost open element; what was left out.
    content: Content,
    /// Elements that were too deep, so that their end tags close nothing else.
    too_deep: usize,
    /// The first of them that is hidden, with all in it.
    hidden_from: Option<usize>,
}

struct Open {
    element: Element,
    /// What comes before it in its parent.
    before: Vec<Node>,
    /// Left out when it ends.
    is_hidden: bool,
    /// Belongs before the table around it (HTML §13.2.6.1, foster parent).
    is_fostered: bool,
}

impl Builder {
    /// Ends what is open.
    pub(crate) fn finish(mut self) -> Content {
        self.pop_to(0);
        self.content
    }

    /// Notes that an element was left out.
    pub(super) fn leave_out(&mut self, name: String) {
        self.content.left_out.insert(name);
    }

    /// Adds text as it is meant, without references. Text between the cells of a table gets a cell; a parser would move it
    /// before the table.
    pub(crate) fn text(&mut self, text: &str) {
        if self.hidden_from.is_some() {
            return;
        }
        if self.is_in_table() && !text.trim_ascii().is_empty() && self.imply_table("td") {
            self.push(Element::new("td", &[], vec![]), false);
        }
        let mut text = Cow::Borrowed(text);
        if characters::first_to_mend(&text).is_some() {
            characters::clean(text.to_mut());
        }
        // At the beginning, a parser takes it for a mark of the encoding.
        let begins = self.open.is_empty() && self.content.nodes.iter().all(is_mark);
        if begins && text.starts_with('\u{feff}') {
            text = text.trim_start_matches('\u{feff}').to_owned().into();
        }
        match self.content.nodes.last_mut() {
            Some(Node::Text(before)) => before.push_str(&text),
            _ if text.is_empty() => {}
            _ => self.content.nodes.push(Node::Text(text.into_owned())),
        }
    }

    /// Adds a mark; in a table it has no place, and a second one of a name in the same place says nothing.
    pub(super) fn mark(&mut self, name: &'static str) {
        let nearest = self.content.nodes.iter().rev().take_while(|node| is_mark(node));
        let mark = Node::Element(Element::mark(name));
        if !self.is_in_table() && nearest.take(2).all(|other| *other != mark) {
            self.content.nodes.push(mark);
        }
    }

    /// The attribute of an element, when the element may have it.
    pub(crate) fn attribute(
        &mut self,
        element: &str,
        key: &str,
        value: Cow<'_, str>,
    ) -> Option<(&'static str, String)> {
        let key = allowed::attribute(element, key)?;
        self.content.has_data_picture |= key == "src" && value.starts_with("data:");
        allowed::value(element, key, value).map(|value| (key, value))
    }

    /// Begins an element; one without content ends at once.
    pub(crate) fn open(&mut self, name: &'static str, attributes: Vec<(&'static str, String)>, is_hidden: bool) {
        let Some(kind) = allowed::kind(name) else { return };
        let is_between_cells = self.is_in_table() && kind != Kind::Table;
        // What has no place is left out and its content stays; what is hidden is left out with it.
        if is_between_cells && !is_hidden && !self.may_be_fostered(name, kind) {
            return;
        }
        match kind {
            _ if is_between_cells => {}
            // Before the table there may be what ends where a block begins.
            Kind::Block if !is_hidden && self.is_within_fostered() => return,
            Kind::Block => self.imply_end_of_block(name),
            Kind::Table if !(self.imply_table(name) || is_hidden && name == "table") => return,
            Kind::Void if name == "hr" => self.end_paragraph(),
            // A link cannot hold another, and what is embedded becomes one.
            _ if kind == Kind::Embed || name == "a" => {
                self.end_nearest("a", |other| matches!(other, "td" | "th" | "caption"));
            }
            Kind::Inline if matches!(name, "rt" | "rp") && self.open.iter().any(|open| open.element.name == "ruby") => {
                self.end_nearest("rt", |other| other == "ruby");
                self.end_nearest("rp", |other| other == "ruby");
                while self
                    .name(self.open.len().wrapping_sub(1))
                    .is_some_and(|last| matches!(last, "dd" | "dt" | "li" | "p"))
                {
                    self.pop_to(self.open.len() - 1);
                }
            }
            _ => {}
        }
        // What a link in the place of another one is in, is known when that has ended.
        let is_fostered = self.is_in_table() && kind != Kind::Table && !is_hidden;
        let element = Element { name, kind, attributes, children: Vec::new() };
        if kind == Kind::Void {
            if !is_hidden && self.hidden_from.is_none() {
                self.add(element, is_fostered);
            }
        } else if self.open.len() < DEEPEST {
            self.push(element, is_hidden);
            if let Some(open) = self.open.last_mut() {
                open.is_fostered = is_fostered;
            }
        } else {
            self.too_deep += 1;
            if is_hidden {
                self.hidden_from = self.hidden_from.or(Some(self.too_deep));
            }
        }
    }

    fn push(&mut self, element: Element, is_hidden: bool) {
        let before = std::mem::take(&mut self.content.nodes);
        self.open.push(Open { element, before, is_hidden, is_fostered: false });
    }

    /// Adds a finished element where it was opened, or before the table around that place.
    fn add(&mut self, element: Element, is_fostered: bool) {
        let table = self.open.iter_mut().rfind(|open| is_fostered && open.element.name == "table");
        table.map_or(&mut self.content.nodes, |table| &mut table.before).push(Node::Element(element));
    }

    /// Whether an element between the cells of a table goes before it: what is within a line, but no second link in one.
    fn may_be_fostered(&self, name: &str, kind: Kind) -> bool {
        let is_within_line =
            matches!(kind, Kind::Inline | Kind::Void | Kind::Embed) && !matches!(name, "hr" | "rt" | "rp");
        is_within_line && !self.open.iter().any(|open| matches!(open.element.name, "a" | "ruby"))
    }

    fn is_within_fostered(&self) -> bool {
        let inner = self.open.iter().rev().take_while(|open| open.element.kind != Kind::Table);
        inner.into_iter().any(|open| open.is_fostered)
    }

    /// Ends the nearest open element of this name and what is open in it.
    pub(crate) fn close(&mut self, name: &str) {
        let kind = allowed::kind(name);
        // HTML §13.2.6.4.7: `</br>` is a break.
        if name == "br" {
            return self.open("br", vec![], false);
        }
        if self.too_deep > 0 && !matches!(kind, None | Some(Kind::Void)) {
            self.too_deep -= 1;
            self.hidden_from = self.hidden_from.filter(|from| *from <= self.too_deep);
            return;
        }
        // The end of any heading ends the open one (HTML §13.2.6.4.7).
        let is_heading = |name: &str| matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6");
        let heading = self.open.iter().rev().map(|open| open.element.name).find(|open| is_heading(open));
        let name = heading.filter(|_| is_heading(name)).unwrap_or(name);
        if kind == Some(Kind::Table) {
            self.end_nearest(name, |other| other == "table");
        } else {
            self.end_nearest(name, |other| allowed::kind(other) == Some(Kind::Table));
        }
    }

    fn pop_to(&mut self, depth: usize) {
        while self.open.len() > depth
            && let Some(Open { mut element, before, is_hidden, is_fostered }) = self.open.pop()
        {
            element.children = std::mem::replace(&mut self.content.nodes, before);
            if element.name == "pre" {
                drop_first_line_ends(&mut element.children);
            }
            let is_empty = is_fostered && element.children.is_empty() && element.kind == Kind::Inline;
            if !is_hidden && !is_empty {
                self.add(element, is_fostered);
            }
        }
    }

    fn name(&self, at: usize) -> Option<&'static str> {
        self.open.get(at).map(|open| open.element.name)
    }

    /// Ends the nearest open `name` and what is inside of it, unless a wall is nearer.
    fn end_nearest(&mut self, name: &str, is_wall: impl Fn(&'static str) -> bool) {
        for at in (0..self.open.len()).rev() {
            let open = self.open[at].element.name;
            if open == name {
                return self.pop_to(at);
            }
            if is_wall(open) {
                return;
            }
        }
    }

    /// Ends an open paragraph, for a block. A link in it goes on around the block, and so does formatting that is hidden.
    fn end_paragraph(&mut self) {
        let is_wall = |open: &Open| matches!(open.element.name, "table" | "td" | "th" | "caption");
        let from = self.open.iter().rposition(is_wall).map_or(0, |wall| wall + 1);
        let Some(paragraph) = self.open[from..].iter().rposition(|open| open.element.name == "p") else { return };
        let paragraph = from + paragraph;
        let is_link = |open: &Open| open.element.name == "a" && open.element.get("href").is_some();
        let is_hidden = |open: &Open| open.is_hidden && FORMATTING.contains(&open.element.name);
        let inside = &self.open[paragraph..];
        let goes_on = inside.iter().position(is_hidden).or_else(|| inside.iter().position(is_link));
        let Some(link) = goes_on.map(|at| paragraph + at) else { return self.pop_to(paragraph) };
        let Open { element: Element { name, ref attributes, .. }, is_hidden, .. } = self.open[link];
        let mut attributes = attributes.clone();
        self.pop_to(link + 1);
        if self.content.nodes.iter().all(is_blank) {
            // Nothing of it was in the paragraph.
            let Some(empty) = self.open.pop() else { return };
            self.content.nodes = empty.before;
        } else {
            attributes.retain(|(key, _)| *key != "id");
        }
        self.pop_to(paragraph);
        self.push(Element { name, kind: Kind::Inline, attributes, children: Vec::new() }, is_hidden);
    }

    /// HTML §13.2.6.4.7: a block ends an open paragraph, an item the item before it.
    fn imply_end_of_block(&mut self, name: &str) {
        let stops = |other: &str| allowed::is_block(other) && !matches!(other, "address" | "div" | "p");
        match name {
            "li" => self.end_nearest("li", |other| other != "li" && stops(other)),
            "dd" | "dt" => {
                self.end_nearest("dd", |other| other != "dd" && stops(other));
                self.end_nearest("dt", |other| other != "dt" && stops(other));
            }
            _ => {}
        }
        self.end_paragraph();
        let is_heading = |name: &str| matches!(name.as_bytes(), [b'h', b'1'..=b'6']);
        if is_heading(name)
            && let Some(at) = self.open.iter().rposition(|open| open.element.is_block())
            && is_heading(self.open[at].element.name)
        {
            self.pop_to(at);
        }
    }

    fn is_in_table(&self) -> bool {
        self.open.last().is_some_and(|open| matches!(open.element.name, "table" | "thead" | "tbody" | "tfoot" | "tr"))
    }

    /// Makes the place for a part of a table; false when there is none and the tag is left out.
    fn imply_table(&mut self, name: &str) -> bool {
        if name == "table" {
            if self.is_in_table() || self.is_within_fostered() {
                return false;
            }
            self.end_paragraph();
            return true;
        }
        let Some(table) = self.open.iter().rposition(|open| open.element.name == "table") else { return false };
        match name {
            "caption" | "thead" | "tbody" | "tfoot" => self.pop_to(table + 1),
            "tr" => {
                let group = table + 1 + usize::from(self.is_group(table + 1));
                self.pop_to(group);
                self.imply(table + 1, "tbody");
            }
            _ => {
                if !self.is_group(table + 1) {
                    self.pop_to(table + 1);
                }
                self.imply(table + 1, "tbody");
                if self.name(table + 2) == Some("tr") {
                    self.pop_to(table + 3);
                } else {
                    self.pop_to(table + 2);
                    self.imply(table + 2, "tr");
                }
            }
        }
        true
    }

    fn is_group(&self, at: usize) -> bool {
        matches!(self.name(at), Some("thead" | "tbody" | "tfoot"))
    }

    fn imply(&mut self, depth: usize, name: &'static str) {
        if self.open.len() == depth {
            self.push(Element::new(name, &[], vec![]), false);
        }
    }
}

fn is_blank(node: &Node) -> bool {
    matches!(node, Node::Text(text) if text.trim_ascii().is_empty())
}
