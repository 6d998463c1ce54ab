//! Content-Transfer-Encoding (RFC 2045 §6) of a part that is encoded once for all readers. Invariant: the place of a
//! reader's token can be filled without encoding anything else again.

use std::fmt::Write as _;
use std::iter::repeat_n;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::name::{self, Part};
use crate::model::NamePlace;

/// Encoded lines are no longer, without CRLF (RFC 2045 §6.7 (5), §6.8).
const LINE: usize = 76;
/// The bytes of one base64 line.
const BASE64_LINE: usize = LINE / 4 * 3;
/// What no text holds, where there is no marker.
pub(super) const NO_MARKER: &str = "\0";

/// How many bytes a part has on its way, which is what Gmail counts.
pub fn sent_size(part: &str) -> usize {
    TransferEncoding::of(part).size(part)
}

/// A stretch of an encoded part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stretch {
    /// The same for every reader.
    Fixed(Vec<u8>),
    /// The reader's token stands here as it is.
    Token,
    /// The reader's name stands here, on quoted-printable lines of its own.
    Name { fallback: String, part: Part },
    /// Whole base64 quanta: these bytes, with what is the reader's own at each of these places, are encoded per reader.
    Quanta { bytes: Vec<u8>, places: Vec<(usize, Own)> },
}

/// What is a reader's own within base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Own {
    Token,
    Name { fallback: String, part: Part },
}

/// How a part is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TransferEncoding {
    /// For text that is readable as it is: mostly ASCII.
    QuotedPrintable,
    /// For text that would triple its size otherwise.
    Base64,
}

impl TransferEncoding {
    /// The better one for a text: base64 when a quarter of the characters is not ASCII. Spam filters score base64 of
    /// ASCII, and no accented Latin text comes near a quarter.
    pub(super) fn of(text: &str) -> Self {
        let (all, foreign) =
            text.chars().fold((0_usize, 0_usize), |(all, foreign), c| (all + 1, foreign + usize::from(!c.is_ascii())));
        if foreign * 4 > all { Self::Base64 } else { Self::QuotedPrintable }
    }

    /// The name in the Content-Transfer-Encoding header.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::QuotedPrintable => "quoted-printable",
            Self::Base64 => "base64",
        }
    }

    /// How many bytes a text with `\n` line ends has when it is encoded.
    pub(super) fn size(self, text: &str) -> usize {
        match self {
            Self::QuotedPrintable => quoted_printable(text, NO_MARKER).len(),
            Self::Base64 => {
                let bytes = text.len() + memchr::memchr_iter(b'\n', text.as_bytes()).count();
                bytes.div_ceil(3) * 4 + bytes.div_ceil(BASE64_LINE) * "\r\n".len()
            }
        }
    }

    /// Encodes a text with `\n` line ends; `marker` stands where a token will. The result ends in CRLF.
    pub(super) fn encode(self, text: &str, marker: &str) -> Vec<Stretch> {
        match self {
            Self::QuotedPrintable => {
                let encoded = quoted_printable(text, marker);
                assert_eq!(
                    encoded.matches(marker).count(),
                    text.matches(marker).count(),
                    "quoted-printable folds around markers"
                );
                split(&encoded, marker)
            }
            Self::Base64 => base64(text, marker, &[], Part::Text),
        }
    }

    /// Like [`TransferEncoding::encode`], for a part with readers' names.
    pub(super) fn encode_with_names(self, text: &str, marker: &str, names: &[NamePlace], part: Part) -> Vec<Stretch> {
        match self {
            Self::QuotedPrintable => quoted_printable_with_names(text, marker, names, part),
            Self::Base64 => base64(text, marker, names, part),
        }
    }
}

