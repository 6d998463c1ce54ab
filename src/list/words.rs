//! What the cells of other programs' exports say about consent; `docs/importing.md` says which program has which words.

use crate::model::SubscriberStatus::{self, Bounced, Complained, Confirmed, Pending, Unsubscribed};

/// A name or word with nothing in it but its letters and digits, in lower case.
pub(super) fn folded(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// States of readers, folded.
const STATES: [(SubscriberStatus, &str); 5] = [
    (Confirmed, "confirmed subscribed active enabled regular cold optedin optin"),
    (Pending, "pending unconfirmed notconfirmed unactivated validating needsattention needsapproval invited"),
    (
        Unsubscribed,
        "unsubscribed unsubscribe removed inactive disabled archived cancelled canceled paused optedout optout deleted \
         nonsubscribed notsubscribed transactional suppressed blocked spammy disposable excluded former left",
    ),
    (Bounced, "bounced hardbounced hardbounce cleaned undeliverable unreachable invalid malformed"),
    (Complained, "complained complaint blocklisted blacklisted spam junk abuse"),
];

/// What a reader pays or paid says nothing about whether they want mail.
const PLANS: &str = "free paid comp comped complimentary gift gifted founding premium trial trialed freetrial iap unpaid \
     churning churned pastdue author member lifetime group monthly yearly annual";

/// What no cell holds but one about consent, whatever its column is called.
const REFUSALS: &str = "unsubscribed nonsubscribed notsubscribed optedout optout bounced hardbounced undeliverable complained \
     blocklisted blacklisted";

const YES: &str = "true yes y t 1 on x ja oui si sí sim vrai wahr verdadero";
const NO: &str = "false no n f 0 off null none nein non não nao nee faux falsch falso";

fn has(words: &str, word: &str) -> bool {
    words.split(' ').any(|known| known == word)
}

/// What a cell says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing about consent.
    Silent,
    Says(SubscriberStatus),
    /// Something that is not known.
    Unknown,
}

/// The state that a word stands for.
pub(super) fn state(folded: &str) -> Verdict {
    let state = STATES.iter().find(|(_, words)| has(words, folded)).map(|(state, _)| Verdict::Says(*state));
    state.unwrap_or(if has(PLANS, folded) { Verdict::Silent } else { Verdict::Unknown })
}

/// True when one of the words in a cell refuses mail, and means nothing else.
pub(super) fn is_refusal(cell: &str) -> bool {
    let is_word = |part: &str| (7..=16).contains(&part.len()) && has(REFUSALS, &folded(part));
    cell.split([';', ',', '|']).map(str::trim).any(is_word)
}

/// True for yes and no, and not for a day.
pub(super) fn is_yes_or_no(cell: &str) -> bool {
    let word = folded(cell);
    has(YES, &word) || has(NO, &word)
}

/// What a cell that holds yes or no, or the day of a yes, says; `None` when it is neither. An empty cell says neither.
pub(super) fn answer(cell: &str) -> Option<bool> {
    let word = folded(cell);
    if has(YES, &word) {
        return Some(true);
    }
    if has(NO, &word) || cell.starts_with("0000-00-00") || cell.starts_with("0001-01-01") {
        return Some(false);
    }
    is_moment(cell).then_some(true)
}

/// True for what can be a date or a moment, in whatever order.
fn is_moment(cell: &str) -> bool {
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    digits >= 4 && digits * 2 >= cell.len() && cell.len() >= 6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_known_in_every_spelling() {
        for word in ["Non-Subscribed", "needs_attention", "Past due", "BLOCKLISTED"] {
            assert_ne!(state(&folded(word)), Verdict::Unknown, "{word}");
        }
        assert_eq!(state("maybe"), Verdict::Unknown);
        assert_eq!(state(""), Verdict::Unknown);
    }

    #[test]
    fn no_word_stands_for_two_states() {
        let mut words: Vec<_> = STATES.iter().flat_map(|(_, words)| words.split(' ')).chain(PLANS.split(' ')).collect();
        let all = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), all);
        assert!(words.iter().all(|word| folded(word) == *word));
    }

    #[test]
    fn yes_may_be_a_day() {
        for yes in [
            "TRUE",
            "Yes",
            "1",
            "2018-07-23 12:19:27",
            "2024-03-13 11:33:53 UTC",
            "23/07/2018",
            "12 Mar 2024",
            "1520438067",
        ] {
            assert_eq!(answer(yes), Some(true), "{yes}");
        }
        for no in ["false", "No", "0", "0000-00-00 00:00:00"] {
            assert_eq!(answer(no), Some(false), "{no}");
        }
        for neither in ["", "perhaps", "2", "room 1234 on the left side"] {
            assert_eq!(answer(neither), None, "{neither}");
        }
    }
}
