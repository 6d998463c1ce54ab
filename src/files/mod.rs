//! The only room that touches the files of a site: reads posts and templates, writes feeds, previews and messages.
//!
//! All of that goes through a [`Folder`], which leads nowhere else. The functions here take any path: they are for what a
//! person named on the command line.

#![expect(clippy::disallowed_methods, reason = "this is the one place that touches the site's files")]

mod draft;
mod folder;
mod git;
mod history;
mod kept;
mod list;
mod lock;
mod marks;
mod open;
mod place;
mod refusal;
mod secret;
mod state;
mod temporary;
mod write;

use std::io;
use std::path::Path;

pub use draft::{Draft, Finished};
pub use folder::Folder;
pub use git::HistoryError;
pub use history::first_commits;
pub use list::{LeftOut, Survey};
pub use lock::Lock;
pub use marks::{Marks, boot_id};
pub use open::{Open, Sampled};
pub use place::{is_program, resolved};
pub use refusal::{FileKind, Refusal, Why};
pub use secret::SecretError;
pub use state::{Counter, StateFolder, system_id};
pub use temporary::Temporary;
pub use write::{Access, Written};

/// Opens a file that a person named on the command line, to be read piece by piece; it may be a pipe.
///
/// # Errors
/// As the system reports them.
pub fn open_named(path: &Path) -> io::Result<io::BufReader<std::fs::File>> {
    Ok(io::BufReader::with_capacity(1 << 16, std::fs::File::open(path)?))
}

#[cfg(test)]
fn write_if_changed(path: &Path, bytes: &[u8]) -> io::Result<Written> {
    let name = path.file_name().unwrap().to_str().unwrap();
    Folder::new(path.parent().unwrap()).write_if_changed(name, bytes, Access::Public)
}

#[cfg(test)]
mod tests;
