//! Fingerprints of contents.

use std::fmt::Write as _;

use ring::digest::{SHA256, digest};

/// SHA-256 of the bytes, as 64 hexadecimal digits.
///
/// ```
/// assert!(tidings::model::sha256_hex(b"").starts_with("e3b0c442"));
/// ```
pub fn sha256_hex(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
