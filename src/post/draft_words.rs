//! The words by which a post is kept from readers, whatever stands around them: [`super::status`] decides by them,
//! and no reader of front matter may lose one. `draft_words.toml` holds them; words and keys are in normal form.

use std::sync::LazyLock;

use serde::Deserialize;

use super::front_matter::normal;
use super::names::has;

#[derive(Deserialize)]
struct Words {
    yes: Vec<String>,
    no: Vec<String>,
    holding_keys: Vec<String>,
    flags: Vec<(String, bool)>,
    not_yet: Vec<String>,
    out: Vec<String>,
    restricted: Vec<String>,
}

static WORDS: LazyLock<Words> =
    LazyLock::new(|| toml::from_str(include_str!("draft_words.toml")).expect("the file holds these lists"));

/// Keys that hold a post back: a broken text must not hide them.
pub(crate) fn holding_keys() -> &'static [String] {
    &WORDS.holding_keys
}

/// True for one of [`holding_keys`].
pub(crate) fn is_holding_key(key: &str) -> bool {
    has(&WORDS.holding_keys, key)
}

/// Flags, and the value with which they hold a post back.
pub(crate) fn flags() -> &'static [(String, bool)] {
    &WORDS.flags
}

/// True for what `status` calls a post that is not to be seen yet, or not any more.
pub(crate) fn is_not_yet(status: &str) -> bool {
    has(&WORDS.not_yet, status)
}

/// True for what it calls one that is.
pub(crate) fn is_out(status: &str) -> bool {
    has(&WORDS.out, status)
}

/// True for what `visibility` calls a post that only some may see.
pub(crate) fn is_restricted(visibility: &str) -> bool {
    has(&WORDS.restricted, visibility)
}

/// `Some(true)` for yes, `Some(false)` for no, `None` for any other text.
pub(crate) fn word_of_truth(text: &str) -> Option<bool> {
    let word = text.to_lowercase();
    if has(&WORDS.yes, &word) { Some(true) } else { has(&WORDS.no, &word).then_some(false) }
}

/// True for a text that says yes or no and nothing else.
pub(crate) fn is_flag(text: &str) -> bool {
    word_of_truth(text).is_some()
}

/// True when a key, in normal form, with this value says clearly that a post is to be held back.
pub(crate) fn holds_back(key: &str, value: &str) -> bool {
    match key {
        "status" | "poststatus" => is_not_yet(&normal(value)),
        "visibility" => is_restricted(&normal(value)),
        _ => flags().iter().any(|(flag, held_when)| flag == key && word_of_truth(value) == Some(*held_when)),
    }
}
