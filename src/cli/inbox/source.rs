//! Where messages come from: files, and a mailbox at a server. They are read in batches, and of each message only what it says is
//! kept, so that a mailbox may be of any size.

use std::collections::VecDeque;
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

/// So many messages of a server are recorded, and moved, together.
const SERVER_BATCH: usize = 100;
/// So many messages of files that say something are recorded together.
const FILE_BATCH: usize = 1_000;
/// How long ago a message of a mailbox at a server may have arrived.
const SPAN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A mailbox that is being read.
pub(super) struct Mailbox {
    source: Source,
    /// A mail to this address is a wish to join.
    join: Option<EmailAddress>,
    pub(super) messages: u64,
    /// How many say nothing that is understood.
    pub(super) others: u64,
    /// How many were longer than what is looked at.
    pub(super) cut: u64,
}

enum Source {
    Files {
        folder: Folder,
        /// What is left, by its name in the folder and as it is shown.
        names: VecDeque<(String, String)>,
        open: Option<(String, Messages<Box<dyn BufRead>>)>,
        /// True for a Maildir, from which mail programs may take files meanwhile.
        may_vanish: bool,
    },
    Server {
        mailbox: ImapMailbox,
        uids: VecDeque<u32>,
    },
}

impl Mailbox {
    fn new(source: Source, join: Option<&EmailAddress>) -> Self {
        Self { source, join: join.cloned(), messages: 0, others: 0, cut: 0 }
    }

    /// A Maildir, a file, or the standard input.
    pub(super) fn at(path: &Path, join: Option<&EmailAddress>) -> Result<Self, Failure> {
        let shown = path.display().to_string();
        if path == Path::new("-") {
            let input: Box<dyn BufRead> = Box::new(std::io::BufReader::with_capacity(1 << 16, std::io::stdin()));
            let open = Some(("standard input".to_owned(), Messages::new(input)));
            let source = Source::Files { folder: Folder::new(path), names: VecDeque::new(), open, may_vanish: false };
            return Ok(Self::new(source, join));
        }
        let folder = Folder::new(path);
        if folder.is_folder("") {
            return Self::maildir(folder, &shown, "", join);
        }
        let (parent, name) = (path.parent().unwrap_or(Path::new("")), path.file_name().unwrap_or_default());
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        // A link is followed: a person named it.
        let place = files::resolved(&parent.join(name));
        let (parent, name) = (place.parent().unwrap_or(Path::new("/")), place.file_name().unwrap_or_default());
        let names = VecDeque::from([(name.to_string_lossy().into_owned(), shown)]);
        let source = Source::Files { folder: Folder::new(parent), names, open: None, may_vanish: false };
        Ok(Self::new(source, join))
    }

    /// A Maildir in a folder; `tmp` has what is still being written (<https://cr.yp.to/proto/maildir.html>).
    pub(super) fn maildir(
        folder: Folder,
        shown: &str,
        prefix: &str,
        join: Option<&EmailAddress>,
    ) -> Result<Self, Failure> {
        let parts = ["new", "cur"].map(|part| format!("{prefix}{part}"));
        let parts: Vec<_> = parts.into_iter().filter(|part| folder.is_folder(part)).collect();
        if parts.is_empty() {
            let none = std::io::Error::other("this folder is no Maildir: it has neither `new` nor `cur`");
            return Err(unreadable(shown, &none));
        }
        let mut names = VecDeque::new();
        for part in parts {
            let found = folder.list(&part, &|_| false).map_err(|error| unreadable(shown, &error))?;
            names.extend(found.into_iter().map(|name| format!("{part}/{name}")).map(|name| (name.clone(), name)));
        }
        Ok(Self::new(Source::Files { folder, names, open: None, may_vanish: true }, join))
    }

    /// What arrived at a server of late.
    pub(super) async fn server(
        mut mailbox: ImapMailbox,
        now: Timestamp,
        join: Option<&EmailAddress>,
    ) -> Result<Self, Failure> {
        let uids = mailbox.since((now - SPAN).to_zoned(TimeZone::UTC).date()).await.map_err(failed)?.into();
        Ok(Self::new(Source::Server { mailbox, uids }, join))
    }

    /// What the next messages say; `None` when all are read.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Arrival>>, Failure> {
        let Self { source, join, messages, others, cut } = self;
        let mut arrivals = Vec::new();
        let mut add = |bytes: &[u8], is_cut: bool, place: u32| {
            *messages += 1;
            *cut += u64::from(is_cut);
            match Arrival::read(bytes, join.as_ref(), place) {
                Some(arrival) => arrivals.push(arrival),
                None => *others += 1,
            }
            arrivals.len() < FILE_BATCH
        };
        match source {
            Source::Server { uids, .. } if uids.is_empty() => return Ok(None),
            Source::Server { mailbox, uids } => {
                let batch: Vec<u32> = uids.drain(..uids.len().min(SERVER_BATCH)).collect();
                // One more byte tells whether there is more.
                let take = |uid: u32, bytes: &[u8]| {
                    add(bytes, bytes.len() > LONGEST, uid);
                };
                mailbox.read(&batch, LONGEST + 1, take).await.map_err(failed)?;
            }
            Source::Files { folder, names, open, may_vanish } => loop {
                let Some((shown, reading)) = open else {
                    let Some((name, shown)) = names.pop_front() else {
                        return Ok((!arrivals.is_empty()).then_some(arrivals));
                    };
                    match folder.open(&name, FileKind::Mailbox) {
                        Err(error) if *may_vanish && error.kind() == std::io::ErrorKind::NotFound => {}
                        Err(error) => return Err(unreadable(&shown, &error)),
                        Ok(opened) => *open = Some((shown, Messages::new(Box::new(opened.sampled(u64::MAX))))),
                    }
                    continue;
                };
                match reading.next_message().map_err(|error| unreadable(shown, &error))? {
                    Some(message) if !add(&message.bytes, message.is_cut, 0) => break,
                    Some(_) => {}
                    None => *open = None,
                }
            },
        }
        Ok(Some(arrivals))
    }

    /// Puts away messages of a server.
    pub(super) async fn put_away(&mut self, places: &[u32]) -> Result<(), Failure> {
        match &mut self.source {
            Source::Server { mailbox, .. } => mailbox.put_away(places).await.map_err(failed),
            Source::Files { .. } => Ok(()),
        }
    }

    pub(super) async fn close(self) {
        if let Source::Server { mailbox, .. } = self.source {
            mailbox.close().await;
        }
    }
}

fn unreadable(name: &str, error: &std::io::Error) -> Failure {
    let message = format!("the mailbox cannot be read: {error}");
    let unreadable = Diagnostic::error("inbox/file", message).at(Location::start_of(name));
    Failure::new(Exit::Usage, unreadable.help("name a Maildir, an mbox file, one message, or `-`"))
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
pub(super) fn failed(error: ImapError) -> Failure {
    let help = error.help;
    Failure::new(Exit::Unexpected, Diagnostic::error("inbox/server", error.to_string()).help(help))
}
