//! What old parsers of Markdown and writers in Chinese, Japanese and Korean write that `CommonMark` reads otherwise.

use super::part::Part;
use super::writer::Writer;

/// Stands beside `**` where punctuation would keep it from being emphasis (`CommonMark` §6.2); no text has this character, and
/// none keeps it ([`without_joints`]).
pub(crate) const JOINT: char = '\u{fdd0}';

/// `他说**「你好」**了`: without blanks between words the marks touch a letter on one side and punctuation on the other.
pub(crate) fn emphasis(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let before = part.before(at)?;
    let marks = part.text.as_bytes()[at..].iter().take(4).take_while(|byte| **byte == b'*').count();
    if marks > 3 || matches!(before, '*' | '\\') {
        return None;
    }
    let (end, after) = (at + marks, part.after(at + marks)?);
    let is_mark = |c: char| !c.is_alphanumeric() && !c.is_whitespace();
    if is_letter(before) && is_mark(after) {
        writer.out.push_str(&part.text[at..end]);
        writer.out.push(JOINT);
    } else if is_mark(before) && is_letter(after) {
        writer.out.push(JOINT);
        writer.out.push_str(&part.text[at..end]);
    } else {
        return None;
    }
    Some(end)
}

/// True for letters of scripts that set no blanks between words.
fn is_letter(c: char) -> bool {
    matches!(c, '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
        && c.is_alphanumeric()
}

/// `##Heading`, as Markdown had it before `CommonMark`; one mark is a hashtag.
pub(crate) fn heading(part: &Part<'_>, at: usize, writer: &mut Writer<'_>) -> Option<usize> {
    let line = part.short_line(at, 80);
    let marks = line.len() - line.trim_start_matches('#').len();
    let is_heading = (2..=6).contains(&marks) && line[marks..].starts_with(char::is_alphanumeric);
    is_heading.then(|| {
        writer.out.push_str(&line[..marks]);
        writer.out.push(' ');
        at + marks
    })
}
