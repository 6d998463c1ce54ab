//! Cuts HTML into text, comments and tags, in time linear in its length, whatever is in it.

/// A piece of HTML; text and attribute values are as written, with their entities.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'h> {
    Text(&'h str),
    /// A `<` that begins nothing.
    Stray,
    Comment(&'h str),
    Open(String, Vec<(String, String)>),
    Close(String),
}

/// A tag with more attributes than this is no one's handiwork.
const MOST_ATTRIBUTES: usize = 64;

/// A value longer than this is left out: it is a picture written as text, which no mail client shows.
const LONGEST_VALUE: usize = 8 * 1024;

pub(crate) struct Scanner<'h> {
    html: &'h str,
    at: usize,
    /// A quote was found that nothing closes: from then on a tag ends at its first `>`.
    distrust_quotes: bool,
    /// Elements of which no end tag is left.
    unclosed: Vec<String>,
    /// A comment or declaration has no end.
    is_cut_off: bool,
}

impl<'h> Scanner<'h> {
    pub(crate) fn new(html: &'h str) -> Self {
        Self { html, at: 0, distrust_quotes: false, unclosed: Vec::new(), is_cut_off: false }
    }

    /// True when something began that had no end: with more HTML behind it, it might be something else.
    pub(crate) fn has_doubts(&self) -> bool {
        self.is_cut_off || self.distrust_quotes
    }

    fn rest(&self) -> &'h str {
        &self.html[self.at..]
    }

    pub(crate) fn next(&mut self) -> Option<Piece<'h>> {
        let rest = self.rest();
        if rest.is_empty() {
            return None;
        }
        if !rest.starts_with('<') {
            let end = rest.find('<').unwrap_or(rest.len());
            self.at += end;
            return Some(Piece::Text(&rest[..end]));
        }
        if let Some(comment) = rest.strip_prefix("<!--") {
            let end = comment.find("-->");
            self.is_cut_off |= end.is_none();
            self.at += end.map_or(rest.len(), |end| 4 + end + 3);
            return Some(Piece::Comment(&comment[..end.unwrap_or(comment.len())]));
        }
        let name = rest[1..].trim_start_matches('/');
        let is_tag = name.starts_with(|c: char| c.is_ascii_alphabetic()) && rest.len() - name.len() <= 2;
        if is_tag && let Some(end) = self.end_of_tag(rest) {
            self.at += end;
            return Some(tag(&rest[1..end - 1]));
        }
        if rest.starts_with("<!") || rest.starts_with("<?") {
            let end = rest.find('>').map_or(rest.len(), |end| end + 1);
            self.is_cut_off |= !rest[..end].ends_with('>');
            self.at += end;
            return Some(Piece::Comment(""));
        }
        self.at += 1;
        Some(Piece::Stray)
    }

    /// The length of the tag that `rest` begins with.
    fn end_of_tag(&mut self, rest: &str) -> Option<usize> {
        if !self.distrust_quotes {
            if let Some(end) = quoted_end(rest.as_bytes()) {
                return Some(end);
            }
            self.distrust_quotes = true;
        }
        if self.unclosed.iter().any(|name| name == ">") {
            return None;
        }
        let end = rest.find('>').map(|end| end + 1);
        if end.is_none() {
            self.unclosed.push(">".to_owned());
        }
        end
    }

    /// Skips the content of an element, which it returns, and its end tag; nothing when there is no end tag.
    pub(crate) fn skip_to_end_of(&mut self, name: &str) -> &'h str {
        if self.unclosed.iter().any(|unclosed| unclosed == name) {
            return "";
        }
        let start = self.at;
        let rest = self.rest().as_bytes();
        let is_end = |window: &[u8]| window.starts_with(b"</") && window[2..].eq_ignore_ascii_case(name.as_bytes());
        match rest.windows(name.len() + 2).position(is_end) {
            Some(end) => {
                let after = self.at + end + name.len() + 2;
                self.at = self.html[after..].find('>').map_or(self.html.len(), |close| after + close + 1);
                &self.html[start..start + end]
            }
            None => {
                self.unclosed.push(name.to_owned());
                ""
            }
        }
    }
}

/// The end of a tag whose values may hold `>` in quotes (HTML5 §13.2.5.32 and after); `None` without one.
fn quoted_end(tag: &[u8]) -> Option<usize> {
    let mut at = 1;
    let mut before_value = false;
    while let Some(byte) = tag.get(at) {
        at += 1;
        match byte {
            b'>' => return Some(at),
            quote @ (b'"' | b'\'') if before_value => {
                at += tag[at..].iter().position(|b| b == quote)? + 1;
                before_value = false;
            }
            b'=' => before_value = true,
            b if b.is_ascii_whitespace() => {}
            _ => before_value = false,
        }
    }
    None
}

/// The inside of a tag, without its brackets.
fn tag<'h>(inside: &str) -> Piece<'h> {
    let closes = inside.starts_with('/');
    let inside = inside.trim_start_matches('/');
    let end = inside.find(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>').unwrap_or(inside.len());
    let name = inside[..end].to_ascii_lowercase();
    if closes { Piece::Close(name) } else { Piece::Open(name, attributes(&inside[end..])) }
}

fn attributes(mut rest: &str) -> Vec<(String, String)> {
    let space = |c: char| c.is_ascii_whitespace();
    let mut attributes: Vec<(String, String)> = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| space(c) || c == '/');
        if rest.is_empty() || attributes.len() >= MOST_ATTRIBUTES {
            return attributes;
        }
        let end = rest
            .char_indices()
            .skip(1)
            .find(|(_, c)| space(*c) || matches!(c, '/' | '='))
            .map_or(rest.len(), |(at, _)| at);
        let name = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start_matches(space);
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start_matches(space);
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
            let (found, left) = match quote {
                Some(quote) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
                None => after.split_at(after.find(space).unwrap_or(after.len())),
            };
            (value, rest) = (found, left);
        }
        let legal = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_' || b == b':');
        if legal && value.len() <= LONGEST_VALUE && !attributes.iter().any(|(known, _)| *known == name) {
            attributes.push((name, value.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(html: &str) -> Vec<Piece<'_>> {
        let mut scanner = Scanner::new(html);
        std::iter::from_fn(|| scanner.next()).collect()
    }

    #[test]
    fn a_tag_is_read_with_its_attributes() {
        let open = |name: &str, attributes: &[(&str, &str)]| {
            Piece::Open(name.into(), attributes.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect())
        };
        assert_eq!(
            pieces("<IMG alt='a > b' SRC=x.png hidden/>"),
            [open("img", &[("alt", "a > b"), ("src", "x.png"), ("hidden", "")])]
        );
        assert_eq!(
            pieces("a < b <1> </a x>"),
            [
                Piece::Text("a "),
                Piece::Stray,
                Piece::Text(" b "),
                Piece::Stray,
                Piece::Text("1> "),
                Piece::Close("a".into()),
            ]
        );
        assert_eq!(pieces("<a x x=1 onclick\"=2>"), [open("a", &[("x", "")])]);
    }

    #[test]
    fn what_is_never_closed_takes_linear_time() {
        for hostile in ["<a ", "<a x=\"", "<!", "<!--", "<script>", "</", "<a b c d", "<?"] {
            let html = hostile.repeat(1_000_000 / hostile.len());
            let mut scanner = Scanner::new(&html);
            while let Some(piece) = scanner.next() {
                if let Piece::Open(name, _) = piece {
                    scanner.skip_to_end_of(&name);
                }
            }
        }
    }
}
