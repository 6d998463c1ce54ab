//! Limits on how many messages may be tried in a span of time. Several senders at a server share them: each takes a part before it
//! uses it, and what it holds counts as tried until its tries are recorded. So all of them together never try too many.

use std::collections::BTreeMap;

use serde_json::json;

use super::connection::{Link, Transaction, query};
use super::{Result, Store, moment, seconds};

/// A sender takes at most so much at a time.
const PART: u64 = 500;

/// Which tries a limit counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counted {
    /// Those by all ways out.
    All,
    /// Those by one way out.
    By(String),
    /// Those to the readers of some domains, which are in lower-case ASCII.
    To(Vec<String>),
}

/// Limits of the same tries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// What is counted.
    pub counted: Counted,
    /// At most so many in so many seconds.
    pub limits: Vec<(u32, u32)>,
}

impl Quota {
    /// The name under which senders hold parts of it.
    fn name(&self) -> String {
        match &self.counted {
            Counted::All => String::new(),
            Counted::By(relay) => format!("by {relay}"),
            Counted::To(domains) => format!("to {}", domains.join(" ")),
        }
    }
}

impl Store {
    /// The limits that tries are counted against from now on.
    pub fn set_quotas(&mut self, quotas: Vec<Quota>) {
        self.quotas = quotas;
    }

    /// Takes a part of what a limit leaves: all of it in a file, which one process has. 0 when it leaves nothing now.
    ///
    /// # Errors
    /// When the database does not answer; nothing is taken then.
    pub async fn take_part(&mut self, quota: &Quota, now: &str) -> Result<u64> {
        let now = seconds(now)?;
        let token = self.token().await?;
        let senders = u64::from(self.senders());
        // What others hold must not change until a part is taken.
        let mut transaction = self.connection.begin().await?;
        let held: i64 = query("SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM held WHERE quota = $1")
            .bind(quota.name())
            .value(&mut transaction)
            .await?;
        let mut free = u64::MAX;
        for (count, seconds) in &quota.limits {
            let tried = tried(&mut transaction, &quota.counted, now - i64::from(*seconds)).await?;
            free = free.min(u64::from(*count).saturating_sub(tried + held.unsigned_abs()));
        }
        let Some(token) = token else { return transaction.end(free).await };
        let part = free.min(PART).min(free.div_ceil(2 * senders.max(1)));
        if part > 0 {
            let take = query(
                "INSERT INTO held (sender, quota, count) VALUES ($1, $2, $3)
                 ON CONFLICT (sender, quota) DO UPDATE SET count = held.count + excluded.count",
            );
            let take = take.bind(token).bind(quota.name()).bind(i64::try_from(part).unwrap_or(i64::MAX));
            take.execute(&mut transaction).await?;
        }
        transaction.commit().await?;
        Ok(part)
    }

    /// How many tries there were since a moment.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tried_since(&mut self, moment: &str, which: &Counted) -> Result<u64> {
        tried(&mut self.connection, which, seconds(moment)?).await
    }

    /// When the try was that so many others came before since a moment.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn try_after(&mut self, since: &str, others: u64, which: &Counted) -> Result<Option<String>> {
        let (table, which, argument) = counted(which);
        let at = format!(
            "SELECT at FROM (
                SELECT at, CAST(SUM(count) OVER (ORDER BY at) AS BIGINT) AS with_this FROM {table} WHERE at >= $1 AND {which}
             ) t WHERE with_this > $3 ORDER BY at LIMIT 1"
        );
        let at = query(sqlx::AssertSqlSafe(at)).bind(seconds(since)?).bind(argument);
        let at = at.bind(i64::try_from(others).unwrap_or(i64::MAX)).optional_value(&mut self.connection).await?;
        at.map(moment).transpose()
    }
}

/// The table of tries, which of its rows count, and the argument `$2` of that.
fn counted(which: &Counted) -> (&'static str, &'static str, String) {
    match which {
        Counted::All => ("tried", "$2 = ''", String::new()),
        Counted::By(relay) => ("tried", "relay = (SELECT id FROM texts WHERE text = $2)", relay.clone()),
        Counted::To(domains) => {
            let domains: Vec<_> = domains.iter().map(|domain| [domain]).collect();
            let domains = json!(domains).to_string();
            ("tried_to", "domain IN (SELECT r.value ->> 0 FROM json_each($2) AS r)", domains)
        }
    }
}

async fn tried<'c>(link: impl Into<Link<'c>>, which: &Counted, since: i64) -> Result<u64> {
    let (table, which, argument) = counted(which);
    let count = format!("SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM {table} WHERE at >= $1 AND {which}");
    let count: i64 = query(sqlx::AssertSqlSafe(count)).bind(since).bind(argument).value(link).await?;
    Ok(count.unsigned_abs())
}

