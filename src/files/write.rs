//! Writing: each file whole or not at all, and with a mode that does not depend on how the program was started.

use std::fs::{DirBuilder, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::folder::Folder;
use super::open::{is_missing, must_be_file, no_file, open_plain};
use super::refusal::{FileKind, Refusal, Why};
use crate::model::Fingerprint;

/// How the names of temporary files begin and end. Between that are some letters and digits.
const TEMPORARY: (&str, &str) = (".tidings-", ".tmp");

/// No write takes so long.
const LEFT_BEHIND: std::time::Duration = std::time::Duration::from_mins(10);

/// Whether writing a file changed anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// There was no such file.
    Created,
    /// It had other bytes.
    Changed,
    /// It had these bytes already and was left alone, with its modification time.
    Unchanged,
}

/// Who may read what is made, whatever the umask says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// All users: a feed is for a web server, which may be another user.
    Public,
    /// Only its owner: mail holds addresses and unsubscribe links that work. So it is for the folders that are made for it.
    Private,
}

impl Access {
    fn modes(self) -> (u32, u32) {
        match self {
            Self::Public => (0o644, 0o755),
            Self::Private => (0o600, 0o700),
        }
    }

    pub(super) fn set(self, file: &File) -> io::Result<()> {
        let permissions = permissions(self.modes().0);
        permissions.map_or(Ok(()), |permissions| file.set_permissions(permissions))
    }
}

impl Folder {
    /// Writes a file whole or not at all, and only when its bytes differ from what is there. Makes missing folders. A link in
    /// its place is replaced, when it may be followed.
    ///
    /// # Errors
    /// A [`Refusal`], or as the system reports them; the old file is then still there.
    pub fn write_if_changed(&self, name: &str, bytes: &[u8], access: Access) -> io::Result<Written> {
        self.replace(name, bytes, access, true)
    }

    /// Like [`Folder::write_if_changed`], for many files at once: a power cut may undo it.
    ///
    /// # Errors
    /// As for [`Folder::write_if_changed`].
    pub fn write_soon_if_changed(&self, name: &str, bytes: &[u8], access: Access) -> io::Result<Written> {
        self.replace(name, bytes, access, false)
    }

    fn replace(&self, name: &str, bytes: &[u8], access: Access, is_lasting: bool) -> io::Result<Written> {
        let path = self.target(name)?;
        let written = match self.open(name, FileKind::Memory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Written::Created,
            Err(error) if Refusal::of(&error).is_some_and(|it| matches!(it.why, Why::TooLarge { .. })) => {
                Written::Changed
            }
            old => {
                if is_same(&mut old?, bytes)? {
                    return Ok(Written::Unchanged);
                }
                Written::Changed
            }
        };
        let mut file = beside(&path, access)?;
        file.write_all(bytes)?;
        if is_lasting {
            file.as_file().sync_data()?;
        }
        access.set(file.as_file())?;
        file.persist(&path).map_err(|error| error.error)?;
        if is_lasting {
            sync_folder(&path)?;
        }
        Ok(written)
    }

    /// Writes a file that must not be there yet. Makes missing folders.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] when there is such a file, which then stays as it is; a [`Refusal`]; else as the
    /// system reports.
    pub fn write_new(&self, name: &str, bytes: &[u8], access: Access) -> io::Result<()> {
        let path = self.target(name)?;
        let mut file = beside(&path, access)?;
        file.write_all(bytes)?;
        file.as_file().sync_data()?;
        access.set(file.as_file())?;
        file.persist_noclobber(&path).map_err(|error| error.error)?;
        sync_folder(&path)
    }

