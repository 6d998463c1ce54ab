//! The user's state folder: what this machine remembers about sites outside of their folders, where nothing that comes with
//! a site can change it.

use std::io;
use std::path::{Path, PathBuf};

use super::{read_optional, write_private_if_changed};

/// A folder for small files, such as `~/.local/state/tidings`. Without one nothing is remembered.
#[derive(Debug, Clone, Default)]
pub struct StateFolder(Option<PathBuf>);

impl StateFolder {
    /// The folder at `path`, which is made when something is first written.
    pub fn new(path: Option<PathBuf>) -> Self {
        Self(path)
    }

    /// Where it is; `None` when the system says no place for it.
    pub fn path(&self) -> Option<&Path> {
        self.0.as_deref()
    }

    /// Reads the file of this name, which may hold `/`.
    ///
    /// # Errors
    /// As the system reports them, but for a missing file.
    pub fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        self.0.as_ref().map_or(Ok(None), |folder| read_optional(&folder.join(name)))
    }

    /// Writes a file whole or not at all, readable by its owner alone. True when there is a place for it.
    ///
    /// # Errors
    /// As the system reports them; the old file is then still there.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<bool> {
        let Some(folder) = &self.0 else { return Ok(false) };
        let path = folder.join(name);
        super::make_private_folder(super::folder_of(&path))?;
        write_private_if_changed(&path, bytes)?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_place_nothing_is_remembered() {
        let nowhere = StateFolder::new(None);
        assert!(!nowhere.write("a.json", b"{}").unwrap());
        assert_eq!(nowhere.read("a.json").unwrap(), None);
    }

    #[test]
    fn what_was_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFolder::new(Some(folder.path().join("tidings")));
        assert_eq!(state.read("sites/a.json").unwrap(), None);
        assert!(state.write("sites/a.json", b"{}").unwrap());
        assert_eq!(state.read("sites/a.json").unwrap().as_deref(), Some(b"{}".as_slice()));
    }
}
