//! Fingerprints of contents.

use std::fmt::Write as _;
use std::io::{self, Read};

use ring::digest::{Context, Digest, SHA256, digest};

/// SHA-256 of the bytes, as 64 hexadecimal digits.
///
/// ```
/// assert!(tidings::model::sha256_hex(b"").starts_with("e3b0c442"));
/// ```
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&digest(&SHA256, bytes))
}

/// SHA-256 of all that can be read, as 64 hexadecimal digits.
///
/// # Errors
/// As the reader reports them.
pub fn sha256_hex_of(mut bytes: impl Read) -> io::Result<String> {
    let mut context = Context::new(&SHA256);
    let mut part = vec![0; 1 << 16];
    loop {
        match bytes.read(&mut part) {
            Ok(0) => return Ok(hex(&context.finish())),
            Ok(length) => context.update(&part[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn hex(digest: &Digest) -> String {
    digest.as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
