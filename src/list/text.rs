//! Names and sources as they may stand on the list and in a spreadsheet.

/// In characters.
pub(super) const LONGEST_NAME: usize = 200;

/// In characters. A source may hold the path of a file.
pub(super) const LONGEST_SOURCE: usize = 1000;

/// What a text may be told by, and which is not seen: control characters, and those that turn the order of letters around
/// (Unicode's property `Bidi_Control`).
pub(super) fn is_unseen(c: char) -> bool {
    let turns = matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns
}

/// The text on one line, without what is not seen, and at most so many characters of it.
pub fn clean(text: &str, longest: usize) -> String {
    let separates = |c: char| c.is_whitespace() && c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let line: String = text.chars().map(|c| if separates(c) { ' ' } else { c }).filter(|c| !is_unseen(*c)).collect();
    let end = line.trim().char_indices().nth(longest).map_or(line.trim().len(), |(end, _)| end);
    line.trim()[..end].trim_end().to_owned()
}

/// The mark that tells spreadsheet programs that a cell is a text.
const GUARD: char = '\'';

/// The text as a cell that no spreadsheet program takes for a formula
/// (<https://owasp.org/www-community/attacks/CSV_Injection>); [`unguarded`] undoes it.
pub(super) fn guarded(text: &str) -> String {
    if is_in_danger(text) { format!("{GUARD}{text}") } else { text.to_owned() }
}

/// The text of a cell that [`guarded`] made.
pub(super) fn unguarded(cell: &str) -> &str {
    cell.strip_prefix(GUARD).filter(|text| is_in_danger(text)).unwrap_or(cell)
}

/// True for a text that is or could become a formula. Blanks and quotes before it do not help: some programs take them off.
/// A text that begins with the guard counts too, so that what was guarded is told from what began so by itself.
fn is_in_danger(text: &str) -> bool {
    let is_skipped = |c: char| {
        matches!(c, GUARD | '"' | '\u{2018}'..='\u{201F}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}')
            || (c.is_whitespace() && !c.is_control())
    };
    let begins_formula = |c: char| matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') || c.is_control();
    text.trim_start_matches(is_skipped).starts_with(begins_formula)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::Strategy as _;

    use super::*;

    #[test]
    fn a_name_is_one_line_that_can_be_seen() {
        assert_eq!(clean(" Ada\0\u{202E} \u{2067}Love\u{7}lace\u{200F}\t", 200), "Ada Lovelace");
        assert_eq!(clean("Ada\r\nLovelace\u{2028}", 200), "Ada  Lovelace");
        assert_eq!(clean("\u{1F469}\u{200D}\u{1F680} é", 200), "\u{1F469}\u{200D}\u{1F680} é");
        assert_eq!(clean(&"é".repeat(201), 200).chars().count(), 200);
    }

    #[test]
    fn what_a_spreadsheet_would_run_is_guarded() {
        for text in [
            "=1+1",
            "+1",
            "-1",
            "@a",
            "\t=1",
            "\rx",
            " =1",
            "\"=1",
            "\u{a0}=1",
            "\u{feff}@a",
            "'=1",
            "''+1",
            "＝1",
            "” -1",
        ] {
            assert!(guarded(text).starts_with('\''), "{text:?}");
        }
        for text in ["", "Ada", "O'Neil", "'Ada'", "a=1", "\"Ada\"", "Ada - the first", "1-1"] {
            assert_eq!(guarded(text), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn a_guard_is_undone_whatever_it_stood_before(
            text in proptest::prop_oneof![
                "\\PC{0,12}",
                proptest::collection::vec(proptest::sample::select(vec!["'", "=", "+", "-", "@", "\t", "\r", "\n", " ", "\"", "＝", "\u{feff}", "a", "\u{202e}"]), 0..8)
                    .prop_map(|parts| parts.concat()),
            ],
        ) {
            let cell = guarded(&text);
            proptest::prop_assert_eq!(unguarded(&cell), &text);
            let first = cell.trim_start_matches([' ', '"', '\u{feff}']).chars().next();
            proptest::prop_assert!(!matches!(first, Some('=' | '+' | '-' | '@' | '\t' | '\r' | '＝')), "{:?}", cell);
        }
    }
}
