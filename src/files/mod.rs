//! The only room that touches the files of a site: reads posts and templates, writes feeds, previews and messages.

#![expect(clippy::disallowed_methods, reason = "this is the one place that touches the site's files")]

mod draft;
mod history;
mod open;
mod place;
mod secret;
mod state;
mod window;

use std::io::{self, Read as _, Write as _};
use std::path::Path;

pub use draft::{Draft, Finished};
pub use history::{HistoryError, first_commits, written};
pub use open::{Open, open};
pub use place::{is_program, resolved};
pub use secret::{SECRET_BYTES, SecretError, read_secret};
pub use state::{Counter, StateFolder};
pub use window::Window;

/// How the names of temporary files begin.
const TEMPORARY: &str = ".tidings-";

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

/// Reads a file.
///
/// # Errors
/// As the system reports them.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    std::fs::read(path)
}

/// Reads a file that may be missing.
///
/// # Errors
/// As the system reports them, but for a missing file.
pub fn read_optional(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads at most so many bytes from the start of a file.
///
/// # Errors
/// As the system reports them.
pub fn read_start(path: &Path, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens a file for reading when it is, whatever links and `..` its path holds, below one of `homes`, and says how many
/// bytes it has. `homes` are paths as [`canonical`] gives them. `None` when there is no such file, or not there.
///
/// # Errors
/// As the system reports them, but for a missing file.
pub fn open_below(
    homes: &[std::path::PathBuf],
    path: &Path,
) -> io::Result<Option<(io::BufReader<std::fs::File>, u64)>> {
    use io::ErrorKind::{InvalidFilename, InvalidInput, NotADirectory, NotFound};
    // Asked before it is opened: a pipe would wait for its other end.
    if !path.is_file() {
        return Ok(None);
    }
    let path = match std::fs::canonicalize(path) {
        Ok(path) => path,
        Err(error) if matches!(error.kind(), NotFound | NotADirectory | InvalidFilename | InvalidInput) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    if !homes.iter().any(|home| path.starts_with(home)) {
        return Ok(None);
    }
    let file = std::fs::File::open(path)?;
    let length = file.metadata()?.len();
    Ok(Some((io::BufReader::new(file), length)))
}

/// True when there is a folder at this place, or a link to one.
pub fn is_folder(path: &Path) -> bool {
    path.is_dir()
}

/// True when there is a file at this place, or a link to one.
pub fn is_file(path: &Path) -> bool {
    path.is_file()
}

/// Lists the files below a folder as paths relative to it, with `/`, sorted. `enter` decides by the relative path of a
/// folder whether it is entered. Links to files are followed, links to folders are not: they may lead in a circle.
///
/// # Errors
/// As the system reports them; a missing folder is one.
pub fn list(folder: &Path, enter: &dyn Fn(&str) -> bool) -> io::Result<Vec<String>> {
    Ok(survey(folder, enter)?.files)
}

/// Lists the folders below a folder, as [`list`] does the files.
///
/// # Errors
/// As the system reports them; a missing folder is one.
pub fn folders(folder: &Path, enter: &dyn Fn(&str) -> bool) -> io::Result<Vec<String>> {
    let found = std::cell::RefCell::new(Vec::new());
    let note = |path: &str| {
        let is_entered = enter(path);
        if is_entered {
            found.borrow_mut().push(path.to_owned());
        }
        is_entered
    };
    walk(folder, "", &note, &mut Survey::default())?;
    let mut found = found.into_inner();
    found.sort();
    Ok(found)
}

/// What is below a folder.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// The files, as [`list`] gives them.
    pub files: Vec<String>,
    /// What is there and cannot be read, as well as its name can be written, and why.
    pub unreadable: Vec<(String, &'static str)>,
}

/// Like [`list`], and names what it had to leave out.
///
/// # Errors
/// As the system reports them; a missing folder is one.
pub fn survey(folder: &Path, enter: &dyn Fn(&str) -> bool) -> io::Result<Survey> {
    let mut found = Survey::default();
    walk(folder, "", enter, &mut found)?;
    found.files.sort();
    found.unreadable.sort();
    Ok(found)
}

fn walk(folder: &Path, prefix: &str, enter: &dyn Fn(&str) -> bool, found: &mut Survey) -> io::Result<()> {
    for item in std::fs::read_dir(folder)? {
        let item = item?;
        let name = item.file_name();
        let path = format!("{prefix}{}", name.to_string_lossy());
        let kind = item.file_type()?;
        if name.to_str().is_none() {
            found.unreadable.push((path, "its name is not UTF-8 text"));
        } else if kind.is_dir() {
            if enter(&path) {
                walk(&item.path(), &format!("{path}/"), enter, found)?;
            }
        } else if kind.is_file() || item.path().is_file() {
            found.files.push(path);
        } else if item.path().is_dir() {
            found.unreadable.push((path, "it is a link to a folder, which could lead in a circle"));
        } else {
            found.unreadable.push((path, "it is a link that leads nowhere, or no file at all"));
        }
    }
    Ok(())
}

/// Removes the temporary files that a program left in a folder when it was killed, but not those of one at work.
///
/// # Errors
/// As the system reports them.
pub fn sweep(folder: &Path) -> io::Result<()> {
    for item in std::fs::read_dir(folder)? {
        let item = item?;
        let is_ours = item.file_name().to_str().is_some_and(|name| name.starts_with(TEMPORARY));
        let is_old = || item.metadata()?.modified()?.elapsed().map_err(io::Error::other).map(|age| age >= LEFT_BEHIND);
        if is_ours && is_old().unwrap_or(false) {
            std::fs::remove_file(item.path())?;
        }
    }
    Ok(())
}

/// Writes a file whole or not at all, and only when its bytes differ from what is there. Makes missing folders.
///
/// # Errors
/// As the system reports them; the old file is then still there.
pub fn write_if_changed(path: &Path, bytes: &[u8]) -> io::Result<Written> {
    replace(path, bytes, readable_by_all)
}

/// Like [`write_if_changed`], for what only its owner may read: mail holds addresses and unsubscribe links that work.
///
/// # Errors
/// As the system reports them; the old file is then still there.
pub fn write_private_if_changed(path: &Path, bytes: &[u8]) -> io::Result<Written> {
    // A temporary file is private from the start.
    replace(path, bytes, |_| Ok(()))
}

fn replace(path: &Path, bytes: &[u8], mode: impl Fn(&std::fs::File) -> io::Result<()>) -> io::Result<Written> {
    let written = match read_optional(path)? {
        Some(old) if old == bytes => return Ok(Written::Unchanged),
        Some(_) => Written::Changed,
        None => Written::Created,
    };
    let mut file = beside(path)?;
    file.write_all(bytes)?;
    file.as_file().sync_data()?;
    mode(file.as_file())?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(path)?;
    Ok(written)
}

/// A new name is on disk when its folder is.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    std::fs::File::open(folder_of(path))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Writes a file that must not be there yet. Makes missing folders.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when there is such a file, which then stays as it is; else as the system reports.
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = beside(path)?;
    file.write_all(bytes)?;
    readable_by_all(file.as_file())?;
    file.persist_noclobber(path).map(drop).map_err(|error| error.error)
}

/// Removes a file that may be missing.
///
/// # Errors
/// As the system reports them, but for a missing file.
pub fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes a file, and the folders above it that are then empty, up to `top`, which stays.
///
/// # Errors
/// As the system reports them, but for a missing file.
pub fn remove_with_empty_folders(path: &Path, top: &Path) -> io::Result<()> {
    remove(path)?;
    let below = path.ancestors().skip(1).take_while(|folder| folder.starts_with(top) && *folder != top);
    for folder in below {
        // It refuses to remove a folder that holds anything.
        if std::fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(())
}

/// How many bytes a file has.
///
/// # Errors
/// As the system reports them; a missing file is one.
pub fn length(path: &Path) -> io::Result<u64> {
    std::fs::metadata(path).map(|found| found.len())
}

/// Makes a folder that only its owner can look into, and those above it; one that is there stays as it is.
///
/// # Errors
/// As the system reports them.
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes an empty file that only its owner can read; one that is there stays as it is.
///
/// # Errors
/// As the system reports them.
pub fn make_private_file(path: &Path) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Writes a file that must not be there yet and that only its owner can read. Makes missing folders, which only their owner
/// can look into.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when there is such a file, which then stays as it is; else as the system reports.
pub fn write_new_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    make_private_folder(folder_of(path))?;
    // A temporary file is private from the start.
    let mut file = beside(path)?;
    file.write_all(bytes)?;
    file.as_file().sync_data()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    sync_folder(path)
}

/// True for a file that every user of the machine can read.
///
/// # Errors
/// As the system reports them; a missing file is one.
#[cfg(unix)]
pub fn is_open_to_all(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o007 != 0)
}

/// True for a file that every user of the machine can read; not known on this system.
///
/// # Errors
/// As the system reports them; a missing file is one.
#[cfg(not(unix))]
pub fn is_open_to_all(path: &Path) -> io::Result<bool> {
    std::fs::metadata(path).map(|_| false)
}

/// The one name of a file, whatever links lead to it.
///
/// # Errors
/// As the system reports them; a missing file is one.
pub fn canonical(path: &Path) -> io::Result<std::path::PathBuf> {
    std::fs::canonicalize(path)
}

/// A lock that the system takes back when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock(std::fs::File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file would do; unlocking first makes the moment certain.
        let _ = self.0.unlock();
    }
}

