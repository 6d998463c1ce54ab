//! The history of each delivery, to which is only ever added. What was said last is in the row of the delivery, what was said
//! before in the table `earlier_tries`: of most deliveries one thing is said.

use sqlx::AssertSqlSafe;

use super::connection::{Link, Query, Row, Transaction, Value, query};
use super::delivery::state_of;
use super::{Result, Store, moment};
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

    /// The number of a text that is kept once.
    pub(super) async fn text(&mut self, text: &str) -> Result<i64> {
        number_of(text, &mut self.connection).await
    }

    /// The number of an answer's codes.
    pub(super) async fn codes(&mut self, answer: &Answer) -> Result<Option<i64>> {
        let Some(code) = answer.code else { return Ok(None) };
        let codes = match &answer.enhanced {
            Some(enhanced) => format!("{code} {enhanced}"),
            None => code.to_string(),
        };
        if let Some(Some(number)) = self.said.get(&codes) {
            return Ok(Some(*number));
        }
        let number = self.text(&codes).await?;
        self.said.insert(codes, Some(number));
        Ok(Some(number))
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

/// The columns of what was said last of the delivery `d` and, of each row of `earlier_tries` as `e`, of what was said before.
macro_rules! history {
    () => {
        "d.state, d.updated_at, (SELECT x.text FROM texts x WHERE x.id = d.relay) AS relay,
         (SELECT x.text FROM texts x WHERE x.id = d.codes) AS codes,
         COALESCE(d.text, (SELECT x.text FROM texts x WHERE x.id = d.shared)) AS said,
         e.state AS earlier_state, e.at AS earlier_at, (SELECT x.text FROM texts x WHERE x.id = e.relay) AS earlier_relay,
         (SELECT x.text FROM texts x WHERE x.id = e.codes) AS earlier_codes,
         COALESCE(e.text, (SELECT x.text FROM texts x WHERE x.id = e.shared)) AS earlier_said"
    };
}
pub(super) use history;

/// What was said last of the delivery in a row of [`history`], when that is with it.
pub(super) fn last(row: &Row) -> Result<Option<Try>> {
    read(row, ["state", "updated_at", "relay", "codes", "said"])
}

/// What was said before.
pub(super) fn earlier(row: &Row) -> Result<Option<Try>> {
    read(row, ["earlier_state", "earlier_at", "earlier_relay", "earlier_codes", "earlier_said"])
}

fn read(row: &Row, [state, at, relay, codes, said]: [&str; 5]) -> Result<Option<Try>> {
    let Some(text) = row.try_get(said)? else { return Ok(None) };
    let codes: Option<&str> = row.try_get(codes)?;
    let (code, enhanced) = codes.map_or((None, None), |codes| match codes.split_once(' ') {
        Some((code, enhanced)) => (code.parse().ok(), Some(enhanced.to_owned())),
        None => (codes.parse().ok(), None),
    });
    Ok(Some(Try {
        at: moment(row.try_get(at)?)?,
        state: state_of(row.try_get(state)?)?,
        relay: row.try_get(relay)?,
        answer: Answer { code, enhanced, text },
    }))
}

/// Puts what was said last of deliveries among the earlier tries, before something else is said. `which` is what follows `FROM`,
/// where `d` are rows of `deliveries`, up to a condition.
pub(super) async fn keep_last(
    which: &str,
    about: impl IntoIterator<Item = Value>,
    transaction: &mut Transaction<'_>,
) -> Result<()> {
    let keep = format!(
        "INSERT INTO earlier_tries (issue, subscriber, at, state, relay, codes, text, shared)
         SELECT d.issue, d.subscriber, d.updated_at, d.state, d.relay, d.codes, d.text, d.shared FROM {which}
           AND (d.text IS NOT NULL OR d.shared IS NOT NULL)"
    );
    about.into_iter().fold(query(AssertSqlSafe(keep)), Query::bind).execute(transaction).await?;
    Ok(())
}

/// The number of a text that is kept once.
pub(super) async fn number_of<'c>(text: &str, link: impl Into<Link<'c>>) -> Result<i64> {
    // An update that changes nothing, so that the number is returned of an old text too.
    let number = query(
        "INSERT INTO texts (text) VALUES ($1) ON CONFLICT (text) DO UPDATE SET text = excluded.text RETURNING id",
    );
    Ok(number.bind(text).value(link).await?)
}
