//! Foreign text as it may stand on a terminal. Titles, file names and the words of servers could steer it, turn the writing
//! around, hide, or begin a line that looks like one of ours.

use std::fmt::Write as _;

use crate::model::without_logins;

/// The replacement of a character that is not printed.
const INSTEAD: &str = "\u{FFFD}";

/// True for characters that a terminal acts upon, those that turn the writing around (UAX #9), and those that are
/// invisible but that hide text or split lines. The joiners that scripts and emoji need stay.
fn is_tricky(c: char) -> bool {
    let is_layout = matches!(c, '\n' | '\t');
    (c.is_control() && !is_layout)
        || matches!(c,
            '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
            | '\u{180E}' | '\u{200B}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2064}' | '\u{206A}'..='\u{206F}'
            | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E007F}')
}

/// Text of ours with foreign words in it. Each character stays one, so that places in it stay where they are; line ends are
/// kept, see [`one_line`] for words that may hold none. Users and passwords in addresses are masked.
pub(super) fn printable(text: &str) -> String {
    without_logins(text).replace(is_tricky, INSTEAD)
}

/// Foreign words, which never begin a line.
pub(super) fn one_line(text: &str) -> String {
    printable(text).replace(['\n', '\t'], " ")
}

/// What is for a program, such as a table or a piece of HTML: it keeps every character that a text may hold, unless it goes
/// to a terminal.
pub(super) fn for_programs(text: &str, is_for_a_terminal: bool) -> String {
    let is_ruled_out = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    let is_replaced = |c: char| is_ruled_out(c) || is_for_a_terminal && is_tricky(c) && c != '\r';
    text.replace(is_replaced, INSTEAD)
}

/// HTML with what is tricky written as references (HTML §13.1.4), which a browser reads as the same.
pub(super) fn with_references(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    for c in html.chars() {
        if c.is_control() || !is_tricky(c) {
            text.push(c);
        } else {
            let _ = write!(text, "&#x{:x};", u32::from(c));
        }
    }
    text
}

/// JSON with what is tricky escaped (RFC 8259 §7): it stands in strings only, and a program reads the same.
pub(super) fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if is_tricky(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_acts_upon_is_printed() {
        assert_eq!(printable("a\u{1b}[31mb\u{202e}c\u{7}\n"), "a\u{fffd}[31mb\u{fffd}c\u{fffd}\n");
        for c in
            ["\u{7f}", "\u{9b}", "\u{85}", "\r", "\u{200f}", "\u{61c}", "\u{2069}", "\u{2028}", "\u{e0041}", "\u{feff}"]
        {
            assert_eq!(printable(&format!("a{c}b")), "a\u{fffd}b", "{c:?}");
        }
        let kept = "Ünïcödé 日本 שלום 👩\u{200d}🚀 می\u{200c}خواهم \u{ad} e\u{301}";
        assert_eq!(printable(kept), kept);
    }

    #[test]
    fn a_title_begins_no_line() {
        assert_eq!(one_line("a\nerror: b\tc\r\nd"), "a error: b c\u{fffd} d");
    }

    #[test]
    fn users_and_passwords_in_addresses_are_not_printed() {
        assert_eq!(
            printable("told https://ada:secret@hub.example/ of it"),
            "told https://**********@hub.example/ of it"
        );
    }

    #[test]
    fn a_browser_reads_the_same_html() {
        let html = with_references("<b title=\"a\u{202e}b\u{200f}\">é\n");
        assert_eq!(html, "<b title=\"a&#x202e;b&#x200f;\">é\n");
    }

    #[test]
    fn a_program_reads_the_same_json() {
        let value = serde_json::json!({ "title": "a\u{202e}b\u{9b}c\u{7f}\u{e0041}\u{1b}\n" });
        let text = escaped(&format!("{value:#}"));
        assert!(!text.contains(is_tricky), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
