//! Many readers at once: all of a file, or none.

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqliteConnection};

use super::subscribers::status_of;
use super::{BUSY_TIMEOUT, Result, Store, StoreError};
use crate::model::{ListedReader, SubscriberCounts};

/// How many readers go to the database at a time.
const BATCH: usize = 500;

/// In KiB. The index of addresses is written in no order; what does not stay in memory is written again and again.
const CACHE: &str = "PRAGMA site.cache_size = -24576";

/// Readers on their way to the list. They wait in a temporary database of their own: as long as a file is read, the site's
/// is neither locked nor even there.
#[derive(Debug)]
pub struct Arrivals {
    connection: SqliteConnection,
    batch: Vec<ListedReader>,
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
        let mut connection = SqliteConnection::connect_with(&options).await?;
        let table =
            "CREATE TABLE arrivals (address TEXT NOT NULL, address_key TEXT NOT NULL, name TEXT, status TEXT NOT NULL,
                                            source TEXT, created_at TEXT, updated_at TEXT)";
        sqlx::query(table).execute(&mut connection).await?;
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

    async fn flush(&mut self) -> Result<()> {
        let rows = vec!["(?, ?, ?, ?, ?, ?, ?)"; self.batch.len()].join(", ");
        // Only the number of rows makes the statement; full batches share one that is prepared once.
        let statement = AssertSqlSafe(format!("INSERT INTO arrivals VALUES {rows}"));
        let keys: Vec<String> = self.batch.iter().map(|reader| reader.address.key()).collect();
        let mut query = sqlx::query(statement);
        for (reader, key) in self.batch.iter().zip(&keys) {
            let ListedReader { address, name, status, source, created_at, updated_at } = reader;
            query = query.bind(address.as_str()).bind(key.as_str()).bind(name.as_deref()).bind(status.as_str());
            query = query.bind(source.as_deref()).bind(created_at.as_deref()).bind(updated_at.as_deref());
        }
        if !self.batch.is_empty() {
            query.execute(&mut self.connection).await?;
        }
        self.batch.clear();
        Ok(())
    }
}

impl Store {
    /// Puts all readers on the list. Who is on it already keeps their row, so that an import brings back none who left; but
    /// a reader who gets mail here and left, bounced or complained there gets none any more, unless the file says that this
    /// was before the last change here. Of several rows of one reader the first counts, with the status that gets the least
    /// mail. `source` and `now` stand for what a row does not say.
    ///
    /// # Errors
    /// When the database does not answer; then the list is as it was.
    pub async fn take(&mut self, mut arrivals: Arrivals, source: &str, now: &str) -> Result<Arrived> {
        arrivals.flush().await?;
        let mut connection = arrivals.connection;
        let path = self.file.path();
        let path = path.to_str().ok_or_else(|| StoreError::Content("a path that is not UTF-8 text".into()))?;
        sqlx::query("ATTACH DATABASE $1 AS site").bind(path).execute(&mut connection).await?;
        sqlx::query("PRAGMA site.synchronous = FULL").execute(&mut connection).await?;
        sqlx::query(CACHE).execute(&mut connection).await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let newest: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM site.subscribers")
            .fetch_one(&mut *transaction)
            .await?;
        let mut arrived = Arrived::default();
        let known = "SELECT COUNT(*) FROM site.subscribers WHERE address_key IN (SELECT address_key FROM arrivals)";
        let reached = "SELECT COUNT(*) FROM site.subscribers WHERE id <= $1 AND status IN ('confirmed', 'pending')";
        let mut before: i64 = 0;
        if newest > 0 {
            let known: i64 = sqlx::query_scalar(known).fetch_one(&mut *transaction).await?;
            arrived.known = known.unsigned_abs();
            before = sqlx::query_scalar(reached).bind(newest).fetch_one(&mut *transaction).await?;
        }
        // What is newer than `$3` comes from the same file. Beside that only who left changes an older row, and not when the
        // file says that it was before the last change here.
        sqlx::query(
            "INSERT INTO site.subscribers (address, address_key, name, status, source, created_at, updated_at)
             SELECT address, address_key, name, status, COALESCE(source, $1), COALESCE(created_at, $2), COALESCE(updated_at, $2)
             FROM arrivals WHERE true ORDER BY rowid
             ON CONFLICT (address_key) DO UPDATE
             SET status = excluded.status, updated_at = CASE WHEN id > $3 THEN updated_at ELSE $2 END
             WHERE instr($4, excluded.status) > instr($4, status)
               AND (id > $3 OR (excluded.status IN ('bounced', 'unsubscribed', 'complained')
                                AND (excluded.updated_at = $2 OR excluded.updated_at >= updated_at)))",
        )
        .bind(source)
        .bind(now)
        .bind(newest)
        .bind(CAUTION)
        .execute(&mut *transaction)
        .await?;
        if newest > 0 {
            let after: i64 = sqlx::query_scalar(reached).bind(newest).fetch_one(&mut *transaction).await?;
            arrived.stopped = (before - after).unsigned_abs();
        }
        let rows = sqlx::query("SELECT status, COUNT(*) AS count FROM site.subscribers WHERE id > $1 GROUP BY status")
            .bind(newest)
            .fetch_all(&mut *transaction)
            .await?;
        for row in rows {
            *arrived.new.of_mut(status_of(row.try_get("status")?)?) = row.try_get("count")?;
        }
        transaction.commit().await?;
        connection.close().await?;
        Ok(arrived)
    }
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
