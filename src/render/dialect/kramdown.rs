//! kramdown and its kin: `{: .class #id}`, `{:toc}` and `[TOC]`, `{::options /}`, `*[HTML]: …`, `READMORE`.

use super::part::Part;
use super::wiki;
use super::writer::Writer;

/// An attribute list is not longer than this.
const LONGEST: usize = 400;

/// Lines that say something about others.
pub(crate) fn line(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let whole = part.line(at);
    let line = whole.trim();
    let after = part.next_line(at);
    let is_item = line.len() > 2 && matches!(line.as_bytes(), [b'*' | b'-' | b'+', b' ', ..] | [b'1', b'.', b' ', ..]);
    // A list of one item that only stands for the table of contents.
    if is_item && after < part.text.len() && part.line(after).trim_start().starts_with("{:toc") {
        return Some(part.next_line(after));
    }
    let inside = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
    let inside = inside.map(|inside| inside.strip_prefix('[').and_then(|i| i.strip_suffix(']')).unwrap_or(inside));
    if inside.is_some_and(wiki::is_contents) || line.eq_ignore_ascii_case("@[toc]") || line == "${toc}" {
        return Some(after);
    }
    // Where Middleman ends the summary.
    if line == "READMORE" {
        writer.out.push_str("<!--more-->\n");
        return Some(after);
    }
    if line.starts_with("*[") && line.contains("]:") {
        return Some(after);
    }
    if let Some(list) = line.strip_prefix("{:").and_then(|list| list.strip_suffix('}')) {
        if let Some(list) = list.strip_prefix(':') {
            if list.trim_start().starts_with("comment") && !list.ends_with('/') {
                let end = part.find("{:/", after..part.text.len(), &mut writer.work);
                return Some(end.map_or(after, |end| part.next_line(end)));
            }
            return Some(after);
        }
        if !is_attributes(list) {
            return None;
        }
        heading_id(part, at, list, writer);
        // The line ends what is before it, as it does in kramdown.
        return Some(after);
    }
    // The list may go on in the next line.
    if let Some(begun) = line.strip_prefix("{:").filter(|begun| !begun.contains('}') && after < part.text.len())
        && let Some(end) = part.short_line(after, LONGEST).trim().strip_suffix('}')
        && is_attributes(&format!("{begun} {}", end.trim()))
    {
        return Some(part.next_line(after));
    }
    // Goldmark's attributes of the block above.
    let list = line.strip_prefix('{').and_then(|list| list.strip_suffix('}'));
    if let Some(list) = list.filter(|list| is_attributes(list) && list.split_whitespace().all(is_attribute)) {
        heading_id(part, at, list, writer);
        return Some(after);
    }
    None
}

/// Gives the id of a list to the heading above its line.
fn heading_id(part: &Part<'_>, at: usize, list: &str, writer: &mut Writer<'_>) {
    if let Some(id) = id(list)
        && heading_before(part, at)
        && writer.out.ends_with('\n')
    {
        writer.out.pop();
        writer.out.push_str(&format!(" {{#{id}}}\n"));
    }
}

/// `.class`, `#id` or `key=value`.
fn is_attribute(word: &str) -> bool {
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "-_:".contains(c));
    let name = word.strip_prefix(['.', '#']).or_else(|| word.split_once('=').map(|(name, _)| name));
    name.is_some_and(is_name)
}

fn heading_before(part: &Part<'_>, at: usize) -> bool {
    let before = part.text[..at].trim_end_matches('\n');
    before.len() + 1 == at
        && before.rsplit('\n').next().is_some_and(|line| line.starts_with('#') && !line.ends_with('}'))
}

/// Attributes behind a word, a link, a picture or a heading.
pub(crate) fn attributes(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let rest = &part.text[at..];
    let colon = rest.starts_with("{:");
    let before = part.before(at)?;
    let behind = matches!(before, ')' | ']' | '*' | '_' | '`' | '>' | '"');
    let is_heading = before == ' ' && colon;
    if is_heading && is_item(part, at) {
        let stop = part.short_line(at, LONGEST).find('}')?;
        let end = at + stop + 1;
        return is_attributes(&rest[2..stop]).then(|| end + usize::from(part.after(end) == Some(' ')));
    }
    if !rest.starts_with('{') || !(colon && !before.is_whitespace() || behind || is_heading) {
        return None;
    }
    let stop = part.short_line(at, LONGEST).find('}').or_else(|| {
        // `{:` may end a line, and its list begin the next one.
        let broken = rest.starts_with("{:\n");
        broken.then(|| part.short_line(at + 3, LONGEST).find('}').map(|stop| 3 + stop)).flatten()
    })?;
    let list = rest[1..stop].trim_start_matches(':');
    if list.starts_with(':') || list.starts_with('/') {
        return Some(at + stop + 1);
    }
    if !is_attributes(list) || !(colon || list.trim_start().starts_with(['.', '#']) || list.contains('=')) {
        return None;
    }
    let ends_line = part.ends_line(at + stop + 1);
    let start = part.text[..at].rfind('\n').map_or(0, |end| end + 1);
    writer.work.spend(at - start);
    if ends_line
        && part.text[start..at].starts_with('#')
        && let Some(id) = id(list)
    {
        writer.out.push_str(&format!("{}{{#{id}}}", if before == ' ' { "" } else { " " }));
    } else if is_heading && !ends_line {
        return None;
    }
    Some(at + stop + 1)
}

/// True right behind the mark of a list item; a mark is short, and no line is looked at whole for each list of attributes in it.
fn is_item(part: &Part<'_>, at: usize) -> bool {
    let before = &part.text[part.text.floor_char_boundary(at.saturating_sub(40))..at];
    let mark = match before.rfind('\n') {
        Some(end) => &before[end + 1..],
        None if before.len() == at => before,
        None => return false,
    };
    let mark = mark.trim();
    let is_number = |number: &str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    matches!(mark, "-" | "*" | "+") || mark.strip_suffix('.').is_some_and(is_number)
}

/// `.class #id key="value" toc`.
fn is_attributes(list: &str) -> bool {
    let list = list.trim();
    let starts = |c: char| c.is_ascii_alphabetic() || matches!(c, '.' | '#' | '-');
    // What is in quotes may hold anything.
    let outside = || list.split('"').step_by(2);
    list.starts_with(starts) && !outside().any(|part| part.contains(['{', '}', '<', '>', '$', '|', ';']))
}

fn id(list: &str) -> Option<&str> {
    let id = list.split_whitespace().find_map(|word| word.strip_prefix('#'))?;
    let id = id.split('.').next().unwrap_or(id);
    (!id.is_empty() && id.chars().all(|c| c.is_alphanumeric() || "-_:".contains(c))).then_some(id)
}
