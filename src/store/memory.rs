//! What tells the newest state of a database from an older one: who it is, how far it has come, and which issues it knows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use super::connection::{Link, Transaction, query};
use super::tries::keep_last;
use super::{Result, Store, StoreError, seconds};
use crate::files::Counter;
use crate::model::{IssueKey, Record, RecordedEntry, sha256_hex};

/// An issue that the database sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentIssue {
    /// Which one.
    pub key: IssueKey,
    /// The run that froze it.
    pub run: i64,
    /// Its subject.
    pub subject: String,
    /// True when no delivery of its run is open.
    pub is_finished: bool,
}

/// What a database takes in when it goes on although others know more than it does.
#[derive(Debug, Default)]
pub struct Adoption<'a> {
    /// Issues that it does not know.
    pub records: &'a [Record],
    /// How far others know it to have come.
    pub generation: i64,
    /// Why its open deliveries are in doubt; `None` when they go on.
    pub doubt: Option<&'a str>,
}

impl Store {
    /// Which ledger this is: 32 hexadecimal digits, the same in every copy of it, and no other's. They are made from the
    /// secret and say nothing about it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ledger_id(&mut self) -> Result<String> {
        let mut named = b"ledger ".to_vec();
        named.extend(self.secret().await?.bytes);
        let mut id = sha256_hex(&named);
        id.truncate(32);
        Ok(id)
    }

    /// How far it has come: grows with everything after which an older copy would send something twice.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn generation(&mut self) -> Result<i64> {
        generation(&mut self.connection).await
    }

    /// Raises the generation, as each freeze and each batch of deliveries does.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn raise_generation(&mut self) -> Result<()> {
        let mut transaction = self.connection.begin().await?;
        let generation = raise(&mut transaction, self.generation).await?;
        transaction.commit().await?;
        self.tell(generation, true);
        Ok(())
    }

    /// From now on `counter` is set to the generation after each commit that raises it, before anything else happens: what
    /// such a commit allows was allowed by a generation that is known outside of the database.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_counter(&mut self, counter: Option<Counter>) -> Result<()> {
        self.counter = counter;
        let generation = self.generation().await?;
        self.tell(generation, true);
        Ok(())
    }

    /// After a commit that raised the generation: sets the counter; `is_lasting` when that must survive a power cut. One that fails is given up.
    pub(super) fn tell(&mut self, generation: i64, is_lasting: bool) {
        self.generation = Some(generation);
        if let Some(Err(error)) = self.counter.as_mut().map(|counter| counter.set(generation, is_lasting)) {
            self.counter = None;
            self.counter_fault = Some(error);
        }
    }

    /// Why the counter was given up, once.
    pub fn take_counter_fault(&mut self) -> Option<std::io::Error> {
        self.counter_fault.take()
    }

    /// The machine that published from this database last.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn home(&mut self) -> Result<Option<String>> {
        self.value("home").await
    }

    /// Records the machine that publishes from this database.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_home(&mut self, machine: &str) -> Result<()> {
        if self.home().await?.as_deref() == Some(machine) {
            return Ok(());
        }
        self.set_value("home", machine).await
    }

    /// Every issue that this database sent, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sent_issues(&mut self) -> Result<Vec<SentIssue>> {
        let ledger = self.ledger_id().await?;
        let rows = query(
            "SELECT number, run, cutoff, subject, digest, finished_at IS NOT NULL AS finished FROM issues
             JOIN runs ON runs.id = issues.run ORDER BY number",
        )
        .fetch_all(&mut self.connection)
        .await?;
        rows.iter()
            .map(|row| {
                let number = row.try_get("number")?;
                let key = IssueKey {
                    number,
                    ledger: ledger.clone(),
                    time: moment(row.try_get("cutoff")?, number)?,
                    digest: row.try_get("digest")?,
                };
                let (run, subject) = (row.try_get("run")?, row.try_get("subject")?);
                Ok(SentIssue { key, run, subject, is_finished: row.try_get("finished")? })
            })
            .collect()
    }

    /// The issues that were taken in with [`Store::adopt`].
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn known_issues(&mut self) -> Result<Vec<Record>> {
        let texts: Vec<String> =
            query("SELECT record FROM known_issues ORDER BY number, ledger, time").values(&mut self.connection).await?;
        let read = |text: &String| {
            serde_json::from_str(text).map_err(|error| StoreError::Content(format!("a known issue: {error}")))
        };
        texts.iter().map(read).collect()
    }

    /// Takes in what others know, in one transaction; from then on this database is the newest. Returns how many deliveries
    /// are in doubt now.
    ///
    /// # Errors
    /// When the database does not answer; nothing is taken in then.
    pub async fn adopt(&mut self, adoption: &Adoption<'_>, now: &str) -> Result<u64> {
        // Only from one to the next can a log be followed; from there to the known one it may leap.
        self.raise_generation().await?;
        let said = match adoption.doubt {
            Some(doubt) => Some(self.text(doubt).await?),
            None => None,
        };
        let mut transaction = self.connection.begin().await?;
        for record in adoption.records {
            let text = serde_json::to_string(record).map_err(|error| StoreError::Content(error.to_string()))?;
            query(
                "INSERT INTO known_issues (number, ledger, time, digest, record) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT DO NOTHING",
            )
            .bind(record.number)
            .bind(&record.ledger)
            .bind(record.time.to_string())
            .bind(&record.digest)
            .bind(text)
            .execute(&mut transaction)
            .await?;
        }
        let mut held = 0;
        if let Some(said) = said {
            keep_last("deliveries d WHERE d.state IN (0, 1, 3)", [], &mut transaction).await?;
            held = query(
                "UPDATE deliveries
                 SET state = 5, next_attempt_at = 0, updated_at = $1, relay = NULL, codes = NULL, text = NULL, shared = $2
                 WHERE state IN (0, 1, 3)",
            )
            .bind(seconds(now)?)
            .bind(said)
            .execute(&mut transaction)
            .await?;
        }
        let generation =
            set(&mut transaction, self.generation.unwrap_or(0).max(adoption.generation.saturating_add(1))).await?;
        transaction.commit().await?;
        self.tell(generation, true);
        Ok(held)
    }

    /// The records of those of its issues that `numbers` names, as things are now. `day` gives the day of a moment at the site.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn records(&mut self, numbers: &BTreeSet<i64>, day: impl Fn(Timestamp) -> String) -> Result<Vec<Record>> {
        let mut issues = self.sent_issues().await?;
        issues.retain(|issue| numbers.contains(&issue.key.number));
        let mut entries: BTreeMap<i64, Vec<RecordedEntry>> = BTreeMap::new();
        for run in issues.iter().map(|issue| issue.run).collect::<BTreeSet<_>>() {
            let of_run = "SELECT * FROM entries WHERE run = $1 ORDER BY published DESC, path";
            for row in query(of_run).bind(run).fetch_all(&mut self.connection).await? {
                let number = row.try_get("issue")?;
                entries.entry(number).or_default().push(RecordedEntry {
                    id: row.try_get("id")?,
                    path: row.try_get("path")?,
                    title: row.try_get("title")?,
                    url: row.try_get("url")?,
                    published: day(moment(row.try_get("published")?, number)?),
                    content_hash: row.try_get("content_hash")?,
                    sketch: row.try_get("sketch")?,
                });
            }
        }
        let generation = self.generation().await?;
        let mut records = Vec::new();
        for SentIssue { key, run, subject, .. } in issues {
            records.push(Record {
                version: Record::VERSION,
                number: key.number,
                run,
                time: key.time,
                subject,
                digest: key.digest,
                entries: entries.remove(&key.number).unwrap_or_default(),
                deliveries: self.issue_counts(key.number).await?,
                ledger: key.ledger,
                generation,
            });
        }
        Ok(records)
    }
}

