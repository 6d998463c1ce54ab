//! Which characters may leave this room: what no XML document can hold never gets past it (XML 1.0 §2.2).

/// True when all characters of a text are ASCII and legal, as in most texts.
fn is_plain(text: &str) -> bool {
    text.bytes().fold(true, |all, byte| all & (matches!(byte, b' '..=b'~' | b'\n' | b'\t')))
}

/// Where the first illegal character of a text is.
pub(crate) fn first_illegal(text: &str) -> Option<usize> {
    if is_plain(text) { None } else { text.find(|c| !is_legal(c)) }
}

/// True for characters that are legal in XML and not control characters, tab and line feed excepted.
pub(crate) fn is_legal(c: char) -> bool {
    match c {
        '\t' | '\n' => true,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fdd0}'..='\u{fdef}' => false,
        c => u32::from(c) & 0xfffe != 0xfffe,
    }
}

/// Drops the illegal characters of a text. Unicode's own line and paragraph separators, which some readers take for line
/// ends and others show as boxes, become blanks.
pub(crate) fn clean(text: &mut String) {
    if is_plain(text) {
        return;
    }
    if !text.chars().all(is_legal) {
        text.retain(is_legal);
    }
    if text.contains(['\u{2028}', '\u{2029}']) {
        *text = text.replace(['\u{2028}', '\u{2029}'], " ");
    }
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
    use super::*;

    #[test]
    fn control_characters_and_non_characters_are_dropped_and_all_else_is_kept() {
        let mut text =
            "a\u{0}\u{8}\t\n\u{1f}\u{7f}\u{85}\u{9f}\u{a0}é\u{fdd0}\u{fffe}\u{1ffff}\u{10fffe}😀\u{2028}b".to_owned();
        clean(&mut text);
        assert_eq!(text, "a\t\n\u{a0}é😀 b");
    }
}
