//! An issue that was sent, and the readers whom it has not reached.

use super::error::PublishError;
use super::guard::{GuardName, no_readers};
use super::placeholder;
use crate::config::Mail;
use crate::model::Issue;
use crate::store::{Missing, Store};

/// An issue and whom it has not reached.
#[derive(Debug)]
pub struct MissingIssue {
    /// As it was frozen.
    pub issue: Issue,
    /// The run that froze it.
    pub run: i64,
    /// How many readers it has not reached.
    pub readers: Missing,
}

impl MissingIssue {
    /// Asks the database about the issue with this number.
    ///
    /// # Errors
    /// [`PublishError::NoIssue`], or when the database does not answer.
    pub async fn find(store: &mut Store, number: i64) -> Result<Self, PublishError> {
        let (run, issue) = store.issue(number).await?.ok_or(PublishError::NoIssue(number))?;
        Ok(Self { readers: store.missing(number).await?, issue, run })
    }

    /// Stops unless every guard of the issue passes or is allowed to.
    ///
    /// # Errors
    /// [`PublishError::Refused`].
    pub fn allowed(&self, mail: &Mail, allow: &[GuardName]) -> Result<(), PublishError> {
        let list = (self.readers.confirmed == 0 && self.issue.lists.is_empty()).then(no_readers);
        let example = placeholder::guard_of_frozen(std::slice::from_ref(&self.issue), mail);
        let guards: Vec<_> = list.into_iter().chain(example).filter(|guard| !allow.contains(&guard.name)).collect();
        if guards.is_empty() { Ok(()) } else { Err(PublishError::Refused(guards)) }
    }
}
