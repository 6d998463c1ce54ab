//! What one cell says about consent.

use super::columns::Meaning;
use super::words::{Verdict, answer, folded, state};
use crate::model::SubscriberStatus::Confirmed;

/// What a cell says in a column of this meaning.
pub(super) fn verdict(meaning: Meaning, cell: &str) -> Verdict {
    let word = || state(&folded(cell));
    match meaning {
        // Buttondown: paused is the subscription that is paid for, and mail goes on.
        Meaning::Kind if cell.is_empty() || cell.eq_ignore_ascii_case("paused") => Verdict::Silent,
        Meaning::State | Meaning::Kind => word(),
        Meaning::Wish(no) => match answer(cell) {
            Some(true) => Verdict::Says(Confirmed),
            Some(false) => Verdict::Says(no),
            None => word(),
        },
        Meaning::Day(no) => match answer(cell) {
            Some(true) => Verdict::Says(Confirmed),
            Some(false) => Verdict::Says(no),
            None if cell.is_empty() => Verdict::Says(no),
            None => Verdict::Unknown,
        },
        Meaning::Refusal(status) => match answer(cell) {
            Some(true) => Verdict::Says(status),
            Some(false) => Verdict::Silent,
            None if cell.is_empty() => Verdict::Silent,
            None => match word() {
                Verdict::Says(state) if state != Confirmed => Verdict::Says(state),
                _ => Verdict::Unknown,
            },
        },
        Meaning::Reason(_) if cell.is_empty() || answer(cell) == Some(false) => Verdict::Silent,
        Meaning::Reason(status) => Verdict::Says(status),
        _ => Verdict::Silent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SubscriberStatus::{Bounced, Pending, Unsubscribed};

    #[test]
    fn a_cell_says_what_its_column_asks() {
        use Verdict::{Says, Silent, Unknown};
        for (meaning, cell, expected) in [
            (Meaning::State, "Active", Says(Confirmed)),
            (Meaning::State, "", Unknown),
            (Meaning::State, "Gold", Unknown),
            (Meaning::State, "paused", Says(Unsubscribed)),
            (Meaning::Kind, "paused", Silent),
            (Meaning::Kind, "", Silent),
            (Meaning::Kind, "Free", Silent),
            (Meaning::Kind, "unactivated", Says(Pending)),
            (Meaning::Kind, "customer", Unknown),
            (Meaning::Wish(Unsubscribed), "TRUE", Says(Confirmed)),
            (Meaning::Wish(Unsubscribed), "false", Says(Unsubscribed)),
            (Meaning::Wish(Unsubscribed), "", Unknown),
            (Meaning::Wish(Unsubscribed), "unsubscribed", Says(Unsubscribed)),
            (Meaning::Day(Pending), "", Says(Pending)),
            (Meaning::Day(Pending), "2024-01-05", Says(Confirmed)),
            (Meaning::Refusal(Unsubscribed), "", Silent),
            (Meaning::Refusal(Unsubscribed), "no", Silent),
            (Meaning::Refusal(Unsubscribed), "2018-07-23 12:19:27", Says(Unsubscribed)),
            (Meaning::Refusal(Unsubscribed), "bounced", Says(Bounced)),
            (Meaning::Refusal(Unsubscribed), "subscribed", Unknown),
            (Meaning::Reason(Bounced), "mailbox full", Says(Bounced)),
            (Meaning::Reason(Bounced), "", Silent),
        ] {
            assert_eq!(verdict(meaning, cell), expected, "{meaning:?} {cell:?}");
        }
    }
}
