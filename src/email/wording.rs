//! The words that the program itself says in a message; `words.toml` holds them in each language.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Serialize;

use crate::config::Words;
use crate::model::is_right_to_left;

/// All languages.
static LANGUAGES: LazyLock<BTreeMap<String, BTreeMap<String, String>>> =
    LazyLock::new(|| toml::from_str(include_str!("words.toml")).unwrap_or_default());

/// One language's words, as templates see them.
#[derive(Debug, Clone, Serialize)]
pub struct Wording {
    /// The language of these words (BCP 47), which need not be that of the site.
    pub language: String,
    #[serde(flatten)]
    words: BTreeMap<String, String>,
}

impl Wording {
    /// The words for an issue in `language`: the owner's where there are some, which count as written in that language.
    pub fn of(language: &str, own: &Words) -> Self {
        let primary_of_own = primary(language);
        let name = name_of(&LANGUAGES, language);
        let mut words = LANGUAGES.get(name).cloned().unwrap_or_default();
        words.extend(own.iter().map(|(key, text)| ((*key).to_owned(), text.clone())));
        let is_readers = !own.is_empty() || primary(name) == primary_of_own;
        Self { language: if is_readers { language } else { name }.to_owned(), words }
    }

    /// The word of a key of `newsletter.words`.
    pub fn word(&self, key: &str) -> &str {
        self.words.get(key).map_or("", String::as_str)
    }

    /// `Issue 3`
    pub fn issue(&self, number: i64) -> String {
        self.word("issue").replace("{number}", &number.to_string())
    }

    /// How long reading takes; nothing when it is hardly worth the word.
    pub(super) fn reading_time(&self, minutes: usize) -> Option<String> {
        (minutes > 1).then(|| self.word("reading_time").replace("{minutes}", &minutes.to_string()))
    }

    /// What a link to the rest of an entry says, which takes so many minutes more.
    pub(super) fn read_on(&self, minutes: usize) -> String {
        match minutes {
            0 => self.word("read_on").to_owned(),
            minutes => self.word("read_on_minutes").replace("{minutes}", &minutes.to_string()),
        }
    }

    /// Why the reader gets this.
    pub(super) fn reason(&self, publication: &str) -> String {
        self.word("reason").replace("{publication}", publication)
    }

    /// The end of the subject of a digest that does not name so many of its entries; empty for none.
    pub(super) fn and_more(&self, others: usize) -> String {
        match others {
            0 => String::new(),
            1 => self.word("and_one_more").to_owned(),
            others => self.word("and_more").replace("{count}", &others.to_string()),
        }
    }
}

/// The name of the table for a language: English where there is none.
pub fn name_of<'t, W>(tables: &'t BTreeMap<String, W>, language: &str) -> &'t str {
    // Portuguese of any country but Brazil is written as in Portugal.
    let name = match (primary(language), &*language.to_ascii_lowercase()) {
        (name, "pt" | "pt-br") => name,
        (name, _) if name == "pt" => "pt-PT".to_owned(),
        (name, _) => name,
    };
    tables.get_key_value(&name).map_or("en", |(name, _)| name)
}

/// The words of a language in another such file of tables.
pub(super) fn words_of<'t, W>(tables: &'t BTreeMap<String, W>, language: &str) -> &'t W {
    &tables[name_of(tables, language)]
}

/// The languages that there are words in.
#[cfg(test)]
pub(super) fn languages() -> Vec<&'static String> {
    LANGUAGES.keys().collect()
}

/// `rtl` for languages that are written from right to left, by their script or by their usual one.
pub fn direction(language: &str) -> &'static str {
    if is_right_to_left(language) { "rtl" } else { "ltr" }
}

/// The language without country and script, in lower case.
pub fn primary(language: &str) -> String {
    language.split('-').next().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::WORDS;

    #[test]
    fn every_language_has_its_words_and_they_count() {
        for (language, one, two) in [
            ("en-GB", " and 1 more", " and 2 more"),
            ("de", " und 1 weiterer Beitrag", " und 2 weitere Beiträge"),
            ("fr-CA", " et 1 autre article", " et 2 autres articles"),
            ("es", " y 1 más", " y 2 más"),
            ("pt", " e mais 1", " e mais 2"),
            ("pt-PT", " e mais 1", " e mais 2"),
            ("it", " e un altro articolo", " e altri 2 articoli"),
            ("nl", " en nog 1 bericht", " en nog 2 berichten"),
            ("ja", "、ほか1件", "、ほか2件"),
            ("he", " ועוד פוסט אחד", " ועוד 2 פוסטים"),
            ("ar-EG", " وتدوينة أخرى", " وتدوينات أخرى عددها 2"),
            ("fa", " and 1 more", " and 2 more"),
        ] {
            let words = Wording::of(language, &Words::new());
            assert_eq!((&*words.and_more(1), &*words.and_more(2)), (one, two));
            assert_eq!(words.language == language, language != "fa");
            assert_eq!(words.words.len(), WORDS.len(), "{language}");
            assert!(words.reason("Notes").contains("Notes") && words.issue(7).contains('7'));
            for (key, placeholder) in WORDS {
                let word = words.word(key);
                assert!(!word.is_empty());
                assert_eq!(placeholder.is_some(), word.contains('{'), "{language}: {key}: {word}");
                assert!(placeholder.is_none_or(|placeholder| word.contains(placeholder)), "{language}: {key}: {word}");
            }
        }
    }

    #[test]
    fn the_owners_words_win_and_are_in_the_owners_language() {
        let own = Words::from([("unsubscribe", "لغو اشتراک".to_owned())]);
        let words = Wording::of("fa", &own);
        assert_eq!(
            (words.word("unsubscribe"), &*words.language, words.word("archive")),
            ("لغو اشتراک", "fa", "Archive")
        );
    }
}
