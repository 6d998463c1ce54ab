//! What the cells of other programs' exports say about consent; `docs/importing.md` says which program has which words.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::model::SubscriberStatus;

/// A name or word with nothing in it but its letters and digits, in lower case.
pub(super) fn folded(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The words of `words.toml`, each list with white space between them.
#[derive(Deserialize)]
pub(super) struct Words {
    refusals: String,
    plans: String,
    yes: String,
    no: String,
    pub(super) leavers: String,
    states: BTreeMap<SubscriberStatus, String>,
}

pub(super) static WORDS: LazyLock<Words> =
    LazyLock::new(|| toml::from_str(include_str!("words.toml")).expect("the file holds these words"));

/// True when a list of words has this one.
pub(super) fn has(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|known| known == word)
}

/// What a cell says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consent {
    /// Nothing about consent.
    Silent,
    Says(SubscriberStatus),
    /// Something that is not known.
    Unknown,
}

/// The state that a word stands for.
pub(super) fn state(folded: &str) -> Consent {
    let state = WORDS.states.iter().find(|(_, words)| has(words, folded)).map(|(state, _)| Consent::Says(*state));
    state.unwrap_or(if has(&WORDS.plans, folded) { Consent::Silent } else { Consent::Unknown })
}

/// True when one of the words in a cell refuses mail, and means nothing else.
pub(super) fn is_refusal(cell: &str) -> bool {
    let is_word = |part: &str| (7..=16).contains(&part.len()) && has(&WORDS.refusals, &folded(part));
    cell.split([';', ',', '|']).map(str::trim).any(is_word)
}

/// True for yes and no, and not for a day.
pub(super) fn is_yes_or_no(cell: &str) -> bool {
    let word = folded(cell);
    has(&WORDS.yes, &word) || has(&WORDS.no, &word)
}

/// What a cell that holds yes or no, or the day of a yes, says; `None` when it is neither. An empty cell says neither.
pub(super) fn answer(cell: &str) -> Option<bool> {
    let word = folded(cell);
    if has(&WORDS.yes, &word) {
        return Some(true);
    }
    if has(&WORDS.no, &word) || cell.starts_with("0000-00-00") || cell.starts_with("0001-01-01") {
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
            assert_ne!(state(&folded(word)), Consent::Unknown, "{word}");
        }
        assert_eq!(state("maybe"), Consent::Unknown);
        assert_eq!(state(""), Consent::Unknown);
    }

    #[test]
    fn no_word_stands_for_two_states() {
        let states = WORDS.states.values().flat_map(|words| words.split_whitespace());
        let mut words: Vec<_> = states.chain(WORDS.plans.split_whitespace()).collect();
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
