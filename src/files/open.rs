//! A file of which only the beginning may be wanted.

use std::fs::{File, FileType, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::refusal::{FileKind, Refusal, Why};
use crate::model::sha256_hex_of;

/// An ordinary file that is read bit by bit, and never further than its kind may go.
#[derive(Debug)]
pub struct Open {
    file: File,
    found: std::fs::Metadata,
    limit: u64,
}

impl Open {
    /// Makes sure that it is an ordinary file, and not too large.
    pub(super) fn new(file: File, name: &str, kind: FileKind) -> io::Result<Self> {
        let found = file.metadata()?;
        must_be_file(found.file_type(), name)?;
        if found.len() > kind.limit() {
            let why = Why::TooLarge { length: found.len(), kind };
            return Err(Refusal { name: name.to_owned(), why }.into());
        }
        Ok(Self { file, found, limit: kind.limit() })
    }

    /// How many bytes it has.
    pub fn length(&self) -> u64 {
        self.found.len()
    }

    /// True when every user of the machine can read it, as far as the system knows.
    pub fn is_open_to_all(&self) -> bool {
        self.mode().is_some_and(|mode| mode & 0o007 != 0)
    }

    /// The first bytes, at most `length`, as they are now.
    pub(super) fn head(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.read_to(&mut bytes, length)?;
        Ok(bytes)
    }

    /// True when this is the file that was found.
    #[cfg(unix)]
    pub(super) fn is(&self, found: &std::fs::Metadata) -> bool {
        use std::os::unix::fs::MetadataExt as _;
        (self.found.dev(), self.found.ino()) == (found.dev(), found.ino())
    }

    /// Other systems do not tell.
    #[cfg(not(unix))]
    pub(super) fn is(&self, _: &std::fs::Metadata) -> bool {
        false
    }

    /// False when the file has been removed.
    #[cfg(unix)]
    pub(super) fn is_somewhere(&self) -> bool {
        self.file.metadata().is_ok_and(|found| std::os::unix::fs::MetadataExt::nlink(&found) > 0)
    }

    /// Other systems keep locks when a file is closed.
    #[cfg(not(unix))]
    pub(super) fn is_somewhere(&self) -> bool {
        false
    }

    /// Its permissions, such as `0o644`.
    #[cfg(unix)]
    #[expect(clippy::unnecessary_wraps, reason = "other systems have no modes")]
    pub(super) fn mode(&self) -> Option<u32> {
        Some(std::os::unix::fs::PermissionsExt::mode(&self.found.permissions()) & 0o777)
    }

    /// Other systems have no such permissions.
    #[cfg(not(unix))]
    pub(super) fn mode(&self) -> Option<u32> {
        None
    }

    /// Reads on until `bytes` holds `length` bytes; true when the file ended before.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn read_to(&mut self, bytes: &mut Vec<u8>, length: usize) -> io::Result<bool> {
        let mut filled = bytes.len();
        bytes.resize(length.max(filled), 0);
        let result = loop {
            if filled >= length {
                break Ok(false);
            }
            // One call for nearly all files: asking for less at a time would ask the system more often.
            match self.file.read(&mut bytes[filled..]) {
                Ok(0) => break Ok(true),
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        bytes.truncate(filled);
        result
    }

    /// Fills `bytes` with what begins at `offset`; false when the file ends before that.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn read_at(&mut self, offset: u64, bytes: &mut [u8]) -> io::Result<bool> {
        self.file.seek(SeekFrom::Start(offset))?;
        match self.file.read_exact(bytes) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            done => done.map(|()| true),
        }
    }

    /// Reads on to the end.
    ///
    /// # Errors
    /// As the system reports them; [`io::ErrorKind::FileTooLarge`] for a file that has grown too large meanwhile.
    pub fn read_to_end(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        // Reserved at once: it would be copied again and again while it grows.
        bytes.reserve(usize::try_from(self.length()).unwrap_or(0).saturating_sub(bytes.len()).saturating_add(1));
        (&self.file).take(self.limit.saturating_add(1)).read_to_end(bytes)?;
        if bytes.len() as u64 > self.limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(()) }
    }

    /// The file for reading here and there, `most` bytes in all: then it seems to end.
    pub fn sampled(self, most: u64) -> BufReader<Sampled> {
        BufReader::new(Sampled { file: self.file, left: most })
    }

    /// The SHA-256 of what has not been read yet, as 64 hexadecimal digits.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn sha256_hex(self) -> io::Result<String> {
        sha256_hex_of(self.file)
    }
}

/// A file of which a part is read.
#[derive(Debug)]
pub struct Sampled {
    file: File,
    left: u64,
}

impl Read for Sampled {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = into.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.file.read(&mut into[..most])?;
        self.left -= read as u64;
        Ok(read)
    }
}

impl Seek for Sampled {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// Opens what is no link. It does not wait: a pipe would wait for its other end.
pub(super) fn open_plain(path: &Path) -> io::Result<File> {
    without_links(OpenOptions::new().read(true), path)
}

/// Opens a file with these options, unless it is a link.
#[cfg(unix)]
pub(super) fn without_links(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY).open(path)
}

/// Opens a file with these options, unless it is a link.
#[cfg(not(unix))]
pub(super) fn without_links(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    if is_link(path) {
        return Err(io::Error::other("this is a link"));
    }
    options.open(path)
}

/// True when there is nothing at a place.
pub(super) fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

pub(super) fn is_link(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink())
}

/// Refuses what is no ordinary file.
pub(super) fn must_be_file(kind: FileType, name: &str) -> io::Result<()> {
    if kind.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    match no_file(kind) {
        Some(what) => Err(Refusal { name: name.to_owned(), why: Why::NoFile(what) }.into()),
        None => Ok(()),
    }
}

/// What it is when it is no ordinary file.
pub(super) fn no_file(kind: FileType) -> Option<&'static str> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_fifo() {
            return Some("a pipe");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
        if kind.is_block_device() || kind.is_char_device() {
            return Some("a device");
        }
    }
    (!kind.is_file()).then_some("no ordinary file")
}
