//! What publishing remembers: subscribers, runs, entries, issues and deliveries, in one SQLite file.
//!
//! All SQL of the program is here. What changes rows is one transaction: it happens whole or not at all.

mod claims;
mod deliverer;
mod deliveries;
mod delivery;
mod import;
mod ledger;
mod log;
mod marks;
mod memory;
mod queue;
mod resend;
mod stops;
mod story;
mod subscribers;
mod tries;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection as _, SqlSafeStr as _, SqliteConnection};

use crate::files::{self, Access, FileKind, Folder, Refusal};

pub use claims::{Claimed, Wanted};
pub use deliverer::Deliverer;
pub use deliveries::{NotSent, Recovered, Repeat, Standing};
pub use delivery::{DeliveryKey, Recorded, Said};
pub use import::{Arrivals, Arrived};
pub use ledger::{FrozenEntry, RunSummary, Untried};
pub use marks::{Mark, Marks};
pub use memory::{Adoption, SentIssue};
pub use queue::{Doubt, Place, QueuedDelivery};
pub use resend::{Chosen, Decision, Missing};
pub use stops::Stopped;
pub use story::{DeliveryTo, Mailing};
pub use subscribers::{Added, NewSubscriber};
pub use tries::Try;

/// Never edit a migration that was released: add one.
const MIGRATIONS: [(i64, &str, &str); 5] = [
    (1, "ledger", include_str!("migrations/0001_ledger.sql")),
    (2, "memory", include_str!("migrations/0002_memory.sql")),
    (3, "tries", include_str!("migrations/0003_tries.sql")),
    (5, "sketch", include_str!("migrations/0005_sketch.sql")),
    (6, "relays", include_str!("migrations/0006_relays.sql")),
];

/// Where the application id stands in the header of a database file (SQLite file format, §1.3).
const APPLICATION_ID: std::ops::Range<usize> = 68..72;

/// The application id of our databases.
const OURS: &[u8; 4] = b"tidi";

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
    #[error("the database cannot be written: {}: {error}", path.display())]
    Unwritable { path: PathBuf, error: sqlx::Error },
    #[error(transparent)]
    Refused(Refusal),
    #[error("this is the database of another program: {}", path.display())]
    Foreign { path: PathBuf },
    #[error("the log beside the database is not its own: {}", log.display())]
    ForeignLog { log: PathBuf },
    #[error("the database was written by a newer version of tidings: {}", path.display())]
    TooNew { path: PathBuf },
    #[error("the database cannot be brought up to date: {}: {error}", path.display())]
    Migrate { path: PathBuf, error: sqlx::migrate::MigrateError },
    #[error("the lock beside the database cannot be taken: {}: {error}", path.display())]
    Lock { path: PathBuf, error: std::io::Error },
    #[error("the database is in use by other programs: {}", path.display())]
    InUse { path: PathBuf },
    #[error("the database does not answer: {0}")]
    Query(#[from] sqlx::Error),
    #[error("the database holds something that this version cannot read: {0}")]
    Content(String),
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
            Self::Foreign { .. } => Some("set `store.url` in config.toml to a file of its own"),
            Self::ForeignLog { .. } => Some(
                "the database was put in the place of another one, which ended without closing its log: remove the log and the file `-shm` beside it to go on with this database, or put the other one back",
            ),
            Self::Unwritable { .. } => Some(UNWRITABLE),
            Self::Query(error) if is_unwritable(error) => Some(UNWRITABLE),
            Self::TooNew { .. } => Some("update tidings on this machine"),
            _ => None,
        }
    }
}

const UNWRITABLE: &str =
    "the disk is full, or the folder of the database is read-only: free some space, or let it be written";

/// Why one of our databases, which is there and can be read, cannot be opened.
fn not_opened(path: PathBuf, error: sqlx::Error) -> StoreError {
    if is_unwritable(&error) { StoreError::Unwritable { path, error } } else { StoreError::Open { path, error } }
}

/// True when the system does not let SQLite write, also the files that it needs for reading: `SQLITE_READONLY`,
/// `SQLITE_IOERR`, `SQLITE_FULL` or `SQLITE_CANTOPEN` (result and error codes of SQLite).
fn is_unwritable(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| matches!(code & 0xff, 8 | 10 | 13 | 14))
}

/// The result of a question to the database.
pub type Result<T> = std::result::Result<T, StoreError>;

