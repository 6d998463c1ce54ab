//! `tidings subscribers import`

use std::collections::HashSet;
use std::io::BufRead;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::super::failure::{Exit, Failure};
use super::super::{Context, Ui, session};
use super::invite;
use super::preview::{Preview, told};
use crate::config::Config;
use crate::diagnostic::{Diagnostic, Location};
use crate::email::Tokens;
use crate::files;
use crate::list::{Findings, Import, Options};
use crate::model::{EmailAddress, SubscriberStatus};
use crate::publish::{address_hash, count};
use crate::store::{Arrivals, Arrived, Taking};

/// Put the readers of a CSV file on the list as what the file says they are
///
/// Exports of Ghost, Substack, Buttondown, Mailchimp, Kit, beehiiv, listmonk, Keila and tidings are read as they are, and any
/// CSV file whose first line names a column `email`. You vouch that readers asked for it whom the file does not say to be
/// anything else; with --opt-in they are asked to confirm first. A column that looks like consent and is not known is refused.
///
/// Who is on the list already stays as they are, so no reader who left comes back; but a reader who left, bounced or complained
/// by the file gets no mail from here either. All rows or none: a row with an error stops the import, unless --skip-bad
/// leaves such rows out. On a terminal you see first what would come in. Importing sends nothing.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidings subscribers import readers.csv --dry-run\n  tidings subscribers import readers.csv\n  tidings subscribers import --opt-in guests.csv"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(super) struct Arguments {
    /// The file, or - for the standard input
    file: PathBuf,
    /// Leave rows with errors out instead of stopping
    #[arg(long)]
    skip_bad: bool,
    /// Take the readers of the file as this at most, such as `unsubscribed` for a list of those who left
    #[arg(long = "as", value_name = "STATUS", value_parser = PossibleValuesParser::new(SubscriberStatus::ALL.map(SubscriberStatus::as_str)))]
    taken_as: Option<String>,
    /// Ask those who would be confirmed, or are pending, to confirm before they get anything: a letter each, spread over time
    #[arg(long)]
    opt_in: bool,
    /// Take a column for none of consent, whatever it is called (repeatable)
    #[arg(long = "ignore-column", value_name = "NAME")]
    ignored: Vec<String>,
    /// Show what would come in, and what each column is taken for; change nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// With --dry-run: print it as JSON
    #[arg(long, requires = "dry_run")]
    json: bool,
    /// Import without a question
    #[arg(short, long, conflicts_with = "dry_run")]
    yes: bool,
}

pub(super) async fn run(arguments: &Arguments, config: &Config, context: &Context) -> Result<Exit, Failure> {
    if arguments.opt_in {
        invite::can_confirm(config)?;
    }
    let (name, input) = open(&arguments.file)?;
    let options = Options {
        path: &name,
        now: context.now,
        taken_as: arguments.taken_as.as_deref().and_then(SubscriberStatus::parse),
        ignored: &arguments.ignored,
    };
    let mut readers = Import::new(input, options).map_err(|error| unreadable(&name, &error))?;
    let erased = Erased::read(config, context, arguments.opt_in).await?;
    let mut preview = Preview::default();
    let mut arrivals = Arrivals::new().await?;
    while let Some(mut reader) = readers.next() {
        if erased.has(&reader.address) {
            preview.kept_out += 1;
            continue;
        }
        if arguments.opt_in {
            reader.status = reader.status.or_more_careful(SubscriberStatus::Pending);
        }
        *preview.in_file.of_mut(reader.status) += 1;
        // After an error the rest is only looked through.
        if arguments.skip_bad || !readers.has_errors() {
            arrivals.add(reader).await?;
        }
    }
    preview.origin = readers.origin();
    preview.columns = readers.columns().to_vec();
    let findings = readers.finish();
    let is_refused = findings.is_refused || (findings.bad_rows > 0 && !arguments.skip_bad);
    if is_refused && !arguments.dry_run {
        return Err(refusal(findings));
    }
    let how = if arguments.opt_in { "asked to confirm" } else { "vouched for by the owner" };
    let source = format!("import of {name}, {how}");
    let taking = Taking { source: &source, now: context.now, asks: arguments.opt_in };
    let asks = !arguments.yes && arguments.file != Path::new("-") && Ui::is_interactive();
    if (arguments.dry_run || asks) && !is_refused {
        let existing = session::existing_store(config, &context.site).await?;
        preview.arrived = Some(match existing {
            Some(mut store) => {
                let arrived = store.try_to_take(&mut arrivals, taking).await?;
                store.close().await?;
                arrived
            }
            None => arrivals.to_nowhere(taking).await?,
        });
    }
    if arguments.dry_run {
        preview.show(&findings, arguments.json, config, context);
        return Ok(if is_refused { Exit::Problems } else { Exit::Done });
    }
    context.ui.diagnostics(&findings.diagnostics);
    if asks {
        preview.lead_to_a_question(&findings, config, context);
        if !Ui::confirm("Import them?") {
            context.ui.say("Nothing was changed.");
            return Ok(Exit::Done);
        }
    }
    let mut store = session::store(config, &context.site).await?;
    let arrived = store.take(arrivals, taking).await?;
    context.ui.say(&summary(&arrived, &findings, preview.kept_out));
    store.close().await?;
    Ok(Exit::Done)
}

