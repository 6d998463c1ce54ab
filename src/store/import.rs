//! Many readers at once: all of a file, or none.

use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

use super::connection::{BUSY_TIMEOUT, Connection, Transaction, query};
use super::invitations::ask_all;
use super::subscriber::status_of;
use super::{Result, Store, StoreError};
use crate::model::{ListedReader, Lists, SubscriberCounts};

/// How readers have left who get no more mail by a file.
const WAY: &str = "import";

/// How many readers go to the database at a time.
const BATCH: usize = 500;

/// What is known of an arrival, in the order in which it is written.
const COLUMNS: &str = "address, address_key, name, status, source, created_at, updated_at, language, lists, fields";

/// In KiB. The index of addresses is written in no order; what does not stay in memory is written again and again.
const CACHE: &str = "PRAGMA site.cache_size = -24576";

/// Readers on their way to the list. They wait in a temporary database of their own: as long as a file is read, the site's
/// is neither locked nor even there.
#[derive(Debug)]
pub struct Arrivals {
    connection: Connection,
    batch: Vec<ListedReader>,
}

/// How readers are put on the list.
#[derive(Debug, Clone, Copy)]
pub struct Taking<'a> {
    /// How those come on the list of whom the file does not say it.
    pub source: &'a str,
    /// When.
    pub now: Timestamp,
    /// Whether those who are pending are asked to confirm, within the limits of [`Store::ask`]: each letter waits for its turn.
    pub asks: bool,
}

/// What became of the readers of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arrived {
    /// How many are new, by what they are.
    pub new: SubscriberCounts,
    /// How many were on the list before.
    pub known: u64,
    /// How many of those get no mail from now on, because the file says so.
    pub stopped: u64,
    /// How many letters that ask to confirm are queued.
    pub letters: u64,
}

impl Arrivals {
    /// Begins to take readers.
    ///
    /// # Errors
    /// When there is no place for temporary files.
    pub async fn new() -> Result<Self> {
        // Without a name it is a file that SQLite removes by itself, readable by its owner alone.
        let options = SqliteConnectOptions::new()
            .filename("")
            .journal_mode(SqliteJournalMode::Off)
            .synchronous(SqliteSynchronous::Off)
            .busy_timeout(BUSY_TIMEOUT);
        let mut connection = Connection::Sqlite(SqliteConnection::connect_with(&options).await?);
        let table =
            "CREATE TABLE arrivals (address TEXT NOT NULL, address_key TEXT NOT NULL, name TEXT, status TEXT NOT NULL,
                                            source TEXT, created_at TEXT, updated_at TEXT, language TEXT, lists TEXT, fields TEXT,
                                            round INTEGER NOT NULL DEFAULT 1)";
        query(table).execute(&mut connection).await?;
        Ok(Self { connection, batch: Vec::with_capacity(BATCH) })
    }

    /// Takes a reader.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn add(&mut self, reader: ListedReader) -> Result<()> {
        self.batch.push(reader);
        if self.batch.len() == BATCH { self.flush().await } else { Ok(()) }
    }

    /// What taking them would come to where there is no list yet.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn to_nowhere(&mut self, taking: Taking<'_>) -> Result<Arrived> {
        self.flush().await?;
        let most_careful = "SELECT MAX(instr($1, status)) AS place, address_key FROM arrivals GROUP BY address_key";
        let counts =
            format!("SELECT substr($1, place) AS word, COUNT(*) AS count FROM ({most_careful}) GROUP BY place");
        let rows = query(AssertSqlSafe(counts)).bind(CAUTION).fetch_all(&mut self.connection).await?;
        let mut arrived = Arrived::default();
        for row in rows {
            let from: &str = row.try_get("word")?;
            let word = from.split(' ').next().unwrap_or_default();
            *arrived.new.of_mut(status_of(word)?) = row.try_get("count")?;
        }
        if taking.asks {
            arrived.letters = arrived.new.pending.unsigned_abs();
        }
        Ok(arrived)
    }

    async fn flush(&mut self) -> Result<()> {
        let rows = vec!["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"; self.batch.len()].join(", ");
        // Only the number of rows makes the statement; full batches share one that is prepared once.
        let statement = AssertSqlSafe(format!("INSERT INTO arrivals ({COLUMNS}) VALUES {rows}"));
        let keys: Vec<String> = self.batch.iter().map(|reader| reader.address.key()).collect();
        let mut insert = query(statement);
        for (reader, key) in self.batch.iter().zip(keys) {
            let ListedReader { address, name, status, source, created_at, updated_at, details } = reader;
            insert = insert.bind(address.as_str()).bind(key).bind(name).bind(status.as_str());
            insert = insert.bind(source).bind(created_at).bind(updated_at);
            insert = insert.bind(&details.language).bind(&details.lists.as_ref().map(Lists::stored));
            insert = insert.bind(&details.stored_fields());
        }
        if !self.batch.is_empty() {
            insert.execute(&mut self.connection).await?;
        }
        self.batch.clear();
        Ok(())
    }
}

