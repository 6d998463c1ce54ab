//! The content of a message as it stands on the wire: whole lines, with dots doubled at their beginnings where a dot ends the
//! message (RFC 5321 §4.5.2).

/// Looks at content that was appended to `out` from `start` on, and gives it its last line end. `eight_bit` says whether MAIL
/// has announced bytes beyond ASCII.
///
/// # Errors
/// Why it must not go onto the wire: a server that takes a bare CR or LF for a line end could find a second message in it
/// (RFC 5321 §2.3.8).
pub(super) fn check(out: &mut Vec<u8>, start: usize, eight_bit: bool) -> Result<(), &'static str> {
    if !eight_bit && !out[start..].is_ascii() {
        return Err("the message has bytes beyond ASCII, which were not announced");
    }
    if !out[start..].ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    let content = &out[start..];
    // A CR before each LF, and an LF behind each CR: without a branch, so that many are compared at once.
    let bare =
        content.iter().zip(&content[1..]).fold(0, |bare, (a, b)| bare | u8::from((*a == b'\r') != (*b == b'\n')));
    if content[0] == b'\n' || bare != 0 { Err("the message has a line end that is not CRLF") } else { Ok(()) }
}

/// Doubles the dots at the beginnings of lines from `start` on.
pub(super) fn double_dots(out: &mut Vec<u8>, start: usize) {
    let first = if out[start..].starts_with(b".") {
        start
    } else {
        match memchr::memmem::find(&out[start..], b"\r\n.") {
            Some(at) => start + at + 2,
            None => return,
        }
    };
    let rest = out.split_off(first + 1);
    let mut from = 0;
    out.push(b'.');
    for at in memchr::memmem::find_iter(&rest, b"\r\n.") {
        out.extend_from_slice(&rest[from..at + 3]);
        out.push(b'.');
        from = at + 3;
    }
    out.extend_from_slice(&rest[from..]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wire(content: &[u8]) -> Vec<u8> {
        let mut out = [b"DATA\r\n", content].concat();
        check(&mut out, 6, false).unwrap();
        double_dots(&mut out, 6);
        assert!(out.starts_with(b"DATA\r\n"));
        out.split_off(6)
    }

    #[test]
    fn dots_at_the_beginning_of_lines_are_doubled() {
        assert_eq!(wire(b"a\r\n.b\r\n..\r\nc.\r\n"), b"a\r\n..b\r\n...\r\nc.\r\n");
        assert_eq!(wire(b".\r\n"), b"..\r\n");
        assert_eq!(wire(b"no line end"), b"no line end\r\n");
        assert_eq!(wire(b""), b"\r\n");
    }

    #[test]
    fn what_could_hide_a_second_message_is_refused() {
        let check = |bad: &[u8], eight_bit| check(&mut [b"DATA\r\n", bad].concat(), 6, eight_bit);
        for bad in ["a\nb", "a\rb", "a\r", "\n", "a\r\n\n", "a\r\r\n", "a\n.\nMAIL", "\n\r\n", "\r\r\n"] {
            assert!(check(bad.as_bytes(), true).is_err(), "{bad:?}");
        }
        assert!(check("é\r\n".as_bytes(), false).is_err());
        assert!(check("é\r\n".as_bytes(), true).is_ok());
    }

    proptest! {
        #[test]
        fn a_server_finds_the_content_again(lines in prop::collection::vec("[.a]{0,3}", 0..8)) {
            let content = lines.iter().flat_map(|line| [line, "\r\n"]).collect::<String>();
            let found: String = wire(content.as_bytes())
                .split_inclusive(|byte| *byte == b'\n')
                .map(|line| std::str::from_utf8(line.strip_prefix(b".").unwrap_or(line)).unwrap())
                .collect();
            prop_assert_eq!(found, if content.is_empty() { "\r\n".to_owned() } else { content });
        }
    }
}
