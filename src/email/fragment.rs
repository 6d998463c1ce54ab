//! An entry's HTML as a flat list of balanced tags and texts. Invariant: every element is closed, in order, whatever
//! the input was.

use std::cell::RefCell;
use std::collections::HashMap;

use html5ever::interface::TokenizerResult;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer};

/// A piece of a fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Open(Element),
    /// Closes the element at this index.
    Close(usize),
    /// Decoded: `&`, not `&amp;`.
    Text(String),
}

/// An element's start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    /// The index of its [`Node::Close`].
    pub(super) close: usize,
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// True when one of the element's classes is `class`.
    pub(super) fn has_class(&self, class: &str) -> bool {
        self.attribute("class").is_some_and(|classes| classes.split_ascii_whitespace().any(|name| name == class))
    }
}

/// Reads a fragment.
pub(super) fn parse(html: &str) -> Vec<Node> {
    let tokenizer = Tokenizer::new(Builder::default(), html5ever::tokenizer::TokenizerOpts::default());
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from(html));
    while !matches!(tokenizer.feed(&queue), TokenizerResult::Done) {}
    tokenizer.end();
    let mut tree = tokenizer.sink.tree.into_inner();
    while let Some(open) = tree.open.pop() {
        tree.close(open);
    }
    tree.nodes
}

#[derive(Default)]
struct Builder {
    tree: RefCell<Tree>,
}

#[derive(Default)]
struct Tree {
    nodes: Vec<Node>,
    open: Vec<usize>,
    /// How many of `open` have a name, for each name.
    count: HashMap<String, usize>,
}

impl Tree {
    fn close(&mut self, open: usize) {
        let close = self.nodes.len();
        if let Some(Node::Open(element)) = self.nodes.get_mut(open) {
            element.close = close;
            self.count.entry(element.name.clone()).and_modify(|count| *count = count.saturating_sub(1));
        }
        self.nodes.push(Node::Close(open));
    }

    fn name(&self, open: usize) -> &str {
        match &self.nodes[open] {
            Node::Open(element) => &element.name,
            _ => "",
        }
    }
}

impl TokenSink for Builder {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut tree = self.tree.borrow_mut();
        match token {
            Token::CharacterTokens(text) => match tree.nodes.last_mut() {
                Some(Node::Text(before)) => before.push_str(&text),
                _ => tree.nodes.push(Node::Text(text.to_string())),
            },
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => {
                let name = tag.name.to_string();
                let attributes = tag.attrs.iter().map(|a| (a.name.local.to_string(), a.value.to_string())).collect();
                let index = tree.nodes.len();
                let void = is_void(&name);
                *tree.count.entry(name.clone()).or_default() += 1;
                tree.nodes.push(Node::Open(Element { name, attributes, close: index }));
                if void {
                    tree.close(index);
                } else {
                    tree.open.push(index);
                }
            }
            Token::TagToken(tag) => {
                let is_open = tree.count.get(&*tag.name).is_some_and(|count| *count > 0);
                let same = |&open: &usize| tree.name(open) == &*tag.name;
                let position = if is_open { tree.open.iter().rposition(same) } else { None };
                if let Some(position) = position {
                    for open in tree.open.split_off(position).into_iter().rev() {
                        tree.close(open);
                    }
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// Elements without an end tag (HTML, 13.1.2).
pub(super) fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "source"
            | "track"
            | "wbr"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_open_gets_closed() {
        let nodes = parse("<p>a &amp; b<br><em>c</p></b>d<i>");
        let names: Vec<String> = nodes
            .iter()
            .map(|node| match node {
                Node::Open(element) => element.name.clone(),
                Node::Close(open) => format!("/{open}"),
                Node::Text(text) => format!("'{text}'"),
            })
            .collect();
        assert_eq!(names, ["p", "'a & b'", "br", "/2", "em", "'c'", "/4", "/0", "'d'", "i", "/9"]);
    }
}
