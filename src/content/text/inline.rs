//! The inline content of a line: words, pictures, links by number, footnote marks.

use std::collections::HashMap;

use super::super::nodes::{Element, Node, one_line};
use super::super::{allowed, characters};
use super::wrap::GLUE;

/// The links of a text in the order of their first use.
#[derive(Debug, Default)]
pub(super) struct LinkList {
    urls: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl LinkList {
    pub(super) fn number(&mut self, url: &str) -> usize {
        if let Some(number) = self.numbers.get(url) {
            return *number;
        }
        self.urls.push(url.to_owned());
        self.numbers.insert(url.to_owned(), self.urls.len());
        self.urls.len()
    }

    /// `[1] URL`, one a line.
    pub(super) fn lines(&self) -> Vec<String> {
        self.urls.iter().enumerate().map(|(n, url)| format!("[{}] {url}", n + 1)).collect()
    }
}

/// Collects the inline content of a block: white space collapsed, hard breaks as `\n`.
#[derive(Debug, Default)]
pub(super) struct Line {
    text: String,
}

impl Line {
    pub(super) fn of(nodes: &[Node], links: &mut LinkList) -> String {
        let mut line = Self::default();
        line.nodes(nodes, links);
        line.finish()
    }

    pub(super) fn finish(&mut self) -> String {
        self.text.truncate(self.text.trim_end_matches([' ', '\n']).len());
        std::mem::take(&mut self.text)
    }

    fn nodes(&mut self, nodes: &[Node], links: &mut LinkList) {
        for node in nodes {
            self.node(node, links);
        }
    }

    pub(super) fn node(&mut self, node: &Node, links: &mut LinkList) {
        let element = match node {
            Node::Text(text) => return self.push(text),
            Node::Element(element) => element,
        };
        match element.name {
            "br" => self.hard_break(),
            "a" if element.has_class("reversefootnote") => {}
            "a" if element.has_class("footnote") => self.push(&format!("[^{}]", one_line_of(element))),
            "a" => self.link(element, links),
            "img" => self.picture(element),
            "hr" | "wbr" | "source" | "rp" => {}
            "rt" => {
                self.text.push('(');
                self.nodes(&element.children, links);
                self.text.push(')');
            }
            "q" => {
                self.text.push('“');
                self.nodes(&element.children, links);
                self.text.push('”');
            }
            name if allowed::is_block(name) => {
                self.space();
                self.nodes(&element.children, links);
                self.space();
            }
            _ => self.nodes(&element.children, links),
        }
    }

    /// Adds text; runs of white space become one space.
    fn push(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = rest.find([' ', '\n', '\t', '\u{ad}']) {
            self.text.push_str(&rest[..at]);
            let mut chars = rest[at..].chars();
            if chars.next() != Some('\u{ad}') {
                self.space();
            }
            rest = chars.as_str();
        }
        self.text.push_str(rest);
    }

    fn space(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with([' ', '\n']) {
            self.text.push(' ');
        }
    }

    fn hard_break(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    fn picture(&mut self, element: &Element) {
        let alt = characters::one_line(element.get("alt").unwrap_or_default());
        if !alt.is_empty() {
            self.push(&format!("[Image: {alt}]"));
        }
    }

    /// `text [1]`; a link whose text is its own address stays the address.
    fn link(&mut self, element: &Element, links: &mut LinkList) {
        let start = self.text.len();
        self.nodes(&element.children, links);
        let Some(url) = element.get("href") else { return };
        let shown = self.text[start..].trim();
        let bare = url.strip_prefix("mailto:").or_else(|| url.strip_prefix("tel:")).unwrap_or(url);
        if shown == bare {
            return;
        }
        if !shown.is_empty() && url.strip_suffix('/') == Some(shown) {
            let at = start + self.text[start..].trim_end().len();
            return self.text.insert(at, '/');
        }
        if shown.is_empty() {
            self.push("[Image]");
        }
        let end = self.text.trim_end_matches(' ').len();
        let trailing = self.text.split_off(end);
        self.text.push(GLUE);
        self.text.extend(["[", &links.number(url).to_string(), "]"]);
        self.text.push_str(&trailing);
    }
}

fn one_line_of(element: &Element) -> String {
    one_line(&element.children)
}