    /// Makes an empty file that only its owner can read, and the folders above it; one that is there stays as it is.
    ///
    /// # Errors
    /// A [`Refusal`], or as the system reports them.
    pub fn make_private_file(&self, name: &str) -> io::Result<()> {
        match self.write_new(name, b"", Access::Private) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            made => made,
        }
    }

    /// Makes a folder and those above it; one that is there stays as it is.
    ///
    /// # Errors
    /// A [`Refusal`], or as the system reports them.
    pub fn make_folder(&self, name: &str, access: Access) -> io::Result<()> {
        let place = self.folder(name);
        self.permit(&place, name)?;
        make_folders(&place.path, access)
    }

    /// Removes a file that may be missing; a link is removed itself.
    ///
    /// # Errors
    /// A [`Refusal`], or as the system reports them, but for a missing file.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        let place = self.place(name);
        self.permit(&place, name)?;
        match std::fs::remove_file(&place.path) {
            Err(error) if !is_missing(&error) => Err(error),
            _ => Ok(()),
        }
    }

    /// True when there is an ordinary file of exactly these bytes; a link to one is another file.
    ///
    /// # Errors
    /// A [`Refusal`], or as the system reports them; a missing file is an error.
    pub fn has(&self, name: &str, written: &str) -> io::Result<bool> {
        let place = self.place(name);
        self.permit(&place, name)?;
        let mut file = open_plain(&place.path)?;
        if no_file(file.metadata()?.file_type()).is_some() {
            return Ok(false);
        }
        let (mut fingerprint, mut bytes) = (Fingerprint::default(), vec![0; 1 << 16]);
        loop {
            match file.read(&mut bytes) {
                Ok(0) => return Ok(fingerprint.finish() == written),
                Ok(read) => fingerprint.add(&bytes[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Removes a file when it [has](Folder::has) these bytes, and the folders above it that are then empty, up to `top`,
    /// which stays. True when it is gone.
    ///
    /// # Errors
    /// As for [`Folder::remove`].
    pub fn remove_made(&self, name: &str, written: &str, top: &str) -> io::Result<bool> {
        match self.has(name, written) {
            Ok(true) => self.remove(name)?,
            Err(error) if is_missing(&error) => return Ok(true),
            has => return has,
        }
        let top = self.folder(top);
        let path = self.place(name).path;
        for folder in
            path.ancestors().skip(1).take_while(|folder| folder.starts_with(&top.path) && **folder != *top.path)
        {
            // It refuses to remove a folder that holds anything.
            if std::fs::remove_dir(folder).is_err() {
                break;
            }
        }
        Ok(true)
    }

    /// Removes the temporary files that a program left in a folder when it was killed, but not those of one at work.
    ///
    /// # Errors
    /// A [`Refusal`], or as the system reports them.
    pub fn sweep(&self, name: &str) -> io::Result<()> {
        let place = self.folder(name);
        self.permit(&place, name)?;
        for item in std::fs::read_dir(&place.path)? {
            let item = item?;
            let is_old =
                || item.metadata()?.modified()?.elapsed().map_err(io::Error::other).map(|age| age >= LEFT_BEHIND);
            let is_ours = item.file_name().to_str().is_some_and(is_temporary) && item.file_type()?.is_file();
            if is_ours && is_old().unwrap_or(false) {
                std::fs::remove_file(item.path())?;
            }
        }
        Ok(())
    }

    /// Where a file is written: a real path, with nothing there, or an ordinary file, or a link that may be followed.
    pub(super) fn target(&self, name: &str) -> io::Result<PathBuf> {
        let place = self.place(name);
        self.permit(&place, name)?;
        let found = match std::fs::symlink_metadata(&place.path) {
            Ok(found) if found.is_symlink() => {
                std::fs::symlink_metadata(self.follow(&place.path, name, FileKind::Memory)?)
            }
            found => found,
        };
        match found {
            Ok(found) => must_be_file(found.file_type(), name)?,
            Err(error) if !is_missing(&error) => return Err(error),
            Err(_) => {}
        }
        Ok(place.path)
    }
}

fn is_same(old: &mut super::Open, bytes: &[u8]) -> io::Result<bool> {
    if old.length() != bytes.len() as u64 {
        return Ok(false);
    }
    let mut found = Vec::new();
    old.read_to_end(&mut found)?;
    Ok(found == bytes)
}

fn is_temporary(name: &str) -> bool {
    let random = name.strip_prefix(TEMPORARY.0).and_then(|rest| rest.strip_suffix(TEMPORARY.1));
    random.is_some_and(|random| !random.is_empty() && random.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// A file that only this user can read yet.
pub(super) fn new_temporary(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new().prefix(TEMPORARY.0).suffix(TEMPORARY.1).tempfile_in(folder)
}

fn beside(path: &Path, access: Access) -> io::Result<tempfile::NamedTempFile> {
    let folder = folder_of(path);
    make_folders(folder, access)?;
    new_temporary(folder)
}

/// Makes the folder at a real path, and those above it.
pub(super) fn make_folders(folder: &Path, access: Access) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent() {
        make_folders(above, access)?;
    }
    let (_, mode) = access.modes();
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, mode);
    match builder.create(folder) {
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        made => {
            made?;
            permissions(mode).map_or(Ok(()), |permissions| std::fs::set_permissions(folder, permissions))
        }
    }
}

pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems have no modes")]
fn permissions(mode: u32) -> Option<std::fs::Permissions> {
    Some(std::os::unix::fs::PermissionsExt::from_mode(mode))
}

#[cfg(not(unix))]
fn permissions(_: u32) -> Option<std::fs::Permissions> {
    None
}

/// A new name is on disk when its folder is.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
