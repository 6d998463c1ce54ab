//! Texts made fit to be shown and sent. Invariant: what [`one_line`] returns can neither end a header line nor turn
//! the order of letters around.

use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::GraphemeCursor;

/// A title or name on one line: NFC, white space collapsed, no control characters, no bidirectional controls
/// (U+202A–U+202E, U+2066–U+2069), which can make one text look like another.
pub(super) fn one_line(text: &str) -> String {
    let visible = |c: &char| {
        separates(*c)
            || !(c.is_control() || is_reserved(*c) || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'))
    };
    let kept: String = text.chars().filter(visible).nfc().collect();
    kept.split(separates).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Noncharacters, which are set aside for a program's own use: templates mark the places of names with them.
fn is_reserved(c: char) -> bool {
    matches!(c, '\u{FDD0}'..='\u{FDEF}')
}

/// A body with `\n` line ends and without the control characters that neither HTML nor mail allows.
pub(super) fn printable(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|&c| !(c.is_control() || is_reserved(c)) || matches!(c, '\n' | '\t')).collect()
}

/// At most `limit` characters: cut after a word where there is one, and marked as cut.
pub(super) fn shorten(text: &str, limit: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(limit) else { return text.to_owned() };
    let room = text[..end].char_indices().next_back().map_or(0, |(at, _)| at);
    let cut = whole_characters(text, room);
    let word = text[..cut].rfind(' ').filter(|&space| space * 2 > cut).unwrap_or(cut);
    format!("{}…", text[..word].trim_end_matches([' ', ',', ';', ':', '.', '-', '–', '—']))
}

/// The greatest place up to `end` between two characters as people see them (UAX #29), of which an accent or a joined sign is
/// a part; `end` itself when there is none.
pub(super) fn whole_characters(text: &str, end: usize) -> usize {
    let mut cursor = GraphemeCursor::new(end, text.len(), true);
    match cursor.is_boundary(text, 0) {
        Ok(true) => end,
        _ => cursor.prev_boundary(text, 0).ok().flatten().filter(|&cut| cut > 0).unwrap_or(end),
    }
}

/// White space at which a text may be broken; a no-break space is part of its word.
fn separates(c: char) -> bool {
    c.is_whitespace() && !matches!(c, '\u{A0}' | '\u{202F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_cannot_hide_a_line_or_turn_itself_around() {
        assert_eq!(one_line(" Hi\r\nBcc: x@y.z\u{0} \u{202E}evil\u{2069}\u{85}end\u{9b} "), "Hi Bcc: x@y.z evil end");
        assert_eq!(one_line("Cafe\u{301}\u{2028}10\u{A0}km"), "Café 10\u{A0}km");
        assert_eq!(one_line("Cafe\0\u{301}"), "Café", "what is left out is out before letters are composed");
    }

    #[test]
    fn a_long_text_is_cut_after_a_word() {
        assert_eq!(shorten("short", 5), "short");
        assert_eq!(shorten("one two, three", 10), "one two…");
        assert_eq!(shorten(&"x".repeat(300), 200).chars().count(), 200);
    }

    #[test]
    fn a_family_is_not_torn_apart() {
        let text = "ab👩\u{200D}👧";
        assert_eq!(whole_characters(text, text.len() - 4), 2);
        assert_eq!(whole_characters("🇩🇪🇫🇷", 12), 8, "nor is a flag");
        assert_eq!(
            whole_characters("e\u{301}", 1),
            1,
            "where there is no better place, any character boundary will do"
        );
    }

    #[test]
    fn a_body_keeps_its_lines_and_loses_what_no_client_shows() {
        assert_eq!(printable("a\r\nb\rc\u{0}\u{7}\td\u{9b}"), "a\nb\nc\td");
    }
}
