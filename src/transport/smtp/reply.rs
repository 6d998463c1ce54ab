//! What a server says: cleaned on the way in, so that every legal or nearly legal reply keeps its code, and kept as one
//! line on the way out.

use std::error::Error as _;

use encoding_rs::{Decoder, UTF_8};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::response::{Code, Response, Severity};

use super::mask::Mask;

/// A longer line of a reply is cut: RFC 5321 §4.5.3.1.5 allows 512 bytes, and lettre gives up at 1000.
const LINE_LIMIT: usize = 900;

/// More than this is no reply (Postfix has the same limit).
pub(super) const REPLY_BYTES: usize = 100_000;

/// How much of a reply is kept, in characters.
const REPLY_LIMIT: usize = 500;

/// Cleans the bytes of a server before lettre sees them: lettre 0.11.23 fails a whole reply, code and all, for one byte
/// that is not UTF-8, for a long line and for a bare code (legal by RFC 5321 §4.2), and waits for ever after a bare LF.
#[derive(Debug)]
pub(super) struct Filter {
    /// Keeps a character that has not come whole yet.
    decoder: Decoder,
    column: usize,
}

impl Default for Filter {
    fn default() -> Self {
        Self { decoder: UTF_8.new_decoder_without_bom_handling(), column: 0 }
    }
}

impl Filter {
    /// Appends to `clean` what `bytes`, the next ones from the server, mean.
    pub(super) fn push(&mut self, bytes: &[u8], clean: &mut Vec<u8>) {
        let mut text = String::with_capacity(self.decoder.max_utf8_buffer_length(bytes.len()).unwrap_or_default());
        let _ = self.decoder.decode_to_string(bytes, &mut text, false);
        for c in text.chars() {
            match c {
                '\r' => {}
                '\n' => {
                    clean.extend_from_slice(if self.column == 3 { b" \r\n" } else { b"\r\n" });
                    self.column = 0;
                }
                // Once a line is cut, nothing more of it is kept.
                _ if self.column + c.len_utf8() > LINE_LIMIT => self.column = LINE_LIMIT,
                _ => {
                    clean.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    self.column += c.len_utf8();
                }
            }
        }
    }
}

/// How many bytes the first whole reply in `clean` takes, when it has arrived whole: its last line has no `-` after the
/// code (RFC 5321 §4.2.1).
pub(super) fn first_reply(clean: &[u8]) -> Option<usize> {
    let mut length = 0;
    for line in clean.split_inclusive(|&byte| byte == b'\n') {
        length += line.len();
        let goes_on = matches!(line, [a, b, c, b'-', ..] if [a, b, c].iter().all(|byte| byte.is_ascii_digit()));
        if line.ends_with(b"\n") && !goes_on {
            return Some(length);
        }
    }
    None
}

/// True when lettre found no connection, rather than a reply that it cannot read.
pub(super) fn lost(error: &Error) -> bool {
    // lettre calls the end of the stream a response error with this text.
    let ended = error.source().is_some_and(|source| source.to_string() == "incomplete response");
    ended || !(error.is_response() || error.is_client())
}

/// A reply: its code, and all of it as one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) code: u16,
    pub(super) text: String,
}

impl Reply {
    fn new(code: Code, text: &str, mask: &Mask) -> Self {
        Self { code: code.into(), text: one_line(&format!("{code} {}", mask.apply(text))) }
    }

    /// A reply, without what it repeats of the password.
    pub(super) fn read(response: &Response, mask: &Mask) -> Self {
        Self::new(response.code(), &response.message().collect::<Vec<_>>().join(" "), mask)
    }

    /// The reply inside lettre's error, when it is about a 4yz or 5yz.
    pub(super) fn from_error(error: &Error, mask: &Mask) -> Option<Self> {
        // The source of such an error is the text of the reply, its lines already joined.
        let text = error.source().map(ToString::to_string).unwrap_or_default();
        error.status().map(|code| Self::new(code, &text, mask))
    }

    /// 2yz: done.
    pub(super) fn is_done(&self) -> bool {
        self.code / 100 == Severity::PositiveCompletion as u16
    }

    /// 4yz: not now.
    pub(super) fn is_temporary(&self) -> bool {
        self.code / 100 == Severity::TransientNegativeCompletion as u16
    }

    /// 5yz: never.
    pub(super) fn is_permanent(&self) -> bool {
        self.code / 100 == Severity::PermanentNegativeCompletion as u16
    }

    /// The server closes the connection, whichever the reader (RFC 5321 §3.8).
    pub(super) fn closes(&self) -> bool {
        self.code == 421
    }

    /// The server wants a login or a better one (RFC 4954 §6): no recipient is to blame.
    pub(super) fn is_about_login(&self) -> bool {
        matches!(self.code, 530 | 534 | 535 | 538)
    }
}

/// Foreign text as one line that can be shown and stored: no control characters, single spaces, at most 500 characters.
pub(in crate::transport) fn one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(REPLY_LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn clean(bytes: &[u8]) -> Vec<u8> {
        let mut clean = Vec::new();
        Filter::default().push(bytes, &mut clean);
        clean
    }

    #[test]
    fn nearly_legal_replies_become_legal() {
        assert_eq!(clean(b"550 bo\xeete inconnue\r\n"), "550 bo\u{fffd}te inconnue\r\n".as_bytes());
        assert_eq!(clean("550 boîte 日本\r\n".as_bytes()), "550 boîte 日本\r\n".as_bytes());
        assert_eq!(clean(b"250\r\n"), b"250 \r\n", "a bare code is legal (RFC 5321 section 4.2)");
        assert_eq!(clean(b"250 ok\n"), b"250 ok\r\n", "a bare LF ends a line");
        assert_eq!(clean(&[b"250 ", &*vec![b'x'; 5000], b"\r\n"].concat()).len(), LINE_LIMIT + 2);
        assert_eq!(
            clean(format!("250 {}\r\n", "é日".repeat(500)).as_bytes()).len(),
            LINE_LIMIT - 1 + 2,
            "whole characters"
        );
    }

    #[test]
    fn a_reply_ends_with_the_line_that_has_no_hyphen() {
        assert_eq!(first_reply(b"220-one\r\n220-two\r\n"), None);
        assert_eq!(first_reply(b"220 on"), None);
        assert_eq!(first_reply(b"220-one\r\n220 two\r\n250 injected\r\n"), Some(18));
    }

    #[test]
    fn a_reply_is_kept_as_one_short_line() {
        let response: Response = "550-5.1.1 no such\x07user\r\n550 5.1.1 here\r\n".parse().unwrap();
        assert_eq!(Reply::read(&response, &Mask::default()).text, "550 5.1.1 no such user 5.1.1 here");
        assert_eq!(one_line(&"é".repeat(2000)).chars().count(), REPLY_LIMIT);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_short_lines_of_text_however_it_is_cut(
            bytes in prop::collection::vec(any::<u8>(), 0..3000),
            cut in 0usize..3000,
        ) {
            let whole = clean(&bytes);
            let (first, second) = bytes.split_at(cut.min(bytes.len()));
            let (mut filter, mut parts) = (Filter::default(), Vec::new());
            filter.push(first, &mut parts);
            filter.push(second, &mut parts);
            prop_assert_eq!(&parts, &whole);
            prop_assert!(std::str::from_utf8(&whole).is_ok());
            prop_assert!(whole.split(|&b| b == b'\n').all(|line| line.len() <= LINE_LIMIT + 2));
        }
    }
}
