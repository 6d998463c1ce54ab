//! Markdown → [`Node`]s, without any HTML in between, where HTML would change nothing.
//!
//! The long way writes the events as HTML, which is balanced ([`super::normalise`]), cleaned and parsed ([`super::direct`]).
//! Most texts come out of that as they went in: [`nodes`] makes the same nodes of them at once, line ends included; a test
//! compares the two over Markdown of every kind. HTML among the Markdown is taken where each of its tags stands whole and in
//! its place.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use pulldown_cmark::{Alignment, CodeBlockKind, Event, HeadingLevel, LinkType, Tag, TagEnd};

use super::builder::Builder;
use super::direct;
use super::elements::{self, Kind};
use super::normalise::{DEEPEST, Mark};
use super::scan::{Piece, Scanner};
use super::stand_in;
use super::tree::{Element, Node};

/// What is written in another way in the address of a link or picture.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A longer value of an attribute may be left out.
const LONGEST_VALUE: usize = 1000;

/// The nodes of a text; `None` for one that has to go the long way.
pub(crate) fn nodes<'e>(events: &'e [Event<'e>]) -> Option<Vec<Node>> {
    let mut writer = Writer { builder: Builder::default(), ends_line: true, table: Table::default() };
    let mut rest = events;
    while let Some((event, after)) = rest.split_first() {
        rest = writer.event(event, after)?;
    }
    writer.builder.finish()
}

struct Writer<'e> {
    builder: Builder,
    /// Whether what was written last ended a line.
    ends_line: bool,
    table: Table<'e>,
}

/// The innermost table; there is none in another.
#[derive(Default)]
struct Table<'e> {
    alignments: &'e [Alignment],
    /// The cell in the row.
    cell: usize,
    in_head: bool,
}

