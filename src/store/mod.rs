//! What publishing remembers: subscribers, runs, entries, issues and deliveries, in one SQLite file or in one schema of a
//! PostgreSQL database.
//!
//! All SQL of the program is here. What changes rows is one transaction: it happens whole or not at all.

mod barred;
mod changes;
mod claims;
mod connection;
mod copy;
mod deliverer;
mod deliveries;
mod delivery;
mod desk;
mod error;
mod events;
mod file;
mod import;
mod invitations;
mod lease;
mod leaving;
mod ledger;
mod letters;
mod lists;
mod lock;
mod log;
mod marks;
mod memory;
mod migrations;
mod moving;
mod open;
mod queue;
mod quotas;
mod readers;
mod reports;
mod resend;
mod right;
mod senders;
mod server;
mod sessions;
mod stops;
mod story;
mod subscriber;
mod subscribers;
mod tries;
mod wake;

use std::collections::HashMap;

use jiff::Timestamp;

use crate::config::ServerUrl;
use crate::files::Counter;
use crate::model::{Secret, TokenKey};

pub use barred::Barred;
pub use changes::{Change, Changing};
pub use claims::{Claimed, Wanted};
pub use copy::Moved;
pub use deliverer::Deliverer;
pub use deliveries::{NotSent, Recovered, Repeat, Standing};
pub use delivery::{DeliveryKey, Recorded, Said};
pub use desk::{DayCount, IssueOutcome, Movements};
pub use error::{Result, StoreError};
pub use import::{Arrivals, Arrived, Taking};
pub use ledger::{FrozenEntry, RunSummary, Untried};
pub use letters::{CONFIRM_SPAN, KeptLetter, Letter, LetterKey};
pub use lists::{PassedOver, not_on};
pub use marks::{Mark, Marks};
pub use memory::{Adoption, SentIssue};
pub use open::Database;
pub use queue::{Doubt, Place, QueuedDelivery};
pub use quotas::{Counted, Quota};
pub use readers::{Asked, Asking, Confirmed, Greeting, NEVER, UNDO_SPAN};
pub use reports::{Effect, NewReport, Reported, Spike};
pub use resend::{Chosen, Decision, Missing};
pub use right::{Lock, Right};
pub use sessions::{LINK_SPAN, LinkAsked, SESSION_SPAN, is_link_fresh};
pub use stops::Stopped;
pub use story::{DeliveryTo, Mailing};
pub use subscribers::{Added, NewSubscriber};
pub use tries::Try;

/// The name under which the keys of tokens are kept.
const TOKEN_KEYS: &str = "token_keys";

/// An open database.
#[derive(Debug)]
pub struct Store {
    connection: connection::Connection,
    /// The file; of a database at a server, the one that would be in its place: what belongs to this machine lies beside it.
    file: file::DatabaseFile,
    /// What the generation was raised to.
    generation: Option<i64>,
    /// Where the generation is known outside of the database.
    counter: Option<Counter>,
    counter_fault: Option<std::io::Error>,
    /// The version of the list at which [`Store::leavers`] looked.
    seen_version: Option<i64>,
    /// The server, when it is at one.
    url: Option<ServerUrl>,
    /// Whether this session has the right to plan.
    has_planned: bool,
    /// Whether another one has taken it since.
    is_overtaken: bool,
    /// The right that is kept while everything is moved.
    moving: Option<Lock>,
    /// This process as one of several senders, at a server.
    sender: Option<lease::Sender>,
    about: lease::About,
    /// The limits that tries are counted against.
    quotas: Vec<Quota>,
    /// What servers have said, with its number in `texts` from the second time on.
    said: HashMap<String, Option<i64>>,
}

impl Store {
    /// The site's secret, as the text that is stored, and the keys of tokens.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn secret(&mut self) -> Result<Secret> {
        let bytes = self.value("secret").await?.ok_or_else(|| StoreError::Content("no secret".into()))?.into_bytes();
        let keys = self.value(TOKEN_KEYS).await?.unwrap_or_default();
        let key = |text: &str| {
            let (number, first) = text.split_once(':')?;
            Some(TokenKey { number: number.parse().ok()?, first_issue: first.parse().ok()? })
        };
        let keys: Option<Vec<TokenKey>> = keys.split(',').map(key).collect();
        Ok(Secret { bytes, keys: keys.ok_or_else(|| StoreError::Content("the keys of tokens".into()))? })
    }

    /// Makes a new key of tokens, for issues that are not frozen yet. Tokens of the older ones stay good.
    ///
    /// # Errors
    /// When there are 31 keys already, or the database does not answer.
    pub async fn add_token_key(&mut self) -> Result<TokenKey> {
        let keys = self.secret().await?.keys;
        let number = keys.last().map_or(1, |key| key.number + 1);
        if number > 31 {
            return Err(StoreError::Content("the keys of tokens: there are 31 already".into()));
        }
        let newest: i64 =
            connection::query("SELECT COALESCE(MAX(number), 0) FROM issues").value(&mut self.connection).await?;
        let key = TokenKey { number, first_issue: newest + 1 };
        let all: Vec<String> =
            keys.iter().chain([&key]).map(|key| format!("{}:{}", key.number, key.first_issue)).collect();
        self.set_value(TOKEN_KEYS, &all.join(",")).await?;
        Ok(key)
    }

    /// What keeps the file of the database from being written, and the cure; nothing is written to find out. A server looks after
    /// its own disk.
    pub fn hindrance(&self) -> Option<&'static str> {
        if self.url.is_some() { None } else { self.file.hindrance() }
    }

    async fn set_value(&mut self, name: &str, value: &str) -> Result<()> {
        connection::query(
            "INSERT INTO site (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(name)
        .bind(value)
        .execute(&mut self.connection)
        .await?;
        Ok(())
    }

    async fn value(&mut self, name: &str) -> Result<Option<String>> {
        value(name, &mut self.connection).await
    }

    /// Closes the connection in good order.
    ///
    /// # Errors
    /// When the last writes do not reach the disk.
    pub async fn close(self) -> Result<()> {
        Ok(self.connection.close().await?)
    }
}

async fn value<'c>(name: &str, link: impl Into<connection::Link<'c>>) -> Result<Option<String>> {
    let value = connection::query("SELECT value FROM site WHERE name = $1").bind(name);
    Ok(value.optional_value(link).await?)
}

/// A moment as the ledger's tables of deliveries keep it: seconds since 1970.
fn seconds(moment: &str) -> Result<i64> {
    let moment: Timestamp = moment.parse().map_err(|_| StoreError::Content(format!("a moment `{moment}`")))?;
    Ok(moment.as_second())
}

/// The moment that so many seconds since 1970 are, RFC 3339 in UTC.
fn moment(seconds: i64) -> Result<String> {
    let moment = Timestamp::from_second(seconds).map_err(|_| StoreError::Content(format!("a moment {seconds}")))?;
    Ok(moment.to_string())
}

#[cfg(test)]
mod tests;
