//! What the archive is made of: the records of issues, and the page kept beside each.

use jiff::Timestamp;

use super::ArchivedIssue;
use crate::diagnostic::{Diagnostic, Location};
use crate::files::{FileKind, Folder};
use crate::publish::error::PublishError;
use crate::publish::witnesses::{FOLDER as KEPT, page_name, records};

/// Bound for what a stranger can make us read, in bytes of all pages: 2,500 of the largest that Gmail shows whole.
const MOST_BYTES: usize = 256 << 20;

/// The issues of a site.
#[derive(Debug, Default)]
pub struct KeptIssues {
    /// Each that has a record.
    pub issues: Vec<ArchivedIssue>,
    /// Pages that cannot be shown.
    pub warnings: Vec<Diagnostic>,
}

/// Reads what was kept of the issues of the site in this folder.
///
/// # Errors
/// Records that cannot be read.
pub fn read(site: &Folder) -> Result<KeptIssues, PublishError> {
    let mut kept = KeptIssues::default();
    let mut left = MOST_BYTES;
    for record in records(site)? {
        let name = page_name(record.number);
        let page = match site.read_optional(&name, FileKind::Page) {
            Ok(None) => None,
            Ok(Some(bytes)) if bytes.len() > left => Some(Err("the pages are too large together".to_owned())),
            Ok(Some(bytes)) => {
                left -= bytes.len();
                Some(String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned()))
            }
            Err(error) => Some(Err(error.to_string())),
        };
        let page = page.and_then(|page| page.map_err(|why| kept.warnings.push(unreadable(&name, &why))).ok());
        kept.issues.push(ArchivedIssue::new(&record, page));
    }
    Ok(kept)
}

/// What was kept of an issue; `None` when there is nothing that can be read.
pub fn kept_page(site: &Folder, number: i64) -> Option<String> {
    let bytes = site.read_optional(&page_name(number), FileKind::Page).ok()??;
    String::from_utf8(bytes).ok()
}

/// When something was last added to what is kept, replaced or removed; `None` before there is anything.
pub fn changed(site: &Folder) -> Option<Timestamp> {
    site.written(KEPT).ok()
}

fn unreadable(name: &str, why: &str) -> Diagnostic {
    Diagnostic::warning("archive/page", format!("the page of an issue cannot be read: {why}"))
        .at(Location::start_of(name))
        .help(format!("put it back as it was, for example with `git checkout -- {name}`; until then the issue is listed without a page"))
}
