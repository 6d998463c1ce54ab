//! Exit codes, and how what went wrong below becomes one of them.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::report::diagnostic_as_json;
use crate::diagnostic::{Diagnostic, Severity};
use crate::publish::{Guard, PublishError, refused};
use crate::store::StoreError;

/// What the program tells the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Done; to find nothing due is done.
    Done = 0,
    /// Something failed that is not in the files of the site.
    Unexpected = 1,
    /// The command line is wrong.
    Usage = 2,
    /// Posts or configuration have errors.
    Problems = 3,
    /// Some deliveries failed, are deferred or in doubt, or are still queued.
    Incomplete = 4,
    /// A guard refuses.
    Refused = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command ended early: what to print, and what to tell the shell.
#[derive(Debug)]
pub(super) struct Failure {
    /// What to tell the shell.
    pub(super) exit: Exit,
    /// What is wrong, at least one.
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Failure {
    pub(super) fn new(exit: Exit, diagnostic: Diagnostic) -> Self {
        Self { exit, diagnostics: vec![diagnostic] }
    }

    pub(super) fn unexpected(message: impl Into<String>) -> Self {
        Self::new(Exit::Unexpected, Diagnostic::error("unexpected", message))
    }

    /// What a guard would refuse, before it does.
    pub(super) fn warning(guard: &Guard) -> Diagnostic {
        let help = format!("{}; or let it pass with `--allow {}`", guard.help, guard.name.as_str());
        Diagnostic::warning("guard", guard.message.clone()).help(help)
    }

    /// The same for programs; the keys are a promise: `exit`, and `diagnostics` as `check --json` has them.
    pub(super) fn as_json(&self) -> Value {
        let diagnostics: Value = self.diagnostics.iter().map(diagnostic_as_json).collect();
        json!({ "exit": self.exit as u8, "diagnostics": diagnostics })
    }

    pub(super) fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(Exit::Usage, Diagnostic::error("usage", message).help(help))
    }
}

/// What clap says in lines for people.
impl From<&clap::Error> for Failure {
    fn from(error: &clap::Error) -> Self {
        let said = error.render().to_string();
        let (message, more) = said.split_once("\n\n").unwrap_or((&said, ""));
        let message = message.strip_prefix("error: ").unwrap_or(message);
        let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
        let tip = more.lines().find_map(|line| line.trim().strip_prefix("tip: "));
        Self::usage(
            message,
            tip.unwrap_or("`tidings --help` lists all commands, and `tidings help COMMAND` explains one"),
        )
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        if let StoreError::Refused(refusal) = &error {
            return Self::new(Exit::Problems, refused(refusal));
        }
        // A database that cannot be made or opened is a mistake in config.toml or on the disk, and can be mended there.
        let exit = match error {
            StoreError::Folder { .. }
            | StoreError::Open { .. }
            | StoreError::Foreign { .. }
            | StoreError::ForeignLog { .. }
            | StoreError::ForeignTables { .. } => Exit::Problems,
            StoreError::Moved { .. } | StoreError::NotEmpty { .. } | StoreError::Delivering => Exit::Refused,
            _ => Exit::Unexpected,
        };
        let mut diagnostic = Diagnostic::error("store", error.to_string());
        diagnostic.help = error.help().map(str::to_owned);
        Self::new(exit, diagnostic)
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        let message = error.to_string();
        match error {
            PublishError::Site(diagnostics) => Self { exit: Exit::Problems, diagnostics },
            PublishError::FeedsRefused(diagnostics) => Self { exit: Exit::Refused, diagnostics },
            PublishError::Refused(guards) => {
                let refusal = |guard| Diagnostic { severity: Severity::Error, ..Self::warning(guard) };
                Self { exit: Exit::Refused, diagnostics: guards.iter().map(refusal).collect() }
            }
            PublishError::OtherPlan { .. } => {
                let help = "look at `tidings publish --dry-run` again, and expect the digest that it names";
                Self::new(Exit::Refused, Diagnostic::error("guard", message).help(help))
            }
            PublishError::NotOnePost { why, .. } => Self::usage(message, why.help()),
            PublishError::NoIssue(_) => Self::usage(message, "see `tidings runs` for those that there are"),
            PublishError::NotMailable { .. } => Self::new(
                Exit::Refused,
                Diagnostic::error("guard", message)
                    .help("change that in its front matter, or leave it out of `--include`"),
            ),
            PublishError::Spike(_) => Self::new(
                Exit::Incomplete,
                Diagnostic::error("guard", message).help(
                    "look what they say with `tidings explain ADDRESS`; when the cause is mended, let it pass with `--allow spike`",
                ),
            ),
            PublishError::Busy => Self::new(
                Exit::Refused,
                Diagnostic::error("guard", message).help("wait for it to end; `tidings status` shows how far it is"),
            ),
            PublishError::Both(first, second) => {
                let mut failure = Self::from(*first);
                failure.diagnostics.extend(Self::from(*second).diagnostics);
                failure
            }
            PublishError::Store(error) => error.into(),
            PublishError::Transport(error) => {
                let mut diagnostic = Diagnostic::error("transport", message);
                diagnostic.help = error.help();
                Self::new(Exit::Unexpected, diagnostic)
            }
            PublishError::DamagedIssue { .. } | PublishError::File { .. } | PublishError::Checkpoint(_) => {
                Self::unexpected(message)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_codes_are_those_that_scripts_rely_on() {
        let all = [Exit::Done, Exit::Unexpected, Exit::Usage, Exit::Problems, Exit::Incomplete, Exit::Refused];
        assert_eq!(all.map(|exit| exit as u8), [0, 1, 2, 3, 4, 5]);
    }
}
