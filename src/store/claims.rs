//! Claims: one transaction, which is one flush to disk, records what became of deliveries and takes the next ones out of the
//! queue. What is claimed says `sending`; whether its message may be complete stands in the [marks](super::Marks).

use serde_json::json;
use sqlx::{Connection as _, Row as _, SqliteConnection};

use super::delivery::{DeliveryKey, Recorded};
use super::queue::{self, PAGE, Place, QueuedDelivery, THESE};
use super::{Result, Store, memory, seconds};
use crate::model::{Answer, DeliveryState, SubscriberStatus};

/// Which deliveries to claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The next ones in the queue.
    Next {
        /// The place that was reached before.
        after: Place,
        /// Only those that were neither tried nor put off.
        is_fresh: bool,
        /// At most so many.
        limit: u32,
    },
    /// These, as long as they may be tried.
    These(Vec<DeliveryKey>),
}

/// What was claimed.
#[derive(Debug, Default)]
pub struct Claimed {
    /// The deliveries, in the order of the queue.
    pub deliveries: Vec<QueuedDelivery>,
    /// How many were taken out of the queue because their readers have left.
    pub left: u64,
    /// The last place that was looked at; `None` when nothing was there.
    pub last: Option<Place>,
}

impl Store {
    /// Records outcomes, at most one for each delivery, and claims what is wanted, in one transaction.
    ///
    /// # Errors
    /// When the database does not answer; nothing is recorded or claimed then.
    pub async fn advance(&mut self, outcomes: &[Recorded], wanted: Option<&Wanted>, now: &str) -> Result<Claimed> {
        let mut rows = Vec::with_capacity(outcomes.len());
        for outcome in outcomes {
            rows.push(self.row(outcome).await?);
        }
        let now = seconds(now)?;
        let generation = self.generation;
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        if !rows.is_empty() {
            record(&mut transaction, serde_json::Value::from(rows).to_string(), now).await?;
        }
        let claimed = match wanted {
            Some(wanted) => claim(&mut transaction, wanted, now).await?,
            None => Claimed::default(),
        };
        let generation = memory::raise(&mut transaction, generation).await?;
        transaction.commit().await?;
        self.tell(generation, false);
        Ok(claimed)
    }

    /// Which of these readers, whose deliveries are claimed, are not on the list any more, with what is said of it. Costs
    /// next to nothing as long as no other process has changed the database.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn leavers(&mut self, readers: impl Iterator<Item = i64>) -> Result<Vec<(i64, String)>> {
        let version: i64 = sqlx::query_scalar("PRAGMA data_version").fetch_one(&mut self.connection).await?;
        if self.seen_version == Some(version) {
            return Ok(Vec::new());
        }
        let readers = serde_json::Value::from(readers.collect::<Vec<_>>()).to_string();
        let left: Vec<(i64, String)> = sqlx::query_as(
            "SELECT s.id, s.status FROM json_each($1) AS r CROSS JOIN subscribers AS s
             WHERE s.id = r.value AND s.status <> 'confirmed'",
        )
        .bind(readers)
        .fetch_all(&mut self.connection)
        .await?;
        self.seen_version = Some(version);
        Ok(left.into_iter().map(|(id, status)| (id, left_because(&status))).collect())
    }

    /// An outcome as [`Store::advance`] hands it to the database.
    async fn row(&mut self, outcome: &Recorded) -> Result<serde_json::Value> {
        let Recorded { key, state, next_attempt_at, said } = outcome;
        let next = next_attempt_at.as_deref().map_or(Ok(0), seconds)?;
        let word = state.map(DeliveryState::as_str);
        let Some(said) = said else { return Ok(json!([key.issue, key.subscriber, word, next])) };
        let shared = self.shared(&said.answer.text).await?;
        let Answer { code, enhanced, text } = &said.answer;
        let text = shared.is_none().then_some(text);
        let became = if said.is_doubtful { DeliveryState::InDoubt } else { state.unwrap_or(DeliveryState::Deferred) };
        let number = became.number();
        Ok(json!([key.issue, key.subscriber, word, next, number, said.relay, code, enhanced, text, shared]))
    }
}

