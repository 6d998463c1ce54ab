//! Claims: one transaction, which is one flush to disk, records what became of deliveries and takes the next ones out of the
//! queue. What is claimed says `sending`; whether its message may be complete stands in the [marks](super::Marks).

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::connection::{Query, Transaction, query};
use super::delivery::{DeliveryKey, Recorded, Said};
use super::lists::{of_issues, why_left};
use super::queue::{self, PAGE, Place, QueuedDelivery, THESE};
use super::tries::keep_last;
use super::{Result, Store, StoreError, memory, quotas, seconds};
use crate::model::DeliveryState;

/// So many deliveries are changed by a statement. In a file few: as long as one runs it has a processor, for which the connections may
/// wait. At a server each is a round trip: there 1,000 at a time are claimed and recorded half as fast again as 50.
fn at_once(token: Option<i64>) -> usize {
    if token.is_some() { 1_000 } else { 50 }
}

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
}

impl Store {
    /// Records outcomes, at most one for each delivery, and claims what is wanted, in one transaction.
    ///
    /// # Errors
    /// When the database does not answer; nothing is recorded or claimed then.
    pub async fn advance(&mut self, outcomes: &[Recorded], wanted: Option<&Wanted>, now: &str) -> Result<Claimed> {
        let rows = self.rows(outcomes).await?;
        let now = seconds(now)?;
        let generation = self.generation;
        let token = self.token().await?;
        let mut transaction = self.connection.begin_beside().await?;
        if let Some(sender) = &mut self.sender {
            sender.renew(&mut transaction).await?;
        }
        record(&mut transaction, &rows, now, token).await?;
        quotas::count(&mut transaction, &rows.tried, &rows.tries(), &self.quotas, now, token).await?;
        let claimed = match wanted {
            Some(wanted) => claim(&mut transaction, wanted, now, token).await?,
            None => Claimed::default(),
        };
        let generation = memory::raise(&mut transaction, generation).await?;
        transaction.commit().await?;
        self.tell(generation, false);
        Ok(claimed)
    }

    /// Which of these deliveries, which are claimed, are for readers who do not get them any more, with what is said of it; `None` as
    /// long as no other process has changed the database, which costs next to nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn leavers(
        &mut self,
        deliveries: impl Iterator<Item = DeliveryKey>,
    ) -> Result<Option<Vec<(DeliveryKey, String)>>> {
        let version = match &mut self.sender {
            Some(sender) => sender.list_version(&mut self.connection).await?,
            None => query("PRAGMA data_version").value(&mut self.connection).await?,
        };
        if self.seen_version == Some(version) {
            return Ok(None);
        }
        let keys: Vec<_> = deliveries.map(|key| (key.issue, key.subscriber)).collect();
        let rows = query(
            "SELECT CAST(r.value ->> 0 AS BIGINT) AS issue, s.id AS subscriber, s.status, s.lists
             FROM json_each($1) AS r CROSS JOIN subscribers AS s
             WHERE s.id = CAST(r.value ->> 1 AS BIGINT) AND (s.status <> 'confirmed' OR s.lists IS NOT NULL)",
        );
        let rows = rows.bind(as_json(&keys)?).fetch_all(&mut self.connection).await?;
        let mut readers = Vec::new();
        for row in &rows {
            let key = DeliveryKey { issue: row.try_get("issue")?, subscriber: row.try_get("subscriber")? };
            readers.push((key, row.try_get::<String, _>("status")?, row.try_get::<Option<String>, _>("lists")?));
        }
        let on_some = readers.iter().filter(|(_, _, lists)| lists.is_some()).map(|(key, ..)| key.issue);
        let lists = of_issues(on_some.collect(), &mut self.connection).await?;
        self.seen_version = Some(version);
        let left = readers.iter().filter_map(|(key, status, of_reader)| {
            Some((*key, why_left(status, of_reader.as_deref(), key.issue, &lists)?))
        });
        Ok(Some(left.collect()))
    }

    /// Outcomes as they are handed to the database.
    async fn rows<'o>(&mut self, outcomes: &'o [Recorded]) -> Result<Rows<'o>> {
        let mut rows = Rows { changes: BTreeMap::new(), aside: Vec::new(), tried: BTreeMap::new() };
        for Recorded { key, state, next_attempt_at, said } in outcomes {
            let next = next_attempt_at.as_deref().map_or(Ok(0), seconds)?;
            let mut became = Became { state: state.map(DeliveryState::number), ..Became::default() };
            let Some(Said { relay, is_doubtful, answer }) = said else {
                rows.changes.entry(became).or_default().push((key.issue, key.subscriber, next, None));
                continue;
            };
            if let Some(relay) = relay {
                *rows.tried.entry(*relay).or_default() += 1;
            }
            let codes = self.codes(answer).await?;
            let shared = self.shared(&answer.text).await?;
            let text = shared.is_none().then(|| in_a_text(&answer.text));
            became.tries = i64::from(relay.is_some());
            let text = match state {
                Some(state) if !is_doubtful || *state == DeliveryState::InDoubt => {
                    (became.relay, became.codes, became.shared) = (*relay, codes, shared);
                    text
                }
                _ => {
                    let of_try = if *is_doubtful { DeliveryState::InDoubt } else { DeliveryState::Deferred };
                    rows.aside.push((key.issue, key.subscriber, of_try.number(), *relay, codes, text, shared));
                    None
                }
            };
            rows.changes.entry(became).or_default().push((key.issue, key.subscriber, next, text));
        }
        Ok(rows)
    }
}

