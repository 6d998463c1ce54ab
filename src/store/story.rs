//! The ledger read the other way round: everything about one entry, everything about one reader.

use super::connection::query;
use super::deliveries::Standing;
use super::tries::history;
use super::{Result, Store};
use crate::model::DeliveryCounts;

/// One time that an entry was mailed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailing {
    /// The run.
    pub run: i64,
    /// Its time, RFC 3339 in UTC.
    pub cutoff: String,
    /// The issue that carried it.
    pub issue: i64,
    /// Its subject.
    pub subject: String,
    /// The entry's file at that time.
    pub path: String,
    /// Its title at that time.
    pub title: String,
    /// What became of the issue's deliveries.
    pub deliveries: DeliveryCounts,
}

/// One issue to one reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryTo {
    /// The issue.
    pub issue: i64,
    /// Its subject.
    pub subject: String,
    /// The run that froze it.
    pub run: i64,
    /// The run's time, RFC 3339 in UTC.
    pub cutoff: String,
    /// Where it stands.
    pub standing: Standing,
}

impl Store {
    /// Every time that the entry with this id was mailed, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn mailings(&mut self, id: &str) -> Result<Vec<Mailing>> {
        let rows = query(
            "SELECT e.run, r.cutoff, e.issue, i.subject, e.path, e.title FROM entries e
             JOIN runs r ON r.id = e.run JOIN issues i ON i.number = e.issue WHERE e.id = $1 ORDER BY e.run",
        )
        .bind(id)
        .fetch_all(&mut self.connection)
        .await?;
        let mut mailings = Vec::new();
        for row in rows {
            let issue = row.try_get("issue")?;
            mailings.push(Mailing {
                run: row.try_get("run")?,
                cutoff: row.try_get("cutoff")?,
                issue,
                subject: row.try_get("subject")?,
                path: row.try_get("path")?,
                title: row.try_get("title")?,
                deliveries: self.issue_counts(issue).await?,
            });
        }
        Ok(mailings)
    }

    /// Every delivery to a reader, oldest issue first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn deliveries_to(&mut self, subscriber: i64) -> Result<Vec<DeliveryTo>> {
        let rows = query(concat!(
                "SELECT d.issue, d.attempts, d.next_attempt_at, i.subject, i.run, r.cutoff, ",
                history!(),
                " FROM issues i JOIN runs r ON r.id = i.run
                 JOIN deliveries d ON d.issue = i.number AND d.subscriber = $1
                 LEFT JOIN earlier_tries e ON e.issue = d.issue AND e.subscriber = d.subscriber ORDER BY i.number, e.id"
            ))
        .bind(subscriber)
        .fetch_all(&mut self.connection)
        .await?;
        let mut all: Vec<DeliveryTo> = Vec::new();
        for row in &rows {
            let issue = row.try_get(0)?;
            match all.last_mut().filter(|last| last.issue == issue) {
                Some(last) => last.standing.add_earlier(row)?,
                None => all.push(DeliveryTo {
                    issue,
                    subject: row.try_get("subject")?,
                    run: row.try_get("run")?,
                    cutoff: row.try_get("cutoff")?,
                    standing: Standing::read(row)?,
                }),
            }
        }
        Ok(all)
    }
}
