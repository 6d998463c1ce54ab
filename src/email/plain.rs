//! The lines of the text part: 72 columns as terminals count them, addresses never broken.

use unicode_width::UnicodeWidthStr as _;

use crate::content::text::{self, COLUMNS};

/// Breaks a text into lines; the first starts with `first`, the others with as many blanks.
pub(super) fn wrap(text: &str, first: &str) -> String {
    let lines = text::wrap(text, COLUMNS - first.width());
    format!("{first}{}", lines.join(&format!("\n{}", " ".repeat(first.width()))))
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
    fn the_line_under_a_heading_is_as_wide_as_the_heading() {
        assert_eq!(underlined("日本", "-"), "日本\n----");
    }
}
