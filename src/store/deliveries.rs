//! The states of deliveries. A row says `sending` on disk before its message can be complete at the server; what the server
//! answered follows with the next rows; both for many rows in one transaction.

use std::collections::BTreeSet;

use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection as _, Row as _};

use super::tries::{self, RELAY, Try, UNKNOWN};
use super::{Result, Store, StoreError, memory, moment, seconds};
use crate::model::{Answer, DeliveryCounts, DeliveryState};

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

/// The wish to complete a message, or to give it up: recorded as `sending` unless the reader has left, or as `skipped`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Which delivery.
    pub key: DeliveryKey,
    /// How often it was tried when it was read: after another try the wish is out of date.
    pub attempts: i64,
    /// Why it is given up, when it is.
    pub give_up: Option<String>,
}

/// The answer to an [`Intent`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// It is recorded as `sending`.
    Granted,
    /// The reader has left, or it is given up, and it is `skipped`.
    Skipped,
    /// It was tried meanwhile, or is being tried.
    Gone,
}

/// What became of the deliveries that a dead process was sending.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    /// How many there were.
    pub count: u64,
    /// Whether they are queued again; else they are in doubt.
    pub is_repeated: bool,
}

/// What became of a try, or was decided, to be recorded as long as the delivery is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Which delivery.
    pub key: DeliveryKey,
    /// Its state from now on; `None` leaves it as it is.
    pub state: Option<DeliveryState>,
    /// When it may be tried again, RFC 3339 in UTC; `None` for at once, or never.
    pub next_attempt_at: Option<String>,
    /// What is added to its history: nothing when it is only put back or put off.
    pub said: Option<Said>,
}

/// What a server said, or what was decided without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// True when a server was asked: a try.
    pub is_try: bool,
    /// What was said.
    pub answer: Answer,
}

/// A delivery that is not `sent`, for `runs show`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSent {
    /// Which delivery.
    pub key: DeliveryKey,
    /// The reader's address as it is stored.
    pub address: String,
    /// Where it stands.
    pub standing: Standing,
}

/// Where a delivery stands, and how it came there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its state.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: i64,
    /// When it may be tried again, RFC 3339 in UTC.
    pub next_attempt_at: Option<String>,
    /// When the state last changed, RFC 3339 in UTC.
    pub updated_at: String,
    /// Every try and decision, oldest first.
    pub history: Vec<Try>,
}

impl Standing {
    /// Reads a row of deliveries, with the first row of its history when there is one.
    pub(super) fn read(row: &SqliteRow) -> Result<Self> {
        let next_attempt_at = Some(row.try_get("next_attempt_at")?).filter(|at| *at > 0);
        Ok(Self {
            state: state_of(row.try_get("state")?)?,
            attempts: row.try_get("attempts")?,
            next_attempt_at: next_attempt_at.map(moment).transpose()?,
            updated_at: moment(row.try_get("updated_at")?)?,
            history: tries::read(row)?.into_iter().collect(),
        })
    }

