//! Letters that the owner asks for: each waits for its turn, so that a long list does not leave at once.

use jiff::{SignedDuration, Timestamp};

use super::connection::{Transaction, query};
use super::letters::{LETTER_SPAN, MOST_LETTERS, WAITS};
use super::{Result, Store};
use crate::model::DeliveryState;

/// How letters are asked for from the command line.
pub(super) const WAY: &str = "the owner";

impl Store {
    /// Gives their turn to letters that wait for it: so many that with those of the last hour there are at most `most_an_hour`. Who
    /// has left meanwhile gets none. Returns how many go on waiting.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn release_letters(&mut self, most_an_hour: i64, now: Timestamp) -> Result<u64> {
        // Most have none that wait, and need no transaction that writes.
        if self.waiting_letters().await? == 0 {
            return Ok(0);
        }
        let mut transaction = self.connection.begin().await?;
        // Both states are named, since the index is of both.
        query(
            "UPDATE letters SET state = $2, next_attempt_at = 0, answer = 'the reader has left'
             WHERE state IN (0, 3) AND state = 0 AND next_attempt_at = $1 AND EXISTS (SELECT 1 FROM subscribers s WHERE s.id = letters.subscriber
               AND s.status IN ('unsubscribed', 'bounced', 'complained') AND s.updated_at > letters.asked_at)",
        )
        .bind(WAITS)
        .bind(DeliveryState::Skipped.number())
        .execute(&mut transaction)
        .await?;
        let free = most_an_hour - asked_within_an_hour(&mut transaction, now).await?;
        query(
            "UPDATE letters SET asked_at = $1, next_attempt_at = 0 WHERE (subscriber, number) IN
               (SELECT subscriber, number FROM letters WHERE state IN (0, 3) AND next_attempt_at = $2
                ORDER BY next_attempt_at, subscriber, number LIMIT $3)",
        )
        .bind(now.to_string())
        .bind(WAITS)
        .bind(free.max(0))
        .execute(&mut transaction)
        .await?;
        transaction.commit().await?;
        self.waiting_letters().await
    }

    /// How many letters wait for their turn.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn waiting_letters(&mut self) -> Result<u64> {
        let count = query("SELECT COUNT(*) FROM letters WHERE state IN (0, 3) AND next_attempt_at = $1");
        let count: i64 = count.bind(WAITS).value(&mut self.connection).await?;
        Ok(count.unsigned_abs())
    }

    /// How many letters are on their way: to be sent, or tried again.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn letters_on_their_way(&mut self) -> Result<u64> {
        let count = query(
            "SELECT (SELECT COUNT(*) FROM letters WHERE state IN (0, 3) AND next_attempt_at < $1)
                  + (SELECT COUNT(*) FROM letters WHERE state = 1)",
        );
        let count: i64 = count.bind(WAITS).value(&mut self.connection).await?;
        Ok(count.unsigned_abs())
    }
}

/// How many letters that ask to confirm were asked for within an hour, or had their turn.
pub(super) async fn asked_within_an_hour(transaction: &mut Transaction<'_>, now: Timestamp) -> Result<i64> {
    let count = query(
        "SELECT COUNT(*) FROM letters WHERE asked_at > $1 AND kind = 'confirm'
         AND NOT (state = 0 AND next_attempt_at = $2)",
    );
    let since = (now - SignedDuration::from_hours(1)).to_string();
    Ok(count.bind(since).bind(WAITS).value(transaction).await?)
}

/// Queues a letter for each arrival who is pending, within the limits of [`Store::ask`]. Returns how many.
pub(super) async fn ask_all(transaction: &mut Transaction<'_>, now: Timestamp) -> Result<u64> {
    let queued = query(
        "INSERT INTO letters (subscriber, number, kind, asked_at, way, next_attempt_at)
         SELECT s.id, COALESCE((SELECT MAX(l.number) FROM letters l WHERE l.subscriber = s.id), 0) + 1, 'confirm', $1, $2, $3
         FROM subscribers s WHERE s.status = 'pending' AND s.address_key IN (SELECT address_key FROM arrivals)
         AND NOT EXISTS (SELECT 1 FROM letters l WHERE l.subscriber = s.id AND l.kind = 'confirm'
                         AND (l.asked_at > $4 OR (l.state = 0 AND l.next_attempt_at = $3)))
         AND (SELECT COUNT(*) FROM letters l WHERE l.subscriber = s.id AND l.kind = 'confirm' AND l.asked_at >
              COALESCE((SELECT MAX(at) FROM changes c WHERE c.subscriber = s.id AND c.status = 'confirmed'), '')) < $5",
    );
    let queued = queued.bind(now.to_string()).bind(WAY).bind(WAITS).bind((now - LETTER_SPAN).to_string());
    Ok(queued.bind(MOST_LETTERS).execute(transaction).await?)
}
