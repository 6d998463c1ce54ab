//! The values of `key = value` lines that are simple enough to have one reading: TOML that is not quite TOML, Julia.

use super::value::Value;

/// Lists in lists, at most.
const DEEPEST: usize = 8;

/// The name and the text of the value.
pub(crate) fn split(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once('=')?;
    let key = key.trim();
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    (!key.is_empty() && key.chars().all(is_name) && !value.starts_with('=')).then(|| (key, value.trim()))
}

/// Reads a value; `None` when it is not whole, or may be half of something else.
pub(crate) fn value(text: &str) -> Option<Value> {
    nested(text.trim(), 0)
}

fn nested(text: &str, depth: usize) -> Option<Value> {
    let quoted = ["\"\"\"", "\"", "'"].into_iter().find(|quote| text.starts_with(quote));
    if let Some(quote) = quoted {
        let (inner, rest) = until_quote(&text[quote.len()..], quote)?;
        return is_comment(rest).then_some(Value::Text(inner));
    }
    for (open, close) in [('[', ']'), ('(', ')')] {
        if let Some(inner) = text.strip_prefix(open) {
            let inner = without_comment(inner).strip_suffix(close)?;
            let items = items(inner)?;
            let read = |item: &str| (depth < DEEPEST).then(|| nested(item.trim(), depth + 1)).flatten();
            return items.into_iter().map(read).collect::<Option<_>>().map(Value::List);
        }
    }
    let text = without_comment(text);
    if text.is_empty() {
        return Some(Value::Null);
    }
    if let Some(date) = text.strip_prefix("Date(").and_then(|rest| rest.strip_suffix(')')) {
        return Some(Value::Text(date.split(',').map(str::trim).collect::<Vec<_>>().join("-")));
    }
    (!text.contains(['"', '[', ']', '{', '}', '\n'])).then(|| Value::Text(text.to_owned()))
}

fn without_comment(text: &str) -> &str {
    text.split(" #").next().unwrap_or(text).trim_end()
}

fn is_comment(rest: &str) -> bool {
    rest.trim().is_empty() || rest.trim_start().starts_with('#')
}

/// The text up to a closing quote, and what follows it.
fn until_quote<'t>(text: &'t str, quote: &str) -> Option<(String, &'t str)> {
    let mut inner = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix(quote) {
            return Some((inner, after));
        }
        rest = &rest[c.len_utf8()..];
        match rest.chars().next().filter(|_| c == '\\' && quote != "'") {
            Some(escaped) => {
                inner.push(if escaped == 'n' { '\n' } else { escaped });
                rest = &rest[escaped.len_utf8()..];
            }
            None => inner.push(c),
        }
    }
    None
}

/// The items of a list, cut at the commas outside of quotes and brackets.
fn items(text: &str) -> Option<Vec<&str>> {
    let mut items = Vec::new();
    let (mut start, mut depth, mut quote) = (0, 0_usize, None);
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match (c, quote) {
            ('\\', Some('"')) => drop(characters.next()),
            (_, Some(open)) => quote = quote.filter(|_| c != open),
            ('"' | '\'', None) => quote = Some(c),
            ('[' | '(', None) => depth += 1,
            (']' | ')', None) => depth = depth.checked_sub(1)?,
            (',', None) if depth == 0 => {
                items.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(&text[start..]);
    if items.last().is_some_and(|last| last.trim().is_empty()) {
        items.pop();
    }
    (depth == 0 && quote.is_none()).then_some(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_values_are_read() {
        let text = |text: &str| Value::Text(text.into());
        for (source, expected) in [
            ("\"a, # b\" # note", text("a, # b")),
            ("\"say \\\"x\\\"\"", text("say \"x\"")),
            ("'it'", text("it")),
            ("\"\"\"a\nb\"\"\"", text("a\nb")),
            ("true", text("true")),
            ("1.10 # note", text("1.10")),
            ("Date(2012, 2, 27)", text("2012-2-27")),
            ("[\"a, b\", 'c', 3,]", Value::List(vec![text("a, b"), text("c"), text("3")])),
            ("(\"a\", [\"b\"])", Value::List(vec![text("a"), Value::List(vec![text("b")])])),
            ("", Value::Null),
        ] {
            assert_eq!(value(source), Some(expected), "{source}");
        }
    }

    #[test]
    fn what_is_not_whole_is_not_read() {
        for source in ["\"a", "'a", "[\"a\"", "[\"a]", "\"a\" b", "{ a = 1 }", "\"\"\"a", "a\"", &"[".repeat(30)] {
            assert_eq!(value(source), None, "{source}");
        }
        assert_eq!(value(&format!("{}{}", "[".repeat(30), "]".repeat(30))), None, "no end of lists");
    }
}
