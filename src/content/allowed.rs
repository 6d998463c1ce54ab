//! Which HTML a feed or a mail may hold, in one table: everything else is left out.

use std::borrow::Cow;

use url::Url;

use super::characters;

/// How an element behaves when HTML is balanced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Within a line.
    Inline,
    /// A block, which ends an open paragraph.
    Block,
    /// A part of a table.
    Table,
    /// Without content.
    Void,
    /// Replaced by a link.
    Embed,
    /// No element but a mark of the author's, which is not written.
    Mark,
}

/// All allowed elements.
pub(super) const ELEMENTS: [(&str, Kind); 80] = [
    ("a", Kind::Inline),
    ("abbr", Kind::Inline),
    ("b", Kind::Inline),
    ("bdi", Kind::Inline),
    ("bdo", Kind::Inline),
    ("cite", Kind::Inline),
    ("code", Kind::Inline),
    ("data", Kind::Inline),
    ("del", Kind::Inline),
    ("dfn", Kind::Inline),
    ("em", Kind::Inline),
    ("i", Kind::Inline),
    ("ins", Kind::Inline),
    ("kbd", Kind::Inline),
    ("mark", Kind::Inline),
    ("picture", Kind::Inline),
    ("q", Kind::Inline),
    ("rp", Kind::Inline),
    ("rt", Kind::Inline),
    ("ruby", Kind::Inline),
    ("s", Kind::Inline),
    ("samp", Kind::Inline),
    ("small", Kind::Inline),
    ("span", Kind::Inline),
    ("strike", Kind::Inline),
    ("strong", Kind::Inline),
    ("sub", Kind::Inline),
    ("sup", Kind::Inline),
    ("time", Kind::Inline),
    ("tt", Kind::Inline),
    ("u", Kind::Inline),
    ("var", Kind::Inline),
    ("big", Kind::Inline),
    ("address", Kind::Block),
    ("article", Kind::Block),
    ("aside", Kind::Block),
    ("blockquote", Kind::Block),
    ("dd", Kind::Block),
    ("details", Kind::Block),
    ("div", Kind::Block),
    ("dl", Kind::Block),
    ("dt", Kind::Block),
    ("figcaption", Kind::Block),
    ("figure", Kind::Block),
    ("footer", Kind::Block),
    ("h1", Kind::Block),
    ("h2", Kind::Block),
    ("h3", Kind::Block),
    ("h4", Kind::Block),
    ("h5", Kind::Block),
    ("h6", Kind::Block),
    ("header", Kind::Block),
    ("hgroup", Kind::Block),
    ("li", Kind::Block),
    ("main", Kind::Block),
    ("nav", Kind::Block),
    ("ol", Kind::Block),
    ("p", Kind::Block),
    ("pre", Kind::Block),
    ("section", Kind::Block),
    ("summary", Kind::Block),
    ("ul", Kind::Block),
    ("center", Kind::Block),
    ("menu", Kind::Block),
    ("table", Kind::Table),
    ("caption", Kind::Table),
    ("thead", Kind::Table),
    ("tbody", Kind::Table),
    ("tfoot", Kind::Table),
    ("tr", Kind::Table),
    ("th", Kind::Table),
    ("td", Kind::Table),
    ("br", Kind::Void),
    ("hr", Kind::Void),
    ("img", Kind::Void),
    ("source", Kind::Void),
    ("wbr", Kind::Void),
    ("iframe", Kind::Embed),
    ("video", Kind::Embed),
    ("audio", Kind::Embed),
];

/// Elements whose content is left out with them.
pub(crate) const DROPPED: [&str; 18] = [
    "script",
    "style",
    "template",
    "textarea",
    "title",
    "select",
    "button",
    "svg",
    "applet",
    "canvas",
    "noscript",
    "noembed",
    "noframes",
    "xmp",
    "plaintext",
    "datalist",
    "frameset",
    "iframe",
];

/// Attributes by element; `*` stands for all.
pub(crate) const ATTRIBUTES: [(&str, &[&str]); 21] = [
    ("*", &["id", "dir", "lang", "title"]),
    ("a", &["href", "name", "class", "hreflang", "aria-label"]),
    ("blockquote", &["cite"]),
    ("code", &["class"]),
    ("data", &["value"]),
    ("del", &["cite", "datetime"]),
    ("details", &["open"]),
    ("iframe", &["src", "data-src"]),
    (
        "img",
        &[
            "src",
            "srcset",
            "sizes",
            "alt",
            "width",
            "height",
            "data-src",
            "data-srcset",
            "data-original",
            "data-lazy-src",
            "data-lazy-srcset",
        ],
    ),
    ("ins", &["cite", "datetime"]),
    ("li", &["value"]),
    ("ol", &["start", "reversed", "type"]),
    ("q", &["cite"]),
    ("section", &["class"]),
    ("source", &["src", "srcset", "sizes", "media", "type", "data-src", "data-srcset"]),
    ("span", &["class"]),
    ("td", &["colspan", "rowspan", "align", "style"]),
    ("th", &["colspan", "rowspan", "scope", "align", "style"]),
    ("time", &["datetime"]),
    ("video", &["src", "poster", "aria-label"]),
    ("audio", &["src", "aria-label"]),
];

