//! The list of readers.

use super::changes::{Changing, set};
use super::connection::{Row, query};
use super::subscriber::{read, status_of};
use super::{Result, Store};
use crate::model::{EmailAddress, Lists, Subscriber, SubscriberCounts, SubscriberStatus};

/// A reader to put on the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSubscriber {
    /// Where issues go.
    pub address: EmailAddress,
    /// The reader's name, when known.
    pub name: Option<String>,
    /// The status to begin with.
    pub status: SubscriberStatus,
    /// The lists that they are on; `None` for everything that is sent.
    pub lists: Option<Lists>,
}

/// What adding readers did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Added {
    /// How many rows are new.
    pub new: u64,
    /// How many were on the list already, whatever their status: those rows are as they were.
    pub known: u64,
}

impl Store {
    /// Puts readers on the list, all or none. Who is on it already, in whatever status, is left alone: no reader who left
    /// is mailed again by an import.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn add_subscribers(&mut self, readers: &[NewSubscriber], source: &str, now: &str) -> Result<Added> {
        let mut transaction = self.connection.begin().await?;
        let mut added = Added::default();
        for chunk in readers.chunks(1_000) {
            let rows: Vec<_> = chunk
                .iter()
                .map(|reader| {
                    serde_json::json!([
                        reader.address.as_str(),
                        reader.address.key(),
                        reader.name,
                        reader.status.as_str(),
                        reader.lists.as_ref().map(Lists::stored),
                    ])
                })
                .collect();
            let done = query(
                "INSERT INTO subscribers (address, address_key, name, status, source, created_at, updated_at, lists)
                 SELECT r.value ->> 0, r.value ->> 1, r.value ->> 2, r.value ->> 3, $2, $3, $3, r.value ->> 4 FROM json_each($1) AS r WHERE true
                 ON CONFLICT (address_key) DO NOTHING",
            )
            .bind(serde_json::Value::from(rows).to_string())
            .bind(source)
            .bind(now)
            .execute(&mut transaction)
            .await?;
            added.new += done;
        }
        transaction.commit().await?;
        added.known = readers.len() as u64 - added.new;
        Ok(added)
    }

    /// Sets the status of one reader; `None` when the address is not on the list.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_status(
        &mut self,
        address: &EmailAddress,
        status: SubscriberStatus,
        changing: Changing<'_>,
    ) -> Result<Option<SubscriberStatus>> {
        let mut transaction = self.connection.begin().await?;
        let row = query("SELECT id, status FROM subscribers WHERE address_key = $1").bind(address.key());
        let Some(row) = row.fetch_optional(&mut transaction).await? else { return transaction.end(None).await };
        let old = status_of(row.try_get("status")?)?;
        if old != status {
            set(&mut transaction, row.try_get("id")?, status, changing, None).await?;
        }
        transaction.commit().await?;
        Ok(Some(old))
    }

    /// One reader by address.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn subscriber(&mut self, address: &EmailAddress) -> Result<Option<Subscriber>> {
        let row = query("SELECT * FROM subscribers WHERE address_key = $1")
            .bind(address.key())
            .fetch_optional(&mut self.connection)
            .await?;
        row.map(|row| read(&row)).transpose()
    }

    /// A page of readers in the order in which they came, beginning after the one numbered `after`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn subscribers(
        &mut self,
        status: Option<SubscriberStatus>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Subscriber>> {
        let rows =
            query("SELECT * FROM subscribers WHERE id > $1 AND ($2 IS NULL OR status = $2) ORDER BY id LIMIT $3")
                .bind(after)
                .bind(status.map(SubscriberStatus::as_str))
                .bind(limit)
                .fetch_all(&mut self.connection)
                .await?;
        rows.iter().map(read).collect()
    }

    /// Puts a reader on these lists and no others; `None` is everything that is sent. False when the address is not on the list.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_lists(&mut self, address: &EmailAddress, lists: Option<&Lists>) -> Result<bool> {
        let mut transaction = self.connection.begin().await?;
        let change = query("UPDATE subscribers SET lists = $2 WHERE address_key = $1").bind(address.key());
        let changed = change.bind(&lists.map(Lists::stored)).execute(&mut transaction).await?;
        transaction.commit().await?;
        Ok(changed == 1)
    }

    /// Who gets what: the lists of confirmed readers, and how many are on just these.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn audience(&mut self) -> Result<Vec<(Option<Lists>, i64)>> {
        let rows = query("SELECT lists, COUNT(*) AS count FROM subscribers WHERE status = 'confirmed' GROUP BY lists")
            .fetch_all(&mut self.connection)
            .await?;
        let read = |row: &Row| {
            let lists: Option<String> = row.try_get("lists")?;
            Ok((lists.as_deref().map(Lists::from_stored), row.try_get("count")?))
        };
        rows.iter().map(read).collect()
    }

    /// How many readers there are of each status, without those who were erased.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn subscriber_counts(&mut self) -> Result<SubscriberCounts> {
        let rows = query("SELECT status, COUNT(*) AS count FROM subscribers WHERE source <> 'erased' GROUP BY status")
            .fetch_all(&mut self.connection)
            .await?;
        let mut counts = SubscriberCounts::default();
        for row in rows {
            *counts.of_mut(status_of(row.try_get("status")?)?) = row.try_get("count")?;
        }
        Ok(counts)
    }
}
