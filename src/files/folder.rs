//! The gate: every file of a site is read and written through its [`Folder`], which leads nowhere else.
//!
//! A site may have been written by a stranger: a link in it, or a `..` in its configuration, could bring any file of the
//! machine to readers, or destroy it. So each name is resolved, and what it really is has to be inside of the folder or of a
//! place that the owner allowed.

use std::collections::HashMap;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;

use super::open::{Open, is_link, is_missing, no_file, open_plain};
use super::place::resolved;
use super::refusal::{FileKind, Refusal, Why};

/// Where the system keeps no files but devices and what it tells about programs, among that their secrets.
const OF_THE_SYSTEM: [&str; 3] = ["/dev", "/proc", "/sys"];

/// Where git-annex keeps the files that its links lead to.
const ANNEX: &str = ".git/annex/objects";

/// A folder and everything below it. Names are relative to it, with `/`; an absolute one has to be in an allowed place.
#[derive(Debug, Clone)]
pub struct Folder {
    real: PathBuf,
    /// Places outside of it that may be used.
    allowed: Arc<[PathBuf]>,
    /// Places inside of it that no link brings to readers.
    hidden: Arc<[PathBuf]>,
    /// What folders really are: most files are in few of them.
    known: Arc<RwLock<HashMap<String, Arc<Resolved>>>>,
}

/// Where a name leads.
#[derive(Debug, Clone)]
pub(super) struct Resolved {
    pub(super) path: PathBuf,
    /// The last link on the way to it, relative to the folder.
    link: Option<Arc<str>>,
    /// It is known to be inside of the folder, as long as it is no link itself.
    is_inside: bool,
}

impl Folder {
    /// The folder at `path`, which may be missing, or a link to it: the one who names it knows where it is.
    pub fn new(path: &Path) -> Self {
        Self { real: resolved(path), allowed: Arc::default(), hidden: Arc::default(), known: Arc::default() }
    }

    /// Allows these files and folders outside of it, which have to be real paths.
    #[must_use]
    pub fn allowing(self, outside: Vec<PathBuf>) -> Self {
        Self { allowed: outside.into(), known: Arc::default(), ..self }
    }

    /// Keeps these files and folders, which have to be real paths, from being read through a link as what readers may see;
    /// those whose names begin with a dot are so anyway.
    #[must_use]
    pub fn hiding(self, inside: Vec<PathBuf>) -> Self {
        Self { hidden: inside.into(), ..self }
    }

