//! The right to plan and to deliver, and to have the database for oneself.

use std::path::Path;

use sqlx::Connection as _;

use super::connection::{Connection, Link, query};
use super::right::{Lock, Right};
use super::{Result, Store, StoreError, server};

impl Store {
    /// Takes a right, which one process has at a time; `None` when another one has it. The system, or the server, takes it back
    /// when the process ends, so a delivery in a file that is still `sending` then belongs to no process.
    ///
    /// # Errors
    /// When the ledger has gone elsewhere, the lock file cannot be made, or the server does not answer.
    pub async fn lock(&mut self, right: Right) -> Result<Option<Lock>> {
        self.must_be_here().await?;
        self.claim_right(right).await
    }

    /// The same for a ledger that has gone elsewhere.
    pub(super) async fn claim_right(&mut self, right: Right) -> Result<Option<Lock>> {
        if let Connection::Postgres(_) = self.connection {
            if right == Right::Deliver {
                return Ok(Some(Lock::Session));
            }
            self.has_planned = query(server::TRY_LOCK).value(&mut self.connection).await?;
            return Ok(self.has_planned.then_some(Lock::Session));
        }
        let lock = self.file.folder.lock(&self.file.lock(), &self.file.older_lock());
        Ok(lock.map_err(|error| self.lock_error(error))?.map(|lock| Lock::File { _lock: lock }))
    }

    /// Whether a process has the right to plan. That process never hears of it.
    pub(super) async fn is_locked(&mut self) -> Result<bool> {
        if let Connection::Postgres(_) = self.connection {
            return Ok(query(server::IS_LOCKED).value(&mut self.connection).await?);
        }
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
        let path = self.file.path();
        let Connection::Sqlite(connection) = &mut self.connection else { return Err(StoreError::NoFile) };
        let is_busy: i64 = query("PRAGMA wal_checkpoint(TRUNCATE)").value(Link::Sqlite(connection)).await?;
        if is_busy != 0 {
            return Err(StoreError::InUse { path });
        }
        // While this transaction reads, others write into the log only.
        let mut transaction = connection.begin().await?;
        query("SELECT COUNT(*) FROM site").execute(Link::Sqlite(&mut transaction)).await?;
        let done = during(&path).await;
        transaction.rollback().await?;
        Ok(done)
    }
}
