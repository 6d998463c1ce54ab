//! The states of deliveries. A row says `sending` on disk before its message can be complete at the server; what the server
//! answered follows with the next rows; both for many rows in one transaction.

use serde_json::json;
use sqlx::{Connection as _, Row as _};

use super::{Result, Store, StoreError, memory};
use crate::model::{DeliveryCounts, DeliveryState};

/// The name under which [`Store::set_repeatable`] is kept.
const REPEATABLE: &str = "repeatable";

/// Which delivery: an issue to a subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryKey {
    /// The issue's number.
    pub issue: i64,
    /// The subscriber's number.
    pub subscriber: i64,
}

/// A delivery that may be tried now.
#[derive(Debug, Clone)]
pub struct QueuedDelivery {
    /// Which one.
    pub key: DeliveryKey,
    /// The reader's address as it is stored.
    pub address: String,
    /// The reader's name, when known.
    pub name: Option<String>,
    /// How often it was tried before.
    pub attempts: i64,
    /// When it was first tried, RFC 3339 in UTC.
    pub first_attempt_at: Option<String>,
}

/// The wish to complete a message: recorded as `sending` unless the reader has left.
pub type Intent = DeliveryKey;

/// What became of a try, to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Which delivery.
    pub key: DeliveryKey,
    /// Its state from now on.
    pub state: DeliveryState,
    /// What the server said.
    pub reply: String,
    /// When a deferred delivery may be tried again, RFC 3339 in UTC.
    pub next_attempt_at: Option<String>,
}

/// A delivery that is not `sent`, for `runs show`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSent {
    /// Which delivery.
    pub key: DeliveryKey,
    /// The reader's address as it is stored.
    pub address: String,
    /// Its state.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: i64,
    /// When it may be tried again.
    pub next_attempt_at: Option<String>,
    /// The last thing that the server said.
    pub reply: Option<String>,
    /// When the state last changed.
    pub updated_at: String,
}