/// Counts tries that are being recorded, and takes them off what this sender holds: how many there were `by` each way out, and
/// `to` each reader.
pub(super) async fn count(
    transaction: &mut Transaction<'_>,
    by: &BTreeMap<i64, i64>,
    to: &[[i64; 2]],
    quotas: &[Quota],
    now: i64,
    token: Option<i64>,
) -> Result<()> {
    for (relay, count) in by {
        let add = query(
            "INSERT INTO tried (at, relay, sender, count) VALUES ($1, $2, $3, $4)
             ON CONFLICT (at, relay, sender) DO UPDATE SET count = tried.count + excluded.count",
        );
        add.bind(now).bind(*relay).bind(token.unwrap_or(0)).bind(*count).execute(&mut *transaction).await?;
    }
    let tried = by.values().sum::<i64>();
    if tried == 0 || quotas.is_empty() {
        return Ok(());
    }
    let to = tried_to(transaction, to, quotas).await?;
    for (domain, count) in &to {
        let add = query(
            "INSERT INTO tried_to (at, domain, sender, count) VALUES ($1, $2, $3, $4)
             ON CONFLICT (domain, at, sender) DO UPDATE SET count = tried_to.count + excluded.count",
        );
        add.bind(now).bind(domain.as_str()).bind(token.unwrap_or(0)).bind(*count).execute(&mut *transaction).await?;
    }
    let Some(token) = token else { return Ok(()) };
    for quota in quotas {
        let count = match &quota.counted {
            Counted::All => tried,
            Counted::By(relay) => {
                let number = query("SELECT id FROM texts WHERE text = $1").bind(relay.as_str());
                let number: Option<i64> = number.optional_value(&mut *transaction).await?;
                number.and_then(|number| by.get(&number).copied()).unwrap_or(0)
            }
            Counted::To(domains) => domains.iter().filter_map(|domain| to.get(domain)).sum(),
        };
        // What a relay did not take from anyone is given back, and counts as tried all the same.
        let spend = query(
            "UPDATE held SET count = CASE WHEN count > $3 THEN count - $3 ELSE 0 END WHERE sender = $1 AND quota = $2",
        );
        if count > 0 {
            spend.bind(token).bind(quota.name()).bind(count).execute(&mut *transaction).await?;
        }
    }
    Ok(())
}

/// How many of the tries were to the readers of each domain that has limits.
async fn tried_to(
    transaction: &mut Transaction<'_>,
    readers: &[[i64; 2]],
    quotas: &[Quota],
) -> Result<BTreeMap<String, i64>> {
    let limited = quotas.iter().filter_map(|quota| match &quota.counted {
        Counted::To(domains) => Some(domains),
        Counted::All | Counted::By(_) => None,
    });
    let limited: Vec<_> = limited.flatten().map(|domain| [domain]).collect();
    if limited.is_empty() {
        return Ok(BTreeMap::new());
    }
    let count = query(
        "SELECT t.domain, CAST(SUM(t.tries) AS BIGINT) FROM (
            SELECT substr(s.address, CAST(instr(s.address, '@') AS INTEGER) + 1) AS domain, CAST(r.value ->> 1 AS BIGINT) AS tries
            FROM json_each($1) AS r CROSS JOIN subscribers AS s WHERE s.id = CAST(r.value ->> 0 AS BIGINT)
         ) t WHERE t.domain IN (SELECT l.value ->> 0 FROM json_each($2) AS l) GROUP BY t.domain",
    );
    let count = count.bind(json!(readers).to_string()).bind(json!(limited).to_string());
    count.fetch_all(transaction).await?.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Counts the tries of a sender that is gone, which were made when their deliveries were claimed or soon after.
pub(super) async fn count_of_gone(transaction: &mut Transaction<'_>, keys: &str, relay: i64) -> Result<()> {
    let by = query(
        "INSERT INTO tried (at, relay, sender, count)
         SELECT d.updated_at, $2, 0, COUNT(*) FROM json_each($1) AS r CROSS JOIN deliveries AS d
         WHERE d.issue = CAST(r.value ->> 0 AS BIGINT) AND d.subscriber = CAST(r.value ->> 1 AS BIGINT)
         GROUP BY d.updated_at
         ON CONFLICT (at, relay, sender) DO UPDATE SET count = tried.count + excluded.count",
    );
    by.bind(keys).bind(relay).execute(&mut *transaction).await?;
    let to = query(
        "INSERT INTO tried_to (at, domain, sender, count)
         SELECT t.at, t.domain, 0, COUNT(*) FROM (
            SELECT d.updated_at AS at, substr(s.address, CAST(instr(s.address, '@') AS INTEGER) + 1) AS domain
            FROM json_each($1) AS r CROSS JOIN deliveries AS d CROSS JOIN subscribers AS s
            WHERE d.issue = CAST(r.value ->> 0 AS BIGINT) AND d.subscriber = CAST(r.value ->> 1 AS BIGINT)
              AND s.id = d.subscriber
         ) t WHERE true GROUP BY t.at, t.domain
         ON CONFLICT (domain, at, sender) DO UPDATE SET count = tried_to.count + excluded.count",
    );
    to.bind(keys).execute(transaction).await?;
    Ok(())
}
