//! Senders at a server, where several processes deliver at the same time. Each has a token, which fences what it claims: only its own
//! outcomes are recorded of that. It lives as long as it renews its lease and its session is there, or was a moment ago; what a dead one
//! had claimed is recovered by another.

use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection as _};

use super::connection::{Connection, Link, Transaction, query};
use super::lease::{LIVES, STAY, Sender};
use super::right::Right;
use super::{Result, Store, server};

/// A server that says nothing for so long does not answer.
const PATIENCE: Duration = Duration::from_secs(5);

impl Store {
    /// Whether several processes may deliver at the same time.
    pub fn is_shared(&self) -> bool {
        matches!(self.connection, Connection::Postgres(_))
    }

    /// How many processes deliver, as far as this one knows.
    pub fn senders(&self) -> u32 {
        self.sender.as_ref().map_or(1, |sender| u32::try_from(sender.count).unwrap_or(1)).max(1)
    }

    /// Connects once more, when the server or the way to it was lost; a file stays as it is.
    ///
    /// # Errors
    /// When the server does not answer yet.
    pub async fn reconnect(&mut self) -> Result<()> {
        let Some(url) = &self.url else { return Ok(()) };
        self.connection = server::connect(url).await?;
        self.seen_version = None;
        if self.has_planned {
            self.has_planned = self.lock(Right::Plan).await?.is_some();
            self.is_overtaken |= !self.has_planned;
        }
        if let Some(Sender { token, .. }) = &self.sender {
            query(STAY).bind(*token).execute(&mut self.connection).await?;
        }
        Ok(())
    }

    /// Connects once more, when the server does not answer any more.
    ///
    /// # Errors
    /// When it does not answer yet.
    pub async fn stay_connected(&mut self) -> Result<()> {
        let Connection::Postgres(connection) = &mut self.connection else { return Ok(()) };
        match tokio::time::timeout(PATIENCE, connection.ping()).await {
            Ok(Ok(())) => Ok(()),
            _ => self.reconnect().await,
        }
    }

    /// The token by which this process claims; `None` for a file, which one process has.
    pub(super) async fn token(&mut self) -> Result<Option<i64>> {
        if self.is_shared() && self.sender.is_none() {
            self.enter("").await?;
        }
        Ok(self.sender.as_ref().map(|sender| sender.token))
    }

    /// Becomes a sender, whose marks are where `claims` says.
    pub(super) async fn enter(&mut self, claims: &str) -> Result<i64> {
        let enter = query(
            "INSERT INTO senders (lease_until, told, claims, relay, repeatable)
             VALUES (clock_timestamp() + interval '60 seconds', $1, $2, $3, $4) RETURNING token",
        );
        let enter = enter.bind(&self.about.told).bind(claims).bind(&self.about.relay).bind(self.about.repeatable);
        let mut transaction = self.connection.begin().await?;
        let token: i64 = enter.value(&mut transaction).await?;
        query(STAY).bind(token).execute(&mut transaction).await?;
        transaction.commit().await?;
        self.sender = Some(Sender { token, renewed: Instant::now(), count: 1 });
        Ok(token)
    }

    /// Says where the marks of this sender are.
    pub(super) async fn set_claims(&mut self, token: i64, claims: &str) -> Result<()> {
        let set = query("UPDATE senders SET claims = $2 WHERE token = $1").bind(token).bind(claims);
        set.execute(&mut self.connection).await?;
        Ok(())
    }

    /// Is a sender no more, unless something is claimed still.
    pub(super) async fn leave(&mut self) -> Result<()> {
        let Some(Sender { token, .. }) = self.sender.take() else { return Ok(()) };
        let leave = query(
            "DELETE FROM senders WHERE token = $1
             AND NOT EXISTS (SELECT 1 FROM deliveries WHERE state = 1 AND claim = $1)",
        );
        leave.bind(token).execute(&mut self.connection).await?;
        query("DELETE FROM held WHERE sender = $1").bind(token).execute(&mut self.connection).await?;
        Ok(())
    }
}

/// A sender that has claimed something.
#[derive(Debug)]
pub(super) struct Claimant {
    /// Its token; `None` for a file.
    pub(super) token: Option<i64>,
    /// Where its marks are, as it said.
    pub(super) claims: String,
    /// The way out of its messages.
    pub(super) relay: String,
    /// Whether one may be sent again, in a word.
    pub(super) repeatable: String,
    /// Whether its lease is there, and its session, or that was lost just now.
    pub(super) is_live: bool,
}

/// The senders at a server that have claimed something.
pub(super) async fn claimants(link: Link<'_>) -> Result<Vec<Claimant>> {
    let all = format!(
        "SELECT c.claim, COALESCE(s.claims, ''), COALESCE(s.relay, ''), COALESCE(s.repeatable, ''), {LIVES}
         FROM (SELECT DISTINCT claim FROM deliveries WHERE state = 1) c LEFT JOIN senders s ON s.token = c.claim
         ORDER BY c.claim"
    );
    let rows = query(AssertSqlSafe(all)).fetch_all(link).await?;
    rows.iter()
        .map(|row| {
            Ok(Claimant {
                token: Some(row.try_get(0)?),
                claims: row.try_get(1)?,
                relay: row.try_get(2)?,
                repeatable: row.try_get(3)?,
                is_live: row.try_get(4)?,
            })
        })
        .collect()
}

/// Forgets the senders that are gone and have nothing claimed any more.
pub(super) async fn forget_gone(transaction: &mut Transaction<'_>) -> Result<()> {
    let gone = format!(
        "DELETE FROM senders s WHERE NOT {LIVES}
           AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.state = 1 AND d.claim = s.token)"
    );
    query(AssertSqlSafe(gone)).execute(&mut *transaction).await?;
    let held = "DELETE FROM held h WHERE NOT EXISTS (SELECT 1 FROM senders s WHERE s.token = h.sender)";
    query(held).execute(transaction).await?;
    Ok(())
}