/// An open database.
#[derive(Debug)]
pub struct Store {
    connection: SqliteConnection,
    file: DatabaseFile,
    /// What the generation was raised to.
    generation: Option<i64>,
    /// Where the generation is known outside of the database.
    counter: Option<files::Counter>,
    counter_fault: Option<std::io::Error>,
    /// The version of the database (`PRAGMA data_version`) at which [`Store::leavers`] looked.
    seen_version: Option<i64>,
    /// What servers have said, with its number in `texts` from the second time on.
    said: HashMap<String, Option<i64>>,
}

/// Where a database is. Its folder holds all that belongs to it, and no link in there leads out of it.
#[derive(Debug, Clone)]
struct DatabaseFile {
    folder: Folder,
    name: String,
}

impl DatabaseFile {
    /// What the path really is: the files beside the database follow it, not the name that led to it.
    fn new(path: &Path) -> Result<Self> {
        let parts = |path: &Path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Self { folder: Folder::new(path.parent().unwrap_or(path)), name }
        };
        let named = parts(path);
        let real = named.folder.find(&named.name).map_err(|error| named.failed(error))?;
        let file = parts(&real);
        // SQLite follows links.
        for end in ["", "-wal", "-shm", "-journal", "-claims"] {
            let plain = file.folder.must_be_plain(&format!("{}{end}", file.name));
            plain.map_err(|error| file.failed(error))?;
        }
        Ok(file)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    /// The name of the lock. Two databases of one folder have two.
    fn lock(&self) -> String {
        format!("{}.lock", self.name)
    }

    /// What the lock was called once: it could be the file of another program, such as `Cargo.lock` beside a `Cargo.db`.
    fn older_lock(&self) -> String {
        Path::new(&self.name).with_extension("lock").to_string_lossy().into_owned()
    }

    fn failed(&self, error: std::io::Error) -> StoreError {
        self.refused(&error).unwrap_or_else(|| StoreError::Open { path: self.path(), error: error.into() })
    }

    /// The refusal that an error carries, with the whole path of the file.
    fn refused(&self, error: &std::io::Error) -> Option<StoreError> {
        let Refusal { name, why } = Refusal::of(error)?.clone();
        Some(StoreError::Refused(Refusal { name: self.folder.path().join(name).display().to_string(), why }))
    }

    /// Another program's database is left alone. To open it would already write to it, so this looks at the bytes.
    fn must_be_ours(&self) -> Result<()> {
        let mut start = Vec::new();
        let opened = self.folder.open(&self.name, FileKind::Media);
        let read = opened.and_then(|mut file| file.read_to(&mut start, 100));
        read.map_err(|error| self.failed(error))?;
        let is_database = start.starts_with(b"SQLite format 3\0");
        // Right after it was made, everything is still in the log beside the file.
        let log = format!("{}-wal", self.name);
        let has_log = self.folder.is_file(&log);
        if is_database && !has_log && start.get(APPLICATION_ID) != Some(OURS.as_slice()) {
            return Err(StoreError::Foreign { path: self.path() });
        }
        if is_database
            && has_log
            && log::is_of_another(&self.folder, &self.name, &log).map_err(|error| self.failed(error))?
        {
            return Err(StoreError::ForeignLog { log: self.folder.path().join(log) });
        }
        Ok(())
    }
}

impl Store {
    /// Opens the database, makes it when it is missing, and brings it up to date.
    ///
    /// # Errors
    /// When the file or its folder cannot be made or is not a database of tidings.
    pub async fn open(path: &Path) -> Result<Self> {
        let file = DatabaseFile::new(path)?;
        let folder = file.folder.make_folder("", Access::Private);
        folder.map_err(|error| StoreError::Folder { folder: file.folder.path().to_owned(), error })?;
        file.folder.make_private_file(&file.name).map_err(|error| file.failed(error))?;
        file.must_be_ours()?;
        let mut store = Self::connect(file).await?;
        store.migrate().await?;
        Ok(store)
    }

