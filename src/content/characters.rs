//! Which characters may leave this room: what no XML document can hold never gets past it (XML 1.0 §2.2).

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;

/// True for characters that are legal in XML and not control characters, tab and line feed excepted.
pub(crate) fn is_legal(c: char) -> bool {
    match c {
        '\t' | '\n' => true,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fdd0}'..='\u{fdef}' => false,
        c => u32::from(c) & 0xfffe != 0xfffe,
    }
}

/// So many bytes are looked at in one step where nothing is unusual.
const STEP: usize = 64;

/// Where the first character stands that does not leave this room as it came: an illegal one, a carriage return, or one of
/// Unicode's separators of lines. Fast, because it looks at all posts.
pub(crate) fn first_to_mend(text: &str) -> Option<usize> {
    let is_usual = |byte: u8| matches!(byte, b'\t' | b'\n' | b' '..=b'~');
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        let step = rest.len().min(STEP);
        if rest[..step].iter().fold(true, |usual, byte| usual & is_usual(*byte)) {
            at += step;
            continue;
        }
        // One character at a time, until a step may begin again.
        let end = at + step;
        for c in text[at..].chars() {
            if !is_legal(c) || matches!(c, '\u{2028}' | '\u{2029}') {
                return Some(at);
            }
            at += c.len_utf8();
            if at >= end {
                break;
            }
        }
    }
    None
}

/// Drops the illegal characters of a text. Unicode's own line and paragraph separators, which some readers take for line
/// ends and others show as boxes, become blanks.
pub(crate) fn clean(text: &mut String) {
    if first_to_mend(text).is_none() {
        return;
    }
    if text.contains('\r') {
        *text = text.replace("\r\n", "\n").replace('\r', "\n");
    }
    if !text.chars().all(is_legal) {
        text.retain(is_legal);
    }
    if text.contains(['\u{2028}', '\u{2029}']) {
        *text = text.replace(['\u{2028}', '\u{2029}'], " ");
    }
}

/// The text in the form NFC, in which most names are written already.
pub(crate) fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) }
}

/// One line: runs of ASCII white space become one space, the ends are trimmed. No-break spaces are kept.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split_ascii_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::any;

    use super::*;

    proptest::proptest! {
        #[test]
        fn the_first_character_to_mend_is_found_wherever_it_stands(
            text in "[a-zé😀]{0,150}",
            c in proptest::char::any(),
            rest in proptest::collection::vec(any::<char>(), 0..5),
        ) {
            let text = format!("{text}{c}{}", String::from_iter(rest));
            let mended = |c: char| !is_legal(c) || matches!(c, '\u{2028}' | '\u{2029}');
            proptest::prop_assert_eq!(first_to_mend(&text), text.find(mended));
        }
    }

    #[test]
    fn control_characters_and_non_characters_are_dropped_and_all_else_is_kept() {
        let mut text =
            "a\u{0}\u{8}\t\n\u{1f}\u{7f}\u{85}\u{9f}\u{a0}é\u{fdd0}\u{fffe}\u{1ffff}\u{10fffe}😀\u{2028}b".to_owned();
        clean(&mut text);
        assert_eq!(text, "a\t\n\u{a0}é😀 b");
    }
}
