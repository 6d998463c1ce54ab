//! HTML inside of feeds: what readers drop, cannot resolve or must repair.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use html5ever::interface::TokenizerResult;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use serde::Deserialize;

use super::findings::Findings;
use super::garbled::is_garbled_throughout;
use super::rules::{ACTIVE, BROKEN_HTML, ESCAPED_TWICE, RELATIVE, Rule, STYLE};
use super::values::{self, has_scheme, shown};

/// No tag has more attributes.
const MOST_ATTRIBUTES: usize = 256;

/// The lists of `html.toml`.
#[derive(Deserialize)]
struct Lists {
    shown: String,
    dropped: String,
    void: String,
    optional: String,
    properties: String,
}

static LISTS: LazyLock<Lists> =
    LazyLock::new(|| toml::from_str(include_str!("html.toml")).expect("the file holds these lists"));

pub(super) fn is_one_of(list: &str, name: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known == name)
}

/// An element of HTML.
#[derive(Clone, Copy)]
struct Known {
    is_shown: bool,
    is_void: bool,
    is_end_optional: bool,
}

static ELEMENTS: LazyLock<HashMap<&str, Known>> = LazyLock::new(|| {
    let lists = [(&LISTS.shown, true), (&LISTS.dropped, false)];
    let all =
        lists.iter().flat_map(|(list, is_shown)| list.split_ascii_whitespace().map(move |name| (name, *is_shown)));
    let known = |(name, is_shown)| {
        (
            name,
            Known {
                is_shown,
                is_void: is_one_of(&LISTS.void, name),
                is_end_optional: is_one_of(&LISTS.optional, name),
            },
        )
    };
    all.map(known).collect()
});

/// True for the name of an element of HTML.
pub(super) fn is_element(name: &str) -> bool {
    ELEMENTS.contains_key(name)
}

fn must_end(name: &str) -> bool {
    ELEMENTS.get(name).is_none_or(|known| !known.is_end_optional)
}

/// The first end tag of HTML in a text.
pub(super) fn end_tag(text: &str) -> Option<String> {
    text.match_indices("</").find_map(|(at, _)| {
        let rest = &text[at + 2..];
        let name = &rest[..rest.bytes().position(|b| !b.is_ascii_alphanumeric())?];
        if !rest[name.len()..].starts_with('>') {
            return None;
        }
        is_element(&name.to_ascii_lowercase()).then(|| format!("</{name}>"))
    })
}

/// What tags there are in a fragment that has none until it is decoded once more: its first one, when that begins a block
/// which also ends.
fn escaped_twice(html: &str) -> Option<String> {
    const BLOCKS: &str = "article blockquote div figure h1 h2 h3 h4 ol p pre section table ul";
    let rest = html.trim_start().strip_prefix("&lt;").filter(|_| !html.contains('<'))?;
    let name = rest.get(..rest.find(|c: char| !c.is_ascii_alphanumeric())?)?;
    (is_one_of(BLOCKS, name) && rest.contains(&format!("&lt;/{name}&gt;"))).then(|| format!("&lt;{name}"))
}

/// What is wrong with one fragment.
struct Problem {
    rule: &'static Rule,
    message: String,
    /// What to look for in the source.
    part: String,
}

/// Looks at a fragment, which is written inside of `at`, escaped or not.
pub(super) fn look(html: &str, at: &Range<usize>, findings: &mut Findings<'_>) {
    // Of XML, texts come without the blanks at their ends.
    let html = html.trim();
    if findings.sound.has(html) {
        return;
    }
    let before = findings.total();
    look_whole(html, at, findings);
    if findings.total() == before {
        findings.sound.add(html);
    }
}

fn look_whole(html: &str, at: &Range<usize>, findings: &mut Findings<'_>) {
    let place = |part: &str, findings: &Findings<'_>| findings.within_range(at, part).unwrap_or_else(|| at.clone());
    if let Some(tag) = escaped_twice(html) {
        findings.add_at(&ESCAPED_TWICE, |findings| place(&tag, findings), "HTML that was escaped twice");
    }
    if let Some(tag) = crowded_tag(html) {
        let message = format!("a tag with more than {MOST_ATTRIBUTES} attributes");
        return findings.add_at(&BROKEN_HTML, |findings| place(tag, findings), message);
    }
    if is_garbled_throughout(html) {
        values::garbling(html, at, findings);
    }
    let mut state = read(without_text(html));
    if let Some(open) = state.open.iter().rev().find(|name| must_end(name)) {
        let (message, part) = (format!("`<{open}>` is never closed"), format!("<{open}"));
        state.problems.push(Problem { rule: &BROKEN_HTML, message, part });
    }
    for Problem { rule, message, part } in state.problems {
        findings.add_at(rule, |findings| place(&part, findings), message);
    }
}

fn read(html: String) -> State {
    let tokenizer = Tokenizer::new(Sink::default(), TokenizerOpts::default());
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from(html));
    while !matches!(tokenizer.feed(&queue), TokenizerResult::Done) {}
    tokenizer.end();
    tokenizer.sink.state.into_inner()
}

