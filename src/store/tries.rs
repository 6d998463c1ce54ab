//! The table of tries: the history of each delivery, to which rows are only ever added.

use sqlx::AssertSqlSafe;

use super::connection::{Link, Row, query};
use super::{Result, Store, StoreError, moment, seconds};
use crate::model::{Answer, DeliveryState};

/// So many different answers are remembered while messages leave.
const REMEMBERED: usize = 1_000;

/// Longer ones are not looked for: an index of PostgreSQL takes 2,700 bytes.
const LONGEST: usize = 2_000;

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
        relay.clone_into(&mut self.about.relay);
        if self.is_shared() { Ok(()) } else { self.set_value(RELAY, relay).await }
    }

    /// How many tries there were since a moment, by one way out or by all, for limits that hold longer than a run.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tried_since(&mut self, moment: &str, relay: Option<&str>) -> Result<u64> {
        let count = query(
            "SELECT COUNT(*) FROM tries
             WHERE at >= $1 AND relay IS NOT NULL
               AND (CAST($2 AS TEXT) IS NULL OR relay = (SELECT id FROM texts WHERE text = $2))",
        );
        let count: i64 = count.bind(seconds(moment)?).bind(relay).value(&mut self.connection).await?;
        Ok(count.unsigned_abs())
    }

    /// How many tries there were since a moment for the readers of some domains, which are in lower-case ASCII.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tried_to_since(&mut self, moment: &str, domains: &[String]) -> Result<u64> {
        let count = format!("SELECT COUNT(*) {}", to(domains));
        let count = query(AssertSqlSafe(count)).bind(seconds(moment)?);
        let count = domains.iter().fold(count, |count, domain| count.bind(format!("%@{domain}")));
        let count: i64 = count.value(&mut self.connection).await?;
        Ok(count.unsigned_abs())
    }

    /// When the try for the readers of some domains was that so many others came before since a moment.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn try_to_after(&mut self, since: &str, others: u64, domains: &[String]) -> Result<Option<String>> {
        let at = format!("SELECT t.at {} ORDER BY t.at LIMIT 1 OFFSET {others}", to(domains));
        let at = query(AssertSqlSafe(at)).bind(seconds(since)?);
        let at = domains.iter().fold(at, |at, domain| at.bind(format!("%@{domain}")));
        at.optional_value(&mut self.connection).await?.map(moment).transpose()
    }

    /// The number of a text that is kept once.
    pub(super) async fn text(&mut self, text: &str) -> Result<i64> {
        number_of(text, &mut self.connection).await
    }

    /// The number of an answer's text when that is said more than once. Most answers are said once (they name the message), and
    /// cost less beside their try.
    pub(super) async fn shared(&mut self, text: &str) -> Result<Option<i64>> {
        if text.len() > LONGEST {
            return Ok(None);
        }
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

/// What follows `SELECT` for the tries since `$1` for the readers of so many domains, from `$2` on.
fn to(domains: &[String]) -> String {
    let domains: Vec<_> = (2..domains.len() + 2).map(|number| format!("s.address LIKE ${number}")).collect();
    format!(
        "FROM tries t JOIN subscribers s ON s.id = t.subscriber WHERE t.at >= $1 AND t.relay IS NOT NULL AND ({})",
        domains.join(" OR ")
    )
}

/// The number of a text that is kept once.
pub(super) async fn number_of<'c>(text: &str, link: impl Into<Link<'c>>) -> Result<i64> {
    // An update that changes nothing, so that the number is returned of an old text too.
    let number = query(
        "INSERT INTO texts (text) VALUES ($1) ON CONFLICT (text) DO UPDATE SET text = excluded.text RETURNING id",
    );
    Ok(number.bind(text).value(link).await?)
}

/// Reads the columns of the view `history` in a row that has a try, or none.
pub(super) fn read(row: &Row) -> Result<Option<Try>> {
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
            code: row.try_get::<Option<i64>, _>("code")?.and_then(|code| u16::try_from(code).ok()),
            enhanced: row.try_get("enhanced")?,
            text: row.try_get::<Option<String>, _>("text")?.unwrap_or_default(),
        },
    }))
}
