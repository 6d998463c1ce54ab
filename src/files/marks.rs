//! A file of one byte for each of many things. A byte is set without a flush: it survives the end of this process, however
//! that comes, but not that of the system.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};

use super::folder::Folder;
use super::open::{is_missing, must_be_file, without_links};
use super::write::{Access, folder_of, new_temporary};

/// An open file of marks.
#[derive(Debug)]
pub struct Marks {
    file: File,
    /// Where the first byte is.
    start: u64,
}

impl Folder {
    /// Makes a file of marks that begins with `head`, in the place of one that is there. No byte is set.
    ///
    /// # Errors
    /// A [`Refusal`](super::Refusal), or as the system reports them.
    pub fn new_marks(&self, name: &str, head: &[u8]) -> io::Result<Marks> {
        let path = self.target(name)?;
        let mut file = new_temporary(folder_of(&path))?;
        file.write_all(head)?;
        Access::Private.set(file.as_file())?;
        let file = file.persist(&path).map_err(|error| error.error)?;
        Ok(Marks { file, start: head.len() as u64 })
    }

    /// Opens a file of marks; `None` when it is missing or does not begin with `head`.
    ///
    /// # Errors
    /// A [`Refusal`](super::Refusal), or as the system reports them.
    pub fn marks(&self, name: &str, head: &[u8]) -> io::Result<Option<Marks>> {
        let path = self.target(name)?;
        let file = match without_links(OpenOptions::new().read(true), &path) {
            Err(error) if is_missing(&error) => return Ok(None),
            opened => opened?,
        };
        must_be_file(file.metadata()?.file_type(), name)?;
        let mut found = vec![0; head.len()];
        let is_ours = read_at(&file, 0, &mut found)? == head.len() && found == head;
        Ok(is_ours.then_some(Marks { file, start: head.len() as u64 }))
    }
}

impl Marks {
    /// Holds the file until this process ends, however that comes.
    ///
    /// # Errors
    /// When another process holds it, or where files cannot be held.
    pub fn hold(&self) -> io::Result<()> {
        Ok(self.file.try_lock()?)
    }

    /// Whether a process holds the file, or that cannot be told.
    pub fn is_held(&self) -> bool {
        self.file.try_lock_shared().is_err()
    }

    /// Sets a byte.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn set(&self, at: u64, byte: u8) -> io::Result<()> {
        write_at(&self.file, self.start + at, &[byte])
    }

    /// The byte that was set there, 0 when none was.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn get(&self, at: u64) -> io::Result<u8> {
        let mut byte = [0];
        read_at(&self.file, self.start + at, &mut byte)?;
        Ok(byte[0])
    }
}

/// What tells one start of the system from the next, where it says so (Linux, `random(4)`).
pub fn boot_id() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
}

#[cfg(unix)]
fn write_at(file: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(unix)]
fn read_at(file: &File, at: u64, bytes: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, bytes, at)
}

#[cfg(windows)]
fn write_at(file: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
    // One byte is written whole or not at all.
    std::os::windows::fs::FileExt::seek_write(file, bytes, at).map(drop)
}

#[cfg(windows)]
fn read_at(file: &File, at: u64, bytes: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, bytes, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_held_until_it_is_closed() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::new(temporary.path());
        let marks = folder.new_marks("a", b"one").unwrap();
        let held = || folder.marks("a", b"one").unwrap().unwrap().is_held();
        assert!(!held());
        marks.hold().unwrap();
        assert!(held());
        drop(marks);
        assert!(!held());
    }

    #[test]
    fn a_mark_is_read_back_by_who_knows_the_head() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::new(temporary.path());
        assert!(folder.marks("a", b"one").unwrap().is_none());
        let marks = folder.new_marks("a", b"one").unwrap();
        marks.set(70_000, 3).unwrap();
        let found = folder.marks("a", b"one").unwrap().unwrap();
        assert_eq!([found.get(70_000).unwrap(), found.get(69_999).unwrap(), found.get(1 << 40).unwrap()], [3, 0, 0]);
        assert!(folder.marks("a", b"two").unwrap().is_none());
        folder.new_marks("a", b"two").unwrap();
        assert_eq!(folder.marks("a", b"two").unwrap().unwrap().get(70_000).unwrap(), 0, "a new file has no marks");
    }
}