    /// Opens the database for reading, when there is one. Nothing in it changes, but that one of an older version is brought
    /// up to date.
    ///
    /// # Errors
    /// When the file is there and is not a database of tidings.
    pub async fn open_existing(path: &Path) -> Result<Option<Self>> {
        let file = DatabaseFile::new(path)?;
        match file.folder.open(&file.name, FileKind::Media) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            // A program that was killed while it made the database leaves an empty file.
            Ok(found) if found.length() == 0 => return Ok(None),
            opened => opened.map_err(|error| file.failed(error))?,
        };
        file.must_be_ours()?;
        let mut store = Self::connect(file).await?;
        if store.is_behind().await? {
            store.migrate().await?;
        }
        Ok(Some(store))
    }

    async fn connect(file: DatabaseFile) -> Result<Self> {
        let path = file.path();
        let mut connection =
            SqliteConnection::connect_with(&options(&path)).await.map_err(|error| not_opened(path.clone(), error))?;
        // What stood in the log when the bytes were looked at is known only now.
        let (is_foreign,): (bool,) = sqlx::query_as(
            "SELECT application_id <> $1 AND (SELECT COUNT(*) FROM sqlite_master) > 0 FROM pragma_application_id",
        )
        .bind(i64::from(u32::from_be_bytes(*OURS)))
        .fetch_one(&mut connection)
        .await?;
        if is_foreign {
            return Err(StoreError::Foreign { path });
        }
        Ok(Self {
            connection,
            file,
            generation: None,
            counter: None,
            counter_fault: None,
            seen_version: None,
            said: HashMap::new(),
        })
    }

    /// True unless every migration of this version was made, and no other.
    async fn is_behind(&mut self) -> Result<bool> {
        let is_empty: bool =
            sqlx::query_scalar("SELECT COUNT(*) = 0 FROM sqlite_master").fetch_one(&mut self.connection).await?;
        if is_empty {
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
        let path = self.file.path();
        Migrator::with_migrations(migrations.into()).run(&mut self.connection).await.map_err(|error| match error {
            sqlx::migrate::MigrateError::VersionMissing(_) => StoreError::TooNew { path },
            sqlx::migrate::MigrateError::Execute(error) => not_opened(path, error),
            error => StoreError::Migrate { path, error },
        })
    }

    /// The site's secret, as the text that is stored.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn secret(&mut self) -> Result<Vec<u8>> {
        self.value("secret").await?.map(String::into_bytes).ok_or_else(|| StoreError::Content("no secret".into()))
    }

    async fn set_value(&mut self, name: &str, value: &str) -> Result<()> {
        sqlx::query(
            "INSERT INTO site (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(name)
        .bind(value)
        .execute(&mut self.connection)
        .await?;
        Ok(())
    }

    async fn value(&mut self, name: &str) -> Result<Option<String>> {
        let value = sqlx::query_scalar("SELECT value FROM site WHERE name = $1").bind(name);
        Ok(value.fetch_optional(&mut self.connection).await?)
    }

    /// Takes the right to deliver, which one process has at a time; `None` when another one has it. The system takes it
    /// back when the process ends, so a delivery still `sending` then belongs to no process.
    ///
    /// # Errors
    /// When the lock file cannot be made.
    pub fn lock(&self) -> Result<Option<files::Lock>> {
        self.file.folder.lock(&self.file.lock(), &self.file.older_lock()).map_err(|error| self.lock_error(error))
    }

    /// Whether a process has the right to deliver. That process never hears of it.
    fn is_locked(&self) -> Result<bool> {
        self.file.folder.is_locked(&self.file.lock()).map_err(|error| self.lock_error(error))
    }

    fn lock_error(&self, error: std::io::Error) -> StoreError {
        let path = || self.file.folder.path().join(self.file.lock());
        self.file.refused(&error).unwrap_or_else(|| StoreError::Lock { path: path(), error })
    }

    /// Moves everything that is committed into the one file, and keeps that as it is until `during` has ended, whatever other
    /// processes do.
    ///
    /// # Errors
    /// When the database does not answer, or others do not let go of it.
    pub async fn as_one_file<T>(&mut self, during: impl AsyncFnOnce(&Path) -> T) -> Result<T> {
        let is_busy: i64 =
            sqlx::query_scalar("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut self.connection).await?;
        if is_busy != 0 {
            return Err(StoreError::InUse { path: self.file.path() });
        }
        // While this transaction reads, others write into the log only.
        let path = self.file.path();
        let mut transaction = self.connection.begin().await?;
        sqlx::query("SELECT COUNT(*) FROM site").execute(&mut *transaction).await?;
        let done = during(&path).await;
        transaction.rollback().await?;
        Ok(done)
    }

    /// Closes the file in good order.
    ///
    /// # Errors
    /// When the last writes do not reach the disk.
    pub async fn close(self) -> Result<()> {
        Ok(self.connection.close().await?)
    }
}

/// A moment as the ledger's tables of deliveries keep it: seconds since 1970.
fn seconds(moment: &str) -> Result<i64> {
    let moment: Timestamp = moment.parse().map_err(|_| StoreError::Content(format!("a moment `{moment}`")))?;
    Ok(moment.as_second())
}

/// The moment that so many seconds since 1970 are, RFC 3339 in UTC.
fn moment(seconds: i64) -> Result<String> {
    let moment = Timestamp::from_second(seconds).map_err(|_| StoreError::Content(format!("a moment {seconds}")))?;
    Ok(moment.to_string())
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
