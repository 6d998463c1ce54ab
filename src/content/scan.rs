//! Cuts HTML into text, comments and tags with html5ever's tokenizer, in time linear in its length, whatever is in it.
//!
//! The tokenizer alone compares each attribute of a tag with all before it, and drops what follows a tag without an end. So it
//! gets the input one construct at a time: a tag that has no end is cut short, one with many attributes loses the rest.

use std::cell::RefCell;
use std::collections::VecDeque;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use html5ever::{Attribute, LocalName};

/// A piece of HTML, its references decoded.
#[derive(Debug)]
pub(crate) enum Piece {
    /// Never two in a row.
    Text(String),
    Comment(StrTendril),
    Open(LocalName, Vec<Attribute>),
    Close(LocalName),
}

/// The attributes of a tag that are read.
const MOST_ATTRIBUTES: usize = 64;

/// Elements whose content is text, in which no tag begins (HTML §13.2.5.2 and 4).
const RAW: [&str; 8] = ["script", "style", "title", "textarea", "xmp", "noembed", "noframes", "iframe"];

/// So far the end of a tag is looked for to see whether it closes itself.
const LONGEST_TAG: usize = 1024;

pub(crate) struct Scanner<'h> {
    html: &'h str,
    at: usize,
    tokenizer: Tokenizer<Pieces>,
    queue: BufferQueue,
    has_ended: bool,
    /// A quote was found that nothing closes: from then on a tag ends at its first `>`.
    distrusts_quotes: bool,
    /// Elements of which no end tag is left, and `>` when there is none.
    unclosed: Vec<String>,
    /// Elements in each other that have too few end tags.
    unbalanced: Vec<String>,
}

impl<'h> Scanner<'h> {
    pub(crate) fn new(html: &'h str) -> Self {
        let options = TokenizerOpts { discard_bom: false, ..TokenizerOpts::default() };
        Self {
            html,
            at: 0,
            tokenizer: Tokenizer::new(Pieces::default(), options),
            queue: BufferQueue::default(),
            has_ended: false,
            distrusts_quotes: false,
            unclosed: Vec::new(),
            unbalanced: Vec::new(),
        }
    }

    pub(crate) fn next(&mut self) -> Option<Piece> {
        loop {
            let mut pieces = self.tokenizer.sink.0.borrow_mut();
            // A text may go on until something else follows it.
            let is_whole = pieces.len() > 1 || pieces.front().is_some_and(|piece| !matches!(piece, Piece::Text(_)));
            if is_whole || self.has_ended {
                return pieces.pop_front();
            }
            drop(pieces);
            if self.at == self.html.len() {
                self.has_ended = true;
                self.tokenizer.end();
            } else {
                self.construct();
            }
        }
    }

    /// Hands a text, a tag or a comment to the tokenizer.
    fn construct(&mut self) {
        let html = self.html;
        let rest = &html[self.at..];
        match rest.as_bytes() {
            [b'<', b'/', letter, ..] | [b'<', letter, ..] if letter.is_ascii_alphabetic() => self.tag(rest),
            [b'<', b'!' | b'?', ..] => {
                let count = || self.tokenizer.sink.0.borrow().len();
                let (before, mut at) = (count(), self.at);
                while at < html.len() && count() == before {
                    let end = memchr::memchr(b'>', &html.as_bytes()[at..]).map_or(html.len(), |end| at + end + 1);
                    self.feed(&html[at..end]);
                    at = end;
                }
                self.at = at;
            }
            [b'<', ..] => {
                self.feed("&lt;");
                self.at += 1;
            }
            text => {
                let end = memchr::memchr(b'<', text).unwrap_or(text.len());
                self.feed(&rest[..end]);
                self.at += end;
            }
        }
    }

    fn feed(&self, html: &str) {
        self.queue.push_back(StrTendril::from(html));
        let _ = self.tokenizer.feed(&self.queue);
    }

    fn tag(&mut self, rest: &str) {
        let (mut read, mut end) = if self.distrusts_quotes { (None, None) } else { measure(rest.as_bytes()) };
        if end.is_none() {
            self.distrusts_quotes = true;
            let may_end = !self.unclosed.iter().any(|name| name == ">");
            end = memchr::memchr(b'>', if may_end { rest.as_bytes() } else { b"" }).map(|end| end + 1);
            let Some(end) = end else {
                self.unclosed.push(">".to_owned());
                self.feed("&lt;");
                self.at += 1;
                return;
            };
            let (limit, is_closed) = measure(&rest.as_bytes()[..end]);
            read = limit.or(is_closed.is_none().then_some(end - 1));
        }
        let end = end.unwrap_or(rest.len());
        self.feed(&rest[..read.unwrap_or(end)]);
        if read.is_some() {
            // Whatever quote is open is closed.
            self.feed("\"'>");
        }
        self.at += end;
    }

