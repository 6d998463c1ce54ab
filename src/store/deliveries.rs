//! The states of deliveries: what they are counted and shown by, and what becomes of those that were left.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::TryStreamExt as _;
use serde_json::json;
use sqlx::AssertSqlSafe;

use super::connection::{Link, Query, Row, Transaction, query};
use super::delivery::{DeliveryKey, state_of};
use super::file::DatabaseFile;
use super::marks::{self, Known, Marks};
use super::senders::{self, Claimant};
use super::tries::{self, RELAY, Try, UNKNOWN, history, number_of};
use super::{Result, Store, memory, moment, quotas, seconds, value};
use crate::model::{DeliveryCounts, DeliveryState};

/// The name under which [`Store::set_repeatable`] is kept.
const REPEATABLE: &str = "repeatable";

/// Whether a message may be sent again of which it is not known whether it was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repeat {
    /// No: the owner decides.
    Never,
    /// Yes, as long as its relay remembers it, which is looked at when its turn comes.
    Remembered,
    /// Yes: it is harmless or wished.
    Always,
}

impl Repeat {
    /// As it is stored.
    const WORDS: [(Self, &str); 3] = [(Self::Never, "no"), (Self::Remembered, "remembered"), (Self::Always, "yes")];

    fn of(word: &str) -> Self {
        Self::WORDS.iter().find(|(_, known)| *known == word).map_or(Self::Never, |(known, _)| *known)
    }

    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(known, _)| *known == self).map_or("no", |(_, word)| word)
    }

    /// What holds for a message that was sent under one rule and would be sent again under another.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Always, Self::Always) => Self::Always,
            // It had what its relay knows it by.
            (Self::Remembered, Self::Remembered | Self::Always) => Self::Remembered,
            _ => Self::Never,
        }
    }
}

/// What became of the deliveries that a dead process was sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovered {
    /// How many messages may be complete at the server without an answer that is known.
    pub count: u64,
    /// Whether those are queued again; else they are in doubt.
    pub repeat: Repeat,
    /// How many the server had accepted.
    pub accepted: u64,
    /// How many were certainly not complete: they are in the queue as before.
    pub put_back: u64,
}

impl Recovered {
    fn add(&mut self, other: Self) {
        let repeat = match (self.count, other.count) {
            (_, 0) => self.repeat,
            (0, _) => other.repeat,
            _ => self.repeat.min(other.repeat),
        };
        *self = Self {
            count: self.count + other.count,
            repeat,
            accepted: self.accepted + other.accepted,
            put_back: self.put_back + other.put_back,
        };
    }
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
    /// Reads a row of a delivery with its [`history`], the first of them.
    pub(super) fn read(row: &Row) -> Result<Self> {
        let next_attempt_at = Some(row.try_get("next_attempt_at")?).filter(|at| *at > 0);
        Ok(Self {
            state: state_of(row.try_get("state")?)?,
            attempts: row.try_get("attempts")?,
            next_attempt_at: next_attempt_at.map(moment).transpose()?,
            updated_at: moment(row.try_get("updated_at")?)?,
            history: tries::earlier(row)?.into_iter().chain(tries::last(row)?).collect(),
        })
    }

    /// Reads one more row of it.
    pub(super) fn add_earlier(&mut self, row: &Row) -> Result<()> {
        let last = tries::last(row)?.and_then(|_| self.history.pop());
        self.history.extend(tries::earlier(row)?.into_iter().chain(last));
        Ok(())
    }

    /// The last thing that was said.
    pub fn reply(&self) -> Option<String> {
        self.history.last().map(|last| last.answer.to_string())
    }
}