impl<'e> Writer<'e> {
    /// Writes an event; returns the events behind it and those that belong to it.
    fn event(&mut self, event: &'e Event<'e>, after: &'e [Event<'e>]) -> Option<&'e [Event<'e>]> {
        match event {
            Event::Start(Tag::Image { dest_url, title, .. }) => {
                let (alt, after) = alternative(after)?;
                self.picture(dest_url, title, alt)?;
                return Some(after);
            }
            Event::Start(tag) => self.start(tag)?,
            Event::End(tag) => self.end(*tag)?,
            Event::Text(text) => self.text(text)?,
            Event::Code(code) => {
                self.open("code", Kind::Inline, Vec::new())?;
                self.text(code)?;
                self.close("code")?;
            }
            Event::SoftBreak => self.line_end()?,
            Event::HardBreak => {
                self.open("br", Kind::Void, Vec::new())?;
                self.line_end()?;
            }
            Event::Rule => {
                self.begin_line()?;
                self.open("hr", Kind::Void, Vec::new())?;
                self.line_end()?;
            }
            Event::InlineHtml(html) => self.html(html)?,
            Event::Html(html) => {
                let further = after.iter().take_while(|event| matches!(event, Event::Html(_))).count();
                if further == 0 {
                    self.html(html)?;
                } else {
                    // A block comes line by line.
                    let mut block = html.to_string();
                    block.extend(after[..further].iter().filter_map(|event| match event {
                        Event::Html(html) => Some(&**html),
                        _ => None,
                    }));
                    self.html(&block)?;
                }
                return Some(&after[further..]);
            }
            Event::InlineMath(_) | Event::DisplayMath(_) | Event::FootnoteReference(_) | Event::TaskListMarker(_) => {
                return None;
            }
        }
        Some(after)
    }

    fn start(&mut self, tag: &'e Tag<'e>) -> Option<()> {
        match tag {
            Tag::HtmlBlock => {}
            Tag::Paragraph => self.block("p")?,
            Tag::Heading { level, id, classes, attrs } => {
                if !classes.is_empty() || !attrs.is_empty() {
                    return None;
                }
                self.begin_line()?;
                let name = heading(*level);
                let mut attributes = Vec::new();
                if let Some(id) = id {
                    attributes.extend(direct::clean(name, "id", value(id)?).map(|id| ("id", id)));
                }
                self.open(name, Kind::Block, attributes)?;
            }
            Tag::Table(alignments) => {
                self.table = Table { alignments, cell: 0, in_head: true };
                self.open("table", Kind::Table, Vec::new())?;
            }
            Tag::TableHead => {
                self.open("thead", Kind::Table, Vec::new())?;
                self.open("tr", Kind::Table, Vec::new())?;
            }
            Tag::TableRow => {
                self.table.cell = 0;
                self.open("tr", Kind::Table, Vec::new())?;
            }
            Tag::TableCell => {
                let style = match self.table.alignments.get(self.table.cell) {
                    Some(Alignment::Left) => Some("text-align:left"),
                    Some(Alignment::Center) => Some("text-align:center"),
                    Some(Alignment::Right) => Some("text-align:right"),
                    Some(Alignment::None) | None => None,
                };
                self.table.cell += 1;
                let style = style.map(|style| ("style", style.to_owned())).into_iter().collect();
                self.open(if self.table.in_head { "th" } else { "td" }, Kind::Table, style)?;
            }
            Tag::BlockQuote(None) => self.block_of_lines("blockquote", Vec::new())?,
            Tag::CodeBlock(kind) => {
                self.block("pre")?;
                let language = match kind {
                    CodeBlockKind::Fenced(info) => info.split(' ').next().unwrap_or_default(),
                    CodeBlockKind::Indented => "",
                };
                let mut attributes = Vec::new();
                if !language.is_empty() {
                    let class = format!("language-{}", value(language)?);
                    attributes.extend(direct::clean("code", "class", class.into()).map(|class| ("class", class)));
                }
                self.open("code", Kind::Inline, attributes)?;
            }
            Tag::List(None) => self.block_of_lines("ul", Vec::new())?,
            Tag::List(Some(1)) => self.block_of_lines("ol", Vec::new())?,
            Tag::List(Some(start)) => self.block_of_lines("ol", vec![("start", start.to_string())])?,
            Tag::Item => self.block("li")?,
            Tag::DefinitionList => self.block_of_lines("dl", Vec::new())?,
            Tag::DefinitionListTitle => self.block("dt")?,
            Tag::DefinitionListDefinition => self.block("dd")?,
            Tag::Subscript => self.open("sub", Kind::Inline, Vec::new())?,
            Tag::Superscript => self.open("sup", Kind::Inline, Vec::new())?,
            Tag::Emphasis => self.open("em", Kind::Inline, Vec::new())?,
            Tag::Strong => self.open("strong", Kind::Inline, Vec::new())?,
            Tag::Strikethrough => self.open("del", Kind::Inline, Vec::new())?,
            Tag::Link { link_type, dest_url, title, .. } => self.link(*link_type, dest_url, title)?,
            Tag::Image { .. } | Tag::BlockQuote(Some(_)) | Tag::FootnoteDefinition(_) | Tag::MetadataBlock(_) => {
                return None;
            }
        }
        Some(())
    }

    fn end(&mut self, tag: TagEnd) -> Option<()> {
        match tag {
            TagEnd::HtmlBlock => {}
            TagEnd::Paragraph => self.end_block("p")?,
            TagEnd::Heading(level) => self.end_block(heading(level))?,
            TagEnd::Table => {
                self.close("tbody")?;
                self.end_block("table")?;
            }
            TagEnd::TableHead => {
                self.table.in_head = false;
                self.close("tr")?;
                self.close("thead")?;
                self.open("tbody", Kind::Table, Vec::new())?;
                self.line_end()?;
            }
            TagEnd::TableRow => self.end_block("tr")?,
            TagEnd::TableCell => self.close(if self.table.in_head { "th" } else { "td" })?,
            TagEnd::BlockQuote(_) => self.end_block("blockquote")?,
            TagEnd::CodeBlock => {
                self.close("code")?;
                self.end_block("pre")?;
            }
            TagEnd::List(is_ordered) => self.end_block(if is_ordered { "ol" } else { "ul" })?,
            TagEnd::Item => self.end_block("li")?,
            TagEnd::DefinitionList => self.end_block("dl")?,
            TagEnd::DefinitionListTitle => self.end_block("dt")?,
            TagEnd::DefinitionListDefinition => self.end_block("dd")?,
            TagEnd::Subscript => self.close("sub")?,
            TagEnd::Superscript => self.close("sup")?,
            TagEnd::Emphasis => self.close("em")?,
            TagEnd::Strong => self.close("strong")?,
            TagEnd::Strikethrough => self.close("del")?,
            TagEnd::Link => self.close("a")?,
            TagEnd::Image | TagEnd::FootnoteDefinition | TagEnd::MetadataBlock(_) => return None,
        }
        Some(())
    }

    fn link(&mut self, kind: LinkType, address: &str, title: &str) -> Option<()> {
        let mut attributes = Vec::with_capacity(2);
        let address = if kind == LinkType::Email { Cow::Owned(format!("mailto:{address}")) } else { address.into() };
        attributes.extend(direct::clean("a", "href", encoded(&address)?).map(|address| ("href", address)));
        if !title.is_empty() {
            attributes.extend(direct::clean("a", "title", value(title)?).map(|title| ("title", title)));
        }
        self.open("a", Kind::Inline, attributes)
    }

    fn picture(&mut self, address: &str, title: &str, alt: String) -> Option<()> {
        // These are left out with a warning.
        if address.starts_with("data:") {
            return None;
        }
        let mut attributes = Vec::with_capacity(3);
        attributes.extend(direct::clean("img", "src", encoded(address)?).map(|address| ("src", address)));
        value(&alt)?;
        attributes.extend(direct::clean("img", "alt", alt.into()).map(|alt| ("alt", alt)));
        if !title.is_empty() {
            attributes.extend(direct::clean("img", "title", value(title)?).map(|title| ("title", title)));
        }
        self.open("img", Kind::Void, attributes)
    }

    fn text(&mut self, text: &str) -> Option<()> {
        self.ends_line = text.ends_with('\n');
        self.builder.text(known(text)?)
    }

    fn line_end(&mut self) -> Option<()> {
        self.ends_line = true;
        self.builder.text("\n")
    }

    /// Ends the line when something stands in it.
    fn begin_line(&mut self) -> Option<()> {
        if self.ends_line { Some(()) } else { self.line_end() }
    }

    fn block(&mut self, name: &'static str) -> Option<()> {
        self.begin_line()?;
        self.open(name, Kind::Block, Vec::new())
    }

    /// A block whose content begins on a line of its own.
    fn block_of_lines(&mut self, name: &'static str, attributes: Vec<(&'static str, String)>) -> Option<()> {
        self.begin_line()?;
        self.open(name, Kind::Block, attributes)?;
        self.line_end()
    }

    fn end_block(&mut self, name: &str) -> Option<()> {
        self.close(name)?;
        self.line_end()
    }

    fn open(&mut self, name: &'static str, kind: Kind, attributes: Vec<(&'static str, String)>) -> Option<()> {
        if self.builder.depth() >= DEEPEST || !self.builder.has_place(name, kind) {
            return None;
        }
        self.ends_line = false;
        self.builder.open(Element { name, kind, attributes, children: Vec::new() });
        Some(())
    }

    fn close(&mut self, name: &str) -> Option<()> {
        self.ends_line = false;
        self.builder.close(name)
    }

    /// HTML in which every tag and comment is whole.
    fn html(&mut self, html: &str) -> Option<()> {
        let mut scanner = Scanner::new(html);
        while let Some(piece) = scanner.next() {
            match piece {
                // A reference may go on in the text behind it.
                Piece::Text(text) if text.ends_with('&') => return None,
                Piece::Text(text) => self.builder.text(&direct::decoded(known(text)?)?)?,
                Piece::Stray => return None,
                Piece::Comment(text) => {
                    if let Some(mark) = Mark::of(text) {
                        self.mark(mark)?;
                    }
                }
                Piece::Close(name) => self.builder.close(&name)?,
                Piece::Open(name, attributes) => self.html_tag(&name, &attributes)?,
            }
        }
        if scanner.has_doubts() {
            return None;
        }
        if !html.is_empty() {
            self.ends_line = html.ends_with('\n');
        }
        Some(())
    }

    fn mark(&mut self, mark: Mark) -> Option<()> {
        let class = vec![("class", mark.class().to_owned())];
        self.open("span", Kind::Inline, class)?;
        self.close("span")
    }

    fn html_tag(&mut self, name: &str, written: &[(String, String)]) -> Option<()> {
        let (name, kind) = elements::known(name)?;
        // What is embedded ends links; line ends are lost at the beginning of `pre`; `wbr` may be a mark of ours.
        if kind == Kind::Embed || matches!(name, "pre" | "wbr") || stand_in::is_hidden(written) {
            return None;
        }
        let mut attributes = Vec::with_capacity(written.len());
        for (key, value) in written {
            let Some(key) = elements::attribute(name, key) else { continue };
            let value = if key == "style" {
                direct::alignment(value)?.into()
            } else {
                self::value(value).and_then(|_| direct::decoded(value))?
            };
            if key == "src" && value.starts_with("data:") {
                return None;
            }
            attributes.extend(direct::clean(name, key, value).map(|value| (key, value)));
        }
        self.open(name, kind, attributes)
    }
}

