//! Formulas between `$…$`, `$$…$$` and `\(…\)`: no mail client sets them, so they are shown as they are written.

use super::part::Part;
use super::writer::{Writer, literal};

/// A formula is not longer than this.
const LONGEST: usize = 4096;

/// `$…$` on one line, as Pandoc reads it: money is none; `$$…$$` within a paragraph.
pub(crate) fn dollars(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let rest = &part.text[at..];
    if rest.starts_with("$$") {
        let start = at + 2;
        let stop = part.find_close("$$", start, LONGEST, &mut writer.work).filter(|stop| *stop > start)?;
        lines(&part.text[at..stop + 2], writer);
        return Some(stop + 2);
    }
    let before = part.before(at);
    if !rest.starts_with('$')
        || before.is_some_and(|c| c.is_alphanumeric() || c == '$')
        || part.after(at + 1).is_none_or(char::is_whitespace)
    {
        return None;
    }
    let line = part.short_line(at + 1, LONGEST);
    writer.work.spend(line.len());
    if !writer.work.is_left() {
        return None;
    }
    let stop = at + 1 + line.find('$')?;
    let inside = &part.text[at + 1..stop];
    let closes = part.before(stop).is_some_and(|c| !c.is_whitespace() && c != '\\')
        && part.after(stop + 1).is_none_or(|c| !c.is_alphanumeric() && c != '$')
        && part.next_code(at) > stop
        && !inside.contains("](");
    if inside.is_empty() || !closes {
        return None;
    }
    writer.out.push_str(&literal(&part.text[at..=stop]));
    Some(stop + 1)
}

/// `\(…\)` on one line, `\[…\]` in lines of its own; any other escaped character stays escaped.
pub(crate) fn backslash(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let rest = &part.text[at..];
    let next = rest[1..].chars().next().filter(char::is_ascii_punctuation)?;
    let close = match next {
        '(' => Some("\\)"),
        '[' if part.margin(at).is_some() => Some("\\]"),
        _ => None,
    };
    if let Some(close) = close
        && let Some(stop) = part.find_close(close, at + 2, LONGEST, &mut writer.work)
        && (next == '[' && part.ends_line(stop + 2) || !part.text[at..stop].contains('\n'))
        && is_formula(&part.text[at + 2..stop])
    {
        lines(&part.text[at..stop + 2], writer);
        return Some(stop + 2);
    }
    // `\{{` is one escaped brace and one that opens nothing.
    writer.out.push_str(&rest[..2]);
    Some(at + 2)
}

/// In Markdown without formulas brackets and parentheses are escaped so: what has words and no sign of a formula is prose.
fn is_formula(inside: &str) -> bool {
    let has_word = inside.split(|c: char| !c.is_alphabetic()).any(|word| word.chars().count() > 2);
    !inside.contains("](") && (!has_word || inside.contains(['\\', '^', '=', '{', '|', '&', '+']))
}

fn lines(formula: &str, writer: &mut Writer<'_>) {
    for (n, line) in formula.split('\n').enumerate() {
        if n > 0 {
            writer.out.push('\n');
        }
        writer.out.push_str(&literal(line));
    }
}
