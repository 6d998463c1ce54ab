//! The pictures in the content of an entry.

use std::collections::{BTreeMap, HashSet};

use crate::content::nodes::{Element, Node, each, walk};
use crate::model::Image;

/// The pictures in an entry's content, in order, each once, with what its author says about them.
pub(crate) fn pictures(nodes: &[Node]) -> Vec<Image> {
    let mut found: Vec<Image> = Vec::new();
    let mut seen = HashSet::new();
    each(nodes, &mut |element| {
        let source = element.get("src").filter(|_| element.name == "img");
        let Some(source) = source.filter(|source| seen.insert((*source).to_owned())) else { return };
        let number = |name| element.get(name).and_then(|value| value.parse().ok()).filter(|&number| number > 0);
        found.push(Image {
            url: source.to_owned(),
            alt: element.get("alt").filter(|alt| !alt.trim().is_empty()).map(str::to_owned),
            media_type: None,
            width: number("width"),
            height: number("height"),
        });
    });
    found
}

/// Sets width and height of every picture whose size, by its URL, is known; what the author wrote stays.
pub fn add_sizes(nodes: &mut [Node], sizes: &BTreeMap<String, (u32, u32)>) {
    walk(nodes, &mut |element: &mut Element| {
        let size = element.get("src").filter(|_| element.name == "img").and_then(|url| sizes.get(url)).copied();
        if let Some((width, height)) =
            size.filter(|_| ["width", "height"].iter().all(|name| element.get(name).is_none()))
        {
            element.set("width", width.to_string());
            element.set("height", height.to_string());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{read, write};

    const HTML: &str = "<p>&lt;img src=\"no\"&gt;<img alt=\"a src=\" src=\"https://a.example/?b&amp;c\"> \
        <img src=\"https://a.example/d\" width=\"40\"><img src=\"https://a.example/d\" alt=\"x &gt; y\"></p>";

    #[test]
    fn each_picture_is_found_once() {
        let found = pictures(&read(HTML).nodes);
        let seen: Vec<_> = found.iter().map(|image| (&*image.url, image.alt.as_deref(), image.width)).collect();
        assert_eq!(seen, [("https://a.example/?b&c", Some("a src="), None), ("https://a.example/d", None, Some(40))]);
    }

    #[test]
    fn a_known_size_is_set_where_there_is_none() {
        let sizes = ["https://a.example/?b&c", "https://a.example/d"].map(|url| (url.to_owned(), (3, 2))).into();
        let mut nodes = read(HTML).nodes;
        add_sizes(&mut nodes, &sizes);
        let mut sized = String::new();
        write::write(&nodes, &mut sized);
        assert!(sized.contains("?b&amp;c\" width=\"3\" height=\"2\">"), "{sized}");
        assert!(sized.contains("/d\" width=\"40\"><img"), "{sized}");
        assert!(sized.contains("alt=\"x &gt; y\" width=\"3\" height=\"2\"></p>"), "{sized}");
    }
}
