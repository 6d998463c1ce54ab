//! `tidings subscribers`

mod import;
mod token;

use std::io::Read as _;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use serde_json::json;

use super::agreement::{self, Answer};
use super::failure::{Exit, Failure};
use super::table::columns;
use super::{Context, Ui, session};
use crate::diagnostic::{Diagnostic, Location};
use crate::files;
use crate::model::{AddressError, EmailAddress, Mailbox, Subscriber, SubscriberStatus};
use crate::publish::{Intent, count};
use crate::store::{NewSubscriber, Store};

/// How many readers are read from the database at a time.
const PAGE: u32 = 1_000;

/// Keep the list of readers.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Put readers on the list as confirmed: you vouch that they asked for it
    Add {
        /// Addresses, or `Name <address>`
        #[arg(required = true, value_name = "ADDRESS")]
        addresses: Vec<String>,
        /// Take readers back who had unsubscribed, because they asked for it
        #[arg(long)]
        resubscribe: bool,
    },
    /// Put the readers of a CSV file on the list as confirmed: you vouch that they asked for it
    ///
    /// The first line names the columns; `email` is needed, `name` and `status` are used, others are ignored. Who is on
    /// the list already stays as they are, so nobody who left comes back. All rows or none: a row with an error stops the
    /// import, unless --skip-bad leaves such rows out.
    Import {
        /// The file, or - for the standard input
        file: PathBuf,
        /// Leave rows with errors out instead of stopping
        #[arg(long)]
        skip_bad: bool,
    },
    /// List readers
    List {
        /// Only readers of this status
        #[arg(long, value_parser = PossibleValuesParser::new(SubscriberStatus::ALL.map(SubscriberStatus::as_str)))]
        status: Option<String>,
        /// Print the list as JSON
        #[arg(long)]
        json: bool,
    },
    /// Write the list as CSV to the standard output
    ///
    /// The column `token` holds what stands for `{token}` in each reader's address for unsubscribing. It is enough to
    /// unsubscribe that reader, so keep it as private as the list.
    Export {
        /// Only readers of this status
        #[arg(long, value_parser = PossibleValuesParser::new(SubscriberStatus::ALL.map(SubscriberStatus::as_str)))]
        status: Option<String>,
    },
    /// Unsubscribe readers; they stay on record, so that no import mails them again
    ///
    /// With --token a form or an address of your own can do it that knows a reader only by the link in an issue.
    Remove {
        /// Addresses
        #[arg(required_unless_present = "tokens", value_name = "ADDRESS")]
        addresses: Vec<String>,
        /// The reader whose token this is; several times for several, or - for one a line on the standard input
        #[arg(long = "token", value_name = "TOKEN", conflicts_with = "addresses")]
        tokens: Vec<String>,
    },
}

pub(super) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let config = agreement::config(Intent::Read, Answer::Remembered, context)?;
    match arguments.action {
        Action::Add { addresses, resubscribe } => {
            let readers = addresses.iter().map(|text| text.parse()).collect::<Vec<Result<Mailbox, _>>>();
            let readers = checked(&addresses, readers)?;
            let mut store = session::store(&config, &context.site).await?;
            let exit = add(&mut store, &readers, resubscribe, context).await?;
            store.close().await?;
            Ok(exit)
        }
        Action::Import { file, skip_bad } => {
            let (name, bytes) = read(&file)?;
            let (readers, problems) = import::parse(&name, &bytes);
            let errors = problems.iter().filter(|problem| problem.is_error()).count();
            if errors > 0 && (readers.is_empty() || !skip_bad) {
                return Err(Failure { exit: Exit::Problems, diagnostics: problems });
            }
            context.ui.diagnostics(&problems);
            let mut store = session::store(&config, &context.site).await?;
            let source = format!("import of {name}, vouched for by the owner");
            let added = store.add_subscribers(&readers, &source, &context.now.to_string()).await?;
            let known = if added.known > 0 {
                format!(", {} known already and left as they are", added.known)
            } else {
                String::new()
            };
            let left_out = if errors > 0 { format!(", {errors} left out") } else { String::new() };
            context.ui.say(&format!("{} added{known}{left_out}.", count(added.new, "reader")));
            store.close().await?;
            Ok(Exit::Done)
        }
        Action::List { status, json } => {
            let readers = all(&config, context, status.as_deref()).await?;
            if json {
                Ui::json(&readers.iter().map(as_json).collect());
            } else if readers.is_empty() {
                context.ui.say("No readers.");
            } else {
                let row = |reader: &Subscriber| {
                    let since = reader.created_at.get(..10).unwrap_or_default().to_owned();
                    [
                        reader.address.as_str().to_owned(),
                        reader.status.as_str().to_owned(),
                        since,
                        reader.name.clone().unwrap_or_default(),
                    ]
                };
                let header = ["ADDRESS", "STATUS", "SINCE", "NAME"].map(str::to_owned);
                Ui::result(&columns(&std::iter::once(header).chain(readers.iter().map(row)).collect::<Vec<_>>()));
            }
            Ok(Exit::Done)
        }
        Action::Export { status } => {
            let readers = all(&config, context, status.as_deref()).await?;
            let tokens = token::of_readers(&config, context).await?;
            let token = |reader: &Subscriber| tokens.as_ref().map_or(String::new(), |tokens| tokens.of(reader.id));
            Ui::data(&import::write(&readers, token).map_err(|error| Failure::unexpected(error.to_string()))?);
            Ok(Exit::Done)
        }
        Action::Remove { tokens, .. } if !tokens.is_empty() => {
            let mut store = session::store(&config, &context.site).await?;
            let exit = token::remove(&mut store, &tokens, context).await?;
            store.close().await?;
            Ok(exit)
        }
        Action::Remove { addresses, .. } => {
            let parsed = addresses.iter().map(|text| text.parse()).collect::<Vec<Result<Mailbox, _>>>();
            let readers = checked(&addresses, parsed)?;
            let mut store = session::store(&config, &context.site).await?;
            let exit = remove(&mut store, &readers, context).await?;
            store.close().await?;
            Ok(exit)
        }
    }
}

