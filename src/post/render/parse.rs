//! Clean HTML → [`Node`]s, by html5ever's fragment parser.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink as _};
use html5ever::{Attribute, ParseOpts, QualName, local_name, ns, parse_fragment};

use super::super::characters;
use super::elements;
use super::normalise::DIVIDER;
use super::tree::{Element, Node};

/// Parses a fragment as the content of a `div`. Text and attributes lose what XML cannot hold.
pub(crate) fn parse(html: &str) -> Vec<Node> {
    let context = QualName::new(None, ns!(html), local_name!("div"));
    let sink = Sink { records: RefCell::new(vec![Record::default()]), no_name: Rc::new(context.clone()) };
    parse_fragment(sink, ParseOpts::default(), context, Vec::new(), false).one(html)
}

/// The parser's view of a node; its name is kept outside of the cell, because the parser borrows it for long.
#[derive(Debug, Clone)]
struct Handle {
    index: usize,
    name: Rc<QualName>,
}

#[derive(Debug, Default)]
struct Record {
    name: Option<Rc<QualName>>,
    attributes: Vec<Attribute>,
    text: StrTendril,
    parent: Option<usize>,
    children: Vec<usize>,
}

struct Sink {
    records: RefCell<Vec<Record>>,
    no_name: Rc<QualName>,
}

impl Sink {
    fn add(&self, record: Record) -> usize {
        let mut records = self.records.borrow_mut();
        records.push(record);
        records.len() - 1
    }

    fn nameless(&self, record: Record) -> Handle {
        Handle { index: self.add(record), name: Rc::clone(&self.no_name) }
    }

    /// Puts a node or text into `parent` at `position`; text joins the text before it.
    fn insert(&self, parent: usize, position: usize, child: NodeOrText<Handle>) {
        let index = match child {
            NodeOrText::AppendNode(handle) => {
                self.detach(handle.index);
                handle.index
            }
            NodeOrText::AppendText(text) => {
                let mut records = self.records.borrow_mut();
                let before = position.checked_sub(1).and_then(|n| records[parent].children.get(n)).copied();
                if let Some(before) = before.filter(|n| records[*n].name.is_none()) {
                    records[before].text.push_tendril(&text);
                    return;
                }
                drop(records);
                self.add(Record { text, ..Record::default() })
            }
        };
        let mut records = self.records.borrow_mut();
        records[index].parent = Some(parent);
        let position = position.min(records[parent].children.len());
        records[parent].children.insert(position, index);
    }

    fn detach(&self, index: usize) {
        let mut records = self.records.borrow_mut();
        if let Some(parent) = records[index].parent.take() {
            records[parent].children.retain(|child| *child != index);
        }
    }
}

impl TreeSink for Sink {
    type Handle = Handle;
    type Output = Vec<Node>;
    type ElemName<'a> = &'a QualName;

    fn finish(self) -> Vec<Node> {
        let mut records = self.records.into_inner();
        // The document holds `html`, which holds the fragment.
        let root = records[0].children.first().copied().unwrap_or_default();
        nodes(&mut records, root)
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Handle {
        Handle { index: 0, name: Rc::clone(&self.no_name) }
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> &'a QualName {
        &target.name
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, _: ElementFlags) -> Handle {
        let name = Rc::new(name);
        let index = self.add(Record { name: Some(Rc::clone(&name)), attributes, ..Record::default() });
        Handle { index, name }
    }

    fn create_comment(&self, _: StrTendril) -> Handle {
        self.nameless(Record::default())
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Handle {
        self.nameless(Record::default())
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        let end = self.records.borrow()[parent.index].children.len();
        self.insert(parent.index, end, child);
    }

    fn append_based_on_parent_node(&self, element: &Handle, before: &Handle, child: NodeOrText<Handle>) {
        if self.records.borrow()[element.index].parent.is_some() {
            self.append_before_sibling(element, child);
        } else {
            self.append(before, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, target: &Handle) -> Handle {
        target.clone()
    }

    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        x.index == y.index
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Handle, child: NodeOrText<Handle>) {
        let records = self.records.borrow();
        let Some(parent) = records[sibling.index].parent else { return };
        let position = records[parent].children.iter().rposition(|child| *child == sibling.index).unwrap_or_default();
        drop(records);
        self.insert(parent, position, child);
    }

    fn add_attrs_if_missing(&self, target: &Handle, attributes: Vec<Attribute>) {
        let mut records = self.records.borrow_mut();
        let known = &mut records[target.index].attributes;
        for attribute in attributes {
            if !known.iter().any(|other| other.name == attribute.name) {
                known.push(attribute);
            }
        }
    }

    fn remove_from_parent(&self, target: &Handle) {
        self.detach(target.index);
    }

    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        let mut records = self.records.borrow_mut();
        let children = std::mem::take(&mut records[node.index].children);
        for child in &children {
            records[*child].parent = Some(new_parent.index);
        }
        records[new_parent.index].children.extend(children);
    }
}

/// Takes the nodes below `parent`; the nesting is as shallow as [`super::normalise`] left it.
fn nodes(records: &mut Vec<Record>, parent: usize) -> Vec<Node> {
    let children = std::mem::take(&mut records[parent].children);
    let mut nodes = Vec::with_capacity(children.len());
    for child in children {
        let Some(name) = records[child].name.take() else {
            let mut text = String::from(&*records[child].text);
            characters::clean(&mut text);
            match nodes.last_mut() {
                Some(Node::Text(before)) => before.push_str(&text),
                _ if text.is_empty() => {}
                _ => nodes.push(Node::Text(text)),
            }
            continue;
        };
        if &*name.local == "wbr" && records[child].attributes.iter().any(|attribute| &*attribute.value == DIVIDER) {
            continue;
        }
        let attributes = std::mem::take(&mut records[child].attributes);
        let mut children = self::nodes(records, child);
        // The sanitiser left only what is known.
        let Some((name, kind)) = elements::known(&name.local) else {
            nodes.append(&mut children);
            continue;
        };
        let attributes = attributes.into_iter().filter_map(|attribute| {
            let mut value = String::from(&*attribute.value);
            characters::clean(&mut value);
            Some((elements::attribute(name, &attribute.name.local)?, value))
        });
        nodes.push(Node::Element(Element { name, kind, attributes: attributes.collect(), children }));
    }
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_becomes_nodes() {
        let nodes = parse("a<p id=x>b<br>c</p>&lt;&#1;&nbsp;");
        let text = |text: &str| Node::Text(text.into());
        let br = Node::Element(Element::new("br", &[], vec![]));
        let p = Node::Element(Element::new("p", &[("id", "x")], vec![text("b"), br, text("c")]));
        assert_eq!(nodes, [text("a"), p, text("<\u{a0}")]);
        assert_eq!(parse("a<wbr id=\"tidings-divider\">b"), [text("ab")]);
    }
}
