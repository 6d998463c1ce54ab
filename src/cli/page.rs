//! What a command prints for people: text, tables and colours. All that is foreign is cleaned when it comes in, so that the
//! only escapes are those of the colours here.

use annotate_snippets::renderer::Style;

use super::look::Look;
use super::printable::{one_line, printable};
use super::table::{Cell, Columns};

/// A text that is being written.
#[derive(Debug)]
pub(super) struct Page {
    text: String,
    look: Look,
}

impl Page {
    pub(super) fn new(look: Look) -> Self {
        Self { text: String::new(), look }
    }

    pub(super) fn look(&self) -> Look {
        self.look
    }

    /// Adds text. Foreign words in it are on one line, see `printable::one_line`.
    pub(super) fn push(&mut self, text: &str) {
        self.text += &printable(text);
    }

    /// Adds a sentence, on as many lines as it takes.
    pub(super) fn paragraph(&mut self, sentence: &str) {
        for line in self.look.lines(&one_line(sentence), 0) {
            self.text += &line;
            self.text.push('\n');
        }
    }

    /// Adds words of one line.
    pub(super) fn paint(&mut self, style: Style, words: &str) {
        self.text += &self.look.paint(style, &one_line(words));
    }

    /// Adds a table.
    pub(super) fn table<C: Cell, const N: usize>(&mut self, rows: &[[C; N]]) {
        let mut columns = Columns::new(self.look);
        for row in rows {
            columns.fit(row);
        }
        for row in rows {
            self.text += &columns.lines(row);
        }
    }

    /// Adds what is clean and has its colours.
    pub(super) fn painted(&mut self, text: &str) {
        self.text += text;
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::super::look::{BAD, GOOD, PLAIN};
    use super::*;

    #[test]
    fn only_the_colours_of_a_page_are_escapes() {
        let mut page = Page::new(Look { color: true, width: None });
        page.push("a\u{1b}[2J\n");
        page.paint(GOOD, "b\u{1b}]0;x\nc");
        page.table(&[[("d\u{1b}[31m".to_owned(), BAD), ("e".to_owned(), PLAIN)]]);
        let text = page.into_text();
        assert_eq!(
            text,
            "a\u{fffd}[2J\n\u{1b}[32mb\u{fffd}]0;x c\u{1b}[0m\u{1b}[1m\u{1b}[31md\u{fffd}[31m\u{1b}[0m  e\n"
        );
        let mut page = Page::new(Look::default());
        page.paint(BAD, "f");
        assert_eq!(page.into_text(), "f");
    }
}
