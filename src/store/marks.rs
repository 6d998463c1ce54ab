//! Which messages may be complete at the server, beside the database: a byte for each reader of each open issue, written
//! before the end of the message can leave, and again when the server has accepted it. So a claim of many deliveries is one
//! flush to disk, and after a kill only those are in doubt whose message was complete and not answered. The bytes outlive the
//! process, not the system: after a restart of the machine a whole claim is in doubt.

use serde::{Deserialize, Serialize};

use super::connection::{Connection, Link, query};
use super::delivery::DeliveryKey;
use super::file::DatabaseFile;
use super::senders::Claimant;
use super::{Result, Store, StoreError, value};
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

    /// Whether the process that made them lives.
    pub(super) fn are_held(&self) -> bool {
        self.file.is_held()
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
    /// Makes the marks for delivering these issues, before anything is claimed. In a file only for the holder of
    /// [`Store::lock`]. `None` where the system does not tell its starts apart: then every claim is in doubt when its process dies.
    ///
    /// # Errors
    /// When the file cannot be written, or the database does not answer.
    pub async fn new_marks(&mut self, issues: &[i64]) -> Result<Option<Marks>> {
        self.leave().await?;
        let token = self.token().await?;
        let Some(boot) = files::boot_id() else {
            if token.is_none() {
                self.set_value(CLAIMS, "").await?;
            }
            return Ok(None);
        };
        let row = query(match self.connection {
            Connection::Sqlite(_) => {
                "SELECT lower(hex(randomblob(16))), (SELECT COALESCE(MAX(id), 0) + 1 FROM subscribers)"
            }
            Connection::Postgres(_) => {
                "SELECT gen_random_uuid()::text, (SELECT COALESCE(MAX(id), 0) + 1 FROM subscribers)"
            }
        });
        let row = row.fetch_one(&mut self.connection).await?;
        let layout = Layout { nonce: row.try_get(0)?, boot, stride: row.try_get(1)?, issues: issues.to_vec() };
        let failed = |error| self.file.failed(error);
        let made = self.file.folder.new_marks(&name(&self.file, token), layout.head().as_bytes());
        let file = made.map_err(failed)?;
        let text = serde_json::to_string(&layout).map_err(|error| StoreError::Content(error.to_string()))?;
        match token {
            Some(token) => {
                file.hold().map_err(failed)?;
                self.set_claims(token, &text).await?;
            }
            None => self.set_value(CLAIMS, &text).await?,
        }
        Ok(Some(Marks { file, layout }))
    }

    /// Removes the marks, unless something is claimed still.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn remove_marks(&mut self) -> Result<()> {
        let token = self.sender.as_ref().map(|sender| sender.token);
        let is_any = match token {
            Some(token) => query("SELECT EXISTS (SELECT 1 FROM deliveries WHERE state = 1 AND claim = $1)").bind(token),
            None => query("SELECT EXISTS (SELECT 1 FROM deliveries WHERE state = 1)"),
        };
        if !is_any.value::<bool>(&mut self.connection).await? {
            // A file that stays is replaced by the next process.
            let _ = self.file.folder.remove(&name(&self.file, token));
            self.leave().await?;
        }
        Ok(())
    }
}

/// What the owner of the file said of its claims.
pub(super) async fn in_file(mut link: Link<'_>) -> Result<String> {
    Ok(value(CLAIMS, link.again()).await?.unwrap_or_default())
}

/// The marks that a sender left on this machine since it was started; `None` when it left none here.
pub(super) fn left(file: &DatabaseFile, sender: &Claimant) -> Result<Option<Marks>> {
    if sender.claims.is_empty() {
        return Ok(None);
    }
    let layout: Layout =
        serde_json::from_str(&sender.claims).map_err(|error| StoreError::Content(format!("the claims: {error}")))?;
    if files::boot_id().as_ref() != Some(&layout.boot) {
        return Ok(None);
    }
    let found = file.folder.marks(&name(file, sender.token), layout.head().as_bytes());
    Ok(found.map_err(|error| file.failed(error))?.map(|file| Marks { file, layout }))
}

/// What the marks say of these deliveries and the number of their tries.
pub(super) fn known(
    file: &DatabaseFile,
    marks: Option<&Marks>,
    claimed: impl Iterator<Item = (DeliveryKey, i64)>,
) -> Result<Vec<Known>> {
    let known = claimed.map(|(key, attempts)| marks.map_or(Ok(Known::Nothing), |marks| marks.get(key, attempts)));
    known.collect::<std::io::Result<_>>().map_err(|error| file.failed(error))
}

/// The name of the marks of a sender.
pub(super) fn name(file: &DatabaseFile, token: Option<i64>) -> String {
    match token {
        Some(token) => format!("{}-claims-{token}", file.name),
        None => format!("{}-claims", file.name),
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