/// Each name has lines of its own, so the lines around it are the same for all: in quoted-printable a line may end anywhere.
fn quoted_printable_with_names(text: &str, marker: &str, names: &[NamePlace], part: Part) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    let mut rest = text;
    let next =
        |rest: &str| names.iter().filter_map(|name| Some((rest.find(&name.marker)?, name))).min_by_key(|(at, _)| *at);
    while let Some((at, name)) = next(rest) {
        let mut encoded = quoted_printable(&rest[..at], marker);
        if !rest[..at].is_empty() && !rest[..at].ends_with('\n') {
            encoded.insert(encoded.len() - "\r\n".len(), '=');
        }
        stretches.extend(split(&encoded, marker));
        stretches.push(Stretch::Name { fallback: name.fallback.clone(), part });
        rest = &rest[at + name.marker.len()..];
    }
    let rest = if rest.is_empty() { "\n" } else { rest };
    stretches.extend(TransferEncoding::QuotedPrintable.encode(rest, marker));
    stretches
}

/// The bytes of quanta with what is the reader's own.
pub(super) fn with_own(bytes: &[u8], places: &[(usize, Own)], token: &str, name: Option<&str>) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 256);
    let mut done = 0;
    for (at, own) in places {
        out.extend_from_slice(&bytes[done..*at]);
        done = *at;
        match own {
            Own::Token => {
                out.extend_from_slice(token.as_bytes());
                done += token.len();
            }
            Own::Name { fallback, part } => out.extend_from_slice(name::shown(name, fallback, *part).as_bytes()),
        }
    }
    out.extend_from_slice(&bytes[done..]);
    out
}

/// Cuts encoded text at the markers.
pub(super) fn split(text: &str, marker: &str) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    for (index, fixed) in text.split(marker).enumerate() {
        if index > 0 {
            stretches.push(Stretch::Token);
        }
        stretches.push(Stretch::Fixed(fixed.as_bytes().to_vec()));
    }
    stretches
}

/// Appends base64 in lines.
pub(super) fn push_base64_lines(out: &mut Vec<u8>, bytes: &[u8]) {
    for line in bytes.chunks(BASE64_LINE) {
        let start = out.len();
        out.extend(repeat_n(0, line.len().div_ceil(3) * 4));
        let length =
            STANDARD.encode_slice(line, &mut out[start..]).expect("base64 makes four characters of three bytes");
        debug_assert_eq!(start + length, out.len());
        out.extend_from_slice(b"\r\n");
    }
}

/// Base64 allows lines of any whole number of quanta, so the quanta around a token get lines of their own. Names differ in
/// length, so from the first one on all quanta do.
fn base64(text: &str, marker: &str, names: &[NamePlace], part: Part) -> Vec<Stretch> {
    let text = text.replace('\n', "\r\n");
    let mut marks: Vec<(usize, &str, Own)> = Vec::new();
    for NamePlace { marker, fallback } in names {
        let own = |(at, mark)| (at, mark, Own::Name { fallback: fallback.clone(), part });
        marks.extend(text.match_indices(marker.as_str()).map(own));
    }
    marks.extend(text.match_indices(marker).map(|(at, mark)| (at, mark, Own::Token)));
    marks.sort_by_key(|(at, ..)| *at);
    // The marker of a token is as long as the token and stays; that of a name goes.
    let mut bytes = Vec::with_capacity(text.len());
    let mut places: Vec<(usize, Own)> = Vec::with_capacity(marks.len());
    let mut read = 0;
    for (at, mark, own) in marks {
        bytes.extend_from_slice(&text.as_bytes()[read..at]);
        read = at;
        if matches!(own, Own::Name { .. }) {
            read += mark.len();
        }
        places.push((bytes.len(), own));
    }
    bytes.extend_from_slice(&text.as_bytes()[read..]);
    let mut stretches = Vec::new();
    let mut done = 0;
    let fixed = |from: usize, to: usize| {
        let mut lines = Vec::new();
        push_base64_lines(&mut lines, &bytes[from..to]);
        Stretch::Fixed(lines)
    };
    let mut rest = places.as_slice();
    while let Some((first, _)) = rest.first() {
        let start = first / 3 * 3;
        let end_after = |(at, own): &(usize, Own)| match own {
            Own::Token => (at + marker.len()).next_multiple_of(3).min(bytes.len()),
            Own::Name { .. } => bytes.len(),
        };
        let mut end = end_after(&rest[0]);
        let mut count = 1;
        while let Some(next) = rest.get(count).filter(|(at, _)| *at < end || end == bytes.len()) {
            end = end_after(next).max(end);
            count += 1;
        }
        if start > done {
            stretches.push(fixed(done, start));
        }
        let places = rest[..count].iter().map(|(at, own)| (at - start, own.clone())).collect();
        stretches.push(Stretch::Quanta { bytes: bytes[start..end].to_vec(), places });
        rest = &rest[count..];
        done = end;
    }
    if done < bytes.len() {
        stretches.push(fixed(done, bytes.len()));
    }
    stretches
}

