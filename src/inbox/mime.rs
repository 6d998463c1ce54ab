//! The parts of a message, within limits. mail-parser reads headers and decodes; the tree is walked here, because its version 0.11
//! has no limits on depth and parts, and looks through all of the rest for each boundary.

use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::html::html_to_text;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Message, MessageParser, MimeHeaders as _};

use super::addresses;
use crate::model::EmailAddress;

const LONGEST_HEAD: usize = 32 << 10;
const LONGEST_PART_HEAD: usize = 8 << 10;
const LONGEST_TEXT: usize = 64 << 10;
const MOST_PARTS: usize = 64;
const DEEPEST: usize = 8;

/// The headers of a message or part.
#[derive(Debug)]
pub(super) struct Head<'m>(Option<Message<'m>>);

impl<'m> Head<'m> {
    fn new(bytes: &'m [u8]) -> Self {
        Self(MessageParser::default().parse_headers(bytes))
    }

    /// A header on one line.
    pub(super) fn text(&self, name: &'static str) -> Option<String> {
        let raw = self.0.as_ref()?.header_raw(name)?;
        Some(raw.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    pub(super) fn subject(&self) -> String {
        self.0.as_ref().and_then(|message| message.subject()).unwrap_or_default().to_owned()
    }

    pub(super) fn addresses(&self, name: &'static str) -> Vec<String> {
        addresses::all(&self.text(name).unwrap_or_default())
    }

    /// The addresses of who wrote it, and not those that stand in names and comments.
    pub(super) fn from(&self) -> Vec<String> {
        let from = self.0.as_ref().and_then(Message::from).into_iter().flat_map(|from| from.iter());
        from.filter_map(|address| address.address()?.trim().parse::<EmailAddress>().ok())
            .map(|address| address.as_str().to_owned())
            .collect()
    }

    pub(super) fn message_ids(&self, name: &'static str) -> Vec<String> {
        message_ids(&self.text(name).unwrap_or_default())
    }

    /// The headers of this name, each on one line: the last server on the way has written the first.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = String> {
        let all =
            self.0.iter().flat_map(Message::headers_raw).filter(move |(found, _)| found.eq_ignore_ascii_case(name));
        all.map(|(_, raw)| raw.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The first of them.
    pub(super) fn topmost(&self, name: &str) -> Option<String> {
        self.all(name).next()
    }

    /// When the message was written, in seconds since 1970.
    pub(super) fn date(&self) -> Option<i64> {
        self.0.as_ref()?.date().map(mail_parser::DateTime::to_timestamp)
    }

    /// True for what was sent to many.
    pub(super) fn is_of_a_list(&self) -> bool {
        ["List-Id", "List-Unsubscribe"].iter().any(|name| self.text(name).is_some())
    }

    /// `type/subtype` in lower case.
    fn media_type(&self) -> String {
        let found = self.0.as_ref().and_then(|message| message.content_type());
        found.map_or_else(
            || "text/plain".to_owned(),
            |found| format!("{}/{}", found.ctype(), found.subtype().unwrap_or_default()).to_ascii_lowercase(),
        )
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.0.as_ref()?.content_type()?.attribute(name)
    }

    /// The bytes of a body without its transfer encoding.
    fn decode<'b>(&self, body: &'b [u8]) -> Cow<'b, [u8]> {
        let encoding = self.0.as_ref().and_then(|message| message.content_transfer_encoding()).unwrap_or_default();
        let decoded = match encoding.trim().to_ascii_lowercase().as_str() {
            "base64" => base64_decode(body),
            "quoted-printable" => quoted_printable_decode(body),
            _ => None,
        };
        decoded.map_or(Cow::Borrowed(body), Cow::Owned)
    }
}

/// A part that is no multipart.
#[derive(Debug)]
pub(super) struct Part<'m> {
    pub(super) head: Head<'m>,
    pub(super) media_type: String,
    body: &'m [u8],
    /// The headers of the message that it is, when it is one.
    pub(super) original: Option<Head<'m>>,
}

impl Part<'_> {
    /// Its text, without transfer encoding and markup.
    pub(super) fn text(&self) -> String {
        let bytes = self.head.decode(&self.body[..self.body.len().min(LONGEST_TEXT)]);
        let decoder = self.head.parameter("charset").and_then(|charset| charset_decoder(charset.as_bytes()));
        let text = decoder.map_or_else(|| String::from_utf8_lossy(&bytes).into_owned(), |decode| decode(&bytes));
        if self.media_type == "text/html" { html_to_text(&text) } else { text }
    }
}

