//! What publishing remembers: subscribers, runs, entries, issues and deliveries, in one SQLite file.
//!
//! All SQL of the program is here. A method is one transaction: it happens whole or not at all.

mod deliveries;
mod ledger;
mod story;
mod subscribers;

use std::path::{Path, PathBuf};

use ring::rand::{SecureRandom as _, SystemRandom};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection as _, SqlSafeStr as _, SqliteConnection};

use crate::files;
use crate::model::sha256_hex;

pub use deliveries::{DeliveryKey, Intent, NotSent, QueuedDelivery, Recorded};
pub use ledger::{FrozenEntry, RunSummary};
pub use story::{DeliveryTo, Mailing};
pub use subscribers::{Added, NewSubscriber};

/// Never edit a migration that was released: add one.
const MIGRATIONS: [(i64, &str, &str); 1] = [(1, "ledger", include_str!("migrations/0001_ledger.sql"))];

/// How long a statement waits for another process to finish its transaction.
const BUSY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum StoreError {
    #[error("the folder of the database cannot be made: {}: {error}", folder.display())]
    Folder { folder: PathBuf, error: std::io::Error },
    #[error("the database cannot be opened: {}: {error}", path.display())]
    Open { path: PathBuf, error: sqlx::Error },
    #[error("the database was written by a newer version of tidings: {}", path.display())]
    TooNew { path: PathBuf },
    #[error("the database cannot be brought up to date: {}: {error}", path.display())]
    Migrate { path: PathBuf, error: sqlx::migrate::MigrateError },
    #[error("the lock beside the database cannot be taken: {}: {error}", path.display())]
    Lock { path: PathBuf, error: std::io::Error },
    #[error("the database does not answer: {0}")]
    Query(#[from] sqlx::Error),
    #[error("the database holds something that this version cannot read: {0}")]
    Content(String),
    #[error("the system gives no random numbers")]
    Random,
}

impl StoreError {
    /// The cure, where one is known.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Folder { .. } => Some(
                "set `store.url` in config.toml to a place that can be written, for example `sqlite:.tidings/tidings.db`",
            ),
            Self::Open { .. } => Some(
                "check that `store.url` in config.toml names a tidings database, and that it can be read and written",
            ),
            Self::TooNew { .. } => Some("update tidings on this machine"),
            _ => None,
        }
    }
}

/// The result of a question to the database.
pub type Result<T> = std::result::Result<T, StoreError>;

/// An open database.
#[derive(Debug)]
pub struct Store {
    connection: SqliteConnection,
    path: PathBuf,
}

impl Store {
    /// Opens the database, makes it when it is missing, and brings it up to date.
    ///
    /// # Errors
    /// When the file or its folder cannot be made or is not a database of tidings.
    pub async fn open(path: &Path) -> Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            files::make_private_folder(folder)
                .map_err(|error| StoreError::Folder { folder: folder.to_owned(), error })?;
        }
        let mut store = Self::connect(path, options(path).create_if_missing(true)).await?;
        store.migrate().await?;
        store.make_secret().await?;
        Ok(store)
    }

    /// Opens the database for reading, when there is one. Nothing in it changes, but that one of an older version is brought
    /// up to date.
    ///
    /// # Errors
    /// When the file is there and is not a database of tidings.
    pub async fn open_existing(path: &Path) -> Result<Option<Self>> {
        if files::identity(path).is_err() {
            return Ok(None);
        }
        let mut store = Self::connect(path, options(path).create_if_missing(false)).await?;
        if store.is_behind().await? {
            store.migrate().await?;
        }
        Ok(Some(store))
    }

    /// A second connection to the same database, for reading beside a writer.
    ///
    /// # Errors
    /// As for [`Store::open`].
    pub async fn reader(&self) -> Result<Self> {
        Self::connect(&self.path, options(&self.path)).await
    }

    async fn connect(path: &Path, options: SqliteConnectOptions) -> Result<Self> {
        let connection = SqliteConnection::connect_with(&options)
            .await
            .map_err(|error| StoreError::Open { path: path.to_owned(), error })?;
        Ok(Self { connection, path: path.to_owned() })
    }

    /// True unless every migration of this version was made, and no other.
    async fn is_behind(&mut self) -> Result<bool> {
        let is_ours: bool = sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'")
            .fetch_one(&mut self.connection)
            .await
            .map_err(|error| StoreError::Open { path: self.path.clone(), error })?;
        if !is_ours {
            return Ok(true);
        }
        let made: Vec<i64> = sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success ORDER BY version")
            .fetch_all(&mut self.connection)
            .await?;
        Ok(made != MIGRATIONS.map(|(version, ..)| version))
    }

    async fn migrate(&mut self) -> Result<()> {
        let migrations = MIGRATIONS.map(|(version, name, sql)| {
            Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
        });
        let path = self.path.clone();
        Migrator::with_migrations(migrations.into()).run(&mut self.connection).await.map_err(|error| match error {
            sqlx::migrate::MigrateError::VersionMissing(_) => StoreError::TooNew { path },
            sqlx::migrate::MigrateError::Execute(error) => StoreError::Open { path, error },
            error => StoreError::Migrate { path, error },
        })
    }

    /// The secret from which tokens and Message-IDs are made. It is made once and never changes: old mails keep working.
    async fn make_secret(&mut self) -> Result<()> {
        let mut bytes = [0_u8; 32];
        SystemRandom::new().fill(&mut bytes).map_err(|_| StoreError::Random)?;
        let secret = sha256_hex(&bytes);
        sqlx::query("INSERT INTO site (name, value) VALUES ('secret', $1) ON CONFLICT (name) DO NOTHING")
            .bind(secret)
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }

    /// The site's secret, as the text that is stored.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn secret(&mut self) -> Result<Vec<u8>> {
        self.value("secret").await?.map(String::into_bytes).ok_or_else(|| StoreError::Content("no secret".into()))
    }

    /// The file that this ledger has published from, as [`files::identity`] names it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn home(&mut self) -> Result<Option<String>> {
        self.value("home").await
    }

    /// Records that this file is the one to publish from.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_home(&mut self, home: &str) -> Result<()> {
        sqlx::query("INSERT INTO site (name, value) VALUES ('home', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
            .bind(home)
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }

    async fn value(&mut self, name: &str) -> Result<Option<String>> {
        let value = sqlx::query_scalar("SELECT value FROM site WHERE name = $1").bind(name);
        Ok(value.fetch_optional(&mut self.connection).await?)
    }

    /// What tells this database file from a copy of it.
    ///
    /// # Errors
    /// When the file is gone.
    pub fn identity(&self) -> Result<String> {
        files::identity(&self.path).map_err(|error| StoreError::Open { path: self.path.clone(), error: error.into() })
    }

    /// Takes the right to deliver, which one process has at a time; `None` when another one has it. The system takes it
    /// back when the process ends, so a delivery still `sending` then belongs to nobody.
    ///
    /// # Errors
    /// When the lock file cannot be made.
    pub fn lock(&self) -> Result<Option<files::Lock>> {
        let path = self.path.with_extension("lock");
        files::lock(&path).map_err(|error| StoreError::Lock { path, error })
    }

    /// Closes the file in good order.
    ///
    /// # Errors
    /// When the last writes do not reach the disk.
    pub async fn close(self) -> Result<()> {
        Ok(self.connection.close().await?)
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    // FULL: a state that was recorded is still recorded after a power cut.
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
}

#[cfg(test)]
mod tests;
