//! Hearing that something was queued: a server says so, a file is looked at again and again.

use std::time::Duration;

use sqlx::postgres::{PgListener, PgPoolOptions};

use super::connection::{Transaction, query};
use super::{Result, Store, StoreError, seconds, server};

/// The channel on which a server says it. All sites of a database share it; a process that is woken by another site waits again.
const CHANNEL: &str = "tidings_queue";

/// How often a file is looked at, and the ledger at a server in case that a word of it was lost.
const LOOK: Duration = Duration::from_secs(1);
const LOOK_AT_SERVER: Duration = Duration::from_secs(10);

/// Says to other processes, once the transaction is committed, that something is queued.
pub(super) async fn wake(transaction: &mut Transaction<'_>) -> Result<()> {
    if let Transaction::Postgres(_) = transaction {
        query("SELECT pg_notify($1, '')::text").bind(CHANNEL).execute(transaction).await?;
    }
    Ok(())
}

impl Store {
    /// Waits until a delivery may be tried. `now` tells the time, RFC 3339.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn wait_for_ready(&mut self, now: impl Fn() -> String) -> Result<()> {
        let mut listener = match &self.url {
            Some(url) => {
                let failed = |error| StoreError::Server { server: url.to_string(), error };
                let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(server::options(url)?);
                let mut listener = PgListener::connect_with(&pool).await.map_err(failed)?;
                listener.listen(CHANNEL).await.map_err(failed)?;
                Some(listener)
            }
            None => None,
        };
        loop {
            let moment = now();
            if self.is_any_ready(&moment).await? {
                return Ok(());
            }
            match &mut listener {
                None => tokio::time::sleep(LOOK).await,
                Some(listener) => {
                    let next = self.next_attempt_at().await?.map(|next| seconds(&next)).transpose()?;
                    let left = next.map_or(i64::MAX, |next| next.saturating_sub(seconds(&moment).unwrap_or(next)));
                    let until = Duration::from_secs(left.max(1).unsigned_abs()).min(LOOK_AT_SERVER);
                    // A connection that is lost is made again by the next call, which may fail at once.
                    if let Ok(Err(_)) = tokio::time::timeout(until, listener.recv()).await {
                        tokio::time::sleep(LOOK).await;
                    }
                }
            }
        }
    }
}
