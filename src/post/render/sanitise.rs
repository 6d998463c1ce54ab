//! The wall against active content: only allowed elements, attributes and URL schemes pass (ammonia).

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use url::Url;

use super::elements::{self, ATTRIBUTES};

/// The schemes that a link may have.
pub(crate) const SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];

static BUILDER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    let generic = ATTRIBUTES.iter().filter(|(name, _)| *name == "*").flat_map(|(_, keys)| keys.iter().copied());
    let by_tag: HashMap<_, HashSet<_>> = ATTRIBUTES
        .iter()
        .filter(|(name, _)| *name != "*")
        .map(|(name, keys)| (*name, keys.iter().copied().collect()))
        .collect();
    builder
        .tags(elements::all().collect())
        .clean_content_tags(["script", "style"].into())
        .generic_attributes(generic.collect())
        .tag_attributes(by_tag)
        .filter_style_properties(["text-align"].into())
        .url_schemes(SCHEMES.into())
        .url_relative(UrlRelative::PassThrough)
        .link_rel(None)
        .strip_comments(true);
    builder
});

/// The HTML without anything active; cleaning twice changes nothing.
pub(crate) fn sanitise(html: &str) -> String {
    BUILDER.clean(html).to_string()
}

/// Whether [`sanitise`] would keep an address: a relative one, or one with an allowed scheme.
pub(crate) fn is_safe(address: &str) -> bool {
    match Url::parse(address) {
        Ok(url) => SCHEMES.contains(&url.scheme()),
        Err(error) => error == url::ParseError::RelativeUrlWithoutBase,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_active_passes() {
        for (hostile, rest) in [
            ("<a href=\"javascript:alert(1)\" onclick=\"x\">a</a>", "<a>a</a>"),
            ("<a href=\"java\nscript:alert(1)\">a</a>", "<a>a</a>"),
            ("<img src=x onerror=alert(1)>", "<img src=\"x\">"),
            ("<img src=\"data:image/png;base64,AA\" alt=a>", "<img alt=\"a\">"),
            ("<svg><a xlink:href=\"javascript:x\">a</a></svg>", ""),
            ("<p style=\"background:url(x)\" class=y>a</p>", "<p>a</p>"),
            ("<td style=\"x\">", ""),
        ] {
            assert_eq!(sanitise(hostile), rest, "{hostile}");
        }
    }
}
