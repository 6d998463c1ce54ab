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

/// The words of HTML that was rendered here, on one line: without footnotes and their marks, and of pictures what they show
/// where there are no other words.
pub(super) fn words(html: &str) -> String {
    let (mut text, mut shown) = (String::new(), String::new());
    let mut rest = html;
    // How many elements are open below one that is left out, with it.
    let mut left_out = 0;
    while let Some(start) = rest.find('<') {
        let inside = &rest[start + 1..];
        let tag = &inside[..end_of_tag(inside)];
        if left_out == 0 {
            text.push_str(&rest[..start]);
        }
        rest = inside.get(tag.len() + 1..).unwrap_or_default();
        let name = tag.trim_start_matches('/').split_ascii_whitespace().next().unwrap_or_default();
        let is_void = matches!(name, "br" | "hr" | "img" | "wbr" | "col" | "source" | "track");
        let is_note = || ["footnote", "footnotes", "reversefootnote"].iter().any(|class| has_class(tag, class));
        if is_void {
            if name == "img" && left_out == 0 {
                shown.push_str(attribute(tag, "alt").unwrap_or_default());
                shown.push(' ');
            }
        } else if tag.starts_with('/') {
            left_out -= usize::from(left_out > 0);
        } else if left_out > 0 || is_note() {
            left_out += 1;
        }
        if !is_inline(name) {
            text.push(' ');
        }
    }
    if left_out == 0 {
        text.push_str(rest);
    }
    let words = line(&decoded(&text));
    if words.is_empty() { line(&decoded(&shown)) } else { words }
}

/// How many bytes come before the `>` that ends a tag; attributes hold others.
fn end_of_tag(tag: &str) -> usize {
    let mut is_quoted = false;
    let is_end = |c: char| {
        is_quoted ^= c == '"';
        c == '>' && !is_quoted
    };
    tag.find(is_end).unwrap_or(tag.len())
}

fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    tag.split_once(&format!(" {name}=\""))?.1.split('"').next()
}

fn has_class(tag: &str, class: &str) -> bool {
    attribute(tag, "class").is_some_and(|classes| classes.split_ascii_whitespace().any(|one| one == class))
}

/// Elements that words go on in.
fn is_inline(name: &str) -> bool {
    const INLINE: [&str; 33] = [
        "a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd", "mark",
        "q", "rb", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "u",
        "var", "wbr",
    ];
    INLINE.contains(&name)
}

/// The five references that are written here.
fn decoded(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&amp;", "&")
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
                "<p>One<sup class=\"footnote\" id=\"r\"><a href=\"#n\">1</a></sup>.</p><section class=\"footnotes\"><ol><li>Two<hr></li></ol></section>",
                "One.",
            ),
            ("<hr>", ""),
            ("", ""),
        ] {
            assert_eq!(words(html), expected, "{html}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_words(html in "[a<>/\"= &;é-]{0,40}") {
            proptest::prop_assert!(!words(&html).contains("  "));
        }
    }
}
