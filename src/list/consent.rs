//! What one cell says about consent.

use super::columns::Meaning;
use super::words::{Consent, answer, folded, state};
use crate::model::SubscriberStatus::Confirmed;

/// What a cell says in a column of this meaning.
pub(super) fn consent(meaning: Meaning, cell: &str) -> Consent {
    let word = || state(&folded(cell));
    match meaning {
        // Buttondown: paused is the subscription that is paid for, and mail goes on.
        Meaning::Kind if cell.is_empty() || cell.eq_ignore_ascii_case("paused") => Consent::Silent,
        Meaning::State | Meaning::Kind => word(),
        Meaning::Wish(no) => match answer(cell) {
            Some(true) => Consent::Says(Confirmed),
            Some(false) => Consent::Says(no),
            None => word(),
        },
        Meaning::Day(no) => match answer(cell) {
            Some(true) => Consent::Says(Confirmed),
            Some(false) => Consent::Says(no),
            None if cell.is_empty() => Consent::Says(no),
            None => Consent::Unknown,
        },
        Meaning::Refusal(status) => match answer(cell) {
            Some(true) => Consent::Says(status),
            Some(false) => Consent::Silent,
            None if cell.is_empty() => Consent::Silent,
            None => match word() {
                Consent::Says(state) if state != Confirmed => Consent::Says(state),
                _ => Consent::Unknown,
            },
        },
        Meaning::Reason(_) if cell.is_empty() || answer(cell) == Some(false) => Consent::Silent,
        Meaning::Reason(status) => Consent::Says(status),
        _ => Consent::Silent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SubscriberStatus::{Bounced, Pending, Unsubscribed};

    #[test]
    fn a_cell_says_what_its_column_asks() {
        use Consent::{Says, Silent, Unknown};
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
            assert_eq!(consent(meaning, cell), expected, "{meaning:?} {cell:?}");
        }
    }
}