/// The texts of answers without what PostgreSQL takes in none.
fn in_a_text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// Outcomes, as arrays for `json_each`.
struct Rows<'o> {
    /// By what they have in common: issue, subscriber, next attempt, and what was said when it has no number.
    changes: BTreeMap<Became, Vec<Change<'o>>>,
    /// Issue, subscriber, and what was said by which a delivery did not become what it is: state, relay, codes, text, number.
    aside: Vec<Aside<'o>>,
    /// How many tries there were by each way out.
    tried: BTreeMap<i64, i64>,
}

/// What became of many deliveries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Became {
    /// `None` when they stay claimed.
    state: Number,
    /// How many tries this was, 0 or 1.
    tries: i64,
    /// What was said: by which way out, its codes, and its number among the texts.
    relay: Number,
    codes: Number,
    shared: Number,
}

impl Rows<'_> {
    /// How many tries there were to each reader.
    fn tries(&self) -> Vec<[i64; 2]> {
        let tried = self.changes.iter().filter(|(became, _)| became.tries > 0);
        tried.flat_map(|(became, changes)| changes.iter().map(|change| [change.1, became.tries])).collect()
    }
}

type Text<'o> = Option<Cow<'o, str>>;
type Number = Option<i64>;
type Change<'o> = (i64, i64, i64, Text<'o>);
type Aside<'o> = (i64, i64, i64, Number, Number, Text<'o>, Number);

fn as_json(rows: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(rows).map_err(|error| StoreError::Content(error.to_string()))
}

/// Which of the claimed deliveries are one's own: in a file all of them.
macro_rules! own {
    ($token:expr, $statement:literal, $and:literal) => {
        if $token.is_some() { concat!($statement, $and) } else { $statement }
    };
}

/// Claims deliveries of an issue; `$and` is what else is said of them. The readers stand behind `IN`: joined with a table, or as a span
/// of numbers, either database may read all deliveries of the issue for them.
macro_rules! take {
    ($and:literal) => {
        concat!(
            "UPDATE deliveries SET state = 1, updated_at = $2, relay = NULL, codes = NULL, text = NULL, shared = NULL",
            $and,
            " WHERE issue = $3 AND subscriber IN (SELECT CAST(r.value AS BIGINT) FROM json_each($1) AS r)"
        )
    };
}

/// Records outcomes of deliveries that are still claimed by this sender. What was said before of a claimed delivery is among the
/// earlier tries already.
async fn record(transaction: &mut Transaction<'_>, rows: &Rows<'_>, now: i64, token: Option<i64>) -> Result<()> {
    if !rows.aside.is_empty() {
        let add = own!(
            token,
            "INSERT INTO earlier_tries (issue, subscriber, at, state, relay, codes, text, shared)
             SELECT d.issue, d.subscriber, $2, CAST(r.value ->> 2 AS BIGINT), CAST(r.value ->> 3 AS BIGINT),
                    CAST(r.value ->> 4 AS BIGINT), r.value ->> 5, CAST(r.value ->> 6 AS BIGINT)
             FROM json_each($1) AS r CROSS JOIN deliveries AS d
             WHERE d.issue = CAST(r.value ->> 0 AS BIGINT) AND d.subscriber = CAST(r.value ->> 1 AS BIGINT) AND d.state = 1",
            " AND d.claim = $3"
        );
        let add = query(add).bind(as_json(&rows.aside)?).bind(now);
        token.into_iter().fold(add, Query::bind).execute(&mut *transaction).await?;
    }
    let change = own!(
        token,
        "UPDATE deliveries SET state = COALESCE($3, state), next_attempt_at = CAST(r.value ->> 2 AS BIGINT),
           attempts = attempts + $4, updated_at = $2, relay = $5, codes = $6, text = r.value ->> 3, shared = $7
         FROM json_each($1) AS r
         WHERE issue = CAST(r.value ->> 0 AS BIGINT) AND subscriber = CAST(r.value ->> 1 AS BIGINT) AND state = 1",
        " AND claim = $8"
    );
    for (became, changes) in &rows.changes {
        for changes in changes.chunks(at_once(token)) {
            let change = query(change).bind(as_json(&changes)?).bind(now).bind(became.state).bind(became.tries);
            let change = change.bind(became.relay).bind(became.codes).bind(became.shared);
            token.into_iter().fold(change, Query::bind).execute(&mut *transaction).await?;
        }
    }
    Ok(())
}

