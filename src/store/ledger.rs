//! Runs, the entries they mailed, and their frozen issues.

use sqlx::AssertSqlSafe;

use super::connection::{Row, query};
use super::subscriber::IS_ON_LIST;
use super::wake::wake;
use super::{Result, Store, StoreError, memory, moment, seconds};
use crate::model::{DeliveryCounts, Issue, MailedEntry, Run};

/// The issues that have open deliveries. Only these are read: an issue may have very many that are over.
macro_rules! open {
    () => {
        "(SELECT issue FROM deliveries WHERE state IN (0, 3) UNION ALL SELECT issue FROM deliveries WHERE state = 1)"
    };
}

/// An entry as a run records it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrozenEntry {
    /// The entry and the issue that carries it; its `run` is filled in by the ledger.
    pub mailed: MailedEntry,
    /// Its permalink at that time.
    pub url: String,
}

/// A run as `runs` lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSummary {
    /// The run.
    pub run: Run,
    /// The number and subject of each of its issues.
    pub issues: Vec<(i64, String)>,
    /// The states of all its deliveries.
    pub deliveries: DeliveryCounts,
}

/// An issue that was not tried for some of its readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untried {
    /// As it was frozen.
    pub issue: Issue,
    /// When the owner asked for the oldest of these deliveries, RFC 3339 in UTC; `None` when there is one that has waited since
    /// the issue was frozen.
    pub asked_at: Option<String>,
}

impl Store {
    /// The number of the newest row, 0 when there is none.
    pub(super) async fn newest_run(&mut self) -> Result<i64> {
        Ok(query("SELECT COALESCE(MAX(id), 0) FROM runs").value(&mut self.connection).await?)
    }

