//! A reader as the table has them.

use super::connection::{Row, Transaction, query};
use super::{Result, StoreError};
use crate::model::{Details, Subscriber, SubscriberStatus};

pub(super) fn status_of(word: &str) -> Result<SubscriberStatus> {
    SubscriberStatus::parse(word).ok_or_else(|| StoreError::Content(format!("a subscriber's status `{word}`")))
}

pub(super) fn read(row: &Row) -> Result<Subscriber> {
    let id = row.try_get("id")?;
    let address: &str = row.try_get("address")?;
    Ok(Subscriber {
        id,
        address: address.parse().map_err(|_| StoreError::Content(format!("the address of subscriber {id}")))?,
        name: row.try_get("name")?,
        status: status_of(row.try_get("status")?)?,
        source: row.try_get("source")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
        details: Details::from_stored(
            row.try_get("language")?,
            row.try_get::<Option<String>, _>("lists")?.as_deref(),
            row.try_get::<Option<String>, _>("fields")?.as_deref(),
        ),
    })
}

/// The reader with this number.
pub(super) async fn numbered(transaction: &mut Transaction<'_>, id: i64) -> Result<Option<Subscriber>> {
    let row = query("SELECT * FROM subscribers WHERE id = $1").bind(id).fetch_optional(transaction).await?;
    row.map(|row| read(&row)).transpose()
}

/// Whether the reader `s` has a delivery. It is looked for by its whole key, issue by issue: an index of readers alone would cost more
/// at each issue than it saves, and PostgreSQL does not make a join of a count.
macro_rules! has_issue {
    () => {
        "EXISTS (SELECT 1 FROM issues i
             WHERE (SELECT COUNT(*) FROM deliveries d WHERE d.issue = i.number AND d.subscriber = s.id) > 0)"
    };
}
pub(super) use has_issue;

/// Whether the reader `s` is on one of the lists of the issue `i`.
pub(super) const IS_ON_LIST: &str = "(i.lists IS NULL OR s.lists IS NULL
    OR EXISTS (SELECT 1 FROM json_each(i.lists) AS l WHERE instr(s.lists, l.value ->> 0) > 0))";
