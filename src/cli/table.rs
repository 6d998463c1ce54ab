//! Columns for the terminal, by display width.

use super::printable::one_line;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Lays rows out in columns two blanks apart; the last column is not padded.
pub(super) fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let mut columns = Columns::default();
    for row in rows {
        columns.fit(row);
    }
    rows.iter().map(|row| columns.line(row)).collect::<Vec<_>>().concat()
}

/// The widths of the columns of a table that is too long to be held whole.
#[derive(Debug)]
pub(super) struct Columns<const N: usize>([usize; N]);

impl<const N: usize> Default for Columns<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> Columns<N> {
    /// Makes room for a row.
    pub(super) fn fit(&mut self, row: &[String; N]) {
        for (width, cell) in self.0.iter_mut().zip(row) {
            *width = (*width).max(one_line(cell).width());
        }
    }

    /// The row as a line. A cell is on one line, whatever is in it.
    pub(super) fn line(&self, row: &[String; N]) -> String {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(self.0) {
            let cell = one_line(cell);
            line.push_str(&cell);
            line.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
        }
        format!("{}\n", line.trim_end())
    }
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
