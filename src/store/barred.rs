//! Addresses that are known only by a keyed hash, and the readers behind them, who are forgotten.

use std::collections::HashSet;

use jiff::Timestamp;

use super::connection::{Connection, Transaction, query};
use super::letters::{CONFIRM_SPAN, REST, WAITS};
use super::subscriber::{has_issue, read};
use super::tries::number_of;
use super::{Result, Store};
use crate::model::{EmailAddress, Subscriber};

/// What stands where a server has said something to a reader who was erased.
const FORGOTTEN: &str = "(erased with the reader)";

/// Why an address is known by its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Barred {
    /// The reader was erased: only their own wish brings them back.
    Erased,
    /// They want no letters, also when one is asked for.
    Never,
    /// Letters that asked to confirm were not answered.
    Unanswered,
}

impl Barred {
    const ALL: [Self; 3] = [Self::Erased, Self::Never, Self::Unanswered];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Erased => "erased",
            Self::Never => "never",
            Self::Unanswered => "unanswered",
        }
    }
}

/// Forgets what was said of deliveries to readers, since it may name their addresses. That something was said stays, and its codes.
macro_rules! forget_said {
    ($table:literal, $whose:literal) => {
        concat!(
            "UPDATE ",
            $table,
            " SET text = NULL, shared = $1 WHERE text IS NOT NULL AND issue IN (SELECT number FROM issues) AND subscriber ",
            $whose
        )
    };
}

impl Store {
    /// Keeps the hash of an address.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn bar(&mut self, hash: &str, why: Barred, now: Timestamp) -> Result<()> {
        let mut transaction = self.connection.begin().await?;
        bar(&mut transaction, hash, why, now).await?;
        Ok(transaction.commit().await?)
    }

    /// Whether an address is known by its hash, and why.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn barred(&mut self, hash: &str) -> Result<Option<Barred>> {
        let row = query("SELECT why FROM barred WHERE hash = $1").bind(hash);
        let why: Option<String> = row.optional_value(&mut self.connection).await?;
        Ok(why.and_then(|why| Barred::ALL.into_iter().find(|barred| barred.as_str() == why)))
    }

    /// The hashes of all addresses that only a wish of the reader's own brings on the list; with `asks`, the time at which they would
    /// be asked to confirm, also of those who have not answered such letters lately.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn kept_out(&mut self, asks: Option<Timestamp>) -> Result<HashSet<String>> {
        let hashes =
            query("SELECT hash FROM barred WHERE why IN ('erased', 'never') OR (why = 'unanswered' AND at > $1)");
        let since = asks.map_or(Timestamp::MAX, |now| now - REST).to_string();
        let hashes: Vec<String> = hashes.bind(since).values(&mut self.connection).await?;
        Ok(hashes.into_iter().collect())
    }

    /// Forgets a reader: the row keeps its number, which deliveries name, and nothing else of them. False when the address is not on
    /// the list; its hash is kept all the same.
    ///
    /// # Errors
    /// When the database does not answer; then nothing is forgotten.
    pub async fn erase(&mut self, address: &EmailAddress, hash: &str, now: Timestamp) -> Result<bool> {
        let mut transaction = self.connection.begin().await?;
        let id: Option<i64> = query("SELECT id FROM subscribers WHERE address_key = $1")
            .bind(address.key())
            .optional_value(&mut transaction)
            .await?;
        bar(&mut transaction, hash, Barred::Erased, now).await?;
        // Letters to it about the mail of another reader, who has asked for it here or had it here before.
        query(
            "UPDATE letters SET detail = NULL, answer = NULL
             WHERE kind = 'address' AND lower(detail) = $1 OR kind = 'moved' AND lower(detail) = $1",
        )
        .bind(address.as_str().to_ascii_lowercase())
        .execute(&mut transaction)
        .await?;
        if let Some(id) = id {
            for forget in [
                "DELETE FROM changes WHERE subscriber = $1",
                "DELETE FROM letters WHERE subscriber = $1",
                "DELETE FROM reports WHERE subscriber = $1",
            ] {
                query(forget).bind(id).execute(&mut transaction).await?;
            }
            let forgotten = number_of(FORGOTTEN, &mut transaction).await?;
            for forget in [forget_said!("deliveries", "= $2"), forget_said!("earlier_tries", "= $2")] {
                query(forget).bind(forgotten).bind(id).execute(&mut transaction).await?;
            }
            // What was said more than once is kept once.
            query(
                "UPDATE texts SET text = $2 || ' ' || id
                 WHERE replace(lower(text), lower($3), '') <> lower(text) AND id IN (
                    SELECT shared FROM deliveries WHERE issue IN (SELECT number FROM issues) AND subscriber = $1
                    UNION SELECT shared FROM earlier_tries WHERE issue IN (SELECT number FROM issues) AND subscriber = $1)",
            )
            .bind(id)
            .bind(FORGOTTEN)
            .bind(address.as_str())
            .execute(&mut transaction)
            .await?;
            query(
                "UPDATE subscribers SET address = $2, address_key = $2, name = NULL, status = 'unsubscribed', source = 'erased',
                 language = NULL, lists = NULL, fields = NULL,
                 created_at = $3, updated_at = $3 WHERE id = $1",
            )
            .bind(id)
            .bind(format!("erased-{id}@{}", Subscriber::ERASED))
            .bind(now.to_string())
            .execute(&mut transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(id.is_some())
    }

    /// Forgets also what servers said to readers who had been erased while their copies were on the way, and writes the file anew,
    /// without what was forgotten: SQLite leaves it in free space and in its log until something else is written there. False when
    /// others use the file: who sends must not wait for a large one. A server has its own time for that.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sweep(&mut self) -> Result<bool> {
        let is_file = matches!(self.connection, Connection::Sqlite(_));
        if is_file && self.is_locked().await? {
            return Ok(false);
        }
        let forgotten = number_of(FORGOTTEN, &mut self.connection).await?;
        for forget in [
            forget_said!("deliveries", "IN (SELECT id FROM subscribers WHERE source = 'erased')"),
            forget_said!("earlier_tries", "IN (SELECT id FROM subscribers WHERE source = 'erased')"),
        ] {
            query(forget).bind(forgotten).execute(&mut self.connection).await?;
        }
        if !is_file {
            return Ok(true);
        }
        match query("VACUUM").execute(&mut self.connection).await {
            Err(sqlx::Error::Database(error)) if error.message().contains("locked") => return Ok(false),
            done => done?,
        };
        let is_busy: i64 = query("PRAGMA wal_checkpoint(TRUNCATE)").value(&mut self.connection).await?;
        Ok(is_busy == 0)
    }

    /// Removes those who asked and never confirmed; `hash` makes the hash of an address. Returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn purge_unconfirmed(&mut self, hash: impl Fn(&EmailAddress) -> String, now: Timestamp) -> Result<u64> {
        let mut transaction = self.connection.begin().await?;
        let rows = query(concat!(
            "SELECT * FROM subscribers s WHERE status = 'pending' AND updated_at < $1
             AND EXISTS (SELECT 1 FROM letters l WHERE l.subscriber = s.id AND l.kind = 'confirm')
             AND NOT EXISTS (SELECT 1 FROM letters l WHERE l.subscriber = s.id
                             AND (l.asked_at >= $1 OR (l.state = 0 AND l.next_attempt_at = $2)))
             AND NOT ",
            has_issue!(),
            " LIMIT 1000"
        ));
        let rows = rows.bind((now - CONFIRM_SPAN).to_string()).bind(WAITS).fetch_all(&mut transaction).await?;
        for row in &rows {
            let reader = read(row)?;
            bar(&mut transaction, &hash(&reader.address), Barred::Unanswered, now).await?;
            forget_unconfirmed(&mut transaction, reader.id).await?;
        }
        transaction.commit().await?;
        Ok(rows.len() as u64)
    }
}

