//! The HTML of an issue, templates and all, as a flat list of balanced tags and texts. Invariant: every element is closed, in
//! order, whatever the input was.

use std::collections::HashMap;

use crate::content::Kind;
use crate::content::allowed;
use crate::content::scan::{Piece, Scanner};

/// A piece of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Open(Element),
    /// Closes the element at this index.
    Close(usize),
    /// Decoded: `&`, not `&amp;`.
    Text(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    /// The index of its [`Token::Close`].
    pub(super) close: usize,
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Reads a document.
pub(super) fn parse(html: &str) -> Vec<Token> {
    let mut document = Document::default();
    let mut scanner = Scanner::new(html);
    while let Some(piece) = scanner.next() {
        match piece {
            Piece::Text(text) => document.tokens.push(Token::Text(text)),
            Piece::Open(name, attributes) => {
                let pair = |one: &html5ever::Attribute| (one.name.local.to_string(), one.value.to_string());
                document.open(name.to_string(), attributes.iter().map(pair).collect());
            }
            Piece::Close(name) => document.close(&name),
            Piece::Comment(_) => {}
        }
    }
    document.close_to(0);
    document.tokens
}

#[derive(Default)]
struct Document {
    tokens: Vec<Token>,
    open: Vec<usize>,
    /// How many of `open` have a name, for each name.
    count: HashMap<String, usize>,
}

impl Document {
    fn open(&mut self, name: String, attributes: Vec<(String, String)>) {
        let at = self.tokens.len();
        let is_void = allowed::kind(&name) == Some(Kind::Void);
        *self.count.entry(name.clone()).or_default() += 1;
        self.tokens.push(Token::Open(Element { name, attributes, close: at }));
        self.open.push(at);
        if is_void {
            self.close_to(self.open.len() - 1);
        }
    }

    fn close(&mut self, name: &str) {
        if self.count.get(name).is_none_or(|count| *count == 0) {
            return;
        }
        let is_it = |&open: &usize| matches!(&self.tokens[open], Token::Open(element) if element.name == name);
        if let Some(depth) = self.open.iter().rposition(is_it) {
            self.close_to(depth);
        }
    }

    fn close_to(&mut self, depth: usize) {
        for open in self.open.drain(depth..).rev() {
            let close = self.tokens.len();
            if let Token::Open(element) = &mut self.tokens[open] {
                element.close = close;
                self.count.entry(element.name.clone()).and_modify(|count| *count -= 1);
            }
            self.tokens.push(Token::Close(open));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_open_gets_closed() {
        let tokens = parse("<p>a &amp; b<br><em>c</p></b>d<i>");
        let names: Vec<String> = tokens
            .iter()
            .map(|token| match token {
                Token::Open(element) => element.name.clone(),
                Token::Close(open) => format!("/{open}"),
                Token::Text(text) => format!("'{text}'"),
            })
            .collect();
        assert_eq!(names, ["p", "'a & b'", "br", "/2", "em", "'c'", "/4", "/0", "'d'", "i", "/9"]);
    }
}
