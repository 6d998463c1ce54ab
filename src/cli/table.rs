//! Columns for the terminal, by display width.

use annotate_snippets::renderer::Style;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::look::{Look, PLAIN};
use super::printable::one_line;
use crate::content::text::wrap;

/// Between two columns.
const GAP: usize = 2;

/// A column is not made narrower than this: what has no room beside the others stands below them.
const LEAST: usize = 20;

/// How far that is indented.
const INDENT: usize = 4;

/// What stands in a table.
pub(super) trait Cell {
    fn text(&self) -> &str;
    fn style(&self) -> Style;
}

impl Cell for String {
    fn text(&self) -> &str {
        self
    }

    fn style(&self) -> Style {
        PLAIN
    }
}

impl Cell for (String, Style) {
    fn text(&self) -> &str {
        &self.0
    }

    fn style(&self) -> Style {
        self.1
    }
}

/// The widths of the columns of a table, which may be too long to be held whole.
#[derive(Debug)]
pub(super) struct Columns<const N: usize> {
    look: Look,
    /// Of the widest cell.
    natural: [usize; N],
    /// What the widest cell takes when its lines are broken.
    least: [usize; N],
}

/// How the columns stand.
enum Layout<const N: usize> {
    /// Beside each other, with these widths.
    Beside([usize; N]),
    /// The first so many beside each other, the others below them.
    Below(usize),
}

impl<const N: usize> Columns<N> {
    pub(super) fn new(look: Look) -> Self {
        Self { look, natural: [0; N], least: [0; N] }
    }

    /// Makes room for a row.
    pub(super) fn fit<C: Cell>(&mut self, row: &[C; N]) {
        for (at, cell) in row.iter().enumerate() {
            let cell = one_line(cell.text());
            self.natural[at] = self.natural[at].max(cell.width());
            // What is too long for the last one, such as an address, goes on where the terminal breaks it.
            if self.look.width.is_some() && at + 1 < N {
                let widest = wrap(&cell, LEAST).iter().map(|line| line.width()).max().unwrap_or(0);
                self.least[at] = self.least[at].max(widest + indent_of(&cell));
            }
        }
    }

    fn layout(&self) -> Layout<N> {
        let mut widths = self.natural;
        let Some(whole) = self.look.width else { return Layout::Beside(widths) };
        let sum = |widths: &[usize]| widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
        for width in &mut widths {
            *width = (*width).min(whole);
        }
        while sum(&widths) > whole {
            let least = |at: usize| self.least[at].max(LEAST);
            let widest = (0..N).filter(|at| widths[*at] > least(*at)).max_by_key(|at| widths[*at]);
            let Some(widest) = widest else {
                let beside = (1..N).rev().find(|number| sum(&self.natural[..*number]) <= whole);
                return Layout::Below(beside.unwrap_or(1));
            };
            widths[widest] -= 1;
        }
        Layout::Beside(widths)
    }

    /// The row, on one line where it fits; a cell is one line, whatever is in it.
    pub(super) fn lines<C: Cell>(&self, row: &[C; N]) -> String {
        let cells = row.each_ref().map(|cell| (one_line(cell.text()), cell.style()));
        match self.layout() {
            Layout::Beside(widths) => self.beside(&cells, &widths),
            Layout::Below(number) => {
                let whole = self.look.width.unwrap_or(usize::MAX);
                let mut lines = self.beside(&cells[..number], &self.natural.map(|width| width.min(whole))[..number]);
                let columns = whole.saturating_sub(INDENT).max(1);
                for (cell, style) in &cells[number..] {
                    for line in wrap(cell, columns) {
                        lines += &format!("{:INDENT$}{}\n", "", self.look.paint(*style, &line));
                    }
                }
                lines
            }
        }
    }

    fn beside(&self, cells: &[(String, Style)], widths: &[usize]) -> String {
        let broken: Vec<Vec<String>> =
            cells.iter().zip(widths).map(|((cell, _), width)| broken(cell, *width)).collect();
        let mut lines = String::new();
        for number in 0..broken.iter().map(Vec::len).max().unwrap_or(0).max(1) {
            let mut blanks = 0;
            for ((pieces, (_, style)), width) in broken.iter().zip(cells).zip(widths) {
                let piece = pieces.get(number).map_or("", String::as_str);
                let (start, end) = (indent_of(piece), piece.trim_end());
                // Blanks end no line, and have no colour.
                if start < end.len() {
                    lines += &" ".repeat(blanks + start);
                    lines += &self.look.paint(*style, &end[start..]);
                    blanks = 0;
                }
                blanks += width.saturating_sub(end.width()) + GAP;
            }
            lines.push('\n');
        }
        lines
    }
}

