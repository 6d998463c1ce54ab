//! Letters to one reader that are no issue, on their way. One is marked as being sent before its message can be complete at a server,
//! and is not sent again by itself when it is not known what became of it.

use jiff::SignedDuration;

use super::changes::last_number;
use super::connection::{Row, Transaction, query};
use super::delivery::state_of;
use super::subscriber::read;
use super::tries::number_of;
use super::{Result, Store, StoreError};
use crate::model::{DeliveryState, EmailAddress, LetterKind, Subscriber};

/// How long a letter can be confirmed, and a reader who never did is kept.
pub const CONFIRM_SPAN: SignedDuration = SignedDuration::from_hours(7 * 24);
/// One letter that asks to confirm in so long a time.
pub(super) const LETTER_SPAN: SignedDuration = SignedDuration::from_hours(24);
/// So many of them, until the reader confirms.
pub(super) const MOST_LETTERS: i64 = 3;
/// An address that has answered none of them is left alone for so long.
pub(super) const REST: SignedDuration = SignedDuration::from_hours(90 * 24);
/// When a letter may leave that has not had its turn: never.
pub(super) const WAITS: i64 = i64::MAX;
/// A process that takes a letter has so many seconds to say what became of it.
const PATIENCE: i64 = 600;

/// Which letter: of those to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LetterKey {
    /// The reader.
    pub subscriber: i64,
    /// The number of the letter, 1 first.
    pub number: i64,
}

/// A letter that waits.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Which one.
    pub key: LetterKey,
    /// What it is for.
    pub kind: LetterKind,
    /// Whom it is for.
    pub reader: Subscriber,
    /// When it was asked for, RFC 3339 in UTC.
    pub asked_at: String,
    /// What it is about: the address that it goes to, where that is not the reader's.
    pub detail: Option<String>,
    /// How often it was tried.
    pub attempts: i64,
}

/// A letter as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLetter {
    /// What it was for: `confirm`, `address`, `moved`, `welcome`.
    pub kind: String,
    /// When it was asked for, RFC 3339 in UTC.
    pub asked_at: String,
    /// What it was about: the address that it went to, where that was not the reader's.
    pub detail: Option<String>,
    /// How it was asked for.
    pub way: String,
    /// The text that stood where it was asked for.
    pub shown: Option<String>,
    /// The keyed hash of the network that it was asked from.
    pub network: Option<String>,
    /// What became of it.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: i64,
    /// What the server said last.
    pub answer: Option<String>,
    /// When the reader confirmed by it, RFC 3339 in UTC.
    pub used_at: Option<String>,
}

