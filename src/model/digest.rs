//! Fingerprints of contents.

use std::fmt::{self, Write as _};
use std::io::{self, Read};

use aws_lc_rs::digest::{Context, SHA256, digest};
use twox_hash::XxHash3_128;

/// SHA-256 of the bytes, as 64 hexadecimal digits.
///
/// ```
/// assert!(tidings::model::sha256_hex(b"").starts_with("e3b0c442"));
/// ```
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
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
            Ok(0) => return Ok(hex(context.finish().as_ref())),
            Ok(length) => context.update(&part[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What the bytes of a file are known by, made bit by bit: XXH3 of 128 bits. It tells whether a file is still the one that
/// was written. A forger knows the bytes, and a cryptographic hash would not stop one either; this one takes a
/// small part of the time.
#[derive(Clone, Default)]
pub struct Fingerprint(XxHash3_128);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint")
    }
}

impl Fingerprint {
    /// Adds bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    /// The fingerprint, as 32 hexadecimal digits.
    pub fn finish(self) -> String {
        format!("{:032x}", self.0.finish_128())
    }
}
