//! The outbox: a folder that gets one `.eml` file for each message. The name of the delivery is the name of the file,
//! so the same message written twice is one file.

use std::sync::Arc;

use async_trait::async_trait;

use super::error::TransportError;
use super::scheme::{Connection, Leads, Letter, OneByOne, Scheme, Transport};
use crate::files::{Access, Folder};
use crate::model::Outcome;

/// `outbox:FOLDER`
pub(super) const OUTBOX: Scheme = Scheme {
    name: "outbox",
    example: "outbox:outbox",
    leads: Leads::Folder(|folder, site| Arc::new(Outbox::new(folder, site))),
};

/// Writes messages into a folder.
#[derive(Debug, Clone)]
struct Outbox {
    /// As it stands in the config, for messages.
    name: String,
    site: Folder,
}

impl Outbox {
    fn new(folder: &str, site: &Folder) -> Self {
        Self { name: folder.to_owned(), site: site.clone() }
    }

    fn open(&self) -> Result<Self, TransportError> {
        let made = self.site.make_folder(&self.name, Access::Private).and_then(|()| self.site.sweep(&self.name));
        made.map_err(|error| TransportError::Folder { folder: self.name.clone(), reason: error.to_string() })?;
        Ok(self.clone())
    }

    /// A name that is no plain file name could lead out of the folder.
    fn check(&self, name: &str) -> Result<(), Outcome> {
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', ':', '\0']) {
            return Err(Outcome::Refused(format!("this is not the name of a file in {}: `{name}`", self.describe())));
        }
        Ok(())
    }
}

#[async_trait]
impl Transport for Outbox {
    async fn connect(&self) -> Result<Box<dyn Connection>, TransportError> {
        Ok(Box::new(self.open()?))
    }

    fn describe(&self) -> String {
        format!("the folder {}", self.name)
    }

    fn deduplicates(&self) -> bool {
        true
    }
}

#[async_trait]
impl OneByOne for Outbox {
    async fn deliver(&mut self, letter: &Letter, message: &[u8]) -> Outcome {
        if let Err(refused) = self.check(&letter.name) {
            return refused;
        }
        let file = format!("{}.eml", letter.name);
        let (site, path, message) = (self.site.clone(), format!("{}/{file}", self.name), message.to_vec());
        // The write waits for the disk; other connections go on meanwhile.
        let write = move || site.write_if_changed(&path, &message, Access::Private);
        let written = tokio::task::spawn_blocking(write).await;
        match written.map_err(std::io::Error::other).flatten() {
            Ok(_) => Outcome::Sent(format!("written to {}/{file}", self.name)),
            Err(error) => Outcome::Refused(format!("cannot write {}/{file}: {error}", self.name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scheme::send;
    use super::*;
    use crate::files::FileKind;

    fn letter(name: &str) -> Letter {
        let from = Arc::new("news@example.org".parse().unwrap());
        Letter { number: 1, from, to: "ada@example.org".parse().unwrap(), envelope_id: None, name: name.to_owned() }
    }

    #[tokio::test]
    async fn the_same_message_twice_is_one_file() {
        let site = tempfile::tempdir().unwrap();
        let folder = Folder::new(site.path());
        let mut outbox = Outbox::new("outbox", &folder).open().unwrap();
        for _ in 0..2 {
            let outcome = send(&mut outbox, letter("issue-1-00042"), b"Subject: x\r\n\r\nx\r\n").await;
            assert_eq!(outcome, Outcome::Sent("written to outbox/issue-1-00042.eml".into()));
        }
        assert_eq!(folder.list("", &|_| true).unwrap(), ["outbox/issue-1-00042.eml"]);
        let bytes = folder.read("outbox/issue-1-00042.eml", FileKind::Memory).unwrap();
        assert_eq!(bytes, b"Subject: x\r\n\r\nx\r\n");
    }

    #[tokio::test]
    async fn a_name_that_leads_out_of_the_folder_is_refused() {
        let site = tempfile::tempdir().unwrap();
        let folder = Folder::new(site.path());
        let mut outbox = Outbox::new("outbox", &folder).open().unwrap();
        for name in ["", "../x", "/etc/x", "a\\b", ".hidden", "c:x"] {
            let outcome = send(&mut outbox, letter(name), b"x").await;
            assert!(matches!(outcome, Outcome::Refused(_)), "{name:?} was accepted: {outcome:?}");
        }
        assert!(folder.list("", &|_| true).unwrap().is_empty());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error_with_a_cure() {
        let site = tempfile::tempdir().unwrap();
        let folder = Folder::new(site.path());
        folder.write_new("outbox", b"a file", Access::Private).unwrap();
        let error = Outbox::new("outbox", &folder).open().unwrap_err();
        assert!(matches!(&error, TransportError::Folder { folder, .. } if folder == "outbox"), "{error}");
    }
}
