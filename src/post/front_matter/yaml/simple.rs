//! The YAML that nearly all posts are written in, read at once: `key: value` lines with plain or quoted text, lists in
//! brackets and lists of dashes. It gives exactly what the strict reader gives, or leaves the block to it.

use super::super::form::{Pair, lines};
use super::super::value::Value;

/// Longer keys are left to the strict reader, which refuses them some day.
const LONGEST_KEY: usize = 128;

const QUOTES: [char; 2] = ['"', '\''];

/// Reads a block; `None` when anything in it is not simple. Where the value is text, the pair has no other source.
pub(crate) fn parse(block: &str) -> Option<Vec<Pair>> {
    let is_usual = |byte: u8| matches!(byte, b'\n' | b' '..=b'~');
    if !block.bytes().fold(true, |usual, byte| usual & is_usual(byte)) && !block.chars().all(is_simple) {
        return None;
    }
    let mut pairs: Vec<Pair> = Vec::with_capacity(8);
    // How far the dashes below the last key are indented; `None` where none may follow.
    let mut dashes: Option<Option<usize>> = None;
    for (at, line) in lines(block, 0) {
        let line = line.trim_end_matches(' ');
        if line.is_empty() {
            continue;
        }
        let rest = line.trim_start_matches(' ');
        let margin = line.len() - rest.len();
        if let Some(item) = rest.strip_prefix('-') {
            let below = dashes.as_mut()?;
            if *below.get_or_insert(margin) != margin || !(item.is_empty() || item.starts_with(' ')) {
                return None;
            }
            let list = &mut pairs.last_mut()?.value;
            if *list == Value::Null {
                *list = Value::List(Vec::new());
            }
            let Value::List(items) = list else { return None };
            let item = item.trim_start_matches(' ');
            items.push(if item.is_empty() { Value::Null } else { scalar(item)? });
            continue;
        }
        let key = &rest[..memchr::memchr(b':', rest.as_bytes())?];
        let value = &rest[key.len() + 1..];
        if margin > 0 || !is_key(key) || !(value.is_empty() || value.starts_with(' ')) {
            return None;
        }
        let value = value.trim_start_matches(' ');
        dashes = value.is_empty().then_some(None);
        let (value, source) = match value.strip_prefix('[') {
            _ if value.is_empty() => (Value::Null, String::new()),
            Some(inner) => (Value::List(items(inner.strip_suffix(']')?)?), value.to_owned()),
            None => (scalar(value)?, String::new()),
        };
        pairs.push(Pair { key: key.to_owned(), value, at: at.start..at.start + line.trim_end().len(), source });
    }
    (!pairs.is_empty()).then_some(pairs)
}

/// No tab, no control character, none of the line ends and marks that only YAML knows.
fn is_simple(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a1}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
}

fn is_key(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.len() <= LONGEST_KEY
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        && !is_null(key)
}

/// `~` is no plain text to begin with.
fn is_null(text: &str) -> bool {
    text.eq_ignore_ascii_case("null")
}

/// The text of one line behind a key or a dash.
fn scalar(text: &str) -> Option<Value> {
    if text.starts_with(QUOTES) {
        return quoted(text);
    }
    (begins_plain(text) && !has_signs(text) && !is_null(text)).then(|| Value::Text(text.to_owned()))
}

/// True when a colon before a blank or at the end, or a `#` after a blank, may mean something.
fn has_signs(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr2_iter(b':', b'#', bytes).any(|at| match bytes[at] {
        b':' => bytes.get(at + 1).is_none_or(|next| *next == b' '),
        _ => at > 0 && bytes[at - 1] == b' ',
    })
}

/// The text in quotes that hold neither escapes nor quotes.
fn quoted(text: &str) -> Option<Value> {
    let quote = text.chars().next()?;
    let inner = text[1..].strip_suffix(quote).filter(|inner| !inner.contains(['\\', quote]))?;
    Some(Value::Text(inner.to_owned()))
}

/// True for a first letter that means nothing to YAML.
fn begins_plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || !c.is_ascii() || matches!(c, '/' | '(' | '.' | '_' | '$'))
}

