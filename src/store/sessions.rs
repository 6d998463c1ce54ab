//! How the owner logs in at the desk: by a link in a letter, once and soon, for some hours.

use jiff::{SignedDuration, Timestamp};

use super::changes::last_number;
use super::connection::{Row, query};
use super::letters::LetterKey;
use super::{Result, Store, StoreError};
use crate::model::LetterKind;

/// So long a link is good.
pub const LINK_SPAN: SignedDuration = SignedDuration::from_mins(15);
/// So long the owner stays logged in.
pub const SESSION_SPAN: SignedDuration = SignedDuration::from_hours(12);
/// So many links are sent in an hour.
const MOST_LINKS: i64 = 3;
/// Letters with links are kept for so long.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// Whom the letters are to: no reader has this number.
const OWNER: i64 = 0;

/// A letter with a link to log in that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkAsked {
    /// Which one.
    pub key: LetterKey,
    /// When it was asked for.
    pub at: Timestamp,
}

impl Store {
    /// Queues a letter with a link to log in; `most` is how many letters all together may be asked for in an hour, and `network` the
    /// keyed hash of the one that asks. False when there were too many links.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ask_for_link(&mut self, network: &str, most: i64, now: Timestamp) -> Result<bool> {
        let mut transaction = self.connection.begin().await?;
        query("DELETE FROM letters WHERE subscriber = $1 AND asked_at < $2")
            .bind(OWNER)
            .bind((now - KEPT).to_string())
            .execute(&mut transaction)
            .await?;
        query("DELETE FROM sessions WHERE until <= $1").bind(now.as_second()).execute(&mut transaction).await?;
        let asked: i64 = query("SELECT COUNT(*) FROM letters WHERE subscriber = $1 AND asked_at > $2")
            .bind(OWNER)
            .bind((now - SignedDuration::from_hours(1)).to_string())
            .value(&mut transaction)
            .await?;
        let is_taken = asked < MOST_LINKS.min(most);
        if is_taken {
            query(
                "INSERT INTO letters (subscriber, number, kind, asked_at, way, network) VALUES ($1, $2, $3, $4, 'desk', $5)",
            )
            .bind(OWNER)
            .bind(last_number(&mut transaction, "letters", OWNER).await? + 1)
            .bind(LetterKind::LogIn.as_str())
            .bind(now.to_string())
            .bind(network)
            .execute(&mut transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(is_taken)
    }

    /// The letters with links that may be sent at `now`, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn links_that_wait(&mut self, now: Timestamp) -> Result<Vec<LinkAsked>> {
        let rows = query(
            "SELECT number, asked_at FROM letters WHERE subscriber = $1 AND state IN (0, 3) AND next_attempt_at <= $2
             ORDER BY number",
        );
        let rows = rows.bind(OWNER).bind(now.as_second()).fetch_all(&mut self.connection).await?;
        let asked = |row: &Row| {
            let at: String = row.try_get("asked_at")?;
            let at = at.parse().map_err(|_| StoreError::Content(format!("a moment `{at}`")))?;
            Ok(LinkAsked { key: LetterKey { subscriber: OWNER, number: row.try_get("number")? }, at })
        };
        rows.iter().map(asked).collect()
    }

    /// Lets the owner in by the link of the letter that was asked for at `at`, in seconds since 1970: once, and not too late. `hash`
    /// is the keyed hash of what the browser keeps. False when the link is no good.
    ///
    /// # Errors
    /// When the database does not answer; then the link is as good as before.
    pub async fn log_in(&mut self, number: i64, at: i64, hash: &str, now: Timestamp) -> Result<bool> {
        let mut transaction = self.connection.begin().await?;
        let asked_at: Option<String> =
            query("SELECT asked_at FROM letters WHERE subscriber = $1 AND number = $2 AND used_at IS NULL")
                .bind(OWNER)
                .bind(number)
                .optional_value(&mut transaction)
                .await?;
        let asked_at = asked_at.and_then(|at| at.parse::<Timestamp>().ok());
        if !asked_at.is_some_and(|asked| asked.as_second() == at && is_link_fresh(asked, now)) {
            // A transaction that is only let go of holds its lock at a server until the connection is used again.
            transaction.commit().await?;
            return Ok(false);
        }
        query("UPDATE letters SET used_at = $3 WHERE subscriber = $1 AND number = $2")
            .bind(OWNER)
            .bind(number)
            .bind(now.to_string())
            .execute(&mut transaction)
            .await?;
        query("INSERT INTO sessions (hash, until) VALUES ($1, $2)")
            .bind(hash)
            .bind((now + SESSION_SPAN).as_second())
            .execute(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Whether the owner is logged in at a browser.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_logged_in(&mut self, hash: &str, now: Timestamp) -> Result<bool> {
        let row = query("SELECT COUNT(*) FROM sessions WHERE hash = $1 AND until > $2");
        let count: i64 = row.bind(hash).bind(now.as_second()).value(&mut self.connection).await?;
        Ok(count > 0)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn log_out(&mut self, hash: &str) -> Result<()> {
        let mut transaction = self.connection.begin().await?;
        query("DELETE FROM sessions WHERE hash = $1").bind(hash).execute(&mut transaction).await?;
        Ok(transaction.commit().await?)
    }
}

/// Whether a link that was asked for then is good now.
pub fn is_link_fresh(asked: Timestamp, now: Timestamp) -> bool {
    let age = now.duration_since(asked);
    age <= LINK_SPAN && age >= -SignedDuration::from_mins(1)
}