/// Takes deliveries out of the queue: those to readers who get the issue are claimed, the others skipped.
async fn claim(transaction: &mut Transaction<'_>, wanted: &Wanted, now: i64, token: Option<i64>) -> Result<Claimed> {
    let is_fresh = matches!(wanted, Wanted::Next { is_fresh: true, .. });
    let text: String = match wanted {
        Wanted::Next { after, limit, .. } => {
            let page = query(queue::taken(PAGE, token.is_some()))
                .bind(after.next_attempt_at)
                .bind(after.attempts)
                .bind(after.key.issue)
                .bind(after.key.subscriber)
                .bind(if is_fresh { 0 } else { now });
            page.bind(limit).value(&mut *transaction).await?
        }
        Wanted::These(keys) => {
            let keys: Vec<_> = keys.iter().map(|key| (key.issue, key.subscriber)).collect();
            let these = query(queue::taken(THESE, token.is_some())).bind(as_json(&keys)?).bind(now);
            these.value(&mut *transaction).await?
        }
    };
    let rows = queue::read(&text)?;
    let on_some = rows.iter().filter(|row| row.lists.is_some()).map(|row| row.issue).collect();
    let lists = of_issues(on_some, &mut *transaction).await?;
    let is_full = matches!(wanted, Wanted::Next { limit, .. } if rows.len() == *limit as usize);
    let mut claimed = Claimed { is_full, ..Claimed::default() };
    let (mut left, mut has_said) = (Vec::new(), Vec::new());
    for row in rows {
        let why = why_left(&row.status, row.lists.as_deref(), row.issue, &lists);
        let is_said = row.said_at.is_some();
        let delivery = row.delivery()?;
        if is_fresh && !delivery.place.is_fresh() {
            claimed.is_full = false;
            break;
        }
        claimed.last = Some(delivery.place);
        let DeliveryKey { issue, subscriber } = delivery.key();
        if is_said {
            has_said.push((issue, subscriber));
        }
        if let Some(why) = why {
            left.push((issue, subscriber, why));
            claimed.left += 1;
        } else {
            claimed.deliveries.push(delivery);
        }
    }
    if !has_said.is_empty() {
        let which = "json_each($1) AS r CROSS JOIN deliveries AS d
             WHERE d.issue = CAST(r.value ->> 0 AS BIGINT) AND d.subscriber = CAST(r.value ->> 1 AS BIGINT)";
        keep_last(which, [as_json(&has_said)?.into()], transaction).await?;
    }
    if !left.is_empty() {
        let skip = "UPDATE deliveries SET state = 6, updated_at = $2, relay = NULL, codes = NULL, text = r.value ->> 2, shared = NULL
             FROM json_each($1) AS r
             WHERE issue = CAST(r.value ->> 0 AS BIGINT) AND subscriber = CAST(r.value ->> 1 AS BIGINT)";
        query(skip).bind(as_json(&left)?).bind(now).execute(&mut *transaction).await?;
    }
    let mut by_issue: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for key in claimed.deliveries.iter().map(QueuedDelivery::key) {
        by_issue.entry(key.issue).or_default().push(key.subscriber);
    }
    for (issue, subscribers) in by_issue {
        for subscribers in subscribers.chunks(at_once(token)) {
            let take = query(if token.is_some() { take!(", claim = $4") } else { take!("") });
            let take = take.bind(as_json(&subscribers)?).bind(now).bind(issue);
            token.into_iter().fold(take, Query::bind).execute(&mut *transaction).await?;
        }
    }
    Ok(claimed)
}