/// The items between brackets.
fn items(inner: &str) -> Option<Vec<Value>> {
    if inner.trim_matches(' ').is_empty() {
        return Some(Vec::new());
    }
    let item = |item: &str| {
        let item = item.trim_matches(' ');
        if item.starts_with(QUOTES) {
            return quoted(item);
        }
        let means_something = |c: char| matches!(c, ':' | '#' | '[' | ']' | '{' | '}' | '?' | '"' | '\'');
        let is_plain = begins_plain(item) && !item.contains(means_something) && !is_null(item);
        is_plain.then(|| Value::Text(item.to_owned()))
    };
    inner.split(',').map(item).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::Strategy as _;

    use super::super::super::form::Parsed;
    use super::super::{placed, strict, swallowed};
    use super::*;

    /// What the simple reader gives, which must be what the strict one gives, in the same places.
    fn read(block: &str) -> Option<Vec<Pair>> {
        let simple = parse(block)?;
        let Ok(Value::Map(pairs)) = strict::parse(block) else { panic!("no table to the library: {block}") };
        assert!(swallowed(block, &pairs).is_none(), "{block}");
        let mut strict = placed(pairs, block, Vec::new());
        for pair in strict.pairs.iter_mut().filter(|pair| matches!(pair.value, Value::Text(_))) {
            pair.source.clear();
        }
        assert_eq!(strict, Parsed { pairs: simple.clone(), notes: Vec::new() }, "{block}");
        Some(simple)
    }

    #[test]
    fn the_usual_front_matter_is_read_at_once() {
        for block in [
            "title: A walk\ndate: 2025-01-31\n",
            "Title: \"Rain: a walk\"\nDate: 2025-01-31 10:00:00 +0100\nTags: a, b, c\nEmotions: [calm, \"quiet joy\", 'x']\n",
            "tags:\n  - a\n  - 'b: c'\n  -\n  - 007\n\ntitle: Ünïcödé “quotes” — and 🎈\n",
            "tags:\n- a\n- b\ndraft: false\nlayout:   post   \nempty:\nlist: []\nurl: https://example.org/#a\n",
            "a: ''\nb: \"\"\nc: 1.10\nd: 0x1F\ne: ~x\n".split("e:").next().unwrap(),
            "title: it's [a] {b} & c, * d\n",
            "a: 1\na: 2\n",
        ] {
            assert!(read(block).is_some(), "{block}");
        }
    }

    #[test]
    fn what_is_not_simple_is_left_to_the_strict_reader() {
        for block in [
            "",
            "title: a: b\n",
            "title: a # b\n",
            "title: a\n  b\n",
            "title: |\n  a\n",
            "title: \"a\\n\"\n",
            "title: 'it''s'\n",
            "title: \"a\" b\n",
            "tags: [a, [b]]\n",
            "tags: [a, b\n",
            "tags: [a,]\n",
            "tags: {a: b}\n",
            "tags: *a\n",
            "tags: &a b\n",
            "tags: !t b\n",
            "a: null\n",
            "a: ~\n",
            "null: a\n",
            "a:\n  - b: c\n",
            "a:\n  - - b\n",
            "a:\n  - b\n    c\n",
            "a:\n  - b\n   - c\n",
            "a: x\n- b\n",
            "- a\n",
            "a\tb: c\n",
            "a: b\u{2028}c\n",
            "# a note\na: b\n",
            "a b: c\n",
            "a:b\n",
            "'a': b\n",
            "a: -\n",
            "a: @b\n",
        ] {
            assert_eq!(read(block), None, "{block}");
        }
    }

    /// Lines of the pieces that make up front matter, in any order.
    fn blocks() -> impl proptest::strategy::Strategy<Value = String> {
        let pieces = [
            "a",
            "b c",
            "title",
            ":",
            ": ",
            ":\n",
            "\n",
            "\n",
            "\n  ",
            "\n- ",
            "\n  - ",
            "\n    - ",
            "-",
            " ",
            "  ",
            "\"",
            "'",
            "[",
            "]",
            ", ",
            ",",
            "{",
            "}",
            "#",
            " #",
            "&a",
            "*a",
            "!",
            "|",
            ">",
            "%",
            "@",
            "`",
            "?",
            "? ",
            "null",
            "Null",
            "~",
            "true",
            "1.10",
            "0o7",
            ".inf",
            "2025-01-31",
            "10:00",
            "https://x.y/#z",
            "\\",
            "\\n",
            "''",
            "\t",
            "é",
            "—",
            "\u{a0}",
            "\u{85}",
            "\u{2028}",
            "\u{feff}",
            "🎈",
            "---",
            "...",
            "=",
            "<<",
            "key: value\n",
            "tags: [a, b]\n",
            "tags:\n  - a\n  - b\n",
            "title: \"x\"\n",
            "date: 2025-01-31\n",
        ];
        let piece = proptest::sample::select(pieces.to_vec()).prop_map(str::to_owned);
        let any = proptest::prop_oneof![12 => piece, 1 => "[ -~]{0,4}", 1 => "\\PC{0,3}"];
        proptest::collection::vec(any, 0..14).prop_map(|pieces| pieces.concat())
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4_000))]

        #[test]
        fn nothing_is_read_in_another_way_than_the_library_reads_it(block in blocks()) {
            let _ = read(&block);
            let _ = read(&format!("title: {block}"));
            let _ = read(&format!("tags: [{block}]\n"));
            let _ = read(&format!("tags:\n  - {block}\n"));
        }
    }
}
