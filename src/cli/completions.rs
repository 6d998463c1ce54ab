//! `tidings completions`

use clap::Args;
use clap_complete::Shell;

use super::Ui;
use super::failure::Exit;

/// Print what a shell needs to complete commands and options.
///
/// For bash: `tidings completions bash > ~/.local/share/bash-completion/completions/tidings`. For zsh, into a folder of
/// `$fpath` under the name `_tidings`; for fish: `tidings completions fish > ~/.config/fish/completions/tidings.fish`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidings completions fish > ~/.config/fish/completions/tidings.fish")]
pub(super) struct Arguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments, mut command: clap::Command) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "tidings", &mut script);
    Ui::data(&String::from_utf8_lossy(&script));
    Exit::Done
}
