//! Nikola's `.. key: value` lines, at the top of a file or inside of its first HTML comment.

use super::fence::{after_line, first_line, key_of};
use super::form::{Extent, Form, Pair, ParseError, Parsed, has_ended, lines};
use super::value::Value;

const MARK: &str = ".. ";

/// `.. title: …`.
pub(crate) const FORM: Form =
    Form { find, read, ending: "close the comment with `-->`, or leave a blank line below the last `.. key: value`" };

fn find(text: &str, start: usize) -> Option<Extent> {
    let rest = &text[start..];
    if let Some(comment) = rest.strip_prefix("<!--") {
        if !comment.trim_start().starts_with(MARK) {
            return None;
        }
        let Some(length) = comment.find("-->") else { return Some(Extent::Endless) };
        let block = start + 4..start + 4 + length;
        let begins = first_line(text[block.clone()].trim_start());
        return key(begins).map(|_| Extent::Block { text: block.clone(), body: after_line(text, block.end) });
    }
    let first = first_line(rest);
    if !first.starts_with(MARK) || (key(first).is_none() && first.len() < rest.len()) {
        return None;
    }
    let length: usize = lines(rest, 0).take_while(|(_, line)| key(line).is_some()).map(|(at, _)| at.len()).sum();
    let after = &rest[length..];
    if !has_ended(after, MARK) || after.starts_with(MARK) {
        return Some(Extent::Endless);
    }
    Some(Extent::Block { text: start..start + length, body: start + length })
}

/// The key of a line; `.. image:: x` is a directive.
fn key(line: &str) -> Option<(&str, &str)> {
    let line = line.strip_prefix(MARK)?;
    let key = key_of(line).filter(|key| !key.ends_with(':'))?;
    Some((key, line[key.len()..].trim_start().trim_start_matches(':').trim()))
}

fn read(block: &str) -> Result<Parsed, ParseError> {
    let mut pairs: Vec<Pair> = Vec::new();
    for (at, line) in lines(block, 0) {
        if let Some((key, source)) = key(line) {
            let at = at.start..at.start + line.trim_end().len();
            let value = Value::Text(source.to_owned());
            // Tags that are flags.
            let flag = ["draft", "private"].iter().find(|flag| source.split(',').any(|tag| tag.trim() == **flag));
            if let Some(flag) = flag.filter(|_| key == "tags") {
                let value = Value::Text((*flag).to_owned());
                pairs.push(Pair { key: "visibility".into(), value, at: at.clone(), source: String::new() });
            }
            pairs.push(Pair { key: key.to_owned(), value, at, source: source.to_owned() });
        } else if let Some(last) = pairs.last_mut().filter(|_| line.starts_with([' ', '\t'])) {
            last.value = Value::Text(format!("{} {}", last.source, line.trim()));
        } else if !line.trim().is_empty() {
            return Err(ParseError {
                code: "post/front-matter",
                offset: at.start,
                message: "this line is not `.. key: value`".to_owned(),
                help: "write it as `.. key: value`, or move it below the front matter",
            });
        }
    }
    Ok(Parsed { pairs, notes: Vec::new() })
}
