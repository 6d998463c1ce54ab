//! An entry's content as HTML that is fit for mail clients: styles on the elements, code that keeps its lines without a style sheet,
//! headings that continue the message's own, targets that every client finds.

mod shape;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::ptr;

use percent_encoding::percent_decode_str;

use crate::content::Kind;
use crate::content::nodes::{self, Element, Node};
use crate::content::text;
use crate::email::look::{Cell, Look, Position, Subject, joined};
use crate::email::markup::{alignment_of, attribute_value, escape, is_division, is_kept, push_code};
use crate::model::{Image, MailPicture};
use shape::{elements, first_link, holds_long_word, is_framed, is_heading, is_task, only_wraps, tasks};

/// What a table has that becomes a card for each row on telephones.
pub(in crate::email) const CARDS: &str = " class=\"cards\"";

/// A telephone shows so many columns of a table, as a terminal counts them.
const TELEPHONE: usize = 40;

/// What an entry's HTML becomes part of.
pub(in crate::email) struct Surroundings<'a> {
    pub(in crate::email) look: &'a Look,
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

/// Writes content.
pub(in crate::email) fn inline(content: &[Node], surroundings: &Surroundings<'_>) -> String {
    let mut ids = HashSet::new();
    nodes::each(content, &mut |element| ids.extend(element.get("id")));
    let mut targets = HashSet::new();
    nodes::each(content, &mut |element| {
        let target = element.get("href").and_then(|href| fragment_of(href, surroundings.url));
        targets.extend(target.filter(|id| ids.contains(id)));
    });
    let names = names(content, &targets);
    let named = names.values().copied().collect();
    let mut inliner = Inliner {
        surroundings,
        targets,
        names,
        named,
        out: String::new(),
        open: Vec::new(),
        headings: Vec::new(),
        tables: Vec::new(),
        cell: 0,
        column: 0,
    };
    inliner.nodes(content, false);
    inliner.out
}

/// Gmail and Outlook find a target only by the name of an `<a>`, and only an `<a>` with an address may have one: a
/// target's id moves to the first link in it. A footnote and its reference each hold the link to the other; a heading without
/// one becomes a link to itself.
fn names<'n>(content: &'n [Node], targets: &HashSet<&str>) -> HashMap<*const Element, &'n str> {
    let mut names = HashMap::new();
    nodes::each(content, &mut |element| {
        let Some(id) = element.get("id").filter(|id| targets.contains(id)) else { return };
        if let Some(link) = first_link(element) {
            names.entry(ptr::from_ref(link)).or_insert(id);
        }
    });
    names
}

/// The id that a link leads to when it leads to a place in the entry itself.
pub(in crate::email) fn fragment_of<'h>(href: &'h str, url: &str) -> Option<&'h str> {
    href.strip_prefix(url).unwrap_or(href).strip_prefix('#').filter(|id| !id.is_empty())
}

struct Inliner<'a> {
    surroundings: &'a Surroundings<'a>,
    /// The ids that links of this entry lead to.
    targets: HashSet<&'a str>,
    /// The targets that become names of links, by the link.
    names: HashMap<*const Element, &'a str>,
    /// The targets among them.
    named: HashSet<&'a str>,
    out: String,
    /// The elements around the current place.
    open: Vec<&'a Element>,
    /// The source's levels of the headings around the current place.
    headings: Vec<u32>,
    /// The headings of the tables around the current place; none of a table that fits on a telephone.
    tables: Vec<Vec<String>>,
    /// How many cells are before the current one in its row.
    cell: usize,
    /// The column in a code block.
    column: usize,
}

impl<'a> Inliner<'a> {
    /// Writes what is in the innermost open element; `ends_code` when nothing of its code block follows.
    fn nodes(&mut self, nodes: &'a [Node], ends_code: bool) {
        let last_data = nodes.iter().rposition(|node| matches!(node, Node::Element(cell) if cell.name == "td"));
        let in_code = self.inside("pre");
        let mut cells = 0;
        let mut is_left_out = false;
        for (at, node) in nodes.iter().enumerate() {
            let is_last = at + 1 == nodes.len();
            let follows_nothing = std::mem::take(&mut is_left_out);
            match node {
                Node::Text(text) if in_code => self.code(text, at == 0, is_last && ends_code),
                Node::Text(text) => escape(&mut self.out, text),
                Node::Element(element) if self.refers_to_nothing(element) => {}
                Node::Element(element) if self.is_left_out(element) => is_left_out = true,
                Node::Element(element) if element.name == "br" && follows_nothing => {}
                Node::Element(element) => {
                    let place = self.place(&nodes[..at], &nodes[at + 1..]);
                    self.cell = cells;
                    cells += usize::from(matches!(element.name, "td" | "th"));
                    let end = self.start(element, place, last_data > Some(at));
                    self.open.push(element);
                    self.nodes(&element.children, element.name == "pre" || is_last && ends_code);
                    self.open.pop();
                    if element.name == "table" {
                        self.tables.pop();
                    }
                    self.out.push_str(&end);
                }
            }
        }
    }

