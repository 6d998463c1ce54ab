//! The pictures in the HTML of an entry. That HTML is what [`super::html`] wrote: each `<img` is a tag, and each value
//! stands in double quotes.

use std::collections::{BTreeMap, HashSet};

use crate::model::{Ends, Image};

/// The pictures in an entry's content, in order, each once, with what its author says about them.
pub fn pictures(html: &str) -> Vec<Image> {
    let mut found: Vec<Image> = Vec::new();
    let mut seen = HashSet::new();
    for tag in tags(html) {
        let Some(source) = attribute(tag, "src").filter(|source| seen.insert(*source)) else { continue };
        let url = decoded(source);
        let number = |name| attribute(tag, name).and_then(|value| value.parse().ok()).filter(|&number| number > 0);
        found.push(Image {
            url,
            alt: attribute(tag, "alt").map(decoded).filter(|alt| !alt.trim().is_empty()),
            media_type: None,
            width: number("width"),
            height: number("height"),
        });
    }
    found
}

/// Writes width and height on every picture whose size, by its URL, is known; what the author wrote stays. The places where
/// the content can end move along.
pub fn add_sizes(html: &mut String, ends: &mut Ends, sizes: &BTreeMap<String, (u32, u32)>) {
    let mut out = String::with_capacity(html.len() + sizes.len() * 32);
    let mut written = 0;
    let mut places: Vec<&mut usize> = ends.blocks.iter_mut().chain(&mut ends.more).map(|end| &mut end.html).collect();
    places.sort_unstable();
    for place in places {
        let next = (*place).clamp(written, html.len());
        with_sizes(&html[written..next], sizes, &mut out);
        (written, *place) = (next, out.len());
    }
    with_sizes(&html[written..], sizes, &mut out);
    *html = out;
}

fn with_sizes(html: &str, sizes: &BTreeMap<String, (u32, u32)>, out: &mut String) {
    let mut written = 0;
    for tag in tags(html) {
        let size = attribute(tag, "src").and_then(|url| sizes.get(&decoded(url)));
        if let Some((width, height)) =
            size.filter(|_| ["width", "height"].iter().all(|name| attribute(tag, name).is_none()))
        {
            let end = tag.as_ptr() as usize - html.as_ptr() as usize + tag.len();
            out.push_str(&html[written..end]);
            out.push_str(&format!(" width=\"{width}\" height=\"{height}\""));
            written = end;
        }
    }
    out.push_str(&html[written..]);
}

/// What stands between `<img` and `>`.
fn tags(html: &str) -> impl Iterator<Item = &str> {
    memchr::memmem::find_iter(html.as_bytes(), "<img ").filter_map(|at| html[at..].split('>').next())
}

/// The value of an attribute as it is written.
fn attribute<'h>(tag: &'h str, name: &str) -> Option<&'h str> {
    let mut rest = tag.strip_prefix("<img ")?;
    loop {
        let (key, after) = rest.split_once("=\"")?;
        let (value, after) = after.split_once('"')?;
        if key == name {
            return Some(value);
        }
        rest = after.strip_prefix(' ')?;
    }
}

fn decoded(value: &str) -> String {
    if memchr::memchr(b'&', value.as_bytes()).is_none() {
        return value.to_owned();
    }
    value.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::End;

    const HTML: &str = "<p>&lt;img src=\"no\"&gt;<img alt=\"a src=\" src=\"https://a.example/?b&amp;c\"> \
        <img src=\"https://a.example/d\" width=\"40\"><img src=\"https://a.example/d\" alt=\"x &gt; y\"></p>";

    #[test]
    fn each_picture_is_found_once() {
        let found = pictures(HTML);
        let seen: Vec<_> = found.iter().map(|image| (&*image.url, image.alt.as_deref(), image.width)).collect();
        assert_eq!(seen, [("https://a.example/?b&c", Some("a src="), None), ("https://a.example/d", None, Some(40))]);
    }

    #[test]
    fn a_known_size_is_written_where_there_is_none() {
        let sizes = ["https://a.example/?b&c", "https://a.example/d"].map(|url| (url.to_owned(), (3, 2))).into();
        let mut sized = HTML.to_owned();
        let middle = HTML.find("<img src=\"https://a.example/d\" alt").unwrap();
        let end = |html| End { html, text: 0, links: 0 };
        let mut ends = Ends { blocks: vec![end(middle), end(HTML.len())], more: Some(end(middle)), links: 0 };
        add_sizes(&mut sized, &mut ends, &sizes);
        assert!(sized.contains("?b&amp;c\" width=\"3\" height=\"2\">"), "{sized}");
        assert!(sized.contains("/d\" width=\"40\"><img"), "{sized}");
        assert!(sized.contains("alt=\"x &gt; y\" width=\"3\" height=\"2\"></p>"), "{sized}");
        assert!(sized[ends.blocks[0].html..].starts_with("<img src=\"https://a.example/d\" alt"), "{ends:?}");
        assert_eq!((ends.more, ends.blocks[1].html), (Some(ends.blocks[0]), sized.len()));
        let mut same = HTML.to_owned();
        add_sizes(&mut same, &mut Ends::default(), &BTreeMap::new());
        assert_eq!(same, HTML);
    }
}
