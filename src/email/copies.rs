//! Message bytes. Invariant: everything that is the same for all readers is encoded once, and the same issue and
//! recipient give the same bytes on every try.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest;
use jiff::tz::TimeZone;

use crate::model::{Issue, Recipient};

use super::dkim::{RelaxedBody, Signer};
use super::header;
use super::name::{self, Part};
use super::transfer::{NO_MARKER, Stretch, TransferEncoding, push_base64_lines, split, with_own};

/// An issue encoded once; each reader's copy is spliced from it, and signed.
#[derive(Debug, Clone)]
pub struct Copies {
    head: Vec<Piece>,
    body: Vec<Piece>,
    seal: Option<Seal>,
    /// Enough room for a message without its own parts.
    capacity: usize,
}

#[derive(Debug, Clone)]
enum Piece {
    Part(Stretch),
    Address,
    MessageId,
}

/// What signs each copy. Everything of the body that stands before the first token is hashed once.
#[derive(Clone)]
struct Seal {
    signer: Arc<Signer>,
    hashed: digest::Context,
    /// The rest of the body in relaxed form.
    rest: Vec<Piece>,
}

impl Copies {
    /// Encodes an issue: multipart/alternative, the text part first (RFC 2046 §5.1.4). With a `signer` every copy gets its
    /// DKIM signatures.
    ///
    /// # Panics
    /// When the issue's date is not RFC 3339 with an offset, as [`compose`](super::compose) writes it.
    pub fn new(issue: &Issue, signer: Option<Arc<Signer>>) -> Self {
        // `=_` occurs neither in quoted-printable nor in base64 (RFC 2045 §6.7).
        let boundary = format!("=_{}", issue.digest.get(..32).unwrap_or(&issue.digest));
        let head = head(issue, &boundary);
        let mut body = Vec::new();
        let parts = [("plain", Part::Text, &issue.text, ""), ("html", Part::Html, &issue.html, "\r\n")];
        for (kind, part, text, before) in parts {
            let has_names = issue.names.iter().any(|name| text.contains(&name.marker));
            let encoding = TransferEncoding::of(text);
            let content_type = header::ascii("Content-Type", &format!("text/{kind}; charset=utf-8"));
            let transfer = header::ascii("Content-Transfer-Encoding", encoding.name());
            body.push(fixed(format!("{before}--{boundary}\r\n{content_type}{transfer}\r\n")));
            let stretches = if has_names {
                encoding.encode_with_names(text, &issue.marker, &issue.names, part)
            } else {
                encoding.encode(text, &issue.marker)
            };
            body.extend(stretches.into_iter().map(Piece::Part));
        }
        body.push(fixed(format!("\r\n--{boundary}--\r\n")));
        let capacity = head.iter().chain(&body).map(Piece::size).sum();
        let seal = signer.map(|signer| Seal::new(signer, &body));
        Self { head, body, seal, capacity }
    }

    /// A letter of plain text to one reader, with `headers` of its own before those that say how it is encoded.
    pub(super) fn of_letter(headers: String, text: &str, signer: Option<Arc<Signer>>) -> Self {
        let encoding = TransferEncoding::of(text);
        let mut headers = headers + "MIME-Version: 1.0\r\n";
        headers += &header::ascii("Content-Type", "text/plain; charset=utf-8");
        headers += &header::ascii("Content-Transfer-Encoding", encoding.name());
        let body: Vec<Piece> = encoding.encode(text, NO_MARKER).into_iter().map(Piece::Part).collect();
        let seal = signer.map(|signer| Seal::new(signer, &body));
        Self { capacity: headers.len() + text.len() * 3, head: vec![fixed(headers)], body, seal }
    }

    /// Says why no copy may go onto the wire, which is the same for all: a server that takes a bare CR or LF for a line end
    /// could find a second message in it (RFC 5321 §2.3.8).
    pub fn fault(&self) -> Option<&'static str> {
        let is_sound = |bytes: &[u8]| {
            let pairs = memchr::memmem::find_iter(bytes, b"\r\n").count();
            let ends = memchr::memchr2_iter(b'\r', b'\n', bytes).count();
            ends == pairs * 2
        };
        let all = self.head.iter().chain(&self.body).all(|piece| match piece {
            Piece::Part(Stretch::Fixed(bytes)) => is_sound(bytes),
            _ => true,
        });
        (!all).then_some("a line end that is not CRLF")
    }

    /// The message for one reader, ready for the wire: CRLF line ends, lines of at most 998 octets, not dot-stuffed. It is
    /// the same on every call.
    ///
    /// # Panics
    /// When the recipient's token does not have the length that [`Recipients`](super::Recipients) give it.
    pub fn message(&self, recipient: &Recipient) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.capacity);
        self.write(recipient, &self.signatures(recipient), &mut out);
        out
    }

    /// The DKIM signatures of one reader's copy, as headers; empty when copies are not signed.
    pub fn signatures(&self, recipient: &Recipient) -> String {
        let Some(seal) = &self.seal else { return String::new() };
        let mut head = Vec::with_capacity(2_048);
        fill(&self.head, recipient, &mut |bytes| head.extend_from_slice(bytes));
        seal.signatures(&String::from_utf8_lossy(&head), recipient)
    }

    /// Appends the [message](Self::message) for one reader, with the signatures that were made for it.
    pub fn write(&self, recipient: &Recipient, signatures: &str, to: &mut Vec<u8>) {
        to.reserve(self.capacity);
        // Not signed: the relay may take it away.
        to.extend_from_slice(recipient.relay_header.as_bytes());
        to.extend_from_slice(signatures.as_bytes());
        fill(&self.head, recipient, &mut |bytes| to.extend_from_slice(bytes));
        to.extend_from_slice(b"\r\n");
        fill(&self.body, recipient, &mut |bytes| to.extend_from_slice(bytes));
    }

    /// True when copies are signed, which takes a thousand times as long as everything else.
    pub fn is_signed(&self) -> bool {
        self.seal.is_some()
    }
}

