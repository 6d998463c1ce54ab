//! What readers became, and how: each change of a status is kept beside it.

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use super::connection::{Row, Transaction, query};
use super::subscriber::status_of;
use super::{Result, Store};
use crate::model::SubscriberStatus;

/// A change of a reader's status, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// What the reader became.
    pub status: SubscriberStatus,
    /// What they changed, if they did not become something else: `address`, `lists essays, notes`.
    pub about: Option<String>,
    /// By which way: `link`, `one click`, `mail`, `the owner`, `hard`.
    pub way: String,
    /// The text that stood where they asked.
    pub shown: Option<String>,
    /// The keyed hash of the network that it came from.
    pub network: Option<String>,
}

/// What a reader wishes, and from where.
#[derive(Debug, Clone, Copy)]
pub struct Changing<'a> {
    /// By which way.
    pub way: &'a str,
    /// The keyed hash of the network that it came from.
    pub network: Option<&'a str>,
    /// When.
    pub now: Timestamp,
}

impl Store {
    /// The changes of a reader's status after they were put on the list, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn changes_of(&mut self, subscriber: i64) -> Result<Vec<Change>> {
        let rows = query(
            "SELECT at, status, about, way, network, (SELECT t.text FROM texts t WHERE t.id = shown) AS shown FROM changes
             WHERE subscriber = $1 ORDER BY number",
        );
        let rows = rows.bind(subscriber).fetch_all(&mut self.connection).await?;
        let read = |row: &Row| {
            Ok(Change {
                at: row.try_get("at")?,
                status: status_of(row.try_get("status")?)?,
                about: row.try_get("about")?,
                way: row.try_get("way")?,
                shown: row.try_get("shown")?,
                network: row.try_get("network")?,
            })
        };
        rows.iter().map(read).collect()
    }
}

/// Gives a reader a status, and keeps the change.
pub(super) async fn set(
    transaction: &mut Transaction<'_>,
    subscriber: i64,
    status: SubscriberStatus,
    changing: Changing<'_>,
    shown: Option<i64>,
) -> Result<()> {
    query("UPDATE subscribers SET status = $2, updated_at = $3 WHERE id = $1")
        .bind(subscriber)
        .bind(status.as_str())
        .bind(changing.now.to_string())
        .execute(&mut *transaction)
        .await?;
    note(transaction, subscriber, (status, None), changing, shown).await
}

/// Keeps a change: to a status, or about something else of a reader who has that status.
pub(super) async fn note(
    transaction: &mut Transaction<'_>,
    subscriber: i64,
    (status, about): (SubscriberStatus, Option<&str>),
    changing: Changing<'_>,
    shown: Option<i64>,
) -> Result<()> {
    let number = last_number(transaction, "changes", subscriber).await? + 1;
    query(
        "INSERT INTO changes (subscriber, number, at, status, way, shown, network, about)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(subscriber)
    .bind(number)
    .bind(changing.now.to_string())
    .bind(status.as_str())
    .bind(changing.way)
    .bind(shown)
    .bind(changing.network)
    .bind(about)
    .execute(transaction)
    .await?;
    Ok(())
}

/// The number of the last row of a reader in a table.
pub(super) async fn last_number(
    transaction: &mut Transaction<'_>,
    table: &'static str,
    subscriber: i64,
) -> Result<i64> {
    let last = AssertSqlSafe(format!("SELECT COALESCE(MAX(number), 0) FROM {table} WHERE subscriber = $1"));
    Ok(query(last).bind(subscriber).value(transaction).await?)
}