    /// Writes the start of an element; returns its end.
    fn start(&mut self, element: &'a Element, place: Position, has_data: bool) -> String {
        let name = element.name;
        match name {
            name if is_heading(name) => {
                let name = self.heading(name);
                self.write(element, name, name, place, "")
            }
            "pre" => {
                self.column = 0;
                self.code_block(element, place)
            }
            "blockquote" => {
                let Cell { around, ground, text, .. } = self.cell("blockquote", "", place);
                let end = self.open(element, "blockquote", &around, "");
                self.one_cell("100%", false, "", &joined(&ground, &text)) + &end
            }
            "hr" => self.rule(element, place),
            // A code block's own element has nothing to add to it, and clients shrink monospace twice.
            "code" | "kbd" | "samp" | "tt" if self.inside("pre") => String::new(),
            "tt" => self.write(element, "code", "code", place, ""),
            "strike" => self.write(element, "s", "s", place, ""),
            "menu" => self.write(element, "ul", "ul", place, ""),
            "br" if self.inside("pre") => {
                self.out.push_str("<br>");
                self.column = 0;
                String::new()
            }
            "table" => self.table(element, place),
            "th" => {
                let scope = if self.inside("thead") || !has_data { "col" } else { "row" };
                let scope = element.get("scope").unwrap_or(scope);
                let scope = format!(" scope=\"{}\"", if scope.starts_with("row") { "row" } else { "col" });
                self.write(element, "th", "th", place, &scope)
            }
            "td" => self.data(element, place),
            "tr" if self.is_heads(element) => self.write(element, "tr", "tr", place, " class=\"heads\""),
            "li" if is_task(element) => self.write(element, "li", "li.task", place, ""),
            "ul" if tasks(element) => self.write(element, "ul", "ul.tasks", place, ""),
            "p" if is_framed(element) => self.write(element, "p", "p", place, " align=\"center\""),
            "img" => self.image(element, place),
            "section" | "div" | "aside" | "footer" if element.has_class("footnotes") => {
                let Cell { around, ground, text, .. } = self.cell("div", "footnotes", place);
                let end = self.open(element, "div", &around, "");
                self.one_cell("100%", false, "", &joined(&ground, &text)) + &end
            }
            "figure" => {
                let is_of_pictures = elements(&element.children).any(|inner| inner.name == "img" || is_framed(inner));
                self.write(element, "div", name, place, if is_of_pictures { " align=\"center\"" } else { "" })
            }
            "summary" => self.write(element, "div", name, place, ""),
            "figcaption" => self.write(element, "div", name, place, " class=\"quiet\""),
            "caption" => self.write(element, name, name, place, " class=\"quiet\""),
            "a" if self.open.last().is_some_and(|parent| parent.name == "sup") => {
                self.write(element, "a", ".reference", place, "")
            }
            // Filters count divisions in a row as a sign of spam.
            name if is_division(name) && only_wraps(element) => String::new(),
            "section" | "article" | "main" | "header" | "footer" | "nav" | "aside" | "details" | "address"
            | "center" | "hgroup" => self.write(element, "div", "div", place, ""),
            "span" | "bdi" if element.get("dir").is_none() && element.get("lang").is_none() => String::new(),
            name if is_kept(name) => self.write(element, name, name, place, ""),
            _ => String::new(),
        }
    }

    /// Writes a start tag; returns the end tag. It is styled as an element of this name and class.
    fn write(&mut self, element: &Element, tag: &str, style: &str, place: Position, more: &str) -> String {
        let is_cell = matches!(tag, "td" | "th");
        let (name, mut class) = style.split_once('.').unwrap_or((style, ""));
        if is_cell && holds_long_word(&element.children) {
            class = "long-word";
        }
        let side = element.get("style").filter(|_| is_cell).and_then(alignment_of);
        let style = self.style(name, class, place, side.map(|side| ("text-align", side)));
        self.open(element, tag, &style, more)
    }

