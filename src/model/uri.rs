//! URIs (RFC 3986).

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
