//! What came back about copies, and what readers become by it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::changes::{Changing, set};
use super::connection::{Transaction, query};
use super::subscriber::{read, status_of};
use super::{Result, Store, StoreError};
use crate::model::{Subscriber, SubscriberStatus};

/// So many issues have to come back for now, over so long a time, before a reader gets no more.
const SOFT_TIMES: i64 = 5;
const SOFT_SPAN: SignedDuration = SignedDuration::from_hours(21 * 24);
/// What came back before that says nothing of a mailbox now.
const SOFT_MEMORY: SignedDuration = SignedDuration::from_hours(365 * 24);
/// Older issues are no reason to stop.
const SPIKE_MEMORY: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What is known to be about a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReport {
    /// The reader.
    pub subscriber: i64,
    /// The issue; 0 when it is about none.
    pub issue: i64,
    /// The word for what it says, such as `hard`.
    pub kind: &'static str,
    /// The SHA-256 of the message or event when it is about no issue, else empty.
    pub message: String,
    /// The code, such as `5.1.1`.
    pub status: Option<String>,
    /// What the server said.
    pub diagnostic: Option<String>,
    /// How the reader has left, when they have: `mail`, or the service that told it.
    pub way: &'static str,
    /// What it makes of the reader.
    pub effect: Effect,
}

/// What a report makes of its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: it says something of the sender.
    Nothing,
    /// Their mailbox refuses mail for good.
    Bounced,
    /// The same, when it comes often enough.
    BouncedInTime,
    /// They have complained.
    Complained,
    /// They have left.
    Left,
}

/// A report as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in the new ones; `at` is when it was read, `effect` what the reader became by it")]
pub struct Reported {
    pub issue: i64,
    pub kind: String,
    pub at: String,
    pub status: Option<String>,
    pub diagnostic: Option<String>,
    pub effect: Option<String>,
}

/// So much came back of an issue that something is wrong with it, or with the sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spike {
    /// The issue.
    pub issue: i64,
    /// What was seen, for people.
    pub reason: String,
}

impl Store {
    /// Records reports, those that are known already excepted. Returns for each whether it is new, and what its reader became.
    ///
    /// # Errors
    /// When the database does not answer; nothing is recorded then.
    pub async fn record_reports(
        &mut self,
        reports: &[NewReport],
        now: Timestamp,
    ) -> Result<Vec<(bool, Option<SubscriberStatus>)>> {
        let mut transaction = self.connection.begin().await?;
        let mut all = Vec::with_capacity(reports.len());
        for report in reports {
            all.push(record(&mut transaction, report, now).await?);
        }
        transaction.commit().await?;
        Ok(all)
    }

