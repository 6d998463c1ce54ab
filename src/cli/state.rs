//! Where this machine remembers what it knows about sites.

use std::path::PathBuf;

use crate::files::StateFolder;

/// The folder `tidings` where the system keeps the state of programs: `XDG_STATE_HOME`, by default `~/.local/state` (XDG
/// Base Directory Specification); `~/Library/Application Support` on macOS, `%LOCALAPPDATA%` on Windows.
pub(super) fn folder() -> StateFolder {
    let home = || variable("HOME");
    let base = variable("XDG_STATE_HOME").or_else(|| {
        if cfg!(windows) {
            variable("LOCALAPPDATA")
        } else if cfg!(target_os = "macos") {
            home().map(|home| home.join("Library/Application Support"))
        } else {
            home().map(|home| home.join(".local/state"))
        }
    });
    StateFolder::new(base.map(|base| base.join("tidings")))
}

/// A relative path is to be ignored, says the specification.
#[expect(clippy::disallowed_methods, reason = "the command line is where the environment comes in")]
fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
}
