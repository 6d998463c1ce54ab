//! Reads YAML that is not quite YAML: an unquoted `: `, a value that begins with `@`, tabs.
//!
//! Only where one reading is possible. A quote or bracket that nothing closes is not guessed: that is an error, because
//! it may have swallowed the line that says `draft: true`.

use std::ops::Range;

use super::super::super::draft_words::is_holding_key;
use super::super::fence::key_of;
use super::super::value::{Value, normal};
use super::strict;

/// Places in a block.
type Places = Vec<Range<usize>>;

/// What was read, and the lines that had to be guessed.
pub(crate) struct Guess {
    pub(crate) pairs: Vec<(String, Value)>,
    /// Byte ranges of the values that should be quoted.
    pub(crate) guessed: Places,
    /// Those of lines that say nothing.
    pub(crate) strays: Places,
}

/// Reads a block key by key, or returns `None` when some part of it makes no sense.
pub(crate) fn parse(block: &str) -> Option<Guess> {
    let (chunks, strays) = chunks(block)?;
    let mut guess = Guess { pairs: Vec::new(), guessed: Vec::new(), strays };
    for chunk in chunks {
        let text = &block[chunk.clone()];
        if text.lines().all(|line| line.trim().is_empty() || line.starts_with('#')) {
            continue;
        }
        match strict::parse(text) {
            Ok(Value::Map(pairs)) if pairs.len() == 1 => guess.pairs.extend(pairs),
            _ => read(text, chunk.start, &mut guess)?,
        }
    }
    Some(guess)
}

/// One range per key, with the lines that belong to it, and the lines behind a key that are none themselves; `None` when one
/// could be meant to hold the post back.
fn chunks(block: &str) -> Option<(Places, Places)> {
    let mut chunks = Places::new();
    let mut strays = Places::new();
    let mut offset = 0;
    for line in block.split_inclusive('\n') {
        let end = offset + line.len();
        let continues = line.trim().is_empty() || line.starts_with(['#', ' ', '\t', '-', ']', '}']);
        match chunks.last_mut() {
            _ if key_of(line).is_some() => chunks.push(offset..end),
            Some(last) if continues => last.end = end,
            None if line.trim().is_empty() || line.starts_with('#') => {}
            Some(_) if is_stray(line) => strays.push(offset..offset + line.trim_end().len()),
            _ => return None,
        }
        offset = end;
    }
    Some((chunks, strays))
}

/// True for a line of words that neither go on with a value nor say a key, also not one that lacks its colon.
fn is_stray(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default();
    line.starts_with(char::is_alphanumeric)
        && !line.contains([':', '"', '\'', '[', ']', '{', '}'])
        && !is_holding_key(&normal(first))
}

fn read(text: &str, start: usize, guess: &mut Guess) -> Option<()> {
    let untabbed = text.replace('\t', "  ");
    if untabbed != text
        && let Ok(Value::Map(pairs)) = strict::parse(&untabbed)
        && let [(_, Value::List(_) | Value::Map(_))] = pairs.as_slice()
    {
        guess.guessed.push(start..start + text.trim_end().len());
        guess.pairs.extend(pairs);
        return Some(());
    }
    let mut lines =
        text.split_inclusive('\n').filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let first = lines.next()?;
    let key = key_of(first)?;
    let colon = key.len() + first[key.len()..].find(':')?;
    let rest = first[colon + 1..].trim();
    let items: Vec<&str> = lines.map(str::trim).collect();
    let value = if items.is_empty() {
        let at = start + colon + 1 + (first[colon + 1..].len() - first[colon + 1..].trim_start().len());
        guess.guessed.push(at..at + rest.len());
        one_line(rest, &normal(key))?
    } else if rest.is_empty() {
        guess.guessed.push(start..start + first.trim_end().len());
        Value::List(items.into_iter().map(|item| self::item(item, &normal(key))).collect::<Option<_>>()?)
    } else {
        return None;
    };
    guess.pairs.push((key.to_owned(), value));
    Some(())
}

fn item(line: &str, key: &str) -> Option<Value> {
    let rest = line.strip_prefix('-').filter(|rest| rest.is_empty() || rest.starts_with(' '))?.trim();
    match strict::parse(rest) {
        Ok(value @ (Value::Text(_) | Value::Null)) => Some(value),
        _ => plain_scalar(rest, key).map(Value::Text),
    }
}

/// A value that ends on its line although YAML sees something else begin in it: whatever opens is closed again, so that
/// no other line can be a part of it.
fn one_line(rest: &str, key: &str) -> Option<Value> {
    if let Some(text) = plain_scalar(rest, key) {
        return Some(Value::Text(text));
    }
    let is_even = |open: char, close: char| rest.matches(open).count() == rest.matches(close).count();
    let text = match rest.chars().next()? {
        // `"a" and b`, `"he said "yes" to it"`
        quote @ ('"' | '\'') => {
            let (_, after) = rest[1..].split_once(quote)?;
            // What goes on at once is no end: only a last quote makes sense of the first.
            let is_inner = after.starts_with(char::is_alphanumeric);
            if is_inner { rest[1..].strip_suffix(quote)? } else { rest }
        }
        // `&quot;a&quot;`
        '&' => {
            let (name, _) = rest[1..].split_once(';')?;
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'#').then_some(rest)?
        }
        // `>x`, but not the head of a text that follows.
        '>' | '|' => {
            rest[1..].starts_with(|c: char| !matches!(c, '+' | '-' | '0'..='9' | ' ' | '#')).then_some(rest)?
        }
        // `{{ site.url }}/a.png`
        '{' => (rest.starts_with("{{") && rest.contains("}}") && is_even('{', '}')).then_some(rest)?,
        // `[a, b], c`
        '[' if is_even('[', ']') && is_even('{', '}') && !rest.contains(['"', '\'']) => {
            let items = rest.split([',', '[', ']']).map(str::trim).filter(|item| !item.is_empty());
            return Some(Value::List(items.map(|item| Value::Text(item.to_owned())).collect()));
        }
        _ => return None,
    };
    Some(Value::Text(text.to_owned()))
}

