//! A database in a file: SQLite, and what must be so before SQLite sees it.

use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection as _, SqliteConnection};

use super::connection::{BUSY_TIMEOUT, Connection, query};
use super::error::{Result, StoreError, not_opened};
use super::log;
use crate::files::{FileKind, Folder, Refusal};

/// Where the application id stands in the header of a database file (SQLite file format, §1.3).
const APPLICATION_ID: std::ops::Range<usize> = 68..72;

/// The application id of our databases.
const OURS: &[u8; 4] = b"tidi";

/// Where a database is. Its folder holds all that belongs to it, and no link in there leads out of it.
#[derive(Debug, Clone)]
pub(super) struct DatabaseFile {
    pub(super) folder: Folder,
    pub(super) name: String,
}

impl DatabaseFile {
    /// What the path really is: the files beside the database follow it, not the name that led to it.
    pub(super) fn new(path: &Path) -> Result<Self> {
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

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    /// The name of the lock. Two databases of one folder have two.
    pub(super) fn lock(&self) -> String {
        format!("{}.lock", self.name)
    }

    /// What the lock was called once: it could be the file of another program, such as `Cargo.lock` beside a `Cargo.db`.
    pub(super) fn older_lock(&self) -> String {
        Path::new(&self.name).with_extension("lock").to_string_lossy().into_owned()
    }

    /// What keeps it from growing. Nothing is written to find out.
    pub(super) fn hindrance(&self) -> Option<&'static str> {
        hindrance(self.folder.room())
    }

    pub(super) fn failed(&self, error: std::io::Error) -> StoreError {
        self.refused(&error).unwrap_or_else(|| StoreError::Open { path: self.path(), error: error.into() })
    }

    /// The refusal that an error carries, with the whole path of the file.
    pub(super) fn refused(&self, error: &std::io::Error) -> Option<StoreError> {
        let Refusal { name, why } = Refusal::of(error)?.clone();
        Some(StoreError::Refused(Refusal { name: self.folder.path().join(name).display().to_string(), why }))
    }

    /// The header of the file (SQLite file format, §1.3), as far as there is one.
    pub(super) fn head(&self) -> std::io::Result<Vec<u8>> {
        self.folder.head(&self.name, FileKind::Media, 100)
    }

    /// Another program's database is left alone. To open it would already write to it, so this looks at the bytes.
    pub(super) fn must_be_ours(&self) -> Result<()> {
        let start = self.head().map_err(|error| self.failed(error))?;
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

/// As little room as this, in bytes, is none: a page of the log and what goes with it are some ten thousand.
const LEAST_ROOM: u64 = 1 << 20;

fn hindrance(room: std::io::Result<Option<u64>>) -> Option<&'static str> {
    match room {
        Ok(Some(..LEAST_ROOM)) => Some("the disk of the database is full: free some space"),
        Err(error) if error.kind() == std::io::ErrorKind::ReadOnlyFilesystem => {
            Some("the disk of the database is read-only: let it be written")
        }
        _ => None,
    }
}

/// Opens the file as a database.
///
/// # Errors
/// When it is none of ours.
pub(super) async fn connect(file: &DatabaseFile) -> Result<Connection> {
    let path = file.path();
    let connected = SqliteConnection::connect_with(&options(&path)).await;
    let mut connection = Connection::Sqlite(connected.map_err(|error| not_opened(path.clone(), error))?);
    // What stood in the log when the bytes were looked at is known only now.
    let is_foreign =
        query("SELECT application_id <> $1 AND (SELECT COUNT(*) FROM sqlite_master) > 0 FROM pragma_application_id");
    if is_foreign.bind(i64::from(u32::from_be_bytes(*OURS))).value(&mut connection).await? {
        return Err(StoreError::Foreign { path });
    }
    Ok(connection)
}

/// The migrations that were made; `None` when the database is empty.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn migrated(connection: &mut Connection) -> Result<Option<Vec<i64>>> {
    if query("SELECT COUNT(*) = 0 FROM sqlite_master").value(&mut *connection).await? {
        return Ok(None);
    }
    let made = query("SELECT version FROM _sqlx_migrations WHERE success ORDER BY version");
    Ok(Some(made.values(connection).await?))
}

fn options(path: &Path) -> SqliteConnectOptions {
    // FULL: a state that was recorded is still recorded after a power cut. Foreign keys are not looked at, of which a
    // server has none for deliveries: to take out one reader SQLite would read them all.
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(false)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    #[test]
    fn a_full_or_read_only_disk_is_a_hindrance() {
        let temporary = tempfile::tempdir().unwrap();
        let here = Folder::new(temporary.path()).room();
        assert!(here.is_ok() && hindrance(here).is_none());
        assert!(hindrance(Ok(Some(0))).is_some_and(|said| said.contains("full")));
        assert_eq!(hindrance(Ok(Some(LEAST_ROOM))), None);
        assert_eq!(hindrance(Ok(None)), None);
        assert!(hindrance(Err(ErrorKind::ReadOnlyFilesystem.into())).is_some_and(|said| said.contains("read-only")));
        assert_eq!(hindrance(Err(ErrorKind::PermissionDenied.into())), None);
    }
}
