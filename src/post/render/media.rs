//! What mail and readers do not play becomes a link; what loads by script becomes what it would have loaded.

use url::Url;

use super::elements;
use super::tree::{self, Element, Node, rewrite, walk};

/// Promotes the addresses of lazy pictures; runs before addresses are resolved.
pub(crate) fn promote_lazy(nodes: &mut [Node]) {
    walk(nodes, &mut |element| {
        for (lazy, real) in [("data-src", "src"), ("data-original", "src"), ("data-srcset", "srcset")] {
            if let Some(address) = element.remove(lazy).filter(|address| !address.trim().is_empty()) {
                element.set(real, address);
            }
        }
    });
}

/// Replaces frames, films and sound by links; drops what shows nothing. Runs after addresses are resolved.
pub(crate) fn replace(nodes: Vec<Node>) -> Vec<Node> {
    rewrite(nodes, &mut |node| {
        let Node::Element(element) = node else { return vec![node] };
        match &*element.name {
            "iframe" => embed(&element, element.get("src").map(str::to_owned), "Embedded page"),
            "video" => embed(&element, source(&element), "Video"),
            "audio" => embed(&element, source(&element), "Audio"),
            "img" if element.get("src").is_none() && element.get("srcset").is_none() => {
                let alt = element.get("alt").unwrap_or_default();
                if alt.is_empty() { vec![] } else { vec![Node::Text(alt.to_owned())] }
            }
            "a" if element.get("href").is_none() && element.get("id").is_none() => element.children,
            "a" if element.get("id").is_none() && element.children.iter().all(is_blank) => element.children,
            // Empty paragraphs are what is left of elements that went.
            "p" if element.children.iter().all(is_blank) => vec![],
            _ => vec![Node::Element(element)],
        }
    })
}

fn is_blank(node: &Node) -> bool {
    matches!(node, Node::Text(text) if text.trim_ascii().is_empty())
}

fn source(element: &Element) -> Option<String> {
    let own = element.get("src");
    let inner = element.children.iter().find_map(|child| match child {
        Node::Element(child) if child.name == "source" => child.get("src"),
        _ => None,
    });
    own.or(inner).map(str::to_owned)
}

/// A link with the element's own title; a film's poster is shown in it.
fn embed(element: &Element, address: Option<String>, what: &str) -> Vec<Node> {
    let Some(address) = address else { return vec![Node::Text(tree::one_line(&element.children))] };
    let address = watchable(&address);
    let title =
        element.get("title").or_else(|| element.get("aria-label")).map(str::trim).filter(|title| !title.is_empty());
    let fallback = tree::one_line(&element.children);
    let label = match title {
        Some(title) => title.to_owned(),
        None if !fallback.is_empty() && fallback.chars().count() <= 100 && element.name == "iframe" => fallback,
        None => format!("{what}: {}", place(&address)),
    };
    let content = match element.get("poster") {
        Some(poster) => Node::Element(Element::new("img", &[("src", poster), ("alt", &label)], vec![])),
        None => Node::Text(label),
    };
    vec![Node::Element(Element::new("a", &[("href", &address)], vec![content]))]
}

/// The page where a person can see what a frame shows.
fn watchable(address: &str) -> String {
    let Ok(url) = Url::parse(address) else { return address.to_owned() };
    let mut parts = url.path_segments().into_iter().flatten();
    match (url.host_str().unwrap_or_default(), parts.next(), parts.next()) {
        ("www.youtube.com" | "youtube.com" | "www.youtube-nocookie.com", Some("embed"), Some(film))
            if !film.is_empty() =>
        {
            format!("https://www.youtube.com/watch?v={film}")
        }
        ("player.vimeo.com", Some("video"), Some(film)) => format!("https://vimeo.com/{film}"),
        _ => address.to_owned(),
    }
}

/// The file's name, or the host.
fn place(address: &str) -> String {
    let Ok(url) = Url::parse(address) else { return address.to_owned() };
    let file = url.path_segments().and_then(Iterator::last).filter(|name| name.contains('.')).map(str::to_owned);
    file.or_else(|| url.host_str().map(str::to_owned)).unwrap_or_default()
}

/// Wraps links that [`replace`] left between blocks into paragraphs.
pub(crate) fn wrap_lone_links(nodes: Vec<Node>) -> Vec<Node> {
    let between_blocks =
        nodes.iter().any(|node| matches!(node, Node::Element(element) if elements::is_block(&element.name)))
            || nodes.iter().all(|node| is_blank(node) || is_link(node));
    let wrap = |node: Node| match node {
        link if between_blocks && is_link(&link) => Node::Element(Element::new("p", &[], vec![link])),
        node => node,
    };
    nodes.into_iter().map(wrap).collect()
}

fn is_link(node: &Node) -> bool {
    matches!(node, Node::Element(element) if element.name == "a" && !element.children.iter().any(holds_block))
}

fn holds_block(node: &Node) -> bool {
    matches!(node, Node::Element(element) if elements::is_block(&element.name) || element.children.iter().any(holds_block))
}
