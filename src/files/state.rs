//! The user's state folder: what this machine remembers about sites outside of their folders, where nothing that comes with
//! a site can change it.

use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use super::open::without_links;
use super::{Access, FileKind, Folder, Refusal};

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
    /// As the system reports them, but for a missing file; or [`io::ErrorKind::InvalidData`] for what is no file or is larger
    /// than anything that is remembered.
    pub fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let Some(folder) = &self.0 else { return Ok(None) };
        Folder::new(folder).read_optional(name, FileKind::Memory).map_err(|error| {
            let is_other = Refusal::of(&error).is_some() || error.kind() == io::ErrorKind::IsADirectory;
            if is_other { io::Error::new(io::ErrorKind::InvalidData, error) } else { error }
        })
    }

    /// Writes a file whole or not at all, readable by its owner alone. True when there is a place for it.
    ///
    /// # Errors
    /// As the system reports them; the old file is then still there.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<bool> {
        let Some(folder) = &self.0 else { return Ok(false) };
        Folder::new(folder).write_if_changed(name, bytes, Access::Private)?;
        Ok(true)
    }

    /// Like [`StateFolder::write`], for many files at once: a power cut may undo it.
    ///
    /// # Errors
    /// As the system reports them; the old file is then still there.
    pub fn write_soon(&self, name: &str, bytes: &[u8]) -> io::Result<bool> {
        let Some(folder) = &self.0 else { return Ok(false) };
        Folder::new(folder).write_soon_if_changed(name, bytes, Access::Private)?;
        Ok(true)
    }

    /// The names of the files in a folder, and with `is_deep` of those in its folders, in no order; none when there is no
    /// such folder.
    ///
    /// # Errors
    /// As the system reports them, but for a missing folder.
    pub fn names(&self, folder: &str, is_deep: bool) -> io::Result<Vec<String>> {
        let Some(top) = &self.0 else { return Ok(Vec::new()) };
        match Folder::new(top).list(folder, &|_| is_deep) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            listed => listed,
        }
    }

    /// Opens the number in the file of this name, which is made when it is missing. `None` when there is no place for it.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn counter(&self, name: &str) -> io::Result<Option<Counter>> {
        let Some(folder) = &self.0 else { return Ok(None) };
        let folder = Folder::new(folder);
        folder.make_private_file(name)?;
        let path = folder.find(name)?;
        Ok(Some(Counter(without_links(std::fs::OpenOptions::new().write(true), &path)?)))
    }
}

/// A number in a file that stays open. It is written in place, because it changes many times a second.
#[derive(Debug)]
pub struct Counter(std::fs::File);

impl Counter {
    /// Replaces the number. It survives the end of this process, however that comes; a power cut only when it `is_lasting`.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn set(&mut self, number: i64, is_lasting: bool) -> io::Result<()> {
        // Always as many digits, so that no moment shows half a number.
        let text = format!("{number:019}\n");
        self.0.rewind()?;
        self.0.write_all(text.as_bytes())?;
        if is_lasting {
            self.0.set_len(text.len() as u64)?;
            self.0.sync_data()?;
        }
        Ok(())
    }
}

/// The id that the system gave itself when it was installed, where that is a file (machine-id(5)): it tells a machine from
/// another one that has a copy of its files.
pub fn system_id() -> Option<Vec<u8>> {
    let read = |name: &str| Folder::new(Path::new("/etc")).read_optional(name, FileKind::Settings).ok().flatten();
    ["machine-id", "hostid"].into_iter().find_map(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_place_nothing_is_remembered() {
        let nowhere = StateFolder::new(None);
        assert!(!nowhere.write("a.json", b"{}").unwrap());
        assert_eq!(nowhere.read("a.json").unwrap(), None);
        assert_eq!(nowhere.names("a", true).unwrap(), [""; 0]);
        assert!(nowhere.counter("a").unwrap().is_none());
    }

    #[test]
    fn what_was_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFolder::new(Some(folder.path().join("tidings")));
        assert_eq!(state.read("sites/a.json").unwrap(), None);
        assert!(state.write("sites/a.json", b"{}").unwrap());
        assert_eq!(state.read("sites/a.json").unwrap().as_deref(), Some(b"{}".as_slice()));
        assert!(state.write_soon("sites/a.json", b"[]").unwrap());
        assert_eq!(state.read("sites/a.json").unwrap().as_deref(), Some(b"[]".as_slice()));
    }

    #[test]
    fn what_was_not_written_here_is_not_taken_in() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFolder::new(Some(folder.path().to_owned()));
        std::fs::File::create(folder.path().join("huge.json")).unwrap().set_len(1 << 40).unwrap();
        std::fs::create_dir(folder.path().join("folder.json")).unwrap();
        for name in ["huge.json", "folder.json"] {
            assert_eq!(state.read(name).unwrap_err().kind(), io::ErrorKind::InvalidData, "{name}");
        }
    }

    #[test]
    fn a_counter_holds_its_last_number_whatever_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFolder::new(Some(folder.path().join("tidings")));
        state.write("a/count", &[b'?'; 100]).unwrap();
        let mut counter = state.counter("a/count").unwrap().unwrap();
        counter.set(7, true).unwrap();
        counter.set(8, false).unwrap();
        assert_eq!(state.read("a/count").unwrap().as_deref(), Some(b"0000000000000000008\n".as_slice()));
        assert_eq!(state.names("a", false).unwrap(), ["count"]);
        assert_eq!(state.names("", false).unwrap(), [""; 0]);
        assert_eq!(state.names("", true).unwrap(), ["a/count"]);
    }
}
