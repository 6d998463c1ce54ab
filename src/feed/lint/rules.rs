//! Every rule that a feed can break, in one table: its code, how bad it is, and the cure.

use crate::diagnostic::Severity;

/// A rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// A stable name.
    pub code: &'static str,
    /// How bad it is to break it.
    pub severity: Severity,
    /// The cure, as an imperative.
    pub help: &'static str,
}

macro_rules! rules {
    ($($name:ident $severity:ident $code:literal $help:literal)*) => {
        $(pub(crate) const $name: Rule = Rule { code: $code, severity: Severity::$severity, help: $help };)*

        /// The table.
        pub const RULES: &[Rule] = &[$($name),*];
    };
}

rules! {
    MALFORMED Error "feed/malformed" "write `&` as `&amp;` and `<` as `&lt;`, close every element, and leave out control characters"
    DECLARATION Error "feed/declaration" "let the file begin with `<?xml version=\"1.0\" encoding=\"UTF-8\"?>` and nothing before it"
    ENCODING Error "feed/encoding" "save the file as UTF-8 and let its first line say so"
    NO_FEED Error "feed/unknown" "name a file that is RSS 2.0, Atom 1.0 or JSON Feed"
    OLD_FORMAT Warning "feed/old-format" "write RSS 2.0, Atom 1.0 or JSON Feed 1.1"
    MISSING Error "feed/missing" "add it: readers need it"
    TWICE Error "feed/twice" "keep one of them"
    UNKNOWN Error "feed/unknown-element" "remove it, or give it the namespace that it belongs to"
    MISPLACED Error "feed/misplaced" "write what is said about the feed before its entries"
    ORDER Warning "feed/order" "write it where readers that stream expect it"
    STRAY_TEXT Error "feed/stray-text" "remove the text, or put it into an element"
    DATE Error "feed/date" "write RSS dates like `Sat, 31 Jan 2026 09:00:00 +0000`, all others like `2026-01-31T09:00:00Z`"
    ODD_DATE Warning "feed/odd-date" "write it like `Sat, 31 Jan 2026 09:00:00 +0000`"
    FAR_DATE Warning "feed/far-date" "check the date and the clock of the machine that writes the feed"
    ADDRESS Error "feed/address" "write a whole address like `https://example.org/a%20b`, everything but ASCII percent-encoded"
    RELATIVE_SELF Warning "feed/self" "write the whole address under which this file is online"
    NO_SELF Warning "feed/no-self" "say where the feed is: `<atom:link rel=\"self\" href=\"…\" type=\"application/rss+xml\"/>`, `feed_url` in JSON"
    EMAIL Error "feed/email" "write `ada@example.org (Ada)`; for a name alone use `<dc:creator>`"
    NO_NAME Warning "feed/no-name" "write `ada@example.org (Ada)`"
    NUMBER Error "feed/number" "write a whole number in digits"
    LANGUAGE Error "feed/language" "write a tag such as `en`, `de` or `pt-BR`"
    MEDIA_TYPE Error "feed/media-type" "write a media type such as `text/html` or `audio/mpeg`"
    VALUE Error "feed/value" "write one of the values that the format knows"
    TEXT_TYPE Error "feed/text-type" "write `text`, `html` or `xhtml`"
    DIVISION Error "feed/xhtml" "put all of it into one `<div xmlns=\"http://www.w3.org/1999/xhtml\">`"
    EMPTY Warning "feed/empty" "fill it in, or leave it out"
    MARKUP Warning "feed/markup" "write plain text here, or say `type=\"html\"` where Atom allows it"
    ESCAPED_TWICE Warning "feed/escaped-twice" "escape the HTML once: readers show its tags as text"
    ACTIVE Warning "feed/active-content" "leave it out: readers drop it"
    STYLE Warning "feed/style" "leave it out: readers drop what they do not know"
    BROKEN_HTML Warning "feed/broken-html" "close what is open, nest elements properly, and use elements of HTML only"
    RELATIVE Warning "feed/relative-link" "write the whole address: not every reader knows what it is relative to"
    CHARACTERS Warning "feed/characters" "find out in which encoding the text was, write it as UTF-8, and leave out control characters"
    NO_ID Warning "feed/no-id" "give each entry an id that never changes; in RSS `<guid>`"
    SAME_ID Error "feed/same-id" "give each entry an id of its own: readers show only one of them"
    PERMALINK Error "feed/permalink" "write a web address, or say `isPermaLink=\"false\"`"
    ALL_UPDATED Warning "feed/all-updated" "say of each entry when that entry changed, not when the feed was made"
    ENCLOSURES Warning "feed/enclosures" "keep the one that counts: most readers take only one"
    IMAGE_SIZE Error "feed/image-size" "make it at most 144 wide and 400 high, or use an icon or `itunes:image`"
    IMAGE Warning "feed/image" "use a GIF, JPEG or PNG, with the title and the link of the channel"
    CONTENT Error "feed/content" "add the content, or a link to it"
    NO_CONTENT Warning "feed/no-content" "add a summary or the content"
    LINKS Error "feed/same-links" "keep one of the links, or say how they differ with `type` and `hreflang`"
    RELATION Warning "feed/relation" "use a registered relation such as `alternate`, or an address"
    HISTORY Error "feed/history" "see RFC 5005: a complete feed has no archives, and each archive links to the current feed"
    AUTHORS Warning "feed/author" "write `authors`, a list; `author` is of version 1.0"
    NUMBER_ID Warning "feed/number-id" "write it in quotes"
    EXTENSION Warning "feed/extension" "begin names of your own with `_`"
    SHAPE Error "feed/shape" "see https://www.jsonfeed.org/version/1.1/ for its form"
    SAME_PAGE Error "feed/next-url" "name the file with the older entries, or leave it out: a reader that follows it never ends"
    TOO_LARGE Error "feed/too-large" "make it smaller: hardly any reader fetches so much"
    LARGE Warning "feed/large" "show fewer entries (`feeds.limit`), or summaries (`feeds.content`)"
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_manual_lists_every_rule() {
        let manual = include_str!("../../../docs/findings.md");
        for rule in RULES {
            let row = format!("| `{}` | {} |", rule.code, rule.severity.as_str());
            assert!(manual.contains(&row), "{row}");
        }
    }

    #[test]
    fn each_rule_has_a_code_of_its_own_and_a_cure() {
        let codes: BTreeSet<_> = RULES.iter().map(|rule| rule.code).collect();
        assert_eq!(codes.len(), RULES.len());
        assert!(RULES.iter().all(|rule| rule.code.starts_with("feed/") && !rule.help.ends_with('.')));
    }
}
