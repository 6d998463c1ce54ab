//! The lease of a sender at a server: how long what it has claimed is its own.

use std::time::{Duration, Instant};

use super::connection::{Connection, Transaction, query};
use super::error::{Result, StoreError};

/// A lease is renewed by each commit, and after this time without one. It holds for a minute.
const RENEW_AFTER: Duration = Duration::from_secs(15);
const RENEW: &str = "UPDATE senders SET lease_until = clock_timestamp() + interval '60 seconds'
    WHERE token = $1 AND lease_until > clock_timestamp()
    RETURNING (SELECT COUNT(*) FROM senders WHERE lease_until > clock_timestamp())";

/// Whether the sender `s` may still have what it has claimed: its lease holds, and its session is there or was lost just now, as when the
/// server was started again. Half a minute after it was renewed last it completes no message.
pub(super) const LIVES: &str = "COALESCE(s.lease_until > clock_timestamp() + interval '30 seconds'
    OR EXISTS (SELECT 1 FROM live_senders l WHERE l.token = s.token), false)";

/// Says that the session of a sender is there, of this site alone.
pub(super) const STAY: &str = "SELECT CAST(pg_advisory_lock_shared(
    (CAST('senders'::regclass::oid AS BIGINT) << 32) + CAST($1 AS BIGINT)) AS TEXT)";

/// What is told of a sender, also when it is gone.
#[derive(Debug, Default)]
pub(super) struct About {
    /// Which process it is.
    pub(super) told: String,
    /// The way out of its messages.
    pub(super) relay: String,
    /// Whether one may be sent again, in a word.
    pub(super) repeatable: &'static str,
}

/// This process as a sender.
#[derive(Debug)]
pub(super) struct Sender {
    pub(super) token: i64,
    pub(super) renewed: Instant,
    /// How many there are, with this one.
    pub(super) count: i64,
}

impl Sender {
    /// Renews the lease.
    ///
    /// # Errors
    /// When it is over: another process may have what this one had claimed.
    pub(super) async fn renew(&mut self, transaction: &mut Transaction<'_>) -> Result<()> {
        let count = query(RENEW).bind(self.token).optional_value(transaction).await?;
        self.count = count.ok_or(StoreError::LeaseOver)?;
        self.renewed = Instant::now();
        Ok(())
    }

    /// The version of the list of readers.
    ///
    /// # Errors
    /// As for [`Sender::renew`].
    pub(super) async fn list_version(&mut self, connection: &mut Connection) -> Result<i64> {
        if self.renewed.elapsed() > RENEW_AFTER {
            let mut transaction = connection.begin_beside().await?;
            self.renew(&mut transaction).await?;
            transaction.commit().await?;
        }
        let look = query(
            "SELECT version, (SELECT COUNT(*) FROM senders WHERE lease_until > clock_timestamp()),
                    EXISTS (SELECT 1 FROM senders WHERE token = $1 AND lease_until > clock_timestamp()) FROM list_version",
        );
        let row = look.bind(self.token).fetch_one(connection).await?;
        if !row.try_get::<bool, _>(2)? {
            return Err(StoreError::LeaseOver);
        }
        self.count = row.try_get(1)?;
        Ok(row.try_get(0)?)
    }
}