impl Store {
    /// Every letter to a reader, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn letters_to(&mut self, subscriber: i64) -> Result<Vec<KeptLetter>> {
        let rows = query(
            "SELECT kind, asked_at, detail, way, network, state, attempts, answer, used_at,
                    (SELECT t.text FROM texts t WHERE t.id = shown) AS shown
             FROM letters WHERE subscriber = $1 ORDER BY number",
        );
        let rows = rows.bind(subscriber).fetch_all(&mut self.connection).await?;
        let read = |row: &Row| {
            Ok(KeptLetter {
                kind: row.try_get("kind")?,
                asked_at: row.try_get("asked_at")?,
                detail: row.try_get("detail")?,
                way: row.try_get("way")?,
                shown: row.try_get("shown")?,
                network: row.try_get("network")?,
                state: state_of(row.try_get("state")?)?,
                attempts: row.try_get("attempts")?,
                answer: row.try_get("answer")?,
                used_at: row.try_get("used_at")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Letters that may be sent at `now`, in seconds since 1970, the oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn letters_that_wait(&mut self, now: i64, limit: u32) -> Result<Vec<Letter>> {
        let rows = query(
            "SELECT s.*, l.number, l.kind, l.asked_at, l.detail, l.attempts FROM letters l
             JOIN subscribers s ON s.id = l.subscriber WHERE l.state IN (0, 3) AND l.next_attempt_at <= $1
             ORDER BY l.next_attempt_at, l.subscriber, l.number LIMIT $2",
        );
        let rows = rows.bind(now).bind(limit).fetch_all(&mut self.connection).await?;
        let letter = |row: &Row| {
            let reader = read(row)?;
            let kind: String = row.try_get("kind")?;
            let kind =
                LetterKind::parse(&kind).ok_or_else(|| StoreError::Content(format!("a letter's kind `{kind}`")))?;
            Ok(Letter {
                key: LetterKey { subscriber: reader.id, number: row.try_get("number")? },
                kind,
                reader,
                asked_at: row.try_get("asked_at")?,
                detail: row.try_get("detail")?,
                attempts: row.try_get("attempts")?,
            })
        };
        rows.iter().map(letter).collect()
    }

    /// What a letter is for, and the address that it goes to; `None` when there is no such letter, or the address was erased.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn letter_to(&mut self, key: LetterKey) -> Result<Option<(LetterKind, EmailAddress)>> {
        let row = query(
            "SELECT l.kind, CASE WHEN l.kind IN ('address', 'moved') THEN l.detail
                 WHEN m.number IS NOT NULL THEN m.detail ELSE s.address END AS address
             FROM letters l JOIN subscribers s ON s.id = l.subscriber
             LEFT JOIN letters m ON m.subscriber = l.subscriber AND m.number = (SELECT MIN(x.number) FROM letters x
                 WHERE x.subscriber = l.subscriber AND x.number > l.number AND x.kind = 'moved')
             WHERE l.subscriber = $1 AND l.number = $2",
        );
        let row = row.bind(key.subscriber).bind(key.number).fetch_optional(&mut self.connection).await?;
        let Some(row) = row else { return Ok(None) };
        let (kind, address): (String, Option<String>) = (row.try_get("kind")?, row.try_get("address")?);
        let Some(address) = address else { return Ok(None) };
        let address = address.parse().map_err(|_| StoreError::Content("the address of a letter".into()))?;
        Ok(LetterKind::parse(&kind).map(|kind| (kind, address)))
    }

    /// Takes a letter, to send it. False when another process has.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take_letter(&mut self, key: LetterKey, now: i64) -> Result<bool> {
        let mut transaction = self.connection.begin().await?;
        let taken = query(
            "UPDATE letters SET state = 1, attempts = attempts + 1, next_attempt_at = $3
             WHERE subscriber = $1 AND number = $2 AND state IN (0, 3)",
        );
        let taken = taken.bind(key.subscriber).bind(key.number).bind(now).execute(&mut transaction).await?;
        transaction.commit().await?;
        Ok(taken == 1)
    }

    /// Records what became of a letter that was taken; `next` is when to try again, in seconds since 1970.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn settle_letter(&mut self, key: LetterKey, state: DeliveryState, next: i64, answer: &str) -> Result<()> {
        let mut transaction = self.connection.begin().await?;
        query(
            "UPDATE letters SET state = $3, next_attempt_at = $4, answer = $5
             WHERE subscriber = $1 AND number = $2 AND state = 1",
        )
        .bind(key.subscriber)
        .bind(key.number)
        .bind(state.number())
        .bind(next)
        .bind(answer)
        .execute(&mut transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Letters of which no process said in time what became of them are in doubt from now on. Returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn recover_letters(&mut self, now: i64) -> Result<u64> {
        let mut transaction = self.connection.begin().await?;
        let lost = query("UPDATE letters SET state = 5 WHERE state = 1 AND next_attempt_at < $1");
        let lost = lost.bind(now - PATIENCE).execute(&mut transaction).await?;
        transaction.commit().await?;
        Ok(lost)
    }
}

/// A letter to queue.
pub(super) struct NewLetter<'a> {
    pub(super) subscriber: i64,
    pub(super) kind: LetterKind,
    pub(super) detail: Option<&'a str>,
    pub(super) way: &'a str,
    pub(super) shown: Option<&'a str>,
    pub(super) network: Option<&'a str>,
    pub(super) next_attempt_at: i64,
}

impl<'a> NewLetter<'a> {
    /// One that leaves at once.
    pub(super) fn of(subscriber: i64, kind: LetterKind, way: &'a str) -> Self {
        Self { subscriber, kind, detail: None, way, shown: None, network: None, next_attempt_at: 0 }
    }
}

/// Queues a letter; `now` is RFC 3339 in UTC.
pub(super) async fn queue(transaction: &mut Transaction<'_>, letter: NewLetter<'_>, now: &str) -> Result<()> {
    let NewLetter { subscriber, kind, detail, way, shown, network, next_attempt_at } = letter;
    let shown = match shown {
        Some(shown) => Some(number_of(shown, &mut *transaction).await?),
        None => None,
    };
    let number = last_number(transaction, "letters", subscriber).await? + 1;
    query(
        "INSERT INTO letters (subscriber, number, kind, asked_at, detail, way, shown, network, next_attempt_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(subscriber)
    .bind(number)
    .bind(kind.as_str())
    .bind(now)
    .bind(detail)
    .bind(way)
    .bind(shown)
    .bind(network)
    .bind(next_attempt_at)
    .execute(transaction)
    .await?;
    Ok(())
}