impl Store {
    /// Puts all readers on the list. Who is on it already keeps their row, so that an import brings back none who left; but
    /// a reader who gets mail here and left, bounced or complained there gets none any more, unless the file says that this
    /// was before the last change here. Of several rows of one reader the first counts, with the status that gets the least
    /// mail.
    ///
    /// # Errors
    /// When the database does not answer; then the list is as it was.
    pub async fn take(&mut self, mut arrivals: Arrivals, taking: Taking<'_>) -> Result<Arrived> {
        self.arrive(&mut arrivals, taking, true).await
    }

    /// What [`Store::take`] would come to; the list stays as it is.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn try_to_take(&mut self, arrivals: &mut Arrivals, taking: Taking<'_>) -> Result<Arrived> {
        self.arrive(arrivals, taking, false).await
    }

    async fn arrive(&mut self, arrivals: &mut Arrivals, taking: Taking<'_>, is_kept: bool) -> Result<Arrived> {
        arrivals.flush().await?;
        let connection = &mut arrivals.connection;
        if let Connection::Postgres(_) = self.connection {
            let mut transaction = self.connection.begin().await?;
            let rounds = carry(connection, &mut transaction).await?;
            let arrived = join(&mut transaction, rounds, taking).await?;
            if is_kept {
                transaction.commit().await?;
            }
            return Ok(arrived);
        }
        let path = self.file.path();
        let path = path.to_str().ok_or_else(|| StoreError::Content("a path that is not UTF-8 text".into()))?;
        query("ATTACH DATABASE $1 AS site").bind(path).execute(&mut *connection).await?;
        query("PRAGMA site.synchronous = FULL").execute(&mut *connection).await?;
        query(CACHE).execute(&mut *connection).await?;
        let mut transaction = connection.begin().await?;
        let arrived = join(&mut transaction, 1, taking).await?;
        if is_kept {
            transaction.commit().await?;
        } else {
            transaction.roll_back().await?;
        }
        query("DETACH DATABASE site").execute(connection).await?;
        Ok(arrived)
    }
}

/// Carries readers to a server, where one statement changes no row twice: each row of a reader has a round of its own. Returns
/// how many rounds there are.
async fn carry(from: &mut Connection, to: &mut Transaction<'_>) -> Result<i64> {
    let table = "CREATE TEMPORARY TABLE carried (rowid BIGINT GENERATED ALWAYS AS IDENTITY, address TEXT COLLATE \"C\",
        address_key TEXT COLLATE \"C\", name TEXT, status TEXT, source TEXT, created_at TEXT COLLATE \"C\",
        updated_at TEXT COLLATE \"C\", language TEXT, lists TEXT, fields TEXT) ON COMMIT DROP";
    query(table).execute(&mut *to).await?;
    let all = format!("SELECT {COLUMNS} FROM arrivals ORDER BY rowid");
    let mut rows = query(AssertSqlSafe(all)).fetch(from);
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let row = rows.try_next().await?;
        let is_last = row.is_none();
        if let Some(row) = row {
            let text = |column: usize| {
                let text: Option<String> = row.try_get(column)?;
                Ok(text.map(|text| text.replace('\0', "\u{fffd}")))
            };
            batch.push((0..10).map(text).collect::<Result<Vec<_>>>()?);
        }
        if batch.len() == BATCH || is_last {
            let values: Vec<_> = (0..10).map(|at| format!("value ->> {at}")).collect();
            let values = values.join(", ");
            let insert = AssertSqlSafe(format!("INSERT INTO carried ({COLUMNS}) SELECT {values} FROM json_each($1)"));
            query(insert).bind(json!(batch).to_string()).execute(&mut *to).await?;
            batch.clear();
        }
        if is_last {
            break;
        }
    }
    let rounds = "CREATE TEMPORARY TABLE arrivals ON COMMIT DROP AS
         SELECT *, row_number() OVER (PARTITION BY address_key ORDER BY rowid) AS round FROM carried";
    query(rounds).execute(&mut *to).await?;
    query("CREATE INDEX ON arrivals (round, rowid)").execute(&mut *to).await?;
    Ok(query("SELECT COALESCE(MAX(round), 0) FROM arrivals").value(to).await?)
}

