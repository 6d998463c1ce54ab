//! The words that the program itself says in a message. English is the only language so far; a further one is a
//! further constant here and a line in [`Wording::of`].

use jiff::Zoned;
use serde::Serialize;

/// One language's words, as templates see them.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Wording {
    /// The language of these words (BCP 47), which need not be that of the site.
    pub(super) language: &'static str,
    pub(super) in_this_issue: &'static str,
    pub(super) issue: &'static str,
    pub(super) read_online: &'static str,
    pub(super) unsubscribe: &'static str,
    pub(super) unsubscribe_by_mail: &'static str,
    pub(super) archive: &'static str,
    pub(super) feed: &'static str,
    /// Why the reader gets this; `{publication}` is its name.
    reason: &'static str,
    /// The end of a digest's subject; `{count}` is how many entries it does not name.
    and_more: &'static str,
}

const ENGLISH: Wording = Wording {
    language: "en",
    in_this_issue: "In this issue",
    issue: "Issue",
    read_online: "Read this post online",
    unsubscribe: "Unsubscribe",
    unsubscribe_by_mail: "Unsubscribe by e-mail",
    archive: "Archive",
    feed: "Feed",
    reason: "You receive this because you subscribed to {publication}.",
    and_more: " and {count} more",
};

impl Wording {
    /// The words for a site in `language`.
    pub(super) fn of(_language: &str) -> &'static Self {
        &ENGLISH
    }

    /// Why the reader gets this.
    pub(super) fn reason(&self, publication: &str) -> String {
        self.reason.replace("{publication}", publication)
    }

    /// The end of a digest's subject.
    pub(super) fn and_more(&self, others: usize) -> String {
        self.and_more.replace("{count}", &others.to_string())
    }
}

/// A day as readers of `language` write it; as ISO 8601, which all can read, where the program does not know the words.
pub(super) fn day(date: &Zoned, language: &str) -> String {
    let pattern = match primary(language).as_str() {
        "en" if language.eq_ignore_ascii_case("en-US") => "%B %-d, %Y",
        "en" => "%-d %B %Y",
        _ => "%Y-%m-%d",
    };
    date.strftime(pattern).to_string()
}

/// `rtl` for languages that are written from right to left, by their script or by their usual one.
pub(super) fn direction(language: &str) -> &'static str {
    const LANGUAGES: [&str; 12] = ["ar", "arc", "ckb", "dv", "fa", "he", "iw", "ps", "sd", "ug", "ur", "yi"];
    const SCRIPTS: [&str; 6] = ["arab", "hebr", "thaa", "syrc", "nkoo", "adlm"];
    let script = language.split('-').skip(1).find(|part| part.len() == 4).map(str::to_lowercase);
    let right_to_left = match script {
        Some(script) => SCRIPTS.contains(&&*script),
        None => LANGUAGES.contains(&&*primary(language)),
    };
    if right_to_left { "rtl" } else { "ltr" }
}

fn primary(language: &str) -> String {
    language.split('-').next().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_their_readers_do() {
        let date = "2025-06-03T00:00:00[UTC]".parse().unwrap();
        assert_eq!(day(&date, "en"), "3 June 2025");
        assert_eq!(day(&date, "en-us"), "June 3, 2025");
        assert_eq!(day(&date, "ja"), "2025-06-03");
    }

    #[test]
    fn direction_follows_the_script() {
        let directions = ["he", "ar-EG", "az-Arab", "en", "ar-Latn", "de"].map(direction);
        assert_eq!(directions, ["rtl", "rtl", "rtl", "ltr", "ltr", "ltr"]);
    }
}
