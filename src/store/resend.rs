//! What the owner decides about deliveries. A decision is a row of their history, and in the same transaction their new
//! state: nothing that was said before is overwritten.

use jiff::Timestamp;
use serde_json::json;
use sqlx::AssertSqlSafe;

use super::connection::{Query, Transaction, Value, query};
use super::delivery::{DeliveryKey, state_of};
use super::subscriber::IS_ON_LIST;
use super::tries::{keep_last, number_of};
use super::wake::wake;
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

/// How many confirmed readers an issue has not reached, of those who are on its lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Missing {
    /// Who was never sent it: they joined later, or were skipped.
    pub count: u64,
    /// For how many it failed.
    pub failed: u64,
    /// For how many it is in doubt.
    pub in_doubt: u64,
    /// For how many it was dropped while in doubt.
    pub dropped: u64,
    /// All confirmed readers on its lists.
    pub confirmed: u64,
}

/// Whether this is what was said last of the delivery `d`, which is not open.
macro_rules! said_last {
    ($what:literal) => {
        concat!("COALESCE(d.text, (SELECT x.text FROM texts x WHERE x.id = d.shared), '') ", $what)
    };
}

/// Whether the delivery `d` was dropped while in doubt.
const IS_DROPPED: &str = concat!("(d.state = 6 AND ", said_last!("= 'settled by the owner: dropped'"), ")");

/// Whether an issue never left for the reader `s`, whose delivery of it is `d`, if there is one. Who was dropped while in
/// doubt may have it, and who was to get it once more has it.
const IS_MISSING: &str = concat!(
    "(d.state IS NULL OR d.state = 6 AND NOT ",
    said_last!("= 'settled by the owner: dropped'"),
    " AND NOT EXISTS (
        SELECT 1 FROM earlier_tries t WHERE t.issue = d.issue AND t.subscriber = d.subscriber AND t.state = 2))"
);

impl Store {
    /// Settles deliveries of a run by the owner's decision. Their history stays, and the decision is added to it. Returns how
    /// many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn settle(&mut self, chosen: Chosen<'_>, decision: Decision, now: &str) -> Result<u64> {
        let Chosen { run, from, is_given_up, readers } = chosen;
        // Who is chosen is looked for by the whole key, as no alternative would be.
        let whose = readers.map_or(
            "$3 IS NULL",
            |_| "d.subscriber IN (SELECT CAST(CAST(r.value AS TEXT) AS BIGINT) FROM json_each($3) AS r)",
        );
        let which = format!(
            concat!(
                "deliveries d WHERE d.state = $1 AND d.issue IN (SELECT number FROM issues WHERE run = $2) AND {whose}
                   AND ($4 = 1 OR NOT (",
                said_last!("LIKE 'the reader had left: %'"),
                " OR ",
                said_last!("= 'settled by the owner: dropped'"),
                "))"
            ),
            whose = whose
        );
        let readers = readers.map(|readers| json!(readers).to_string());
        let about = [from.number().into(), run.into(), (&readers).into(), i64::from(!is_given_up).into()];
        self.decide(&which, about, decision.state(), decision.words(), now).await
    }

    /// Queues an issue of a run, or all of them, once more for confirmed readers who are on its lists: also for those who have it, and
    /// those for whom it was never queued. What is open or in doubt stays as it is. Returns how many deliveries were queued.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn resend(&mut self, run: i64, issue: Option<i64>, readers: &[i64], now: &str) -> Result<u64> {
        let which = format!(
            "(SELECT i.number AS issue, s.id AS subscriber
                FROM (SELECT DISTINCT CAST(CAST(r.value AS TEXT) AS BIGINT) AS id FROM json_each($1) AS r) r
                JOIN subscribers s ON s.id = r.id AND s.status = 'confirmed'
                JOIN issues i ON i.run = $2 AND ($3 IS NULL OR i.number = $3) AND {IS_ON_LIST}
                LEFT JOIN deliveries o ON o.issue = i.number AND o.subscriber = s.id
                WHERE o.state IS NULL OR o.state IN (2, 4, 6)) d"
        );
        let about = [json!(readers).to_string().into(), run.into(), issue.into()];
        self.decide(&which, about, DeliveryState::Queued, "queued by the owner: `runs resend`", now).await
    }

    /// How many confirmed readers an issue has not reached.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn missing(&mut self, issue: i64) -> Result<Missing> {
        let count = format!(
            "SELECT COUNT(*) FILTER (WHERE {IS_MISSING}) AS missing, COUNT(*) FILTER (WHERE d.state = 4) AS failed,
                    COUNT(*) FILTER (WHERE d.state = 5) AS in_doubt,
                    COUNT(*) FILTER (WHERE {IS_DROPPED}) AS dropped, COUNT(*) AS confirmed
             FROM issues i CROSS JOIN subscribers s LEFT JOIN deliveries d ON d.issue = i.number AND d.subscriber = s.id
             WHERE i.number = $1 AND s.status = 'confirmed' AND {IS_ON_LIST}"
        );
        let row = query(AssertSqlSafe(count)).bind(issue).fetch_one(&mut self.connection).await?;
        let number = |name| row.try_get::<i64, _>(name).map(i64::unsigned_abs);
        Ok(Missing {
            count: number("missing")?,
            failed: number("failed")?,
            in_doubt: number("in_doubt")?,
            dropped: number("dropped")?,
            confirmed: number("confirmed")?,
        })
    }

    /// Queues an issue for the confirmed readers whom [`Store::missing`] counts. Returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn queue_missing(&mut self, issue: i64, now: &str) -> Result<u64> {
        let which = format!(
            "(SELECT i.number AS issue, s.id AS subscriber FROM issues i CROSS JOIN subscribers s
                LEFT JOIN deliveries d ON d.issue = i.number AND d.subscriber = s.id
                WHERE i.number = $1 AND s.status = 'confirmed' AND {IS_ON_LIST} AND {IS_MISSING}) d"
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
        let which = "deliveries d WHERE d.issue = $1 AND d.state IN (0, 3) AND (d.attempts > 0 OR d.next_attempt_at > 0)
               AND NOT (d.state = 0 AND d.relay IS NULL AND d.updated_at >= $2 AND (d.text IS NOT NULL OR d.shared IS NOT NULL))
               AND NOT EXISTS (
                SELECT 1 FROM earlier_tries t WHERE t.issue = d.issue AND t.subscriber = d.subscriber
                  AND t.relay IS NULL AND t.state = 0 AND t.at >= $2)";
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
    /// where `d` has their keys and `$1` is the first of `about`.
    async fn decide(
        &mut self,
        which: &str,
        about: impl IntoIterator<Item = Value> + Clone,
        to: DeliveryState,
        said: &str,
        now: &str,
    ) -> Result<u64> {
        if self.is_overtaken {
            return Err(StoreError::Overtaken);
        }
        let said = self.text(said).await?;
        let mut transaction = self.connection.begin().await?;
        let chosen = format!("(SELECT d.issue, d.subscriber FROM {which}) k");
        let of = format!("{chosen} JOIN deliveries d ON d.issue = k.issue AND d.subscriber = k.subscriber WHERE true");
        keep_last(&of, about.clone(), &mut transaction).await?;
        let values: Vec<Value> =
            about.into_iter().chain([to.number().into(), seconds(now)?.into(), said.into()]).collect();
        let [to_is, now_is, said_is] = [2, 1, 0].map(|back| format!("${}", values.len() - back));
        let change = format!(
            "INSERT INTO deliveries (issue, subscriber, state, updated_at, shared)
             SELECT k.issue, k.subscriber, {to_is}, {now_is}, {said_is} FROM {chosen} WHERE true
             ON CONFLICT (issue, subscriber) DO UPDATE
             SET state = excluded.state, next_attempt_at = 0, updated_at = excluded.updated_at, relay = NULL, codes = NULL,
                 text = NULL, shared = excluded.shared"
        );
        let done = values.into_iter().fold(query(AssertSqlSafe(change)), Query::bind).execute(&mut transaction).await?;
        if to == DeliveryState::Queued {
            open_runs(&mut transaction).await?;
        }
        let generation = memory::raise(&mut transaction, self.generation).await?;
        transaction.commit().await?;
        self.tell(generation, true);
        Ok(done)
    }
}

