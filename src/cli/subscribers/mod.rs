//! `tidings subscribers`

mod import;
mod pages;
pub(super) mod show;
mod token;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};

use super::agreement::{self, Answer};
use super::failure::{Exit, Failure};
use super::{Context, session};
use crate::diagnostic::Diagnostic;
use crate::model::{AddressError, EmailAddress, Mailbox, SubscriberStatus};
use crate::publish::Activity;
use crate::store::{Changing, NewSubscriber, Store};

/// Keep the list of readers.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidings subscribers add \"Ada <ada@example.org>\"\n  tidings subscribers list")]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Put readers on the list as confirmed: you vouch that they asked for it
    #[command(after_help = "Example:\n  tidings subscribers add \"Ada <ada@example.org>\" bob@example.org")]
    Add {
        /// Addresses, or `Name <address>`
        #[arg(required = true, value_name = "ADDRESS")]
        addresses: Vec<String>,
        /// Take readers back who had unsubscribed, because they asked for it
        #[arg(long)]
        resubscribe: bool,
    },
    Import(import::Arguments),
    /// List readers
    #[command(after_help = "Example:\n  tidings subscribers list --status unsubscribed")]
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
    /// The column `token` holds the value of `{token}` in each reader's address for unsubscribing. It is enough to
    /// unsubscribe that reader, so keep it as private as the list.
    #[command(after_help = "Example:\n  tidings subscribers export > readers.csv")]
    Export {
        /// Only readers of this status
        #[arg(long, value_parser = PossibleValuesParser::new(SubscriberStatus::ALL.map(SubscriberStatus::as_str)))]
        status: Option<String>,
    },
    /// Unsubscribe readers; they stay on record, so that no import mails them again
    ///
    /// With --token a form or an address of your own can do it that knows a reader only by the link in an issue.
    #[command(after_help = "Example:\n  tidings subscribers remove ada@example.org")]
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
    let config = agreement::config(Activity::Read, Answer::Remembered, context)?;
    match arguments.action {
        Action::Add { addresses, resubscribe } => {
            let readers = addresses.iter().map(|text| text.parse()).collect::<Vec<Result<Mailbox, _>>>();
            let readers = checked(&addresses, readers)?;
            let mut store = session::store(&config, &context.site).await?;
            let exit = add(&mut store, &readers, resubscribe, context).await?;
            store.close().await?;
            Ok(exit)
        }
        Action::Import(arguments) => import::run(&arguments, &config, context).await,
        Action::List { status, json } => show::list(&config, context, status.as_deref(), json).await,
        Action::Export { status } => show::export(&config, context, status.as_deref()).await,
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

/// What is done on the command line is done by the owner.
fn owners(context: &Context) -> Changing<'static> {
    Changing { way: "the owner", network: None, now: context.now }
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
                    lists: None,
                };
                store.add_subscribers(&[new], "vouched for by the owner", &now).await?;
                context.ui.say(&format!("Added {address}."));
            }
            Some(SubscriberStatus::Confirmed) => context.ui.say(&format!("{address} is on the list already.")),
            Some(_) if resubscribe => {
                store.set_status(&reader.address, SubscriberStatus::Confirmed, owners(context)).await?;
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
        match store.set_status(&reader.address, SubscriberStatus::Unsubscribed, owners(context)).await? {
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

/// An address on the command line of another command.
impl clap::builder::ValueParserFactory for EmailAddress {
    type Parser = clap::builder::ValueParser;

    fn value_parser() -> Self::Parser {
        clap::builder::ValueParser::new(|text: &str| text.parse::<EmailAddress>().map_err(|error| error.to_string()))
    }
}
