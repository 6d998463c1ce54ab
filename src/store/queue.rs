//! The queue: what may be tried, in its order. That is by next attempt, then by how often it was tried, then by number, so
//! what was put off goes behind what waits. An index keeps the order, so that a page costs the same however long the queue.

use jiff::Timestamp;
use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};

use super::connection::{Row, query};
use super::delivery::{DeliveryKey, Recorded, state_of};
use super::{Result, Store, moment, seconds};
use crate::model::DeliveryState;

/// A place in the queue. Only what was claimed moves while the queue is read, and never to an earlier place, so claiming on from
/// the last place misses nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When it may be tried: seconds since 1970, 0 when at once.
    pub next_attempt_at: i64,
    /// How often it was tried.
    pub attempts: i64,
    /// Which delivery.
    pub key: DeliveryKey,
}

impl Place {
    /// Before everything.
    pub const START: Self = Self { next_attempt_at: -1, attempts: 0, key: DeliveryKey { issue: 0, subscriber: 0 } };

    /// True for a delivery that was neither tried nor put off.
    pub fn is_fresh(&self) -> bool {
        self.next_attempt_at == 0 && self.attempts == 0
    }
}

/// A delivery that may be tried now.
#[derive(Debug, Clone)]
pub struct QueuedDelivery {
    /// Which one, and where it stands.
    pub place: Place,
    /// Its state in the queue: `queued` or `deferred`.
    pub state: DeliveryState,
    /// The reader's address as it is stored.
    pub address: String,
    /// The reader's name, when known.
    pub name: Option<String>,
    /// How often it was tried since it was last queued: the owner may queue it anew.
    pub tries: i64,
    /// When the first of these tries was.
    pub first_try_at: Option<Timestamp>,
    /// The first of these tries after which the message may have been accepted.
    pub doubt: Option<Doubt>,
}

/// A try after which it is not known whether the message was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt {
    /// When it was, or its delivery was claimed.
    pub since: Timestamp,
    /// The number of the way out, as [`Store::relay`] gives it.
    pub relay: i64,
}

impl QueuedDelivery {
    /// Which delivery.
    pub fn key(&self) -> DeliveryKey {
        self.place.key
    }

    /// What puts it back where it was before it was claimed.
    pub fn put_back(&self) -> Recorded {
        let next = Timestamp::from_second(self.place.next_attempt_at).ok().filter(|at| at.as_second() > 0);
        let next_attempt_at = next.map(|at| at.to_string());
        Recorded { key: self.key(), state: Some(self.state), next_attempt_at, said: None }
    }
}

/// The earlier tries of the delivery `d` since it was last queued by a decision among them.
macro_rules! tries_since_queued {
    ($what:literal) => {
        concat!(
            "CASE WHEN d.attempts > 0 THEN (SELECT ",
            $what,
            " FROM earlier_tries t WHERE t.issue = d.issue AND t.subscriber = d.subscriber AND t.relay IS NOT NULL AND t.id > (
                SELECT COALESCE(MAX(q.id), 0) FROM earlier_tries q
                WHERE q.issue = d.issue AND q.subscriber = d.subscriber AND q.relay IS NULL AND q.state = 0)) END"
        )
    };
}

/// What is read of a delivery in the queue.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT d.issue, d.subscriber, d.state, d.attempts, d.next_attempt_at, s.address, s.name, s.status, s.lists,
               CASE WHEN d.text IS NOT NULL OR d.shared IS NOT NULL THEN d.updated_at END AS said_at, d.relay, ",
            tries_since_queued!("COUNT(*)"),
            " AS tries, ",
            tries_since_queued!("MIN(t.at)"),
            " AS first_try_at, ",
            tries_since_queued!("MIN(CASE WHEN t.state = 5 THEN t.at END)"),
            " AS doubtful_since, ",
            tries_since_queued!("MIN(CASE WHEN t.state = 5 THEN t.relay END)"),
            " AS doubtful_relay ",
            $rest
        )
    };
}

/// A page of the queue.
pub(super) const PAGE: &str = select!(
    "FROM deliveries d CROSS JOIN subscribers s
     WHERE s.id = d.subscriber AND d.state IN (0, 3) AND d.next_attempt_at <= $5
       AND (d.next_attempt_at, d.attempts, d.issue, d.subscriber) > ($1, $2, $3, $4)
     ORDER BY d.next_attempt_at, d.attempts, d.issue, d.subscriber LIMIT $6"
);

/// Deliveries by their keys, as far as they are in the queue.
pub(super) const THESE: &str = select!(
    "FROM json_each($1) AS r CROSS JOIN deliveries d CROSS JOIN subscribers s
     WHERE d.issue = CAST(r.value ->> 0 AS BIGINT) AND d.subscriber = CAST(r.value ->> 1 AS BIGINT) AND s.id = d.subscriber
       AND d.state IN (0, 3) AND d.next_attempt_at <= $2"
);

