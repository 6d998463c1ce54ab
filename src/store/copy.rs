//! Moving a whole ledger into another database. From then on the old one sends nothing: a ledger that goes on in two places
//! would mail twice.

use futures_util::TryStreamExt as _;
use serde_json::{Value as Json, json};
use sqlx::{AssertSqlSafe, SqlSafeStr as _};

use super::connection::{Link, Transaction, query};
use super::{Database, Result, Right, Store, StoreError, memory, value};

/// Rows that go at a time.
const BATCH: usize = 1_000;

/// The name under which it is kept where a ledger has gone.
const MOVED: &str = "moved";

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
}

use Kind::{Number, Text};

/// Every table with its columns, those first that others name. What belongs to a machine or a sender stays behind.
const TABLES: [(&str, &[(&str, Kind)]); 18] = [
    ("site", &[("name", Text), ("value", Text)]),
    (
        "subscribers",
        &[
            ("id", Number),
            ("address", Text),
            ("address_key", Text),
            ("name", Text),
            ("status", Text),
            ("source", Text),
            ("created_at", Text),
            ("updated_at", Text),
            ("language", Text),
            ("lists", Text),
            ("fields", Text),
        ],
    ),
    ("runs", &[("id", Number), ("cutoff", Text), ("finished_at", Text)]),
    (
        "issues",
        &[("number", Number), ("run", Number), ("subject", Text), ("digest", Text), ("frozen", Text), ("lists", Text)],
    ),
    (
        "entries",
        &[
            ("run", Number),
            ("id", Text),
            ("issue", Number),
            ("path", Text),
            ("url", Text),
            ("title", Text),
            ("published", Text),
            ("content_hash", Text),
            ("sketch", Text),
        ],
    ),
    ("known_issues", &[("number", Number), ("ledger", Text), ("time", Text), ("digest", Text), ("record", Text)]),
    (
        "deliveries",
        &[
            ("issue", Number),
            ("subscriber", Number),
            ("state", Number),
            ("attempts", Number),
            ("next_attempt_at", Number),
            ("updated_at", Number),
            ("relay", Number),
            ("codes", Number),
            ("text", Text),
            ("shared", Number),
        ],
    ),
    (
        "stops",
        &[
            ("relay", Text),
            ("domain", Text),
            ("kind", Text),
            ("at", Number),
            ("until", Number),
            ("times", Number),
            ("reason", Text),
        ],
    ),
    ("texts", &[("id", Number), ("text", Text)]),
    (
        "earlier_tries",
        &[
            ("id", Number),
            ("issue", Number),
            ("subscriber", Number),
            ("at", Number),
            ("state", Number),
            ("relay", Number),
            ("codes", Number),
            ("text", Text),
            ("shared", Number),
        ],
    ),
    ("tried", &[("at", Number), ("relay", Number), ("sender", Number), ("count", Number)]),
    ("tried_to", &[("at", Number), ("domain", Text), ("sender", Number), ("count", Number)]),
    (
        "reports",
        &[
            ("subscriber", Number),
            ("issue", Number),
            ("kind", Text),
            ("message", Text),
            ("at", Text),
            ("status", Text),
            ("diagnostic", Text),
            ("effect", Text),
        ],
    ),
    (
        "changes",
        &[
            ("subscriber", Number),
            ("number", Number),
            ("at", Text),
            ("status", Text),
            ("way", Text),
            ("shown", Number),
            ("network", Text),
            ("about", Text),
        ],
    ),
    (
        "letters",
        &[
            ("subscriber", Number),
            ("number", Number),
            ("kind", Text),
            ("asked_at", Text),
            ("detail", Text),
            ("way", Text),
            ("shown", Number),
            ("network", Text),
            ("state", Number),
            ("attempts", Number),
            ("next_attempt_at", Number),
            ("answer", Text),
            ("used_at", Text),
        ],
    ),
    ("barred", &[("hash", Text), ("why", Text), ("at", Text)]),
    ("hook_events", &[("event", Text), ("at", Text)]),
    ("spikes", &[("issue", Number), ("kind", Text), ("at", Text), ("reason", Text), ("allowed", Number)]),
];

/// How much was moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    /// Readers, whatever their status.
    pub readers: u64,
    /// Runs.
    pub runs: u64,
    /// Deliveries.
    pub deliveries: u64,
}