/// All addresses of the command line, or every one that is not an address.
fn checked(texts: &[String], parsed: Vec<Result<Mailbox, AddressError>>) -> Result<Vec<Mailbox>, Failure> {
    let mut problems = Vec::new();
    let mut mailboxes = Vec::new();
    for (text, result) in texts.iter().zip(parsed) {
        match result {
            Ok(mailbox) => mailboxes.push(mailbox),
            Err(error) => problems
                .push(Diagnostic::error("usage", format!("{error}: `{text}`")).help("write it as `name@domain`")),
        }
    }
    if problems.is_empty() { Ok(mailboxes) } else { Err(Failure { exit: Exit::Usage, diagnostics: problems }) }
}

async fn add(store: &mut Store, readers: &[Mailbox], resubscribe: bool, context: &Context) -> Result<Exit, Failure> {
    let now = context.now.to_string();
    let mut exit = Exit::Done;
    for reader in readers {
        let old = store.subscriber(&reader.address).await?.map(|reader| reader.status);
        let address = reader.address.as_str();
        match old {
            None => {
                let new = NewSubscriber {
                    address: reader.address.clone(),
                    name: reader.name.clone(),
                    status: SubscriberStatus::Confirmed,
                };
                store.add_subscribers(&[new], "vouched for by the owner", &now).await?;
                context.ui.say(&format!("Added {address}."));
            }
            Some(SubscriberStatus::Confirmed) => context.ui.say(&format!("{address} is on the list already.")),
            Some(_) if resubscribe => {
                store.set_status(&reader.address, SubscriberStatus::Confirmed, &now).await?;
                context.ui.say(&format!("{address} is confirmed again."));
            }
            Some(status) => {
                exit = Exit::Refused;
                let refusal = Diagnostic::error("guard", format!("{address} is {} and was not added", status.as_str()));
                context.ui.diagnostics(&[refusal.help("if they asked to come back, add them with `--resubscribe`")]);
            }
        }
    }
    Ok(exit)
}

async fn remove(store: &mut Store, readers: &[Mailbox], context: &Context) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    for reader in readers {
        let address = reader.address.as_str();
        match store.set_status(&reader.address, SubscriberStatus::Unsubscribed, &context.now.to_string()).await? {
            Some(SubscriberStatus::Unsubscribed) => context.ui.say(&format!("{address} was unsubscribed before.")),
            Some(_) => context.ui.say(&format!("{address} is unsubscribed and gets no more mail.")),
            None => {
                exit = Exit::Usage;
                let unknown = Diagnostic::error("usage", format!("{address} is not on the list"));
                context.ui.diagnostics(&[unknown.help("see `tidings subscribers list`")]);
            }
        }
    }
    Ok(exit)
}

#[expect(clippy::disallowed_methods, reason = "a person named the file")]
fn read(file: &std::path::Path) -> Result<(String, Vec<u8>), Failure> {
    let name = file.display().to_string();
    let bytes = if name == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        files::read(file)
    };
    let name = if name == "-" { "standard input".to_owned() } else { name };
    bytes.map(|bytes| (name.clone(), bytes)).map_err(|error| {
        let unreadable =
            Diagnostic::error("import/file", format!("the file cannot be read: {error}")).at(Location::start_of(&name));
        Failure::new(Exit::Usage, unreadable.help("check its name"))
    })
}

async fn all(
    config: &crate::config::Config,
    context: &Context,
    status: Option<&str>,
) -> Result<Vec<Subscriber>, Failure> {
    let Some(mut store) = session::existing_store(config, &context.site).await? else { return Ok(Vec::new()) };
    let status = status.and_then(SubscriberStatus::parse);
    let mut readers: Vec<Subscriber> = Vec::new();
    loop {
        let page = store.subscribers(status, readers.last().map_or(0, |reader| reader.id), PAGE).await?;
        if page.is_empty() {
            break;
        }
        readers.extend(page);
    }
    store.close().await?;
    Ok(readers)
}

/// A reader for programs.
pub(super) fn as_json(reader: &Subscriber) -> serde_json::Value {
    json!({
        "id": reader.id,
        "address": reader.address.as_str(),
        "name": reader.name,
        "status": reader.status.as_str(),
        "source": reader.source,
        "created_at": reader.created_at,
        "updated_at": reader.updated_at,
    })
}

/// An address on the command line of another command.
impl clap::builder::ValueParserFactory for EmailAddress {
    type Parser = clap::builder::ValueParser;

    fn value_parser() -> Self::Parser {
        clap::builder::ValueParser::new(|text: &str| text.parse::<EmailAddress>().map_err(|error| error.to_string()))
    }
}
