//! Who is on which list, and what is for whom.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::AssertSqlSafe;

use super::changes::{Changing, note};
use super::connection::{Link, Row, Transaction, query};
use super::subscriber::{IS_ON_LIST, numbered};
use super::{Result, Store};
use crate::model::{Choice, Lists, SubscriberStatus, gets};

/// An issue that was not meant for a reader, because of its lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// Its number.
    pub issue: i64,
    /// Its subject.
    pub subject: String,
    /// The time of its run, RFC 3339 in UTC.
    pub cutoff: String,
    /// Its lists.
    pub lists: Vec<String>,
}

impl Store {
    /// Puts a confirmed reader on the lists that they have chosen and no others, and keeps that they did. False when they get no
    /// mail.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn choose_lists(&mut self, subscriber: i64, choice: &Choice, changing: Changing<'_>) -> Result<bool> {
        let mut transaction = self.connection.begin().await?;
        let reader = numbered(&mut transaction, subscriber).await?;
        let Some(reader) = reader.filter(|reader| reader.status == SubscriberStatus::Confirmed) else {
            return transaction.end(false).await;
        };
        if reader.details.lists.as_ref() == choice.lists() {
            return transaction.end(true).await;
        }
        put_on(&mut transaction, subscriber, choice).await?;
        note(&mut transaction, subscriber, (reader.status, Some(&choice.told())), changing, None).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Which of these readers an issue of a run, or any of them, is meant for by its lists.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn readers_meant(&mut self, run: i64, issue: Option<i64>, readers: &[i64]) -> Result<Vec<i64>> {
        let meant = format!(
            "SELECT DISTINCT s.id FROM json_each($1) AS r
             JOIN subscribers s ON s.id = CAST(CAST(r.value AS TEXT) AS BIGINT)
             JOIN issues i ON i.run = $2 AND ($3 IS NULL OR i.number = $3) AND {IS_ON_LIST} ORDER BY s.id"
        );
        let meant = query(AssertSqlSafe(meant)).bind(serde_json::json!(readers).to_string()).bind(run).bind(issue);
        Ok(meant.values(&mut self.connection).await?)
    }

    /// The issues that were frozen since a reader was put on the list, and are for lists that they are not on.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn passed_over(&mut self, subscriber: i64) -> Result<Vec<PassedOver>> {
        let passed = format!(
            "SELECT i.number, i.subject, i.lists, r.cutoff FROM issues i JOIN runs r ON r.id = i.run
             JOIN subscribers s ON s.id = $1 AND s.created_at <= r.cutoff
             WHERE NOT {IS_ON_LIST}
               AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.issue = i.number AND d.subscriber = s.id)
             ORDER BY i.number"
        );
        let rows = query(AssertSqlSafe(passed)).bind(subscriber).fetch_all(&mut self.connection).await?;
        let read = |row: &Row| {
            Ok(PassedOver {
                issue: row.try_get("number")?,
                subject: row.try_get("subject")?,
                cutoff: row.try_get("cutoff")?,
                lists: row.try_get::<Option<String>, _>("lists")?.map_or_else(Vec::new, |lists| read_lists(&lists)),
            })
        };
        rows.iter().map(read).collect()
    }
}

/// Puts a reader on the lists of a choice and no others.
pub(super) async fn put_on(transaction: &mut Transaction<'_>, subscriber: i64, choice: &Choice) -> Result<()> {
    let change = query("UPDATE subscribers SET lists = $2 WHERE id = $1").bind(subscriber);
    change.bind(&choice.lists().map(Lists::stored)).execute(transaction).await?;
    Ok(())
}

/// Why a reader with this status, on these lists as they are stored, does not get an issue any more; `None` when they do.
pub(super) fn why_left(
    status: &str,
    of_reader: Option<&str>,
    issue: i64,
    lists: &BTreeMap<i64, Vec<String>>,
) -> Option<String> {
    if status != SubscriberStatus::Confirmed.as_str() {
        return Some(format!("the reader had left: {status}"));
    }
    let of_reader = of_reader.map(Lists::from_stored);
    let of_issue = lists.get(&issue).map_or(&[][..], Vec::as_slice);
    (!gets(of_reader.as_ref(), of_issue)).then(|| format!("the reader had left: {}", not_on(of_issue)))
}

/// `not on list essays`, `not on a list of essays, notes`
pub fn not_on(lists: &[String]) -> String {
    let which = if lists.len() == 1 { "list" } else { "a list of" };
    format!("not on {which} {}", lists.join(", "))
}

/// The lists of these issues, those of readers who are only on some. They are read apart from deliveries, since in the table they
/// stand behind the whole text of an issue.
pub(super) async fn of_issues(issues: BTreeSet<i64>, link: impl Into<Link<'_>>) -> Result<BTreeMap<i64, Vec<String>>> {
    if issues.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = query(
        "SELECT i.number, i.lists FROM json_each($1) AS r CROSS JOIN issues AS i
         WHERE i.number = CAST(CAST(r.value AS TEXT) AS BIGINT) AND i.lists IS NOT NULL",
    );
    let rows = rows.bind(serde_json::json!(issues).to_string()).fetch_all(link).await?;
    rows.iter().map(|row| Ok((row.try_get("number")?, read_lists(row.try_get("lists")?)))).collect()
}

/// The lists of an issue, from what the database has.
fn read_lists(stored: &str) -> Vec<String> {
    let lists: Vec<[String; 1]> = serde_json::from_str(stored).unwrap_or_default();
    lists.into_iter().map(|[name]| name.trim().to_owned()).collect()
}
