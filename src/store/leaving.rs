//! Readers who leave. Many come in the minutes after an issue, so those who come at the same time leave in one transaction, which is
//! one flush to disk.

use std::collections::BTreeMap;

use serde_json::json;

use super::changes::Changing;
use super::connection::query;
use super::subscriber::status_of;
use super::{Result, Store};
use crate::model::SubscriberStatus;

impl Store {
    /// A reader leaves. Returns what they were; who complained stays so. `None` when there is no such reader.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn unsubscribe(&mut self, subscriber: i64, changing: Changing<'_>) -> Result<Option<SubscriberStatus>> {
        Ok(self.unsubscribe_all(&[(subscriber, changing)]).await?.pop().flatten())
    }

    /// Readers leave, all or none: what each of them was, as [`Store::unsubscribe`] says it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn unsubscribe_all(&mut self, leavers: &[(i64, Changing<'_>)]) -> Result<Vec<Option<SubscriberStatus>>> {
        const WHO: &str = "SELECT s.id, s.status FROM json_each($1) AS r CROSS JOIN subscribers AS s
             WHERE s.id = CAST(CAST(r.value AS TEXT) AS BIGINT)";
        let numbers = json!(leavers.iter().map(|(subscriber, _)| subscriber).collect::<Vec<_>>()).to_string();
        let mut were = BTreeMap::new();
        let stays =
            |status: &SubscriberStatus| matches!(status, SubscriberStatus::Unsubscribed | SubscriberStatus::Complained);
        // Who comes alone has often left before, and needs no transaction that writes.
        if let [_] = leavers {
            for row in query(WHO).bind(&numbers).fetch_all(&mut self.connection).await? {
                were.insert(row.try_get::<i64, _>("id")?, status_of(row.try_get("status")?)?);
            }
        }
        if leavers.len() > 1 || !were.values().all(stays) {
            let mut transaction = self.connection.begin().await?;
            for row in query(WHO).bind(&numbers).fetch_all(&mut transaction).await? {
                were.insert(row.try_get::<i64, _>("id")?, status_of(row.try_get("status")?)?);
            }
            let changes: BTreeMap<i64, _> = leavers
                .iter()
                .rev()
                .filter_map(|(subscriber, changing)| {
                    let was = were.get(subscriber).filter(|status| !stays(status))?;
                    let status = was.or_more_careful(SubscriberStatus::Unsubscribed).as_str();
                    let Changing { way, network, now } = changing;
                    Some((*subscriber, json!([subscriber, status, way, network, now.to_string()])))
                })
                .collect();
            let changes = json!(changes.into_values().collect::<Vec<_>>()).to_string();
            query(
                "UPDATE subscribers SET status = r.value ->> 1, updated_at = r.value ->> 4 FROM json_each($1) AS r
                 WHERE subscribers.id = CAST(r.value ->> 0 AS BIGINT)",
            )
            .bind(&changes)
            .execute(&mut transaction)
            .await?;
            query(
                "INSERT INTO changes (subscriber, number, at, status, way, network)
                 SELECT CAST(r.value ->> 0 AS BIGINT),
                        (SELECT COALESCE(MAX(c.number), 0) + 1 FROM changes c WHERE c.subscriber = CAST(r.value ->> 0 AS BIGINT)),
                        r.value ->> 4, r.value ->> 1, r.value ->> 2, r.value ->> 3
                 FROM json_each($1) AS r",
            )
            .bind(&changes)
            .execute(&mut transaction)
            .await?;
            transaction.commit().await?;
        }
        Ok(leavers.iter().map(|(subscriber, _)| were.get(subscriber).copied()).collect())
    }
}
