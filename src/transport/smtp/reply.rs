//! What a server says: read from its bytes, so that every legal or nearly legal reply keeps its code (a bare code, a bare LF,
//! bytes that are not UTF-8, lines of any length), and kept as one line.

use std::ops::Range;

use super::mask::Mask;

/// A longer line of a reply is cut: RFC 5321 §4.5.3.1.5 allows 512 bytes.
const LINE_LIMIT: usize = 900;

/// More than this is no reply (Postfix has the same limit).
pub(super) const REPLY_BYTES: usize = 100_000;

/// How much of a reply is kept, in characters.
const REPLY_LIMIT: usize = 500;

/// So many bytes are read at a time.
const READ: usize = 16 * 1024;

/// The bytes of a server, and the replies in them.
#[derive(Debug, Default)]
pub(super) struct Replies {
    bytes: Vec<u8>,
    /// Where the next reply begins.
    start: usize,
    /// Where its line begins that has not come whole yet, and up to where that was searched for its end.
    line: usize,
    searched: usize,
}

/// A reply: its code, and where it stands in [`Replies`].
#[derive(Debug)]
pub(super) struct Reply {
    /// Zero when this is not a reply of a mail server (RFC 5321 §4.2).
    pub(super) code: u16,
    place: Range<usize>,
}

impl Replies {
    /// Where to append what the server says. Forgets the replies that were taken.
    pub(super) fn room(&mut self) -> &mut Vec<u8> {
        self.bytes.drain(..self.start);
        self.line -= self.start;
        self.searched -= self.start;
        self.start = 0;
        self.bytes.reserve(READ);
        &mut self.bytes
    }

    /// How many bytes no reply was read from.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn starts_with(&self, text: &[u8]) -> bool {
        self.bytes[self.start..].starts_with(text)
    }

    /// Takes the next reply, when it has come whole: its last line has no `-` after the code (RFC 5321 §4.2.1).
    pub(super) fn take(&mut self) -> Option<Reply> {
        while let Some(at) = memchr::memchr(b'\n', &self.bytes[self.searched..]) {
            let line = &self.bytes[self.line..self.searched + at];
            let goes_on = matches!(line, [a, b, c, b'-', ..] if [a, b, c].iter().all(|byte| byte.is_ascii_digit()));
            self.searched += at + 1;
            self.line = self.searched;
            if !goes_on {
                let place = self.start..self.searched;
                self.start = self.searched;
                return Some(Reply { code: code(&self.bytes[place.clone()]), place });
            }
        }
        self.searched = self.bytes.len();
        None
    }

    /// The lines of a reply that was just taken, without their codes.
    pub(super) fn lines(&self, reply: &Reply) -> impl Iterator<Item = String> {
        let skip = if reply.code == 0 { 0 } else { 4 };
        lines(&self.bytes[reply.place.clone()]).map(move |line| {
            let mut text = String::from_utf8_lossy(line.get(skip..).unwrap_or_default()).into_owned();
            text.truncate(text.floor_char_boundary(LINE_LIMIT - skip));
            text
        })
    }

    /// A reply that was just taken as one line, with its enhanced code (RFC 2034 §4) once, and without what it repeats of the
    /// password.
    pub(super) fn text(&self, reply: &Reply, mask: &Mask) -> String {
        let mut lines = self.lines(reply);
        let mut said = lines.next().unwrap_or_default();
        let first = said.split(' ').next().unwrap_or_default().to_owned();
        let is_repeated = first.len() >= 5
            && first.starts_with(&format!("{}.", reply.code / 100))
            && first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        for line in lines {
            let rest = line.strip_prefix(&first).filter(|rest| is_repeated && rest.starts_with(' '));
            said.push(' ');
            said += rest.map_or(line.as_str(), str::trim_start);
        }
        let said = mask.apply(said);
        if reply.code == 0 { one_line(&said) } else { one_line(&format!("{} {said}", reply.code)) }
    }
}

/// The lines of a whole reply. A bare LF ends one too.
fn lines(reply: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = reply.strip_suffix(b"\n").unwrap_or(reply).split(|byte| *byte == b'\n');
    lines.map(|mut line| {
        while let Some(shorter) = line.strip_suffix(b"\r") {
            line = shorter;
        }
        line
    })
}

/// The code that all lines of a reply have; zero for what is no reply.
fn code(reply: &[u8]) -> u16 {
    let mut code = None;
    for line in lines(reply) {
        let ([a @ b'2'..=b'5', b @ b'0'..=b'5', c @ b'0'..=b'9']
        | [a @ b'2'..=b'5', b @ b'0'..=b'5', c @ b'0'..=b'9', b' ' | b'-', ..]) = line
        else {
            return 0;
        };
        let of_line = [a, b, c].iter().fold(0, |code, digit| code * 10 + u16::from(**digit - b'0'));
        if *code.get_or_insert(of_line) != of_line {
            return 0;
        }
    }
    code.unwrap_or(0)
}

