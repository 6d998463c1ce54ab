//! `--allow` and `--accept`, which several commands have in common.

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::publish::GuardName;

/// The guards that the user lets pass.
#[derive(Debug, Args)]
pub(super) struct Allow {
    /// Let a guard pass that refused
    #[arg(long, value_name = "GUARD", value_parser = PossibleValuesParser::new(GuardName::ALL.map(GuardName::as_str)))]
    allow: Vec<String>,
}

impl Allow {
    pub(super) fn guards(&self) -> Vec<GuardName> {
        GuardName::ALL.into_iter().filter(|guard| self.allow.iter().any(|word| word == guard.as_str())).collect()
    }
}

/// What a user lets pass of what readers would notice in the feeds.
#[derive(Debug, Args)]
pub(super) struct Accept {
    /// Write the feeds even if readers would take old entries for new ones or miss some
    #[arg(long)]
    pub(super) accept: bool,
}