impl Store {
    /// Where the ledger has gone; `None` when it is here.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn moved_to(&mut self) -> Result<Option<String>> {
        self.value(MOVED).await
    }

    /// Fails when the ledger has gone elsewhere.
    ///
    /// # Errors
    /// [`StoreError::Moved`], or when the database does not answer.
    pub(super) async fn must_be_here(&mut self) -> Result<()> {
        match self.moved_to().await? {
            Some(to) => Err(StoreError::Moved { to }),
            None => Ok(()),
        }
    }

    /// Moves the whole ledger into another database, which must have none, or moves nothing. From then on nothing is sent from
    /// this one. `place` names the other one.
    ///
    /// # Errors
    /// When either database does not answer; when another process publishes or delivers here; when the other one is not empty.
    pub async fn move_to(&mut self, other: &mut Self, place: &Database) -> Result<Moved> {
        let rights = [self.right_to_move().await?, other.right_to_move().await?];
        if rights.contains(&false) {
            return Err(StoreError::Delivering);
        }
        let mut from = self.connection.begin().await?;
        let mut to = other.connection.begin().await?;
        for transaction in [&mut from, &mut to] {
            // A server that has sent all rows of a table waits until they are written elsewhere.
            if let Transaction::Postgres(_) = transaction {
                query("SET LOCAL idle_in_transaction_session_timeout = 0").execute(transaction).await?;
            }
        }
        let goal = place.to_compare();
        // What was cut off at its very end may be done once more; elsewhere it would go on in two places.
        if let Some(to) = value(MOVED, &mut from).await?.filter(|to| *to != goal) {
            return Err(StoreError::Moved { to });
        }
        let is_sending = "SELECT EXISTS (SELECT 1 FROM deliveries WHERE state = 1)";
        if query(is_sending).value(&mut from).await? {
            return Err(StoreError::Delivering);
        }
        for (table, _) in TABLES.iter().filter(|(table, _)| *table != "site") {
            if count(&mut to, table).await? > 0 {
                return Err(StoreError::NotEmpty { place: place.to_string() });
            }
        }
        let mut moved = Moved::default();
        for (table, columns) in TABLES {
            let rows = carry((&mut from).into(), &mut to, table, columns).await?;
            match table {
                "subscribers" => moved.readers = rows,
                "runs" => moved.runs = rows,
                "deliveries" => moved.deliveries = rows,
                _ => {}
            }
        }
        query("DELETE FROM site WHERE name = $1").bind(MOVED).execute(&mut to).await?;
        number_on(&mut to).await?;
        let generation = memory::generation(&mut from).await?.saturating_add(1);
        memory::set(&mut to, generation).await?;
        let gone =
            "INSERT INTO site (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        query(gone).bind(MOVED).bind(goal).execute(&mut from).await?;
        // In this order no crash leaves two that send. What is not there then can be moved once more.
        from.commit().await?;
        to.commit().await?;
        Ok(moved)
    }

    /// Takes the right to plan, for as long as the database is open, and sees that no process delivers.
    async fn right_to_move(&mut self) -> Result<bool> {
        let lock = self.claim_right(Right::Plan).await?;
        let has_right = lock.is_some();
        self.moving = lock;
        if self.is_shared() {
            // One that lost its session goes on when it has another one.
            let any = "SELECT EXISTS (SELECT 1 FROM senders WHERE lease_until > clock_timestamp())";
            return Ok(has_right && !query(any).value::<bool>(&mut self.connection).await?);
        }
        Ok(has_right)
    }
}

async fn count(transaction: &mut Transaction<'_>, table: &str) -> Result<i64> {
    Ok(query(AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"))).value(transaction).await?)
}

/// Carries the rows of a table; returns how many.
async fn carry(from: Link<'_>, to: &mut Transaction<'_>, table: &str, columns: &[(&str, Kind)]) -> Result<u64> {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let names = names.join(", ");
    let read = |(at, (_, kind)): (usize, &(&str, Kind))| match kind {
        Number => format!("CAST(r.value ->> {at} AS BIGINT)"),
        Text => format!("r.value ->> {at}"),
    };
    let values: Vec<_> = columns.iter().enumerate().map(read).collect();
    let and = if table == "site" { " ON CONFLICT (name) DO UPDATE SET value = excluded.value" } else { "" };
    let insert =
        format!("INSERT INTO {table} ({names}) SELECT {} FROM json_each($1) AS r WHERE true{and}", values.join(", "));
    let mut rows = query(AssertSqlSafe(format!("SELECT {names} FROM {table} ORDER BY 1, 2"))).fetch(from);
    let (mut batch, mut carried) = (Vec::with_capacity(BATCH), 0);
    loop {
        let row = rows.try_next().await?;
        let is_last = row.is_none();
        if let Some(row) = row {
            let cell = |(at, (_, kind)): (usize, &(&str, Kind))| -> Result<Json> {
                Ok(match kind {
                    Number => json!(row.try_get::<Option<i64>, _>(at)?),
                    // PostgreSQL takes no such character in a text.
                    Text => json!(row.try_get::<Option<String>, _>(at)?.map(|text| text.replace('\0', "\u{fffd}"))),
                })
            };
            batch.push(Json::from(columns.iter().enumerate().map(cell).collect::<Result<Vec<_>>>()?));
        }
        if batch.len() == BATCH || is_last {
            let insert = query(AssertSqlSafe(insert.as_str()).into_sql_str());
            carried += insert.bind(Json::from(std::mem::take(&mut batch)).to_string()).execute(&mut *to).await?;
        }
        if is_last {
            return Ok(carried);
        }
    }
}

/// Numbers new rows after those that came; SQLite does so by itself.
async fn number_on(to: &mut Transaction<'_>) -> Result<()> {
    if let Transaction::Postgres(_) = to {
        for table in ["subscribers", "runs", "texts", "earlier_tries"] {
            let next = format!(
                "SELECT setval(pg_get_serial_sequence('{table}', 'id'), MAX(id)) FROM {table} HAVING MAX(id) IS NOT NULL"
            );
            query(AssertSqlSafe(next)).execute(&mut *to).await?;
        }
    }
    Ok(())
}