/// Raises the generation by one. `read` is what this process raised it to before: in a file only the holder of [`Store::lock`]
/// does.
pub(super) async fn raise(transaction: &mut Transaction<'_>, read: Option<i64>) -> Result<i64> {
    if let Transaction::Postgres(_) = transaction {
        return Ok(query("SELECT nextval('generation')").value(transaction).await?);
    }
    let now = match read {
        Some(generation) => generation,
        None => generation(&mut *transaction).await?,
    };
    set(transaction, now.saturating_add(1)).await
}

pub(super) async fn generation<'c>(link: impl Into<Link<'c>>) -> Result<i64> {
    let link = link.into();
    let generation = match link {
        Link::Sqlite(_) => "PRAGMA user_version",
        Link::Postgres(_) => "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM generation",
    };
    Ok(query(generation).value(link).await?)
}

pub(super) async fn set(transaction: &mut Transaction<'_>, generation: i64) -> Result<i64> {
    let generation = generation.min(Record::LARGEST_GENERATION);
    match transaction {
        Transaction::Sqlite(transaction) => {
            // A pragma takes no parameters.
            let pragma = AssertSqlSafe(format!("PRAGMA user_version = {generation}"));
            sqlx::query(pragma).persistent(false).execute(&mut **transaction).await?;
        }
        Transaction::Postgres(_) => {
            query("SELECT setval('generation', $1)").bind(generation).execute(transaction).await?;
        }
    }
    Ok(generation)
}

fn moment(text: &str, number: i64) -> Result<Timestamp> {
    text.parse().map_err(|_| StoreError::Content(format!("a time of issue {number}")))
}