/// The tags only, as far as they are written in the common way, in which it is plain where each ends.
fn without_text(html: &str) -> String {
    let mut tags = String::with_capacity(html.len() / 2);
    let mut rest = html;
    while let Some(at) = memchr::memchr(b'<', rest.as_bytes()) {
        rest = &rest[at..];
        let Some(length) = common_tag(rest.as_bytes()) else { return tags + rest };
        tags.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    tags
}

/// The length of a tag like `</a>` or `<a b="c" d="e">`.
fn common_tag(html: &[u8]) -> Option<usize> {
    let name = |from: usize| {
        let length = html[from..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
        html.get(from).is_some_and(u8::is_ascii_alphabetic).then_some(from + length)
    };
    let mut at = name(if html.get(1) == Some(&b'/') { 2 } else { 1 })?;
    while html.get(at) == Some(&b' ') {
        let value = name(at + 1)? + 2;
        (html.get(value - 2..value) == Some(b"=\"")).then_some(())?;
        at = value + memchr::memchr(b'"', &html[value..])? + 1;
    }
    (html.get(at) == Some(&b'>')).then_some(at + 1)
}

/// The first tag with more attributes than people write: tokenizers compare each with all others.
fn crowded_tag(html: &str) -> Option<&str> {
    let bytes = html.as_bytes();
    let mut from = 0;
    while let Some(at) = memchr::memchr(b'<', &bytes[from..]).map(|found| from + found) {
        from = at + 1;
        if !bytes.get(from).is_some_and(u8::is_ascii_alphabetic) {
            continue;
        }
        let (mut count, mut is_between, mut is_value) = (0, false, false);
        while let Some(byte) = bytes.get(from) {
            from += 1;
            match byte {
                b'>' => break,
                quote @ (b'"' | b'\'') if is_value => {
                    let end = memchr::memchr(*quote, &bytes[from..])?;
                    from += end + 1;
                    (is_between, is_value) = (true, false);
                }
                b if b.is_ascii_whitespace() || *b == b'/' => is_between = !is_value,
                b'=' if !is_between => is_value = true,
                _ => {
                    count += usize::from(is_between);
                    if count > MOST_ATTRIBUTES {
                        return html.get(at..(at + 20).min(from));
                    }
                    (is_between, is_value) = (false, false);
                }
            }
        }
    }
    None
}

#[derive(Default)]
struct Sink {
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    open: Vec<String>,
    /// How many of `open` have a name, for each name.
    count: HashMap<String, usize>,
    problems: Vec<Problem>,
}

impl State {
    fn add(&mut self, rule: &'static Rule, message: String, part: impl Into<String>) {
        self.problems.push(Problem { rule, message, part: part.into() });
    }

    fn start(&mut self, tag: &Tag) {
        let name = &*tag.name;
        let attributes = tag.attrs.iter().map(|attribute| (&*attribute.name.local, &*attribute.value));
        let is_foreign = self.is_open("svg") || self.is_open("math");
        match ELEMENTS.get(name) {
            Some(known) if !known.is_shown => {
                self.add(&ACTIVE, format!("readers drop `<{name}>`"), format!("<{name}"));
            }
            None if !is_foreign => {
                self.add(&BROKEN_HTML, format!("`<{name}>` is no element of HTML"), format!("<{name}"));
            }
            _ => look_at_attributes(attributes, self),
        }
        if !(ELEMENTS.get(name).is_some_and(|known| known.is_void) || is_foreign && tag.self_closing) {
            self.open.push(name.to_owned());
            *self.count.entry(name.to_owned()).or_default() += 1;
        }
    }

    fn is_open(&self, name: &str) -> bool {
        self.count.get(name).is_some_and(|count| *count > 0)
    }

    fn end(&mut self, name: &str) {
        if !self.is_open(name) {
            if is_element(name) && !matches!(name, "p" | "br") {
                self.add(&BROKEN_HTML, format!("`</{name}>` closes nothing"), format!("</{name}"));
            }
            return;
        }
        let at = self.open.iter().rposition(|open| open == name).unwrap_or_default();
        let left_open = self.open.split_off(at);
        for closed in &left_open {
            self.count.entry(closed.clone()).and_modify(|count| *count -= 1);
        }
        if let Some(open) = left_open[1..].iter().find(|open| must_end(open)) {
            self.add(&BROKEN_HTML, format!("`<{open}>` is still open where `</{name}>` stands"), format!("</{name}"));
        }
    }
}

/// What is wrong with attributes, of HTML in text or of XHTML.
fn look_at_attributes<'a>(attributes: impl Iterator<Item = (&'a str, &'a str)>, state: &mut State) {
    for (name, value) in attributes {
        let name = name.to_ascii_lowercase();
        let value = value.trim();
        if name.starts_with("on") && name.len() > 3 {
            state.add(&ACTIVE, format!("readers drop `{name}`"), name.as_str());
        }
        match &*name {
            "style" => {
                if let Some(unknown) = unknown_style(value) {
                    let message = format!("not every reader knows the style `{}`", shown(&unknown));
                    state.add(&STYLE, message, unknown);
                }
            }
            "href" | "src" | "poster" | "cite" => {
                let lower = value.to_ascii_lowercase();
                if lower.starts_with("javascript:") || lower.starts_with("vbscript:") {
                    state.add(&ACTIVE, "a link that is a program".to_owned(), value);
                } else if !has_scheme(value) && !value.is_empty() {
                    state.add(&RELATIVE, format!("a relative address: `{}`", shown(value)), value);
                }
            }
            "srcset" => {
                let candidates = value.split(", ").filter_map(|candidate| candidate.split_whitespace().next());
                for address in candidates.filter(|address| !has_scheme(address)) {
                    state.add(&RELATIVE, format!("a relative address: `{}`", shown(address)), address);
                }
            }
            _ => {}
        }
    }
}

/// What of a style attribute is unknown.
fn unknown_style(style: &str) -> Option<String> {
    style.split(';').map(str::trim).filter(|declaration| !declaration.is_empty()).find_map(|declaration| {
        let Some((property, value)) = declaration.split_once(':') else { return Some(declaration.to_owned()) };
        let property = property.trim().to_ascii_lowercase();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || " ,#%.!()'\"-".contains(c);
        let is_known = is_one_of(&LISTS.properties, &property);
        let calls = ["url(", "expression(", "calc(", "var("].iter().any(|call| value.contains(call));
        if is_known { (calls || !value.chars().all(is_plain)).then(|| value.trim().to_owned()) } else { Some(property) }
    })
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        if let Token::TagToken(tag) = token {
            let mut state = self.state.borrow_mut();
            match tag.kind {
                TagKind::StartTag => state.start(&tag),
                TagKind::EndTag => state.end(&tag.name),
            }
        }
        TokenSinkResult::Continue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(html: &str) -> Vec<&'static str> {
        let sound = crate::feed::lint::Sound::default();
        let mut findings = Findings::new("feed.xml", html, &sound);
        look(html, &(0..html.len()), &mut findings);
        findings.finish().into_iter().map(|found| found.code).collect()
    }

    proptest::proptest! {
        #[test]
        fn text_says_nothing_about_tags(
            pieces in proptest::collection::vec(proptest::sample::select(vec![
                "<", "<p>", "</p>", "<a href=\"x\">", "</a>", "<br/>", "<b ", "=", "=\"", "\"", "'", ">", " ", "x", "<!--", "-->", "</",
                "&lt;", "<i c=d>", "<i c='>'>", "<script>", "</script>", "<x-y data-z=\"<>\" style=\"q:r\">", "<i c =\"d\">", "\0", "<?",
            ]), 0..16),
        ) {
            let html = pieces.concat();
            let all = |state: State| {
                let problems = state.problems.into_iter().map(|problem| (problem.rule.code, problem.message, problem.part));
                (problems.collect::<Vec<_>>(), state.open)
            };
            proptest::prop_assert_eq!(all(read(without_text(&html))), all(read(html.clone())), "{}", html);
        }
    }

    #[test]
    fn ordinary_html_has_no_findings() {
        for html in [
            "<p>a<br>b <a href=\"https://example.org/#x\">c</a> <img src='https://example.org/i.png' alt=''></p>",
            "<ul><li>one<li>two</ul><p>three",
            "<table><tr><th style=\"text-align: right\">a</th></tr></table>",
            "<picture><source srcset=\"https://a.example/1.png 1x, https://a.example/2.png 2x\"><img src=\"https://a.example/1.png\"></picture>",
            "<pre><code class=\"language-rust\">Vec&lt;T&gt;</code></pre><a href=\"mailto:a@b.c\">x</a>",
            "a < b and c > d",
        ] {
            assert_eq!(codes(html), [""; 0], "{html}");
        }
    }

    #[test]
    fn what_readers_drop_or_must_repair_is_found() {
        for (html, code) in [
            ("<script>alert(1)</script>", "feed/active-content"),
            ("<p onclick=\"x()\">a</p>", "feed/active-content"),
            ("<a href=\"javascript:x()\">a</a>", "feed/active-content"),
            ("<iframe src=\"https://a.example/\"></iframe>", "feed/active-content"),
            ("<a href=\"/about\">a</a>", "feed/relative-link"),
            ("<a href=\"#fn1\">1</a>", "feed/relative-link"),
            ("<img srcset=\"a.png 1x\">", "feed/relative-link"),
            ("<p style=\"-moz-tab-size: 4\">a</p>", "feed/style"),
            ("<p style=\"color: expression(x)\">a</p>", "feed/style"),
            ("<blink>a</blink>", "feed/broken-html"),
            ("<p><b>a</p>", "feed/broken-html"),
            ("<div>a", "feed/broken-html"),
            ("a</div>", "feed/broken-html"),
        ] {
            assert_eq!(codes(html), [code], "{html}");
        }
    }
}