/// How many places there are for the elements: about three for each.
const SLOTS: usize = 256;

/// For each place one more than the number of its element in [`ELEMENTS`], or 0.
static PLACES: [u8; SLOTS] = places();

const fn places() -> [u8; SLOTS] {
    let mut places = [0; SLOTS];
    let mut number: u8 = 0;
    while (number as usize) < ELEMENTS.len() {
        let mut at = place(ELEMENTS[number as usize].0.as_bytes());
        while places[at] != 0 {
            at = (at + 1) % SLOTS;
        }
        number += 1;
        places[at] = number;
    }
    places
}

/// Where an element is looked for first.
const fn place(name: &[u8]) -> usize {
    match name {
        [] => 0,
        [first, .., last] => (*first as usize * 31 + *last as usize * 7 + name.len() * 59) % SLOTS,
        [only] => (*only as usize * 31) % SLOTS,
    }
}

/// An allowed element: its name and what it is.
pub(crate) fn known(name: &str) -> Option<(&'static str, Kind)> {
    let mut at = place(name.as_bytes());
    loop {
        let (known, kind) = ELEMENTS[usize::from(PLACES[at]).checked_sub(1)?];
        if known == name {
            return Some((known, kind));
        }
        at = (at + 1) % SLOTS;
    }
}

/// What an element is, or `None` when it is not allowed.
pub(crate) fn kind(name: &str) -> Option<Kind> {
    known(name).map(|(_, kind)| kind)
}

/// The schemes that a link may have.
pub(crate) const SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];

/// A longer value is left out: it is a picture written as text, which no mail client shows.
const LONGEST_VALUE: usize = 8 * 1024;

/// The name of an attribute that an element may have.
pub(crate) fn attribute(element: &str, attribute: &str) -> Option<&'static str> {
    let lists = ATTRIBUTES.iter().filter(|(name, _)| *name == "*" || *name == element);
    lists.flat_map(|(_, keys)| *keys).find(|key| **key == attribute).copied()
}

/// What an element keeps of the value of an attribute that it may have.
pub(crate) fn value(element: &str, attribute: &str, value: Cow<'_, str>) -> Option<String> {
    if value.len() > LONGEST_VALUE {
        return None;
    }
    if attribute == "style" {
        return alignment(&value).map(|side| format!("text-align:{side}"));
    }
    if (matches!(attribute, "href" | "src") || element == "video" && attribute == "poster") && !is_safe(&value) {
        return None;
    }
    let mut value = value.into_owned();
    characters::clean(&mut value);
    Some(value)
}

/// Whether an address is relative or has an allowed scheme.
fn is_safe(address: &str) -> bool {
    match Url::parse(address) {
        Ok(url) => SCHEMES.contains(&url.scheme()),
        Err(error) => error == url::ParseError::RelativeUrlWithoutBase,
    }
}

/// All that is kept of a style.
fn alignment(style: &str) -> Option<&'static str> {
    let declarations = style.rsplit(';').filter_map(|declaration| declaration.split_once(':'));
    let side = |(key, value): (&str, &str)| {
        let sides = ["left", "center", "right"].into_iter();
        let is_it = key.trim().eq_ignore_ascii_case("text-align");
        sides.filter(|_| is_it).find(|side| value.trim().eq_ignore_ascii_case(side))
    };
    declarations.map(side).find(Option::is_some).flatten()
}

/// True for elements that stand on lines of their own.
pub(crate) fn is_block(name: &str) -> bool {
    matches!(kind(name), Some(Kind::Block | Kind::Table)) || name == "hr"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_is_found_and_nothing_else() {
        for (name, kind) in ELEMENTS {
            assert_eq!(known(name), Some((name, kind)));
            assert_eq!(known(&name.to_ascii_uppercase()), None);
            assert_eq!(known(&format!("{name}x")), None);
        }
        assert_eq!((known(""), known("script"), known("z")), (None, None, None));
    }

    #[test]
    fn attributes_are_those_of_the_element_or_of_all() {
        assert_eq!(attribute("a", "href"), Some("href"));
        assert_eq!(attribute("p", "id"), Some("id"));
        assert_eq!((attribute("p", "href"), attribute("a", "onclick")), (None, None));
    }

    #[test]
    fn of_values_only_what_is_safe_is_kept() {
        for (element, key, written, kept) in [
            ("a", "href", "java\nscript:alert(1)", None),
            ("a", "href", " JAVASCRIPT:a", None),
            ("a", "href", "tel:1", Some("tel:1")),
            ("img", "src", "data:image/png;base64,AA", None),
            ("img", "src", "//a/b", Some("//a/b")),
            ("video", "poster", "file:///r", None),
            ("td", "style", "color:red; TEXT-ALIGN : Right", Some("text-align:right")),
            ("td", "style", "background:url(x)", None),
            ("p", "title", "a\u{1}b", Some("ab")),
        ] {
            assert_eq!(value(element, key, written.into()).as_deref(), kept, "{written}");
        }
    }
}
