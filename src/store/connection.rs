//! The connection to either database. Statements are written once, in the SQL that both understand; what PostgreSQL lacks of
//! it, its first migration adds.

use futures_util::stream::{BoxStream, StreamExt as _};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query as Native;
use sqlx::sqlite::{SqliteArguments, SqliteRow, SqliteTransactionManager};
use sqlx::{
    ColumnIndex, Connection as _, Decode, PgConnection, Postgres, Row as _, SqlSafeStr, SqlStr, Sqlite,
    SqliteConnection, Type,
};
use sqlx_core::transaction::TransactionManager as _;

/// How long a statement waits for another process to finish its transaction.
pub(super) const BUSY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

/// Begins a transaction that writes at a server: one that has the database for itself, or one of several senders. The lock has our
/// number and that of the table `site`.
const BEGIN: &str = "BEGIN; SELECT pg_advisory_xact_lock(1953064041, 'site'::regclass::oid::int4)";
const BEGIN_BESIDE: &str = "BEGIN; SELECT pg_advisory_xact_lock_shared(1953064041, 'site'::regclass::oid::int4)";

/// An open connection.
#[derive(Debug)]
pub(super) enum Connection {
    /// To a file.
    Sqlite(SqliteConnection),
    /// To a server.
    Postgres(Box<PgConnection>),
}

impl Connection {
    /// Begins a transaction that changes something. No other process begins one before this one has ended.
    pub(super) async fn begin(&mut self) -> sqlx::Result<Transaction<'_>> {
        Ok(match self {
            Self::Sqlite(connection) => {
                forget_lost(connection).await?;
                Transaction::Sqlite(connection.begin_with("BEGIN IMMEDIATE").await?)
            }
            Self::Postgres(connection) => Transaction::Postgres(connection.begin_with(BEGIN).await?),
        })
    }

    /// Begins a transaction that changes only what no other sender does. At a server others may do so at the same time.
    pub(super) async fn begin_beside(&mut self) -> sqlx::Result<Transaction<'_>> {
        match self {
            Self::Sqlite(_) => self.begin().await,
            Self::Postgres(connection) => Ok(Transaction::Postgres(connection.begin_with(BEGIN_BESIDE).await?)),
        }
    }

    /// Ends it in good order.
    pub(super) async fn close(self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::Postgres(connection) => connection.close().await,
        }
    }
}

/// Where the disk is full or fails, SQLite takes a transaction back by itself (<https://sqlite.org/lang_transaction.html>, §3). sqlx
/// takes it for open, and begins no other one from then on.
async fn forget_lost(connection: &mut SqliteConnection) -> sqlx::Result<()> {
    if !connection.is_in_transaction() {
        return Ok(());
    }
    // One that was only let go of is taken back by now.
    connection.ping().await?;
    if connection.is_in_transaction() {
        // There is none, so this begins one that can be ended.
        let _ = sqlx::query("BEGIN").execute(&mut *connection).await;
        SqliteTransactionManager::rollback(connection).await?;
    }
    Ok(())
}

/// A transaction, which is taken back unless it is committed.
#[derive(Debug)]
pub(super) enum Transaction<'c> {
    /// In a file.
    Sqlite(sqlx::Transaction<'c, Sqlite>),
    /// At a server.
    Postgres(sqlx::Transaction<'c, Postgres>),
}

impl Transaction<'_> {
    /// Takes it back at once, and gives the value. One that is only let go of keeps its locks at a server until the connection is
    /// used again.
    pub(super) async fn end<T>(self, value: T) -> super::Result<T> {
        self.roll_back().await?;
        Ok(value)
    }

    pub(super) async fn roll_back(self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(transaction) => transaction.rollback().await,
            Self::Postgres(transaction) => transaction.rollback().await,
        }
    }

    pub(super) async fn commit(self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(transaction) => transaction.commit().await,
        }
    }
}

/// What a statement is sent through.
#[derive(Debug)]
pub(super) enum Link<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

impl Link<'_> {
    /// For one of several statements.
    pub(super) fn again(&mut self) -> Link<'_> {
        match self {
            Self::Sqlite(connection) => Link::Sqlite(connection),
            Self::Postgres(connection) => Link::Postgres(connection),
        }
    }
}

impl<'c> From<&'c mut Connection> for Link<'c> {
    fn from(connection: &'c mut Connection) -> Self {
        match connection {
            Connection::Sqlite(connection) => Self::Sqlite(connection),
            Connection::Postgres(connection) => Self::Postgres(connection),
        }
    }
}

impl<'c> From<&'c mut Transaction<'_>> for Link<'c> {
    fn from(transaction: &'c mut Transaction<'_>) -> Self {
        match transaction {
            Transaction::Sqlite(transaction) => Self::Sqlite(transaction),
            Transaction::Postgres(transaction) => Self::Postgres(transaction),
        }
    }
}

/// A value of a statement.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Integer(Option<i64>),
    Text(Option<String>),
}

macro_rules! values {
    ($($from:ty => $variant:ident($value:ident => $to:expr)),* $(,)?) => {
        $(impl From<$from> for Value {
            fn from($value: $from) -> Self {
                Self::$variant($to)
            }
        })*
    };
}

