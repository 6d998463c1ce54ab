//! What the owner decides about deliveries. A decision is a row of their history, and in the same transaction their new
//! state: nothing that was said before is overwritten.

use serde_json::json;
use sqlx::AssertSqlSafe;

use super::connection::{Query, Value, query};
use super::delivery::{DeliveryKey, state_of};
use super::{Result, Store, StoreError, memory, seconds};
use crate::model::DeliveryState;

/// What is decided about deliveries that are over or in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// They arrived.
    Sent,
    /// They are queued, to be sent again.
    SendAgain,
    /// They are not sent again, whether they arrived or not.
    Drop,
    /// They are not sent, and had not been.
    GiveUp,
}

impl Decision {
    fn state(self) -> DeliveryState {
        match self {
            Self::Sent => DeliveryState::Sent,
            Self::SendAgain => DeliveryState::Queued,
            Self::Drop | Self::GiveUp => DeliveryState::Skipped,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Sent => "settled by the owner: sent",
            Self::SendAgain => "settled by the owner: queued",
            Self::Drop => "settled by the owner: dropped",
            Self::GiveUp => "settled by the owner: skipped",
        }
    }
}

/// Deliveries of a run.
#[derive(Debug, Clone, Copy)]
pub struct Chosen<'c> {
    /// The run.
    pub run: i64,
    /// Their state.
    pub from: DeliveryState,
    /// Of those that were skipped, only those that were given up: their readers had not left, and it is certain that they
    /// did not arrive.
    pub is_given_up: bool,
    /// Only those to the readers with these numbers.
    pub readers: Option<&'c [i64]>,
}

/// How many confirmed readers an issue has not reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Missing {
    /// Who was never sent it: they joined later, or were skipped.
    pub count: u64,
    /// For how many it failed.
    pub failed: u64,
    /// For how many it is in doubt.
    pub in_doubt: u64,
    /// All confirmed readers.
    pub confirmed: u64,
}

/// Whether this is what was said last of the delivery `d`.
macro_rules! said_last {
    ($what:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM history h WHERE h.try = (SELECT MAX(t.id) FROM tries t
                WHERE t.issue = d.issue AND t.subscriber = d.subscriber) AND h.text ",
            $what,
            ")"
        )
    };
}

/// Whether an issue never left for the reader `s`, whose delivery of it is `d`, if there is one. Who was dropped while in
/// doubt may have it.
const IS_MISSING: &str =
    concat!("(d.state IS NULL OR d.state = 'skipped' AND NOT ", said_last!("= 'settled by the owner: dropped'"), ")");

