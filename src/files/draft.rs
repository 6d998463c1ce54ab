//! Files that can be made again, written bit by bit: compared with what is there while they come, in bounded memory.

use std::io::{self, IoSlice, Read as _, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::folder::Folder;
use super::open::{is_link, open_plain};
use super::refusal::FileKind;
use super::write::{Access, Written, folder_of, make_folders, new_temporary};
use crate::model::Fingerprint;

/// A file in the making. As long as its bytes are those of the file that is there, nothing is written.
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
    /// What is there: another place when `path` is a link.
    old: PathBuf,
    fingerprint: Option<Fingerprint>,
    /// Where the bytes wait to take their place; `None` when they are only compared.
    workshop: Option<PathBuf>,
    /// What came and is neither compared nor written.
    pending: Vec<Piece>,
    /// How many bytes that is.
    held: usize,
    /// How many bytes were compared or written.
    length: u64,
    state: State,
}

#[derive(Debug)]
enum Piece {
    Own(Vec<u8>),
    /// Many files may hold the same text.
    Shared(Arc<String>),
}

impl Piece {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Own(bytes) => bytes,
            Self::Shared(text) => text.as_bytes(),
        }
    }
}

#[derive(Debug)]
enum State {
    /// All bytes were those of the old file.
    Same,
    /// They differ from it, or there is none.
    Other(Option<tempfile::TempPath>, Written),
}

impl Folder {
    /// Begins a file. Until [`Finished::commit`] its bytes are in the folder `workshop`, which must be on the same file
    /// system; without one they are only compared.
    ///
    /// # Errors
    /// A [`Refusal`](super::Refusal), or as the system reports them.
    pub fn draft(&self, name: &str, workshop: Option<&str>) -> io::Result<Draft> {
        let path = self.target(name)?;
        let old = if is_link(&path) { self.follow(&path, name, FileKind::Feed)? } else { path.clone() };
        let workshop = match workshop {
            Some(name) => {
                let place = self.folder(name);
                self.permit(&place, name)?;
                Some(place.path.clone())
            }
            None => None,
        };
        Ok(Draft {
            path,
            old,
            fingerprint: None,
            workshop,
            pending: Vec::new(),
            held: 0,
            length: 0,
            state: State::Same,
        })
    }
}

impl Draft {
    /// The fingerprint of the bytes is wanted.
    #[must_use]
    pub fn with_fingerprint(self) -> Self {
        Self { fingerprint: Some(Fingerprint::default()), ..self }
    }

