//! The Markdown that comes out, and what there is to warn of.
//!
//! Blocks are written as HTML on a line of its own behind an empty comment: such a line is a block of HTML that ends with
//! it (`CommonMark` §4.6, kind 2), wherever it stands and whatever stands around it.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Config;
use crate::diagnostic::{Diagnostic, Places};
use crate::model::{Body, Post};

use super::included::Includes;
use super::part::{Part, Work};
use crate::post::Posts;

/// More warnings than this about one body are not read.
const MOST_WARNINGS: usize = 40;

pub(crate) struct Writer<'a> {
    pub(crate) out: String,
    pub(crate) post: &'a Post,
    pub(crate) body: &'a Body,
    pub(crate) posts: &'a Posts,
    pub(crate) config: &'a Config,
    /// Until here in the text only tags in braces are read: within HTML tags and addresses.
    pub(crate) quiet_until: usize,
    /// Where `==` closes a mark.
    pub(crate) mark_ends: Option<usize>,
    /// Where the last emoji ended.
    pub(crate) emoji_end: usize,
    /// The files that MDX imports, by the names that it gives them.
    pub(crate) imports: BTreeMap<String, String>,
    pub(crate) includes: Includes,
    /// Posts that were looked for by name.
    pub(crate) known: BTreeMap<String, Option<usize>>,
    /// Tags of which no end is left.
    pub(crate) unclosed: BTreeSet<String>,
    /// What is open: its name, and the HTML that ends it.
    open: Vec<(String, &'static str)>,
    pub(crate) work: Work,
    /// Expands the body of a box, which is a text of its own.
    pub(crate) expand: fn(&Part<'_>, &mut Self),
    warned: BTreeSet<String>,
    warnings: Vec<Diagnostic>,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(
        (post, body): (&'a Post, &'a Body),
        posts: &'a Posts,
        config: &'a Config,
        expand: fn(&Part<'_>, &mut Self),
    ) -> Self {
        let length = body.text.len();
        Self {
            out: String::with_capacity(length + length / 8),
            post,
            body,
            posts,
            config,
            quiet_until: 0,
            mark_ends: None,
            emoji_end: usize::MAX,
            imports: BTreeMap::new(),
            includes: Includes::of(post, body, &config.posts.dir),
            known: BTreeMap::new(),
            unclosed: BTreeSet::new(),
            open: Vec::new(),
            work: Work::new(length),
            expand,
            warned: BTreeSet::new(),
            warnings: Vec::new(),
        }
    }

    pub(crate) fn finish(mut self) -> (String, Vec<Diagnostic>) {
        if !self.open.is_empty() {
            self.out.push_str("\n\n");
        }
        while let Some((_, end)) = self.open.pop() {
            self.out.push_str(end);
        }
        (self.out, self.warnings)
    }

    /// HTML that stands for the text of a span: as a block when it is alone in its line.
    pub(crate) fn block(&mut self, part: &Part<'_>, (at, end): (usize, usize), html: &str) {
        let is_inline = ["<a ", "<img ", "<code>"].iter().any(|start| html.starts_with(start));
        let begins_line = part.margin(at).is_some();
        let ends_line = part.ends_line(end);
        match (is_inline, begins_line && ends_line) {
            (true, true) => self.out.push_str(&format!("<!-- --><p>{html}</p>")),
            (true, false) => self.out.push_str(html),
            (false, true) => self.out.push_str(&format!("<!-- -->{html}")),
            (false, false) => {
                if begins_line {
                    self.out.push_str("<!-- -->");
                }
                self.out.push_str(html);
                if begins_line {
                    self.new_line(part, at);
                }
            }
        }
    }

    /// Opens an element around the Markdown that follows `part[..end]`, until [`Self::close`] with the same name.
    pub(crate) fn open(&mut self, part: &Part<'_>, span: (usize, usize), name: &str, html: &str, close: &'static str) {
        let (at, end) = span;
        if !html.is_empty() {
            if part.margin(at).is_some() {
                self.out.push_str("<!-- -->");
            }
            self.out.push_str(html);
            if !part.ends_line(end) {
                self.new_line(part, at);
            }
        }
        self.open.push((name.to_owned(), close));
    }

    /// A quotation that begins with a bold label.
    pub(crate) fn open_note(&mut self, part: &Part<'_>, span: (usize, usize), name: &str, label: &str) {
        let label = literal(label.trim());
        let label = if label.is_empty() { label } else { format!("<p><strong>{label}</strong></p>") };
        self.open(part, span, name, &format!("<blockquote>{label}"), "</blockquote>");
    }

    /// Whether [`Self::open`] opened this, not far away.
    pub(crate) fn is_open(&self, name: &str) -> bool {
        self.open.iter().rev().take(16).any(|(open, _)| open == name)
    }

    /// Closes what [`Self::open`] opened, and what is open inside of it; false when there is none.
    pub(crate) fn close(&mut self, part: &Part<'_>, (at, end): (usize, usize), is_it: impl Fn(&str) -> bool) -> bool {
        let nearest = self.open.iter().rev().take(16).position(|(name, _)| is_it(name));
        let Some(nearest) = nearest else { return false };
        let mut html = String::new();
        for (_, close) in self.open.drain(self.open.len() - 1 - nearest..).rev() {
            html.push_str(close);
        }
        if !html.is_empty() && html != "</a>" {
            if part.margin(at).is_none() {
                self.new_line(part, at);
            }
            self.out.push_str("<!-- -->");
            self.out.push_str(&html);
            if !part.ends_line(end) {
                self.new_line(part, at);
            }
        } else {
            self.out.push_str(&html);
        }
        true
    }

    /// A new line below `at`, as far in as its line is.
    pub(crate) fn new_line(&mut self, part: &Part<'_>, at: usize) {
        let start = part.text[..at].rfind('\n').map_or(0, |end| end + 1);
        self.work.spend(at - start);
        let line = &part.text[start..at];
        let margin = line.len() - line.trim_start_matches([' ', '\t', '>']).len();
        self.out.push('\n');
        self.out.push_str(&line[..margin.min(64)]);
    }

    /// Warns once of each `kind`.
    pub(crate) fn warn(
        &mut self,
        code: &'static str,
        kind: &str,
        part: &Part<'_>,
        at: usize,
        message: String,
        help: &str,
    ) {
        if self.warnings.len() >= MOST_WARNINGS || !self.warned.insert(format!("{code} {kind}")) {
            return;
        }
        let text = &self.body.text;
        let start: usize = text.split_inclusive('\n').take(part.line_number(at)).map(str::len).sum();
        let line = text[start..].lines().next().unwrap_or_default();
        let at = start + line.find(part.line(at).trim_end()).unwrap_or_default();
        let place = Places::from_line(self.body.first_line, &self.post.path, text).at(at..at + kind.len());
        self.warnings.push(Diagnostic::warning(code, message).at(place).help(help));
    }

    /// Says that what `mark` opens has no end.
    pub(crate) fn never_closed(&mut self, mark: &str, part: &Part<'_>, at: usize) {
        let message = format!("`{mark}` opens a tag that nothing closes: the mark is left out");
        self.warn("post/shortcode", mark, part, at, message, "close the tag, or write it as code between backticks");
    }

    /// Says that `kind` is left out.
    pub(crate) fn left_out(&mut self, kind: &str, part: &Part<'_>, at: usize) {
        let message = format!("`{kind}` means nothing in a feed or a mail: it is left out");
        self.warn("post/shortcode", kind, part, at, message, "write in Markdown or HTML what it shows");
    }
}

/// Text that no dialect, no Markdown and no HTML gives a meaning to.
pub(crate) fn literal(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        match c {
            '\n' => safe.push(' '),
            c if c.is_ascii_punctuation() => safe.push_str(&format!("&#{};", u32::from(c))),
            c => safe.push(c),
        }
    }
    safe
}

/// The value of an attribute within double quotes.
pub(crate) fn attribute(value: &str) -> String {
    let mut safe = String::with_capacity(value.len());
    for c in value.trim().chars() {
        match c {
            '\n' => safe.push(' '),
            '"' | '&' | '<' | '>' | '|' | '`' => safe.push_str(&format!("&#{};", u32::from(c))),
            c => safe.push(c),
        }
    }
    safe
}

/// Code on one line of HTML.
pub(crate) fn code_block(language: &str, code: &str) -> String {
    let language: String =
        language.trim().chars().take_while(|c| c.is_ascii_alphanumeric() || "+#._-".contains(*c)).collect();
    let class = if language.is_empty() { language } else { format!(" class=\"language-{language}\"") };
    let code = code.trim_matches('\n').trim_end();
    let mut html = format!("<pre><code{class}>");
    for (n, line) in code.split('\n').enumerate() {
        if n > 0 {
            html.push_str("&#10;");
        }
        html.push_str(&literal(line));
    }
    html.push_str("&#10;</code></pre>");
    html
}

/// A piece of code within a line.
pub(crate) fn code_span(code: &str) -> String {
    format!("<code>{}</code>", literal(code))
}
