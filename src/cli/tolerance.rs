//! `--strict` and `--skip-bad`, which several commands take.

use clap::Args;

use crate::publish::Tolerance;

/// How much may be wrong with the posts.
#[derive(Debug, Args)]
pub(super) struct ToleranceArguments {
    /// Take warnings for errors
    #[arg(long)]
    strict: bool,

    /// Leave out posts with errors; nothing is mailed as long as one of them might be due
    #[arg(long, conflicts_with = "strict")]
    skip_bad: bool,
}

impl ToleranceArguments {
    pub(super) fn tolerance(&self) -> Tolerance {
        match self {
            Self { strict: true, .. } => Tolerance::Nothing,
            Self { skip_bad: true, .. } => Tolerance::BadPosts,
            _ => Tolerance::Warnings,
        }
    }
}