    /// Writes a start tag with this style; returns the end tag.
    fn open(&mut self, element: &Element, tag: &str, style: &str, more: &str) -> String {
        let _ = write!(self.out, "<{tag}");
        for (name, value) in &element.attributes {
            self.attribute(tag, name, value);
        }
        self.out.push_str(more);
        if !style.is_empty() {
            let _ = write!(self.out, " style=\"{style}\"");
        }
        let mut anchor = "";
        if let Some(name) = self.names.get(&ptr::from_ref(element)).map(|id| attribute_value(id)) {
            let _ = write!(self.out, " name=\"{name}\" id=\"{name}\"");
        } else if let Some(id) = element.get("id")
            && self.targets.contains(id)
            && !self.named.contains(id)
        {
            let id = attribute_value(id);
            if is_heading(tag) {
                let style = self.style("", "title", Position::default(), None);
                let _ =
                    write!(self.out, "><a href=\"#{id}\" name=\"{id}\" id=\"{id}\" class=\"title\" style=\"{style}\"");
                anchor = "</a>";
            } else {
                let _ = write!(self.out, " id=\"{id}\"");
            }
        }
        self.out.push('>');
        if element.kind == Kind::Void { String::new() } else { format!("{anchor}</{tag}>") }
    }

    fn cell(&self, name: &str, class: &str, place: Position) -> Cell {
        self.surroundings.look.cell(Subject { name, class, around: &self.open, place })
    }

    /// Writes the start of a table of one cell; returns its end.
    fn one_cell(&mut self, width: &str, is_centred: bool, class: &str, style: &str) -> String {
        let table = self.style("", "box", Position::default(), None);
        let align = if is_centred { " align=\"center\"" } else { "" };
        let _ = write!(
            self.out,
            "<table role=\"presentation\"{align} width=\"{width}\" cellpadding=\"0\" cellspacing=\"0\" style=\"{table}\">\
             <tr><td{class} style=\"{style}\">"
        );
        "</td></tr></table>".to_owned()
    }

    /// A block of code, which keeps its direction.
    fn code_block(&mut self, element: &Element, place: Position) -> String {
        let Cell { around, ground, text, .. } = self.cell("pre", "", place);
        let _ = write!(self.out, "<div style=\"{around}\">");
        let end = self.one_cell("100%", false, " class=\"code\"", &ground) + "</div>";
        let direction = if place.right_to_left { " dir=\"ltr\"" } else { "" };
        self.open(element, "pre", &joined("margin:0", &text), direction) + &end
    }

    fn rule(&mut self, element: &Element, place: Position) -> String {
        let Cell { around, width, is_centred, ground, text } = self.cell("hr", "", place);
        self.open(element, "div", &around, " role=\"separator\"");
        let end = self.one_cell(&width, is_centred, "", &joined(&ground, &text));
        let _ = write!(self.out, "&nbsp;{end}</div>");
        String::new()
    }

    /// A cell of a table, which says its heading where a telephone shows each row as a card.
    fn data(&mut self, element: &Element, place: Position) -> String {
        let end = self.write(element, "td", "td", place, "");
        let headings = self.tables.last();
        if let Some(heading) = headings.and_then(|headings| headings.get(self.cell)).filter(|text| !text.is_empty()) {
            let style = self.style("", "label", place, None);
            let _ = write!(self.out, "<span class=\"label\" style=\"{style}\">");
            escape(&mut self.out, heading);
            self.out.push_str("</span>");
        }
        end
    }

    /// The row with the headings of a table that telephones show as cards.
    fn is_heads(&self, row: &Element) -> bool {
        self.tables.last().is_some_and(|headings| !headings.is_empty())
            && elements(&row.children).all(|cell| cell.name == "th")
    }

