//! `tidings subscribers`

mod filter;
mod import;
mod invite;
mod owner;
mod pages;
mod preview;
pub(super) mod show;
mod token;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};

use self::owner::{by_owner, refuse};
use super::agreement::{self, Answer};
use super::failure::{Exit, Failure};
use super::{Context, explain, session};
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::email::Tokens;
use crate::list::Service;
use crate::model::{AddressError, Choice, EmailAddress, Lists, Mailbox, SubscriberStatus};
use crate::publish::{Activity, address_hash};
use crate::store::{Barred, NewSubscriber, Store};

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
    ///
    /// With --opt-in they are asked first: the next command that sends (`inbox`, `publish`, `serve`) sends a letter that asks to
    /// confirm, to each address one a day and three in all, and until they confirm they get no issue.
    #[command(
        after_help = "Examples:\n  tidings subscribers add \"Ada <ada@example.org>\" bob@example.org\n  tidings subscribers add --opt-in eve@example.org"
    )]
    Add {
        /// Addresses, or `Name <address>`
        #[arg(required = true, value_name = "ADDRESS")]
        addresses: Vec<String>,
        /// Take readers back who had unsubscribed, because they asked for it
        #[arg(long)]
        resubscribe: bool,
        /// Ask them to confirm before they get anything
        #[arg(long)]
        opt_in: bool,
        /// Only for the posts of this list of `newsletter.lists`, and those for everyone (repeatable)
        #[arg(long = "list", value_name = "LIST")]
        lists: Vec<String>,
    },
    Import(import::Arguments),
    /// List readers
    #[command(
        after_help = "Examples:\n  tidings subscribers list --status unsubscribed\n  tidings subscribers list --where list=essays --where tag!=friend"
    )]
    List {
        #[command(flatten)]
        which: pages::Which,
        /// Print the list as JSON
        #[arg(long)]
        json: bool,
    },
    /// Write the list as CSV to the standard output
    ///
    /// The column `token` holds the value of `{token}` in each reader's address for unsubscribing. It is enough to
    /// unsubscribe that reader, so keep it as private as the list.
    ///
    /// With --for the columns are those that another service reads. Most of them take each row for a subscriber, so that only
    /// confirmed readers are written for them, unless --status says otherwise: see docs/importing.md.
    #[command(
        after_help = "Examples:\n  tidings subscribers export > readers.csv\n  tidings subscribers export --for buttondown > buttondown.csv\n  tidings subscribers export ada@example.org"
    )]
    Export {
        /// Only these readers
        #[arg(value_name = "ADDRESS", conflicts_with_all = ["status", "filters"])]
        addresses: Vec<EmailAddress>,
        #[command(flatten)]
        which: pages::Which,
        /// With the columns that another service reads
        #[arg(long = "for", value_name = "SERVICE", value_parser = PossibleValuesParser::new(Service::ALL.map(|service| service.name)))]
        service: Option<String>,
    },
    /// Tell everything that is kept about a reader: what a request for their data asks for
    #[command(after_help = "Example:\n  tidings subscribers show ada@example.org --json")]
    Show {
        /// The address
        address: EmailAddress,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Forget readers: what is left is a hash of the address, so that no import brings them back
    ///
    /// What was sent to them stays counted, without their address.
    #[command(after_help = "Example:\n  tidings subscribers erase ada@example.org")]
    Erase {
        /// Addresses
        #[arg(required = true, value_name = "ADDRESS")]
        addresses: Vec<EmailAddress>,
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
        Action::Add { addresses, resubscribe, opt_in, lists } => {
            let lists = known_lists(&lists, &config)?;
            if opt_in {
                invite::can_confirm(&config)?;
            }
            let readers = addresses.iter().map(|text| text.parse()).collect::<Vec<Result<Mailbox, _>>>();
            let readers = checked(&addresses, readers)?;
            let mut store = session::store(&config, &context.site).await?;
            let exit = if opt_in {
                invite::add(&mut store, &readers, resubscribe, lists.as_ref(), context).await?
            } else {
                add(&mut store, &readers, resubscribe, (lists.as_ref(), &config), context).await?
            };
            store.close().await?;
            Ok(exit)
        }
        Action::Import(arguments) => import::run(&arguments, &config, context).await,
        Action::List { which, json } => show::list(&config, context, &which, json).await,
        Action::Export { addresses, which, service } => {
            let pages = pages::Wanted { addresses: &addresses, which: &which };
            show::export(&config, context, &pages, service.as_deref()).await
        }
        Action::Show { address, json } => {
            let mut store = session::existing_store(&config, &context.site).await?;
            let zone = &config.site.timezone;
            let exit = explain::reader::explain(&address, store.as_mut(), zone, json, &context.ui).await?;
            session::close(store).await?;
            Ok(exit)
        }
        Action::Erase { addresses } => {
            let mut store = session::store(&config, &context.site).await?;
            let exit = erase(&mut store, &addresses, context).await?;
            store.close().await?;
            Ok(exit)
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

/// The lists of the command line; `None` for everything.
fn known_lists(names: &[String], config: &Config) -> Result<Option<Lists>, Failure> {
    let known = &config.newsletter.lists;
    if let Some(name) = names.iter().find(|name| !known.iter().any(|(known, _)| known == *name)) {
        let names: Vec<_> = known.iter().map(|(name, _)| format!("`{name}`")).collect();
        let help = if names.is_empty() {
            format!("add `lists = {{ {name} = \"…\" }}` below `[newsletter]`")
        } else {
            format!("the lists of `newsletter.lists` are {}", names.join(", "))
        };
        return Err(Failure::usage(format!("no list is called `{name}`"), help));
    }
    Ok((!names.is_empty()).then(|| Lists::new(names.iter().map(String::as_str))))
}

async fn add(
    store: &mut Store,
    readers: &[Mailbox],
    resubscribe: bool,
    (lists, config): (Option<&Lists>, &Config),
    context: &Context,
) -> Result<Exit, Failure> {
    let now = context.now.to_string();
    let mut exit = Exit::Done;
    for reader in readers {
        let known = store.subscriber(&reader.address).await?;
        let (old, id) = (known.as_ref().map(|reader| reader.status), known.as_ref().map(|reader| reader.id));
        let added = lists.zip(known).and_then(|(new, reader)| {
            // One that is gone goes with what takes its place.
            let is_there = |name: &&str| config.newsletter.lists.iter().any(|(there, _)| there == name);
            let kept = Lists::new(reader.details.lists.as_ref()?.names().filter(is_there));
            Some((reader.id, Choice::Lists(new.clone().and(&kept))))
        });
        let address = reader.address.as_str();
        match old {
            None if is_barred(store, &reader.address).await? && !resubscribe => {
                exit = Exit::Refused;
                refuse(&format!("{address} was erased or wants no mail"), context);
            }
            None => {
                let new = NewSubscriber {
                    address: reader.address.clone(),
                    name: reader.name.clone(),
                    status: SubscriberStatus::Confirmed,
                    lists: lists.cloned(),
                };
                store.add_subscribers(&[new], "vouched for by the owner", &now).await?;
                context.ui.say(&format!("Added {address}."));
            }
            Some(SubscriberStatus::Confirmed) if let Some((id, choice)) = &added => {
                store.choose_lists(*id, choice, by_owner(context)).await?;
                let lists = choice.lists().map(Lists::told).unwrap_or_default();
                context.ui.say(&format!("{address} is on the list already, and gets {lists} now."));
            }
            Some(SubscriberStatus::Confirmed) => context.ui.say(&format!("{address} is on the list already.")),
            Some(_) if resubscribe => {
                store.set_status(&reader.address, SubscriberStatus::Confirmed, by_owner(context)).await?;
                if let (Some(lists), Some(id)) = (lists, id) {
                    store.choose_lists(id, &Choice::Lists(lists.clone()), by_owner(context)).await?;
                }
                context.ui.say(&format!("{address} is confirmed again."));
            }
            Some(status) => {
                exit = Exit::Refused;
                refuse(&format!("{address} is {}", status.as_str()), context);
            }
        }
    }
    Ok(exit)
}

async fn remove(store: &mut Store, readers: &[Mailbox], context: &Context) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    for reader in readers {
        let address = reader.address.as_str();
        match store.set_status(&reader.address, SubscriberStatus::Unsubscribed, by_owner(context)).await? {
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

/// Whether only a wish of the reader's own brings an address on the list.
async fn is_barred(store: &mut Store, address: &EmailAddress) -> Result<bool, Failure> {
    let tokens = Tokens::new(&store.secret().await?);
    let why = store.barred(&address_hash(&tokens, address)).await?;
    Ok(matches!(why, Some(Barred::Erased | Barred::Never)))
}

async fn erase(store: &mut Store, addresses: &[EmailAddress], context: &Context) -> Result<Exit, Failure> {
    let tokens = Tokens::new(&store.secret().await?);
    for address in addresses {
        let shown = address.as_str();
        if store.erase(address, &address_hash(&tokens, address), context.now).await? {
            context.ui.say(&format!("{shown} is forgotten: only a hash is left, so that no import brings them back."));
        } else {
            context.ui.say(&format!("{shown} was not on the list; a hash keeps any import from adding them."));
        }
    }
    if !store.sweep().await? {
        let busy = Diagnostic::warning(
            "store/in-use",
            "another process uses the database: what was forgotten can still stand in free space of its file",
        );
        context.ui.diagnostics(&[busy.help("do it again when no `tidings serve`, `publish` or `deliver` runs")]);
    }
    Ok(Exit::Done)
}

/// An address on the command line of another command.
impl clap::builder::ValueParserFactory for EmailAddress {
    type Parser = clap::builder::ValueParser;

    fn value_parser() -> Self::Parser {
        clap::builder::ValueParser::new(|text: &str| text.parse::<EmailAddress>().map_err(|error| error.to_string()))
    }
}
