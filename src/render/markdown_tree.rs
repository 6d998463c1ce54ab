//! Markdown → the content tree: at once where there is no HTML in it, else by way of HTML. A test compares the two.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use pulldown_cmark::{Alignment, CodeBlockKind, Event, HeadingLevel, LinkType, Tag, TagEnd};

use super::markdown;
use crate::content::{self, Builder, Content};

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

/// Reads the events of a text.
pub(crate) fn read(events: &[Event<'_>]) -> Content {
    if events.iter().any(is_html) {
        return content::read(&markdown::to_html(events.iter().cloned()));
    }
    let mut writer = Writer { builder: Builder::default(), ends_line: true, table: Table::default() };
    let mut rest = events;
    while let Some((event, after)) = rest.split_first() {
        rest = writer.event(event, after);
    }
    writer.builder.finish()
}

/// What HTML says, or has no element of its own.
fn is_html(event: &Event<'_>) -> bool {
    match event {
        Event::Start(Tag::Heading { attrs, .. }) => !attrs.is_empty(),
        Event::Start(tag) => matches!(tag, Tag::FootnoteDefinition(_) | Tag::MetadataBlock(_)),
        Event::End(_) | Event::Text(_) | Event::Code(_) | Event::SoftBreak | Event::HardBreak | Event::Rule => false,
        _ => true,
    }
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
    cell: usize,
    in_head: bool,
}

impl<'e> Writer<'e> {
    /// Writes an event; returns the events behind it and those that belong to it.
    fn event(&mut self, event: &'e Event<'e>, after: &'e [Event<'e>]) -> &'e [Event<'e>] {
        match event {
            Event::Start(Tag::Image { dest_url, title, .. }) => {
                let (alt, after) = alternative(after);
                self.picture(dest_url, title, &alt);
                return after;
            }
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(*tag),
            Event::Text(text) => self.text(text),
            Event::Code(code) => {
                self.open("code", []);
                self.text(code);
                self.close("code");
            }
            Event::SoftBreak => self.text("\n"),
            Event::HardBreak => {
                self.open("br", []);
                self.text("\n");
            }
            Event::Rule => {
                self.begin_line();
                self.open("hr", []);
                self.text("\n");
            }
            // The others are HTML.
            _ => {}
        }
        after
    }

    fn start(&mut self, tag: &'e Tag<'e>) {
        match tag {
            Tag::Paragraph => self.block("p"),
            Tag::Heading { level, id, .. } => {
                self.begin_line();
                self.open(heading(*level), [id.as_ref().map(|id| ("id", (&**id).into()))]);
            }
            Tag::Table(alignments) => {
                self.table = Table { alignments, cell: 0, in_head: true };
                self.open("table", []);
            }
            Tag::TableHead => {
                self.open("thead", []);
                self.open("tr", []);
            }
            Tag::TableRow => {
                self.table.cell = 0;
                self.open("tr", []);
            }
            Tag::TableCell => {
                let style = match self.table.alignments.get(self.table.cell) {
                    Some(Alignment::Left) => Some("text-align:left"),
                    Some(Alignment::Center) => Some("text-align:center"),
                    Some(Alignment::Right) => Some("text-align:right"),
                    Some(Alignment::None) | None => None,
                };
                self.table.cell += 1;
                let style = style.map(|style| ("style", style.into()));
                self.open(if self.table.in_head { "th" } else { "td" }, [style]);
            }
            Tag::BlockQuote(_) => self.block_of_lines("blockquote", None),
            Tag::CodeBlock(kind) => {
                self.block("pre");
                let language = match kind {
                    CodeBlockKind::Fenced(info) => info.split(' ').next().unwrap_or_default(),
                    CodeBlockKind::Indented => "",
                };
                let class = (!language.is_empty()).then(|| ("class", format!("language-{language}").into()));
                self.open("code", [class]);
            }
            Tag::List(None) => self.block_of_lines("ul", None),
            Tag::List(Some(1)) => self.block_of_lines("ol", None),
            Tag::List(Some(start)) => self.block_of_lines("ol", Some(("start", start.to_string().into()))),
            Tag::Item => self.block("li"),
            Tag::DefinitionList => self.block_of_lines("dl", None),
            Tag::DefinitionListTitle => self.block("dt"),
            Tag::DefinitionListDefinition => self.block("dd"),
            Tag::Subscript => self.open("sub", []),
            Tag::Superscript => self.open("sup", []),
            Tag::Emphasis => self.open("em", []),
            Tag::Strong => self.open("strong", []),
            Tag::Strikethrough => self.open("del", []),
            Tag::Link { link_type, dest_url, title, .. } => self.link(*link_type, dest_url, title),
            Tag::HtmlBlock | Tag::Image { .. } | Tag::FootnoteDefinition(_) | Tag::MetadataBlock(_) => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => self.end_block("p"),
            TagEnd::Heading(level) => self.end_block(heading(level)),
            TagEnd::Table => {
                self.close("tbody");
                self.end_block("table");
            }
            TagEnd::TableHead => {
                self.table.in_head = false;
                self.close("tr");
                self.close("thead");
                self.open("tbody", []);
                self.text("\n");
            }
            TagEnd::TableRow => self.end_block("tr"),
            TagEnd::TableCell => self.close(if self.table.in_head { "th" } else { "td" }),
            TagEnd::BlockQuote(_) => self.end_block("blockquote"),
            TagEnd::CodeBlock => {
                self.close("code");
                self.end_block("pre");
            }
            TagEnd::List(is_ordered) => self.end_block(if is_ordered { "ol" } else { "ul" }),
            TagEnd::Item => self.end_block("li"),
            TagEnd::DefinitionList => self.end_block("dl"),
            TagEnd::DefinitionListTitle => self.end_block("dt"),
            TagEnd::DefinitionListDefinition => self.end_block("dd"),
            TagEnd::Subscript => self.close("sub"),
            TagEnd::Superscript => self.close("sup"),
            TagEnd::Emphasis => self.close("em"),
            TagEnd::Strong => self.close("strong"),
            TagEnd::Strikethrough => self.close("del"),
            TagEnd::Link => self.close("a"),
            TagEnd::HtmlBlock | TagEnd::Image | TagEnd::FootnoteDefinition | TagEnd::MetadataBlock(_) => {}
        }
    }

    fn link(&mut self, kind: LinkType, address: &str, title: &str) {
        let address = if kind == LinkType::Email { Cow::Owned(format!("mailto:{address}")) } else { address.into() };
        let address = utf8_percent_encode(&address, ENCODED).into();
        self.open("a", [Some(("href", address)), titled(title)]);
    }

    fn picture(&mut self, address: &str, title: &str, alt: &str) {
        let address = utf8_percent_encode(address, ENCODED).into();
        self.open("img", [Some(("src", address)), Some(("alt", alt.into())), titled(title)]);
    }

    fn text(&mut self, text: &str) {
        self.ends_line = text.ends_with('\n');
        self.builder.text(text);
    }

    /// Ends the line when something stands in it.
    fn begin_line(&mut self) {
        if !self.ends_line {
            self.text("\n");
        }
    }

    fn block(&mut self, name: &'static str) {
        self.begin_line();
        self.open(name, []);
    }

    /// A block whose content begins on a line of its own.
    fn block_of_lines(&mut self, name: &'static str, attribute: Option<(&str, Cow<'_, str>)>) {
        self.begin_line();
        self.open(name, [attribute]);
        self.text("\n");
    }

    fn end_block(&mut self, name: &str) {
        self.close(name);
        self.text("\n");
    }

    fn open<'a>(&mut self, name: &'static str, attributes: impl IntoIterator<Item = Option<(&'a str, Cow<'a, str>)>>) {
        let attributes = attributes.into_iter().flatten();
        let attributes = attributes.filter_map(|(key, value)| self.builder.attribute(name, key, value)).collect();
        self.ends_line = false;
        self.builder.open(name, attributes, false);
    }

    fn close(&mut self, name: &str) {
        self.ends_line = false;
        self.builder.close(name);
    }
}

fn titled(title: &str) -> Option<(&str, Cow<'_, str>)> {
    (!title.is_empty()).then(|| ("title", title.into()))
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

/// The words that stand for a picture, and the events behind it.
fn alternative<'e>(events: &'e [Event<'e>]) -> (String, &'e [Event<'e>]) {
    let mut words = String::new();
    let mut depth = 0_usize;
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) if depth == 0 => return (words, &events[at + 1..]),
            Event::End(_) => depth -= 1,
            Event::Code(text) | Event::Text(text) => words.push_str(text),
            Event::SoftBreak | Event::HardBreak | Event::Rule => words.push(' '),
            _ => {}
        }
    }
    (words, &[])
}
