//! The outbox: a folder that gets one `.eml` file for each message. The name of the delivery is the name of the file,
//! so the same message written twice is one file.

use std::path::{Path, PathBuf};

use super::{Envelope, TransportError};
use crate::files;
use crate::model::Outcome;

/// Writes messages into a folder.
#[derive(Debug, Clone)]
pub struct Outbox {
    /// As it stands in the config, for messages.
    name: String,
    folder: PathBuf,
}

impl Outbox {
    pub(super) fn new(folder: &str, site: &Path) -> Self {
        Self { name: folder.to_owned(), folder: site.join(folder) }
    }

    pub(super) fn describe(&self) -> String {
        format!("the folder {}", self.name)
    }

    pub(super) fn open(&self) -> Result<Self, TransportError> {
        files::make_private_folder(&self.folder)
            .map_err(|error| TransportError::Folder { folder: self.name.clone(), reason: error.to_string() })?;
        files::sweep(&self.folder)
            .map_err(|error| TransportError::Folder { folder: self.name.clone(), reason: error.to_string() })?;
        Ok(self.clone())
    }

    /// A name that is no plain file name could lead out of the folder.
    pub(super) fn check(&self, envelope: &Envelope<'_>) -> Result<(), Outcome> {
        let name = envelope.name;
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', ':', '\0']) {
            return Err(Outcome::Refused(format!("this is not the name of a file in {}: `{name}`", self.describe())));
        }
        Ok(())
    }

    pub(super) async fn write(&self, envelope: &Envelope<'_>, message: &[u8]) -> Outcome {
        if let Err(refused) = self.check(envelope) {
            return refused;
        }
        let file = format!("{}.eml", envelope.name);
        let (path, message) = (self.folder.join(&file), message.to_vec());
        // The write waits for the disk; other connections go on meanwhile.
        let written = tokio::task::spawn_blocking(move || files::write_private_if_changed(&path, &message)).await;
        match written.map_err(std::io::Error::other).flatten() {
            Ok(_) => Outcome::Sent(format!("written to {}/{file}", self.name)),
            Err(error) => Outcome::Refused(format!("cannot write {}/{file}: {error}", self.name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_same_message_twice_is_one_file() {
        let site = tempfile::tempdir().unwrap();
        let outbox = Outbox::new("outbox", site.path()).open().unwrap();
        let (from, to) = ("news@example.org".parse().unwrap(), "ada@example.org".parse().unwrap());
        let envelope = Envelope { from: &from, to: &to, name: "issue-1-00042" };
        for _ in 0..2 {
            assert!(outbox.check(&envelope).is_ok());
            let outcome = outbox.write(&envelope, b"Subject: x\r\n\r\nx\r\n").await;
            assert_eq!(outcome, Outcome::Sent("written to outbox/issue-1-00042.eml".into()));
        }
        assert_eq!(files::list(site.path(), &|_| true).unwrap(), ["outbox/issue-1-00042.eml"]);
        let bytes = files::read(&site.path().join("outbox/issue-1-00042.eml")).unwrap();
        assert_eq!(bytes, b"Subject: x\r\n\r\nx\r\n");
    }

    #[tokio::test]
    async fn a_name_that_leads_out_of_the_folder_is_refused() {
        let site = tempfile::tempdir().unwrap();
        let outbox = Outbox::new("outbox", site.path()).open().unwrap();
        let (from, to) = ("news@example.org".parse().unwrap(), "ada@example.org".parse().unwrap());
        for name in ["", "../x", "/etc/x", "a\\b", ".hidden", "c:x"] {
            let envelope = Envelope { from: &from, to: &to, name };
            assert!(matches!(outbox.check(&envelope), Err(Outcome::Refused(_))), "{name:?} was accepted");
            assert!(matches!(outbox.write(&envelope, b"x").await, Outcome::Refused(_)));
        }
        assert!(files::list(site.path(), &|_| true).unwrap().is_empty());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error_with_a_cure() {
        let site = tempfile::tempdir().unwrap();
        files::write_new(&site.path().join("outbox"), b"a file").unwrap();
        let error = Outbox::new("outbox", site.path()).open().unwrap_err();
        assert!(matches!(&error, TransportError::Folder { folder, .. } if folder == "outbox"), "{error}");
    }
}