    /// The last recorded run: the one with the latest time, whatever clock the others had.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_run(&mut self) -> Result<Option<Run>> {
        let row = query("SELECT * FROM runs ORDER BY cutoff DESC, id DESC LIMIT 1")
            .fetch_optional(&mut self.connection)
            .await?;
        row.map(|row| read_run(&row)).transpose()
    }

    /// Every entry that any run has mailed, oldest run first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn mailed_entries(&mut self) -> Result<Vec<MailedEntry>> {
        let all = "SELECT run, id, issue, path, title, published, content_hash, sketch FROM entries ORDER BY run, id";
        let rows = query(all).fetch_all(&mut self.connection).await?;
        rows.iter()
            .map(|row| {
                Ok(MailedEntry {
                    id: row.try_get("id")?,
                    run: row.try_get("run")?,
                    issue: row.try_get("issue")?,
                    path: row.try_get("path")?,
                    content_hash: row.try_get("content_hash")?,
                    sketch: row.try_get("sketch")?,
                    title: row.try_get("title")?,
                    published: row.try_get("published")?,
                })
            })
            .collect()
    }

    /// The number of the next issue.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn next_issue(&mut self) -> Result<i64> {
        Ok(query("SELECT COALESCE(MAX(number), 0) + 1 FROM issues").value(&mut self.connection).await?)
    }

    /// Freezes a run: its entries, its issues and one queued delivery of each issue to each confirmed subscriber on its lists, in
    /// one transaction. Returns how many deliveries were queued.
    ///
    /// # Errors
    /// When the database does not answer or the deliveries do not balance with the subscribers; nothing is recorded then.
    pub async fn freeze(&mut self, cutoff: &str, entries: &[FrozenEntry], issues: &[Issue]) -> Result<u64> {
        if self.is_overtaken {
            return Err(StoreError::Overtaken);
        }
        let mut transaction = self.connection.begin().await?;
        let run: i64 =
            query("INSERT INTO runs (cutoff) VALUES ($1) RETURNING id").bind(cutoff).value(&mut transaction).await?;
        for issue in issues {
            let frozen = serde_json::to_string(issue).map_err(|error| StoreError::Content(error.to_string()))?;
            query("INSERT INTO issues (number, run, subject, digest, frozen, lists) VALUES ($1, $2, $3, $4, $5, $6)")
                .bind(issue.number)
                .bind(run)
                .bind(&issue.subject)
                .bind(&issue.digest)
                .bind(frozen)
                .bind(&lists_of(issue))
                .execute(&mut transaction)
                .await?;
        }
        for entry in entries {
            query(
                "INSERT INTO entries (run, id, issue, path, url, title, published, content_hash, sketch)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            )
            .bind(run)
            .bind(&entry.mailed.id)
            .bind(entry.mailed.issue)
            .bind(&entry.mailed.path)
            .bind(&entry.url)
            .bind(&entry.mailed.title)
            .bind(&entry.mailed.published)
            .bind(&entry.mailed.content_hash)
            .bind(&entry.mailed.sketch)
            .execute(&mut transaction)
            .await?;
        }
        let confirmed: i64 =
            query("SELECT COUNT(*) FROM subscribers WHERE status = 'confirmed'").value(&mut transaction).await?;
        let queue = format!(
            "INSERT INTO deliveries (issue, subscriber, state, updated_at)
             SELECT i.number, s.id, 0, $2 FROM issues i, subscribers s
             WHERE i.run = $1 AND s.status = 'confirmed' AND {IS_ON_LIST} ORDER BY i.number, s.id"
        );
        let queue = query(AssertSqlSafe(queue)).bind(run).bind(seconds(cutoff)?);
        let queued = queue.execute(&mut transaction).await?;
        let mut on_other_lists: i64 = 0;
        if issues.iter().any(|issue| !issue.lists.is_empty()) {
            let passed = format!(
                "SELECT COUNT(*) FROM issues i, subscribers s WHERE i.run = $1 AND s.status = 'confirmed' AND NOT {IS_ON_LIST}"
            );
            on_other_lists = query(AssertSqlSafe(passed)).bind(run).value(&mut transaction).await?;
        }
        if queued + on_other_lists.unsigned_abs() != confirmed.unsigned_abs() * issues.len() as u64 {
            return Err(StoreError::Content(format!(
                "{queued} deliveries for {confirmed} subscribers, {on_other_lists} on other lists: not balanced"
            )));
        }
        let generation = memory::raise(&mut transaction, self.generation).await?;
        wake(&mut transaction).await?;
        transaction.commit().await?;
        self.tell(generation, true);
        Ok(queued)
    }

    /// The issues that still have open deliveries, oldest first, as they were frozen.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_issues(&mut self) -> Result<Vec<Issue>> {
        let frozen: Vec<String> = query(concat!(
            "SELECT frozen FROM issues JOIN runs ON runs.id = issues.run WHERE runs.finished_at IS NULL AND number IN ",
            open!(),
            " ORDER BY number",
        ))
        .values(&mut self.connection)
        .await?;
        frozen.iter().map(|text| thaw(text)).collect()
    }

    /// The issues of which a delivery was neither tried nor put off, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn untried_issues(&mut self) -> Result<Vec<Untried>> {
        let fresh = "FROM deliveries d WHERE d.state IN (0, 3) AND d.next_attempt_at = 0
             AND d.attempts = 0";
        // The sign keeps SQLite from reading all deliveries of the issue in the place of the queue.
        let of_issue = format!("{fresh} AND +d.issue = i.number");
        let asked = "SELECT CASE WHEN d.text IS NOT NULL OR d.shared IS NOT NULL THEN d.updated_at ELSE (
            SELECT MAX(e.at) FROM earlier_tries e WHERE e.issue = d.issue AND e.subscriber = d.subscriber) END";
        let untried = format!(
            "SELECT i.frozen, CASE WHEN NOT EXISTS (SELECT 1 {of_issue} AND ({asked}) IS NULL)
                 THEN (SELECT MIN(({asked})) {of_issue}) END AS asked_at
             FROM issues i WHERE i.number IN (SELECT d.issue {fresh}) ORDER BY i.number"
        );
        let rows = query(AssertSqlSafe(untried)).fetch_all(&mut self.connection).await?;
        rows.iter()
            .map(|row| {
                let asked_at: Option<i64> = row.try_get("asked_at")?;
                Ok(Untried { issue: thaw(row.try_get("frozen")?)?, asked_at: asked_at.map(moment).transpose()? })
            })
            .collect()
    }

    /// An issue as it was frozen, with its run; `None` when this database did not send it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn issue(&mut self, number: i64) -> Result<Option<(i64, Issue)>> {
        let row = query("SELECT run, frozen FROM issues WHERE number = $1").bind(number);
        let row = row.fetch_optional(&mut self.connection).await?;
        row.map(|row| Ok((row.try_get("run")?, thaw(row.try_get("frozen")?)?))).transpose()
    }

    /// Closes every run whose last delivery has left the queue.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn finish_runs(&mut self, now: &str) -> Result<u64> {
        let done = query(concat!(
            "UPDATE runs SET finished_at = $1
             WHERE finished_at IS NULL AND id NOT IN (SELECT run FROM issues WHERE number IN ",
            open!(),
            ")"
        ))
        .bind(now)
        .execute(&mut self.connection)
        .await?;
        Ok(done)
    }

    /// Every run, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn runs(&mut self) -> Result<Vec<RunSummary>> {
        let rows = query("SELECT * FROM runs ORDER BY id DESC").fetch_all(&mut self.connection).await?;
        self.summaries(&rows).await
    }

    /// One run, or the newest.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn run(&mut self, number: Option<i64>) -> Result<Option<RunSummary>> {
        let number = match number {
            Some(number) => number,
            None => self.newest_run().await?,
        };
        let rows = query("SELECT * FROM runs WHERE id = $1").bind(number).fetch_all(&mut self.connection).await?;
        Ok(self.summaries(&rows).await?.pop())
    }

    async fn summaries(&mut self, rows: &[Row]) -> Result<Vec<RunSummary>> {
        let mut summaries = Vec::new();
        for row in rows {
            let run = read_run(row)?;
            let issues = query("SELECT number, subject FROM issues WHERE run = $1 ORDER BY number").bind(run.id);
            let issues = issues.fetch_all(&mut self.connection).await?;
            let issues = issues.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_>>()?;
            let deliveries = self.delivery_counts(Some(run.id)).await?;
            summaries.push(RunSummary { run, issues, deliveries });
        }
        Ok(summaries)
    }
}

/// The lists of an issue as the database has them.
fn lists_of(issue: &Issue) -> Option<String> {
    let lists: Vec<_> = issue.lists.iter().map(|name| [format!(" {name} ")]).collect();
    (!lists.is_empty()).then(|| serde_json::json!(lists).to_string())
}

fn thaw(frozen: &str) -> Result<Issue> {
    serde_json::from_str(frozen).map_err(|error| StoreError::Content(format!("a frozen issue: {error}")))
}

fn read_run(row: &Row) -> Result<Run> {
    Ok(Run { id: row.try_get("id")?, cutoff: row.try_get("cutoff")?, finished_at: row.try_get("finished_at")? })
}
