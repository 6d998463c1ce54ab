//! What the pages say; `words.toml` holds it in each language.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::email::{direction, name_of};

static LANGUAGES: LazyLock<BTreeMap<String, BTreeMap<String, String>>> =
    LazyLock::new(|| toml::from_str(include_str!("words.toml")).unwrap_or_default());

/// The words for those who read `language`, with the name of the publication in them, and the language that they are in.
pub(super) fn words(language: &str, publication: &str) -> BTreeMap<String, String> {
    let name = name_of(&LANGUAGES, language);
    let words = LANGUAGES.get(name).into_iter().flatten();
    let mut words: BTreeMap<_, _> =
        words.map(|(key, text)| (key.clone(), text.replace("{publication}", publication))).collect();
    words.insert("language".to_owned(), name.to_owned());
    words.insert("direction".to_owned(), direction(name).to_owned());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_says_the_same() {
        let english: Vec<_> = LANGUAGES["en"].iter().map(|(key, text)| (key, text.contains("{publication}"))).collect();
        for (language, words) in &*LANGUAGES {
            let words: Vec<_> = words.iter().map(|(key, text)| (key, text.contains("{publication}"))).collect();
            assert_eq!(words, english, "{language}");
        }
        assert_eq!(words("de-CH", "Notizen")["subscribe_title"], "Notizen abonnieren");
        assert_eq!(words("fa", "Notes")["language"], "en");
    }

    #[test]
    fn there_are_words_in_each_language_of_the_mail() {
        let mail: BTreeMap<String, toml::Table> = toml::from_str(include_str!("../../email/words.toml")).unwrap();
        assert_eq!(LANGUAGES.keys().collect::<Vec<_>>(), mail.keys().collect::<Vec<_>>());
    }
}