impl Reply {
    /// 2yz: done.
    pub(super) fn is_done(&self) -> bool {
        self.code / 100 == 2
    }

    /// 4yz: not now.
    pub(super) fn is_temporary(&self) -> bool {
        self.code / 100 == 4
    }

    /// 5yz: never.
    pub(super) fn is_permanent(&self) -> bool {
        self.code / 100 == 5
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
    let is_plain = text.len() <= REPLY_LIMIT && text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if is_plain && !text.starts_with(' ') && !text.ends_with(' ') && !text.contains("  ") {
        return text.to_owned();
    }
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(REPLY_LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The code and the text of each reply, and how many bytes are left over.
    fn read(pieces: &[&[u8]]) -> (Vec<(u16, String)>, usize) {
        let (mut replies, mut found) = (Replies::default(), Vec::new());
        for piece in pieces {
            replies.room().extend_from_slice(piece);
            while let Some(reply) = replies.take() {
                found.push((reply.code, replies.text(&reply, &Mask::default())));
            }
        }
        (found, replies.len())
    }

    fn one(bytes: &[u8]) -> (u16, String) {
        let (mut found, left) = read(&[bytes]);
        assert_eq!((found.len(), left), (1, 0), "{found:?}");
        found.remove(0)
    }

    #[test]
    fn nearly_legal_replies_are_understood() {
        assert_eq!(one(b"550 bo\xeete inconnue\r\n"), (550, "550 bo\u{fffd}te inconnue".into()));
        assert_eq!(one("550 boîte 日本\r\n".as_bytes()), (550, "550 boîte 日本".into()));
        assert_eq!(one(b"250\r\n"), (250, "250".into()), "a bare code is legal (RFC 5321 section 4.2)");
        assert_eq!(one(b"250-a\r\n250\n"), (250, "250 a".into()));
        assert_eq!(one(b"250 ok\n"), (250, "250 ok".into()), "a bare LF ends a line");
        assert_eq!(one(&[b"250 ", &*vec![b'x'; 5000], b"\r\n"].concat()).1.len(), REPLY_LIMIT);
        let lines = format!("250-{}\r\n250 \r\n", "é日".repeat(500));
        let mut replies = Replies::default();
        replies.room().extend_from_slice(lines.as_bytes());
        let reply = replies.take().unwrap();
        assert_eq!(replies.lines(&reply).next().unwrap().len(), LINE_LIMIT - 4 - 1, "whole characters");
    }

    #[test]
    fn what_is_no_reply_has_no_code() {
        for bytes in
            [b"hello\r\n".as_slice(), b"\r\n", b"25\r\n", b"2500 a\r\n", b"650 a\r\n", b"190 a\r\n", b"261 a\r\n"]
        {
            assert_eq!(one(bytes).0, 0, "{bytes:?}");
        }
        assert_eq!(one(b"250-ok\r\n550 not ok\r\n"), (0, "250-ok 550 not ok".into()));
    }

    #[test]
    fn a_reply_ends_with_the_line_that_has_no_hyphen() {
        assert_eq!(read(&[b"220-one\r\n220-two\r\n"]), (vec![], 18));
        assert_eq!(read(&[b"220 on"]), (vec![], 6));
        let (found, left) = read(&[b"220-one\r\n220 two\r\n250 injected\r\n25"]);
        assert_eq!((found, left), (vec![(220, "220 one two".into()), (250, "250 injected".into())], 2));
    }

    #[test]
    fn a_reply_is_kept_as_one_short_line() {
        assert_eq!(one(b"550-5.1.1 no such\x07user\r\n550 5.1.1 here\r\n").1, "550 5.1.1 no such user here");
        assert_eq!(one(b"550-5.7.2 one\r\n550 5.7.25 two\r\n").1, "550 5.7.2 one 5.7.25 two", "another code");
        assert_eq!(one(b"550-no such\r\n550 no such user\r\n").1, "550 no such no such user");
        assert_eq!(one_line(&"é".repeat(2000)).chars().count(), REPLY_LIMIT);
    }

    proptest! {
        #[test]
        fn one_line_is_the_same_with_and_without_its_short_way(text in "[ -~]{0,20}( {0,3}[a-z\\x00]){0,5}") {
            let long = one_line(&format!("{text} é"));
            let short = format!("{} é", one_line(&text));
            prop_assert_eq!(short.trim_start(), long);
        }

        #[test]
        fn whatever_comes_is_short_lines_of_text_however_it_is_cut(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(b'-'), b'0'..=b'9'], 0..3000),
            cut in 0usize..3000,
        ) {
            let whole = read(&[&bytes]);
            let (first, second) = bytes.split_at(cut.min(bytes.len()));
            prop_assert_eq!(&read(&[first, second]), &whole);
            for (code, text) in whole.0 {
                prop_assert!(text.chars().count() <= REPLY_LIMIT && !text.contains(char::is_control));
                prop_assert!(code == 0 || (200..560).contains(&code));
            }
        }
    }
}
