//! `tidings man`

use clap::Args;

use super::Ui;
use super::failure::{Exit, Failure};

/// Print the manual page: `tidings man > ~/.local/share/man/man1/tidings.1`, or of a command: `tidings man publish`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidings man > ~/.local/share/man/man1/tidings.1\n  tidings man runs show")]
pub(super) struct Arguments {
    /// The command, such as `publish` or `runs show`; the whole program without one
    #[arg(value_name = "COMMAND")]
    path: Vec<String>,
}

pub(super) fn run(arguments: &Arguments, mut command: clap::Command) -> Result<Exit, Failure> {
    // Subcommands learn the options of every command, and their whole names, from this.
    command.build();
    let mut shown = &command;
    for name in &arguments.path {
        let found = shown.find_subcommand(name);
        shown = found.ok_or_else(|| {
            Failure::usage(format!("there is no command `{name}`"), "`tidings --help` lists all commands")
        })?;
    }
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(shown.clone()).title(title(shown)).render(&mut page);
    rendered.map_err(|error| Failure::unexpected(error.to_string()))?;
    Ui::data(&String::from_utf8_lossy(&page));
    Ok(Exit::Done)
}

/// `tidings runs show` → `tidings-runs-show`
fn title(command: &clap::Command) -> String {
    command.get_bin_name().unwrap_or("tidings").replace(' ', "-")
}
