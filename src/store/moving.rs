//! Readers who want their mail at another address.

use jiff::Timestamp;

use super::Store;
use super::barred::{forget_unconfirmed, is_left_alone};
use super::changes::{Changing, note};
use super::connection::{Transaction, query};
use super::letters::{LETTER_SPAN, MOST_LETTERS, NewLetter, REST, queue};
use super::{Result, subscriber::status_of};
use crate::model::{EmailAddress, LetterKind, Subscriber, SubscriberStatus};

impl Store {
    /// Queues a letter about a change of a reader's address, unless the reader asked for one within a day, the new address has had
    /// enough, or its `hash` says that it wants none. Returns whether it did.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ask_to_move(
        &mut self,
        subscriber: i64,
        to: &EmailAddress,
        hash: &str,
        changing: Changing<'_>,
    ) -> Result<bool> {
        let mut transaction = self.connection.begin().await?;
        let own = query("SELECT COUNT(*) FROM letters WHERE asked_at > $1 AND kind = 'address' AND subscriber = $2");
        let own = own.bind((changing.now - LETTER_SPAN).to_string()).bind(subscriber);
        let own: i64 = own.value(&mut transaction).await?;
        if own > 0
            || is_left_alone(&mut transaction, hash, changing.now).await?
            || has_enough(&mut transaction, to, changing.now).await?
        {
            return transaction.end(false).await;
        }
        let letter = NewLetter {
            detail: Some(to.as_str()),
            network: changing.network,
            ..NewLetter::of(subscriber, LetterKind::Address, changing.way)
        };
        queue(&mut transaction, letter, &changing.now.to_string()).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// Whether an address has as many letters as one gets that does not confirm, to join and to have mail sent there together: one
/// within a day, and three until it confirms or the time is over for which it is left alone then.
pub(super) async fn has_enough(
    transaction: &mut Transaction<'_>,
    address: &EmailAddress,
    now: Timestamp,
) -> Result<bool> {
    let row = query(
        "SELECT COUNT(*) AS count, MAX(asked_at) AS newest FROM (
             SELECT l.asked_at FROM letters l JOIN subscribers s ON s.id = l.subscriber
             WHERE s.address_key = $1 AND l.kind = 'confirm' AND l.asked_at > COALESCE(
                 (SELECT MAX(c.at) FROM changes c WHERE c.subscriber = s.id AND c.status = 'confirmed'), '')
             UNION ALL
             SELECT asked_at FROM letters
             WHERE kind = 'address' AND lower(detail) = $2 AND asked_at > $3 AND used_at IS NULL
         ) AS asked",
    );
    let row = row.bind(address.key()).bind(address.as_str().to_ascii_lowercase()).bind((now - REST).to_string());
    let row = row.fetch_one(transaction).await?;
    let newest: Option<String> = row.try_get("newest")?;
    let is_recent = newest.is_some_and(|newest| newest > (now - LETTER_SPAN).to_string());
    Ok(is_recent || row.try_get::<i64, _>("count")? >= MOST_LETTERS)
}

/// Gives a reader another address, and tells the one before: who did not ask for this would not learn why no more comes. False when
/// another reader has it who is more than asked to confirm.
pub(super) async fn move_to(
    transaction: &mut Transaction<'_>,
    reader: &Subscriber,
    to: &EmailAddress,
    changing: Changing<'_>,
) -> Result<bool> {
    let taken = query("SELECT id, status FROM subscribers WHERE address_key = $1 AND id <> $2");
    let taken = taken.bind(to.key()).bind(reader.id).fetch_optional(&mut *transaction).await?;
    if let Some(row) = taken {
        if status_of(row.try_get("status")?)? != SubscriberStatus::Pending {
            return Ok(false);
        }
        forget_unconfirmed(transaction, row.try_get("id")?).await?;
    }
    query("UPDATE subscribers SET address = $2, address_key = $3 WHERE id = $1")
        .bind(reader.id)
        .bind(to.as_str())
        .bind(to.key())
        .execute(&mut *transaction)
        .await?;
    note(transaction, reader.id, (reader.status, Some("address")), changing, None).await?;
    let (kind, detail) = (LetterKind::Moved, Some(reader.address.as_str()));
    let letter = NewLetter { detail, ..NewLetter::of(reader.id, kind, changing.way) };
    queue(transaction, letter, &changing.now.to_string()).await?;
    Ok(true)
}
