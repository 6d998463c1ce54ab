//! What the writer's desk shows of readers and issues, counted by the database.

use super::connection::{Row, query};
use super::subscriber::read;
use super::{Result, Store};
use crate::model::{DeliveryCounts, Lists, Subscriber};

/// How many readers came or left on a day by one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayCount {
    /// The day in UTC, `2026-03-02`.
    pub day: String,
    /// By which way: where they came from, or what made them leave.
    pub way: String,
    /// The lists that they are on now; `None` for everything that is sent.
    pub lists: Option<Lists>,
    /// How many.
    pub count: i64,
}

/// How the list grew and shrank.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Movements {
    /// Readers who began to get issues.
    pub joined: Vec<DayCount>,
    /// Readers who no longer get them.
    pub left: Vec<DayCount>,
}

/// An issue and what followed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueOutcome {
    /// Its number.
    pub number: i64,
    /// The time of its run, RFC 3339 in UTC.
    pub time: String,
    /// Its subject.
    pub subject: String,
    /// What became of its deliveries.
    pub deliveries: DeliveryCounts,
    /// How many readers unsubscribed after it and before the next one.
    pub unsubscribed: i64,
    /// How many of its copies came back for good.
    pub bounced: i64,
    /// How many readers reported it as unwanted.
    pub complained: i64,
}

/// A reader joined when they were put on the list, unless they had to confirm first: then the letter that asks is as old as they are.
/// Rows that were changed before changes were kept say only what they became. A new address is kept as a change too, and is none here.
const JOINED_AT_ONCE: &str = "SELECT substr(s.created_at, 1, 10) AS day, s.source AS way, s.lists AS lists, COUNT(*) AS count FROM subscribers s
     WHERE COALESCE((SELECT c.status FROM changes c WHERE c.subscriber = s.id AND c.about IS NULL AND NOT EXISTS (SELECT 1 FROM letters l
         WHERE l.subscriber = s.id AND l.kind = 'address' AND l.used_at = c.at) ORDER BY c.number LIMIT 1),
         CASE WHEN s.status = 'confirmed' OR (s.status <> 'pending' AND s.updated_at > s.created_at) THEN 'joined' ELSE 'confirmed' END)
         <> 'confirmed'
         AND NOT EXISTS (SELECT 1 FROM letters l WHERE l.subscriber = s.id AND l.kind = 'confirm' AND l.asked_at = s.created_at)
     GROUP BY substr(s.created_at, 1, 10), s.source, s.lists ORDER BY 1, 2";

const CONFIRMED: &str = "SELECT substr(c.at, 1, 10) AS day, c.way AS way, s.lists AS lists, COUNT(*) AS count FROM
     (SELECT subscriber, at, way, status, LAG(status) OVER (PARTITION BY subscriber ORDER BY number) AS old FROM changes WHERE about IS NULL) AS c
     JOIN subscribers s ON s.id = c.subscriber WHERE c.status = 'confirmed' AND COALESCE(c.old, 'pending') <> 'confirmed'
         AND NOT EXISTS (SELECT 1 FROM letters l WHERE l.subscriber = s.id AND l.kind = 'address' AND l.used_at = c.at)
     GROUP BY substr(c.at, 1, 10), c.way, s.lists ORDER BY 1, 2";

const LEFT: &str = "SELECT substr(c.at, 1, 10) AS day, c.status AS way, s.lists AS lists, COUNT(*) AS count FROM
     (SELECT subscriber, at, status, LAG(status) OVER (PARTITION BY subscriber ORDER BY number) AS old FROM changes WHERE about IS NULL) AS c
     JOIN subscribers s ON s.id = c.subscriber WHERE c.status IN ('unsubscribed', 'bounced', 'complained') AND COALESCE(c.old, 'confirmed') = 'confirmed'
         AND NOT (c.old IS NULL AND EXISTS (SELECT 1 FROM letters l
             WHERE l.subscriber = s.id AND l.kind = 'confirm' AND l.asked_at = s.created_at))
     GROUP BY substr(c.at, 1, 10), c.status, s.lists ORDER BY 1, 2";

const LEFT_BEFORE: &str =
    "SELECT substr(s.updated_at, 1, 10) AS day, s.status AS way, s.lists AS lists, COUNT(*) AS count FROM subscribers s
     WHERE s.status NOT IN ('pending', 'confirmed') AND s.updated_at > s.created_at
         AND NOT EXISTS (SELECT 1 FROM changes c WHERE c.subscriber = s.id)
     GROUP BY substr(s.updated_at, 1, 10), s.status, s.lists ORDER BY 1, 2";

impl Store {
    /// How the list grew and shrank, day by day.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn movements(&mut self) -> Result<Movements> {
        let mut movements = Movements::default();
        for (text, is_joined) in [(JOINED_AT_ONCE, true), (CONFIRMED, true), (LEFT, false), (LEFT_BEFORE, false)] {
            let rows = query(text).fetch_all(&mut self.connection).await?;
            let read = |row: &Row| {
                let lists: Option<String> = row.try_get("lists")?;
                let lists = lists.as_deref().map(Lists::from_stored);
                Ok(DayCount { day: row.try_get("day")?, way: row.try_get("way")?, lists, count: row.try_get("count")? })
            };
            let counts: Vec<DayCount> = rows.iter().map(read).collect::<Result<_>>()?;
            if is_joined { movements.joined.extend(counts) } else { movements.left.extend(counts) }
        }
        Ok(movements)
    }

    /// The readers who came last, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn newest_subscribers(&mut self, limit: u32) -> Result<Vec<Subscriber>> {
        let rows = query("SELECT * FROM subscribers ORDER BY id DESC LIMIT $1");
        let rows = rows.bind(limit).fetch_all(&mut self.connection).await?;
        rows.iter().map(read).collect()
    }

    /// The newest issues that this database sent, newest first, and what followed each.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn outcomes(&mut self, limit: usize) -> Result<Vec<IssueOutcome>> {
        let mut issues = self.sent_issues().await?;
        issues.sort_by_key(|issue| std::cmp::Reverse(issue.key.number));
        issues.truncate(limit);
        let mut outcomes = Vec::new();
        let mut until = "9999".to_owned();
        for issue in issues {
            let (number, time) = (issue.key.number, issue.key.time.to_string());
            let left = query("SELECT COUNT(*) FROM changes WHERE status = 'unsubscribed' AND at >= $1 AND at < $2");
            let unsubscribed = left.bind(&time).bind(&until).value(&mut self.connection).await?;
            let mut came_back = [0, 0];
            for (count, kind) in came_back.iter_mut().zip(["hard", "complaint"]) {
                let reports = query("SELECT COUNT(*) FROM reports WHERE issue = $1 AND kind = $2");
                *count = reports.bind(number).bind(kind).value(&mut self.connection).await?;
            }
            let [bounced, complained] = came_back;
            let deliveries = self.issue_counts(number).await?;
            until.clone_from(&time);
            outcomes.push(IssueOutcome {
                number,
                time,
                subject: issue.subject,
                deliveries,
                unsubscribed,
                bounced,
                complained,
            });
        }
        Ok(outcomes)
    }
}