impl Store {
    /// Records, before the first message leaves, whether one whose outcome is lost may be sent again.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_repeatable(&mut self, repeat: Repeat) -> Result<()> {
        self.about.repeatable = repeat.word();
        if self.is_shared() { Ok(()) } else { self.set_value(REPEATABLE, repeat.word()).await }
    }

    /// Deals with deliveries that dead processes had claimed. Those whose message may be complete become `in_doubt`, or queued
    /// again when they may be repeated, and might when they were sent; what the server had accepted is
    /// `sent`; the others wait as before. In a file only for the holder of [`Store::lock`].
    ///
    /// # Errors
    /// When the database does not answer, or what stands beside it cannot be read.
    pub async fn recover(&mut self, repeat: Repeat, now: &str) -> Result<Recovered> {
        let now = seconds(now)?;
        let own = self.sender.as_ref().map(|sender| sender.token);
        let mut transaction = self.connection.begin().await?;
        let mut recovered = Recovered { count: 0, repeat, accepted: 0, put_back: 0 };
        let mut over = Vec::new();
        for sender in claimants((&mut transaction).into()).await? {
            let marks = marks::left(&self.file, &sender)?;
            // At a server several may live; what one that lives is about to send stands in no mark.
            let is_other = sender.token.is_some() && sender.token != own;
            let lives = is_other && marks.as_ref().is_none_or(Marks::are_held);
            if lives && sender.is_live {
                continue;
            }
            let marks = marks.filter(|_| !lives);
            let claimed = claimed_by(&sender, marks.as_ref(), &self.file, (&mut transaction).into(), ALL, None).await?;
            recovered.add(settle(&mut transaction, &sender, claimed, repeat, now).await?);
            over.extend(sender.token);
        }
        if let Transaction::Postgres(_) = transaction {
            senders::forget_gone(&mut transaction).await?;
        }
        if recovered.count + recovered.accepted + recovered.put_back > 0 {
            let generation = memory::raise(&mut transaction, self.generation).await?;
            transaction.commit().await?;
            self.tell(generation, true);
        } else {
            transaction.commit().await?;
        }
        for token in over {
            // One that stays says nothing of any other sender.
            let _ = self.file.folder.remove(&marks::name(&self.file, Some(token)));
        }
        Ok(recovered)
    }

    /// How many deliveries are in each state, of one run or of all.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn delivery_counts(&mut self, run: Option<i64>) -> Result<DeliveryCounts> {
        self.counts(run.map_or(ALL, |_| "issue IN (SELECT number FROM issues WHERE run = $1)"), run).await
    }

    /// How many deliveries of an issue are in each state.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn issue_counts(&mut self, issue: i64) -> Result<DeliveryCounts> {
        self.counts("issue = $1", Some(issue)).await
    }

    /// How many deliveries are open or in doubt, by their states. What is over is not read, and counts as none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_counts(&mut self) -> Result<DeliveryCounts> {
        let groups = "SELECT CAST(0 AS BIGINT) AS state, COUNT(CASE state WHEN 0 THEN 1 END) AS count FROM deliveries
             WHERE state IN (0, 3) AND $1 IS NULL
             UNION ALL SELECT 3, COUNT(CASE state WHEN 3 THEN 1 END) FROM deliveries WHERE state IN (0, 3)
             UNION ALL SELECT 1, COUNT(*) FROM deliveries WHERE state = 1
             UNION ALL SELECT 5, COUNT(*) FROM deliveries WHERE state = 5";
        let counts = self.counted(groups, ALL, None).await?;
        Ok(DeliveryCounts { sent: 0, ..counts })
    }

    async fn counts(&mut self, which: &str, number: Option<i64>) -> Result<DeliveryCounts> {
        let groups = format!("SELECT state, COUNT(*) AS count FROM deliveries WHERE {which} GROUP BY state");
        self.counted(&groups, which, number).await
    }

    async fn counted(&mut self, groups: &str, which: &str, number: Option<i64>) -> Result<DeliveryCounts> {
        let rows = query(AssertSqlSafe(groups)).bind(number).fetch_all(&mut self.connection).await?;
        let mut counts = DeliveryCounts::default();
        for row in rows {
            counts.set(state_of(row.try_get("state")?)?, row.try_get("count")?);
        }
        if counts.sending > 0 {
            counts.sending = 0;
            for (_, state) in self.claimed(which, number).await? {
                counts.set(state, counts.get(state) + 1);
            }
        }
        Ok(counts)
    }

    /// What those that are claimed would be if their processes ended now, but for `sending` where it is not known whether the
    /// message is complete.
    async fn claimed(&mut self, which: &str, number: Option<i64>) -> Result<Vec<(DeliveryKey, DeliveryState)>> {
        let mut all = Vec::new();
        for sender in claimants((&mut self.connection).into()).await? {
            let marks = marks::left(&self.file, &sender)?;
            let link = (&mut self.connection).into();
            all.extend(claimed_by(&sender, marks.as_ref(), &self.file, link, which, number).await?);
        }
        Ok(all)
    }

    /// Hands over every delivery of an issue that is not `sent`, with its history, in the order of the readers.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn not_sent(&mut self, issue: i64, mut each: impl FnMut(NotSent)) -> Result<()> {
        let claimed: BTreeMap<_, _> = self.claimed("issue = $1", Some(issue)).await?.into_iter().collect();
        let mut rows = query(concat!(
            "SELECT d.issue, d.subscriber, d.attempts, d.next_attempt_at, s.address, ",
            history!(),
            " FROM deliveries d JOIN subscribers s ON s.id = d.subscriber
                 LEFT JOIN earlier_tries e ON e.issue = d.issue AND e.subscriber = d.subscriber
                 WHERE d.issue = $1 AND d.state <> 2 ORDER BY d.issue, d.subscriber, e.id"
        ))
        .bind(issue)
        .fetch(&mut self.connection);
        let mut hand_over = |delivery: Option<NotSent>| {
            delivery.filter(|delivery| delivery.standing.state != DeliveryState::Sent).into_iter().for_each(&mut each);
        };
        let mut last: Option<NotSent> = None;
        while let Some(row) = rows.try_next().await? {
            let key = DeliveryKey { issue: row.try_get(0)?, subscriber: row.try_get(1)? };
            match last.as_mut().filter(|last| last.key == key) {
                Some(last) => last.standing.add_earlier(&row)?,
                None => {
                    let mut standing = Standing::read(&row)?;
                    standing.state = claimed.get(&key).copied().unwrap_or(standing.state);
                    hand_over(last.replace(NotSent { key, address: row.try_get("address")?, standing }));
                }
            }
        }
        hand_over(last);
        Ok(())
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
        let mut transaction = self.connection.begin().await?;
        let which = "json_each($1) AS r CROSS JOIN deliveries AS d
             WHERE d.issue = CAST(r.value ->> 0 AS BIGINT) AND d.subscriber = CAST(r.value ->> 1 AS BIGINT)
               AND d.attempts = CAST(r.value ->> 2 AS BIGINT) AND d.state = 3";
        tries::keep_last(which, [(&rows).into()], &mut transaction).await?;
        let done = query(
            "UPDATE deliveries
             SET state = 4, next_attempt_at = 0, updated_at = $2, relay = NULL, codes = NULL, text = NULL, shared = $3
             FROM json_each($1) AS r
             WHERE issue = CAST(r.value ->> 0 AS BIGINT) AND subscriber = CAST(r.value ->> 1 AS BIGINT)
               AND attempts = CAST(r.value ->> 2 AS BIGINT) AND state = 3",
        )
        .bind(&rows)
        .bind(seconds(now)?)
        .bind(said)
        .execute(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(done)
    }

    /// The domains with at least `many` readers of an issue of which none was accepted; `None` when it was accepted for no
    /// reader at all.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn never_accepted(&mut self, issue: i64, many: u32) -> Result<Option<BTreeSet<String>>> {
        let is_any = "SELECT EXISTS (SELECT 1 FROM deliveries WHERE issue = $1 AND state = 2)";
        if !query(is_any).bind(issue).value(&mut self.connection).await? {
            return Ok(None);
        }
        let domains: Vec<String> = query(
            "SELECT substr(s.address, CAST(instr(s.address, '@') + 1 AS INTEGER)) AS domain
             FROM deliveries d CROSS JOIN subscribers s WHERE d.issue = $1 AND s.id = d.subscriber
             GROUP BY domain HAVING COUNT(*) >= $2 AND COUNT(*) FILTER (WHERE d.state = 2) = 0",
        )
        .bind(issue)
        .bind(many)
        .values(&mut self.connection)
        .await?;
        Ok(Some(domains.into_iter().collect()))
    }
}

