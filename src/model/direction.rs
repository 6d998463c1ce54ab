//! Which languages are written from right to left.

/// Primary subtags (IANA Language Subtag Registry) of languages whose usual script runs from right to left.
const LANGUAGES: [&str; 16] =
    ["ar", "arc", "arz", "ckb", "dv", "fa", "he", "iw", "ks", "pnb", "ps", "sd", "syr", "ug", "ur", "yi"];

/// Scripts (ISO 15924) that run from right to left.
const SCRIPTS: [&str; 7] = ["adlm", "arab", "aran", "hebr", "nkoo", "syrc", "thaa"];

/// True for a language tag (BCP 47) whose script, named or usual, runs from right to left.
///
/// ```
/// assert!(tidings::model::is_right_to_left("he-IL") && tidings::model::is_right_to_left("az-Arab"));
/// assert!(!tidings::model::is_right_to_left("en") && !tidings::model::is_right_to_left("ks-Deva"));
/// ```
pub fn is_right_to_left(tag: &str) -> bool {
    let mut parts = tag.split(['-', '_']).map(str::to_ascii_lowercase);
    let language = parts.next().unwrap_or_default();
    match parts.find(|part| part.len() == 4 && part.bytes().all(|b| b.is_ascii_alphabetic())) {
        Some(script) => SCRIPTS.contains(&&*script),
        None => LANGUAGES.contains(&&*language),
    }
}
