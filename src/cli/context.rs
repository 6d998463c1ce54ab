//! What a command is run with.

use std::path::PathBuf;

use jiff::Timestamp;

use super::ui::Ui;
use crate::clock::Clock;
use crate::files::StateFolder;

/// What every command is given.
pub(super) struct Context {
    pub(super) site: PathBuf,
    pub(super) clock: Clock,
    /// The time of the command, read once.
    pub(super) now: Timestamp,
    /// What this machine remembers about sites, outside of them.
    pub(super) state: StateFolder,
    pub(super) ui: Ui,
}
