//! The content of a message as it stands on the wire: dots doubled at the beginning of lines, and the line that ends it. It
//! goes out in one write: two would wait for each other (Nagle's algorithm and delayed acknowledgement), or cost one more
//! system call and packet for each message.

use std::fmt;

use super::stream::END_OF_CONTENT;

/// A message that may go onto the wire.
pub(super) struct Content<'m>(&'m str);

impl<'m> Content<'m> {
    /// Checks a message. `eight_bit` says whether MAIL has announced bytes beyond ASCII.
    ///
    /// # Errors
    /// Why this message must not go onto the wire: a server that takes a bare CR or LF for a line end could find a second
    /// message in it (RFC 5321 §2.3.8).
    pub(super) fn new(message: &'m [u8], eight_bit: bool) -> Result<Self, &'static str> {
        const BEYOND_ASCII: &str = "the message has bytes beyond ASCII, which were not announced";
        if !eight_bit && !message.is_ascii() {
            return Err(BEYOND_ASCII);
        }
        let text = std::str::from_utf8(message).map_err(|_| BEYOND_ASCII)?;
        let pairs = memchr::memmem::find_iter(message, b"\r\n").count();
        if memchr::memchr_iter(b'\r', message).count() != pairs || memchr::memchr_iter(b'\n', message).count() != pairs
        {
            return Err("the message has a line end that is not CRLF");
        }
        Ok(Self(text))
    }
}

impl fmt::Display for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The end begins with the CRLF of the last line: a message that has its own would get an empty line.
        let text = self.0.strip_suffix("\r\n").unwrap_or(self.0);
        if text.starts_with('.') {
            f.write_str(".")?;
        }
        let mut rest = text;
        while let Some(at) = memchr::memmem::find(rest.as_bytes(), b"\r\n.") {
            let (before, after) = rest.split_at(at + 3);
            f.write_str(before)?;
            f.write_str(".")?;
            rest = after;
        }
        f.write_str(rest)?;
        f.write_str(std::str::from_utf8(END_OF_CONTENT).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(message: &str) -> String {
        Content::new(message.as_bytes(), false).unwrap().to_string()
    }

    #[test]
    fn dots_at_the_beginning_of_lines_are_doubled() {
        assert_eq!(wire("a\r\n.b\r\n..\r\nc.\r\n"), "a\r\n..b\r\n...\r\nc.\r\n.\r\n");
        assert_eq!(wire(".\r\n"), "..\r\n.\r\n");
        assert_eq!(wire("no line end"), "no line end\r\n.\r\n");
    }

    #[test]
    fn what_could_hide_a_second_message_is_refused() {
        for bad in ["a\nb", "a\rb", "a\r", "\n", "a\r\n\n", "a\r\r\n", "a\n.\nMAIL"] {
            assert!(Content::new(bad.as_bytes(), true).is_err(), "{bad:?}");
        }
        assert!(Content::new("é\r\n".as_bytes(), false).is_err());
        assert!(Content::new("é\r\n".as_bytes(), true).is_ok());
        assert!(Content::new(b"\xff\r\n", true).is_err());
    }
}
