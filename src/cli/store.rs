//! `tidings store`

use clap::{Args, Subcommand};

use super::agreement::{self, Answer};
use super::failure::{Exit, Failure};
use super::{Context, Ui, session};
use crate::config::ServerUrl;
use crate::diagnostic::Diagnostic;
use crate::publish::{Activity, count};
use crate::store::{Database, Store};

/// Move everything into another database, or make a new key for readers' tokens.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidings store copy sqlite:.tidings/tidings.db env:DATABASE_URL")]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Move readers, runs and deliveries into another database, all of them or nothing
    ///
    /// A database is `sqlite:FILE`, relative to the site, `postgres://…`, or `env:NAME` for the environment variable that holds the
    /// URL, as one with a password must be. The other database must be empty. From then on nothing is sent from the old one; put the
    /// new one into `store.url` or `store.url_env`.
    #[command(after_help = "Example:\n  tidings store copy sqlite:.tidings/tidings.db env:DATABASE_URL")]
    Copy {
        /// The database that there is
        from: String,
        /// The one to go on with
        to: String,
    },
    /// Make a new key for the tokens of readers
    ///
    /// The tokens in issues that are frozen from now on are made with it. Those in older mails stay good, so that every reader can
    /// still unsubscribe.
    #[command(after_help = "Example:\n  tidings store new-key")]
    NewKey,
}

pub(super) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    match arguments.action {
        Action::Copy { from, to } => copy(from, to, context).await,
        Action::NewKey => new_key(context).await,
    }
}

async fn new_key(context: &Context) -> Result<Exit, Failure> {
    let config = agreement::config(Activity::Read, Answer::Remembered, context)?;
    let mut store = session::store(&config, &context.site).await?;
    let key = store.add_token_key().await?;
    store.close().await?;
    Ui::result(&format!(
        "Key {} makes the tokens from issue {} on; older tokens stay good.",
        key.number, key.first_issue
    ));
    Ok(Exit::Done)
}

async fn copy(from: String, to: String, context: &Context) -> Result<Exit, Failure> {
    let (old, new) = (database(&from, context)?, database(&to, context)?);
    let missing = || Failure::usage(format!("there is no database: {old}"), "name one that was used before");
    let mut store = Store::open_existing(&old).await?.ok_or_else(missing)?;
    let mut other = Store::open(&new).await?;
    let moved = store.move_to(&mut other, &new).await?;
    store.close().await?;
    other.close().await?;
    Ui::result(&format!(
        "Moved {}, {} and {} into {new}. From {old} nothing is sent any more: set `store.url` or `store.url_env`.",
        count(moved.readers, "reader"),
        count(moved.runs, "run"),
        count(moved.deliveries, "delivery")
    ));
    Ok(Exit::Done)
}

/// The database that a person has typed.
#[expect(clippy::disallowed_methods, reason = "the command line is where the environment comes in")]
fn database(typed: &str, context: &Context) -> Result<Database, Failure> {
    let beside = context.site.join(".tidings/tidings.db");
    if let Some(path) = typed.strip_prefix("sqlite:") {
        return Ok(Database::File(context.site.join(path.strip_prefix("//").unwrap_or(path))));
    }
    let wrong = |what: String, cure: String| Failure::new(Exit::Usage, Diagnostic::error("usage", what).help(cure));
    let (url, is_public, name) = match typed.strip_prefix("env:") {
        None => (typed.to_owned(), true, "it".to_owned()),
        Some(name) => match std::env::var(name) {
            Ok(url) if !url.is_empty() => (url, false, format!("what the variable `{name}` holds")),
            _ => {
                return Err(Failure::usage(
                    format!("the variable is not set: `{name}`"),
                    "set it to the URL of the database",
                ));
            }
        },
    };
    match ServerUrl::parse(&url, is_public) {
        Ok(url) => Ok(Database::Server { url, beside }),
        Err(_) if is_public && url.contains('@') => Err(wrong(
            "a URL with a password or an unusable one was typed".to_owned(),
            "put it into an environment variable, and write `env:NAME`".to_owned(),
        )),
        Err((what, cure)) => Err(wrong(format!("{name} {what}"), cure)),
    }
}
