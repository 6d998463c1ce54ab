//! Files that hold a secret.

use std::io;

use super::{FileKind, Folder, Refusal, Why};

/// Why a secret is not read. No message holds a part of it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// As the system reports it.
    #[error("{0}")]
    Unreadable(#[from] io::Error),
    /// A folder, a pipe or a device.
    #[error("it is no file")]
    NotAFile,
    /// Its permissions, such as `0o644`.
    #[error("others on this machine can read or change it (mode {0:o})")]
    Open(u32),
    /// More than a password can be.
    #[error("it is larger than 4 KB")]
    TooLarge,
}

impl Folder {
    /// Reads a file that holds a secret: one that only its owner can read or change, of at most 4 KB.
    ///
    /// # Errors
    /// Why it is not read.
    pub fn read_secret(&self, name: &str) -> Result<Vec<u8>, SecretError> {
        let failed = |error: io::Error| match Refusal::of(&error).map(|refusal| &refusal.why) {
            Some(Why::NoFile(_) | Why::OfTheSystem(_)) => SecretError::NotAFile,
            Some(Why::TooLarge { .. }) => SecretError::TooLarge,
            _ if error.kind() == io::ErrorKind::IsADirectory => SecretError::NotAFile,
            _ => SecretError::Unreadable(error),
        };
        let mut file = self.open(name, FileKind::Password).map_err(failed)?;
        if let Some(mode) = file.mode().filter(|mode| mode & 0o077 != 0) {
            return Err(SecretError::Open(mode));
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        Ok(bytes)
    }
}
