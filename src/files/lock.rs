//! A lock that the system takes back when the process ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _};
use std::time::Duration;

use super::folder::Folder;
use super::open::{is_link, no_file, without_links};
use super::refusal::{Refusal, Why};
use super::write::{Access, folder_of, make_folders};

/// What we write into a lock is shorter.
const LONGEST_NOTE: u64 = 64;

/// So often and so long a lock is waited for that another process only looks at.
const LOOKS: u32 = 5;
const LOOK: Duration = Duration::from_millis(10);

/// A lock that is held.
#[derive(Debug)]
pub struct Lock {
    file: File,
    /// The one that an older version takes.
    _older: Option<File>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file would do; unlocking first makes the moment certain.
        let _ = self.file.unlock();
    }
}

impl Folder {
    /// Takes the lock of this name, whose file is made when it is missing; `None` when another process has it. Where an
    /// older version took one called `older`, that one is taken as well.
    ///
    /// # Errors
    /// A [`Refusal`], also of a file of that name that is no lock of ours; or as the system reports them.
    pub fn lock(&self, name: &str, older: &str) -> io::Result<Option<Lock>> {
        let place = self.place(name);
        self.permit(&place, name)?;
        make_folders(folder_of(&place.path), Access::Private)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let is_new = !place.path.exists();
        let mut file = match without_links(&mut options, &place.path) {
            Err(_) if is_link(&place.path) => return Err(no_lock(name)),
            opened => opened?,
        };
        if no_file(file.metadata()?.file_type()).is_some() || noted(&mut file)?.is_none() {
            return Err(no_lock(name));
        }
        if is_new {
            Access::Private.set(&file)?;
        }
        let older = self.older(older).ok().flatten();
        for file in older.iter().chain([&file]) {
            match patiently(file) {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Ok(Some(Lock { file, _older: older }))
    }

    /// Whether a process has the lock of this name.
    ///
    /// # Errors
    /// As for [`Folder::lock`].
    pub fn is_locked(&self, name: &str) -> io::Result<bool> {
        let place = self.place(name);
        self.permit(&place, name)?;
        // Nothing is written; what cannot be opened so cannot be locked either.
        let file = match without_links(OpenOptions::new().read(true).write(true), &place.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            opened => opened?,
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// The lock of an older version, when there is one and it is ours.
    fn older(&self, name: &str) -> io::Result<Option<File>> {
        let place = self.place(name);
        self.permit(&place, name)?;
        let mut file = without_links(OpenOptions::new().read(true).write(true), &place.path)?;
        let is_ours = no_file(file.metadata()?.file_type()).is_none() && noted(&mut file)?.is_some();
        Ok(is_ours.then_some(file))
    }
}

/// Takes a lock that [`Folder::is_locked`] may be looking at, which takes it for less than a millisecond.
fn patiently(file: &File) -> Result<(), TryLockError> {
    for _ in 0..LOOKS {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOOK),
            taken => return taken,
        }
    }
    file.try_lock()
}

/// The note in a file that is ours.
fn noted(file: &mut File) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(LONGEST_NOTE + 1).read_to_end(&mut bytes)?;
    Ok(note(&bytes))
}

/// We note numbers, and nothing else.
fn note(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    let is_ours = bytes.len() as u64 <= LONGEST_NOTE && text.bytes().all(|byte| byte.is_ascii_digit());
    is_ours.then(|| text.to_owned())
}

fn no_lock(name: &str) -> io::Error {
    Refusal { name: name.to_owned(), why: Why::NoLock }.into()
}
