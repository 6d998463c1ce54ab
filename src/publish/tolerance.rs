//! What is wrong with posts, and how much of that a command puts up with.

use jiff::civil::Date;

use super::error::PublishError;
use super::plan::{Ledger, Rules};
use super::site::Site;
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::{Post, distinct};

/// How much may be wrong before a command refuses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tolerance {
    /// Not even a warning (`--strict`).
    Nothing,
    /// Warnings, but no error.
    #[default]
    Warnings,
    /// Posts with errors are left out (`--skip-bad`), unless the newsletter might miss one of them.
    BadPosts,
}

impl Tolerance {
    /// Stops at what is not put up with.
    ///
    /// # Errors
    /// All diagnostics, each once, when one of them is an error or counts as one.
    pub fn judge(self, found: &[Diagnostic]) -> Result<(), PublishError> {
        let mut found = found.to_vec();
        match self {
            Self::BadPosts => return Ok(()),
            Self::Warnings => {}
            Self::Nothing => found.iter_mut().for_each(be_error),
        }
        if !found.iter().any(Diagnostic::is_error) {
            return Ok(());
        }
        distinct(&mut found);
        Err(PublishError::Site(found))
    }

    /// Stops at what is not put up with before any post is rendered. `--strict` waits for the warnings about bodies, so that
    /// all there is to mend is said at once.
    ///
    /// # Errors
    /// As for [`Tolerance::judge`].
    pub fn judge_early(self, found: &[Diagnostic]) -> Result<(), PublishError> {
        if self == Self::Nothing { Ok(()) } else { self.judge(found) }
    }
}

fn be_error(diagnostic: &mut Diagnostic) {
    diagnostic.severity = Severity::Error;
}

/// Stops at posts with errors among `found` that might be due: to mail the others would leave them out of the newsletter.
///
/// # Errors
/// What is wrong with these posts.
pub(super) fn refuse_bad_due(
    site: &Site,
    found: &[Diagnostic],
    ledger: &Ledger,
    rules: &Rules,
) -> Result<(), PublishError> {
    let day = |moment: jiff::Timestamp| moment.to_zoned(rules.timezone.clone()).date();
    // Only what is dated on or after both of these days is due.
    let first: Option<Date> = rules.start.max(ledger.last_run.map(day));
    let is_past = |path: &str| {
        let post = site.posts.at_path(path);
        first.zip(post.and_then(Post::mailed_from)).is_some_and(|(first, moment)| day(moment) < first)
    };
    let errors = found.iter().filter(|diagnostic| diagnostic.is_error());
    let mut found: Vec<Diagnostic> =
        errors.filter(|diagnostic| !diagnostic.path().is_some_and(is_past)).cloned().collect();
    if found.is_empty() {
        return Ok(());
    }
    let message = "posts with errors might be due, so the newsletter would go out without them";
    let help = match first {
        Some(first) => format!("mend them; `--skip-bad` leaves out only posts that are dated before {first}"),
        None => {
            "mend them; or set `newsletter.start`, and `--skip-bad` leaves out posts dated before that day".to_owned()
        }
    };
    found.push(Diagnostic::error("publish/bad-post-due", message).help(help));
    Err(PublishError::Site(found))
}