/// Removes a reader who never confirmed.
pub(super) async fn forget_unconfirmed(transaction: &mut Transaction<'_>, subscriber: i64) -> Result<()> {
    for forget in [
        "DELETE FROM letters WHERE subscriber = $1",
        "DELETE FROM changes WHERE subscriber = $1",
        "DELETE FROM reports WHERE subscriber = $1",
        concat!("DELETE FROM subscribers AS s WHERE s.id = $1 AND NOT ", has_issue!()),
    ] {
        query(forget).bind(subscriber).execute(&mut *transaction).await?;
    }
    Ok(())
}

/// Whether an address wants no letters, or has answered none of late.
pub(super) async fn is_left_alone(transaction: &mut Transaction<'_>, hash: &str, now: Timestamp) -> Result<bool> {
    Ok(match barred(transaction, hash).await? {
        Some((Barred::Never, _)) => true,
        Some((Barred::Unanswered, since)) => since > (now - REST).to_string(),
        _ => false,
    })
}

pub(super) async fn barred(transaction: &mut Transaction<'_>, hash: &str) -> Result<Option<(Barred, String)>> {
    let row = query("SELECT why, at FROM barred WHERE hash = $1").bind(hash).fetch_optional(transaction).await?;
    let Some(row) = row else { return Ok(None) };
    let (why, at): (String, String) = (row.try_get("why")?, row.try_get("at")?);
    Ok(Barred::ALL.into_iter().find(|barred| barred.as_str() == why).map(|barred| (barred, at)))
}

/// `never` outweighs the other causes.
async fn bar(transaction: &mut Transaction<'_>, hash: &str, why: Barred, now: Timestamp) -> Result<()> {
    query(
        "INSERT INTO barred (hash, why, at) VALUES ($1, $2, $3)
         ON CONFLICT (hash) DO UPDATE SET why = excluded.why, at = excluded.at WHERE barred.why <> 'never'",
    )
    .bind(hash)
    .bind(why.as_str())
    .bind(now.to_string())
    .execute(transaction)
    .await?;
    Ok(())
}
