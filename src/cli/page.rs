//! What a command prints for people: text, tables and colours. All that is foreign is cleaned when it comes in, so that the
//! only escapes are those of the colours here.

use annotate_snippets::renderer::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr as _;

use super::printable::{one_line, printable};
use super::table::{Cell, Columns};
use crate::content::text::wrap;
use crate::model::{DeliveryCounts, DeliveryState, PostStatus, SubscriberStatus};
use crate::publish::Verdict;

pub(super) const PLAIN: Style = Style::new();
/// What a text begins with, and the names of columns.
pub(super) const BOLD: Style = Style::new().bold();
/// What is not for readers.
pub(super) const GREY: Style = Style::new().dimmed();
/// What goes out, or has.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// What waits for the owner, or for a better time.
pub(super) const ATTENTION: Style = AnsiColor::Yellow.on_default();
/// What went wrong, or may have.
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();

/// How a stream is written to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Look {
    pub(super) color: bool,
    /// The columns of the terminal; `None` where there is none, and lines are as long as they are.
    pub(super) width: Option<usize>,
}

impl Look {
    /// A clean text in a style.
    pub(super) fn paint(self, style: Style, text: &str) -> String {
        if self.color && style != PLAIN && !text.is_empty() {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    /// A clean text in lines that the terminal has room for behind an indent.
    pub(super) fn lines(self, text: &str, indent: usize) -> Vec<String> {
        match self.width {
            Some(width) if text.width() + indent > width => wrap(text, width.saturating_sub(indent).max(1)),
            _ => vec![text.to_owned()],
        }
    }
}

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
        rows.iter().for_each(|row| columns.fit(row));
        rows.iter().for_each(|row| self.text += &columns.lines(row));
    }

    /// Adds what is clean and has its colours.
    pub(super) fn painted(&mut self, text: &str) {
        self.text += text;
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

/// The names of columns.
pub(super) fn header<const N: usize>(names: [&str; N]) -> [(String, Style); N] {
    names.map(|name| (name.to_owned(), BOLD))
}

pub(super) fn of_post(status: PostStatus) -> Style {
    match status {
        PostStatus::Published | PostStatus::Scheduled => PLAIN,
        PostStatus::Draft | PostStatus::Page | PostStatus::Skipped => GREY,
        PostStatus::Error => BAD,
    }
}

pub(super) fn of_verdict(verdict: &Verdict) -> Style {
    match verdict {
        Verdict::Due(_) | Verdict::Included => GOOD,
        Verdict::Late(_) | Verdict::Waiting { .. } => ATTENTION,
        verdict if verdict.is_held_back() => ATTENTION,
        Verdict::NotPublished(status, _) => of_post(*status),
        _ => PLAIN,
    }
}

pub(super) fn of_delivery(state: DeliveryState) -> Style {
    match state {
        DeliveryState::Sent => GOOD,
        DeliveryState::Queued | DeliveryState::Sending => PLAIN,
        DeliveryState::Deferred => ATTENTION,
        DeliveryState::Failed | DeliveryState::InDoubt => BAD,
        DeliveryState::Skipped => GREY,
    }
}

/// The worst of them counts.
pub(super) fn of_deliveries(counts: &DeliveryCounts) -> Style {
    let is_any = |states: &[DeliveryState]| states.iter().any(|state| counts.get(*state) > 0);
    match () {
        () if is_any(&[DeliveryState::Failed, DeliveryState::InDoubt]) => BAD,
        () if is_any(&[DeliveryState::Deferred]) => ATTENTION,
        () => PLAIN,
    }
}

pub(super) fn of_reader(status: SubscriberStatus) -> Style {
    match status {
        SubscriberStatus::Confirmed => PLAIN,
        SubscriberStatus::Pending => ATTENTION,
        SubscriberStatus::Unsubscribed => GREY,
        SubscriberStatus::Bounced | SubscriberStatus::Complained => BAD,
    }
}

#[cfg(test)]
mod tests {
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
