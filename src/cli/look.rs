//! How results look: what has which colour, and how wide a line may be.

use annotate_snippets::renderer::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr as _;

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
