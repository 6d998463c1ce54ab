//! Addresses as feeds need them: absolute, ASCII, percent-encoded (RFC 3986), and never changed without need, because
//! readers compare them character by character.

use url::{Position, Url};

pub(super) use crate::model::percent_encoded as encode;

use super::text;

/// The address of something on the web, or `None` when it is none: relative, empty, `javascript:`.
pub(super) fn web(text: &str) -> Option<String> {
    let url = Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    // Already a URI in every character: only what the author wrote is the same address for every reader.
    if encode(text) == text {
        return Some(text.to_owned());
    }
    Some(from_url(&url))
}

/// The address of a parsed URL: parsing leaves some characters in the path that RFC 3986 does not know.
pub(super) fn from_url(url: &Url) -> String {
    format!("{}{}", &url[..Position::BeforePath], encode(&url[Position::BeforePath..]))
}

/// An id as a URI (RFC 4287 §4.2.6). An author's id may be any text: a UUID becomes `urn:uuid:` (RFC 9562 §4), other
/// text a fragment of the site's address.
pub(super) fn identifier(id: &str, site: &str) -> String {
    if let Some(address) = web(id) {
        return address;
    }
    let scheme = id.split_once(':').filter(|(_, rest)| !rest.is_empty()).map(|(scheme, _)| scheme);
    if scheme.is_some_and(is_scheme) {
        return encode(id);
    }
    if is_uuid(id) {
        return format!("urn:uuid:{}", id.to_ascii_lowercase());
    }
    format!("{site}#{}", encode(id).replace('#', "%23"))
}

/// The id and the address of an entry as feeds have them: the id as its author wrote it, unless it is the address.
pub(super) fn of_entry(id: &str, url: &str) -> (String, String) {
    let address = web(url).unwrap_or_else(|| encode(url));
    (if id == url { address.clone() } else { text::line(id) }, address)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_valid_address_is_never_touched() {
        for address in ["https://EXAMPLE.org", "http://example.org:80/a%20b?q=1&r=2#x", "https://a.example/~b/(c)"] {
            assert_eq!(web(address).as_deref(), Some(address));
        }
    }

    #[test]
    fn other_characters_are_encoded_and_hosts_become_ascii() {
        assert_eq!(
            web("https://bücher.example/é |[x]").as_deref(),
            Some("https://xn--bcher-kva.example/%C3%A9%20%7C%5Bx%5D")
        );
        assert_eq!(web("http://[::1]:8080/ü").as_deref(), Some("http://[::1]:8080/%C3%BC"));
    }

    #[test]
    fn what_is_not_on_the_web_is_no_address() {
        for text in
            ["", "/about", "//example.org/x", "javascript:alert(1)", "ada@example.org", "mailto:ada@example.org"]
        {
            assert_eq!(web(text), None, "{text}");
        }
    }

    #[test]
    fn any_text_can_be_an_id() {
        for (id, uri) in [
            ("https://example.org/?p=123", "https://example.org/?p=123"),
            ("tag:example.org,2005:blog/1", "tag:example.org,2005:blog/1"),
            ("CE21C5CA-0B45-4A5B-9C5C-0D2F8C1B7A11", "urn:uuid:ce21c5ca-0b45-4a5b-9c5c-0d2f8c1b7a11"),
            ("123 at http://example.org", "https://example.org/blog/#123%20at%20http://example.org"),
            ("#1", "https://example.org/blog/#%231"),
            ("x:", "https://example.org/blog/#x:"),
            ("שלום", "https://example.org/blog/#%D7%A9%D7%9C%D7%95%D7%9D"),
        ] {
            assert_eq!(identifier(id, "https://example.org/blog/"), uri);
        }
    }
}