/// A value that is plain text although YAML does not think so; `None` when it may be half of something else.
fn plain_scalar(rest: &str, key: &str) -> Option<String> {
    let begins_like_text = !rest.starts_with(['"', '\'', '[', ']', '{', '}', '|', '>', '&', '!']);
    // `[Error] a title` is a title, `[a, b` is a list that nothing closes.
    let bracketed_title = rest.starts_with('[')
        && matches!(
            key,
            "title" | "posttitle" | "headline" | "name" | "description" | "summary" | "subtitle" | "excerpt"
        )
        && rest.matches('[').count() == rest.matches(']').count()
        && !rest.ends_with(']');
    // `#30` is a number, and `# note` a remark.
    let remark = rest.find(" # ").filter(|_| begins_like_text);
    let rest = remark.map_or(rest, |at| rest[..at].trim_end());
    (begins_like_text || bracketed_title).then(|| rest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(block: &str) -> Option<Vec<(String, String)>> {
        let guess = parse(block)?;
        Some(guess.pairs.into_iter().map(|(key, value)| (key, value.text().unwrap_or_default().to_owned())).collect())
    }

    #[test]
    fn r4_an_unquoted_colon_is_read_as_text() {
        let read = texts("title: Go: a walk # note\ndate: 2025-01-01\nby: @ada\n").unwrap();
        let expected = [("title", "Go: a walk"), ("date", "2025-01-01"), ("by", "@ada")];
        assert_eq!(read, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }

    #[test]
    fn r4_what_is_closed_on_its_line_is_read_as_text() {
        for (line, expected) in [
            ("title: \"a\" and b", "\"a\" and b"),
            ("title: \"a\" and \"b\"", "\"a\" and \"b\""),
            ("title: \"he said \"yes\" to it\"", "he said \"yes\" to it"),
            ("title: 'it's late'", "it's late"),
            ("title: &quot;q&quot;", "&quot;q&quot;"),
            ("title: >x", ">x"),
            ("title: |pipe", "|pipe"),
            ("image: {{ site.url }}/a.png", "{{ site.url }}/a.png"),
            ("draft: {{draft}}", "{{draft}}"),
        ] {
            let block = format!("{line}\ndate: 2025-01-01\n");
            let read = texts(&block).unwrap_or_else(|| panic!("{line} was not read"));
            assert_eq!((read[0].1.as_str(), read[1].1.as_str()), (expected, "2025-01-01"));
        }
        let guess = parse("tags: [a, b], c\n").unwrap();
        assert_eq!(guess.pairs[0].1, Value::List(["a", "b", "c"].map(|tag| Value::Text(tag.into())).to_vec()));
    }

    #[test]
    fn lists_of_what_is_no_yaml_are_read_line_by_line() {
        let guess = parse("authors:\n  - @ada\n  - \"Grace\"\ntags:\n\t- a\n").unwrap();
        let list = |items: &[&str]| Value::List(items.iter().map(|item| Value::Text((*item).into())).collect());
        assert_eq!(guess.pairs, [("authors".into(), list(&["@ada", "Grace"])), ("tags".into(), list(&["a"]))]);
        assert_eq!(guess.guessed.len(), 2);
    }

    #[test]
    fn a_line_without_a_colon_says_nothing() {
        let guess = parse("title: a\nand more of it\ndraft: true\n").unwrap();
        assert_eq!((guess.pairs.len(), guess.strays.first()), (2, Some(&(9..23))));
    }

    #[test]
    fn a_number_is_no_remark() {
        assert_eq!(texts("title: A: one #30 (\"K\")\n").unwrap()[0].1, "A: one #30 (\"K\")");
    }

    #[test]
    fn a_title_in_brackets_is_a_title() {
        assert_eq!(texts("title: [Error] x: y\n").unwrap()[0].1, "[Error] x: y");
    }

    #[test]
    fn what_may_have_swallowed_another_key_is_never_guessed() {
        for block in [
            "title: \"a\ndraft: true\n",
            "title: 'it's\ndraft: true\n",
            "tags: [a, b\ndraft: true\n",
            "tags: {a: b\ndraft: true\n",
            "title: a\ndraft true\n",
            "title: a\nand \"more of it\ndraft: true\n",
            "title: a: b\n  more\n",
            "- a\n",
        ] {
            assert!(texts(block).is_none(), "{block:?} was guessed");
        }
    }
}