    /// What came back about a reader, oldest issue first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn reports_about(&mut self, subscriber: i64) -> Result<Vec<Reported>> {
        let rows = query("SELECT * FROM reports WHERE subscriber = $1 ORDER BY issue, at, kind")
            .bind(subscriber)
            .fetch_all(&mut self.connection)
            .await?;
        let read = |row: &super::connection::Row| {
            Ok(Reported {
                issue: row.try_get("issue")?,
                kind: row.try_get("kind")?,
                at: row.try_get("at")?,
                status: row.try_get("status")?,
                diagnostic: row.try_get("diagnostic")?,
                effect: row.try_get("effect")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Whether a message about no issue is recorded for a reader, by the SHA-256 of its bytes.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_reported(&mut self, subscriber: i64, message: &str) -> Result<bool> {
        let count = query("SELECT COUNT(*) FROM reports WHERE subscriber = $1 AND issue = 0 AND message = $2");
        let count: i64 = count.bind(subscriber).bind(message).value(&mut self.connection).await?;
        Ok(count > 0)
    }

    /// A reader by number.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn subscriber_numbered(&mut self, id: i64) -> Result<Option<Subscriber>> {
        let row =
            query("SELECT * FROM subscribers WHERE id = $1").bind(id).fetch_optional(&mut self.connection).await?;
        row.map(|row| read(&row)).transpose()
    }

    /// Looks whether more came back of these issues than may, as far as they are recent, and records it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn look_for_spikes(&mut self, issues: &BTreeSet<i64>, now: Timestamp) -> Result<()> {
        if issues.is_empty() {
            return Ok(());
        }
        let since = (now - SPIKE_MEMORY).to_string();
        let mut transaction = self.connection.begin().await?;
        let rows = query(
            "SELECT i.number,
                 (SELECT COUNT(DISTINCT p.subscriber) FROM reports p WHERE p.issue = i.number AND p.kind IN ('hard', 'policy')) AS refused,
                 (SELECT COUNT(*) FROM reports p WHERE p.issue = i.number AND p.kind = 'complaint') AS complaints
             FROM issues i JOIN runs r ON r.id = i.run
             WHERE r.cutoff >= $1 AND i.number IN (SELECT CAST(CAST(r.value AS TEXT) AS BIGINT) FROM json_each($2) AS r)",
        );
        let rows = rows.bind(since).bind(serde_json::json!(issues).to_string()).fetch_all(&mut transaction).await?;
        for row in rows {
            let (issue, refused, complaints) =
                (row.try_get("number")?, row.try_get("refused")?, row.try_get("complaints")?);
            // One event is told at a time: of more copies than would make a spike none is read.
            let sent = query(
                "SELECT COUNT(*) FROM (SELECT 1 FROM deliveries WHERE issue = $1 AND state IN (2, 5)
                 ORDER BY issue, subscriber LIMIT $2) AS sent",
            );
            let sent = match most_sent(refused, complaints) {
                0 => continue,
                most => sent.bind(issue).bind(most + 1).value(&mut transaction).await?,
            };
            for (kind, reason) in spikes(issue, sent, refused, complaints) {
                query("INSERT INTO spikes (issue, kind, at, reason) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
                    .bind(issue)
                    .bind(kind)
                    .bind(now.to_string())
                    .bind(reason)
                    .execute(&mut transaction)
                    .await?;
            }
        }
        Ok(transaction.commit().await?)
    }

    /// What keeps mail from being sent until the owner has let it pass.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn spike(&mut self) -> Result<Option<Spike>> {
        let row = query("SELECT issue, reason FROM spikes WHERE allowed = 0 ORDER BY issue DESC, kind LIMIT 1")
            .fetch_optional(&mut self.connection)
            .await?;
        row.map(|row| Ok(Spike { issue: row.try_get("issue")?, reason: row.try_get("reason")? })).transpose()
    }

    /// Lets everything pass that was seen so far.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn allow_spikes(&mut self) -> Result<()> {
        let mut transaction = self.connection.begin().await?;
        query("UPDATE spikes SET allowed = 1 WHERE allowed = 0").execute(&mut transaction).await?;
        Ok(transaction.commit().await?)
    }
}

/// More than mail services put up with: 5 % that no server takes, or 3 complaints in a thousand; and not only a few readers.
fn spikes(issue: i64, sent: i64, refused: i64, complaints: i64) -> Vec<(&'static str, String)> {
    let mut spikes = Vec::new();
    if refused >= 10 && refused * 20 >= sent {
        let reason = format!("{refused} of {sent} copies of issue {issue} came back, refused for good");
        spikes.push(("bounces", reason));
    }
    if complaints >= 3 && complaints * 1_000 >= sent * 3 {
        let reason = format!("{complaints} of {sent} readers reported issue {issue} as unwanted mail");
        spikes.push(("complaints", reason));
    }
    spikes
}

/// The most copies of which so many make a spike; 0 when they are too few for any.
fn most_sent(refused: i64, complaints: i64) -> i64 {
    let bounces = if refused >= 10 { refused * 20 } else { 0 };
    bounces.max(if complaints >= 3 { complaints * 1_000 / 3 } else { 0 })
}

