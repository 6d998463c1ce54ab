//! Messages one after the other, out of a file that holds one or many.

use std::io::{self, BufRead, Read as _};

use super::said::LONGEST;

/// One message of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its bytes, at most [`LONGEST`].
    pub bytes: Vec<u8>,
    /// Whether it was longer.
    pub is_cut: bool,
}

/// The messages of an mbox (RFC 4155: each begins after a line `From `), or of a file that is one message itself.
#[derive(Debug)]
pub struct Messages<R> {
    input: R,
    is_mbox: Option<bool>,
    line: Vec<u8>,
}

impl<R: BufRead> Messages<R> {
    /// Those of an open file.
    pub fn new(input: R) -> Self {
        Self { input, is_mbox: None, line: Vec::new() }
    }

    /// Reads a line, of which no more than [`LONGEST`] bytes are kept; false at the end.
    fn next_line(&mut self) -> io::Result<bool> {
        self.line.clear();
        let read = self.input.by_ref().take(LONGEST as u64).read_until(b'\n', &mut self.line)?;
        Ok(read > 0)
    }

    /// The next message; `None` at the end.
    ///
    /// # Errors
    /// As the input reports them.
    pub fn next_message(&mut self) -> io::Result<Option<Message>> {
        if self.is_mbox.is_none() {
            let has_line = self.next_line()?;
            self.is_mbox = Some(has_line && self.line.starts_with(b"From "));
            if !has_line {
                return Ok(None);
            }
            if self.is_mbox == Some(true) {
                self.line.clear();
            }
        }
        let is_mbox = self.is_mbox == Some(true);
        let mut message = Message { bytes: std::mem::take(&mut self.line), is_cut: false };
        let mut is_after_empty = false;
        let mut has_any = !message.bytes.is_empty();
        while self.next_line()? {
            has_any = true;
            if is_mbox && is_after_empty && self.line.starts_with(b"From ") {
                self.line.clear();
                return Ok(Some(message));
            }
            is_after_empty = self.line.trim_ascii().is_empty();
            // `>From ` at the beginning of a line was `From `.
            let is_quoted = is_mbox
                && self.line.starts_with(b">")
                && self.line.trim_ascii_start().iter().skip_while(|byte| **byte == b'>').take(5).eq(b"From ");
            let line = &self.line[usize::from(is_quoted)..];
            let room = LONGEST.saturating_sub(message.bytes.len());
            message.is_cut |= line.len() > room;
            message.bytes.extend_from_slice(&line[..line.len().min(room)]);
        }
        self.line.clear();
        Ok(has_any.then_some(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> Vec<String> {
        let mut messages = Messages::new(text);
        let mut all = Vec::new();
        while let Some(message) = messages.next_message().unwrap() {
            all.push(String::from_utf8(message.bytes).unwrap());
        }
        all
    }

    #[test]
    fn an_mbox_is_cut_at_its_from_lines_and_a_message_is_whole() {
        let mbox = b"From a@example.org Mon\nSubject: 1\n\nx\nFrom here\n>From there\n\nFrom b Tue\nSubject: 2\n\nx\n";
        assert_eq!(all(mbox), ["Subject: 1\n\nx\nFrom here\nFrom there\n\n", "Subject: 2\n\nx\n"]);
        assert_eq!(all(b"Subject: 1\n\n\nFrom here\n"), ["Subject: 1\n\n\nFrom here\n"]);
        assert_eq!(all(b""), [""; 0]);
    }

    #[test]
    fn what_is_longer_than_its_limit_is_cut_and_the_next_one_is_found() {
        let long = "y".repeat(1_000) + "\n";
        let mbox = format!("From a\nSubject: 1\n\n{}\nFrom b\nSubject: 2\n\nx\n", long.repeat(2_000));
        let mut messages = Messages::new(mbox.as_bytes());
        let first = messages.next_message().unwrap().unwrap();
        assert!(first.is_cut && first.bytes.len() == LONGEST);
        assert_eq!(messages.next_message().unwrap().unwrap().bytes, b"Subject: 2\n\nx\n");
        assert_eq!(messages.next_message().unwrap(), None);
    }
}
