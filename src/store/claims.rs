//! Claims: one transaction, which is one flush to disk, records what became of deliveries and takes the next ones out of the
//! queue. What is claimed says `sending`; whether its message may be complete stands in the [marks](super::Marks).

use serde_json::json;

use super::connection::{Query, Transaction, query};
use super::delivery::{DeliveryKey, Recorded};
use super::queue::{self, PAGE, Place, QueuedDelivery, THESE};
use super::{Result, Store, memory, seconds, senders};
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
    /// Whether as many were looked at as were wanted, so that there may be more.
    pub is_full: bool,
    /// Whether a limit that all senders share leaves nothing of what waits.
    pub is_spent: bool,
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
        let token = self.token().await?;
        // What is counted must not change until it is claimed.
        let is_counted = token.is_some() && wanted.is_some() && !self.budgets.is_empty();
        let begun = if is_counted { self.connection.begin().await } else { self.connection.begin_beside().await };
        let mut transaction = begun?;
        if let Some(sender) = &mut self.sender {
            sender.renew(&mut transaction).await?;
        }
        if !rows.is_empty() {
            record(&mut transaction, serde_json::Value::from(rows).to_string(), now, token).await?;
        }
        let claimed = match wanted {
            Some(Wanted::Next { after, is_fresh, limit }) if is_counted => {
                let left = senders::left(&mut transaction, &self.budgets, now).await?;
                let (after, is_fresh, limit) = (*after, *is_fresh, (*limit).min(left));
                if left == 0 {
                    Claimed { is_spent: is_any_ready(&mut transaction, is_fresh, now).await?, ..Claimed::default() }
                } else {
                    claim(&mut transaction, &Wanted::Next { after, is_fresh, limit }, now, token).await?
                }
            }
            Some(wanted) => claim(&mut transaction, wanted, now, token).await?,
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
        let version = match &mut self.sender {
            Some(sender) => sender.list_version(&mut self.connection).await?,
            None => query("PRAGMA data_version").value(&mut self.connection).await?,
        };
        if self.seen_version == Some(version) {
            return Ok(Vec::new());
        }
        let readers = serde_json::Value::from(readers.collect::<Vec<_>>()).to_string();
        let left = query(
            "SELECT s.id, s.status FROM json_each($1) AS r CROSS JOIN subscribers AS s
             WHERE s.id = CAST(CAST(r.value AS TEXT) AS BIGINT) AND s.status <> 'confirmed'",
        )
        .bind(readers)
        .fetch_all(&mut self.connection)
        .await?;
        self.seen_version = Some(version);
        left.iter().map(|row| Ok((row.try_get(0)?, left_because(row.try_get(1)?)))).collect()
    }

    /// An outcome as [`Store::advance`] hands it to the database.
    async fn row(&mut self, outcome: &Recorded) -> Result<serde_json::Value> {
        let Recorded { key, state, next_attempt_at, said } = outcome;
        let next = next_attempt_at.as_deref().map_or(Ok(0), seconds)?;
        let word = state.map(DeliveryState::as_str);
        let Some(said) = said else { return Ok(json!([key.issue, key.subscriber, word, next])) };
        let shared = self.shared(&said.answer.text).await?;
        let Answer { code, enhanced, text } = &said.answer;
        // PostgreSQL takes no such character in a text.
        let text = shared.is_none().then(|| text.replace('\0', "\u{fffd}"));
        let became = if said.is_doubtful { DeliveryState::InDoubt } else { state.unwrap_or(DeliveryState::Deferred) };
        let number = became.number();
        Ok(json!([key.issue, key.subscriber, word, next, number, said.relay, code, enhanced, text, shared]))
    }
}

/// Which of the claimed deliveries are one's own: in a file all of them.
macro_rules! own {
    ($token:expr, $statement:literal, $and:literal) => {
        if $token.is_some() { concat!($statement, $and) } else { $statement }
    };
}

