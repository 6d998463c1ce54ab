//! Small facts about HTML in mail: which elements stay, how texts, attributes and code are written.

use crate::content::write;

/// A word that would make a table wider than a telephone.
pub(super) fn has_long_word(text: &str) -> bool {
    text.split_whitespace().any(|word| word.chars().count() > 20)
}

/// Elements that keep their name; all others lose their tags and keep their content.
pub(super) fn is_kept(name: &str) -> bool {
    let is_block = matches!(
        name,
        "blockquote"
            | "caption"
            | "dd"
            | "div"
            | "dl"
            | "dt"
            | "hr"
            | "li"
            | "ol"
            | "p"
            | "tbody"
            | "td"
            | "tfoot"
            | "thead"
            | "tr"
            | "ul"
    );
    let is_phrase = matches!(
        name,
        "a" | "abbr"
            | "b"
            | "bdi"
            | "bdo"
            | "br"
            | "cite"
            | "code"
            | "del"
            | "dfn"
            | "em"
            | "i"
            | "ins"
            | "kbd"
            | "mark"
            | "q"
            | "s"
            | "samp"
            | "small"
            | "span"
            | "strong"
            | "sub"
            | "sup"
            | "u"
            | "var"
            | "wbr"
    );
    is_block || is_phrase || matches!(name, "rp" | "rt" | "ruby")
}

/// Elements that only divide.
pub(super) fn is_division(name: &str) -> bool {
    matches!(name, "div" | "section" | "article" | "main" | "header" | "nav" | "aside")
}

/// Elements whose content is not for readers.
pub(super) fn is_dropped(name: &str) -> bool {
    matches!(name, "script" | "style" | "template" | "noscript" | "svg" | "math" | "title" | "head")
}

/// `text-align` of an inline style, as Markdown writes it on table cells.
pub(super) fn alignment_of(style: &str) -> Option<&str> {
    let (_, rest) = style.split_once("text-align:")?;
    rest.split(';').next().map(str::trim)
}

/// Appends text.
pub(super) fn escape(out: &mut String, text: &str) {
    for (index, part) in text.split('\u{A0}').enumerate() {
        out.push_str(if index > 0 { "&nbsp;" } else { "" });
        write::escape(part, false, out);
    }
}

/// Text for an attribute in double quotes.
pub(super) fn attribute_value(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape(&mut out, text);
    out.replace('"', "&quot;")
}

/// Writes code, of which the first character stands in `column`, and says in which column it ends. Some clients drop
/// `white-space`, so line ends are elements and every blank that would collapse is fixed.
pub(super) fn push_code(out: &mut String, code: &str, mut column: usize) -> usize {
    let mut after_blank = column == 0;
    for c in code.chars() {
        match c {
            '\n' => {
                out.push_str("<br>");
                column = 0;
            }
            '\t' => {
                let blanks = 4 - column % 4;
                out.push_str(&"&nbsp;".repeat(blanks));
                column += blanks;
            }
            ' ' => {
                out.push_str(if after_blank { "&nbsp;" } else { " " });
                column += 1;
            }
            c => {
                escape(out, c.encode_utf8(&mut [0; 4]));
                column += 1;
            }
        }
        after_blank = matches!(c, '\n' | '\t' | ' ');
    }
    column
}