/// The hashes of those whom no import may bring back.
#[derive(Default)]
struct Erased(Option<(Tokens, HashSet<String>)>);

impl Erased {
    /// With `asks`, also those who have not answered letters that ask to confirm.
    async fn read(config: &Config, context: &Context, asks: bool) -> Result<Self, Failure> {
        let Some(mut store) = session::existing_store(config, &context.site).await? else { return Ok(Self::default()) };
        let hashes = store.kept_out(asks.then_some(context.now)).await?;
        let known = if hashes.is_empty() { None } else { Some((Tokens::new(&store.secret().await?), hashes)) };
        store.close().await?;
        Ok(Self(known))
    }

    fn has(&self, address: &EmailAddress) -> bool {
        self.0.as_ref().is_some_and(|(tokens, hashes)| hashes.contains(&address_hash(tokens, address)))
    }
}

#[expect(clippy::disallowed_methods, reason = "a person named the file")]
fn open(file: &Path) -> Result<(String, Box<dyn BufRead>), Failure> {
    if file == Path::new("-") {
        return Ok((
            "standard input".to_owned(),
            Box::new(std::io::BufReader::with_capacity(1 << 16, std::io::stdin())),
        ));
    }
    let name = file.display().to_string();
    match files::open_named(file) {
        Ok(input) => Ok((name, Box::new(input))),
        Err(error) => Err(unreadable(&name, &error)),
    }
}

fn unreadable(name: &str, error: &std::io::Error) -> Failure {
    let message = format!("the file cannot be read: {error}");
    let unreadable = Diagnostic::error("import/file", message).at(Location::start_of(name));
    Failure::new(Exit::Usage, unreadable.help("check its name"))
}

/// Why nothing was imported.
fn refusal(mut findings: Findings) -> Failure {
    if findings.bad_rows > 0 {
        let rows = count(findings.bad_rows, "row");
        let message = format!("{rows} cannot be taken, and nothing was imported");
        let help = if findings.is_refused {
            "mend them with the rest"
        } else {
            "mend them, or leave them out with `--skip-bad`"
        };
        findings.diagnostics.retain(Diagnostic::is_error);
        findings.diagnostics.push(Diagnostic::error("import/rows", message).help(help));
    }
    Failure { exit: Exit::Problems, diagnostics: findings.diagnostics }
}

/// What was done, by what the readers are.
fn summary(arrived: &Arrived, findings: &Findings, kept_out: u64) -> String {
    let mut text = told(arrived);
    let left_out = findings.bad_rows.saturating_sub(findings.heeded);
    if left_out > 0 {
        text += &format!(", {left_out} left out");
    }
    if kept_out > 0 {
        text += &format!(", {kept_out} left out who were erased here or want no mail");
    }
    if findings.heeded > 0 {
        text += &format!("; {} with errors taken all the same, as refusing mail", count(findings.heeded, "row"));
    }
    text + "."
}