/// Puts the arrivals on the list, each round of them after the one before.
async fn join(transaction: &mut Transaction<'_>, rounds: i64, taking: Taking<'_>) -> Result<Arrived> {
    let Taking { source, now, asks } = taking;
    let time = now.to_string();
    let newest: i64 = query("SELECT COALESCE(MAX(id), 0) FROM subscribers").value(&mut *transaction).await?;
    let mut arrived = Arrived::default();
    let known = "SELECT COUNT(*) FROM subscribers WHERE address_key IN (SELECT address_key FROM arrivals)";
    let reached = "SELECT COUNT(*) FROM subscribers WHERE id <= $1 AND status IN ('confirmed', 'pending')";
    let mut before: i64 = 0;
    if newest > 0 {
        let known: i64 = query(known).value(&mut *transaction).await?;
        arrived.known = known.unsigned_abs();
        before = query(reached).bind(newest).value(&mut *transaction).await?;
    }
    // What is newer than `$3` comes from the same file. Beside that only who left changes an older row, and not when the
    // file says that it was before the last change here.
    for round in 1..=rounds {
        query(
            "INSERT INTO subscribers (address, address_key, name, status, source, created_at, updated_at, language, lists, fields)
             SELECT address, address_key, name, status, COALESCE(source, $1), COALESCE(created_at, $2), COALESCE(updated_at, $2),
                    language, lists, fields
             FROM arrivals WHERE round = $5 ORDER BY rowid
             ON CONFLICT (address_key) DO UPDATE SET status = excluded.status,
               updated_at = CASE WHEN subscribers.id > $3 THEN subscribers.updated_at ELSE $2 END
             WHERE instr($4, excluded.status) > instr($4, subscribers.status)
               AND (subscribers.id > $3 OR (excluded.status IN ('bounced', 'unsubscribed', 'complained')
                    AND (excluded.updated_at = $2 OR excluded.updated_at >= subscribers.updated_at)))",
        )
        .bind(source)
        .bind(&time)
        .bind(newest)
        .bind(CAUTION)
        .bind(round)
        .execute(&mut *transaction)
        .await?;
    }
    if newest > 0 {
        let after: i64 = query(reached).bind(newest).value(&mut *transaction).await?;
        arrived.stopped = (before - after).unsigned_abs();
        query(
            "INSERT INTO changes (subscriber, number, at, status, way)
             SELECT s.id, COALESCE((SELECT MAX(c.number) FROM changes c WHERE c.subscriber = s.id), 0) + 1, $1, s.status, $2
             FROM subscribers s WHERE s.id <= $3 AND s.updated_at = $1 AND s.status IN ('bounced', 'unsubscribed', 'complained')
               AND s.address_key IN (SELECT address_key FROM arrivals)
               AND NOT EXISTS (SELECT 1 FROM changes c WHERE c.subscriber = s.id AND c.at = $1 AND c.status = s.status)",
        )
        .bind(&time)
        .bind(WAY)
        .bind(newest)
        .execute(&mut *transaction)
        .await?;
    }
    let rows = query("SELECT status, COUNT(*) AS count FROM subscribers WHERE id > $1 GROUP BY status")
        .bind(newest)
        .fetch_all(&mut *transaction)
        .await?;
    for row in rows {
        *arrived.new.of_mut(status_of(row.try_get("status")?)?) = row.try_get("count")?;
    }
    if asks {
        arrived.letters = ask_all(transaction, now).await?;
    }
    Ok(arrived)
}

/// The statuses from the one with the most mail to the one with the least, as `SubscriberStatus::or_more_careful` has them: the
/// further behind a word stands, the more careful it is.
const CAUTION: &str = "confirmed pending bounced unsubscribed complained";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SubscriberStatus;

    #[test]
    fn the_database_is_as_careful_as_the_model() {
        let by_caution: Vec<_> = CAUTION.split(' ').map(|word| SubscriberStatus::parse(word).unwrap()).collect();
        assert_eq!(by_caution.len(), SubscriberStatus::ALL.len());
        for (index, status) in by_caution.iter().enumerate() {
            for more in &by_caution[index..] {
                assert_eq!(status.or_more_careful(*more), *more);
                assert_eq!(more.or_more_careful(*status), *more);
            }
        }
    }
}
