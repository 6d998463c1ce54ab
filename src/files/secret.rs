//! Files that hold a secret.

use std::fs::Metadata;
use std::io::{self, Read as _};
use std::path::Path;

/// No password is longer.
pub const SECRET_BYTES: u64 = 4_096;

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
    /// More than [`SECRET_BYTES`].
    #[error("it is larger than 4 KB")]
    TooLarge,
}

/// Reads a file that holds a secret: one that nobody but its owner can read or change, of at most [`SECRET_BYTES`].
///
/// # Errors
/// Why it is not read.
pub fn read_secret(path: &Path) -> Result<Vec<u8>, SecretError> {
    // Asked before it is opened too: a pipe would wait for its other end.
    judge(&std::fs::metadata(path)?)?;
    let file = std::fs::File::open(path)?;
    judge(&file.metadata()?)?;
    let mut bytes = Vec::new();
    file.take(SECRET_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > SECRET_BYTES { Err(SecretError::TooLarge) } else { Ok(bytes) }
}

fn judge(found: &Metadata) -> Result<(), SecretError> {
    if !found.is_file() {
        return Err(SecretError::NotAFile);
    }
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            return Err(SecretError::Open(mode));
        }
    }
    Ok(())
}
