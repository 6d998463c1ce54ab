//! The table of tries: the history of each delivery, to which rows are only ever added.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::{Result, Store, StoreError, moment, seconds};
use crate::model::{Answer, DeliveryState};

/// So many different answers are remembered while messages leave.
const REMEMBERED: usize = 1_000;

/// The way out of tries that were made before the way out was kept.
pub(super) const UNKNOWN: &str = "unknown";

/// The name under which the way out of the present tries is kept.
pub(super) const RELAY: &str = "relay";

/// One try of a delivery, or a decision about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Try {
    /// When it ended, RFC 3339 in UTC.
    pub at: String,
    /// What the delivery became by it.
    pub state: DeliveryState,
    /// The way out that was asked; `None` for a decision without one.
    pub relay: Option<String>,
    /// What was said.
    pub answer: Answer,
}

impl Store {
    /// The number under which tries by a way out are recorded, such as `smtps://mail.example.org:465`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn relay(&mut self, name: &str) -> Result<i64> {
        self.text(name).await
    }

    /// Names the way out that the tries of a process that dies have taken.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_relay(&mut self, relay: &str) -> Result<()> {
        self.set_value(RELAY, relay).await
    }

    /// How many tries there were since a moment, by one way out or by all, for limits that hold longer than a run.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tried_since(&mut self, moment: &str, relay: Option<&str>) -> Result<u64> {
        let count = sqlx::query_scalar(
            "SELECT COUNT(*) FROM tries
             WHERE at >= $1 AND relay IS NOT NULL
               AND (CAST($2 AS TEXT) IS NULL OR relay = (SELECT id FROM texts WHERE text = $2))",
        );
        let count: i64 = count.bind(seconds(moment)?).bind(relay).fetch_one(&mut self.connection).await?;
        Ok(count.unsigned_abs())
    }

    /// The number of a text that is kept once.
    pub(super) async fn text(&mut self, text: &str) -> Result<i64> {
        // An update that changes nothing, so that the number is returned of an old text too.
        let number = sqlx::query_scalar(
            "INSERT INTO texts (text) VALUES ($1) ON CONFLICT (text) DO UPDATE SET text = excluded.text RETURNING id",
        );
        Ok(number.bind(text).fetch_one(&mut self.connection).await?)
    }

    /// The number of an answer's text when that is said more than once. Most answers are said once (they name the message), and
    /// cost less beside their try.
    pub(super) async fn shared(&mut self, text: &str) -> Result<Option<i64>> {
        match self.said.get(text) {
            Some(Some(number)) => Ok(Some(*number)),
            Some(None) => {
                let number = self.text(text).await?;
                self.said.insert(text.to_owned(), Some(number));
                Ok(Some(number))
            }
            None => {
                if self.said.len() >= REMEMBERED {
                    self.said.clear();
                }
                self.said.insert(text.to_owned(), None);
                Ok(None)
            }
        }
    }
}

/// Reads the columns of the view `history` in a row that has a try, or none.
pub(super) fn read(row: &SqliteRow) -> Result<Option<Try>> {
    if row.try_get::<Option<i64>, _>("try")?.is_none() {
        return Ok(None);
    }
    let state: i64 = row.try_get("tried")?;
    Ok(Some(Try {
        at: moment(row.try_get("at")?)?,
        state: DeliveryState::from_number(state)
            .ok_or_else(|| StoreError::Content(format!("a try's state {state}")))?,
        relay: row.try_get("relay")?,
        answer: Answer {
            code: row.try_get("code")?,
            enhanced: row.try_get("enhanced")?,
            text: row.try_get::<Option<String>, _>("text")?.unwrap_or_default(),
        },
    }))
}