    fn style(&self, name: &str, class: &str, place: Position, own: Option<(&str, &str)>) -> String {
        self.surroundings.look.style(Subject { name, class, around: &self.open, place }, own)
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
            match inside {
                Some(id) if self.targets.contains(id) => _ = write!(self.out, " href=\"#{}\"", attribute_value(id)),
                // The place is not shown here, and has another name there.
                Some(_) => _ = write!(self.out, " href=\"{}\"", attribute_value(self.surroundings.url)),
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

    /// A data table may be wider than a phone: there each row becomes a card, where the client reads style sheets; else it
    /// scrolls in a frame where the client can do that.
    fn table(&mut self, element: &Element, place: Position) -> String {
        let headings = text::headings_of_wide(element, TELEPHONE).unwrap_or_default();
        let style = self.style("", "table-frame", place, None);
        let _ = write!(self.out, "<div tabindex=\"0\" style=\"{style}\">");
        let more = match nodes::any(&element.children, &|inner| inner.name == "th") {
            true if headings.is_empty() => "",
            true => CARDS,
            false => " role=\"presentation\"",
        };
        self.tables.push(headings);
        self.write(element, "table", "table", place, more) + "</div>"
    }

    /// An image never wider than the column: Outlook knows no `max-width` and reads the attributes.
    fn image(&mut self, element: &Element, place: Position) -> String {
        let mut element = element.clone();
        match element.get("src").and_then(|url| self.surroundings.pictures.get(url)) {
            Some(MailPicture::Link) => return self.picture_link(&element, place),
            Some(MailPicture::Instead(image)) => show_instead(&mut element, image),
            Some(MailPicture::LeftOut) | None => {}
        }
        let element = &element;
        let number = |name| element.get(name).and_then(|value| value.parse::<u32>().ok()).filter(|&n| n > 0);
        let column = self.surroundings.look.column;
        let mut more = format!(" alt=\"{}\"", attribute_value(element.get("alt").unwrap_or_default()));
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
            // Outlook would show it in its full width.
            (None, None) if place.alone => {
                let _ = write!(more, " width=\"{column}\"");
                return self.write(element, "img", "img.unsized", place, &more);
            }
            (None, None) => {}
        }
        self.write(element, "img", "img", place, &more)
    }

    /// A picture that mail does not show, nor links to.
    fn is_left_out(&self, element: &Element) -> bool {
        let url = element.get("src").filter(|_| element.name == "img");
        url.is_some_and(|url| self.surroundings.pictures.get(url) == Some(&MailPicture::LeftOut))
    }

    /// A link to a picture, called by its words, or by its file's name when it has none; words alone within a link.
    fn picture_link(&mut self, element: &Element, place: Position) -> String {
        let url = element.get("src").unwrap_or_default();
        let alt = element.get("alt").map(str::trim).filter(|alt| !alt.is_empty());
        let name = || {
            let path = url.split(['?', '#']).next().unwrap_or_default();
            percent_decode_str(path.rsplit('/').next().unwrap_or_default()).decode_utf8_lossy().into_owned()
        };
        let words = alt.map_or_else(name, str::to_owned);
        if self.inside("a") {
            escape(&mut self.out, &words);
            return String::new();
        }
        let link = Element::new("a", &[("href", url)], vec![]);
        let end = self.write(&link, "a", "a", place, "");
        escape(&mut self.out, &words);
        end
    }

    /// The text of a code block, of which neither the first nor the last line end is shown.
    fn code(&mut self, text: &str, is_first: bool, is_last: bool) {
        let is_first = is_first && self.open.last().is_some_and(|parent| parent.name == "pre");
        let text = if is_first { text.strip_prefix('\n').unwrap_or(text) } else { text };
        self.column = push_code(&mut self.out, if is_last { text.trim_end_matches('\n') } else { text }, self.column);
    }

    /// Where an element is, from what comes before and after it in the innermost open one.
    fn place(&self, before: &[Node], after: &[Node]) -> Position {
        let is_blank = |node: &&Node| !matches!(node, Node::Text(text) if text.trim().is_empty());
        let (previous, next) = (before.iter().rfind(is_blank), after.iter().find(is_blank));
        let parent = self.open.last().map_or("", |parent| parent.name);
        let is_frame = matches!(parent, "p" | "figure" | "a" | "div");
        let is_caption = matches!(next, Some(Node::Element(element)) if element.name == "figcaption");
        Position {
            right_to_left: self.surroundings.right_to_left,
            last: next.is_none()
                && matches!(parent, "li" | "blockquote" | "td" | "th" | "dd" | "figure" | "div" | "section" | "aside"),
            alone: is_frame && previous.is_none() && (next.is_none() || is_caption),
        }
    }

    /// A footnote's number without the note.
    fn refers_to_nothing(&self, element: &Element) -> bool {
        let is_reference = || elements(&element.children).next().is_some_and(|inner| inner.has_class("footnote"));
        !self.surroundings.is_whole && element.name == "sup" && is_reference()
    }

    fn inside(&self, name: &str) -> bool {
        self.open.iter().any(|element| element.name == name)
    }
}

/// Another picture in the place of this one, as large as it if its size is known.
fn show_instead(element: &mut Element, image: &Image) {
    let is_sized = ["width", "height"].iter().any(|name| element.get(name).is_some());
    element.attributes.retain(|(name, _)| *name != "src");
    element.attributes.push(("src", image.url.clone()));
    if !is_sized {
        let sides = [("width", image.width), ("height", image.height)];
        let sides = sides.into_iter().filter_map(|(name, side)| Some((name, side?.to_string())));
        element.attributes.extend(sides);
    }
}

#[cfg(test)]
mod tests;
