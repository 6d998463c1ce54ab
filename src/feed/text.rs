//! Text hygiene: no string reaches a feed before it went through here, so that none can break one.

use std::borrow::Cow;

use crate::content::{Kind, Node};

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
pub(super) fn html(mut fragment: String) -> String {
    if fragment.contains('\u{fffd}') {
        fragment = fragment.replace('\u{fffd}', "&#xFFFD;");
    }
    if let Cow::Owned(cleaned) = clean(&fragment) {
        return cleaned;
    }
    fragment
}

/// Clean text on one line: blanks and line ends become single spaces, and none stand at its ends, as every reader would
/// show it anyway.
pub(super) fn line(text: &str) -> String {
    let text = clean(text);
    let words: Vec<&str> = text.split([' ', '\t', '\n']).filter(|word| !word.is_empty()).collect();
    words.join(" ").trim().to_owned()
}

/// The words of content on one line: without footnotes and their marks, and of pictures what they show where there are no
/// other words.
pub(super) fn words(content: &[Node]) -> String {
    let (mut text, mut shown) = (String::new(), String::new());
    add_words(content, &mut text, &mut shown);
    let words = line(&text);
    if words.is_empty() { line(&shown) } else { words }
}

fn add_words(content: &[Node], text: &mut String, shown: &mut String) {
    for node in content {
        match node {
            Node::Text(more) => text.push_str(more),
            Node::Element(element) => {
                let around = if element.kind == Kind::Inline || element.name == "wbr" { "" } else { " " };
                text.push_str(around);
                if element.name == "img" {
                    shown.push_str(element.get("alt").unwrap_or_default());
                    shown.push(' ');
                }
                let is_note = ["footnote", "footnotes", "reversefootnote"].iter().any(|class| element.has_class(class));
                if !is_note {
                    add_words(&element.children, text, shown);
                }
                text.push_str(around);
            }
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::read;

    #[test]
    fn characters_that_break_or_litter_a_feed_are_dropped_and_all_others_stay() {
        assert_eq!(clean("\u{feff}a\0b\u{b}c\u{1b}[31m\u{7f}\u{85}\u{9f}\u{fffd}\u{fffe}\u{fdd0}\u{1ffff}"), "abc[31m");
        let kept = "tab\t line\n “quotes” שלום 👩‍💻 \u{a0}\u{200f}\u{fffc}\u{10fffd}";
        assert!(matches!(clean(kept), Cow::Borrowed(same) if same == kept));
    }

    #[test]
    fn html_keeps_a_replacement_character_as_a_reference() {
        assert_eq!(html("<b>\u{fffd}\0</b>".into()), "<b>&#xFFFD;</b>");
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
    fn the_words_of_html_are_plain() {
        for (html, expected) in [
            (
                "<p>See <a href=\"https://e.com\">this</a> and <a href=\"https://f.com\" title=\"a > b\">that</a>.</p>",
                "See this and that.",
            ),
            ("<ul>\n<li>one</li>\n<li>two</li></ul>", "one two"),
            ("<p><img src=\"b.jpg\" alt=\"A &amp; boat\"></p>", "A & boat"),
            ("<p>Look <img src=\"b.jpg\" alt=\"A boat\">here</p>", "Look here"),
            ("<p>AT&amp;T: <code>Vec&lt;T&gt;</code> &amp;amp; a<br>b</p>", "AT&T: Vec<T> &amp; a b"),
            (
                "<p>One<sup id=\"r\"><a class=\"footnote\" href=\"#n\">1</a></sup>.</p><section class=\"footnotes\"><ol><li>Two<hr></li></ol></section>",
                "One.",
            ),
            ("<hr>", ""),
            ("", ""),
        ] {
            assert_eq!(words(&read(html).nodes), expected, "{html}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_words(html in "[a<>/\"= &;é-]{0,40}") {
            proptest::prop_assert!(!words(&read(&html).nodes).contains("  "));
        }
    }
}
