//! The queue: what may be tried, in its order. That is by next attempt, then by how often it was tried, then by number, so
//! what was put off goes behind what waits. An index keeps the order, so that a page costs the same however long the queue.

use jiff::Timestamp;
use serde::Deserialize;
use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};

use super::connection::query;
use super::delivery::{DeliveryKey, Recorded, state_of};
use super::{Result, Store, StoreError, moment, seconds};
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

/// The statement that reads deliveries as one text, for [`read`]: each row by itself would wake the thread of all connections.
fn as_text(deliveries: &str, at_server: bool) -> SqlStr {
    let (all, each) = if at_server { ("json_agg", "json_build_array") } else { ("json_group_array", "json_array") };
    AssertSqlSafe(format!(
        "SELECT COALESCE(CAST({all}({each}(
            q.issue, q.subscriber, q.state, q.attempts, q.next_attempt_at, q.address, q.name, q.status, q.lists,
            q.said_at, q.relay, q.tries, q.first_try_at, q.doubtful_since, q.doubtful_relay)) AS TEXT), '[]')
         FROM ({deliveries}) AS q"
    ))
    .into_sql_str()
}

/// The statement that reads what is claimed then; at a server what other senders have taken is passed over.
pub(super) fn taken(deliveries: &str, at_server: bool) -> SqlStr {
    let beside = if at_server { " FOR UPDATE OF d SKIP LOCKED" } else { "" };
    as_text(&format!("{deliveries}{beside}"), at_server)
}

impl Store {
    /// A page of the deliveries that may be tried at `now`, in the order of the queue, beginning after a place.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn queued(&mut self, after: Place, now: &str, limit: u32) -> Result<Vec<QueuedDelivery>> {
        let text: String = query(as_text(PAGE, self.is_shared()))
            .bind(after.next_attempt_at)
            .bind(after.attempts)
            .bind(after.key.issue)
            .bind(after.key.subscriber)
            .bind(seconds(now)?)
            .bind(limit)
            .value(&mut self.connection)
            .await?;
        read(&text)?.into_iter().map(QueuedRow::delivery).collect()
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

/// What is read of a delivery in the queue, in the order of [`taken`].
#[derive(Debug, Deserialize)]
pub(super) struct QueuedRow {
    pub(super) issue: i64,
    subscriber: i64,
    state: i64,
    attempts: i64,
    next_attempt_at: i64,
    address: String,
    name: Option<String>,
    pub(super) status: String,
    pub(super) lists: Option<String>,
    pub(super) said_at: Option<i64>,
    relay: Option<i64>,
    tries: Option<i64>,
    first_try_at: Option<i64>,
    doubtful_since: Option<i64>,
    doubtful_relay: Option<i64>,
}

/// What [`taken`] gives, in the order of the queue: a database promises none for what it gathers.
pub(super) fn read(text: &str) -> Result<Vec<QueuedRow>> {
    let rows = serde_json::from_str(text);
    let mut rows: Vec<QueuedRow> = rows.map_err(|error| StoreError::Content(format!("the queue: {error}")))?;
    rows.sort_by_key(|row| (row.next_attempt_at, row.attempts, row.issue, row.subscriber));
    Ok(rows)
}

impl QueuedRow {
    pub(super) fn delivery(self) -> Result<QueuedDelivery> {
        let (mut tries, mut first_try_at) = (self.tries.unwrap_or(0), self.first_try_at);
        let mut doubt = self.doubtful_since.zip(self.doubtful_relay);
        let state = state_of(self.state)?;
        // What was said last of a delivery in the queue is a try that put it off, or a decision.
        if self.said_at.is_some() && self.relay.is_some() {
            tries += 1;
            first_try_at = first_try_at.or(self.said_at);
        } else if self.said_at.is_some() && state == DeliveryState::Queued {
            (tries, first_try_at, doubt) = (0, None, None);
        }
        let key = DeliveryKey { issue: self.issue, subscriber: self.subscriber };
        let moment = |at| Timestamp::from_second(at).ok();
        Ok(QueuedDelivery {
            place: Place { next_attempt_at: self.next_attempt_at, attempts: self.attempts, key },
            state,
            address: self.address,
            name: self.name,
            tries,
            first_try_at: first_try_at.and_then(moment),
            doubt: doubt.and_then(|(since, relay)| Some(Doubt { since: moment(since)?, relay })),
        })
    }
}
