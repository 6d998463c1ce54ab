//! Bare URLs in text → links (GitHub Flavored Markdown §6.9), outside of links and code.

use url::Url;

use crate::content::nodes::{Element, Node};

/// Links every bare `http://` and `https://` address below `nodes`.
pub(crate) fn link(mut nodes: Vec<Node>) -> Vec<Node> {
    link_in(&mut nodes);
    nodes
}

fn link_in(nodes: &mut Vec<Node>) {
    let mut holds_address = false;
    for node in &mut *nodes {
        match node {
            Node::Text(text) => holds_address |= next_mark(text, 0).is_some(),
            Node::Element(element) if !matches!(element.name, "a" | "code" | "pre" | "kbd" | "samp" | "tt") => {
                link_in(&mut element.children);
            }
            Node::Element(_) => {}
        }
    }
    if holds_address {
        let mut linked = Vec::with_capacity(nodes.len() + 2);
        for node in nodes.drain(..) {
            match node {
                Node::Text(text) => split(&text, &mut linked),
                element @ Node::Element(_) => linked.push(element),
            }
        }
        *nodes = linked;
    }
}

/// Where the next `://` stands.
fn next_mark(text: &str, from: usize) -> Option<usize> {
    let colons = memchr::memchr_iter(b':', &text.as_bytes()[from..]).map(|at| from + at);
    colons.into_iter().find(|at| text[*at..].starts_with("://"))
}

fn split(text: &str, into: &mut Vec<Node>) {
    let mut plain = 0;
    let mut from = 0;
    while let Some(mark) = next_mark(text, from) {
        from = mark + 3;
        let Some(start) = scheme_start(text, plain, mark) else { continue };
        let end = start + length(&text[start..]);
        let address = &text[start..end];
        let Some(url) = Url::parse(address)
            .ok()
            .filter(|url| end > mark + 3 && url.host_str().is_some_and(|host| !host.is_empty()))
        else {
            continue;
        };
        if plain < start {
            into.push(Node::Text(text[plain..start].to_owned()));
        }
        let content = vec![Node::Text(address.to_owned())];
        into.push(Node::Element(Element::new("a", &[("href", url.as_str())], content)));
        plain = end;
        from = end;
    }
    if plain < text.len() {
        into.push(Node::Text(text[plain..].to_owned()));
    }
}

/// Where `http` or `https` begins before `://`, when no letter stands before it.
fn scheme_start(text: &str, after: usize, mark: usize) -> Option<usize> {
    let before = &text[after..mark];
    let scheme = ["https", "http"].into_iter().find(|scheme| {
        before.len() >= scheme.len()
            && before.is_char_boundary(before.len() - scheme.len())
            && before[before.len() - scheme.len()..].eq_ignore_ascii_case(scheme)
    })?;
    let start = mark - scheme.len();
    let alone = !text[after..start].chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric());
    alone.then_some(start)
}

/// How far an address goes: to white space or `<`, but without the punctuation of the sentence around it.
fn length(text: &str) -> usize {
    let end = text
        .find(|c: char| {
            c.is_whitespace()
                || matches!(c, '<' | '>' | '"' | '“' | '”' | '„' | '«' | '»' | '`' | '。' | '、' | '，' | '）' | '」')
        })
        .unwrap_or(text.len());
    let mut address = &text[..end];
    let mut unmatched = address.matches(')').count().saturating_sub(address.matches('(').count());
    loop {
        let Some(last) = address.chars().next_back() else { return 0 };
        let ends = match last {
            ')' if unmatched > 0 => {
                unmatched -= 1;
                true
            }
            '?' | '!' | '.' | ',' | ':' | ';' | '*' | '_' | '~' | '\'' | '’' | '…' | ']' | '}' => true,
            _ => false,
        };
        if !ends {
            return address.len();
        }
        address = &address[..address.len() - last.len_utf8()];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(text: &str) -> Vec<String> {
        let nodes = link(vec![Node::Text(text.to_owned())]);
        let whole: String =
            nodes.iter().map(|node| crate::content::nodes::one_line(std::slice::from_ref(node))).collect::<String>();
        assert_eq!(whole.replace(' ', ""), text.replace(' ', ""), "no character is lost");
        let address = |node: &Node| match node {
            Node::Element(element) => element.get("href").map(str::to_owned),
            Node::Text(_) => None,
        };
        nodes.iter().filter_map(address).collect()
    }

    #[test]
    fn an_address_ends_where_the_sentence_goes_on() {
        assert_eq!(
            links("See https://example.org/a_b_c. And (http://x.example/y(z))!"),
            ["https://example.org/a_b_c", "http://x.example/y(z)"]
        );
        assert_eq!(links("“https://example.org/a?b=c&d=e#f”…"), ["https://example.org/a?b=c&d=e#f"]);
        assert_eq!(links("見https://example.org/日本。次"), ["https://example.org/%E6%97%A5%E6%9C%AC"]);
        assert!(links("://x xhttp://a.example https:// http://. ftp://a.example").is_empty());
    }
}
