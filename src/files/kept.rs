//! Files that stay open once they were looked at. Who closes a file loses every lock that the process has on it, also by another
//! opening of it (POSIX `fcntl`, and <https://sqlite.org/howtocorrupt.html> §2.2): a program that looks into the database then takes
//! itself for the last one there, and removes the log in which our next commits are.

use std::io;
use std::sync::{Mutex, PoisonError};

use super::folder::Folder;
use super::open::Open;
use super::refusal::FileKind;

static KEPT: Mutex<Vec<Open>> = Mutex::new(Vec::new());

impl Folder {
    /// The first bytes of a file, at most `length`, without an end to the locks that this process has on it.
    ///
    /// # Errors
    /// As for [`Folder::open`].
    pub fn head(&self, name: &str, kind: FileKind, length: usize) -> io::Result<Vec<u8>> {
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(Open::is_somewhere);
        let found = std::fs::metadata(self.find(name)?)?;
        let at = match kept.iter().position(|open| open.is(&found)) {
            Some(at) => at,
            None => {
                kept.push(self.open(name, kind)?);
                kept.len() - 1
            }
        };
        kept[at].head(length)
    }
}
