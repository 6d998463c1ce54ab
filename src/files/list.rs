//! What is in a folder.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::path::Path;

use super::folder::Folder;
use super::refusal::{FileKind, Refusal};

/// What is below a folder.
#[derive(Debug, Default)]
pub struct Survey {
    /// The files, as [`Folder::list`] gives them.
    pub files: Vec<String>,
    /// What is there and is left out, as well as its name can be written, and why.
    pub left_out: Vec<(String, LeftOut)>,
}

/// Why something in a folder is no file to be read.
#[derive(Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// Its name is no text.
    Name,
    /// A link to a folder.
    FolderLink,
    /// A link to nothing, or no file at all.
    Nothing,
    /// A link that may not be followed.
    Refused(Refusal),
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str("its name is not UTF-8 text"),
            Self::FolderLink => f.write_str("it is a link to a folder, which could lead in a circle"),
            Self::Nothing => f.write_str("it is a link that leads nowhere, or no file at all"),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

impl Folder {
    /// Lists the files below a folder as paths relative to it, with `/`, sorted. `enter` decides by the relative path of a
    /// folder whether it is entered. Links to files are followed, links to folders are not: they may lead in a circle.
    ///
    /// # Errors
    /// A [`Refusal`], or as the system reports them; a missing folder is an error.
    pub fn list(&self, name: &str, enter: &dyn Fn(&str) -> bool) -> io::Result<Vec<String>> {
        Ok(self.survey(name, enter)?.files)
    }

    /// Lists the folders below a folder, as [`Folder::list`] does the files.
    ///
    /// # Errors
    /// As for [`Folder::list`].
    pub fn folders(&self, name: &str, enter: &dyn Fn(&str) -> bool) -> io::Result<Vec<String>> {
        let found = RefCell::new(Vec::new());
        let note = |path: &str| {
            let is_entered = enter(path);
            if is_entered {
                found.borrow_mut().push(path.to_owned());
            }
            is_entered
        };
        self.survey(name, &note)?;
        let mut found = found.into_inner();
        found.sort();
        Ok(found)
    }

    /// Like [`Folder::list`], and names what it had to leave out.
    ///
    /// # Errors
    /// As for [`Folder::list`].
    pub fn survey(&self, name: &str, enter: &dyn Fn(&str) -> bool) -> io::Result<Survey> {
        let place = self.folder(name);
        self.permit(&place, name)?;
        let mut found = Survey::default();
        self.walk(&place.path, name, "", enter, &mut found)?;
        found.files.sort();
        found.left_out.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(found)
    }

    /// `folder` is a real path, and `name` that of the folder where the walk began.
    fn walk(
        &self,
        folder: &Path,
        name: &str,
        prefix: &str,
        enter: &dyn Fn(&str) -> bool,
        found: &mut Survey,
    ) -> io::Result<()> {
        for item in std::fs::read_dir(folder)? {
            let item = item?;
            let (item_name, kind) = (item.file_name(), item.file_type()?);
            let path = format!("{prefix}{}", item_name.to_string_lossy());
            if item_name.to_str().is_none() {
                found.left_out.push((path, LeftOut::Name));
            } else if kind.is_dir() {
                if enter(&path) {
                    self.walk(&item.path(), name, &format!("{path}/"), enter, found)?;
                }
            } else if kind.is_file() {
                found.files.push(path);
            } else if kind.is_symlink() {
                match self.linked(&item.path(), &format!("{name}/{path}")) {
                    Some(why) => found.left_out.push((path, why)),
                    None => found.files.push(path),
                }
            } else {
                found.left_out.push((path, LeftOut::Nothing));
            }
        }
        Ok(())
    }

    /// Why a link is left out; `None` when it leads to a file that may be read.
    fn linked(&self, link: &Path, name: &str) -> Option<LeftOut> {
        match std::fs::metadata(link) {
            Ok(found) if found.is_dir() => return Some(LeftOut::FolderLink),
            Ok(_) => {}
            Err(_) => return Some(LeftOut::Nothing),
        }
        match self.follow(link, name.trim_start_matches('/'), FileKind::Post) {
            Ok(to) if to.is_file() => None,
            Ok(_) => Some(LeftOut::Nothing),
            Err(error) => Some(Refusal::of(&error).cloned().map_or(LeftOut::Nothing, LeftOut::Refused)),
        }
    }
}
