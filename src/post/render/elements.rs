//! Which HTML a feed or a mail may hold, in one table: everything else is left out.

use std::sync::LazyLock;

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
}

const INLINE: [&str; 33] = [
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "i", "ins", "kbd", "mark", "picture",
    "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var",
    "big",
];

const BLOCK: [&str; 31] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "ul",
    "center",
    "menu",
];

const TABLE: [&str; 8] = ["table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"];

const VOID: [&str; 5] = ["br", "hr", "img", "source", "wbr"];

const EMBED: [&str; 3] = ["iframe", "video", "audio"];

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
    ("img", &["src", "srcset", "sizes", "alt", "width", "height", "data-src", "data-srcset", "data-original"]),
    ("ins", &["cite", "datetime"]),
    ("li", &["value"]),
    ("ol", &["start", "reversed", "type"]),
    ("q", &["cite"]),
    ("section", &["class"]),
    ("source", &["src", "srcset", "sizes", "media", "type"]),
    ("span", &["class"]),
    ("td", &["colspan", "rowspan", "align", "style"]),
    ("th", &["colspan", "rowspan", "scope", "align", "style"]),
    ("time", &["datetime"]),
    ("video", &["src", "poster", "aria-label"]),
    ("audio", &["src", "aria-label"]),
];

/// What an element is, or `None` when it is not allowed.
pub(crate) fn kind(name: &str) -> Option<Kind> {
    let order = |(known, _): &(&str, Kind)| known.len().cmp(&name.len()).then_with(|| (*known).cmp(name));
    SORTED.binary_search_by(order).ok().map(|at| SORTED[at].1)
}

/// All allowed elements, the shortest names first.
static SORTED: LazyLock<Vec<(&'static str, Kind)>> = LazyLock::new(|| {
    let lists: [(&[&'static str], Kind); 5] = [
        (&INLINE, Kind::Inline),
        (&BLOCK, Kind::Block),
        (&TABLE, Kind::Table),
        (&VOID, Kind::Void),
        (&EMBED, Kind::Embed),
    ];
    let mut all: Vec<_> =
        lists.into_iter().flat_map(|(names, kind)| names.iter().map(move |name| (*name, kind))).collect();
    all.sort_by_key(|(name, _)| (name.len(), *name));
    all
});

/// Whether an element may have this attribute.
pub(crate) fn may_have(element: &str, attribute: &str) -> bool {
    ATTRIBUTES.iter().any(|(name, keys)| (*name == "*" || *name == element) && keys.contains(&attribute))
}

/// The names of all allowed elements.
pub(crate) fn all() -> impl Iterator<Item = &'static str> {
    [&INLINE[..], &BLOCK, &TABLE, &VOID, &EMBED].into_iter().flatten().copied()
}

/// True for elements in which a paragraph may stand, directly or in a part of them.
pub(crate) fn holds_paragraphs(name: &str) -> bool {
    matches!(kind(name), Some(Kind::Block | Kind::Table))
        && !matches!(name, "p" | "pre" | "summary" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

/// True for elements that stand on lines of their own.
pub(crate) fn is_block(name: &str) -> bool {
    matches!(kind(name), Some(Kind::Block | Kind::Table)) || name == "hr"
}
