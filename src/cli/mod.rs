//! The command line: one file for each command, which holds its arguments (their doc comments are the help texts) and what
//! it does. Results go to stdout, everything else to stderr; [`ui`] is the only printer.

mod against;
mod agreement;
mod allow;
mod build;
mod check;
mod completions;
mod context;
mod deliver;
mod dkim;
mod explain;
mod failure;
mod feeds;
mod follow;
mod form;
mod help;
mod history;
mod inbox;
mod init;
mod letters;
mod look;
mod man;
mod missing;
mod new;
mod page;
mod ping;
mod plan;
mod posts;
mod preview;
mod printable;
mod progress;
mod publish;
mod report;
mod runs;
mod serve;
mod session;
mod state;
mod status;
mod store;
mod subscribers;
mod table;
mod tell;
mod tolerance;
pub mod ui;
mod wait;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde_json::json;

use crate::clock::{self, Clock};
use context::Context;
use failure::{Exit, Failure};
use help::GLOBAL;
use printable::one_line;
use ui::{ColorWhen, Ui};

/// Turn a folder of Markdown posts into feeds and a newsletter.
///
/// Every reader gets every new entry once, and you can see why: `tidings publish --dry-run` shows byte for byte what
/// `tidings publish` sends.
#[derive(Debug, Parser)]
#[command(
    name = "tidings",
    version,
    max_term_width = 100,
    after_help = "Examples:
  tidings init notes                    # a new site, or one for the blog in that folder
  tidings -C notes publish --dry-run    # what would go out, and to how many
  tidings help publish                  # all about one command"
)]
struct Cli {
    /// The folder of the site, where config.toml is
    #[arg(short = 'C', long = "site", value_name = "SITE", global = true, help_heading = GLOBAL, default_value = ".")]
    site: PathBuf,

    /// Act as if it were this time, such as 2026-01-31T09:00:00Z or 2026-01-31 (UTC)
    #[arg(long, value_name = "TIME", global = true, help_heading = GLOBAL, env = "TIDINGS_NOW", value_parser = parse_now, hide_env_values = true)]
    now: Option<Timestamp>,

    /// Say only what is wrong
    #[arg(short, long, global = true, help_heading = GLOBAL, conflicts_with = "verbose")]
    quiet: bool,

    /// Say more
    #[arg(short, long, global = true, help_heading = GLOBAL)]
    verbose: bool,

    /// When to use colours
    #[arg(long, value_name = "WHEN", global = true, help_heading = GLOBAL, value_enum, default_value_t = ColorWhen::Auto)]
    color: ColorWhen,

    #[command(subcommand)]
    command: Command,
}

/// The enum of the commands, and what runs them.
macro_rules! commands {
    (|$arguments:ident, $context:ident| $($name:ident($module:ident) => $run:expr,)+) => {
        #[derive(Debug, Subcommand)]
        enum Command {
            $($name($module::Arguments),)+
        }

        async fn dispatch(command: Command, $context: &Context) -> Result<Exit, Failure> {
            match command {
                $(Command::$name($arguments) => $run,)+
            }
        }
    };
}

// Every command, in the order of the help text.
commands! { |arguments, context|
    Init(init) => init::run(&arguments, context),
    New(new) => new::run(&arguments, context),
    Build(build) => build::run(&arguments, context),
    Feeds(feeds) => feeds::run(&arguments, context),
    Ping(ping) => ping::run(&arguments, context),
    Check(check) => check::run(&arguments, context).await,
    Publish(publish) => Box::pin(publish::run(arguments, context)).await,
    Preview(preview) => Box::pin(preview::run(&arguments, context)).await,
    Serve(serve) => Box::pin(serve::run(&arguments, context)).await,
    Form(form) => form::run(&arguments, context),
    Deliver(deliver) => deliver::run(&arguments, context).await,
    Posts(posts) => posts::run(&arguments, context).await,
    Explain(explain) => explain::run(&arguments, context).await,
    Status(status) => status::run(&arguments, context).await,
    Runs(runs) => runs::run(arguments, context).await,
    Inbox(inbox) => inbox::run(&arguments, context).await,
    Subscribers(subscribers) => subscribers::run(arguments, context).await,
    Store(store) => store::run(arguments, context).await,
    Dkim(dkim) => dkim::run(arguments, context),
    Completions(completions) => Ok(completions::run(&arguments, Cli::command())),
    Man(man) => man::run(&arguments, Cli::command()),
}

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    let typed: Vec<_> = std::env::args_os().collect();
    let command = || help::shaped(Cli::command(), &typed, Ui::width());
    let read = |matches: ArgMatches| Ok((help::is_set("json", &matches), Cli::from_arg_matches(&matches)?));
    let (is_json, cli) = match command().try_get_matches_from(&typed).and_then(read) {
        Ok(read) => read,
        Err(error) => {
            // What it repeats of the arguments must not look like lines of ours.
            let clean = typed.iter().map(|argument| one_line(&argument.to_string_lossy()));
            let error = command().try_get_matches_from(clean).err().unwrap_or(error);
            Ui::usage(&error);
            if !error.use_stderr() {
                return Exit::Done.into();
            }
            if typed.iter().take_while(|argument| *argument != "--").any(|argument| argument == "--json") {
                Ui::json(&json!({ "error": Failure::from(&error).as_json() }));
            }
            return Exit::Usage.into();
        }
    };
    let clock = cli.now.map_or(Clock::System, Clock::Fixed);
    let ui = Ui::new(cli.color, cli.quiet, cli.verbose);
    let context = Context { site: cli.site, clock, now: clock.now(), state: state::folder(), ui };
    // One thread serves all connections: they wait for the server far more than they compute, and what they have to record
    // gathers while the recorder waits for its turn, so that one flush to disk serves more of them.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            context.ui.failure(&Failure::unexpected(format!("the runtime does not start: {error}")));
            return Exit::Unexpected.into();
        }
    };
    let done = runtime.block_on(dispatch(cli.command, &context));
    match done {
        Ok(Exit::Done) if Ui::lost_output() => {
            context.ui.failure(&Failure::unexpected("the result could not be written whole"));
            Exit::Unexpected.into()
        }
        Ok(exit) => exit.into(),
        Err(failure) => {
            context.ui.failure(&failure);
            if is_json && !Ui::has_printed_json() {
                Ui::json(&json!({ "error": failure.as_json() }));
            }
            failure.exit.into()
        }
    }
}

/// A moment with its zone, or a day or local time, which is then in UTC; cut to whole seconds like the clock.
fn parse_now(text: &str) -> Result<Timestamp, String> {
    let in_utc = |time: DateTime| time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    let moment = text
        .parse::<Timestamp>()
        .ok()
        .or_else(|| text.parse::<DateTime>().ok().and_then(in_utc))
        .or_else(|| text.parse::<Date>().ok().map(|day| day.at(0, 0, 0, 0)).and_then(in_utc));
    moment.map(clock::whole_seconds).ok_or_else(|| "write a time such as 2026-01-31T09:00:00Z, or a day".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_time_may_be_a_moment_a_local_time_or_a_day() {
        let now = |text: &str| parse_now(text).map(|moment| moment.to_string());
        assert_eq!(now("2026-01-31T10:00:00.9+01:00").as_deref(), Ok("2026-01-31T09:00:00Z"));
        assert_eq!(now("2026-01-31T09:00").as_deref(), Ok("2026-01-31T09:00:00Z"));
        assert_eq!(now("2026-01-31").as_deref(), Ok("2026-01-31T00:00:00Z"));
        assert!(now("tomorrow").is_err());
    }
}
