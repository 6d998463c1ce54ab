//! What services told over HTTP, each event once.

use jiff::{SignedDuration, Timestamp};

use super::connection::query;
use super::reports::{NewReport, record};
use super::{Result, Store};
use crate::model::SubscriberStatus;

/// So long events are known. No service tries so long to tell one, and what is signed and older is refused by its time.
const EVENT_MEMORY: SignedDuration = SignedDuration::from_hours(24);

impl Store {
    /// Records reports like [`record_reports`](Self::record_reports), and the event that told of them. `None`, and nothing is
    /// recorded, when the event is known, also to another process.
    ///
    /// # Errors
    /// When the database does not answer; nothing is recorded then.
    pub async fn record_event(
        &mut self,
        event: &str,
        reports: &[NewReport],
        now: Timestamp,
    ) -> Result<Option<Vec<(bool, Option<SubscriberStatus>)>>> {
        let mut transaction = self.connection.begin().await?;
        let forget = query("DELETE FROM hook_events WHERE at < $1").bind((now - EVENT_MEMORY).to_string());
        forget.execute(&mut transaction).await?;
        let added = query("INSERT INTO hook_events (event, at) VALUES ($1, $2) ON CONFLICT DO NOTHING");
        if added.bind(event).bind(now.to_string()).execute(&mut transaction).await? == 0 {
            return transaction.end(None).await;
        }
        let mut all = Vec::with_capacity(reports.len());
        for report in reports {
            all.push(record(&mut transaction, report, now).await?);
        }
        transaction.commit().await?;
        Ok(Some(all))
    }

    /// The newest issue with this subject of which a copy left for a reader.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn issue_sent_as(&mut self, subject: &str, subscriber: i64) -> Result<Option<i64>> {
        let newest = query(
            "SELECT i.number FROM issues i JOIN deliveries d ON d.issue = i.number AND d.subscriber = $2
             WHERE i.subject = $1 AND d.state IN (1, 2, 5) ORDER BY i.number DESC LIMIT 1",
        );
        Ok(newest.bind(subject).bind(subscriber).optional_value(&mut self.connection).await?)
    }
}