impl Store {
    /// Settles deliveries of a run by the owner's decision. Their history stays, and the decision is added to it. Returns how
    /// many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn settle(&mut self, chosen: Chosen<'_>, decision: Decision, now: &str) -> Result<u64> {
        let Chosen { run, from, is_given_up, readers } = chosen;
        let which = concat!(
            "deliveries d WHERE d.state = $4 AND d.issue IN (SELECT number FROM issues WHERE run = $5)
               AND ($6 IS NULL OR d.subscriber IN (SELECT CAST(CAST(r.value AS TEXT) AS BIGINT) FROM json_each($6) AS r))
               AND ($7 = 1 OR NOT (",
            said_last!("LIKE 'the reader had left: %'"),
            " OR ",
            said_last!("= 'settled by the owner: dropped'"),
            "))"
        );
        let readers = readers.map(|readers| json!(readers).to_string());
        let about = [from.as_str().into(), run.into(), (&readers).into(), i64::from(!is_given_up).into()];
        self.decide(which, about, decision.state(), decision.words(), now).await
    }

    /// Queues an issue of a run, or all of them, once more for confirmed readers: also for those who have it, and those who were never on
    /// its list. What is open or in doubt stays as it is. Returns how many deliveries were queued.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn resend(&mut self, run: i64, issue: Option<i64>, readers: &[i64], now: &str) -> Result<u64> {
        let which = "(SELECT i.number AS issue, s.id AS subscriber FROM json_each($4) AS r
                JOIN subscribers s ON s.id = CAST(CAST(r.value AS TEXT) AS BIGINT) AND s.status = 'confirmed'
                JOIN issues i ON i.run = $5 AND ($6 IS NULL OR i.number = $6)
                LEFT JOIN deliveries o ON o.issue = i.number AND o.subscriber = s.id
                WHERE o.state IS NULL OR o.state IN ('sent', 'failed', 'skipped')) d";
        let about = [json!(readers).to_string().into(), run.into(), issue.into()];
        self.decide(which, about, DeliveryState::Queued, "queued by the owner: `runs resend`", now).await
    }

    /// How many confirmed readers an issue has not reached.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn missing(&mut self, issue: i64) -> Result<Missing> {
        let count = format!(
            "SELECT COUNT(*) FILTER (WHERE {IS_MISSING}) AS missing, COUNT(*) FILTER (WHERE d.state = 'failed') AS failed,
                    COUNT(*) FILTER (WHERE d.state = 'in_doubt') AS in_doubt, COUNT(*) AS confirmed
             FROM subscribers s LEFT JOIN deliveries d ON d.issue = $1 AND d.subscriber = s.id
             WHERE s.status = 'confirmed'"
        );
        let row = query(AssertSqlSafe(count)).bind(issue).fetch_one(&mut self.connection).await?;
        let number = |name| row.try_get::<i64, _>(name).map(i64::unsigned_abs);
        Ok(Missing {
            count: number("missing")?,
            failed: number("failed")?,
            in_doubt: number("in_doubt")?,
            confirmed: number("confirmed")?,
        })
    }

    /// Queues an issue for the confirmed readers whom [`Store::missing`] counts. Returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn queue_missing(&mut self, issue: i64, now: &str) -> Result<u64> {
        let which = format!(
            "(SELECT $4 AS issue, s.id AS subscriber FROM subscribers s
                LEFT JOIN deliveries d ON d.issue = $4 AND d.subscriber = s.id
                WHERE s.status = 'confirmed' AND {IS_MISSING}) d"
        );
        self.decide(&which, [issue.into()], DeliveryState::Queued, "queued by the owner: `publish --missing`", now)
            .await
    }

    /// Gives up the deliveries of an issue that were tried or put off and are still open; those that wait for their first
    /// try stay, and those that the owner has queued again since a moment. Returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn give_up(&mut self, issue: i64, why: &str, since: &str, now: &str) -> Result<u64> {
        let which = "deliveries d WHERE d.issue = $4 AND d.state IN ('queued', 'deferred')
               AND (d.attempts > 0 OR d.next_attempt_at > 0) AND NOT EXISTS (
                SELECT 1 FROM tries t WHERE t.issue = d.issue AND t.subscriber = d.subscriber
                  AND t.relay IS NULL AND t.state = 0 AND t.at >= $5)";
        self.decide(which, [issue.into(), seconds(since)?.into()], DeliveryState::Skipped, why, now).await
    }

    /// The states of the deliveries of a run to these readers.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn states(&mut self, run: i64, readers: &[i64]) -> Result<Vec<(DeliveryKey, DeliveryState)>> {
        let rows = query(
            "SELECT d.issue, d.subscriber, d.state FROM issues i CROSS JOIN json_each($2) AS r CROSS JOIN deliveries d
             WHERE i.run = $1 AND d.issue = i.number AND d.subscriber = CAST(CAST(r.value AS TEXT) AS BIGINT)
             ORDER BY d.issue, d.subscriber",
        )
        .bind(run)
        .bind(json!(readers).to_string())
        .fetch_all(&mut self.connection)
        .await?;
        rows.iter()
            .map(|row| {
                let key = DeliveryKey { issue: row.try_get("issue")?, subscriber: row.try_get("subscriber")? };
                Ok((key, state_of(row.try_get("state")?)?))
            })
            .collect()
    }

    /// Adds a decision to the history of deliveries and puts them into the state that it says. `which` is what follows `FROM`,
    /// where `d` has their keys and `$4` is the first of `about`.
    async fn decide(
        &mut self,
        which: &str,
        about: impl IntoIterator<Item = Value>,
        to: DeliveryState,
        said: &str,
        now: &str,
    ) -> Result<u64> {
        if self.is_overtaken {
            return Err(StoreError::Overtaken);
        }
        let said = self.text(said).await?;
        let mut transaction = self.connection.begin().await?;
        let before: i64 = query("SELECT COALESCE(MAX(id), 0) FROM tries").value(&mut transaction).await?;
        let add = format!(
            "INSERT INTO tries (issue, subscriber, at, state, shared) SELECT d.issue, d.subscriber, $1, $2, $3 FROM {which}"
        );
        let add = query(AssertSqlSafe(add)).bind(seconds(now)?).bind(to.number()).bind(said);
        about.into_iter().fold(add, Query::bind).execute(&mut transaction).await?;
        let done = query(
            "INSERT INTO deliveries (issue, subscriber, state, updated_at)
             SELECT issue, subscriber, $2, at FROM tries WHERE id > $1
             ON CONFLICT (issue, subscriber) DO UPDATE
             SET state = excluded.state, next_attempt_at = 0, updated_at = excluded.updated_at",
        )
        .bind(before)
        .bind(to.as_str())
        .execute(&mut transaction)
        .await?;
        if to == DeliveryState::Queued {
            query(
                "UPDATE runs SET finished_at = NULL WHERE id IN (
                    SELECT run FROM issues WHERE number IN (SELECT issue FROM tries WHERE id > $1))",
            )
            .bind(before)
            .execute(&mut transaction)
            .await?;
        }
        let generation = memory::raise(&mut transaction, self.generation).await?;
        transaction.commit().await?;
        self.tell(generation, true);
        Ok(done)
    }
}
