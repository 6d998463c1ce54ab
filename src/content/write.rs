//! The tree as HTML, in the one spelling that a parser writes again: entities for `&`, `<`, `>` and quotes only.

use super::Kind;
use super::nodes::Node;

pub(crate) fn write(nodes: &[Node], into: &mut String) {
    for node in nodes {
        match node {
            Node::Text(text) => escape(text, false, into),
            Node::Element(element) if element.kind == Kind::Mark => {}
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

/// A text as HTML or XML has it; `quotes` for the value of an attribute.
pub(crate) fn escaped(text: &str, quotes: bool) -> String {
    let mut written = String::with_capacity(text.len());
    escape(text, quotes, &mut written);
    written
}

/// Appends a text as HTML or XML has it.
pub(crate) fn escape(text: &str, quotes: bool, into: &mut String) {
    let mut rest = text;
    while let Some(at) = next_to_escape(rest.as_bytes(), quotes) {
        let entity = match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            _ => "&quot;",
        };
        into.push_str(&rest[..at]);
        into.push_str(entity);
        rest = &rest[at + 1..];
    }
    into.push_str(rest);
}

fn next_to_escape(text: &[u8], quotes: bool) -> Option<usize> {
    let found = memchr::memchr3(b'&', b'<', b'>', text);
    if quotes { memchr::memchr(b'"', &text[..found.unwrap_or(text.len())]).or(found) } else { found }
}