    /// Adds bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.held += bytes.len();
        match self.pending.last_mut() {
            Some(Piece::Own(before)) => before.extend_from_slice(bytes),
            _ if bytes.is_empty() => {}
            _ => self.pending.push(Piece::Own(bytes.to_owned())),
        }
    }

    /// Adds a text that other files may hold too.
    pub fn share(&mut self, text: &Arc<String>) {
        self.held += text.len();
        self.pending.push(Piece::Shared(Arc::clone(text)));
    }

    /// How many bytes it holds in memory, shared ones included.
    pub fn held(&self) -> usize {
        self.held
    }

    /// Moves what it holds out of memory.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn spill(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let pending = std::mem::take(&mut self.pending);
        if let Some(fingerprint) = &mut self.fingerprint {
            for piece in &pending {
                fingerprint.add(piece.bytes());
            }
        }
        let mut begun = None;
        if matches!(self.state, State::Same) && !self.is_next(&pending)? {
            begun = self.differ()?;
        }
        if let State::Other(Some(temporary), _) = &self.state {
            let open = || std::fs::OpenOptions::new().append(true).open(temporary);
            write(&pending, &mut begun.map_or_else(open, Ok)?)?;
        }
        self.length += std::mem::take(&mut self.held) as u64;
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn finish(mut self) -> io::Result<Finished> {
        self.spill()?;
        let is_whole = || std::fs::metadata(&self.old).map(|old| old.len() == self.length);
        if matches!(self.state, State::Same) && !is_whole().unwrap_or(false) {
            self.differ()?;
        }
        let (temporary, written) = match self.state {
            State::Same => (None, Written::Unchanged),
            State::Other(temporary, written) => (temporary, written),
        };
        let fingerprint = self.fingerprint.map(Fingerprint::finish);
        Ok(Finished { path: self.path, old: self.old, written, fingerprint, temporary })
    }

    /// True when the old file goes on with these bytes.
    fn is_next(&self, pieces: &[Piece]) -> io::Result<bool> {
        let Some(mut old) = optional(open_plain(&self.old))? else { return Ok(false) };
        old.seek(SeekFrom::Start(self.length))?;
        let mut found = Vec::new();
        for piece in pieces {
            found.resize(piece.bytes().len(), 0);
            match old.read_exact(&mut found) {
                Ok(()) if found == piece.bytes() => {}
                Ok(()) => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// From here on it is another file: takes over what was the same so far. Returns the file that goes on from there.
    fn differ(&mut self) -> io::Result<Option<std::fs::File>> {
        let old = optional(open_plain(&self.old))?;
        let written = if old.is_some() { Written::Changed } else { Written::Created };
        let (mut begun, mut temporary) = (None, None);
        if let Some(workshop) = &self.workshop {
            let (mut file, path) = begin(workshop)?;
            if let Some(old) = old {
                io::copy(&mut old.take(self.length), &mut file)?;
            }
            (begun, temporary) = (Some(file), Some(path));
        }
        self.state = State::Other(temporary, written);
        Ok(begun)
    }
}

/// A file that is complete and has not taken its place yet. Dropped, it leaves the old one as it was.
#[derive(Debug)]
pub struct Finished {
    path: PathBuf,
    /// What it was compared with.
    old: PathBuf,
    /// What [`Finished::commit`] does to what is there.
    pub written: Written,
    /// What its bytes are known by, when that was wanted.
    pub fingerprint: Option<String>,
    temporary: Option<tempfile::TempPath>,
}

impl Finished {
    /// Puts it in its place, whole. It is not forced onto the disk: with thousands of files that would take longer than all
    /// else. After a power cut a file may be empty; it was derived, and the next time it is made and seen to differ.
    ///
    /// # Errors
    /// As the system reports them.
    pub fn commit(self) -> io::Result<Written> {
        if let Some(temporary) = self.temporary
            && let Err(failed) = temporary.persist(&self.path)
        {
            in_folder(folder_of(&self.path), Err::<(), _>(failed.error))?;
            failed.path.persist(&self.path).map_err(|error| error.error)?;
        }
        Ok(self.written)
    }

    /// Puts it in the place of another file of the site, in a folder on the same file system.
    ///
    /// # Errors
    /// A [`Refusal`](super::Refusal), or as the system reports them.
    pub fn commit_as(self, site: &Folder, name: &str) -> io::Result<Written> {
        let path = site.target(name)?;
        let temporary = match self.temporary {
            Some(temporary) => temporary,
            None => {
                let (mut file, temporary) = begin(folder_of(&path))?;
                io::copy(&mut open_plain(&self.old)?, &mut file)?;
                temporary
            }
        };
        Self { path, temporary: Some(temporary), ..self }.commit()
    }
}

/// A temporary file in a folder, which is made if it is not there.
fn begin(folder: &Path) -> io::Result<(std::fs::File, tempfile::TempPath)> {
    let make = || new_temporary(folder);
    let (file, path) = in_folder(folder, make())?.map_or_else(make, Ok)?.into_parts();
    Access::Public.set(&file)?;
    Ok((file, path))
}

/// Writes all pieces, many at a time.
fn write(pieces: &[Piece], file: &mut impl Write) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = pieces.iter().map(|piece| IoSlice::new(piece.bytes())).collect();
    let mut rest = &mut slices[..];
    // Empty ones at the beginning would look as if nothing could be written.
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        match file.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut rest, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// What was done in a folder; `None` when there was no such folder: then there is one now.
fn in_folder<T>(folder: &Path, done: io::Result<T>) -> io::Result<Option<T>> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => make_folders(folder, Access::Public).map(|()| None),
        done => done.map(Some),
    }
}

