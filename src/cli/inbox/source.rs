//! Reads mailboxes into memory: of each message only what it says.

use std::io::BufRead;
use std::path::Path;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::super::failure::{Exit, Failure};
use crate::diagnostic::{Diagnostic, Location};
use crate::files::{self, FileKind, Folder};
use crate::inbox::{LONGEST, Messages};
use crate::model::EmailAddress;
use crate::publish::Arrival;
use crate::transport::{ImapError, ImapMailbox};

/// What a mailbox holds.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    pub(super) arrivals: Vec<Arrival>,
    pub(super) messages: u64,
    /// How many say nothing that is understood.
    pub(super) others: u64,
    /// How many were longer than what is looked at.
    pub(super) cut: u64,
    /// A mail to this address is a wish to join.
    join: Option<EmailAddress>,
}

/// Reads a mailbox whole.
pub(super) fn read(path: &Path, join: Option<&EmailAddress>) -> Result<Mailbox, Failure> {
    let mut mailbox = Mailbox::new(join);
    let shown = path.display().to_string();
    if path == Path::new("-") {
        let input = std::io::BufReader::with_capacity(1 << 16, std::io::stdin());
        mailbox.add(input).map_err(|error| unreadable("standard input", &error))?;
        return Ok(mailbox);
    }
    let folder = Folder::new(path);
    if !folder.is_folder("") {
        let (parent, name) = (path.parent().unwrap_or(Path::new("")), path.file_name().unwrap_or_default());
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        // A link is followed: a person named it.
        let place = files::resolved(&parent.join(name));
        let (parent, name) = (place.parent().unwrap_or(Path::new("/")), place.file_name().unwrap_or_default());
        let opened = Folder::new(parent).open(&name.to_string_lossy(), FileKind::Mailbox);
        let opened = opened.map_err(|error| unreadable(&shown, &error))?;
        mailbox.add(opened.sampled(u64::MAX)).map_err(|error| unreadable(&shown, &error))?;
        return Ok(mailbox);
    }
    mailbox.add_maildir(&folder, &shown, "")?;
    Ok(mailbox)
}

/// Reads a Maildir of the site.
pub(super) fn read_maildir(folder: &Folder, name: &str, join: Option<&EmailAddress>) -> Result<Mailbox, Failure> {
    let mut mailbox = Mailbox::new(join);
    mailbox.add_maildir(folder, name, &format!("{name}/"))?;
    Ok(mailbox)
}

/// How long ago a message of a mailbox at a server may have arrived.
const SPAN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Reads what arrived at a server of late.
pub(super) async fn read_server(
    mut server: ImapMailbox,
    now: Timestamp,
    join: Option<&EmailAddress>,
) -> Result<(ImapMailbox, Mailbox), ImapError> {
    let mut mailbox = Mailbox::new(join);
    let uids = server.since((now - SPAN).to_zoned(TimeZone::UTC).date()).await?;
    // One more byte tells whether there is more.
    server.read(&uids, LONGEST + 1, |uid, bytes| mailbox.add_message(bytes, bytes.len() > LONGEST, uid)).await?;
    Ok((server, mailbox))
}

fn unreadable(name: &str, error: &std::io::Error) -> Failure {
    let message = format!("the mailbox cannot be read: {error}");
    let unreadable = Diagnostic::error("inbox/file", message).at(Location::start_of(name));
    Failure::new(Exit::Usage, unreadable.help("name a Maildir, an mbox file, one message, or `-`"))
}

impl Mailbox {
    pub(super) fn new(join: Option<&EmailAddress>) -> Self {
        Self { join: join.cloned(), ..Self::default() }
    }

    /// Takes in a message of a mailbox at a server.
    pub(super) fn add_message(&mut self, bytes: &[u8], is_cut: bool, place: u32) {
        self.messages += 1;
        self.cut += u64::from(is_cut);
        match Arrival::read(bytes, self.join.as_ref(), place) {
            Some(arrival) => self.arrivals.push(arrival),
            None => self.others += 1,
        }
    }

    /// `tmp` has what is still being written (<https://cr.yp.to/proto/maildir.html>).
    fn add_maildir(&mut self, folder: &Folder, shown: &str, prefix: &str) -> Result<(), Failure> {
        let parts = ["new", "cur"].map(|part| format!("{prefix}{part}"));
        let parts: Vec<_> = parts.into_iter().filter(|part| folder.is_folder(part)).collect();
        if parts.is_empty() {
            let none = std::io::Error::other("this folder is no Maildir: it has neither `new` nor `cur`");
            return Err(unreadable(shown, &none));
        }
        for part in parts {
            let names = folder.list(&part, &|_| false).map_err(|error| unreadable(shown, &error))?;
            for name in names {
                let name = format!("{part}/{name}");
                let opened = match folder.open(&name, FileKind::Mailbox) {
                    // A mail program has moved it meanwhile.
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                    opened => opened.map_err(|error| unreadable(&name, &error))?,
                };
                self.add(opened.sampled(u64::MAX)).map_err(|error| unreadable(&name, &error))?;
            }
        }
        Ok(())
    }

    fn add(&mut self, input: impl BufRead) -> std::io::Result<()> {
        let mut messages = Messages::new(input);
        while let Some(message) = messages.next_message()? {
            self.add_message(&message.bytes, message.is_cut, 0);
        }
        Ok(())
    }
}
