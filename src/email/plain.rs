//! The lines of the text part: 72 columns as terminals count them, addresses never broken.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Where lines of the text part end.
pub(super) const COLUMNS: usize = 72;

/// Breaks a text into lines; the first starts with `first`, the others with as many blanks.
pub(super) fn wrap(text: &str, first: &str) -> String {
    let indent = " ".repeat(first.width());
    let mut out = first.to_owned();
    let mut column = first.width();
    let mut empty = true;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        for (index, piece) in pieces(word).into_iter().enumerate() {
            let space = usize::from(index == 0 && !empty);
            if !empty && column + space + piece.width() > COLUMNS {
                out.push('\n');
                out.push_str(&indent);
                column = indent.len();
            } else if space == 1 {
                out.push(' ');
                column += 1;
            }
            out.push_str(piece);
            column += piece.width();
            empty = false;
        }
    }
    out
}

/// A heading: the text and a line under it.
pub(super) fn underlined(text: &str, with: &str) -> String {
    let lines = wrap(text, "");
    let width = lines.lines().map(str::width).max().unwrap_or_default().clamp(3, COLUMNS);
    format!("{lines}\n{}", with.repeat(width))
}

/// A label and the address that belongs to it, which stays whole. Readers make links of web addresses by themselves;
/// others stand in angle brackets (RFC 3986, appendix C).
pub(super) fn labelled(label: &str, colon: &str, address: &str) -> String {
    let address = if address.starts_with("http") { address.to_owned() } else { format!("<{address}>") };
    let label = format!("{label}{colon}");
    let gap = if label.width() + 1 + address.width() > COLUMNS { "\n" } else { " " };
    format!("{label}{gap}{address}")
}

/// The parts of a word between which a line may end: around each wide character, as Chinese and Japanese do, but not
/// before a closing sign; anywhere in a word that is longer than a line, unless it is an address.
fn pieces(word: &str) -> Vec<&str> {
    if word.contains("://") {
        return vec![word];
    }
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut width = 0;
    let mut previous_wide = false;
    for (at, c) in word.char_indices() {
        let columns = c.width().unwrap_or_default();
        let wide = columns > 1;
        let breaks = (wide || previous_wide) && !closes(c) && columns > 0;
        if at > start && (breaks || width + columns > COLUMNS) {
            pieces.push(&word[start..at]);
            (start, width) = (at, 0);
        }
        width += columns;
        previous_wide = wide && !opens(c);
    }
    pieces.push(&word[start..]);
    pieces
}

fn closes(c: char) -> bool {
    "、。，．！？：；）」』】〕》〉’”…ー・々ぁぃぅぇぉっゃゅょァィゥェォッャュョ,.!?:;)".contains(c)
}

fn opens(c: char) -> bool {
    "（「『【〔《〈".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_72_columns_and_hang() {
        let text = wrap(&"word ".repeat(30), "- ");
        assert!(text.lines().all(|line| line.width() <= COLUMNS));
        assert!(text.lines().skip(1).all(|line| line.starts_with("  word")), "{text}");
    }

    #[test]
    fn japanese_breaks_between_characters_and_addresses_never_break() {
        let text = wrap(&"日本語、".repeat(30), "");
        assert!(text.lines().all(|line| line.width() <= COLUMNS && !line.starts_with('、')), "{text}");
        let address = format!("https://example.org/{}", "a".repeat(100));
        assert_eq!(wrap(&address, ""), address);
    }

    #[test]
    fn a_word_longer_than_a_line_is_broken() {
        assert!(wrap(&"x".repeat(10_000), "").lines().all(|line| line.width() <= COLUMNS));
    }

    #[test]
    fn the_line_under_a_heading_is_as_wide_as_the_heading() {
        assert_eq!(underlined("日本", "-"), "日本\n----");
    }
}