/// The parts of a message in order; the first one has its headers.
pub(super) fn parts(message: &[u8]) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut waiting = vec![(without_empty_lines(message), 0, LONGEST_HEAD)];
    // The headers of the whole are those of the first part that is no multipart, too: they stand first of all.
    let mut whole = None;
    while let Some((bytes, depth, longest)) = waiting.pop() {
        if parts.len() == MOST_PARTS {
            break;
        }
        let (head, body) = split(bytes, longest);
        let head = Head::new(head);
        let media_type = head.media_type();
        let is_multipart = media_type.starts_with("multipart/") && depth < DEEPEST;
        let found = if is_multipart { within(&head, body, MOST_PARTS - parts.len()) } else { Vec::new() };
        if !found.is_empty() {
            waiting.extend(found.into_iter().rev().map(|part| (part, depth + 1, LONGEST_PART_HEAD)));
            if whole.is_none() {
                whole = Some(Part { head, media_type, body: b"", original: None });
            }
            continue;
        }
        // A multipart without any part is text.
        let media_type = if is_multipart { "text/plain".to_owned() } else { media_type };
        let is_message = matches!(
            media_type.as_str(),
            "message/rfc822" | "message/global" | "text/rfc822-headers" | "message/rfc822-headers"
        );
        // What is encoded again is not looked into.
        let original = is_message.then(|| Head::new(split(body, LONGEST_HEAD).0));
        parts.push(Part { head, media_type, body, original });
    }
    parts.splice(0..0, whole);
    parts
}

/// Without the lines before the headers that some programs leave there.
fn without_empty_lines(mut message: &[u8]) -> &[u8] {
    while let Some(end) = memchr::memchr(b'\n', message).filter(|end| message[..*end].trim_ascii().is_empty()) {
        message = &message[end + 1..];
    }
    message
}

/// The parts of a multipart. Reports that went through many hands may have lost the boundary that their headers name: then the first
/// line in the body that looks like one counts.
fn within<'m>(head: &Head<'_>, body: &'m [u8], most: usize) -> Vec<&'m [u8]> {
    let found = head.parameter("boundary").map(|boundary| between(body, boundary.as_bytes(), most)).unwrap_or_default();
    if !found.is_empty() {
        return found;
    }
    let mut lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end).peekable();
    while let Some(line) = lines.next() {
        let has_header = lines.peek().is_some_and(|next| next.len() > 8 && next[..8].eq_ignore_ascii_case(b"content-"));
        if let Some(boundary) = line.strip_prefix(b"--").filter(|boundary| !boundary.is_empty() && has_header) {
            return between(body, boundary, most);
        }
    }
    found
}

/// The headers, of which so many bytes are looked at, and what follows the empty line after them.
fn split(bytes: &[u8], longest: usize) -> (&[u8], &[u8]) {
    let after_empty = |rest: &'_ [u8]| {
        let length = if rest.starts_with(b"\r\n") { 2 } else { usize::from(rest.starts_with(b"\n")) };
        (length > 0).then_some(length)
    };
    if let Some(length) = after_empty(bytes) {
        return (b"", &bytes[length..]);
    }
    let mut ends = memchr::memchr_iter(b'\n', bytes).map(|at| at + 1);
    match ends.find_map(|end| Some((end, after_empty(&bytes[end..])?))) {
        Some((end, length)) => (&bytes[..end.min(longest)], &bytes[end + length..]),
        None => (&bytes[..bytes.len().min(longest)], b""),
    }
}

/// What stands between the lines of a boundary (RFC 2046 §5.1.1), at most so many parts.
fn between<'m>(body: &'m [u8], boundary: &[u8], most: usize) -> Vec<&'m [u8]> {
    let mut parts = Vec::new();
    let (mut begin, mut at) = (None, 0);
    while at < body.len() && parts.len() < most {
        let end = memchr::memchr(b'\n', &body[at..]).map_or(body.len(), |end| at + end + 1);
        let line = &body[at..end];
        if let Some(rest) = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary)) {
            let rest = rest.trim_ascii_end();
            if rest.is_empty() || rest == b"--" {
                parts.extend(begin.map(|begin| &body[begin..at]));
                begin = Some(end).filter(|_| rest.is_empty());
            }
        }
        at = end;
    }
    // The last line may be missing.
    parts.extend(begin.filter(|_| parts.len() < most).map(|begin| &body[begin..]));
    parts
}

/// What stands in angle brackets and has an `@`.
pub(super) fn message_ids(text: &str) -> Vec<String> {
    let ids = text.split('<').skip(1).filter_map(|rest| rest.split_once('>'));
    ids.map(|(id, _)| id.trim().to_owned()).filter(|id| id.contains('@') && id.len() <= 320).take(20).collect()
}