/// The statement that reads what is claimed then; `beside` other senders what they have taken is passed over.
pub(super) fn taken(read: &'static str, beside: bool) -> SqlStr {
    if beside {
        AssertSqlSafe(format!("{read} FOR UPDATE OF d SKIP LOCKED")).into_sql_str()
    } else {
        read.into_sql_str()
    }
}

impl Store {
    /// A page of the deliveries that may be tried at `now`, in the order of the queue, beginning after a place.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn queued(&mut self, after: Place, now: &str, limit: u32) -> Result<Vec<QueuedDelivery>> {
        let rows = query(PAGE)
            .bind(after.next_attempt_at)
            .bind(after.attempts)
            .bind(after.key.issue)
            .bind(after.key.subscriber)
            .bind(seconds(now)?)
            .bind(limit)
            .fetch_all(&mut self.connection)
            .await?;
        rows.iter().map(read).collect()
    }

    /// The last delivery in the queue that was neither tried nor put off.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_fresh(&mut self) -> Result<Option<DeliveryKey>> {
        let row = query(
            "SELECT issue, subscriber FROM deliveries
             WHERE state IN (0, 3) AND next_attempt_at = 0 AND attempts = 0
             ORDER BY issue DESC, subscriber DESC LIMIT 1",
        )
        .fetch_optional(&mut self.connection)
        .await?;
        row.map(|row| Ok(DeliveryKey { issue: row.try_get("issue")?, subscriber: row.try_get("subscriber")? }))
            .transpose()
    }

    /// How many deliveries may be tried at `now`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ready(&mut self, now: &str) -> Result<u64> {
        let count = "SELECT COUNT(*) FROM deliveries WHERE state IN (0, 3) AND next_attempt_at <= $1";
        let count: i64 = query(count).bind(seconds(now)?).value(&mut self.connection).await?;
        Ok(count.unsigned_abs())
    }

    /// Whether a delivery may be tried at `now`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_any_ready(&mut self, now: &str) -> Result<bool> {
        let any = "SELECT EXISTS (SELECT 1 FROM deliveries WHERE state IN (0, 3) AND next_attempt_at <= $1)";
        Ok(query(any).bind(seconds(now)?).value(&mut self.connection).await?)
    }

    /// How many deliveries were neither tried nor put off.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn fresh(&mut self) -> Result<u64> {
        let count: i64 =
            query("SELECT COUNT(*) FROM deliveries WHERE state IN (0, 3) AND next_attempt_at = 0 AND attempts = 0")
                .value(&mut self.connection)
                .await?;
        Ok(count.unsigned_abs())
    }

    /// When the first delivery that was put off may be tried again.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn next_attempt_at(&mut self) -> Result<Option<String>> {
        let next: Option<i64> =
            query("SELECT MIN(next_attempt_at) FROM deliveries WHERE state IN (0, 3) AND next_attempt_at > 0")
                .value(&mut self.connection)
                .await?;
        next.map(moment).transpose()
    }
}

pub(super) fn read(row: &Row) -> Result<QueuedDelivery> {
    let mut first_try_at: Option<i64> = row.try_get("first_try_at")?;
    let mut tries = row.try_get::<Option<i64>, _>("tries")?.unwrap_or(0);
    let mut doubt = (row.try_get::<Option<i64>, _>("doubtful_since")?, row.try_get("doubtful_relay")?);
    let state = state_of(row.try_get("state")?)?;
    // What was said last of a delivery in the queue is a try that put it off, or a decision.
    if let Some(said_at) = row.try_get("said_at")? {
        if row.try_get::<Option<i64>, _>("relay")?.is_some() {
            tries += 1;
            first_try_at = first_try_at.or(Some(said_at));
        } else if state == DeliveryState::Queued {
            (tries, first_try_at, doubt) = (0, None, (None, None));
        }
    }
    Ok(QueuedDelivery {
        place: Place {
            next_attempt_at: row.try_get("next_attempt_at")?,
            attempts: row.try_get("attempts")?,
            key: DeliveryKey { issue: row.try_get("issue")?, subscriber: row.try_get("subscriber")? },
        },
        state,
        address: row.try_get("address")?,
        name: row.try_get("name")?,
        tries,
        first_try_at: first_try_at.and_then(|at| Timestamp::from_second(at).ok()),
        doubt: match doubt {
            (Some(since), Some(relay)) => Timestamp::from_second(since).ok().map(|since| Doubt { since, relay }),
            _ => None,
        },
    })
}
