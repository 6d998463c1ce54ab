//! Reads a few bytes here and there of a file that may be large.

use std::io::{self, Read as _, Seek as _};
use std::path::Path;

/// A file that is read in places.
#[derive(Debug)]
pub struct Window(std::fs::File);

impl Window {
    /// Opens a file.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn open(path: &Path) -> io::Result<Self> {
        std::fs::File::open(path).map(Self)
    }

    /// Fills `bytes` with what begins at `offset`; false when the file ends before that.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn read_at(&mut self, offset: u64, bytes: &mut [u8]) -> io::Result<bool> {
        self.0.seek(io::SeekFrom::Start(offset))?;
        match self.0.read_exact(bytes) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            done => done.map(|()| true),
        }
    }
}
