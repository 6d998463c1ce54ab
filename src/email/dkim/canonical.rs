//! The `relaxed` canonical forms (RFC 6376 §3.4): what a signature covers, whatever a relay does to blanks and folds.

const BLANKS: [char; 2] = [' ', '\t'];

/// The headers of a message, each with its lower-case name, in relaxed form: `name:value`, without CRLF.
pub(super) fn relaxed_headers(head: &str) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in head.split("\r\n") {
        if let (true, Some((_, field))) = (line.starts_with(BLANKS), headers.last_mut()) {
            let start = field.find(':').map_or(0, |colon| colon + 1);
            push_words(field, start, line);
        } else if let Some((name, value)) = line.split_once(':') {
            let name = name.trim_end_matches(BLANKS).to_ascii_lowercase();
            let mut field = format!("{name}:");
            push_words(&mut field, name.len() + 1, value);
            headers.push((name, field));
        }
    }
    headers
}

/// Appends the words of a line, with one space before each but the first of the value, which begins at `start`.
fn push_words(field: &mut String, start: usize, line: &str) {
    for word in line.split(BLANKS).filter(|word| !word.is_empty()) {
        if field.len() > start {
            field.push(' ');
        }
        field.push_str(word);
    }
}

/// A body in relaxed form (RFC 6376 §3.4.4), made of pieces as they come.
#[derive(Debug, Default)]
pub(crate) struct RelaxedBody {
    out: Vec<u8>,
    /// Line ends that count only when something follows them.
    line_ends: usize,
    /// White space that counts only when something follows it on its line.
    has_blank: bool,
}

impl RelaxedBody {
    /// Takes the next piece; its lines end in CRLF.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match byte {
                b' ' | b'\t' => self.has_blank = true,
                b'\r' => {}
                b'\n' => {
                    self.line_ends += 1;
                    self.has_blank = false;
                }
                byte => {
                    self.settle();
                    self.out.push(byte);
                }
            }
        }
    }

    /// What has been made so far, when a piece follows that begins with neither white space nor a line end.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        self.settle();
        std::mem::take(&mut self.out)
    }

    /// What is left at the end: one line end, however many there are.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.out.extend_from_slice(b"\r\n");
        self.out
    }

    fn settle(&mut self) {
        for _ in 0..self.line_ends {
            self.out.extend_from_slice(b"\r\n");
        }
        if self.has_blank {
            self.out.push(b' ');
        }
        self.line_ends = 0;
        self.has_blank = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(pieces: &[&str]) -> String {
        let mut body = RelaxedBody::default();
        for piece in pieces {
            body.push(piece.as_bytes());
        }
        String::from_utf8(body.finish()).unwrap()
    }

    #[test]
    fn the_example_of_rfc_6376() {
        let headers = relaxed_headers("A: X\r\nB : Y\t\r\n\tZ  \r\n");
        assert_eq!(headers, [("a".into(), "a:X".into()), ("b".into(), "b:Y Z".into())]);
        assert_eq!(body(&[" C \r\nD \t E\r\n\r\n\r\n"]), " C\r\nD E\r\n");
    }

    #[test]
    fn a_value_may_hold_and_end_in_colons() {
        let headers = relaxed_headers("H:  a: b:\r\n  c\r\nEmpty:\r\n");
        assert_eq!(headers, [("h".into(), "h:a: b: c".into()), ("empty".into(), "empty:".into())]);
    }

    #[test]
    fn it_does_not_matter_where_a_body_is_cut() {
        let text = "a  b \r\n\r\n \r\n\tc\t\td\r\n\r\n";
        for cut in 0..text.len() {
            assert_eq!(body(&[&text[..cut], &text[cut..]]), "a b\r\n\r\n\r\n c d\r\n");
        }
    }

    #[test]
    fn what_has_been_taken_is_complete() {
        let mut body = RelaxedBody::default();
        body.push(b"one \r\n two ");
        let first = body.take();
        body.push(b"\r\n");
        assert_eq!(first, b"one\r\n two ");
        assert_eq!(body.finish(), b"\r\n");
    }
}
