//! Which messages may be complete at the server, beside the database: a byte for each reader of each open issue, written
//! before the end of the message can leave, and again when the server has accepted it. So a claim of many deliveries is one
//! flush to disk, and after a kill only those are in doubt whose message was complete and not answered. The bytes outlive the
//! process, not the system: after a restart of the machine a whole claim is in doubt.

use serde::{Deserialize, Serialize};
use sqlx::Row as _;

use super::delivery::DeliveryKey;
use super::{Result, Store, StoreError};
use crate::files;

/// The name under which the layout is kept.
const CLAIMS: &str = "claims";

/// What can be said of a message that was claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It may be complete at the server.
    Complete,
    /// The server has accepted it.
    Accepted,
}

/// The marks of the process that delivers.
#[derive(Debug)]
pub struct Marks {
    file: files::Marks,
    layout: Layout,
}

/// Where the byte of a delivery is, and by what its file is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Layout {
    nonce: String,
    boot: String,
    /// More than the number of any reader.
    stride: i64,
    issues: Vec<i64>,
}

impl Marks {
    /// Says of a delivery that was tried so often before what is known of its message; `None` when it is certain that the
    /// server does not have it.
    ///
    /// # Errors
    /// As the system reports them; also of a delivery of an issue that was not open when the marks were made.
    pub fn set(&self, key: DeliveryKey, attempts: i64, mark: Option<Mark>) -> std::io::Result<()> {
        let at = self.layout.at(key).ok_or_else(|| std::io::Error::other("this issue has no marks"))?;
        self.file.set(at, byte(attempts, mark))
    }

    fn get(&self, key: DeliveryKey, attempts: i64) -> std::io::Result<Known> {
        let Some(at) = self.layout.at(key) else { return Ok(Known::Nothing) };
        Ok(read(self.file.get(at)?, attempts))
    }
}

impl Layout {
    fn at(&self, key: DeliveryKey) -> Option<u64> {
        let issue = self.issues.iter().position(|issue| *issue == key.issue)? as u64;
        let (stride, subscriber) = (u64::try_from(self.stride).ok()?, u64::try_from(key.subscriber).ok()?);
        (subscriber < stride).then_some(issue * stride + subscriber)
    }

    fn head(&self) -> String {
        format!("tidings claims {}\n", self.nonce)
    }
}

/// What is known of a delivery whose process has died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// Whether its message was complete is not known.
    Nothing,
    /// It was not complete.
    Incomplete,
    /// It was complete, and the answer is not known.
    Complete,
    /// The server accepted it.
    Accepted,
}

/// Numbers of tries are told apart up to this one.
const TRIES: i64 = 127;

/// Never 0, but for what is not complete.
fn byte(attempts: i64, mark: Option<Mark>) -> u8 {
    let tries = u8::try_from(attempts.rem_euclid(TRIES)).unwrap_or_default();
    mark.map_or(0, |mark| 1 + tries * 2 + u8::from(mark == Mark::Accepted))
}

/// The byte of an earlier try says nothing. That of a later one does: the tries between were not recorded any more.
fn read(byte: u8, attempts: i64) -> Known {
    let Some(byte) = byte.checked_sub(1) else { return Known::Incomplete };
    let later = (i64::from(byte / 2) - attempts).rem_euclid(TRIES);
    match byte % 2 {
        _ if later > TRIES / 2 => Known::Incomplete,
        0 => Known::Complete,
        _ => Known::Accepted,
    }
}

impl Store {
    /// Makes the marks for delivering these issues, before anything is claimed. Only for the holder of [`Store::lock`].
    /// `None` where the system does not tell its starts apart: then every claim is in doubt when its process dies.
    ///
    /// # Errors
    /// When the file cannot be written, or the database does not answer.
    pub async fn new_marks(&mut self, issues: &[i64]) -> Result<Option<Marks>> {
        let Some(boot) = files::boot_id() else {
            self.set_value(CLAIMS, "").await?;
            return Ok(None);
        };
        let row = sqlx::query(
            "SELECT lower(hex(randomblob(16))) AS nonce, (SELECT COALESCE(MAX(id), 0) + 1 FROM subscribers) AS stride",
        );
        let row = row.fetch_one(&mut self.connection).await?;
        let layout =
            Layout { nonce: row.try_get("nonce")?, boot, stride: row.try_get("stride")?, issues: issues.to_vec() };
        let made = self.file.folder.new_marks(&self.marks_name(), layout.head().as_bytes());
        let file = made.map_err(|error| self.file.failed(error))?;
        let text = serde_json::to_string(&layout).map_err(|error| StoreError::Content(error.to_string()))?;
        self.set_value(CLAIMS, &text).await?;
        Ok(Some(Marks { file, layout }))
    }

    /// Removes the marks, unless something is claimed still.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn remove_marks(&mut self) -> Result<()> {
        let is_any = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM deliveries WHERE state = 'sending')");
        if !is_any.fetch_one(&mut self.connection).await? {
            // A file that stays is replaced by the next process.
            let _ = self.file.folder.remove(&self.marks_name());
        }
        Ok(())
    }

    /// What the marks of the last process say of these deliveries and the number of their tries.
    pub(super) async fn known(&mut self, claimed: &[(DeliveryKey, i64)]) -> Result<Vec<Known>> {
        let nothing = || vec![Known::Nothing; claimed.len()];
        let Some(text) = self.value(CLAIMS).await?.filter(|text| !text.is_empty()) else { return Ok(nothing()) };
        let layout: Layout =
            serde_json::from_str(&text).map_err(|error| StoreError::Content(format!("the claims: {error}")))?;
        if files::boot_id().as_ref() != Some(&layout.boot) {
            return Ok(nothing());
        }
        let found = self.file.folder.marks(&self.marks_name(), layout.head().as_bytes());
        let Some(file) = found.map_err(|error| self.file.failed(error))? else { return Ok(nothing()) };
        let marks = Marks { file, layout };
        let known = claimed.iter().map(|(key, attempts)| marks.get(*key, *attempts));
        known.collect::<std::io::Result<_>>().map_err(|error| self.file.failed(error))
    }

    fn marks_name(&self) -> String {
        format!("{}-claims", self.file.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_of_its_try() {
        for attempts in [0, 1, 126, 127, 500] {
            assert_eq!(read(byte(attempts, None), attempts), Known::Incomplete);
            assert_eq!(read(byte(attempts, Some(Mark::Complete)), attempts), Known::Complete);
            assert_eq!(read(byte(attempts, Some(Mark::Accepted)), attempts), Known::Accepted);
            let earlier = byte(attempts, Some(Mark::Accepted));
            assert_eq!(read(earlier, attempts + 1), Known::Incomplete, "an earlier try");
            assert_eq!(read(byte(attempts + 1, Some(Mark::Complete)), attempts), Known::Complete, "not recorded");
        }
    }

    #[test]
    fn each_delivery_has_its_byte() {
        let layout = Layout { nonce: String::new(), boot: String::new(), stride: 10, issues: vec![3, 7] };
        let at = |issue, subscriber| layout.at(DeliveryKey { issue, subscriber });
        assert_eq!([at(3, 0), at(3, 9), at(7, 0), at(7, 9)], [Some(0), Some(9), Some(10), Some(19)]);
        assert_eq!([at(4, 1), at(3, 10), at(3, -1)], [None; 3]);
    }
}
