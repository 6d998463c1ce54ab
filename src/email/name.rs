//! A reader's name within an issue. The issue is the same for all, so a template that asks for the name gets a sign; when
//! the parts are made, each sign becomes a marker, and when a copy is made, the marker becomes the name, or what the template
//! wants for readers without one.

use std::fmt::Write as _;

use super::clean::{one_line, shorten};
use super::markup::attribute_value;
use crate::model::NamePlace;
use crate::templates::{NAME_END, NAME_START};

/// More words that stand for a name than this are a mistake, and are not looked at any further.
pub(super) const MOST: usize = 20;

/// A longer name is cut.
const LIMIT: usize = 60;

/// Encoded lines are no longer (RFC 2045 §6.7 (5)), with room for a soft line break.
const LINE: usize = 75;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Html,
    Text,
}

/// Puts markers in the place of signs; what the templates want for readers without a name is added to `places`. `marker` makes
/// the marker with a number.
pub(super) fn place(part: &str, kind: Part, places: &mut Vec<NamePlace>, marker: impl Fn(usize) -> String) -> String {
    let mut pieces = part.split(NAME_START);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let Some((fallback, rest)) = piece.split_once(NAME_END) else {
            out.push_str(piece);
            continue;
        };
        let fallback = one_line(&if kind == Part::Html { unescaped(fallback) } else { fallback.to_owned() });
        let known = places.iter().position(|place| place.fallback == fallback);
        if known.is_none() && places.len() > MOST {
            break;
        }
        let index = known.unwrap_or_else(|| {
            places.push(NamePlace { marker: marker(places.len()), fallback });
            places.len() - 1
        });
        out.push_str(&places[index].marker);
        out.push_str(rest);
    }
    out.replace(NAME_END, "")
}

/// What the template engine escapes in HTML.
pub(super) fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

/// What a reader called `name` finds in a part.
pub(super) fn shown(name: Option<&str>, fallback: &str, kind: Part) -> String {
    let name = name.map(one_line).filter(|name| !name.is_empty());
    let name = shorten(name.as_deref().unwrap_or(fallback), LIMIT);
    if kind == Part::Html { attribute_value(&name) } else { name }
}

/// A part as a reader called `name` finds it.
pub(super) fn fill(part: &str, kind: Part, places: &[NamePlace], name: Option<&str>) -> String {
    places.iter().fold(part.to_owned(), |part, place| part.replace(&place.marker, &shown(name, &place.fallback, kind)))
}

/// A name on lines of its own, all of which end in soft line breaks (RFC 2045 §6.7). Everything but letters and digits is
/// encoded: whatever the name, no line ends in a blank or begins with a dot.
pub(super) fn quoted_printable(name: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for c in name.chars() {
        let mut unit = String::new();
        if c.is_ascii_alphanumeric() {
            unit.push(c);
        } else {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(unit, "={byte:02X}");
            }
        }
        if column + unit.len() > LINE {
            out.push_str("=\r\n");
            column = 0;
        }
        column += unit.len();
        out.push_str(&unit);
    }
    if !out.is_empty() {
        out.push_str("=\r\n");
    }
    out
}
