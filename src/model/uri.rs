//! URIs (RFC 3986), and what the schemes that ids are made of ask for.

use std::borrow::Cow;

/// Percent-encodes what must not stand in a URI, and a `%` that begins no escape. A valid URI stays as it is.
///
/// ```
/// assert_eq!(tidings::model::percent_encoded("https://example.org/é|100%/%41"), "https://example.org/%C3%A9%7C100%25/%41");
/// ```
pub fn percent_encoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let is_escape = |at: usize| bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    let mut encoded = String::with_capacity(text.len());
    for (at, &byte) in bytes.iter().enumerate() {
        let stays = byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=".contains(&byte);
        if stays || byte == b'%' && is_escape(at) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(percent_encoding::percent_encode_byte(byte));
        }
    }
    encoded
}

/// The text with the user and the password of every web address in it masked, and of every other address that holds both:
/// a `*` for each character, so that places in the text stay where they are.
///
/// ```
/// use tidings::model::without_logins;
/// assert_eq!(without_logins("see https://ada:secret@a.example/@b"), "see https://**********@a.example/@b");
/// assert_eq!(without_logins("smtps://ada@mail.example"), "smtps://ada@mail.example");
/// ```
pub fn without_logins(text: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    let mut done = 0;
    for (at, _) in text.match_indices("://") {
        let start = at + 3;
        let rest = &text[start..];
        let authority =
            &rest[..rest.find(|c: char| "/?#\"'`<>\\".contains(c) || c.is_whitespace()).unwrap_or(rest.len())];
        let Some(login) = authority.rfind('@').map(|end| &authority[..end]) else { continue };
        let is_web = ["http", "https"].iter().any(|scheme| ends_with(&text[..at], scheme));
        if start >= done && (is_web || login.contains(':')) {
            masked.push_str(&text[done..start]);
            masked.extend(login.chars().map(|_| '*'));
            done = start + login.len();
        }
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    masked.push_str(&text[done..]);
    Cow::Owned(masked)
}

/// What is wrong with a URI whose scheme has rules of its own: a tag, a URN, a UUID, a web address. `None` when nothing is, or
/// when it is not known.
///
/// ```
/// use tidings::model::uri_fault;
/// assert_eq!(uri_fault("urn:uuid:1234"), Some("not a UUID"));
/// assert_eq!(uri_fault("tag:example.org,2005:blog/1"), None);
/// ```
pub fn uri_fault(text: &str) -> Option<&'static str> {
    if starts_with(text, "tag:") && !is_tag(text) {
        Some("not a tag address (RFC 4151)")
    } else if starts_with(text, "urn:uuid:") && !is_uuid(&text["urn:uuid:".len()..]) {
        Some("not a UUID")
    } else if starts_with(text, "urn:") && !is_urn(text) {
        Some("not a URN (RFC 8141)")
    } else if ["http:", "https:", "ftp:"].iter().any(|scheme| starts_with(text, scheme))
        && url::Url::parse(text).is_err()
        || is_web_without_host(text)
    {
        Some("not a web address")
    } else {
        None
    }
}

fn starts_with(text: &str, scheme: &str) -> bool {
    text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

fn ends_with(text: &str, scheme: &str) -> bool {
    text.len()
        .checked_sub(scheme.len())
        .and_then(|at| text.get(at..))
        .is_some_and(|end| end.eq_ignore_ascii_case(scheme))
}

fn is_web_without_host(text: &str) -> bool {
    ["http:", "https:", "ftp:"].iter().any(|scheme| {
        let rest = starts_with(text, scheme).then(|| text[scheme.len()..].strip_prefix("//"));
        rest.is_some_and(|rest| rest.is_none_or(|rest| rest.is_empty() || rest.starts_with('/')))
    })
}

/// RFC 4151 §2.1
fn is_tag(text: &str) -> bool {
    let Some((authority, rest)) = text["tag:".len()..].split_once(',') else { return false };
    let Some((date, _)) = rest.split_once(':') else { return false };
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c);
    let (user, host) = authority.split_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    let parts: Vec<&str> = date.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    !host.is_empty()
        && host.chars().all(is_name)
        && user.is_none_or(|user| !user.is_empty() && user.chars().all(is_name))
        && parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()))
        && matches!(lengths[..], [4] | [4, 2] | [4, 2, 2])
}

/// RFC 9562 §4
fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12] && groups.iter().all(|group| group.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// RFC 8141 §2
fn is_urn(text: &str) -> bool {
    let Some((name, rest)) = text["urn:".len()..].split_once(':') else { return false };
    (2..=32).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !rest.is_empty()
        && !rest.starts_with('/')
}