fn heading(level: HeadingLevel) -> &'static str {
    match level {
        HeadingLevel::H1 => "h1",
        HeadingLevel::H2 => "h2",
        HeadingLevel::H3 => "h3",
        HeadingLevel::H4 => "h4",
        HeadingLevel::H5 => "h5",
        HeadingLevel::H6 => "h6",
    }
}

/// Text without characters that a parser would take for something else.
fn known(text: &str) -> Option<&str> {
    let is_known = |byte| matches!(byte, b'\t' | b'\n' | b' '..);
    text.bytes().fold(true, |all, byte| all & is_known(byte)).then_some(text)
}

/// The value of an attribute.
fn value(text: &str) -> Option<Cow<'_, str>> {
    (text.len() <= LONGEST_VALUE).then(|| known(text).map(Cow::Borrowed)).flatten()
}

/// An address in which only such characters are left as may stand there.
fn encoded(address: &str) -> Option<Cow<'_, str>> {
    (address.len() <= LONGEST_VALUE).then(|| utf8_percent_encode(address, ENCODED).into())
}

/// The words that stand for a picture, and the events behind it.
fn alternative<'e>(events: &'e [Event<'e>]) -> Option<(String, &'e [Event<'e>])> {
    let mut words = String::new();
    let mut depth = 0_usize;
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) if depth == 0 => return Some((words, &events[at + 1..])),
            Event::End(_) => depth -= 1,
            Event::InlineHtml(text) | Event::Code(text) | Event::Text(text) => words.push_str(text),
            Event::SoftBreak | Event::HardBreak | Event::Rule => words.push(' '),
            Event::Html(_) => {}
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests;
