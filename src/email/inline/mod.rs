//! An entry's HTML made fit for mail clients: styles on the elements, code that keeps its lines without a style sheet,
//! headings that continue the message's own, targets that every client finds.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use percent_encoding::percent_decode_str;

use crate::config::Theme;
use crate::email::fragment::{Element, Node, is_void, parse};
use crate::email::markup::{
    alignment_of, attribute_value, escape, has_long_word, is_division, is_dropped, is_kept, push_code,
};
use crate::email::theme::{Place, style};
use crate::model::{Image, MailPicture};

/// What an entry's HTML becomes part of.
pub(in crate::email) struct Surroundings<'a> {
    pub(in crate::email) theme: &'a Theme,
    /// The entry's permalink: links to it with a fragment that exists in the entry stay inside of the message.
    pub(in crate::email) url: &'a str,
    /// The level of the entry's first headings: one below its title.
    pub(in crate::email) heading: usize,
    pub(in crate::email) right_to_left: bool,
    /// What is shown in the place of pictures that mail clients do not show, by their URL.
    pub(in crate::email) pictures: &'a BTreeMap<String, MailPicture>,
    /// False when the notes are not there.
    pub(in crate::email) is_whole: bool,
}

/// Rewrites a sanitised fragment.
pub(in crate::email) fn inline(html: &str, surroundings: &Surroundings<'_>) -> String {
    let nodes = parse(html);
    let ids: HashSet<&str> = elements(&nodes).filter_map(|element| element.attribute("id")).collect();
    let targets: HashSet<&str> = elements(&nodes)
        .filter_map(|element| fragment_of(element.attribute("href")?, surroundings.url))
        .filter(|id| ids.contains(id))
        .collect();
    let names = names(&nodes, &targets);
    let named = names.values().copied().collect();
    let mut inliner = Inliner {
        nodes: &nodes,
        surroundings,
        targets,
        names,
        named,
        last_cells: HashMap::new(),
        out: String::with_capacity(html.len() * 2),
        closings: vec![String::new(); nodes.len()],
        open: Vec::new(),
        headings: Vec::new(),
        column: 0,
    };
    inliner.run();
    inliner.out
}

fn elements(nodes: &[Node]) -> impl Iterator<Item = &Element> {
    nodes.iter().filter_map(|node| if let Node::Open(element) = node { Some(element) } else { None })
}

fn texts(nodes: &[Node]) -> impl Iterator<Item = &str> {
    nodes.iter().filter_map(|node| if let Node::Text(text) = node { Some(text.as_str()) } else { None })
}

/// Gmail and Outlook find a target only by the name of an `<a>`, and only an `<a>` with an address may have one: a
/// target's id moves to the first link in it. A footnote and its reference each hold the link to the other.
fn names<'h>(nodes: &'h [Node], targets: &HashSet<&str>) -> HashMap<usize, &'h str> {
    let mut names = HashMap::new();
    for (index, node) in nodes.iter().enumerate() {
        let Node::Open(element) = node else { continue };
        let Some(id) = element.attribute("id").filter(|id| targets.contains(id)) else { continue };
        let link = nodes[index..element.close].iter().position(
            |node| matches!(node, Node::Open(inner) if inner.name == "a" && inner.attribute("href").is_some()),
        );
        if let Some(link) = link {
            names.entry(index + link).or_insert(id);
        }
    }
    names
}

/// The id that a link leads to when it leads to a place in the entry itself.
fn fragment_of<'h>(href: &'h str, url: &str) -> Option<&'h str> {
    href.strip_prefix(url).unwrap_or(href).strip_prefix('#').filter(|id| !id.is_empty())
}

struct Inliner<'a> {
    nodes: &'a [Node],
    surroundings: &'a Surroundings<'a>,
    /// The ids that links of this entry lead to.
    targets: HashSet<&'a str>,
    /// The targets that become names of links, by the index of the link.
    names: HashMap<usize, &'a str>,
    /// The targets among them.
    named: HashSet<&'a str>,
    /// The place of the last data cell of each row, by where the row ends.
    last_cells: HashMap<usize, Option<usize>>,
    out: String,
    /// What is written where the element at this index is closed.
    closings: Vec<String>,
    /// The elements around the current place.
    open: Vec<&'a Element>,
    /// The source's levels of the headings around the current place.
    headings: Vec<u32>,
    /// The column in a code block.
    column: usize,
}

