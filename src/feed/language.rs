//! Languages: which tags are well formed, and how text that runs from right to left says so.

use crate::model::is_right_to_left;

/// A language tag (BCP 47) with hyphens, or `None` when the text cannot be one.
pub(super) fn tag(text: &str) -> Option<String> {
    let tag = text.trim().replace('_', "-");
    let is_subtag = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    tag.split('-').all(is_subtag).then_some(tag)
}

/// HTML in a language: text that runs from right to left needs to say so itself, because readers show it on pages that
/// run from left to right.
pub(super) fn directed(html: &str, language: &str) -> Option<String> {
    let says_so = html.starts_with("<div dir=\"rtl\"");
    (is_right_to_left(language) && !says_so).then(|| format!("<div dir=\"rtl\" lang=\"{language}\">{html}</div>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_language_tags_get_into_a_feed() {
        assert_eq!(tag("pt_BR").as_deref(), Some("pt-BR"));
        for text in ["", "he\" onclick=\"x", "🇬🇧", "deutschland", "en-"] {
            assert_eq!(tag(text), None, "{text}");
        }
    }

    #[test]
    fn text_that_runs_from_right_to_left_says_so() {
        assert_eq!(
            directed("<p>שלום</p>", "he-IL").as_deref(),
            Some("<div dir=\"rtl\" lang=\"he-IL\"><p>שלום</p></div>")
        );
        assert_eq!(directed("<p>hej</p>", "hes"), None);
        assert_eq!(directed("<div dir=\"rtl\" lang=\"he\"><p>שלום</p></div>", "he"), None);
    }
}
