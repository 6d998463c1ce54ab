//! The words by which a post is kept from readers (rule R12), whatever stands around them: [`super::status`] decides by them,
//! and no reader of front matter may lose one.

use super::front_matter::normal;

const YES: [&str; 5] = ["true", "yes", "on", "1", "y"];
const NO: [&str; 5] = ["false", "no", "off", "0", "n"];

/// Keys that hold a post back, in normal form: a broken text must not hide them.
pub(crate) const HOLDING_KEYS: [&str; 18] = [
    "draft",
    "isdraft",
    "published",
    "publish",
    "public",
    "private",
    "unlisted",
    "hidden",
    "hide",
    "nopublish",
    "wip",
    "status",
    "poststatus",
    "visibility",
    "password",
    "postpassword",
    "encrypted",
    "headless",
];

/// Flags, and the value with which they hold a post back.
pub(crate) const FLAGS: [(&str, bool); 11] = [
    ("draft", true),
    ("isdraft", true),
    ("private", true),
    ("unlisted", true),
    ("hidden", true),
    ("hide", true),
    ("nopublish", true),
    ("wip", true),
    ("published", false),
    ("publish", false),
    ("public", false),
];

/// What `status` calls a post that is not to be seen yet, or not any more; in normal form.
pub(crate) const NOT_YET: [&str; 26] = [
    "draft",
    "autodraft",
    "hidden",
    "private",
    "pending",
    "future",
    "trash",
    "scheduled",
    "unpublished",
    "unlisted",
    "skip",
    "wip",
    "inprogress",
    "inreview",
    "review",
    "todo",
    "idea",
    "planned",
    "writing",
    "草稿",
    "下書き",
    "entwurf",
    "brouillon",
    "borrador",
    "rascunho",
    "bozza",
];

/// What it calls one that is: also the words of those who keep a garden of notes.
pub(crate) const OUT: [&str; 30] = [
    "publish",
    "published",
    "public",
    "posted",
    "live",
    "online",
    "released",
    "final",
    "finished",
    "done",
    "complete",
    "completed",
    "ready",
    "active",
    "stable",
    "current",
    "updated",
    "archived",
    "deprecated",
    "accepted",
    "approved",
    "open",
    "closed",
    "inherit",
    "featured",
    "evergreen",
    "seedling",
    "budding",
    "growing",
    "veröffentlicht",
];

/// What `visibility` calls a post that not everybody is to see.
pub(crate) const TO_FEW: [&str; 7] = ["private", "members", "paid", "hidden", "unlisted", "draft", "internal"];

/// `Some(true)` for yes, `Some(false)` for no, `None` for any other text.
pub(crate) fn word_of_truth(text: &str) -> Option<bool> {
    let word = text.to_lowercase();
    if YES.contains(&&*word) { Some(true) } else { NO.contains(&&*word).then_some(false) }
}

/// True for a text that says yes or no and nothing else.
pub(crate) fn is_flag(text: &str) -> bool {
    word_of_truth(text).is_some()
}

/// True when a key, in normal form, with this value says clearly that a post is to be held back.
pub(crate) fn holds_back(key: &str, value: &str) -> bool {
    match key {
        "status" | "poststatus" => NOT_YET.contains(&&*normal(value)),
        "visibility" => TO_FEW.contains(&&*normal(value)),
        _ => FLAGS.iter().any(|(flag, held_when)| *flag == key && word_of_truth(value) == Some(*held_when)),
    }
}
