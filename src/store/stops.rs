//! Why deliveries wait: what stopped a run, and which domains are left alone for a while.

use super::connection::{Row, query};
use super::{Result, Store, moment, seconds};

/// Something that keeps deliveries from being tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    /// The way out that is not taken; empty when there is only one.
    pub relay: String,
    /// The domain whose readers wait; empty when all do.
    pub domain: String,
    /// A word for what it is: `refused`, `unreachable` or `rate-limit`.
    pub kind: String,
    /// When it began, RFC 3339 in UTC.
    pub at: String,
    /// Until when these readers are not tried; `None` when the next run tries again.
    pub until: Option<String>,
    /// How many times in succession.
    pub times: i64,
    /// What was seen, for people.
    pub reason: String,
}

impl Store {
    /// Everything that keeps deliveries from being tried, the ones for all of them first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn stops(&mut self) -> Result<Vec<Stopped>> {
        let rows = query("SELECT * FROM stops ORDER BY relay, domain").fetch_all(&mut self.connection).await?;
        let read = |row: &Row| {
            let until = Some(row.try_get("until")?).filter(|until| *until > 0);
            Ok(Stopped {
                relay: row.try_get("relay")?,
                domain: row.try_get("domain")?,
                kind: row.try_get("kind")?,
                at: moment(row.try_get("at")?)?,
                until: until.map(moment).transpose()?,
                times: row.try_get("times")?,
                reason: row.try_get("reason")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Records everything that keeps deliveries from being tried, in the place of what was recorded before.
    ///
    /// # Errors
    /// When the database does not answer; what was recorded stays then.
    pub async fn set_stops(&mut self, stops: &[Stopped]) -> Result<()> {
        let mut transaction = self.connection.begin().await?;
        query("DELETE FROM stops").execute(&mut transaction).await?;
        for stop in stops {
            let add = query(
                "INSERT INTO stops (relay, domain, kind, at, until, times, reason) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            );
            add.bind(&stop.relay)
                .bind(&stop.domain)
                .bind(&stop.kind)
                .bind(seconds(&stop.at)?)
                .bind(stop.until.as_deref().map_or(Ok(0), seconds)?)
                .bind(stop.times)
                .bind(&stop.reason)
                .execute(&mut transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }
}