/// RFC 2045 §6.7, with more care than it asks for: no line starts with a dot or with `From `, characters and markers
/// stay whole.
fn quoted_printable(text: &str, marker: &str) -> String {
    let mut encoder = QuotedPrintable { out: String::with_capacity(text.len() * 5 / 4), column: 0 };
    let mut pieces = text.split(marker).peekable();
    while let Some(piece) = pieces.next() {
        let more = pieces.peek().is_some();
        let mut rest = piece;
        while let Some(c) = rest.chars().next() {
            encoder.character(c, rest, more);
            rest = &rest[c.len_utf8()..];
        }
        if more {
            encoder.unit(marker);
        }
    }
    if encoder.column > 0 {
        encoder.end_line();
    }
    encoder.out
}

struct QuotedPrintable {
    out: String,
    column: usize,
}

impl QuotedPrintable {
    /// Adds `c`, the first character of `rest`; `more` when a marker comes after `rest`.
    fn character(&mut self, c: char, rest: &str, more: bool) {
        match c {
            '\n' => self.end_line(),
            ' ' | '\t' => {
                let next = rest[1..].chars().next();
                let ends_line = next == Some('\n') || (next.is_none() && !more);
                self.unit(match (c, ends_line) {
                    (' ', true) => "=20",
                    (_, true) => "=09",
                    (' ', false) => " ",
                    (_, false) => "\t",
                });
            }
            '!'..='~' if c != '=' => {
                if self.column + 1 >= LINE {
                    self.fold();
                }
                // A dot would be stuffed by SMTP, `From ` would be quoted by mailbox files: both break signatures.
                if self.column == 0 && (c == '.' || rest.starts_with("From ")) {
                    self.unit(&escaped(c));
                } else {
                    self.out.push(c);
                    self.column += 1;
                }
            }
            c => self.unit(&escaped(c)),
        }
    }

    /// Adds what must stay on one line.
    fn unit(&mut self, unit: &str) {
        if self.column + unit.len() >= LINE {
            self.fold();
        }
        self.out.push_str(unit);
        self.column += unit.len();
    }

    fn fold(&mut self) {
        self.out.push('=');
        self.end_line();
    }

    fn end_line(&mut self) {
        self.out.push_str("\r\n");
        self.column = 0;
    }
}

