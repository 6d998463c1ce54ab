//! What an element is, by its name and by what it holds.

use crate::content::nodes::{Element, Node};
use crate::email::markup::{has_long_word, is_division};

pub(super) fn first_link(element: &Element) -> Option<&Element> {
    if element.name == "a" && element.get("href").is_some() {
        return Some(element);
    }
    elements(&element.children).find_map(first_link)
}

/// The elements among some nodes.
pub(super) fn elements(nodes: &[Node]) -> impl Iterator<Item = &Element> {
    nodes.iter().filter_map(|node| if let Node::Element(element) = node { Some(element) } else { None })
}

pub(super) fn is_heading(tag: &str) -> bool {
    matches!(tag, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

/// An item of a list that begins with a box.
pub(super) fn is_task(item: &Element) -> bool {
    let begins = |node: &Node| matches!(node, Node::Text(text) if text.trim_start().starts_with(['☐', '☑']));
    match item.children.iter().find(|node| !is_blank(node)) {
        Some(Node::Element(Element { name: "p", children, .. })) => children.first().is_some_and(begins),
        first => first.is_some_and(begins),
    }
}

pub(super) fn tasks(list: &Element) -> bool {
    let mut items = elements(&list.children).peekable();
    items.peek().is_some() && items.all(is_task)
}

pub(super) fn is_blank(node: &Node) -> bool {
    matches!(node, Node::Text(text) if text.trim().is_empty())
}

/// A paragraph or a link of nothing but a picture.
pub(super) fn is_framed(element: &Element) -> bool {
    let mut inside = element.children.iter().filter(|node| !is_blank(node));
    let is_it = match inside.next() {
        Some(Node::Element(inner)) => inner.name == "img" || inner.name == "a" && is_framed(inner),
        _ => false,
    };
    matches!(element.name, "p" | "a") && is_it && inside.next().is_none()
}

/// True for an element that says nothing and holds a single division.
pub(super) fn only_wraps(element: &Element) -> bool {
    let is_blank = |node: &&Node| !matches!(node, Node::Text(text) if text.trim_ascii().is_empty());
    let mut inside = element.children.iter().filter(is_blank);
    let holds_one = matches!(inside.next(), Some(Node::Element(inner)) if is_division(inner.name));
    element.attributes.is_empty() && holds_one && inside.next().is_none()
}

pub(super) fn holds_long_word(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| match node {
        Node::Text(text) => has_long_word(text),
        Node::Element(element) => holds_long_word(&element.children),
    })
}
