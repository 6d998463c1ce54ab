//! A file of which only the beginning may be wanted.

use std::io::{self, Read as _};
use std::path::Path;

use crate::model::sha256_hex_of;

/// A file that is read bit by bit.
#[derive(Debug)]
pub struct Open(std::fs::File);

impl Open {
    /// Reads on until `bytes` holds `length` bytes; true when the file ended before.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn read_to(&mut self, bytes: &mut Vec<u8>, length: usize) -> io::Result<bool> {
        let mut filled = bytes.len();
        bytes.resize(length.max(filled), 0);
        let result = loop {
            // One call for nearly all files: asking for less at a time would ask the system more often.
            match self.0.read(&mut bytes[filled..]) {
                Ok(0) => break Ok(filled < length),
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        bytes.truncate(filled);
        result
    }

    /// Reads on to the end.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn read_to_end(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        self.0.read_to_end(bytes).map(drop)
    }

    /// The SHA-256 of what has not been read yet, as 64 hexadecimal digits.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn sha256_hex(self) -> io::Result<String> {
        sha256_hex_of(self.0)
    }
}

/// Opens a file for reading.
///
/// # Errors
/// As the system reports them.
pub fn open(path: &Path) -> io::Result<Open> {
    std::fs::File::open(path).map(Open)
}
