//! Small things within a line: `==marked==`, `:smile:`, and addresses, in which nothing is read.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::part::Part;
use super::writer::Writer;

/// What the codes show.
static EMOJI: LazyLock<BTreeMap<String, String>> =
    LazyLock::new(|| toml::from_str(include_str!("emoji.toml")).expect("the file holds texts"));

/// `==marked==`.
pub(crate) fn mark(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    if !part.text[at..].starts_with("==")
        || writer.mark_ends.is_some_and(|end| end > at)
        || part.before(at).is_some_and(|c| c == '=' || c.is_alphanumeric())
        || part.after(at + 2).is_none_or(|c| c == '=' || c.is_whitespace())
    {
        return None;
    }
    let line_end = at + part.short_line(at, 1024).len();
    let end = part.find("==", at + 2..line_end, &mut writer.work)?;
    let closes = part.before(end).is_some_and(|c| !c.is_whitespace()) && part.after(end + 2) != Some('=');
    if !closes {
        return None;
    }
    writer.mark_ends = Some(end);
    writer.out.push_str("<mark>");
    Some(at + 2)
}

/// The second half of [`mark`].
pub(crate) fn end_mark(_: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    writer.mark_ends.take_if(|end| *end == at)?;
    writer.out.push_str("</mark>");
    Some(at + 2)
}

/// `:smile:`, but no time, no `a::b`, and nothing within a word of any script.
pub(crate) fn emoji(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let before = part.before(at);
    if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, ':' | '/' | '_')) && writer.emoji_end != at {
        return None;
    }
    let rest = &part.text.as_bytes()[at + 1..];
    let length = rest.iter().take(32).position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+' | b'-')))?;
    if rest.get(length) != Some(&b':') {
        return None;
    }
    let name = &part.text[at + 1..=at + length];
    let end = at + length + 2;
    if part.after(end).is_some_and(char::is_alphanumeric) {
        return None;
    }
    writer.out.push_str(EMOJI.get(name)?);
    writer.emoji_end = end;
    Some(end)
}

/// `https://…` as far as it goes.
pub(crate) fn address(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    if part.text[at..].starts_with("://") {
        let rest = &part.text[at..];
        let window = &rest[..rest.floor_char_boundary(2048)];
        let end = window.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | ')' | ']'));
        let end = end.unwrap_or(window.len());
        writer.work.spend(end);
        writer.quiet_until = writer.quiet_until.max(at + end);
    }
    None
}
