//! Why a database cannot be used, and the cures.

use std::path::PathBuf;

use crate::files::Refusal;

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
    #[error("the database was written by a newer version of tidings: {place}")]
    TooNew { place: String },
    #[error("the database cannot be brought up to date: {place}: {error}")]
    Migrate { place: String, error: sqlx::migrate::MigrateError },
    #[error("the database server cannot be used: {server}: {}", said(error))]
    Server { server: String, error: sqlx::Error },
    #[error("there is no schema to keep tables in: {server}")]
    NoSchema { server: String },
    #[error("the tables of another program are there, such as `{table}`: {server}")]
    ForeignTables { server: String, table: String },
    #[error("the database was not heard of for so long that others may have taken over what was claimed")]
    LeaseOver,
    #[error("everything in this database was moved to {to}, and nothing is sent from it any more")]
    Moved { to: String },
    #[error("the database to move into is not empty: {place}")]
    NotEmpty { place: String },
    #[error("deliveries are being sent from the database")]
    Delivering,
    #[error("the way to the database was lost, and another process publishes meanwhile")]
    Overtaken,
    #[error("the database is at a server, and there is no file to save")]
    NoFile,
    #[error("the lock beside the database cannot be taken: {}: {error}", path.display())]
    Lock { path: PathBuf, error: std::io::Error },
    #[error("the database is in use by other programs: {}", path.display())]
    InUse { path: PathBuf },
    #[error("the database {}: {}", if .0.as_database_error().is_some() { "refuses" } else { "does not answer" }, said(.0))]
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
            Self::Moved { .. } => Some("set `store.url` or `store.url_env` in config.toml to where it is now"),
            Self::NotEmpty { .. } => Some("name an empty file, database or schema"),
            Self::Delivering => Some(
                "wait for it to end; what a process was sending that is gone is settled by the next `tidings deliver`",
            ),
            Self::Query(error) | Self::Server { error, .. } => server_help(error),
            Self::NoSchema { .. } => {
                Some("make it with `CREATE SCHEMA`, or name another one in the URL: `?options=-csearch_path%3DNAME`")
            }
            Self::ForeignTables { .. } => Some(
                "give the site a database or a schema of its own, for example with `?options=-csearch_path%3DNAME`",
            ),
            _ => None,
        }
    }
}

/// What a server, or the way to it, says.
fn said(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::Database(error) => error.message().to_owned(),
        error => error.to_string(),
    }
}

/// The cure of what a server said (PostgreSQL documentation, "PostgreSQL Error Codes").
fn server_help(error: &sqlx::Error) -> Option<&'static str> {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    match (error, code.as_deref()) {
        (_, Some("28P01" | "28000")) => Some(
            "see that the URL names the right user and password: it belongs into the variable that `store.url_env` names",
        ),
        (_, Some("3D000")) => Some("make the database with `createdb`, or correct its name in the URL"),
        (_, Some("42501")) => Some("let this user make and use tables: `GRANT USAGE, CREATE ON SCHEMA … TO …`"),
        (_, Some("25006")) => Some(
            "this server, or this user, may only read: name the server that takes changes, of which this one may be a copy",
        ),
        (_, Some("53300")) => Some("let the server take more connections, or try again later"),
        (_, Some("57P01" | "57P03")) => Some("the server starts or stops: try again soon"),
        // A handshake of TLS that failed.
        (sqlx::Error::Tls(_), _) => Some(UNPROVEN),
        (sqlx::Error::Io(error), _) if error.kind() == std::io::ErrorKind::InvalidData => Some(UNPROVEN),
        (sqlx::Error::Io(_), _) => {
            Some("see that the server runs, that it can be reached from here, and that the URL has its host and port")
        }
        _ => None,
    }
}

const UNPROVEN: &str = "name the host as the server's certificate does, and the certificate of its authority with `sslrootcert=FILE`; `sslmode=require` encrypts and trusts any server";

const UNWRITABLE: &str =
    "the disk is full, or the folder of the database is read-only: free some space, or let it be written";

/// Why one of our databases, which is there and can be read, cannot be opened.
pub(super) fn not_opened(path: PathBuf, error: sqlx::Error) -> StoreError {
    if is_unwritable(&error) { StoreError::Unwritable { path, error } } else { StoreError::Open { path, error } }
}

/// True when the system does not let SQLite write, also the files that it needs for reading: `SQLITE_READONLY`,
/// `SQLITE_IOERR`, `SQLITE_FULL` or `SQLITE_CANTOPEN` (result and error codes of SQLite).
fn is_unwritable(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    // Those of PostgreSQL have five characters.
    let code = code.filter(|code| code.len() < 5);
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| matches!(code & 0xff, 8 | 10 | 13 | 14))
}

/// The result of a question to the database.
pub type Result<T> = std::result::Result<T, StoreError>;
