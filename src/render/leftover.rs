//! The last look: outside of code no tag of another generator is left, however it came together.

use crate::content::nodes::{self, Element, Node};
use crate::post::without_marks;

/// Takes the marks of tags out of all text below `nodes` but code.
pub(crate) fn remove(nodes: &mut [Node]) {
    for node in nodes {
        match node {
            Node::Text(text) if may_hold_marks(text) => *text = without_marks(text),
            Node::Text(_) => {}
            Node::Element(element) => {
                attributes(element);
                if !is_code(element) {
                    remove(&mut element.children);
                    if element.name == "pre" {
                        nodes::drop_first_line_ends(&mut element.children);
                    }
                }
            }
        }
    }
}

/// Code; but not what a stray tag made into code around code, whose end cannot be told.
fn is_code(element: &Element) -> bool {
    match element.name {
        "code" => !holds(&element.children, &["code", "pre"]),
        "pre" => !holds(&element.children, &["pre"]),
        _ => false,
    }
}

fn holds(nodes: &[Node], names: &[&str]) -> bool {
    nodes.iter().any(|node| match node {
        Node::Element(element) => names.contains(&element.name) || holds(&element.children, names),
        Node::Text(_) => false,
    })
}

fn may_hold_marks(text: &str) -> bool {
    memchr::memchr2(b'{', b'%', text.as_bytes()).is_some()
}

fn attributes(element: &mut Element) {
    for (key, value) in &mut element.attributes {
        if matches!(*key, "href" | "src" | "srcset" | "poster" | "cite") {
            if memchr::memchr2(b'{', b'}', value.as_bytes()).is_some() {
                *value = value.replace('{', "%7B").replace('}', "%7D");
            }
        } else if may_hold_marks(value) {
            *value = without_marks(value);
        }
    }
}
