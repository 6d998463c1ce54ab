//! `tidings subscribers import`

use std::collections::HashSet;
use std::io::BufRead;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::super::failure::{Exit, Failure};
use super::super::{Context, session};
use super::preview;
use crate::config::Config;
use crate::diagnostic::{Diagnostic, Location};
use crate::email::Tokens;
use crate::files;
use crate::list::{Findings, Import, Options};
use crate::model::{EmailAddress, SubscriberCounts, SubscriberStatus};
use crate::publish::{address_hash, count};
use crate::store::{Arrivals, Arrived};

/// Put the readers of a CSV file on the list as what the file says they are
///
/// Exports of Ghost, Substack, Buttondown, Mailchimp, Kit, beehiiv, listmonk, Keila and tidings are read as they are, and any
/// CSV file whose first line names a column `email`. You vouch that readers asked for it whom the file does not say to be
/// anything else. A column that looks like consent and is not known is refused.
///
/// Who is on the list already stays as they are, so no reader who left comes back; but a reader who left, bounced or complained
/// by the file gets no mail from here either. All rows or none: a row with an error stops the import, unless --skip-bad
/// leaves such rows out.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidings subscribers import readers.csv --dry-run\n  tidings subscribers import readers.csv"
)]
pub(super) struct Arguments {
    /// The file, or - for the standard input
    file: PathBuf,
    /// Leave rows with errors out instead of stopping
    #[arg(long)]
    skip_bad: bool,
    /// Take the readers of the file as this at most, such as `unsubscribed` for a list of those who left
    #[arg(long = "as", value_name = "STATUS", value_parser = PossibleValuesParser::new(SubscriberStatus::ALL.map(SubscriberStatus::as_str)))]
    taken_as: Option<String>,
    /// Take a column for none of consent, whatever it is called (repeatable)
    #[arg(long = "ignore-column", value_name = "NAME")]
    ignored: Vec<String>,
    /// Show what would come in, and what each column is taken for; change nothing
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run: print it as JSON
    #[arg(long, requires = "dry_run")]
    json: bool,
}

pub(super) async fn run(arguments: &Arguments, config: &Config, context: &Context) -> Result<Exit, Failure> {
    let (name, input) = open(&arguments.file)?;
    let options = Options {
        path: &name,
        now: context.now,
        taken_as: arguments.taken_as.as_deref().and_then(SubscriberStatus::parse),
        ignored: &arguments.ignored,
    };
    let mut readers = Import::new(input, options).map_err(|error| unreadable(&name, &error))?;
    let erased = Erased::read(config, context).await?;
    let mut kept_out = 0;
    let mut counts = SubscriberCounts::default();
    let mut arrivals = Arrivals::new().await?;
    while let Some(reader) = readers.next() {
        if erased.has(&reader.address) {
            kept_out += 1;
            continue;
        }
        *counts.of_mut(reader.status) += 1;
        // After an error the rest is only looked through.
        if !arguments.dry_run && (arguments.skip_bad || !readers.has_errors()) {
            arrivals.add(reader).await?;
        }
    }
    if arguments.dry_run {
        let columns = readers.columns().to_vec();
        let findings = readers.finish();
        preview::show(&columns, counts, kept_out, &findings, arguments.json, context);
        let is_refused = findings.is_refused || (findings.bad_rows > 0 && !arguments.skip_bad);
        return Ok(if is_refused { Exit::Problems } else { Exit::Done });
    }
    let findings = readers.finish();
    if findings.is_refused || (findings.bad_rows > 0 && !arguments.skip_bad) {
        return Err(refusal(findings));
    }
    context.ui.diagnostics(&findings.diagnostics);
    let source = format!("import of {name}, vouched for by the owner");
    let mut store = session::store(config, &context.site).await?;
    let arrived = store.take(arrivals, &source, &context.now.to_string()).await?;
    context.ui.say(&summary(&arrived, &findings, kept_out));
    store.close().await?;
    Ok(Exit::Done)
}

/// The hashes of those whom no import may bring back.
#[derive(Default)]
struct Erased(Option<(Tokens, HashSet<String>)>);

impl Erased {
    async fn read(config: &Config, context: &Context) -> Result<Self, Failure> {
        let Some(mut store) = session::existing_store(config, &context.site).await? else { return Ok(Self::default()) };
        let hashes = store.erased().await?;
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
    let number = |counts: SubscriberCounts| counts.by_status().map(|(_, count)| count.unsigned_abs()).sum::<u64>();
    let statuses: Vec<_> =
        arrived.new.by_status().map(|(status, count)| format!("{count} {}", status.as_str())).collect();
    let mut text = format!("{} added", count(number(arrived.new), "reader"));
    if !statuses.is_empty() {
        text += &format!(" ({})", statuses.join(", "));
    }
    if arrived.known > 0 {
        let stay = arrived.known.saturating_sub(arrived.stopped);
        if stay > 0 {
            text += &format!(", {stay} known already and left as they are");
        }
        if arrived.stopped > 0 {
            text += &format!(", {} known already and getting no more mail, as the file says", arrived.stopped);
        }
    }
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
