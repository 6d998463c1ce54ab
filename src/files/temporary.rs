//! Files that are there for a while.

use std::io::{self, Write as _};
use std::path::Path;

/// A file among the system's temporary ones, readable by its owner alone, that is gone when this is dropped.
#[derive(Debug)]
pub struct Temporary(tempfile::TempPath);

impl Temporary {
    /// A new file whose name begins and ends as given.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn private(prefix: &str, suffix: &str, bytes: &[u8]) -> io::Result<Self> {
        let prefix = format!("tidings-{prefix}");
        let mut file = tempfile::Builder::new().prefix(&prefix).suffix(suffix).tempfile()?;
        file.write_all(bytes)?;
        Ok(Self(file.into_temp_path()))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}