fn escaped(c: char) -> String {
    c.encode_utf8(&mut [0; 4]).bytes().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "={byte:02X}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKER: &str = "abcdefghijklmnopqrstuvwxyz";

    fn filled(stretches: &[Stretch], token: &str) -> Vec<u8> {
        let mut out = Vec::new();
        for stretch in stretches {
            match stretch {
                Stretch::Fixed(bytes) => out.extend_from_slice(bytes),
                Stretch::Token => out.extend_from_slice(token.as_bytes()),
                Stretch::Name { .. } => {}
                Stretch::Quanta { bytes, places } => push_base64_lines(&mut out, &with_own(bytes, places, token, None)),
            }
        }
        out
    }

    #[test]
    fn quoted_printable_protects_what_mail_software_changes() {
        let encoded = |text: &str| quoted_printable(text, MARKER);
        assert_eq!(encoded("From me\n.\nend \t\n=é"), "=46rom me\r\n=2E\r\nend =09\r\n=3D=C3=A9\r\n");
        assert_eq!(encoded("last "), "last=20\r\n");
    }

    #[test]
    fn no_quoted_printable_line_is_long_or_starts_with_a_dot() {
        for length in 60..90 {
            let text = format!("{}..From here é{MARKER} {MARKER}\n", "x".repeat(length));
            let encoded = quoted_printable(&text, MARKER);
            assert!(encoded.lines().all(|line| line.len() <= LINE && !line.starts_with(['.', 'F'])), "{encoded}");
            assert_eq!(encoded.matches(MARKER).count(), 2, "{encoded}");
        }
    }

    #[test]
    fn base64_can_be_filled_at_every_phase() {
        let token = "zyxwvutsrqponmlkjihgfedcba";
        for before in 0..70 {
            for between in 0..5 {
                let text = format!(
                    "{}{MARKER}{}{MARKER}\nend",
                    "日".repeat(before) + &"x".repeat(before % 3),
                    "y".repeat(between)
                );
                let encoded = filled(&base64(&text, MARKER, &[], Part::Text), token);
                let lines = String::from_utf8(encoded).unwrap();
                assert!(lines.lines().all(|line| line.len() <= LINE));
                let decoded = STANDARD.decode(lines.replace("\r\n", "")).unwrap();
                assert_eq!(String::from_utf8(decoded).unwrap(), text.replace('\n', "\r\n").replace(MARKER, token));
            }
        }
    }

    #[test]
    fn base64_can_be_filled_with_names_of_every_length_beside_tokens() {
        let token = "zyxwvutsrqponmlkjihgfedcba";
        let marker = "nnnnnnnnnnnnnnnnnnnnnnnnnn".to_owned();
        let names = [NamePlace { marker: marker.clone(), fallback: "読者".to_owned() }];
        for before in 0..4 {
            let text = format!("{}{MARKER}様{marker}\nと{marker}、{MARKER}\n終", "x".repeat(before));
            let stretches = base64(&text, MARKER, &names, Part::Text);
            for name in [None, Some("A"), Some("花子"), Some("A very long name of many words, which is not cut yet")]
            {
                let mut encoded = Vec::new();
                for stretch in &stretches {
                    match stretch {
                        Stretch::Fixed(bytes) => encoded.extend_from_slice(bytes),
                        Stretch::Quanta { bytes, places } => {
                            push_base64_lines(&mut encoded, &with_own(bytes, places, token, name));
                        }
                        other => panic!("{other:?}"),
                    }
                }
                let lines = String::from_utf8(encoded).unwrap();
                let decoded = String::from_utf8(STANDARD.decode(lines.replace("\r\n", "")).unwrap()).unwrap();
                let expected =
                    text.replace('\n', "\r\n").replace(MARKER, token).replace(&marker, name.unwrap_or("読者"));
                assert_eq!(decoded, expected);
            }
        }
    }

    #[test]
    fn the_size_is_that_of_what_is_sent() {
        for text in ["", "a = b\n", &"Zeile – länger als eine\n".repeat(40), &"日本語の本文です。\n".repeat(50)]
        {
            for encoding in [TransferEncoding::QuotedPrintable, TransferEncoding::Base64] {
                let sent = encoding.encode(text, MARKER);
                let length: usize =
                    sent.iter().map(|one| if let Stretch::Fixed(bytes) = one { bytes.len() } else { 0 }).sum();
                assert_eq!(encoding.size(text), length, "{encoding:?} {text}");
            }
        }
    }

    #[test]
    fn the_encoding_follows_the_script() {
        assert_eq!(TransferEncoding::of("Überlegungen, größtenteils auf Deutsch"), TransferEncoding::QuotedPrintable);
        assert_eq!(TransferEncoding::of("日本語の本文"), TransferEncoding::Base64);
    }
}