/// Queues the newest issue that is for a reader and of a run since a moment, unless they ever got it or it waits. No generation
/// is raised: that is for what may leave, and this must be claimed first.
pub(super) async fn queue_latest(
    transaction: &mut Transaction<'_>,
    subscriber: i64,
    since: Timestamp,
    now: Timestamp,
) -> Result<()> {
    let said = number_of("queued for a reader who had just joined", &mut *transaction).await?;
    let queue = format!(
        "INSERT INTO deliveries (issue, subscriber, state, updated_at, shared)
         SELECT n.issue, $1, 0, $3, $4 FROM (
            SELECT MAX(i.number) AS issue FROM issues i JOIN runs r ON r.id = i.run AND r.cutoff >= $2
            JOIN subscribers s ON s.id = $1 AND {IS_ON_LIST}) n
         WHERE n.issue IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.issue = n.issue AND d.subscriber = $1)
         RETURNING issue"
    );
    let queue = query(AssertSqlSafe(queue)).bind(subscriber).bind(since.to_string());
    let queued: Option<i64> = queue.bind(now.as_second()).bind(said).optional_value(&mut *transaction).await?;
    let Some(issue) = queued else { return Ok(()) };
    let open = query(
        "UPDATE runs SET finished_at = NULL
         WHERE finished_at IS NOT NULL AND id = (SELECT run FROM issues WHERE number = $1)",
    );
    open.bind(issue).execute(&mut *transaction).await?;
    wake(transaction).await
}

/// Opens the runs again of which something is queued, and says to other processes that there is.
async fn open_runs(transaction: &mut Transaction<'_>) -> Result<()> {
    query(
        "UPDATE runs SET finished_at = NULL WHERE finished_at IS NOT NULL AND id IN (
            SELECT run FROM issues WHERE number IN (
                SELECT issue FROM deliveries WHERE state IN (0, 3) AND next_attempt_at = 0))",
    )
    .execute(&mut *transaction)
    .await?;
    wake(transaction).await
}