fn indent_of(text: &str) -> usize {
    text.len() - text.trim_start_matches(' ').len()
}

/// A cell in lines of at most so many columns, all with the blanks that it begins with.
fn broken(cell: &str, width: usize) -> Vec<String> {
    if cell.width() <= width {
        return vec![cell.to_owned()];
    }
    let indent = indent_of(cell);
    let lines = wrap(cell, width.saturating_sub(indent).max(1));
    lines.into_iter().map(|line| format!("{:indent$}{line}", "")).collect()
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
    use super::super::look::GOOD;
    use super::super::page::Page;
    use super::*;

    fn table<const N: usize>(width: Option<usize>, rows: &[[&str; N]]) -> String {
        let mut page = Page::new(Look { color: false, width });
        page.table(&rows.iter().map(|row| row.map(str::to_owned)).collect::<Vec<_>>());
        page.into_text()
    }

    #[test]
    fn columns_line_up_by_what_the_eye_sees() {
        assert_eq!(table(None, &[["日本", "a"], ["abc", "b"], ["", "c"]]), "日本  a\nabc   b\n      c\n");
        assert_eq!(table(None, &[["a", "", ""], ["a", "", "b"]]), "a\na    b\n", "no blanks at the end");
    }

    #[test]
    fn a_table_fits_the_terminal_and_breaks_its_lines_between_words() {
        let row = ["2026-03-02", "Slow rivers and the patience of stones", "new since the last run on 2026-02-23"];
        let text = table(Some(60), &[row]);
        assert_eq!(
            text,
            "2026-03-02  Slow rivers and the      new since the last run\n            patience of stones       on 2026-02-23\n"
        );
        let japanese =
            ["2026-03-02", "雨の降る町で、川はゆっくりと海へ流れていく。", "new since the last run on 2026-02-23"];
        for width in [30, 40, 60, 80] {
            let text = table(Some(width), &[row, japanese]);
            assert!(text.lines().all(|line| line.width() <= width), "{width}: {text}");
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<Vec<_>>().len();
            assert_eq!(letters(&text), letters(&[row.concat(), japanese.concat()].concat()), "{width}: {text}");
        }
        let one = table(None, &[row, japanese]);
        assert_eq!((one.lines().count(), table(Some(200), &[row, japanese])), (2, one));
    }

    #[test]
    fn what_has_no_room_beside_the_others_stands_below_them() {
        let row = ["2026-03-02", "published", "due", "Slow rivers and stones", "new: nothing was published before"];
        assert_eq!(
            table(Some(40), &[row]),
            "2026-03-02  published  due\n    Slow rivers and stones\n    new: nothing was published before\n"
        );
    }

    #[test]
    fn a_first_column_that_is_too_wide_has_lines_too() {
        let text = table(Some(30), &[["Issue 1 and all of its many words", "sent", "to everyone who reads it here"]]);
        assert!(text.lines().all(|line| line.width() <= 30), "{text}");
        assert!(text.starts_with("Issue 1 and all of its many\nwords\n    sent\n"), "{text}");
    }

    #[test]
    fn an_address_is_not_broken() {
        let address = "https://example.org/2026/03/02/slow-rivers-and-the-patience-of-stones/";
        let text = table(Some(40), &[["  url", address]]);
        assert!(text.contains(address), "{text}");
        let long = "a-very-long-name@a-very-long-domain.example";
        let text = table(Some(60), &[[long, "confirmed and known to the owner"]]);
        assert!(text.contains(long) && text.lines().all(|line| line.width() <= 60), "{text}");
    }

    #[test]
    fn blanks_have_no_colour() {
        let mut page = Page::new(Look { color: true, width: None });
        page.table(&[[("  a ".to_owned(), GOOD), ("b".to_owned(), GOOD)]]);
        assert_eq!(page.into_text(), "  \u{1b}[32ma\u{1b}[0m   \u{1b}[32mb\u{1b}[0m\n");
    }

    #[test]
    fn a_long_title_is_cut_at_the_column() {
        assert_eq!((cut("short", 5).as_str(), cut("日本語のとても長い題", 8).as_str()), ("short", "日本語…"));
    }
}
