//! The program that keeps a copy of the database elsewhere (`store.checkpoint`), for machines without a disk of their own.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::smtp::one_line;

/// A program that has not ended after so long will not.
const PATIENCE: Duration = Duration::from_mins(10);

/// A program that is started when the database has to be safe.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// As it stands in the config, for messages.
    name: String,
    program: PathBuf,
    arguments: Vec<String>,
    folder: PathBuf,
}

impl Checkpoint {
    /// The program at a path, called `name` in messages; it is started in the folder of the site.
    pub fn new(name: &str, program: PathBuf, arguments: &[String], site: &Path) -> Self {
        Self { name: name.to_owned(), program, arguments: arguments.to_vec(), folder: site.to_owned() }
    }

    /// Runs it. The file that the variable `TIDINGS_DATABASE` names is whole and does not change meanwhile.
    ///
    /// # Errors
    /// What it said, when it did not end well.
    pub async fn run(&self, database: &Path) -> Result<(), String> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(&self.folder).env("TIDINGS_DATABASE", database);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        // Ctrl-C on the terminal asks us to finish what was begun, and this is.
        #[cfg(unix)]
        command.process_group(0);
        let output = match timeout(PATIENCE, command.output()).await {
            Ok(Ok(output)) => output,
            Ok(Err(error)) => return Err(format!("{} cannot be started: {error}", self.name)),
            Err(_) => return Err(format!("{} did not end in {} minutes", self.name, PATIENCE.as_secs() / 60)),
        };
        if output.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stderr);
        let last = one_line(text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default());
        let said = if last.is_empty() { String::new() } else { format!(": {last}") };
        Err(format!("{} failed ({}){said}", self.name, output.status))
    }
}
