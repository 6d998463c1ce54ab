//! Which HTML a feed or a mail may hold, in one table: everything else is left out.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use foldhash::fast::FixedState;
use serde::Deserialize;
use url::Url;

use super::characters;

/// How an element behaves when HTML is balanced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
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

/// `allowed.toml`, the table.
#[derive(Deserialize)]
struct Table {
    dropped: String,
    elements: BTreeMap<Kind, String>,
    attributes: BTreeMap<String, String>,
}

static TABLE: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(include_str!("allowed.toml")).expect("the file holds these lists"));

/// Names, by which something is found.
type Named<T> = HashMap<&'static str, T, FixedState>;

/// All allowed elements.
pub(super) static ELEMENTS: LazyLock<Named<Kind>> = LazyLock::new(|| {
    let elements = TABLE.elements.iter();
    elements.flat_map(|(kind, names)| names.split_ascii_whitespace().map(|name| (name, *kind))).collect()
});

/// Attributes by element; `*` stands for all.
pub(super) static ATTRIBUTES: LazyLock<Named<Vec<&str>>> = LazyLock::new(|| {
    TABLE.attributes.iter().map(|(name, keys)| (&**name, keys.split_ascii_whitespace().collect())).collect()
});

/// True for an element whose content is left out with it.
pub(crate) fn is_dropped(name: &str) -> bool {
    TABLE.dropped.split_ascii_whitespace().any(|dropped| dropped == name)
}

/// An allowed element: its name and what it is.
pub(crate) fn known(name: &str) -> Option<(&'static str, Kind)> {
    ELEMENTS.get_key_value(name).map(|(name, kind)| (*name, *kind))
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
    let lists = ["*", element].into_iter().filter_map(|name| ATTRIBUTES.get(name));
    lists.flatten().find(|key| **key == attribute).copied()
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
        for (name, kind) in ELEMENTS.iter() {
            assert_eq!(known(name), Some((*name, *kind)));
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
