//! Names of folders for terms, people and languages: readable, of one segment, and the same on every file system.

use unicode_normalization::UnicodeNormalization as _;

use crate::model::sha256_hex;

/// So many bytes of a term make its folder: file systems know names of 255.
const LONGEST: usize = 100;

/// What makes two spellings one term: neither case nor blanks, hyphens and underscores tell terms apart, all else does.
pub(super) fn key(term: &str) -> String {
    let lower: String = term.nfc().flat_map(char::to_lowercase).nfc().collect();
    let is_gap = |c: char| c.is_whitespace() || matches!(c, '-' | '_' | '\u{2010}'..='\u{2015}');
    lower.split(is_gap).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

/// The folder of a term by its [`key`]. Different keys may give the same one (`c` and `c!`): see [`distinct`].
pub(super) fn slug(key: &str) -> String {
    let mut words = String::new();
    for c in key.chars() {
        match c {
            '+' => words.push_str("-plus-"),
            '#' => words.push_str("-sharp-"),
            '&' => words.push_str("-and-"),
            '@' => words.push_str("-at-"),
            '\'' | '\u{2018}' | '\u{2019}' => {}
            // A folder whose name begins with a dot is hidden, and two of them are the folder above.
            '.' if !words.is_empty() && !words.ends_with(['-', '.']) => words.push('.'),
            c if c.is_alphanumeric() || !c.is_ascii() && !is_punctuation(c) => words.push(c),
            _ => words.push('-'),
        }
    }
    let words: Vec<&str> =
        words.split('-').map(|word| word.trim_matches('.')).filter(|word| !word.is_empty()).collect();
    let mut slug = words.join("-");
    if slug.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|at| slug.is_char_boundary(*at)).unwrap_or(0);
        slug.truncate(end);
        slug = format!("{}-{}", slug.trim_end_matches(['-', '.']), short(key));
    }
    if slug.is_empty() { format!("term-{}", short(key)) } else { slug }
}

/// The folder of a term whose [`slug`] another one has already: with a part that only its key can have.
pub(super) fn distinct(key: &str) -> String {
    format!("{}-{}", slug(key), short(key))
}

fn short(key: &str) -> String {
    sha256_hex(key.as_bytes())[..8].to_owned()
}

/// Controls, invisible marks and punctuation beyond ASCII.
fn is_punctuation(c: char) -> bool {
    c.is_control()
        || c.is_whitespace()
        || matches!(c, '\u{a1}'..='\u{a7}' | '\u{ab}' | '\u{ad}' | '\u{b6}' | '\u{b7}' | '\u{bb}' | '\u{bf}')
        || matches!(c, '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{3004}' | '\u{3008}'..='\u{3020}' | '\u{30fb}')
        || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{distinct, key, slug};

    fn folder(term: &str) -> String {
        slug(&key(term))
    }

    #[test]
    fn a_folder_reads_like_its_term() {
        for (term, name) in [
            ("Rust", "rust"),
            ("machine learning", "machine-learning"),
            ("topic-1", "topic-1"),
            ("C++", "c-plus-plus"),
            ("C#", "c-sharp"),
            ("R&D", "r-and-d"),
            ("node.js", "node.js"),
            (".NET", "net"),
            ("l’amour", "lamour"),
            ("AC/DC", "ac-dc"),
            ("../../etc", "etc"),
            ("Ελλάδα", "ελλάδα"),
            ("日本語", "日本語"),
            ("שלום עולם", "שלום-עולם"),
            ("e\u{301}te\u{301}", "été"),
            ("🎉", "🎉"),
        ] {
            assert_eq!(folder(term), name, "{term}");
        }
        assert!(folder("!?").starts_with("term-"));
    }

    #[test]
    fn spellings_of_one_term_share_a_key_and_other_terms_do_not() {
        assert_eq!(key("Machine  Learning"), key("machine-learning"));
        assert_eq!(key("E\u{301}te\u{301}"), key("été"));
        for (one, other) in [("c", "c++"), ("c", "c!"), ("topic 1", "topic 1."), ("café", "cafe")] {
            assert_ne!(key(one), key(other), "{one}");
        }
        assert_ne!(distinct(&key("c")), distinct(&key("c!")));
    }

    proptest! {
        #[test]
        fn any_term_has_a_folder_of_one_harmless_segment(term in any::<String>()) {
            for name in [folder(&term), distinct(&key(&term))] {
                prop_assert!(!name.is_empty() && name.len() <= 130, "{name}");
                prop_assert!(!name.starts_with(['.', '-']) && !name.ends_with(['.', '-']), "{name}");
                prop_assert!(!name.contains(['/', '\\', ':', '%', '?', '#', '"', '<', '>', '|', '*', '\0']), "{name}");
                prop_assert_eq!(key(&name), name.clone(), "the same on a file system that does not know case");
            }
        }
    }
}
