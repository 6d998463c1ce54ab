//! JSON as a tree that knows where everything stands.

use std::ops::Range;

/// A value of a text that `serde_json` has accepted.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) at: Range<usize>,
    pub(super) kind: Kind,
}

/// What a value is.
#[derive(Debug)]
pub(super) enum Kind {
    /// Names with their places, and values; a name may stand twice.
    Object(Vec<(String, Range<usize>, Value)>),
    Array(Vec<Value>),
    String(String),
    Number,
    /// True, false or null.
    Word,
}

impl Value {
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        self.members().iter().find(|(key, ..)| key == name).map(|(.., value)| value)
    }

    pub(super) fn members(&self) -> &[(String, Range<usize>, Self)] {
        if let Kind::Object(members) = &self.kind { members } else { &[] }
    }

    pub(super) fn items(&self) -> Option<&[Self]> {
        if let Kind::Array(items) = &self.kind { Some(items) } else { None }
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Kind::String(text) = &self.kind { Some(text) } else { None }
    }

    pub(super) fn is_object(&self) -> bool {
        matches!(self.kind, Kind::Object(_))
    }
}

/// Reads a text that `serde_json` has accepted, which also says that it is not nested too deep.
///
/// # Errors
/// Where it is no JSON, and why.
pub(super) fn parse(text: &str) -> Result<Value, (usize, String)> {
    if let Err(error) = serde_json::from_str::<serde_json::Value>(text) {
        let line_start = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
        let message = error.to_string();
        let message = message.split(" at line").next().unwrap_or_default().to_owned();
        return Err(((line_start + error.column().saturating_sub(1)).min(text.len()), message));
    }
    Ok(Scanner { text, at: 0 }.value())
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl Scanner<'_> {
    fn peek(&mut self) -> u8 {
        while self.text.as_bytes().get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.text.as_bytes().get(self.at).copied().unwrap_or_default()
    }

    fn value(&mut self) -> Value {
        let first = self.peek();
        let start = self.at;
        let kind = match first {
            b'{' => {
                let mut members = Vec::new();
                self.at += 1;
                while self.peek() == b'"' {
                    let (name, at) = self.string();
                    self.peek();
                    self.at += 1;
                    members.push((name, at, self.value()));
                    self.comma();
                }
                self.at += 1;
                Kind::Object(members)
            }
            b'[' => {
                let mut items = Vec::new();
                self.at += 1;
                while !matches!(self.peek(), b']' | 0) {
                    items.push(self.value());
                    self.comma();
                }
                self.at += 1;
                Kind::Array(items)
            }
            b'"' => Kind::String(self.string().0),
            first => {
                let is_end = |b: char| b.is_ascii_whitespace() || ",]}".contains(b);
                let rest = &self.text[start..];
                // At least one byte, so that it always goes on.
                self.at += rest.find(is_end).unwrap_or(rest.len()).max(1);
                if first == b'-' || first.is_ascii_digit() { Kind::Number } else { Kind::Word }
            }
        };
        Value { at: start..self.at.min(self.text.len()), kind }
    }

    fn comma(&mut self) {
        if self.peek() == b',' {
            self.at += 1;
        }
    }

    fn string(&mut self) -> (String, Range<usize>) {
        let start = self.at;
        let bytes = self.text.as_bytes();
        self.at += 1;
        while self.at < bytes.len() && bytes[self.at] != b'"' {
            self.at += if bytes[self.at] == b'\\' { 2 } else { 1 };
        }
        self.at = (self.at + 1).min(bytes.len());
        let raw = &self.text[start..self.at];
        (serde_json::from_str(raw).unwrap_or_default(), start..self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_knows_its_place() {
        let text = " {\"a\": [1, -2.5e3, true, {}, []], \"b\\n\": \"x \\\" y\"} ";
        let value = parse(text).unwrap();
        let items = value.get("a").and_then(Value::items).unwrap();
        let shown: Vec<_> = items.iter().map(|item| &text[item.at.clone()]).collect();
        assert_eq!(shown, ["1", "-2.5e3", "true", "{}", "[]"]);
        assert_eq!(value.get("b\n").and_then(Value::text), Some("x \" y"));
        assert_eq!(&text[value.at.clone()], text.trim());
    }

    #[test]
    fn what_is_no_json_has_a_place() {
        let (at, message) = parse("{\n  \"a\": 1,,\n}").unwrap_err();
        assert_eq!((at, message.as_str()), (11, "key must be a string"));
    }
}
