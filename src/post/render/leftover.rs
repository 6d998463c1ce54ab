//! The last look: outside of code no tag of another generator is left, however it came together.

use crate::content::nodes::{self, Element, Node};

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

/// A text without marks that begin or end a tag. One pass: what has been written never holds one.
pub(crate) fn without_marks(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        // `50%}` may be prose.
        if c == '}' && clean.ends_with('%') {
            clean.push(' ');
        }
        clean.push(c);
        for mark in ["{{<", "{{%", "{%"] {
            if clean.ends_with(mark) {
                clean.truncate(clean.len() - mark.len());
            }
        }
    }
    // A tag of HTML may follow.
    while clean.ends_with("{{") {
        clean.pop();
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_mark_is_left_or_made() {
        for (text, rest) in [
            ("a {{< b", "a  b"),
            ("{{{<%x", "x"),
            ("{{{%%}", "}"),
            ("a {{{", "a {"),
            ("w: 50%} z", "w: 50% } z"),
            ("{ % } {{ x }}", "{ % } {{ x }}"),
        ] {
            let clean = without_marks(text);
            assert_eq!(clean, rest, "{text}");
            assert!(!["{{<", "{{%", "{%", "%}"].iter().any(|mark| clean.contains(mark)));
        }
    }
}
