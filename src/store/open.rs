//! Where a database is, and how it is opened.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};

use super::connection::Connection;
use super::error::not_opened;
use super::file::DatabaseFile;
use super::lease::About;
use super::migrations::{MIGRATIONS, MIGRATIONS_AT_SERVER};
use super::{Result, Store, StoreError, file, server};
use crate::config::ServerUrl;
use crate::files::Access;

/// Where a database is.
#[derive(Debug, Clone)]
pub enum Database {
    /// In this file.
    File(PathBuf),
    /// At a server.
    Server {
        /// The server, the database, and what lets us in.
        url: ServerUrl,
        /// What belongs to this machine lies beside a file of this name, which there is not.
        beside: PathBuf,
    },
}

impl Database {
    fn url(&self) -> Option<&ServerUrl> {
        match self {
            Self::File(_) => None,
            Self::Server { url, .. } => Some(url),
        }
    }

    /// The same wherever a command is given.
    pub(super) fn to_compare(&self) -> String {
        match self {
            Self::File(path) => std::path::absolute(path).as_ref().unwrap_or(path).display().to_string(),
            Self::Server { url, .. } => url.to_string(),
        }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server { url, .. } => url.fmt(f),
        }
    }
}

impl Store {
    /// Opens the database, makes it when it is missing, and brings it up to date. A server must have the database already; what
    /// is made there are tables.
    ///
    /// # Errors
    /// When the file or its folder cannot be made or is not a database of tidings; when a server does not let us in or has tables
    /// of another program there.
    pub async fn open(database: &Database) -> Result<Self> {
        let (connection, file) = match database {
            Database::File(path) => {
                let file = DatabaseFile::new(path)?;
                let folder = file.folder.make_folder("", Access::Private);
                folder.map_err(|error| StoreError::Folder { folder: file.folder.path().to_owned(), error })?;
                file.folder.make_private_file(&file.name).map_err(|error| file.failed(error))?;
                file.must_be_ours()?;
                (file::connect(&file).await?, file)
            }
            Database::Server { url, beside } => (server::connect(url).await?, DatabaseFile::new(beside)?),
        };
        let mut store = Self::new(connection, file);
        store.url = database.url().cloned();
        if matches!(database, Database::File(_)) || store.migrated(database).await?.is_none_or(|is_behind| is_behind) {
            store.migrate(database).await?;
        }
        store.must_be_here().await?;
        Ok(store)
    }

    /// Opens the database for reading, when there is one. Nothing in it changes, but that one of an older version is brought
    /// up to date.
    ///
    /// # Errors
    /// As for [`Store::open`], but for a file that is missing, or tables at a server.
    pub async fn open_existing(database: &Database) -> Result<Option<Self>> {
        let (connection, file) = match database {
            Database::File(path) => {
                let file = DatabaseFile::new(path)?;
                match file.head() {
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                    // A program that was killed while it made the database leaves an empty file.
                    Ok(head) if head.is_empty() => return Ok(None),
                    head => head.map_err(|error| file.failed(error))?,
                };
                file.must_be_ours()?;
                (file::connect(&file).await?, file)
            }
            Database::Server { url, beside } => (server::connect(url).await?, DatabaseFile::new(beside)?),
        };
        let mut store = Self::new(connection, file);
        store.url = database.url().cloned();
        match store.migrated(database).await? {
            None if matches!(database, Database::Server { .. }) => return Ok(None),
            Some(false) => {}
            None | Some(true) => store.migrate(database).await?,
        }
        Ok(Some(store))
    }

    pub(super) fn new(connection: Connection, file: DatabaseFile) -> Self {
        Self {
            connection,
            file,
            generation: None,
            counter: None,
            counter_fault: None,
            seen_version: None,
            url: None,
            has_planned: false,
            is_overtaken: false,
            moving: None,
            sender: None,
            about: About::default(),
            quotas: Vec::new(),
            said: HashMap::new(),
        }
    }

    /// Whether the database is of another version, whose migrations are not those of this one; `None` when it is empty.
    async fn migrated(&mut self, database: &Database) -> Result<Option<bool>> {
        let (made, all) = match database {
            Database::File(_) => (file::migrated(&mut self.connection).await?, MIGRATIONS.as_slice()),
            Database::Server { url, .. } => {
                (server::migrated(&mut self.connection, &url.to_string()).await?, MIGRATIONS_AT_SERVER.as_slice())
            }
        };
        Ok(made.map(|made| !made.iter().eq(all.iter().map(|(version, ..)| version))))
    }

    async fn migrate(&mut self, database: &Database) -> Result<()> {
        let place = database.to_string();
        let all = |migrations: &[(i64, &'static str, &'static str)]| {
            let migration = |(version, name, sql): &(i64, &'static str, &'static str)| {
                Migration::new(*version, (*name).into(), MigrationType::Simple, sql.into_sql_str(), false)
            };
            Migrator::with_migrations(migrations.iter().map(migration).collect())
        };
        let done = match &mut self.connection {
            Connection::Sqlite(connection) => all(&MIGRATIONS).run(connection).await,
            Connection::Postgres(connection) => all(&MIGRATIONS_AT_SERVER).run(&mut **connection).await,
        };
        done.map_err(|error| match (error, database) {
            (MigrateError::VersionMissing(_), _) => StoreError::TooNew { place },
            (MigrateError::Execute(error), Database::File(path)) => not_opened(path.clone(), error),
            (MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _), Database::Server { .. }) => {
                StoreError::Server { server: place, error }
            }
            (error, _) => StoreError::Migrate { place, error },
        })
    }
}
