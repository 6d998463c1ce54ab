//! What is shown of an entry as text: with the addresses of the pictures that the HTML part only links to, without the numbers
//! of notes that are not there, and with links that lead somewhere. Both parts have the same links.

use std::collections::HashSet;

use crate::content::nodes::{self, Element, Node};
use crate::content::text;
use crate::model::{Entry, MailPicture};

use super::clean::one_line;
use super::extent::Shown;
use super::inline::fragment_of;

/// What is shown of an entry, of which `whole` is all as text.
pub(super) fn of(entry: &Entry, shown: &Shown<'_>, whole: &str) -> String {
    let mut ids = HashSet::new();
    nodes::each(&shown.content, &mut |element| ids.extend(element.get("id")));
    let mut notes = HashSet::new();
    nodes::each(&shown.content, &mut |element| {
        let mark = Some(element).filter(|element| element.name == "sup").and_then(only_link);
        notes.extend(mark.and_then(|link| fragment_of(link.get("href")?, &entry.url)).filter(|id| ids.contains(id)));
    });
    let form = Form { entry, is_whole: shown.is_whole, ids, notes };
    if shown.is_cut || nodes::any(&shown.content, &|element| form.changes(element)) {
        text::write(&form.nodes(&shown.content, false))
    } else {
        whole.to_owned()
    }
}

/// The beginning of the content on one line, without the signs of the text part, and without what stands for pictures unless there
/// is nothing else.
pub(super) fn content_words(text: &str) -> String {
    let words = words(&without_pictures(text));
    if words.is_empty() { self::words(text) } else { words }
}

/// Without `[Image: …]`.
fn without_pictures(text: &str) -> String {
    let mut parts = text.split("[Image");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |before, part| match part.split_once(']') {
        Some((_, behind)) => before + behind,
        None => before + "[Image" + part,
    })
}

fn words(text: &str) -> String {
    let lines = text.lines().filter(|line| line.chars().any(char::is_alphanumeric)).take(20);
    let words = lines.flat_map(str::split_whitespace).filter(|word| {
        let reference = word.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        !reference.is_some_and(|(number, _)| number.bytes().all(|b| b.is_ascii_digit())) && !word.contains("://")
    });
    one_line(
        &words.filter(|word| word.chars().any(char::is_alphanumeric) || *word == "—").collect::<Vec<_>>().join(" "),
    )
}

struct Form<'a> {
    entry: &'a Entry,
    /// False when the notes are not there.
    is_whole: bool,
    /// The places in what is shown.
    ids: HashSet<&'a str>,
    /// Those of them to which numbers of notes lead.
    notes: HashSet<&'a str>,
}

impl Form<'_> {
    /// Whether an element is written in another way than everywhere else.
    fn changes(&self, element: &Element) -> bool {
        self.is_linked(element) || self.place_of(element).is_some() && !is_of_markdown(element)
    }

    /// A picture to which the HTML part only links.
    fn is_linked(&self, element: &Element) -> bool {
        let url = element.get("src").filter(|_| element.name == "img");
        url.is_some_and(|url| self.entry.mail_pictures.get(url) == Some(&MailPicture::Link))
    }

    /// The place in the entry itself to which a link leads.
    fn place_of<'e>(&self, element: &'e Element) -> Option<&'e str> {
        element.get("href").filter(|_| element.name == "a").and_then(|href| fragment_of(href, &self.entry.url))
    }

    /// `in_notes` within notes that are known as such.
    fn nodes(&self, nodes: &[Node], in_notes: bool) -> Vec<Node> {
        nodes.iter().flat_map(|node| self.node(node, in_notes)).collect()
    }

    fn node(&self, node: &Node, in_notes: bool) -> Vec<Node> {
        let Node::Element(element) = node else { return vec![node.clone()] };
        if !self.is_whole && element.has_class("footnote") {
            return vec![];
        }
        if self.is_linked(element) {
            return linked(element);
        }
        if element.name == "sup"
            && let Some(link) = only_link(element)
            && self.place_of(link).is_some_and(|id| self.notes.contains(id))
            && !is_of_markdown(link)
        {
            let number = nodes::one_line(&link.children).trim_matches(['[', ']']).to_owned();
            return vec![Node::Element(Element::new("a", &[("class", "footnote")], vec![Node::Text(number)]))];
        }
        if let Some(id) = self.place_of(element).filter(|_| !is_of_markdown(element)) {
            return self.link_within(element, id);
        }
        // In a link, a picture is words.
        if element.name == "a" {
            return vec![node.clone()];
        }
        let is_known = in_notes || element.has_class("footnotes");
        let children = self.nodes(&element.children, is_known);
        let element = Element { attributes: element.attributes.clone(), children, ..*element };
        if !is_known && self.holds_notes(&element) {
            return vec![Node::Element(Element::new(
                "section",
                &[("class", "footnotes")],
                vec![Node::Element(element)],
            ))];
        }
        vec![Node::Element(element)]
    }

    /// A link to a place in the text is its words: the place is in the same text. A sign that leads back says nothing there. What is
    /// not shown is on the page.
    fn link_within(&self, link: &Element, id: &str) -> Vec<Node> {
        if !self.ids.contains(id) {
            return vec![Node::Element(Element::new("a", &[("href", &self.entry.url)], link.children.clone()))];
        }
        let is_sign = !nodes::one_line(&link.children).contains(char::is_alphanumeric);
        if is_sign && !nodes::any(&link.children, &|inner| inner.name == "img") {
            vec![]
        } else {
            link.children.clone()
        }
    }

    /// A list to each item of which the number of a note leads.
    fn holds_notes(&self, list: &Element) -> bool {
        let is_note = |item: &Element| item.get("id").is_some_and(|id| self.notes.contains(id));
        let mut items = list.children.iter().filter_map(|node| match node {
            Node::Element(item) => Some(item),
            Node::Text(_) => None,
        });
        list.name == "ol" && items.next().is_some_and(is_note) && items.all(is_note)
    }
}

/// What the writer of text knows as the number of a note, or as the way back from it.
fn is_of_markdown(link: &Element) -> bool {
    link.has_class("footnote") || link.has_class("reversefootnote")
}

/// The link that is all there is in an element.
fn only_link(element: &Element) -> Option<&Element> {
    match &element.children[..] {
        [Node::Element(link)] if link.name == "a" => Some(link),
        _ => None,
    }
}

/// A picture's words, and behind them its address.
fn linked(picture: &Element) -> Vec<Node> {
    let url = picture.get("src").unwrap_or_default();
    let link = |of: Node| Element::new("a", &[("href", url)], vec![of]);
    if picture.get("alt").is_none_or(|alt| alt.trim().is_empty()) {
        return vec![Node::Element(link(Node::Element(picture.clone())))];
    }
    let link = link(Node::Text(url.to_owned()));
    let line_end = || Element::new("br", &[], vec![]);
    [picture.clone(), line_end(), link, line_end()].map(Node::Element).into()
}