pub(super) async fn record(
    transaction: &mut Transaction<'_>,
    report: &NewReport,
    now: Timestamp,
) -> Result<(bool, Option<SubscriberStatus>)> {
    let NewReport { subscriber, issue, kind, message, status, diagnostic, way, effect } = report;
    // What came back of an earlier address says nothing of the new one.
    let row = query(
        "SELECT s.status, COALESCE((SELECT MAX(c.at) FROM changes c
             WHERE c.subscriber = s.id AND c.about = 'address' AND c.at > s.updated_at), s.updated_at) AS since
         FROM subscribers s WHERE s.id = $1",
    );
    let row = row.bind(*subscriber);
    let Some(row) = row.fetch_optional(&mut *transaction).await? else { return Ok((false, None)) };
    let old = status_of(row.try_get("status")?)?;
    let since: String = row.try_get("since")?;
    let added = query(
        "INSERT INTO reports (subscriber, issue, kind, message, at, status, diagnostic) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT DO NOTHING",
    )
    .bind(*subscriber)
    .bind(*issue)
    .bind(*kind)
    .bind(message.as_str())
    .bind(now.to_string())
    .bind(status.as_deref())
    .bind(diagnostic.as_deref())
    .execute(&mut *transaction)
    .await?;
    if added == 0 {
        return Ok((false, None));
    }
    let wanted = match effect {
        Effect::Complained => SubscriberStatus::Complained,
        Effect::Left => SubscriberStatus::Unsubscribed,
        Effect::Bounced if is_newer(transaction, *issue, &since).await? => SubscriberStatus::Bounced,
        Effect::BouncedInTime if is_often(transaction, *subscriber, &since, now).await? => SubscriberStatus::Bounced,
        Effect::Nothing | Effect::Bounced | Effect::BouncedInTime => old,
    };
    let new = old.or_more_careful(wanted);
    if new == old {
        return Ok((true, None));
    }
    let way = if *effect == Effect::Left { way } else { kind };
    set(transaction, *subscriber, new, Changing { way, network: None, now }, None).await?;
    query("UPDATE reports SET effect = $5 WHERE subscriber = $1 AND issue = $2 AND kind = $3 AND message = $4")
        .bind(*subscriber)
        .bind(*issue)
        .bind(*kind)
        .bind(message.as_str())
        .bind(new.as_str())
        .execute(&mut *transaction)
        .await?;
    Ok((true, Some(new)))
}

/// Whether an issue was sent since the reader is what they are: what came back before says nothing of one who was taken back.
async fn is_newer(transaction: &mut Transaction<'_>, issue: i64, since: &str) -> Result<bool> {
    let of_run =
        "SELECT EXISTS (SELECT 1 FROM issues i JOIN runs r ON r.id = i.run WHERE i.number = $1 AND r.cutoff >= $2)";
    Ok(query(of_run).bind(issue).bind(since).value(transaction).await?)
}

/// Whether enough issues came back for now over a time that is long enough. The issues' own times count: what a message says of
/// its time can be anything.
async fn is_often(transaction: &mut Transaction<'_>, subscriber: i64, since: &str, now: Timestamp) -> Result<bool> {
    let earliest = (now - SOFT_MEMORY).to_string();
    let row = query(
        "SELECT COUNT(DISTINCT p.issue) AS times, MIN(r.cutoff) AS first, MAX(r.cutoff) AS last FROM reports p
         JOIN issues i ON i.number = p.issue JOIN runs r ON r.id = i.run
         WHERE p.subscriber = $1 AND p.kind = 'soft' AND r.cutoff >= $2",
    )
    .bind(subscriber)
    .bind(if since > earliest.as_str() { since } else { earliest.as_str() })
    .fetch_optional(transaction)
    .await?;
    let Some(row) = row else { return Ok(false) };
    let times: i64 = row.try_get("times")?;
    let (first, last): (Option<String>, Option<String>) = (row.try_get("first")?, row.try_get("last")?);
    let moment = |text: Option<String>| -> Result<Timestamp> {
        text.unwrap_or_default().parse().map_err(|_| StoreError::Content("the time of a run".into()))
    };
    Ok(times >= SOFT_TIMES && moment(last)?.duration_since(moment(first)?) >= SOFT_SPAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spike_is_more_than_a_few_and_more_than_services_put_up_with() {
        let kinds = |sent, refused, complaints| {
            spikes(1, sent, refused, complaints).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>()
        };
        assert_eq!(kinds(200, 9, 2), [""; 0]);
        assert_eq!(kinds(200, 10, 2), ["bounces"]);
        assert_eq!(kinds(201, 10, 3), ["complaints"]);
        assert_eq!(kinds(1_001, 50, 3), [""; 0]);
        for (refused, complaints, most) in [(9, 2, 0), (10, 2, 200), (10, 3, 1_000), (60, 3, 1_200)] {
            assert_eq!(most_sent(refused, complaints), most);
            assert!(most == 0 || !kinds(most, refused, complaints).is_empty());
            assert_eq!(kinds(most + 1, refused, complaints), [""; 0]);
        }
    }
}