    /// The last thing that was said.
    pub fn reply(&self) -> Option<String> {
        self.history.last().map(|last| last.answer.to_string())
    }
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
    /// them is harmless or wished, and was so when they were sent. Only for the holder of [`Store::lock`].
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn recover(&mut self, repeat: bool, now: &str) -> Result<Recovered> {
        let repeat = repeat && self.value(REPEATABLE).await?.is_some_and(|answer| answer == "yes");
        let (state, said) = if repeat {
            (DeliveryState::Queued, "the program ended while this was being sent; it is sent again")
        } else {
            (DeliveryState::InDoubt, "the program ended while this was being sent: it is not known whether it arrived")
        };
        let is_any = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM deliveries WHERE state = 'sending')");
        if !is_any.fetch_one(&mut self.connection).await? {
            return Ok(Recovered::default());
        }
        let relay = self.value(RELAY).await?;
        let (relay, said) = (self.text(relay.as_deref().unwrap_or(UNKNOWN)).await?, self.text(said).await?);
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(
            "INSERT INTO tries (issue, subscriber, at, state, relay, shared)
             SELECT issue, subscriber, updated_at, $1, $2, $3 FROM deliveries d WHERE state = 'sending'",
        )
        .bind(state.number())
        .bind(relay)
        .bind(said)
        .execute(&mut *transaction)
        .await?;
        let count = sqlx::query(
            "UPDATE deliveries SET state = $1, attempts = attempts + 1, next_attempt_at = 0, updated_at = $2
             WHERE state = 'sending'",
        )
        .bind(state.as_str())
        .bind(seconds(now)?)
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        transaction.commit().await?;
        Ok(Recovered { count, is_repeated: repeat })
    }

    /// Records outcomes and intents, at most one for each delivery, in one transaction, which is one flush to disk. Returns
    /// what became of the intents, but for those that are [`Grant::Gone`].
    ///
    /// # Errors
    /// When the database does not answer; nothing is recorded then.
    pub async fn record(
        &mut self,
        outcomes: &[Recorded],
        intents: &[Intent],
        now: &str,
    ) -> Result<Vec<(DeliveryKey, Grant)>> {
        let mut rows = Vec::with_capacity(outcomes.len());
        for outcome in outcomes {
            rows.push(self.row(outcome).await?);
        }
        let intents: Vec<_> =
            intents.iter().map(|it| json!([it.key.issue, it.key.subscriber, it.attempts, it.give_up])).collect();
        let relay = match self.relay {
            Some(relay) => relay,
            None => self.text(UNKNOWN).await?,
        };
        // One text of several statements goes to SQLite's thread and back once. What is recorded raises the generation.
        let changed = sqlx::query(
            "BEGIN IMMEDIATE;
             INSERT INTO tries (issue, subscriber, at, state, relay, code, enhanced, text, shared)
             SELECT r.value ->> 0, r.value ->> 1, $3, r.value ->> 4, IIF(r.value ->> 5, $4, NULL), r.value ->> 6, r.value ->> 7,
                    r.value ->> 8, r.value ->> 9
             FROM json_each($1) AS r WHERE r.value ->> 4 IS NOT NULL;
             UPDATE deliveries SET state = COALESCE(r.value ->> 2, state), attempts = attempts + (r.value ->> 5 IS TRUE),
               next_attempt_at = r.value ->> 3, updated_at = IIF(r.value ->> 2 IS NULL, updated_at, $3)
             FROM json_each($1) AS r WHERE issue = r.value ->> 0 AND subscriber = r.value ->> 1
               AND state IN ('queued', 'deferred', 'sending');
             INSERT INTO tries (issue, subscriber, at, state, text)
             SELECT d.issue, d.subscriber, $3, 6, IIF(s.status = 'confirmed', r.value ->> 3, 'the reader had left: ' || s.status)
             FROM json_each($2) AS r CROSS JOIN subscribers AS s CROSS JOIN deliveries AS d
             WHERE s.id = r.value ->> 1 AND (s.status <> 'confirmed' OR r.value ->> 3 IS NOT NULL)
               AND d.issue = r.value ->> 0 AND d.subscriber = s.id
               AND d.state IN ('queued', 'deferred') AND d.attempts = r.value ->> 2;
             UPDATE deliveries SET state = IIF(s.status = 'confirmed' AND r.value ->> 3 IS NULL, 'sending', 'skipped'),
               next_attempt_at = 0, updated_at = $3
             FROM json_each($2) AS r, subscribers AS s
             WHERE issue = r.value ->> 0 AND subscriber = r.value ->> 1 AND s.id = r.value ->> 1
               AND state IN ('queued', 'deferred') AND attempts = r.value ->> 2
             RETURNING issue, subscriber, state",
        )
        .bind(serde_json::Value::from(rows).to_string())
        .bind(serde_json::Value::from(intents).to_string())
        .bind(seconds(now)?)
        .bind(relay)
        .fetch_all(&mut self.connection)
        .await;
        let committed = match changed {
            Ok(changed) => self.commit_raised().await.map(|()| changed),
            Err(error) => Err(error.into()),
        };
        if committed.is_err() {
            // There is none when it did not even begin.
            let _ = sqlx::query("ROLLBACK").execute(&mut self.connection).await;
        }
        let grant = |row: SqliteRow| {
            let key = DeliveryKey { issue: row.try_get("issue")?, subscriber: row.try_get("subscriber")? };
            let is_granted = row.try_get::<&str, _>("state")? == DeliveryState::Sending.as_str();
            Ok((key, if is_granted { Grant::Granted } else { Grant::Skipped }))
        };
        committed?.into_iter().map(grant).collect()
    }

    /// Ends the transaction that is open, with the next generation.
    async fn commit_raised(&mut self) -> Result<()> {
        let generation = memory::raise(&mut self.connection, self.generation).await?;
        sqlx::query("COMMIT").execute(&mut self.connection).await?;
        self.tell(generation, false);
        Ok(())
    }

    /// An outcome as [`Store::record`] hands it to the database.
    async fn row(&mut self, outcome: &Recorded) -> Result<serde_json::Value> {
        let Recorded { key, state, next_attempt_at, said } = outcome;
        let next = next_attempt_at.as_deref().map_or(Ok(0), seconds)?;
        let word = state.map(DeliveryState::as_str);
        let Some(said) = said else { return Ok(json!([key.issue, key.subscriber, word, next])) };
        let shared = self.shared(&said.answer.text).await?;
        let Answer { code, enhanced, text } = &said.answer;
        let text = shared.is_none().then_some(text);
        let number = state.map(DeliveryState::number);
        Ok(json!([key.issue, key.subscriber, word, next, number, said.is_try, code, enhanced, text, shared]))
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

    /// Every delivery of a run that is not `sent`, with its history.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn not_sent(&mut self, run: i64) -> Result<Vec<NotSent>> {
        let rows = sqlx::query(
            "SELECT d.*, s.address, h.* FROM deliveries d JOIN subscribers s ON s.id = d.subscriber
             LEFT JOIN history h ON h.issue = d.issue AND h.subscriber = d.subscriber
             WHERE d.issue IN (SELECT number FROM issues WHERE run = $1) AND d.state <> 'sent'
             ORDER BY d.issue, d.subscriber, h.try",
        )
        .bind(run)
        .fetch_all(&mut self.connection)
        .await?;
        let mut all: Vec<NotSent> = Vec::new();
        for row in &rows {
            let key = DeliveryKey { issue: row.try_get(0)?, subscriber: row.try_get(1)? };
            match all.last_mut().filter(|last| last.key == key) {
                Some(last) => last.standing.history.extend(tries::read(row)?),
                None => {
                    all.push(NotSent { key, address: row.try_get("address")?, standing: Standing::read(row)? });
                }
            }
        }
        Ok(all)
    }

    /// Settles deliveries of a run by the owner's decision: those in the state `from`, all or one reader's, are taken as
    /// `sent`, `queued` to be sent again, or `skipped`. Their history stays, and the decision is added to it. Returns how
    /// many.
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
        let said = self.text(&format!("settled by the owner: {}", to.as_str())).await?;
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(
            "INSERT INTO tries (issue, subscriber, at, state, shared)
             SELECT issue, subscriber, $4, $5, $6 FROM deliveries d
             WHERE state = $3 AND issue IN (SELECT number FROM issues WHERE run = $1) AND ($2 IS NULL OR subscriber = $2)",
        )
        .bind(run)
        .bind(subscriber)
        .bind(from.as_str())
        .bind(seconds(now)?)
        .bind(to.number())
        .bind(said)
        .execute(&mut *transaction)
        .await?;
        let done = sqlx::query(
            "UPDATE deliveries SET state = $5, next_attempt_at = 0, updated_at = $4
             WHERE state = $3 AND issue IN (SELECT number FROM issues WHERE run = $1) AND ($2 IS NULL OR subscriber = $2)",
        )
        .bind(run)
        .bind(subscriber)
        .bind(from.as_str())
        .bind(seconds(now)?)
        .bind(to.as_str())
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

    /// Fails deliveries that were put off because of a refusal, when it turned out to be the reader's: those that are still
    /// deferred after so many tries. Returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn refused_for_good(&mut self, deliveries: &[(DeliveryKey, i64)], now: &str) -> Result<u64> {
        if deliveries.is_empty() {
            return Ok(0);
        }
        let said = self.text("refused for good: the server has accepted others since").await?;
        let rows: Vec<_> =
            deliveries.iter().map(|(key, attempts)| json!([key.issue, key.subscriber, attempts])).collect();
        let rows = serde_json::Value::from(rows).to_string();
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(
            "INSERT INTO tries (issue, subscriber, at, state, shared)
             SELECT d.issue, d.subscriber, $2, 4, $3 FROM json_each($1) AS r CROSS JOIN deliveries AS d
             WHERE d.issue = r.value ->> 0 AND d.subscriber = r.value ->> 1 AND d.attempts = r.value ->> 2
               AND d.state = 'deferred'",
        )
        .bind(&rows)
        .bind(seconds(now)?)
        .bind(said)
        .execute(&mut *transaction)
        .await?;
        let done = sqlx::query(
            "UPDATE deliveries SET state = 'failed', next_attempt_at = 0, updated_at = $2 FROM json_each($1) AS r
             WHERE issue = r.value ->> 0 AND subscriber = r.value ->> 1 AND attempts = r.value ->> 2
               AND state = 'deferred'",
        )
        .bind(&rows)
        .bind(seconds(now)?)
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        transaction.commit().await?;
        Ok(done)
    }

    /// The domains with at least `many` readers of an issue of which none was accepted; `None` when it was accepted for no
    /// reader at all.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn never_accepted(&mut self, issue: i64, many: u32) -> Result<Option<BTreeSet<String>>> {
        let is_any = "SELECT EXISTS (SELECT 1 FROM deliveries WHERE issue = $1 AND state = 'sent')";
        if !sqlx::query_scalar(is_any).bind(issue).fetch_one(&mut self.connection).await? {
            return Ok(None);
        }
        let domains: Vec<String> = sqlx::query_scalar(
            "SELECT substr(s.address, instr(s.address, '@') + 1) AS domain
             FROM deliveries d CROSS JOIN subscribers s ON s.id = d.subscriber WHERE d.issue = $1
             GROUP BY domain HAVING COUNT(*) >= $2 AND SUM(d.state = 'sent') = 0",
        )
        .bind(issue)
        .bind(many)
        .fetch_all(&mut self.connection)
        .await?;
        Ok(Some(domains.into_iter().collect()))
    }

    /// Gives up the deliveries of an issue that were tried or put off and are still open; those that wait for their first
    /// try stay. Returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn give_up(&mut self, issue: i64, why: &str, now: &str) -> Result<u64> {
        let said = self.text(why).await?;
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(
            "INSERT INTO tries (issue, subscriber, at, state, shared)
             SELECT issue, subscriber, $2, 6, $3 FROM deliveries d
             WHERE issue = $1 AND state IN ('queued', 'deferred') AND (attempts > 0 OR next_attempt_at > 0)",
        )
        .bind(issue)
        .bind(seconds(now)?)
        .bind(said)
        .execute(&mut *transaction)
        .await?;
        let done = sqlx::query(
            "UPDATE deliveries SET state = 'skipped', next_attempt_at = 0, updated_at = $2
             WHERE issue = $1 AND state IN ('queued', 'deferred') AND (attempts > 0 OR next_attempt_at > 0)",
        )
        .bind(issue)
        .bind(seconds(now)?)
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        transaction.commit().await?;
        Ok(done)
    }
}

pub(super) fn state_of(word: &str) -> Result<DeliveryState> {
    DeliveryState::parse(word).ok_or_else(|| StoreError::Content(format!("a delivery's state `{word}`")))
}
