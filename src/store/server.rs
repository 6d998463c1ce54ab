//! A database at a PostgreSQL server: the tables of one site, in the schema that is the current one of the login.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};

use super::connection::{Connection, query};
use super::error::{Result, StoreError};
use super::migrations::MIGRATIONS_AT_SERVER;
use crate::config::ServerUrl;

/// How long a server may take to let us in.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// Whether this session is the one that plans from now on. The lock has our number and that of the table `site`.
pub(super) const TRY_LOCK: &str = "SELECT pg_try_advisory_lock(1953064042, 'site'::regclass::oid::int4)";

/// Whether another session plans.
pub(super) const IS_LOCKED: &str = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND classid = 1953064042
    AND objid = 'site'::regclass::oid AND granted AND pid <> pg_backend_pid())";

/// Plans are made for the values at hand: how long a page is decides how it is read. A session that lost its other end ends within a
/// minute, and with it its locks; a statement waits as long for others as with SQLite. Of a process that stands still in the middle of
/// a transaction the others must not hear: its locks are gone before that. Other limits of a provider's are for programs that forget
/// what they ask; what is asked here takes as long as a list is (not every version has all of them).
const SETTINGS: &str = "SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3;
    SET plan_cache_mode = force_custom_plan; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '5s'; SET client_min_messages = warning;
    SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN ('statement_timeout', 'transaction_timeout', 'idle_session_timeout')";

/// What a connection to a server is made with.
///
/// # Errors
/// When the URL says what cannot be.
pub(super) fn options(url: &ServerUrl) -> Result<PgConnectOptions> {
    url.expose().parse().map_err(|error| StoreError::Server { server: url.to_string(), error })
}

/// Connects to a server.
///
/// # Errors
/// When it cannot be reached, does not let us in, or has no place for our tables.
pub(super) async fn connect(url: &ServerUrl) -> Result<Connection> {
    let failed = |error| StoreError::Server { server: url.to_string(), error };
    let options = options(url)?;
    let connecting = PgConnection::connect_with(&options);
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, connecting).await;
    let late = || sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
    let mut connection = connected.unwrap_or_else(|_| Err(late())).map_err(failed)?;
    sqlx::raw_sql(SETTINGS).execute(&mut connection).await.map_err(failed)?;
    let mut connection = Connection::Postgres(Box::new(connection));
    let schema: Option<String> = query("SELECT current_schema()::text").value(&mut connection).await.map_err(failed)?;
    if schema.is_none() {
        return Err(StoreError::NoSchema { server: url.to_string() });
    }
    Ok(connection)
}

/// The migrations that were made in this schema; `None` when there are no tables of ours.
///
/// # Errors
/// When the tables of another program are there.
pub(super) async fn migrated(connection: &mut Connection, server: &str) -> Result<Option<Vec<i64>>> {
    let is_there = "SELECT EXISTS (SELECT 1 FROM pg_tables
        WHERE schemaname = current_schema() AND tablename = '_sqlx_migrations')";
    let mut made = Vec::new();
    if query(is_there).value(&mut *connection).await? {
        let rows = query("SELECT version, description FROM _sqlx_migrations WHERE success ORDER BY version");
        for row in rows.fetch_all(&mut *connection).await? {
            let (version, name): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
            let is_ours = MIGRATIONS_AT_SERVER.iter().all(|(of, ours, _)| *of != version || *ours == name);
            if !is_ours {
                return Err(StoreError::ForeignTables { server: server.to_owned(), table: "_sqlx_migrations".into() });
            }
            made.push(version);
        }
    }
    if !made.is_empty() {
        return Ok(Some(made));
    }
    let foreign = "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() AND tablename IN (
            'site', 'subscribers', 'runs', 'issues', 'entries', 'deliveries', 'earlier_tries', 'tried', 'texts', 'stops',
            'known_issues', 'senders', 'list_version', 'changes', 'letters', 'barred')
        ORDER BY tablename LIMIT 1";
    match query(foreign).optional_value(connection).await? {
        Some(table) => Err(StoreError::ForeignTables { server: server.to_owned(), table }),
        None => Ok(None),
    }
}
