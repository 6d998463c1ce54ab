//! How the help of a command looks: its own options and an example. The options of every command are in the help of the program
//! alone, to which a line leads.

use std::ffi::OsString;

use annotate_snippets::renderer::AnsiColor;
use clap::builder::Styles;
use clap::{ArgMatches, ColorChoice, Command};

/// The options that every command takes.
pub(super) const GLOBAL: &str = "Options of every command";

/// Stands in the help of a command for those options.
const ELSEWHERE: &str = "Every command takes -C, --now, -q, -v and --color: see `tidings --help`.";

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Help has no longer lines, however wide the terminal is.
const WIDEST: usize = 100;

/// The command line as it is read and explained; `typed` says whether in colours, `width` is that of the terminal.
pub(super) fn shaped(command: Command, typed: &[OsString], width: Option<usize>) -> Command {
    let mut command = command.color(color(typed)).styles(STYLES);
    if let Some(width) = width {
        command = command.term_width(width.min(WIDEST));
    }
    // Commands have their whole names and the options of all from here on.
    command.build();
    with_heading(command, None).mut_subcommands(shaped_below)
}

fn shaped_below(command: Command) -> Command {
    let command = command.mut_args(|arg| if arg.get_help_heading() == Some(GLOBAL) { arg.hide(true) } else { arg });
    with_heading(command, Some(ELSEWHERE)).mut_subcommands(shaped_below)
}

/// With the word above the examples as other headings are, and a last line.
fn with_heading(command: Command, last: Option<&str>) -> Command {
    let Some(examples) = command.get_after_help().map(ToString::to_string) else { return command };
    let style = STYLES.get_header();
    let (heading, rest) = examples.split_once(':').unwrap_or(("", &examples));
    let last = last.map(|last| format!("\n\n{last}")).unwrap_or_default();
    command.after_help(format!("{style}{heading}:{style:#}{rest}{last}"))
}

/// What `--color` says. Help is printed before the arguments are read.
fn color(typed: &[OsString]) -> ColorChoice {
    let mut words = typed.iter().filter_map(|word| word.to_str()).take_while(|word| *word != "--");
    let mut choice = ColorChoice::Auto;
    while let Some(word) = words.next() {
        let when = if word == "--color" { words.next() } else { word.strip_prefix("--color=") };
        choice = match when {
            Some("always") => ColorChoice::Always,
            Some("never") => ColorChoice::Never,
            Some("auto") => ColorChoice::Auto,
            _ => choice,
        };
    }
    choice
}

/// Whether this switch of the command was given.
pub(super) fn is_set(name: &str, matches: &ArgMatches) -> bool {
    let here = matches.try_get_one::<bool>(name).ok().flatten().is_some_and(|is_set| *is_set);
    here || matches.subcommand().is_some_and(|(_, below)| is_set(name, below))
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, FromArgMatches as _};

    use super::super::Cli;
    use super::*;

    /// Every command with its help, those below others too.
    fn all(command: &Command) -> Vec<(String, String)> {
        let mut all = vec![(command.get_name().to_owned(), command.clone().render_long_help().to_string())];
        all.extend(command.get_subcommands().filter(|below| below.get_name() != "help").flat_map(self::all));
        all
    }

    #[test]
    fn every_command_has_an_example_that_can_be_typed() {
        let command = shaped(Cli::command(), &[], None);
        for (name, help) in all(&command) {
            let examples: Vec<_> = help.lines().filter_map(|line| line.trim().strip_prefix("tidings ")).collect();
            assert!(!examples.is_empty(), "{name} has no example: {help}");
            for example in examples {
                let example =
                    example.split(" #").next().unwrap_or_default().split(['|', '>', '<']).next().unwrap_or_default();
                // A quoted argument is one.
                let words = example
                    .split('"')
                    .enumerate()
                    .flat_map(|(at, part)| if at % 2 == 1 { vec![part] } else { part.split_whitespace().collect() });
                let read = command.clone().try_get_matches_from(std::iter::once("tidings").chain(words));
                let is_read = read.as_ref().map_or_else(|error| !error.use_stderr(), |_| true);
                assert!(is_read, "{name}: {example}: {:?}", read.map_err(|error| error.to_string()));
            }
        }
    }

    #[test]
    fn the_options_of_every_command_are_explained_once() {
        let command = shaped(Cli::command(), &[], None);
        for (name, help) in all(&command) {
            let is_program = name == "tidings";
            assert_eq!(help.contains("When to use colours"), is_program, "{name}: {help}");
            assert_eq!(help.contains(ELSEWHERE), !is_program, "{name}: {help}");
        }
        let read = command.try_get_matches_from(["tidings", "status", "--color", "never", "-C", "x"]).unwrap();
        assert!(Cli::from_arg_matches(&read).is_ok_and(|cli| cli.site.ends_with("x")), "they are taken all the same");
    }

    #[test]
    fn help_has_the_colours_that_are_asked_for() {
        let color = |typed: &[&str]| color(&typed.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(color(&["tidings", "--help", "--color", "never"]), ColorChoice::Never);
        assert_eq!(color(&["tidings", "--color=always", "posts"]), ColorChoice::Always);
        assert_eq!(color(&["tidings", "new", "--", "--color=always"]), ColorChoice::Auto);
    }
}