/// Records outcomes, as [`Store::row`] writes them, of deliveries that are still claimed.
async fn record(connection: &mut SqliteConnection, rows: String, now: i64) -> Result<()> {
    sqlx::query(
        "INSERT INTO tries (issue, subscriber, at, state, relay, code, enhanced, text, shared)
         SELECT d.issue, d.subscriber, $2, r.value ->> 4, r.value ->> 5, r.value ->> 6, r.value ->> 7,
                r.value ->> 8, r.value ->> 9
         FROM json_each($1) AS r CROSS JOIN deliveries AS d
         WHERE r.value ->> 4 IS NOT NULL AND d.issue = r.value ->> 0 AND d.subscriber = r.value ->> 1
           AND d.state = 'sending'",
    )
    .bind(&rows)
    .bind(now)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE deliveries SET state = COALESCE(r.value ->> 2, state), attempts = attempts + (r.value ->> 5 IS NOT NULL),
           next_attempt_at = r.value ->> 3, updated_at = $2
         FROM json_each($1) AS r WHERE issue = r.value ->> 0 AND subscriber = r.value ->> 1 AND state = 'sending'",
    )
    .bind(&rows)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes deliveries out of the queue: those to readers who are on the list are claimed, the others skipped.
async fn claim(connection: &mut SqliteConnection, wanted: &Wanted, now: i64) -> Result<Claimed> {
    let is_fresh = matches!(wanted, Wanted::Next { is_fresh: true, .. });
    let rows = match wanted {
        Wanted::Next { after, limit, .. } => {
            let page = sqlx::query(PAGE)
                .bind(after.next_attempt_at)
                .bind(after.attempts)
                .bind(after.key.issue)
                .bind(after.key.subscriber)
                .bind(if is_fresh { 0 } else { now });
            page.bind(limit).fetch_all(&mut *connection).await?
        }
        Wanted::These(keys) => {
            let keys: Vec<_> = keys.iter().map(|key| json!([key.issue, key.subscriber])).collect();
            let these = sqlx::query(THESE).bind(serde_json::Value::from(keys).to_string()).bind(now);
            these.fetch_all(&mut *connection).await?
        }
    };
    let mut claimed = Claimed::default();
    let (mut taken, mut left) = (Vec::new(), Vec::new());
    for row in &rows {
        let delivery = queue::read(row)?;
        if is_fresh && !delivery.place.is_fresh() {
            break;
        }
        claimed.last = Some(delivery.place);
        let status: &str = row.try_get("status")?;
        let key = delivery.key();
        if status == SubscriberStatus::Confirmed.as_str() {
            taken.push(json!([key.issue, key.subscriber]));
            claimed.deliveries.push(delivery);
        } else {
            left.push(json!([key.issue, key.subscriber, left_because(status)]));
            claimed.left += 1;
        }
    }
    for (keys, state) in [(taken, DeliveryState::Sending), (left, DeliveryState::Skipped)] {
        if keys.is_empty() {
            continue;
        }
        let keys = serde_json::Value::from(keys).to_string();
        if state == DeliveryState::Skipped {
            sqlx::query(
                "INSERT INTO tries (issue, subscriber, at, state, text)
                 SELECT r.value ->> 0, r.value ->> 1, $2, $3, r.value ->> 2 FROM json_each($1) AS r",
            )
            .bind(&keys)
            .bind(now)
            .bind(state.number())
            .execute(&mut *connection)
            .await?;
        }
        sqlx::query(
            "UPDATE deliveries SET state = $2, updated_at = $3 FROM json_each($1) AS r
             WHERE issue = r.value ->> 0 AND subscriber = r.value ->> 1",
        )
        .bind(&keys)
        .bind(state.as_str())
        .bind(now)
        .execute(&mut *connection)
        .await?;
    }
    Ok(claimed)
}

fn left_because(status: &str) -> String {
    format!("the reader had left: {status}")
}