/// All deliveries.
const ALL: &str = "$1 IS NULL";

/// Who has claimed something: of a file its owner.
async fn claimants(mut link: Link<'_>) -> Result<Vec<Claimant>> {
    if let Link::Postgres(_) = link {
        return senders::claimants(link).await;
    }
    Ok(vec![Claimant {
        token: None,
        claims: marks::in_file(link.again()).await?,
        relay: value(RELAY, link.again()).await?.unwrap_or_default(),
        repeatable: value(REPEATABLE, link).await?.unwrap_or_default(),
        is_live: false,
    }])
}

/// What the deliveries that a sender has claimed would be if it ended now.
async fn claimed_by(
    sender: &Claimant,
    marks: Option<&Marks>,
    file: &DatabaseFile,
    link: Link<'_>,
    which: &str,
    number: Option<i64>,
) -> Result<Vec<(DeliveryKey, DeliveryState)>> {
    let by = if sender.token.is_some() { " AND claim = $2" } else { "" };
    let claimed = query(AssertSqlSafe(format!(
        "SELECT issue, subscriber, attempts, attempts > 0 AND next_attempt_at > 0 FROM deliveries
         WHERE state = 1 AND {which}{by}"
    )));
    let rows = sender.token.into_iter().fold(claimed.bind(number), Query::bind).fetch_all(link).await?;
    let read = |row: &Row| {
        let key = DeliveryKey { issue: row.try_get(0)?, subscriber: row.try_get(1)? };
        Ok((key, row.try_get(2)?, row.try_get(3)?))
    };
    let rows: Vec<(DeliveryKey, i64, bool)> = rows.iter().map(read).collect::<Result<_>>()?;
    let known = marks::known(file, marks, rows.iter().map(|(key, attempts, _)| (*key, *attempts)))?;
    let state = |((key, _, was_put_off), known): ((DeliveryKey, i64, bool), Known)| {
        let state = match known {
            Known::Incomplete if was_put_off => DeliveryState::Deferred,
            Known::Incomplete => DeliveryState::Queued,
            Known::Accepted => DeliveryState::Sent,
            Known::Complete | Known::Nothing => DeliveryState::Sending,
        };
        (key, state)
    };
    Ok(rows.into_iter().zip(known).map(state).collect())
}

