//! Header lines (RFC 5322 §2.2, RFC 2047). Invariant: whatever the texts are, a line is ASCII, ends in CRLF, and is
//! folded only between its tokens; so no title or name can add a header or break one.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::clean::{one_line, whole_characters};

/// RFC 5322 §2.1.1: lines should be no longer, without CRLF.
const LINE: usize = 78;
/// RFC 2047 §2: a line that holds an encoded-word.
const ENCODED_LINE: usize = 76;
/// RFC 2047 §2: one encoded-word with its delimiters.
const ENCODED_WORD: usize = 75;
const OPENING: usize = "=?utf-8?Q?".len();
const CLOSING: usize = "?=".len();
/// A longer word is sent encoded, because nothing else can be folded.
const LONGEST_WORD: usize = 60;

/// A header whose value is text for people, such as Subject (RFC 5322 §2.2.1).
pub(super) fn unstructured(name: &str, text: &str) -> String {
    let text = one_line(text);
    let mut header = Header::new(name);
    if is_plain(&text) {
        text.split(' ').for_each(|word| header.token(word));
    } else {
        header.encoded_words(&text);
    }
    header.finish()
}

/// A header that holds one mailbox (RFC 5322 §3.4) or a List-Id (RFC 2919 §3): a name and a value in brackets.
pub(super) fn named(name: &str, display_name: Option<&str>, address: &str) -> String {
    let mut header = Header::new(name);
    let display_name = display_name.map(one_line).unwrap_or_default();
    if display_name.is_empty() && !name.eq_ignore_ascii_case("list-id") {
        header.token(address);
    } else {
        if !display_name.is_empty() {
            header.phrase(&display_name);
        }
        header.token(&format!("<{address}>"));
    }
    header.finish()
}

/// A header that holds addresses in brackets (RFC 2369 §2), folded only after a comma.
pub(super) fn addresses(name: &str, addresses: &[String]) -> String {
    let mut header = Header::new(name);
    for (index, address) in addresses.iter().enumerate() {
        let comma = if index + 1 < addresses.len() { "," } else { "" };
        header.token(&format!("<{address}>{comma}"));
    }
    header.finish()
}

/// A header whose value is ASCII of our own making.
pub(super) fn ascii(name: &str, value: &str) -> String {
    format!("{name}: {value}\r\n")
}

/// A header under construction.
struct Header {
    text: String,
    /// How long the last line is.
    column: usize,
    empty: bool,
    /// Whether the last line holds an encoded-word.
    has_encoded: bool,
}

impl Header {
    fn new(name: &str) -> Self {
        Self { text: format!("{name}:"), column: name.len() + 1, empty: true, has_encoded: false }
    }

    /// Adds what must stay in one piece, after a space; on a new line when it does not fit on this one.
    fn token(&mut self, token: &str) {
        // The first token stays beside the name: some readers take an empty first line for an empty header.
        self.token_within(token, if self.has_encoded { ENCODED_LINE } else { LINE });
    }

    fn token_within(&mut self, token: &str, limit: usize) {
        if !self.empty && self.column + 1 + token.len() > limit {
            self.fold();
        }
        let _ = write!(self.text, " {token}");
        self.column += 1 + token.len();
        self.empty = false;
    }

    fn fold(&mut self) {
        self.text.push_str("\r\n");
        self.column = 0;
        self.has_encoded = false;
    }

    /// Adds a phrase (RFC 5322 §3.2.5): atoms as they are, else a quoted string, else encoded-words.
    fn phrase(&mut self, text: &str) {
        if !is_plain(text) {
            self.encoded_words(text);
        } else if text.bytes().all(|b| b == b' ' || is_atom_text(b)) {
            text.split(' ').for_each(|word| self.token(word));
        } else {
            let quoted = format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
            quoted.split(' ').for_each(|word| self.token(word));
        }
    }

    /// Adds encoded-words of whole characters; decoders join them without the white space between them (RFC 2047 §6.2).
    fn encoded_words(&mut self, text: &str) {
        let quoted_length: usize = text.chars().map(|c| quoted(c).len()).sum();
        let use_base64 = text.len().div_ceil(3) * 4 < quoted_length;
        // Four bytes of one character, quoted.
        let smallest = OPENING + 12 + CLOSING;
        let mut rest = text;
        while !rest.is_empty() {
            if self.column + 1 + smallest > ENCODED_LINE {
                self.fold();
            }
            let room = (ENCODED_LINE - self.column - 1).min(ENCODED_WORD) - OPENING - CLOSING;
            let end = if use_base64 {
                fits(rest, room / 4 * 3, char::len_utf8)
            } else {
                fits(rest, room, |c| quoted(c).len())
            };
            let (chunk, remaining) = rest.split_at(if end < rest.len() { whole_characters(rest, end) } else { end });
            let word = if use_base64 {
                format!("=?utf-8?B?{}?=", STANDARD.encode(chunk))
            } else {
                format!("=?utf-8?Q?{}?=", chunk.chars().map(quoted).collect::<String>())
            };
            self.token_within(&word, ENCODED_LINE);
            self.has_encoded = true;
            rest = remaining;
        }
    }