    /// What it really is.
    pub fn path(&self) -> &Path {
        &self.real
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    /// A [`Refusal`], or as the system reports them.
    pub fn open(&self, name: &str, kind: FileKind) -> io::Result<Open> {
        let place = self.place(name);
        let file = match self.permit(&place, name).and_then(|()| open_plain(&place.path)) {
            // Most files are no links: only what could not be opened is looked at.
            Err(_) if is_link(&place.path) => open_plain(&self.follow(&place.path, name, kind)?)?,
            Err(error) => return Err(better(error, &place.path, name)),
            Ok(file) => file,
        };
        Open::new(file, name, kind)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// As for [`Folder::open`].
    pub fn read(&self, name: &str, kind: FileKind) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(name, kind)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Reads a file that may be missing.
    ///
    /// # Errors
    /// As for [`Folder::open`], but for a missing file.
    pub fn read_optional(&self, name: &str, kind: FileKind) -> io::Result<Option<Vec<u8>>> {
        match self.read(name, kind) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        }
    }

    /// When a file was last written.
    ///
    /// # Errors
    /// As for [`Folder::open`].
    pub fn written(&self, name: &str) -> io::Result<Timestamp> {
        let at = std::fs::metadata(self.find(name)?)?.modified()?;
        Timestamp::try_from(at).map_err(io::Error::other)
    }

    /// True when there is a folder of this name, or a permitted link to one.
    pub fn is_folder(&self, name: &str) -> bool {
        self.find(name).is_ok_and(|path| path.is_dir())
    }

    /// True when there is a file of this name, or a permitted link to one.
    pub fn is_file(&self, name: &str) -> bool {
        self.find(name).is_ok_and(|path| path.is_file())
    }

    /// How many bytes this user can still write there; `None` where the system does not say. Nothing is written to find out.
    ///
    /// # Errors
    /// [`io::ErrorKind::ReadOnlyFilesystem`], or as the system reports them.
    #[cfg(unix)]
    pub fn room(&self) -> io::Result<Option<u64>> {
        let disk = rustix::fs::statvfs(&self.real)?;
        if disk.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY) {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        Ok((disk.f_blocks > 0).then(|| disk.f_bavail.saturating_mul(disk.f_frsize)))
    }

    /// As where a system does not say it.
    ///
    /// # Errors
    /// None.
    #[cfg(not(unix))]
    pub fn room(&self) -> io::Result<Option<u64>> {
        Ok(None)
    }

    /// What a name really is, whether it is there or not, for what opens files itself.
    ///
    /// # Errors
    /// A [`Refusal`], or as the system reports them.
    pub fn find(&self, name: &str) -> io::Result<PathBuf> {
        let place = self.place(name);
        if is_link(&place.path) {
            return self.follow(&place.path, name, FileKind::Memory);
        }
        self.permit(&place, name).map(|()| place.path)
    }

    /// Refuses whatever is there and is no ordinary file, a link too: for what follows links itself.
    ///
    /// # Errors
    /// A [`Refusal`], or as the system reports them.
    pub fn must_be_plain(&self, name: &str) -> io::Result<()> {
        let path = self.target(name)?;
        if is_link(&path) {
            return Err(Refusal { name: name.to_owned(), why: Why::NoFile("a link") }.into());
        }
        Ok(())
    }

    /// Where the name leads; a link of that name itself is not followed.
    pub(super) fn place(&self, name: &str) -> Resolved {
        if Path::new(name).has_root() {
            return self.judged(resolved_folder(Path::new(name)), None);
        }
        let (folder, last) = name.rsplit_once('/').unwrap_or(("", name));
        let folder = self.folder(folder);
        let mut parts = Path::new(last).components();
        match (parts.next(), parts.next()) {
            (None | Some(Component::CurDir), None) => (*folder).clone(),
            (Some(Component::Normal(name)), None) if name == last => {
                Resolved { path: folder.path.join(last), link: folder.link.clone(), is_inside: folder.is_inside }
            }
            // What a `..` leads to is no link's fault.
            _ => self.judged(resolved(&folder.path.join(last)), None),
        }
    }

    /// The same for a folder, links followed.
    pub(super) fn folder(&self, name: &str) -> Arc<Resolved> {
        if let Some(place) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Arc::clone(place);
        }
        let place = if name.is_empty() {
            // All of the machine is below `/`, so there each place is looked at.
            Resolved { path: self.real.clone(), link: None, is_inside: self.real.parent().is_some() }
        } else {
            let place = self.place(name);
            if is_link(&place.path) { self.judged(resolved(&place.path), Some(name.into())) } else { place }
        };
        let place = Arc::new(place);
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), Arc::clone(&place));
        place
    }

    fn judged(&self, path: PathBuf, link: Option<Arc<str>>) -> Resolved {
        let is_inside = self.is_inside(&path);
        Resolved { path, link, is_inside }
    }

    /// Refuses a place that is neither inside nor allowed.
    pub(super) fn permit(&self, place: &Resolved, name: &str) -> io::Result<()> {
        if place.is_inside || self.is_permitted(&place.path) {
            return Ok(());
        }
        let refusal = match &place.link {
            Some(link) => Refusal { name: link.to_string(), why: Why::Leaves(resolved(&self.real.join(&**link))) },
            None if self.is_of_the_system(&place.path) => {
                Refusal { name: name.to_owned(), why: Why::OfTheSystem(place.path.clone()) }
            }
            None => Refusal { name: name.to_owned(), why: Why::Outside(place.path.clone()) },
        };
        Err(refusal.into())
    }

    /// Where a link leads, unless that is neither inside nor allowed, or is shown and was not meant to be.
    pub(super) fn follow(&self, link: &Path, name: &str, kind: FileKind) -> io::Result<PathBuf> {
        let to = resolved(link);
        if !self.is_permitted(&to) {
            return Err(Refusal { name: name.to_owned(), why: Why::Leaves(to) }.into());
        }
        if kind.is_shown() && self.is_hidden(&to) {
            return Err(Refusal { name: name.to_owned(), why: Why::Hidden(to) }.into());
        }
        Ok(to)
    }

    fn is_inside(&self, path: &Path) -> bool {
        path.starts_with(&self.real) && !self.is_of_the_system(path)
    }

    fn is_permitted(&self, path: &Path) -> bool {
        self.is_inside(path)
            || (self.allowed.iter().any(|allowed| path.starts_with(allowed)) && !self.is_of_the_system(path))
    }

    /// True below `/proc` and the like, unless the folder itself is there.
    fn is_of_the_system(&self, path: &Path) -> bool {
        OF_THE_SYSTEM.iter().any(|of| path.starts_with(of) && !self.real.starts_with(of))
    }

    fn is_hidden(&self, path: &Path) -> bool {
        let home = self
            .allowed
            .iter()
            .chain([&self.real])
            .filter_map(|home| path.strip_prefix(home).ok())
            .min_by_key(|below| below.as_os_str().len());
        let below = home.unwrap_or(path);
        let is_dotted = |part: Component<'_>| part.as_os_str().as_encoded_bytes().starts_with(b".");
        let is_kept = self.hidden.iter().any(|hidden| path.starts_with(hidden));
        // A message names its reader, whatever folder it was left in.
        let is_message = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("eml"));
        is_kept || is_message || (below.components().any(is_dotted) && !below.starts_with(ANNEX))
    }
}

/// The real path of the folder that a path is in, with its last name: a link of that name is not followed.
fn resolved_folder(path: &Path) -> PathBuf {
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => resolved(folder).join(name),
        _ => resolved(path),
    }
}

/// Why a file could not be opened. What is outside and not there is not there; what is no file cannot say so itself.
fn better(error: io::Error, path: &Path, name: &str) -> io::Error {
    match std::fs::symlink_metadata(path) {
        Err(missing) if is_missing(&missing) => missing,
        Ok(found) if Refusal::of(&error).is_none() && !found.is_dir() => match no_file(found.file_type()) {
            Some(what) => Refusal { name: name.to_owned(), why: Why::NoFile(what) }.into(),
            None => error,
        },
        _ => error,
    }
}