values! {
    i64 => Integer(value => Some(value)),
    u32 => Integer(value => Some(value.into())),
    bool => Integer(value => Some(value.into())),
    &u32 => Integer(value => Some((*value).into())),
    Option<i64> => Integer(value => value),
    String => Text(value => Some(value)),
    &String => Text(value => Some(value.clone())),
    &str => Text(value => Some(value.to_owned())),
    Option<&str> => Text(value => value.map(str::to_owned)),
    &Option<String> => Text(value => value.clone()),
}

/// A statement with its values.
#[derive(Debug)]
pub(super) struct Query {
    sql: SqlStr,
    values: Vec<Value>,
}

/// A statement; each is prepared once by a connection.
pub(super) fn query(sql: impl SqlSafeStr) -> Query {
    Query { sql: sql.into_sql_str(), values: Vec::new() }
}

impl Query {
    /// Adds the value of the next place, `$1` first.
    pub(super) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    fn sqlite<'q>(self) -> Native<'q, Sqlite, SqliteArguments> {
        self.values.into_iter().fold(sqlx::query(self.sql), |query, value| match value {
            Value::Integer(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
        })
    }

    fn postgres<'q>(self) -> Native<'q, Postgres, PgArguments> {
        self.values.into_iter().fold(sqlx::query(self.sql), |query, value| match value {
            Value::Integer(value) => query.bind(value),
            // It takes no such character in a text.
            Value::Text(value) => query.bind(value.map(|text| text.replace('\0', "\u{fffd}"))),
        })
    }

    /// Does it; returns how many rows it changed.
    pub(super) async fn execute<'c>(self, link: impl Into<Link<'c>>) -> sqlx::Result<u64> {
        Ok(match link.into() {
            Link::Sqlite(connection) => self.sqlite().execute(connection).await?.rows_affected(),
            Link::Postgres(connection) => self.postgres().execute(connection).await?.rows_affected(),
        })
    }

    /// Its rows, one after the other.
    pub(super) fn fetch<'c>(self, link: impl Into<Link<'c>>) -> BoxStream<'c, sqlx::Result<Row>> {
        match link.into() {
            Link::Sqlite(connection) => self.sqlite().fetch(connection).map(|row| row.map(Row::Sqlite)).boxed(),
            Link::Postgres(connection) => self.postgres().fetch(connection).map(|row| row.map(Row::Postgres)).boxed(),
        }
    }

    /// All its rows.
    pub(super) async fn fetch_all<'c>(self, link: impl Into<Link<'c>>) -> sqlx::Result<Vec<Row>> {
        Ok(match link.into() {
            Link::Sqlite(connection) => {
                self.sqlite().fetch_all(connection).await?.into_iter().map(Row::Sqlite).collect()
            }
            Link::Postgres(connection) => {
                self.postgres().fetch_all(connection).await?.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// Its first row.
    pub(super) async fn fetch_optional<'c>(self, link: impl Into<Link<'c>>) -> sqlx::Result<Option<Row>> {
        Ok(match link.into() {
            Link::Sqlite(connection) => self.sqlite().fetch_optional(connection).await?.map(Row::Sqlite),
            Link::Postgres(connection) => self.postgres().fetch_optional(connection).await?.map(Row::Postgres),
        })
    }

    /// Its only row.
    pub(super) async fn fetch_one<'c>(self, link: impl Into<Link<'c>>) -> sqlx::Result<Row> {
        self.fetch_optional(link).await?.ok_or(sqlx::Error::RowNotFound)
    }

    /// The first column of its only row.
    pub(super) async fn value<'c, T>(self, link: impl Into<Link<'c>>) -> sqlx::Result<T>
    where
        T: for<'r> Column<'r>,
    {
        self.fetch_one(link).await?.try_get(0)
    }

    /// The first column of its first row.
    pub(super) async fn optional_value<'c, T>(self, link: impl Into<Link<'c>>) -> sqlx::Result<Option<T>>
    where
        T: for<'r> Column<'r>,
    {
        self.fetch_optional(link).await?.map(|row| row.try_get(0)).transpose()
    }

    /// The first column of all its rows.
    pub(super) async fn values<'c, T>(self, link: impl Into<Link<'c>>) -> sqlx::Result<Vec<T>>
    where
        T: for<'r> Column<'r>,
    {
        self.fetch_all(link).await?.iter().map(|row| row.try_get(0)).collect()
    }
}

/// A row of either database.
#[derive(Debug)]
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// What both databases have in a column.
pub(super) trait Column<'r>: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres> {}
impl<'r, T> Column<'r> for T where T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres> {}

impl Row {
    /// A column by its name or number.
    pub(super) fn try_get<'r, T, I>(&'r self, index: I) -> sqlx::Result<T>
    where
        T: Column<'r>,
        I: ColumnIndex<SqliteRow> + ColumnIndex<PgRow>,
    {
        match self {
            Self::Sqlite(row) => row.try_get(index),
            Self::Postgres(row) => row.try_get(index),
        }
    }
}
