//! Why publishing did not go as asked.

use std::path::PathBuf;

use super::guard::Guard;
use crate::diagnostic::{Diagnostic, Location};
use crate::files::{Refusal, Why};
use crate::store::StoreError;
use crate::transport::TransportError;

/// Nothing was sent when one of these comes before the first delivery; each says what to do.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum PublishError {
    #[error("the site has errors")]
    Site(Vec<Diagnostic>),
    #[error("a guard refuses to publish")]
    Refused(Vec<Guard>),
    #[error("readers would take old entries for new ones, or miss some")]
    FeedsRefused(Vec<Diagnostic>),
    #[error("the plan is not the one that was reviewed: {}", if found.is_empty() { "nothing is due".to_owned() } else { format!("its digest is {found}") })]
    OtherPlan { found: String },
    #[error("`--include` does not name one post: `{wanted}`")]
    NotOnePost { wanted: String, why: NotOnePost },
    #[error("`--include` names a post that cannot be mailed: {path}: {reason}")]
    NotMailable { path: String, reason: String },
    #[error("there is no issue {0} in this database")]
    NoIssue(i64),
    #[error("{0}: nothing more is sent")]
    Spike(String),
    #[error("another process is delivering from this database")]
    Busy,
    #[error("issue {number} in the database is damaged: {what} cannot be read")]
    DamagedIssue { number: i64, what: String },
    #[error("`store.checkpoint`: {0}; what was done is recorded on this machine only")]
    Checkpoint(String),
    /// What stood in the way of the plan, and then of deliveries that need none.
    #[error("{0}; {1}")]
    Both(Box<PublishError>, Box<PublishError>),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Transport(#[from] TransportError),
    #[error("{}: {error}", path.display())]
    File { path: PathBuf, error: std::io::Error },
}

impl PublishError {
    /// Why a file of the site cannot be used.
    pub fn file(path: impl Into<PathBuf>, error: std::io::Error) -> Self {
        match Refusal::of(&error) {
            Some(refusal) => Self::Site(vec![refused(refusal)]),
            None => Self::File { path: path.into(), error },
        }
    }
}

/// Why a name does not lead to one post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotOnePost {
    /// Nothing is called so.
    None {
        /// The path of the post with the most similar file name, when there are posts.
        nearest: Option<String>,
    },
    /// Several files have that name or slug.
    Several {
        /// Their paths.
        paths: Vec<String>,
    },
}

impl NotOnePost {
    /// How to name one.
    pub fn help(&self) -> String {
        match self {
            Self::None { nearest: None } => "there are no posts".to_owned(),
            Self::None { nearest: Some(path) } => format!("did you mean `{path}`?"),
            Self::Several { paths } => format!("name one by its path: {}", paths.join(", ")),
        }
    }
}

/// What a refusal is to the user.
pub fn refused(refusal: &Refusal) -> Diagnostic {
    let code = match &refusal.why {
        Why::Leaves(_) | Why::Outside(_) => "file/outside",
        Why::Hidden(_) => "file/hidden",
        Why::NoFile(_) | Why::OfTheSystem(_) => "file/kind",
        Why::TooLarge { .. } => "file/size",
        Why::NoLock => "file/lock",
    };
    Diagnostic::error(code, refusal.to_string()).at(Location::start_of(&refusal.name)).help(refusal.help())
}
