//! Breaks lines by display width: at spaces, and between the characters of scripts that are written without them.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// A space at which no line breaks; written as a space.
pub(super) const GLUE: char = '\u{1}';

/// Columns that a text takes on a terminal or in a mail client with a fixed font.
pub(super) fn width(text: &str) -> usize {
    // A line end and a carriage return are as wide as one character.
    if text.is_ascii() && !text.contains('\r') { text.len() } else { text.width() }
}

/// Breaks a text into lines of at most `columns`; `\n` in it is a hard break. A word that is too long stays whole.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let is_line = text.len() <= columns && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if is_line && text.split(' ').all(|word| !word.is_empty()) {
        return vec![text.to_owned()];
    }
    let mut lines = Vec::new();
    for hard in text.trim_matches(['\n', ' ']).split('\n') {
        let mut line = String::new();
        let mut used = 0;
        for word in hard.split(' ').filter(|word| !word.is_empty()) {
            let mut space = usize::from(!line.is_empty());
            for piece in pieces(word, columns) {
                let piece_width = width(piece);
                if used > 0 && used + space + piece_width > columns {
                    lines.push(finish(std::mem::take(&mut line)));
                    (used, space) = (0, 0);
                }
                line.extend(std::iter::repeat_n(' ', space));
                line.push_str(piece);
                used += space + piece_width;
                space = 0;
            }
        }
        lines.push(finish(line));
    }
    let end = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
    lines.truncate(end);
    lines
}

/// A line as it is written: with spaces in the place of those at which it did not break, and none at its end.
pub(super) fn finish(mut line: String) -> String {
    if !line.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        line = line.replace([GLUE, '\u{a0}'], " ");
    }
    line.truncate(line.trim_end().len());
    line
}

/// A word in the pieces between which a line may break, each of whole characters as people see them (UAX #29).
fn pieces(word: &str, columns: usize) -> Vec<&str> {
    if word.is_ascii() || word.contains("://") {
        return vec![word];
    }
    let is_too_long = width(word) > columns;
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut last: Option<&str> = None;
    for (at, grapheme) in word.grapheme_indices(true) {
        let before = last.and_then(|last| last.chars().rfind(|c| c.width() != Some(0)));
        let is_end = |before: char| grapheme.starts_with(|after| may_break(before, after, is_too_long));
        if at > start && before.is_some_and(is_end) {
            pieces.push(&word[start..at]);
            start = at;
        }
        last = Some(grapheme);
    }
    pieces.push(&word[start..]);
    pieces
}

/// Between two wide characters, or one and a narrow one; but no line begins with a closing mark or ends with an
/// opening one (JIS X 4051, in short). In a word that fits on no line, also between signs and within scripts of which only a
/// dictionary knows the words.
fn may_break(before: char, after: char, is_too_long: bool) -> bool {
    const NOT_AT_START: &str =
        "、。，．・：；？！)）］｝」』】〉》〕’”ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々…‥,.:;!?]}\u{1}";
    const NOT_AT_END: &str = "(（［｛「『【〈《〔‘“[{";
    // Korean is written with spaces between its words.
    let is_hangul = |c: char| matches!(c, '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' | '\u{ac00}'..='\u{d7af}');
    let is_letter = |c: char| c.width() == Some(2) && c.is_alphanumeric() && !is_hangul(c);
    let is_sign = |c: char| c.width() == Some(2) && !c.is_alphanumeric();
    let is_any = is_too_long && [before, after].into_iter().all(|c| is_unspaced(c) || is_sign(c));
    (is_letter(before) || is_letter(after) || is_any)
        && !matches!(before, GLUE | '\u{a0}')
        && !NOT_AT_START.contains(after)
        && !NOT_AT_END.contains(before)
}

/// Thai, Lao, Tibetan, Burmese and Khmer, which are written without spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{fff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_hard_breaks_only() {
        assert_eq!(wrap("a bb ccc\ndd", 4), ["a bb", "ccc", "dd"]);
        assert_eq!(wrap("toolong a", 3), ["toolong", "a"]);
        assert_eq!(wrap(&format!("word{GLUE}[1] next"), 8), ["word [1]", "next"]);
        assert_eq!(wrap("a\u{a0}b c", 3), ["a b", "c"]);
    }

    #[test]
    fn scripts_without_spaces_break_between_characters() {
        assert_eq!(wrap("今日は雨、明日も雨。", 6), ["今日は", "雨、明", "日も", "雨。"]);
        assert_eq!(wrap("앱을 새로 만들었다", 10), ["앱을 새로", "만들었다"], "Korean has spaces");
        assert_eq!(
            wrap("字👩\u{200D}👧字が\u{3099}字", 4),
            ["字👩\u{200D}👧", "字が\u{3099}", "字"],
            "as people see them"
        );
        assert_eq!(wrap(&"👍🏽".repeat(4), 4), ["👍🏽👍🏽", "👍🏽👍🏽"]);
        let thai = wrap(&"ที่นี่".repeat(20), 20);
        assert!(
            thai.len() > 1 && thai.iter().all(|line| width(line) <= 20 && line.starts_with(['ท', 'น'])),
            "{thai:?}"
        );
        assert!(wrap(&"字".repeat(100), 72).iter().all(|line| width(line) == 72 || width(line) == 56));
    }
}