    /// Skips the content of an element, which it returns, and its end tag; nothing when there is no end tag.
    pub(super) fn skip_to_end_of(&mut self, name: &str) -> &'h str {
        if self.unclosed.iter().any(|unclosed| unclosed == name) {
            return "";
        }
        let start = self.at;
        let rest = &self.html.as_bytes()[start..];
        let nests = !RAW.contains(&name) && !self.unbalanced.iter().any(|other| other == name);
        let (mut first, mut end, mut depth) = (None, None, 1_usize);
        for at in memchr::memchr_iter(b'<', rest) {
            let tag = &rest[at + 1..];
            let (is_end, tag) = tag.strip_prefix(b"/").map_or((false, tag), |tag| (true, tag));
            let is_it = tag.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
                && tag.get(name.len()).is_none_or(|next| next.is_ascii_whitespace() || matches!(next, b'/' | b'>'));
            if is_it && is_end {
                first = first.or(Some(at));
                depth -= 1;
                if depth == 0 || !nests {
                    end = Some(at);
                    break;
                }
            } else if is_it && nests {
                let tag = &tag[..tag.len().min(LONGEST_TAG)];
                let end = memchr::memchr(b'>', tag);
                depth += usize::from(end.is_none_or(|end| !tag[..end].ends_with(b"/")));
            }
        }
        if end.is_none() && first.is_some() {
            // Which end is meant cannot be told: the first one, and from here on always.
            self.unbalanced.push(name.to_owned());
            end = first;
        }
        match end {
            Some(end) => {
                let after = start + end + name.len() + 2;
                self.at = self.html[after..].find('>').map_or(self.html.len(), |close| after + close + 1);
                &self.html[start..start + end]
            }
            None => {
                self.unclosed.push(name.to_owned());
                ""
            }
        }
    }
}

/// Where the first attribute begins that is not read, and where the tag ends (HTML §13.2.5.8 and 32 to 40).
fn measure(tag: &[u8]) -> (Option<usize>, Option<usize>) {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        TagName,
        BeforeName,
        Name,
        AfterName,
        BeforeValue,
        Unquoted,
    }
    let (mut at, mut state, mut attributes, mut read) = (1, State::TagName, 0, None);
    // The slash of an end tag.
    at += usize::from(tag.get(1) == Some(&b'/'));
    while let Some(&byte) = tag.get(at) {
        at += 1;
        state = match (state, byte) {
            (_, b'>') => return (read, Some(at)),
            (State::BeforeValue, b'"' | b'\'') => match memchr::memchr(byte, &tag[at..]) {
                Some(end) => {
                    at += end + 1;
                    State::BeforeName
                }
                None => return (read, None),
            },
            (State::Name | State::AfterName, b'=') => State::BeforeValue,
            (State::Name, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ') => State::AfterName,
            (State::AfterName | State::BeforeValue, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ') => state,
            (_, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ') => State::BeforeName,
            (State::BeforeValue | State::Unquoted, _) => State::Unquoted,
            (_, b'/') => State::BeforeName,
            (State::BeforeName | State::AfterName, _) => {
                attributes += 1;
                if attributes > MOST_ATTRIBUTES {
                    read = read.or(Some(at - 1));
                }
                State::Name
            }
            (State::TagName | State::Name, _) => state,
        };
    }
    (read, None)
}

/// The pieces that were read and not yet taken.
#[derive(Default)]
struct Pieces(RefCell<VecDeque<Piece>>);

impl TokenSink for Pieces {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut pieces = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) => match pieces.back_mut() {
                Some(Piece::Text(before)) => before.push_str(&text),
                _ => pieces.push_back(Piece::Text(text.to_string())),
            },
            Token::TagToken(Tag { kind: TagKind::StartTag, name, attrs, .. }) => {
                pieces.push_back(Piece::Open(name, attrs));
            }
            Token::TagToken(Tag { name, .. }) => pieces.push_back(Piece::Close(name)),
            Token::CommentToken(text) => pieces.push_back(Piece::Comment(text)),
            Token::DoctypeToken(_) => pieces.push_back(Piece::Comment(StrTendril::new())),
            Token::NullCharacterToken | Token::EOFToken | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces, written in one form.
    fn pieces(html: &str) -> Vec<String> {
        let mut scanner = Scanner::new(html);
        let pieces = std::iter::from_fn(|| scanner.next());
        let written = pieces.map(|piece| match piece {
            Piece::Text(text) => text,
            Piece::Comment(text) => format!("<!--{text}-->"),
            Piece::Open(name, attributes) => {
                let attributes = attributes.iter().map(|one| format!(" {}=[{}]", one.name.local, one.value));
                format!("<{name}{}>", attributes.collect::<String>())
            }
            Piece::Close(name) => format!("</{name}>"),
        });
        written.collect()
    }

    #[test]
    fn a_tag_is_read_with_its_attributes() {
        assert_eq!(pieces("<IMG alt='a > b' SRC=x.png hidden/>"), ["<img alt=[a > b] src=[x.png] hidden=[]>"]);
        assert_eq!(pieces("a < b <1> </a x>c&amp;&lt"), ["a < b <1> ", "</a>", "c&<"]);
        assert_eq!(pieces("<!-- a > b --><!DOCTYPE c>d<!---->"), ["<!-- a > b -->", "<!---->", "d", "<!---->"]);
    }

    #[test]
    fn what_has_no_end_loses_no_text() {
        assert_eq!(pieces("a<b title=\"c>d<i>e"), ["a", "<b title=[c] '=[]>", "d", "<i>", "e"]);
        assert_eq!(pieces("a<b c"), ["a<b c"]);
    }

    #[test]
    fn many_attributes_are_read_up_to_a_limit() {
        let tag = |count: usize| (0..count).fold(String::new(), |tag, n| tag + &format!(" a{n}='>'"));
        for (written, read) in [(3, 3), (MOST_ATTRIBUTES, MOST_ATTRIBUTES), (MOST_ATTRIBUTES + 9, MOST_ATTRIBUTES)] {
            let pieces = pieces(&format!("<b{}>c", tag(written)));
            assert_eq!((pieces.len(), pieces[0].matches("=[>]").count()), (2, read), "{pieces:?}");
        }
    }
}
