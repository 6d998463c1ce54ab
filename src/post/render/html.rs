//! The tree as HTML, in the one spelling that a parser writes again: entities for `&`, `<`, `>` and quotes only.

use super::elements::Kind;
use super::tree::Node;

/// Writes the nodes; returns where each block among them ends.
pub(crate) fn write_blocks(nodes: &[Node], into: &mut String) -> Vec<usize> {
    let mut ends = Vec::new();
    for node in nodes {
        write(std::slice::from_ref(node), into);
        if matches!(node, Node::Element(element) if element.is_block()) {
            ends.push(into.len());
        }
    }
    ends
}

/// Writes the nodes.
pub(crate) fn write(nodes: &[Node], into: &mut String) {
    for node in nodes {
        match node {
            Node::Text(text) => escape(text, false, into),
            Node::Element(element) => {
                into.push('<');
                into.push_str(element.name);
                for (key, value) in &element.attributes {
                    into.push(' ');
                    into.push_str(key);
                    into.push_str("=\"");
                    escape(value, true, into);
                    into.push('"');
                }
                into.push('>');
                if element.kind != Kind::Void {
                    write(&element.children, into);
                    into.push_str("</");
                    into.push_str(element.name);
                    into.push('>');
                }
            }
        }
    }
}

fn escape(text: &str, quotes: bool, into: &mut String) {
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let entity = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' if quotes => "&quot;",
            _ => continue,
        };
        into.push_str(&text[plain..at]);
        into.push_str(entity);
        plain = at + 1;
    }
    into.push_str(&text[plain..]);
}