impl Store {
    /// Records, before the first message leaves, whether repeating one whose outcome is lost is harmless or wished.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_repeatable(&mut self, repeatable: bool) -> Result<()> {
        self.set_value(REPEATABLE, if repeatable { "yes" } else { "no" }).await
    }

    /// Deals with deliveries that a dead process left in `sending`: they become `in_doubt`, or queued again when repeating
    /// them is harmless or wished. Only for the holder of [`Store::lock`]. Returns how many there were.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn recover(&mut self, repeat: bool, now: &str) -> Result<u64> {
        // What was sent when a repeat was harmless may be repeated only while it still is.
        let repeat = repeat && self.value(REPEATABLE).await?.is_some_and(|answer| answer == "yes");
        let (state, reply) = if repeat {
            ("queued", "the program ended while this was being sent; it is sent again")
        } else {
            ("in_doubt", "the program ended while this was being sent: nobody knows whether it arrived")
        };
        let done = sqlx::query(
            "UPDATE deliveries SET state = $1, reply = $2, updated_at = $3 WHERE state = 'sending' AND issue IN (
                SELECT number FROM issues JOIN runs ON runs.id = issues.run WHERE runs.finished_at IS NULL)",
        )
        .bind(state)
        .bind(reply)
        .bind(now)
        .execute(&mut self.connection)
        .await?;
        Ok(done.rows_affected())
    }

    /// A page of the deliveries of an issue that may be tried at `now`, beginning after the subscriber numbered `after`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn queued(&mut self, issue: i64, after: i64, now: &str, limit: u32) -> Result<Vec<QueuedDelivery>> {
        let rows = sqlx::query(
            "SELECT d.subscriber, s.address, s.name, d.attempts, d.first_attempt FROM deliveries d JOIN subscribers s ON s.id = d.subscriber
             WHERE d.issue = $1 AND d.subscriber > $2 AND d.state IN ('queued', 'deferred')
             AND (d.state = 'queued' OR d.next_attempt_at <= $3) ORDER BY d.subscriber LIMIT $4",
        )
        .bind(issue)
        .bind(after)
        .bind(now)
        .bind(limit)
        .fetch_all(&mut self.connection)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(QueuedDelivery {
                    key: DeliveryKey { issue, subscriber: row.try_get("subscriber")? },
                    address: row.try_get("address")?,
                    name: row.try_get("name")?,
                    attempts: row.try_get("attempts")?,
                    first_attempt_at: row.try_get("first_attempt")?,
                })
            })
            .collect()
    }

    /// How many deliveries may be tried at `now`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ready(&mut self, now: &str) -> Result<u64> {
        let count: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM deliveries WHERE issue IN (
                SELECT number FROM issues JOIN runs ON runs.id = issues.run WHERE runs.finished_at IS NULL)
             AND (state = 'queued' OR (state = 'deferred' AND next_attempt_at <= $1))",
        )
        .bind(now)
        .fetch_one(&mut self.connection)
        .await?;
        Ok(count.unsigned_abs())
    }

    /// Records outcomes and intents, at most one for each delivery, in one transaction, which is one flush to disk. Returns the intents that are granted: those whose reader is still confirmed. The others become `skipped`.
    ///
    /// # Errors
    /// When the database does not answer; nothing is recorded then.
    pub async fn record(&mut self, outcomes: &[Recorded], intents: &[Intent], now: &str) -> Result<Vec<Intent>> {
        let outcomes = outcomes
            .iter()
            .map(|o| json!([o.key.issue, o.key.subscriber, o.state.as_str(), o.reply, o.next_attempt_at]));
        let intents = intents.iter().map(|key| json!([key.issue, key.subscriber]));
        let rows: Vec<_> = outcomes.chain(intents).collect();
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        // A row of two values is an intent: it asks for `sending`, and gets it while the reader is confirmed.
        let changed = sqlx::query(
            "UPDATE deliveries SET
               state = CASE WHEN r.value ->> 2 IS NOT NULL THEN r.value ->> 2 WHEN s.status = 'confirmed' THEN 'sending' ELSE 'skipped' END,
               attempts = attempts + (r.value ->> 2 IS NULL AND s.status = 'confirmed'),
               first_attempt = CASE WHEN r.value ->> 2 IS NULL THEN COALESCE(first_attempt, $2) ELSE first_attempt END,
               reply = CASE WHEN r.value ->> 2 IS NOT NULL THEN r.value ->> 3
                            WHEN s.status = 'confirmed' THEN reply ELSE 'the reader had left: ' || s.status END,
               next_attempt_at = r.value ->> 4, updated_at = $2
             FROM json_each($1) AS r, subscribers AS s
             WHERE issue = r.value ->> 0 AND subscriber = r.value ->> 1 AND s.id = r.value ->> 1
               AND (r.value ->> 2 IS NOT NULL OR state IN ('queued', 'deferred'))
             RETURNING issue, subscriber, state",
        )
        .bind(serde_json::Value::from(rows).to_string())
        .bind(now)
        .fetch_all(&mut *transaction)
        .await?;
        let generation = memory::raise(&mut transaction, self.generation).await?;
        transaction.commit().await?;
        self.tell(generation, false);
        let mut granted = Vec::new();
        for row in changed {
            if row.try_get::<&str, _>("state")? == DeliveryState::Sending.as_str() {
                granted.push(DeliveryKey { issue: row.try_get("issue")?, subscriber: row.try_get("subscriber")? });
            }
        }
        Ok(granted)
    }

    /// How many deliveries are in each state, of one run or of all.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn delivery_counts(&mut self, run: Option<i64>) -> Result<DeliveryCounts> {
        let of_all = "SELECT state, COUNT(*) AS count FROM deliveries GROUP BY state";
        let of_one = "SELECT state, COUNT(*) AS count FROM deliveries
             WHERE issue IN (SELECT number FROM issues WHERE run = $1) GROUP BY state";
        let rows = match run {
            Some(run) => sqlx::query(of_one).bind(run).fetch_all(&mut self.connection).await?,
            None => sqlx::query(of_all).fetch_all(&mut self.connection).await?,
        };
        let mut counts = DeliveryCounts::default();
        for row in rows {
            counts.set(state_of(row.try_get("state")?)?, row.try_get("count")?);
        }
        Ok(counts)
    }

    /// When the first deferred delivery may be tried again.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn next_attempt_at(&mut self) -> Result<Option<String>> {
        let next = sqlx::query_scalar("SELECT MIN(next_attempt_at) FROM deliveries WHERE state = 'deferred'");
        Ok(next.fetch_one(&mut self.connection).await?)
    }

    /// How many messages were tried since a moment, for limits that hold longer than a run.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tried_since(&mut self, moment: &str) -> Result<i64> {
        let count =
            sqlx::query_scalar("SELECT COUNT(*) FROM deliveries WHERE attempts > 0 AND updated_at >= $1").bind(moment);
        Ok(count.fetch_one(&mut self.connection).await?)
    }

    /// Every delivery of a run that is not `sent`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn not_sent(&mut self, run: i64) -> Result<Vec<NotSent>> {
        let rows = sqlx::query(
            "SELECT d.*, s.address FROM deliveries d JOIN subscribers s ON s.id = d.subscriber
             WHERE d.issue IN (SELECT number FROM issues WHERE run = $1) AND d.state <> 'sent' ORDER BY d.issue, d.subscriber",
        )
        .bind(run)
        .fetch_all(&mut self.connection)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(NotSent {
                    key: DeliveryKey { issue: row.try_get("issue")?, subscriber: row.try_get("subscriber")? },
                    address: row.try_get("address")?,
                    state: state_of(row.try_get("state")?)?,
                    attempts: row.try_get("attempts")?,
                    next_attempt_at: row.try_get("next_attempt_at")?,
                    reply: row.try_get("reply")?,
                    updated_at: row.try_get("updated_at")?,
                })
            })
            .collect()
    }

    /// Settles deliveries of a run by the owner's decision: those in the state `from`, all or one reader's, are taken as
    /// `sent`, `queued` to be sent again, or `skipped`. Returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn settle(
        &mut self,
        run: i64,
        from: DeliveryState,
        subscriber: Option<i64>,
        to: DeliveryState,
        now: &str,
    ) -> Result<u64> {
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        let done = sqlx::query(
            "UPDATE deliveries SET state = $4, reply = 'settled by the owner: ' || $4, next_attempt_at = NULL, updated_at = $5,
               attempts = CASE WHEN $4 = 'queued' THEN 0 ELSE attempts END,
               first_attempt = CASE WHEN $4 = 'queued' THEN NULL ELSE first_attempt END
             WHERE state = $3 AND issue IN (SELECT number FROM issues WHERE run = $1) AND ($2 IS NULL OR subscriber = $2)",
        )
        .bind(run)
        .bind(subscriber)
        .bind(from.as_str())
        .bind(to.as_str())
        .bind(now)
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        if to == DeliveryState::Queued && done > 0 {
            sqlx::query("UPDATE runs SET finished_at = NULL WHERE id = $1")
                .bind(run)
                .execute(&mut *transaction)
                .await?;
        }
        let generation = memory::raise(&mut transaction, self.generation).await?;
        transaction.commit().await?;
        self.tell(generation, true);
        Ok(done)
    }
}

pub(super) fn state_of(word: &str) -> Result<DeliveryState> {
    DeliveryState::parse(word).ok_or_else(|| StoreError::Content(format!("a delivery's state `{word}`")))
}
