//! Text hygiene: no string reaches a feed before it went through here, so that none can break one.

use std::borrow::Cow;

/// What XML 1.0 §2.2 allows, without the characters that it discourages (C1 controls, non-characters) and without the
/// byte order mark. Readers choke on the first kind and show boxes for the others. The replacement character U+FFFD is
/// what a decoder leaves of text that it lost. Line and paragraph separators are line ends to some readers only.
fn is_allowed(c: char) -> bool {
    match c {
        '\t' | '\n' => true,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffd}' => false,
        // The non-characters.
        c => u32::from(c) & 0xfffe != 0xfffe && !matches!(c, '\u{fdd0}'..='\u{fdef}'),
    }
}

/// Drops every character that has no place in a feed; line ends become `\n`, and Unicode's separators blanks.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    let is_plain = text.bytes().fold(true, |all, byte| all & matches!(byte, b' '..=b'~' | b'\n' | b'\t'));
    if is_plain || text.chars().all(is_allowed) {
        return Cow::Borrowed(text);
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace(['\u{2028}', '\u{2029}'], " ");
    Cow::Owned(text.chars().filter(|c| is_allowed(*c)).collect())
}

/// A clean HTML fragment. It can keep a replacement character, as a reference.
pub(super) fn html(fragment: &str) -> Cow<'_, str> {
    if fragment.contains('\u{fffd}') {
        return Cow::Owned(clean(&fragment.replace('\u{fffd}', "&#xFFFD;")).into_owned());
    }
    clean(fragment)
}

/// Clean text on one line: blanks and line ends become single spaces, and none stand at its ends, as every reader would
/// show it anyway.
pub(super) fn line(text: &str) -> String {
    let text = clean(text);
    let words: Vec<&str> = text.split([' ', '\t', '\n']).filter(|word| !word.is_empty()).collect();
    words.join(" ").trim().to_owned()
}

/// The first paragraph of plain text, on one line.
pub(super) fn first_paragraph(text: &str) -> String {
    let text = clean(text);
    text.split("\n\n").map(line).find(|paragraph| !paragraph.is_empty()).unwrap_or_default()
}

/// The beginning of a line, cut between two words where possible, for use as a title.
pub(super) fn first_words(line: &str) -> String {
    const LONGEST: usize = 60;
    let Some((cut, _)) = line.char_indices().nth(LONGEST) else { return line.to_owned() };
    let start = &line[..cut];
    let whole_words =
        if line[cut..].starts_with(' ') { start } else { start.rsplit_once(' ').map_or(start, |(w, _)| w) };
    format!("{}…", whole_words.trim_end())
}

/// Plain text as HTML.
pub(super) fn to_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_break_or_litter_a_feed_are_dropped_and_all_others_stay() {
        assert_eq!(clean("\u{feff}a\0b\u{b}c\u{1b}[31m\u{7f}\u{85}\u{9f}\u{fffd}\u{fffe}\u{fdd0}\u{1ffff}"), "abc[31m");
        let kept = "tab\t line\n “quotes” שלום 👩‍💻 \u{a0}\u{200f}\u{fffc}\u{10fffd}";
        assert!(matches!(clean(kept), Cow::Borrowed(same) if same == kept));
    }

    #[test]
    fn html_keeps_a_replacement_character_as_a_reference() {
        assert_eq!(html("<b>\u{fffd}\0</b>"), "<b>&#xFFFD;</b>");
    }

    #[test]
    fn every_kind_of_line_end_becomes_one_line_feed() {
        assert_eq!(clean("a\r\nb\rc\nd\r\r\n"), "a\nb\nc\nd\n\n");
        assert_eq!(clean("a\u{2028}b\u{2029}c"), "a b c");
    }

    #[test]
    fn a_line_has_single_spaces_and_keeps_unbreakable_ones() {
        assert_eq!(line("  a \r\n\t b\u{a0}c\u{0} "), "a b\u{a0}c");
        assert_eq!(line("\u{a0}\u{2028}"), "");
    }

    #[test]
    fn first_words_end_between_words_unless_the_script_has_no_spaces() {
        assert_eq!(first_words("short"), "short");
        let words = first_words(&"walking ".repeat(20));
        assert_eq!(words, "walking walking walking walking walking walking walking…");
        assert_eq!(first_words(&"道".repeat(100)), format!("{}…", "道".repeat(60)));
    }

    #[test]
    fn the_first_paragraph_skips_empty_ones() {
        assert_eq!(first_paragraph("\n\n\u{1}\n\none\ntwo\n\nthree"), "one two");
    }
}