impl<'a> Inliner<'a> {
    fn run(&mut self) {
        let nodes = self.nodes;
        let mut index = 0;
        while let Some(node) = nodes.get(index) {
            match node {
                Node::Open(element) if is_dropped(&element.name) || self.refers_to_nothing(index, element) => {
                    index = element.close;
                }
                Node::Open(element) => {
                    self.start(index, element);
                    if !is_void(&element.name) {
                        self.open.push(element);
                    }
                }
                Node::Close(open) => {
                    if matches!(nodes.get(*open), Some(Node::Open(element)) if !is_void(&element.name)) {
                        self.open.pop();
                    }
                    let closing = std::mem::take(&mut self.closings[*open]);
                    self.out.push_str(&closing);
                }
                Node::Text(text) if self.inside("pre") => self.code(text, index),
                Node::Text(text) => escape(&mut self.out, text),
            }
            index += 1;
        }
    }

    fn start(&mut self, index: usize, element: &'a Element) {
        let name = element.name.as_str();
        let place = self.place(index, element);
        match name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                let name = self.heading(name);
                self.write(index, element, name, name, place, "");
            }
            "pre" => {
                self.column = 0;
                let direction = if place.right_to_left { " dir=\"ltr\"" } else { "" };
                self.write(index, element, "pre", "pre", place, direction);
            }
            // A code block's own element has nothing to add to it, and clients shrink monospace twice.
            "code" | "kbd" | "samp" | "tt" if self.inside("pre") => {}
            "tt" => self.write(index, element, "code", "code", place, ""),
            "br" if self.inside("pre") => {
                self.out.push_str("<br>");
                self.column = 0;
            }
            "table" => self.table(index, element, place),
            "th" => {
                let scope = if self.inside("thead") || !self.row_has_data(index) { "col" } else { "row" };
                let scope = element.attribute("scope").unwrap_or(scope);
                let scope = format!(" scope=\"{}\"", if scope.starts_with("row") { "row" } else { "col" });
                self.write(index, element, "th", "th", place, &scope);
            }
            "img" => self.image(index, element, place),
            "section" | "div" | "aside" | "footer" if element.has_class("footnotes") => {
                self.write(index, element, "div", "footnotes", place, "");
            }
            "figure" | "summary" => self.write(index, element, "div", name, place, ""),
            "figcaption" => self.write(index, element, "div", name, place, " class=\"quiet\""),
            "caption" => self.write(index, element, name, name, place, " class=\"quiet\""),
            // A footnote's number: larger than it looks, for thumbs.
            "a" if self.open.last().is_some_and(|parent| parent.name == "sup") => {
                self.write(index, element, "a", "reference", place, "");
            }
            // Filters count divisions in a row as a sign of spam.
            name if is_division(name) && self.only_wraps(index, element) => {}
            "section" | "article" | "main" | "header" | "footer" | "nav" | "aside" | "details" | "address"
            | "center" | "hgroup" => self.write(index, element, "div", "div", place, ""),
            "span" | "bdi" if element.attribute("dir").is_none() && element.attribute("lang").is_none() => {}
            name if is_kept(name) => self.write(index, element, name, name, place, ""),
            _ => {}
        }
    }

    /// True for an element that says nothing and holds a single division.
    fn only_wraps(&self, index: usize, element: &Element) -> bool {
        let is_blank = |node: &Node| matches!(node, Node::Text(text) if text.trim_ascii().is_empty());
        let mut inside = (index + 1..element.close).filter(|&at| !is_blank(&self.nodes[at]));
        let Some(Node::Open(inner)) = inside.next().map(|at| &self.nodes[at]) else { return false };
        element.attributes.is_empty() && is_division(&inner.name) && inside.all(|at| at <= inner.close)
    }

    /// Writes a start tag and notes the end tag.
    fn write(&mut self, index: usize, element: &Element, tag: &str, style: &str, place: Place, more: &str) {
        let _ = write!(self.out, "<{tag}");
        for (name, value) in &element.attributes {
            self.attribute(tag, name, value);
        }
        self.out.push_str(more);
        let alignment = element.attribute("align").or_else(|| alignment_of(element.attribute("style")?));
        let mut style = self::style(self.surroundings.theme, style, place);
        if matches!(tag, "td" | "th") {
            let side = alignment.filter(|side| matches!(*side, "left" | "right" | "center")).unwrap_or(place.start());
            let _ = write!(style, ";text-align:{side}");
            if texts(&self.nodes[index..element.close]).any(has_long_word) {
                style.push_str(";word-break:break-word");
            }
        }
        if !style.is_empty() {
            let _ = write!(self.out, " style=\"{style}\"");
        }
        if let Some(name) = self.names.get(&index).map(|id| attribute_value(id)) {
            let _ = write!(self.out, " name=\"{name}\" id=\"{name}\"");
        } else if let Some(id) = element.attribute("id")
            && self.targets.contains(id)
            && !self.named.contains(id)
        {
            let _ = write!(self.out, " id=\"{}\"", attribute_value(id));
        }
        self.out.push('>');
        if !is_void(tag) {
            self.closings[index] = format!("</{tag}>");
        }
    }

    fn attribute(&mut self, tag: &str, name: &str, value: &str) {
        let known = match (tag, name) {
            (_, "lang" | "title") | ("a", "href") | ("img", "src") | ("ol", "start" | "type" | "reversed") => true,
            ("pre", "dir") => false,
            (_, "dir") => matches!(value, "ltr" | "rtl" | "auto"),
            ("li", "value") | ("td" | "th", "colspan" | "rowspan") => value.parse::<u32>().is_ok(),
            _ => false,
        };
        if known {
            let inside = (name == "href").then(|| fragment_of(value, self.surroundings.url)).flatten();
            match inside.filter(|id| self.targets.contains(id)) {
                Some(id) => _ = write!(self.out, " href=\"#{}\"", attribute_value(id)),
                None => _ = write!(self.out, " {name}=\"{}\"", attribute_value(value)),
            }
        }
    }

    /// The heading for one of the source: the source's order of levels, starting below the title, without a gap.
    fn heading(&mut self, name: &str) -> &'static str {
        let level = name[1..].parse().unwrap_or(6);
        while self.headings.last().is_some_and(|&last| last >= level) {
            self.headings.pop();
        }
        self.headings.push(level);
        let level = self.surroundings.heading + self.headings.len() - 1;
        ["h1", "h2", "h3", "h4", "h5", "h6"][level.clamp(1, 6) - 1]
    }

    /// A data table may be wider than a phone: it scrolls in a frame where the client can do that.
    fn table(&mut self, index: usize, element: &Element, place: Place) {
        let style = style(self.surroundings.theme, "table-frame", place);
        let _ = write!(self.out, "<div tabindex=\"0\" style=\"{style};overflow-x:auto\">");
        let inside = &self.nodes[index..element.close];
        let role = if elements(inside).any(|e| e.name == "th") { "" } else { " role=\"presentation\"" };
        self.write(index, element, "table", "table", place, role);
        self.closings[index].push_str("</div>");
    }

    /// Whether a data cell follows in the row.
    fn row_has_data(&mut self, index: usize) -> bool {
        let Some(row) = self.open.iter().rfind(|element| element.name == "tr") else { return false };
        let is_data = |at: &usize| matches!(&self.nodes[*at], Node::Open(element) if element.name == "td");
        let last = self.last_cells.entry(row.close).or_insert_with(|| (index..row.close).rfind(is_data));
        last.is_some_and(|last| last > index)
    }

    /// An image never wider than the column: Outlook knows no `max-width` and reads the attributes.
    fn image(&mut self, index: usize, element: &Element, place: Place) {
        let mut element = element.clone();
        match element.attribute("src").and_then(|url| self.surroundings.pictures.get(url)) {
            Some(MailPicture::Link) => return self.picture_link(index, &element, place),
            Some(MailPicture::Instead(image)) => show_instead(&mut element, image),
            None => {}
        }
        let element = &element;
        let number = |name| element.attribute(name).and_then(|value| value.parse::<u32>().ok()).filter(|&n| n > 0);
        let column = self.surroundings.theme.width;
        let mut more = format!(" alt=\"{}\"", attribute_value(element.attribute("alt").unwrap_or_default()));
        match (number("width"), number("height")) {
            (Some(width), height) => {
                let shown = width.min(column);
                let _ = write!(more, " width=\"{shown}\"");
                if let Some(height) = height {
                    let height = u64::from(height) * u64::from(shown) / u64::from(width);
                    let _ = write!(more, " height=\"{}\"", height.max(1));
                }
            }
            (None, Some(height)) => _ = write!(more, " height=\"{height}\""),
            (None, None) => {}
        }
        self.write(index, element, "img", "img", place, &more);
    }

    /// A link to a picture, called by its words, or by its file's name when it has none; words alone within a link.
    fn picture_link(&mut self, index: usize, element: &Element, place: Place) {
        let url = element.attribute("src").unwrap_or_default();
        let alt = element.attribute("alt").map(str::trim).filter(|alt| !alt.is_empty());
        let name = || {
            let path = url.split(['?', '#']).next().unwrap_or_default();
            percent_decode_str(path.rsplit('/').next().unwrap_or_default()).decode_utf8_lossy().into_owned()
        };
        let words = alt.map_or_else(name, str::to_owned);
        if self.inside("a") {
            return escape(&mut self.out, &words);
        }
        let attributes = vec![("href".to_owned(), url.to_owned())];
        let link = Element { name: "a".to_owned(), attributes, close: element.close };
        self.write(index, &link, "a", "a", place, "");
        escape(&mut self.out, &words);
    }

    /// The text of a code block, of which neither the first nor the last line end is shown.
    fn code(&mut self, text: &str, index: usize) {
        let is_block = |element: &Element| element.name == "pre";
        let first = matches!(self.nodes.get(index.wrapping_sub(1)), Some(Node::Open(element)) if is_block(element));
        let text = if first { text.strip_prefix('\n').unwrap_or(text) } else { text };
        let rest = &self.nodes[index + 1..];
        let open = rest.iter().map_while(|node| if let Node::Close(open) = node { Some(*open) } else { None });
        let last = open.into_iter().any(|open| matches!(&self.nodes[open], Node::Open(element) if is_block(element)));
        self.column = push_code(&mut self.out, if last { text.trim_end_matches('\n') } else { text }, self.column);
    }

    fn place(&self, index: usize, element: &Element) -> Place {
        let blank = |node: &&Node| !matches!(node, Node::Text(text) if text.trim().is_empty());
        let next = self.nodes[element.close + 1..].iter().find(blank);
        let previous = self.nodes[..index].iter().rfind(blank);
        let container = |element: &Element| {
            matches!(
                element.name.as_str(),
                "li" | "blockquote" | "td" | "th" | "dd" | "figure" | "div" | "section" | "aside"
            )
        };
        let closes = |node: Option<&Node>, accept: &dyn Fn(&Element) -> bool| match node {
            Some(Node::Close(open)) => matches!(&self.nodes[*open], Node::Open(element) if accept(element)),
            _ => false,
        };
        let frame = |element: &Element| matches!(element.name.as_str(), "p" | "figure" | "a" | "div");
        Place {
            right_to_left: self.surroundings.right_to_left,
            in_list: self.open.iter().any(|element| element.name == "li"),
            last: closes(next, &container),
            alone: matches!(previous, Some(Node::Open(element)) if frame(element))
                && (closes(next, &frame) || caption(next)),
        }
    }

    /// A footnote's number without the note.
    fn refers_to_nothing(&self, index: usize, element: &Element) -> bool {
        let inner = || elements(&self.nodes[index + 1..element.close]).next();
        !self.surroundings.is_whole && element.name == "sup" && inner().is_some_and(|inner| inner.has_class("footnote"))
    }

    fn inside(&self, name: &str) -> bool {
        self.open.iter().any(|element| element.name == name)
    }
}

/// Another picture in the place of this one, as large as it unless nobody knows.
fn show_instead(element: &mut Element, image: &Image) {
    let is_sized = ["width", "height"].iter().any(|name| element.attribute(name).is_some());
    element.attributes.retain(|(name, _)| name != "src");
    element.attributes.push(("src".to_owned(), image.url.clone()));
    if !is_sized {
        let sides = [("width", image.width), ("height", image.height)];
        let sides = sides.into_iter().filter_map(|(name, side)| Some((name.to_owned(), side?.to_string())));
        element.attributes.extend(sides);
    }
}

fn caption(node: Option<&Node>) -> bool {
    matches!(node, Some(Node::Open(element)) if element.name == "figcaption")
}

#[cfg(test)]
mod tests;