/// Takes the lock on a file, which is made when it is missing; `None` when another process has it.
///
/// # Errors
/// As the system reports them.
pub fn lock(path: &Path) -> io::Result<Option<Lock>> {
    let file = std::fs::OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock(file))),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(error),
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn beside(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let folder = folder_of(path);
    std::fs::create_dir_all(folder)?;
    tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(folder)
}

/// Temporary files are private; a feed is for a web server, which may be another user.
#[cfg(unix)]
fn readable_by_all(file: &std::fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_all(_: &std::fs::File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_only_when_its_bytes_differ() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/feed.xml");
        assert_eq!(write_if_changed(&path, b"one").unwrap(), Written::Created);
        assert_eq!(write_if_changed(&path, b"one").unwrap(), Written::Unchanged);
        assert_eq!(write_if_changed(&path, b"two").unwrap(), Written::Changed);
        assert_eq!(list(folder.path(), &|_| true).unwrap(), ["a/feed.xml"], "no temporary file stays behind");
    }

    #[cfg(unix)]
    #[test]
    fn nothing_outside_of_its_homes_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let outside = folder.path().join("secret");
        write_new(&outside, b"secret").unwrap();
        write_new(&folder.path().join("site/a.png"), b"picture").unwrap();
        let site = folder.path().join("site");
        std::os::unix::fs::symlink(&outside, site.join("link.png")).unwrap();
        std::os::unix::fs::symlink(folder.path(), site.join("up")).unwrap();
        std::os::unix::fs::symlink("a.png", site.join("b.png")).unwrap();
        let homes = [canonical(&site).unwrap()];
        let length = |name: &str| open_below(&homes, &site.join(name)).unwrap().map(|(_, length)| length);
        assert_eq!((length("a.png"), length("b.png"), length("./x/../a.png")), (Some(7), Some(7), None));
        let long = "x".repeat(10_000);
        for name in ["../secret", "link.png", "up/secret", "/etc/passwd", "a.png/b", "gone", ".", "a\0b", &long] {
            assert_eq!(length(name), None, "{name}");
        }
    }

    #[test]
    fn a_new_file_never_replaces_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("post.md");
        write_new(&path, b"mine").unwrap();
        assert_eq!(write_new(&path, b"other").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(read(&path).unwrap(), b"mine");
    }
}
