//! Message bytes. Invariant: everything that is the same for all readers is encoded once, and the same issue and
//! recipient give the same bytes on every try.

use jiff::tz::TimeZone;

use crate::model::{Issue, Recipient};

use super::header;
use super::transfer::{Stretch, TransferEncoding, push_base64_lines, split};

/// An issue encoded once; each reader's copy is spliced from it.
#[derive(Debug, Clone)]
pub struct Copies {
    pieces: Vec<Piece>,
    /// Enough room for a message without its own parts.
    capacity: usize,
}

#[derive(Debug, Clone)]
enum Piece {
    Part(Stretch),
    Address,
    MessageId,
}

impl Copies {
    /// Encodes an issue: multipart/alternative, the text part first (RFC 2046 §5.1.4).
    ///
    /// # Panics
    /// When the issue's date is not RFC 3339 with an offset, as [`compose`](super::compose) writes it.
    pub fn new(issue: &Issue) -> Self {
        let mut pieces = Vec::new();
        let fixed = |text: String| Piece::Part(Stretch::Fixed(text.into_bytes()));
        let mut top = header::named("From", issue.from_name.as_deref(), &issue.from_address);
        if let Some((name, address)) = &issue.reply_to {
            top += &header::named("Reply-To", name.as_deref(), address);
        }
        pieces.push(fixed(top + "To: "));
        pieces.push(Piece::Address);
        let subject = header::unstructured("Subject", &issue.subject);
        let date = header::plain("Date", &internet_date(&issue.date));
        pieces.push(fixed(format!("\r\n{subject}{date}Message-ID: <")));
        pieces.push(Piece::MessageId);
        pieces.push(fixed(">\r\n".to_owned()));
        let list = list_headers(issue);
        pieces.extend(split(&list, &issue.marker).into_iter().map(Piece::Part));
        // `=_` occurs neither in quoted-printable nor in base64 (RFC 2045 §6.7).
        let boundary = format!("=_{}", issue.digest.get(..32).unwrap_or(&issue.digest));
        let content = format!("multipart/alternative;\r\n boundary=\"{boundary}\"");
        pieces.push(fixed(format!("MIME-Version: 1.0\r\n{}", header::plain("Content-Type", &content))));
        for (kind, text) in [("plain", &issue.text), ("html", &issue.html)] {
            let encoding = TransferEncoding::of(text);
            let content_type = header::plain("Content-Type", &format!("text/{kind}; charset=utf-8"));
            let transfer = header::plain("Content-Transfer-Encoding", encoding.name());
            pieces.push(fixed(format!("\r\n--{boundary}\r\n{content_type}{transfer}\r\n")));
            pieces.extend(encoding.encode(text, &issue.marker).into_iter().map(Piece::Part));
        }
        pieces.push(fixed(format!("\r\n--{boundary}--\r\n")));
        let capacity = pieces.iter().map(Piece::size).sum();
        Self { pieces, capacity }
    }

    /// The message for one reader, ready for the wire: CRLF line ends, lines of at most 998 octets, not dot-stuffed.
    ///
    /// # Panics
    /// When the recipient's token does not have the length that [`recipient`](super::recipient) gives it.
    pub fn message(&self, recipient: &Recipient) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.capacity);
        for piece in &self.pieces {
            match piece {
                Piece::Part(Stretch::Fixed(bytes)) => out.extend_from_slice(bytes),
                Piece::Part(Stretch::Token) => out.extend_from_slice(recipient.token.as_bytes()),
                Piece::Part(Stretch::Quanta { bytes, tokens }) => {
                    let mut bytes = bytes.clone();
                    for &at in tokens {
                        bytes[at..at + recipient.token.len()].copy_from_slice(recipient.token.as_bytes());
                    }
                    push_base64_lines(&mut out, &bytes);
                }
                Piece::Address => out.extend_from_slice(recipient.address.as_str().as_bytes()),
                Piece::MessageId => out.extend_from_slice(recipient.message_id.as_bytes()),
            }
        }
        out
    }
}

impl Piece {
    /// How much room it takes at most.
    fn size(&self) -> usize {
        match self {
            Self::Part(Stretch::Fixed(bytes)) => bytes.len(),
            Self::Part(Stretch::Token) => 32,
            Self::Part(Stretch::Quanta { bytes, .. }) => bytes.len() * 3 / 2 + 8,
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
    // One click tells the server nothing but the address: without a token it could not know who clicks.
    if issue.unsubscribe.iter().any(|address| address.starts_with("https:") && address.contains(&issue.marker)) {
        headers += &header::plain("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
    }
    headers
}

/// RFC 5322 §3.3.
fn internet_date(date: &str) -> String {
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