fn optional<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Writes `new` in bits of these lengths, spilling after each, where `old` may be; what is there then, and what was done.
    fn write(old: Option<&[u8]>, new: &[u8], bits: &[usize], commit: bool) -> (Option<Vec<u8>>, Written) {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::new(temporary.path());
        let name = "tags/feed.xml";
        if let Some(old) = old {
            folder.write_new(name, old, Access::Public).unwrap();
        }
        let mut draft = folder.draft(name, Some("")).unwrap().with_fingerprint();
        let mut rest = new;
        for length in bits {
            let (bit, more) = rest.split_at((*length).min(rest.len()));
            draft.push(bit);
            draft.spill().unwrap();
            // Shared and own bytes take turns.
            let (shared, more) = more.split_at(more.len().min(1));
            draft.share(&Arc::new(String::from_utf8(shared.to_owned()).unwrap()));
            rest = more;
        }
        draft.push(rest);
        let finished = draft.finish().unwrap();
        let mut fingerprint = Fingerprint::default();
        fingerprint.add(new);
        assert_eq!(finished.fingerprint, Some(fingerprint.finish()));
        let written = finished.written;
        if commit {
            finished.commit().unwrap();
        } else {
            drop(finished);
        }
        let left: Vec<_> = folder.list("", &|_| true).unwrap();
        assert!(left.iter().all(|left| left == name), "{left:?}");
        (folder.read_optional(name, FileKind::Feed).unwrap(), written)
    }

    #[test]
    fn a_draft_that_is_dropped_changes_nothing() {
        assert_eq!(write(Some(b"old"), b"other", &[2], false), (Some(b"old".to_vec()), Written::Changed));
        assert_eq!(write(None, b"new", &[], false), (None, Written::Created));
    }

    #[test]
    fn pieces_are_written_however_little_a_file_takes() {
        struct Slow(Vec<u8>, bool);
        impl Write for Slow {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.1 = !self.1;
                if self.1 {
                    return Err(io::ErrorKind::Interrupted.into());
                }
                let taken = bytes.len().min(2);
                self.0.extend_from_slice(&bytes[..taken]);
                Ok(taken)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let shared = |text: &str| Piece::Shared(Arc::new(text.to_owned()));
        let pieces = [shared(""), Piece::Own(b"abc".to_vec()), shared(""), shared("defgh"), shared("")];
        let mut file = Slow(Vec::new(), false);
        super::write(&pieces, &mut file).unwrap();
        assert_eq!(file.0, b"abcdefgh");
    }

    #[test]
    fn without_a_workshop_it_only_compares() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::new(temporary.path());
        let mut draft = folder.draft("feed.xml", None).unwrap();
        draft.push(b"new");
        assert_eq!(draft.finish().unwrap().commit().unwrap(), Written::Created);
        assert_eq!(folder.list("", &|_| true).unwrap(), [""; 0]);
    }

    proptest! {
        #[test]
        fn any_file_replaces_any_other_and_is_written_only_when_it_differs(
            old in prop::option::of(prop::collection::vec(0_u8..2, 0..12)),
            new in prop::collection::vec(0_u8..2, 0..12),
            bits in prop::collection::vec(0_usize..5, 0..5),
        ) {
            let (found, written) = write(old.as_deref(), &new, &bits, true);
            let expected = match &old {
                None => Written::Created,
                Some(old) if *old == new => Written::Unchanged,
                Some(_) => Written::Changed,
            };
            prop_assert_eq!((found, written), (Some(new), expected));
        }
    }
}