/// Records outcomes, as [`Store::row`] writes them, of deliveries that are still claimed by this sender.
async fn record(transaction: &mut Transaction<'_>, rows: String, now: i64, token: Option<i64>) -> Result<()> {
    let add = own!(
        token,
        "INSERT INTO tries (issue, subscriber, at, state, relay, code, enhanced, text, shared)
         SELECT d.issue, d.subscriber, $2, CAST(r.value ->> 4 AS BIGINT),
                CAST(r.value ->> 5 AS BIGINT), CAST(r.value ->> 6 AS BIGINT), r.value ->> 7,
                r.value ->> 8, CAST(r.value ->> 9 AS BIGINT)
         FROM json_each($1) AS r CROSS JOIN deliveries AS d
         WHERE (r.value ->> 4) IS NOT NULL AND d.issue = CAST(r.value ->> 0 AS BIGINT)
           AND d.subscriber = CAST(r.value ->> 1 AS BIGINT) AND d.state = 'sending'",
        " AND d.claim = $3"
    );
    let add = query(add).bind(&rows).bind(now);
    token.into_iter().fold(add, Query::bind).execute(&mut *transaction).await?;
    let change = own!(
        token,
        "UPDATE deliveries SET state = COALESCE(r.value ->> 2, state),
           attempts = attempts + CASE WHEN (r.value ->> 5) IS NOT NULL THEN 1 ELSE 0 END,
           next_attempt_at = CAST(r.value ->> 3 AS BIGINT), updated_at = $2
         FROM json_each($1) AS r
         WHERE issue = CAST(r.value ->> 0 AS BIGINT) AND subscriber = CAST(r.value ->> 1 AS BIGINT) AND state = 'sending'",
        " AND claim = $3"
    );
    let change = query(change).bind(&rows).bind(now);
    token.into_iter().fold(change, Query::bind).execute(transaction).await?;
    Ok(())
}

/// Takes deliveries out of the queue: those to readers who are on the list are claimed, the others skipped.
async fn claim(transaction: &mut Transaction<'_>, wanted: &Wanted, now: i64, token: Option<i64>) -> Result<Claimed> {
    let is_fresh = matches!(wanted, Wanted::Next { is_fresh: true, .. });
    let rows = match wanted {
        Wanted::Next { after, limit, .. } => {
            let page = query(queue::taken(PAGE, token.is_some()))
                .bind(after.next_attempt_at)
                .bind(after.attempts)
                .bind(after.key.issue)
                .bind(after.key.subscriber)
                .bind(if is_fresh { 0 } else { now });
            page.bind(limit).fetch_all(&mut *transaction).await?
        }
        Wanted::These(keys) => {
            let keys: Vec<_> = keys.iter().map(|key| json!([key.issue, key.subscriber])).collect();
            let these =
                query(queue::taken(THESE, token.is_some())).bind(serde_json::Value::from(keys).to_string()).bind(now);
            these.fetch_all(&mut *transaction).await?
        }
    };
    let is_full = matches!(wanted, Wanted::Next { limit, .. } if rows.len() == *limit as usize);
    let mut claimed = Claimed { is_full, ..Claimed::default() };
    let (mut taken, mut left) = (Vec::new(), Vec::new());
    for row in &rows {
        let delivery = queue::read(row)?;
        if is_fresh && !delivery.place.is_fresh() {
            claimed.is_full = false;
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
            query(
                "INSERT INTO tries (issue, subscriber, at, state, text)
                 SELECT CAST(r.value ->> 0 AS BIGINT), CAST(r.value ->> 1 AS BIGINT), $2, $3, r.value ->> 2
                 FROM json_each($1) AS r",
            )
            .bind(&keys)
            .bind(now)
            .bind(state.number())
            .execute(&mut *transaction)
            .await?;
        }
        let take = if token.is_some() {
            "UPDATE deliveries SET state = $2, updated_at = $3, claim = $4 FROM json_each($1) AS r
             WHERE issue = CAST(r.value ->> 0 AS BIGINT) AND subscriber = CAST(r.value ->> 1 AS BIGINT)
               AND state IN ('queued', 'deferred')"
        } else {
            "UPDATE deliveries SET state = $2, updated_at = $3 FROM json_each($1) AS r
             WHERE issue = CAST(r.value ->> 0 AS BIGINT) AND subscriber = CAST(r.value ->> 1 AS BIGINT)"
        };
        let take = query(take).bind(&keys).bind(state.as_str()).bind(now);
        token.into_iter().fold(take, Query::bind).execute(&mut *transaction).await?;
    }
    Ok(claimed)
}

/// Whether something waits that may be tried.
async fn is_any_ready(transaction: &mut Transaction<'_>, is_fresh: bool, now: i64) -> Result<bool> {
    let is_any = query(
        "SELECT EXISTS (SELECT 1 FROM deliveries WHERE state IN ('queued', 'deferred') AND next_attempt_at <= $1
            AND ($2 = 0 OR next_attempt_at = 0 AND attempts = 0))",
    );
    Ok(is_any.bind(now).bind(is_fresh).value(transaction).await?)
}

fn left_because(status: &str) -> String {
    format!("the reader had left: {status}")
}
