//! Columns for the terminal, by display width.

use super::printable::one_line;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Lays rows out in columns two blanks apart; the last column is not padded.
pub(super) fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    // A cell is one line, whatever is in it.
    let rows: Vec<[String; N]> = rows.iter().map(|row| row.each_ref().map(|cell| one_line(cell))).collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width - cell.width() + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The text cut to a number of columns, with `…` when something was cut.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut width = 0;
    for c in text.chars() {
        width += c.width().unwrap_or(0);
        if width >= columns {
            break;
        }
        short.push(c);
    }
    format!("{}…", short.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_by_what_the_eye_sees() {
        let rows = [["日本".to_owned(), "a".to_owned()], ["abc".to_owned(), "b".to_owned()]];
        assert_eq!(columns(&rows), "日本  a\nabc   b\n");
    }

    #[test]
    fn a_long_title_is_cut_at_the_column() {
        assert_eq!((cut("short", 5).as_str(), cut("日本語のとても長い題", 8).as_str()), ("short", "日本語…"));
    }
}
