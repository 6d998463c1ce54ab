//! What mail and readers do not play becomes a titled link; what loads by script becomes what it would have loaded.

use url::Url;

use super::embed;
use crate::content::Kind;
use crate::content::nodes::{self, Element, Node};

/// Where scripts that load pictures late find their addresses, and where those belong.
const LAZY: [(&str, &str); 5] = [
    ("data-src", "src"),
    ("data-original", "src"),
    ("data-lazy-src", "src"),
    ("data-srcset", "srcset"),
    ("data-lazy-srcset", "srcset"),
];

/// Promotes the addresses of a lazy picture; runs before addresses are resolved.
pub(crate) fn promote_lazy(element: &mut Element) {
    if element.attributes.is_empty() {
        return;
    }
    for (lazy, real) in LAZY {
        if let Some(address) = element.remove(lazy).filter(|address| !address.trim().is_empty()) {
            element.set(real, address);
        }
    }
}

/// Replaces frames, films and sound by links; drops what shows nothing. Runs after addresses are resolved.
pub(crate) fn replace(nodes: Vec<Node>) -> Vec<Node> {
    if nodes::any(&nodes, &|element| !is_as_it_stays(element)) { replace_in(nodes, true) } else { nodes }
}

/// `flow` is true where paragraphs may stand.
fn replace_in(nodes: Vec<Node>, flow: bool) -> Vec<Node> {
    let mut changed = Vec::with_capacity(nodes.len());
    // A player was replaced in the line.
    let mut is_after_player = false;
    for node in nodes {
        let follows_player = std::mem::take(&mut is_after_player);
        let Node::Element(mut element) = node else {
            changed.push(node);
            continue;
        };
        let flow_inside = flow && element.holds_paragraphs();
        element.children = replace_in(element.children, flow_inside);
        if is_as_it_stays(&element) {
            changed.push(Node::Element(element));
            continue;
        }
        let is_embed = element.kind == Kind::Embed;
        let shown = one(element);
        if is_embed && flow && !shown.is_empty() {
            changed.push(Node::Element(Element::new("p", &[], shown)));
        } else {
            if is_embed && follows_player {
                changed.push(Node::Text(" ".to_owned()));
            }
            is_after_player = is_embed;
            changed.extend(shown);
        }
    }
    changed
}

/// True for elements that [`one`] does not change.
fn is_as_it_stays(element: &Element) -> bool {
    match element.name {
        "iframe" | "video" | "audio" => false,
        "img" => element.get("src").is_some() || element.get("srcset").is_some(),
        "a" => element.get("id").is_some() || element.get("href").is_some() && !element.children.iter().all(is_blank),
        "p" => !element.children.iter().all(is_blank),
        _ => true,
    }
}

/// The replacement of an element that does not stay as it is.
fn one(element: Element) -> Vec<Node> {
    match element.name {
        "iframe" => called_like(&element, frame(&element)),
        "video" => called_like(&element, file(&element, "Video")),
        "audio" => called_like(&element, file(&element, "Audio")),
        "img" => words(element.get("alt").unwrap_or_default().to_owned()),
        "a" => element.children,
        // A link may lead to what shows nothing.
        "p" => {
            element.get("id").map(|id| Node::Element(Element::new("a", &[("id", id)], vec![]))).into_iter().collect()
        }
        // Empty paragraphs are what is left of elements that went.
        _ => Vec::new(),
    }
}

/// The id goes on with the replacement: a link may lead there.
fn called_like(element: &Element, mut shown: Vec<Node>) -> Vec<Node> {
    if let (Some(id), Some(Node::Element(first))) = (element.get("id"), shown.first_mut()) {
        first.set("id", id.to_owned());
    }
    shown
}

fn is_blank(node: &Node) -> bool {
    matches!(node, Node::Text(text) if text.trim_ascii().is_empty())
}

/// A frame as a link to the page for people.
fn frame(element: &Element) -> Vec<Node> {
    let fallback = nodes::one_line(&element.children);
    let Some(address) = element.get("src") else { return words(fallback) };
    let shown = embed::shown(address);
    let short = (!fallback.is_empty() && fallback.chars().count() <= 100).then_some(fallback);
    let label = title(element).or(short).unwrap_or(shown.label);
    link(&shown.address, &label, shown.poster.as_deref())
}

/// A film or sound as a link to its file.
fn file(element: &Element, what: &str) -> Vec<Node> {
    let inner = element.children.iter().find_map(|child| match child {
        Node::Element(child) if child.name == "source" => child.get("src"),
        _ => None,
    });
    let Some(address) = element.get("src").or(inner) else { return words(nodes::one_line(&element.children)) };
    let label = title(element).unwrap_or_else(|| format!("{what}: {}", place(address)));
    link(address, &label, element.get("poster"))
}

fn words(text: String) -> Vec<Node> {
    if text.is_empty() { vec![] } else { vec![Node::Text(text)] }
}

/// The author's title.
fn title(element: &Element) -> Option<String> {
    let title = element.get("title").or_else(|| element.get("aria-label"))?;
    Some(title.trim().to_owned()).filter(|title| !title.is_empty())
}

/// The title stays in sight under the poster, for readers without pictures.
fn link(address: &str, label: &str, poster: Option<&str>) -> Vec<Node> {
    let mut content = Vec::new();
    if let Some(poster) = poster {
        content.push(Node::Element(Element::new("img", &[("src", poster), ("alt", "")], vec![])));
        content.push(Node::Element(Element::new("br", &[], vec![])));
    }
    content.push(Node::Text(label.to_owned()));
    vec![Node::Element(Element::new("a", &[("href", address)], content))]
}

/// The file's name, or the host.
fn place(address: &str) -> String {
    let Ok(url) = Url::parse(address) else { return address.to_owned() };
    let file = url.path_segments().and_then(Iterator::last).filter(|name| name.contains('.'));
    let file = file.map(|name| percent_encoding::percent_decode_str(name).decode_utf8_lossy().into_owned());
    file.or_else(|| url.host_str().map(str::to_owned)).unwrap_or_default()
}