/// Settles what a dead sender had claimed.
async fn settle(
    transaction: &mut Transaction<'_>,
    sender: &Claimant,
    claimed: Vec<(DeliveryKey, DeliveryState)>,
    repeat: Repeat,
    now: i64,
) -> Result<Recovered> {
    let repeat = Repeat::of(&sender.repeatable).and(repeat);
    if claimed.is_empty() {
        return Ok(Recovered { count: 0, repeat, accepted: 0, put_back: 0 });
    }
    let (state, said) = if repeat == Repeat::Never {
        (DeliveryState::InDoubt, "the program ended while this was being sent: it is not known whether it arrived")
    } else {
        (DeliveryState::Queued, "the program ended while this was being sent; it is sent again")
    };
    // What is sent again because its relay remembers it stays a doubtful try.
    let tried = if repeat == Repeat::Remembered { DeliveryState::InDoubt } else { state };
    let was_accepted = "the server accepted it; the program ended before its words were recorded";
    let keys_of = |wanted: &[DeliveryState]| -> Vec<_> {
        let of = claimed.iter().filter(|(_, state)| wanted.contains(state));
        of.map(|(key, _)| json!([key.issue, key.subscriber])).collect()
    };
    let (doubtful, accepted) = (keys_of(&[DeliveryState::Sending]), keys_of(&[DeliveryState::Sent]));
    let put_back = keys_of(&[DeliveryState::Queued, DeliveryState::Deferred]);
    let recovered = Recovered {
        count: doubtful.len() as u64,
        repeat,
        accepted: accepted.len() as u64,
        put_back: put_back.len() as u64,
    };
    let relay = if sender.relay.is_empty() { UNKNOWN } else { &sender.relay };
    let relay = number_of(relay, &mut *transaction).await?;
    for (keys, state, tried, said) in
        [(doubtful, state, tried, said), (accepted, DeliveryState::Sent, DeliveryState::Sent, was_accepted)]
    {
        let said = number_of(said, &mut *transaction).await?;
        let keys = serde_json::Value::from(keys).to_string();
        quotas::count_of_gone(transaction, &keys, relay).await?;
        if tried == state {
            query(
                "UPDATE deliveries SET state = $2, attempts = attempts + 1, next_attempt_at = 0, relay = $3, shared = $4
                 FROM json_each($1) AS r
                 WHERE issue = CAST(r.value ->> 0 AS BIGINT) AND subscriber = CAST(r.value ->> 1 AS BIGINT)",
            )
            .bind(&keys)
            .bind(state.number())
            .bind(relay)
            .bind(said)
            .execute(&mut *transaction)
            .await?;
            continue;
        }
        query(
            "INSERT INTO earlier_tries (issue, subscriber, at, state, relay, shared)
             SELECT d.issue, d.subscriber, d.updated_at, $2, $3, $4
             FROM json_each($1) AS r CROSS JOIN deliveries AS d
             WHERE d.issue = CAST(r.value ->> 0 AS BIGINT) AND d.subscriber = CAST(r.value ->> 1 AS BIGINT)",
        )
        .bind(&keys)
        .bind(tried.number())
        .bind(relay)
        .bind(said)
        .execute(&mut *transaction)
        .await?;
        query(
            "UPDATE deliveries SET state = $2, attempts = attempts + 1, next_attempt_at = 0, updated_at = $3
             FROM json_each($1) AS r
             WHERE issue = CAST(r.value ->> 0 AS BIGINT) AND subscriber = CAST(r.value ->> 1 AS BIGINT)",
        )
        .bind(&keys)
        .bind(state.number())
        .bind(now)
        .execute(&mut *transaction)
        .await?;
    }
    query(
        "UPDATE deliveries SET state = CASE WHEN attempts > 0 AND next_attempt_at > 0 THEN 3 ELSE 0 END
         FROM json_each($1) AS r
         WHERE issue = CAST(r.value ->> 0 AS BIGINT) AND subscriber = CAST(r.value ->> 1 AS BIGINT)",
    )
    .bind(serde_json::Value::from(put_back).to_string())
    .execute(transaction)
    .await?;
    Ok(recovered)
}
