//! Which process delivers, and how fast.

use serde::{Deserialize, Serialize};

use super::connection::query;
use super::{Result, Store, seconds};

/// The name under which it is kept.
const DELIVERER: &str = "deliverer";

/// The process that has the right to deliver.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliverer {
    /// Its number at its system; `None` when it did not say.
    pub process: Option<u32>,
    /// Since when, RFC 3339 in UTC.
    pub since: Option<String>,
}

/// Tries in a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tries {
    /// How many.
    pub count: u64,
    /// When the first one was, in seconds since 1970.
    pub first_at: i64,
}

impl Store {
    /// Records which process delivers. Only for the holder of [`Store::lock`].
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_deliverer(&mut self, process: u32, now: &str) -> Result<()> {
        let deliverer = Deliverer { process: Some(process), since: Some(now.to_owned()) };
        self.about.told = serde_json::to_string(&deliverer).unwrap_or_default();
        let told = self.about.told.clone();
        self.set_value(DELIVERER, &told).await
    }

    /// The process that delivers now, the first of several; `None` when none does.
    ///
    /// # Errors
    /// When the database does not answer, or its lock cannot be read.
    pub async fn deliverer(&mut self) -> Result<Option<Deliverer>> {
        if self.is_shared() {
            let told = query("SELECT told FROM live_senders ORDER BY token LIMIT 1");
            let told: Option<String> = told.optional_value(&mut self.connection).await?;
            if let Some(told) = told {
                return Ok(Some(serde_json::from_str(&told).unwrap_or_default()));
            }
        }
        if !self.is_locked().await? {
            return Ok(None);
        }
        let text = self.value(DELIVERER).await?.unwrap_or_default();
        Ok(Some(serde_json::from_str(&text).unwrap_or_default()))
    }

    /// How many deliveries are being tried or may be tried at `now`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn waiting(&mut self, now: &str) -> Result<u64> {
        let count: i64 = query(
            "SELECT (SELECT COUNT(*) FROM deliveries WHERE state = 1)
                 + (SELECT COUNT(*) FROM deliveries WHERE state IN (0, 3) AND next_attempt_at <= $1)",
        )
        .bind(seconds(now)?)
        .value(&mut self.connection)
        .await?;
        Ok(count.unsigned_abs())
    }

    /// The tries since a moment; `None` when there were none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tries_since(&mut self, moment: &str) -> Result<Option<Tries>> {
        let since =
            "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) AS count, MIN(at) AS first FROM tried WHERE at >= $1";
        let row = query(since).bind(seconds(moment)?).fetch_one(&mut self.connection).await?;
        let count = row.try_get::<i64, _>("count")?.unsigned_abs();
        Ok(row.try_get::<Option<i64>, _>("first")?.map(|first_at| Tries { count, first_at }))
    }
}