    fn finish(mut self) -> String {
        self.text.push_str("\r\n");
        self.text
    }
}

/// The byte length of as many leading characters of `text` as fit into `room` when each takes `cost`.
fn fits(text: &str, room: usize, cost: impl Fn(char) -> usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += cost(c);
        if used > room {
            return at;
        }
    }
    text.len()
}

/// A character in the Q encoding, by the strictest of its rules (RFC 2047 §5 (3)), which holds everywhere.
fn quoted(c: char) -> String {
    match c {
        ' ' => "_".to_owned(),
        c if c.is_ascii_alphanumeric() || matches!(c, '!' | '*' | '+' | '-' | '/') => c.to_string(),
        c => c.encode_utf8(&mut [0; 4]).bytes().fold(String::new(), |mut out, byte| {
            let _ = write!(out, "={byte:02X}");
            out
        }),
    }
}

/// True for what may stand in a header as it is: printable ASCII that is not taken for an encoded-word and that can
/// be folded at its spaces.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
        && !text.contains("=?")
        && text.split(' ').all(|word| word.len() <= LONGEST_WORD)
}

/// RFC 5322 §3.2.3, `atext`.
fn is_atom_text(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_subject_stays_readable_and_folds_at_its_spaces() {
        assert_eq!(unstructured("Subject", "Rust 1.95"), "Subject: Rust 1.95\r\n");
        let long = unstructured("Subject", &"word ".repeat(40));
        assert!(long.lines().all(|line| line.len() <= LINE), "{long}");
        assert_eq!(long.replace("\r\n ", " ").trim_end(), format!("Subject: {}", ["word"; 40].join(" ")));
    }

    #[test]
    fn encoded_words_are_short_and_hold_whole_characters() {
        for text in [
            "Überlegungen über das Öffnen der Türen im späten Frühling an der Küste",
            &"日本語の題名".repeat(30),
            &"👩\u{200D}👧".repeat(40),
        ] {
            let header = unstructured("Subject", text);
            for line in header.lines() {
                assert!(line.len() <= ENCODED_LINE, "{line}");
                let word = line.trim_start_matches("Subject:").trim();
                assert!(word.len() <= ENCODED_WORD && word.starts_with("=?utf-8?") && word.ends_with("?="), "{word}");
            }
        }
    }

    #[test]
    fn a_line_with_an_encoded_word_is_short_to_its_end() {
        let header = named("List-Id", Some(&"é".repeat(8)), "newsletter.example.org");
        assert!(header.lines().all(|line| line.len() <= ENCODED_LINE), "{header}");
        let folded = named("From", Some(&"日本語の題名".repeat(2)), "ada.lovelace@news.example.org");
        assert!(folded.ends_with("?=\r\n <ada.lovelace@news.example.org>\r\n"), "{folded}");
    }

    #[test]
    fn what_looks_encoded_is_encoded() {
        assert_eq!(unstructured("Subject", "=?utf-8?Q?x?="), "Subject: =?utf-8?B?PT91dGYtOD9RP3g/PQ==?=\r\n");
    }

    #[test]
    fn names_are_atoms_or_quoted_or_encoded() {
        assert_eq!(named("From", Some("Ada Lovelace"), "a@b.c"), "From: Ada Lovelace <a@b.c>\r\n");
        assert_eq!(
            named("From", Some("Lovelace, \"Ada\" \\"), "a@b.c"),
            "From: \"Lovelace, \\\"Ada\\\" \\\\\" <a@b.c>\r\n"
        );
        assert_eq!(named("From", Some("Zoë"), "a@b.c"), "From: =?utf-8?Q?Zo=C3=AB?= <a@b.c>\r\n");
        assert_eq!(named("From", None, "a@b.c"), "From: a@b.c\r\n");
        assert_eq!(named("List-Id", Some(" \u{202E}\r\n"), "n.b.c"), "List-Id: <n.b.c>\r\n");
    }

    #[test]
    fn addresses_fold_only_after_the_comma() {
        let long = format!("https://news.example.org/u/{}", "a".repeat(60));
        let header = addresses("List-Unsubscribe", &[long.clone(), "mailto:leave@example.org".to_owned()]);
        assert_eq!(header, format!("List-Unsubscribe: <{long}>,\r\n <mailto:leave@example.org>\r\n"));
    }
}