impl Seal {
    fn new(signer: Arc<Signer>, body: &[Piece]) -> Self {
        let mut relaxed = RelaxedBody::default();
        let mut pieces = Vec::new();
        for piece in body {
            match piece {
                Piece::Part(Stretch::Fixed(bytes)) => relaxed.push(bytes),
                // Neither tokens nor encoded names nor lines of base64 hold or begin with white space.
                reader_own => {
                    pieces.push(Piece::Part(Stretch::Fixed(relaxed.take())));
                    pieces.push(reader_own.clone());
                }
            }
        }
        pieces.push(Piece::Part(Stretch::Fixed(relaxed.finish())));
        let mut hashed = digest::Context::new(&digest::SHA256);
        let rest = pieces.split_off(1);
        if let Some(Piece::Part(Stretch::Fixed(bytes))) = pieces.first() {
            hashed.update(bytes);
        }
        Self { signer, hashed, rest }
    }

    fn signatures(&self, head: &str, recipient: &Recipient) -> String {
        let mut hash = self.hashed.clone();
        fill(&self.rest, recipient, &mut |bytes| hash.update(bytes));
        self.signer.sign(head, hash.finish().as_ref())
    }
}

// A hash in the making shows nothing.
impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").field("signer", &self.signer).finish_non_exhaustive()
    }
}

fn fixed(text: String) -> Piece {
    Piece::Part(Stretch::Fixed(text.into_bytes()))
}

/// The headers, without the empty line after them.
fn head(issue: &Issue, boundary: &str) -> Vec<Piece> {
    let mut top = header::named("From", issue.from_name.as_deref(), &issue.from_address);
    if let Some((name, address)) = &issue.reply_to {
        top += &header::named("Reply-To", name.as_deref(), address);
    }
    let mut pieces = vec![fixed(top + "To: "), Piece::Address];
    let subject = header::unstructured("Subject", &issue.subject);
    let date = header::ascii("Date", &internet_date(&issue.date));
    pieces.push(fixed(format!("\r\n{subject}{date}Message-ID: <")));
    pieces.push(Piece::MessageId);
    pieces.push(fixed(">\r\n".to_owned()));
    pieces.extend(split(&list_headers(issue), &issue.marker).into_iter().map(Piece::Part));
    let content = format!("multipart/alternative;\r\n boundary=\"{boundary}\"");
    pieces.push(fixed(format!("MIME-Version: 1.0\r\n{}", header::ascii("Content-Type", &content))));
    pieces
}

/// Writes pieces with what is the reader's own.
fn fill(pieces: &[Piece], recipient: &Recipient, write: &mut dyn FnMut(&[u8])) {
    for piece in pieces {
        match piece {
            Piece::Part(Stretch::Fixed(bytes)) => write(bytes),
            Piece::Part(Stretch::Name { fallback, part }) => {
                let name = name::shown(recipient.name.as_deref(), fallback, *part);
                write(name::quoted_printable(&name).as_bytes());
            }
            Piece::Part(Stretch::Token) => write(recipient.token.as_bytes()),
            Piece::Part(Stretch::Quanta { bytes, places }) => {
                let mut lines = Vec::new();
                push_base64_lines(&mut lines, &with_own(bytes, places, &recipient.token, recipient.name.as_deref()));
                write(&lines);
            }
            Piece::Address => write(recipient.address.as_str().as_bytes()),
            Piece::MessageId => write(recipient.message_id.as_bytes()),
        }
    }
}

impl Piece {
    /// How much room it takes at most.
    fn size(&self) -> usize {
        match self {
            Self::Part(Stretch::Fixed(bytes)) => bytes.len(),
            Self::Part(Stretch::Token) => 32,
            Self::Part(Stretch::Name { .. }) => 256,
            Self::Part(Stretch::Quanta { bytes, places }) => bytes.len() * 3 / 2 + places.len() * 256 + 8,
            Self::Address | Self::MessageId => 320,
        }
    }
}

/// RFC 2919, RFC 2369 and RFC 8058.
fn list_headers(issue: &Issue) -> String {
    let mut headers = header::named("List-Id", Some(&issue.list_id.name), &issue.list_id.id);
    if !issue.unsubscribe.is_empty() {
        headers += &header::addresses("List-Unsubscribe", &issue.unsubscribe);
    }
    if issue.offers_one_click() {
        headers += &header::ascii("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
    }
    if let Some(archive) = &issue.archive {
        headers += &header::addresses("List-Archive", std::slice::from_ref(archive));
    }
    if let Some(feedback_id) = &issue.feedback_id {
        headers += &header::ascii("Feedback-ID", feedback_id);
    }
    headers
}

/// RFC 5322 §3.3.
pub(super) fn internet_date(date: &str) -> String {
    let zoned = date.parse::<jiff::Timestamp>().ok().and_then(|timestamp| {
        let offset = jiff::fmt::temporal::Pieces::parse(date).ok()?.to_numeric_offset()?;
        jiff::fmt::rfc2822::to_string(&timestamp.to_zoned(TimeZone::fixed(offset))).ok()
    });
    zoned.expect("an issue's date is RFC 3339 with an offset")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_keeps_its_offset() {
        assert_eq!(internet_date("2025-06-23T09:30:00+02:00"), "Mon, 23 Jun 2025 09:30:00 +0200");
        assert_eq!(internet_date("2025-06-23T09:30:00+00:00"), "Mon, 23 Jun 2025 09:30:00 +0000");
    }
}
