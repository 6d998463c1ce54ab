//! What messages say, and what is known of it.

use crate::email::Grant;
use crate::inbox::{Kind, Report, Returned};
use crate::model::{EmailAddress, Subscriber, sha256_hex};
use crate::store::{Effect, NewReport};

/// A message that says something.
#[derive(Debug)]
pub struct Arrival {
    /// What it says.
    pub returned: Returned,
    /// The SHA-256 of what does not change when it is read, or of what a service calls it.
    pub digest: String,
    /// Where it is in its mailbox: its UID (RFC 9051 §2.3.1.1); 0 in a file.
    pub place: u32,
    /// The service that has told it over HTTP and proven who it is.
    pub service: Option<Service>,
}

/// A service that tells what came back.
#[derive(Debug, Clone)]
pub struct Service {
    /// What it is called.
    pub name: &'static str,
    /// The sender and the subject of the copy, as it says, where that is all that it says of it.
    pub copy: Option<(EmailAddress, String)>,
}

impl Arrival {
    /// A message, unless it says nothing; `join` is the address for joining.
    pub fn read(message: &[u8], join: Option<&EmailAddress>, place: u32) -> Option<Self> {
        let returned = crate::inbox::read(message, join);
        // A token alone may be a wish to leave, whatever the words.
        let says_something = !returned.reports.is_empty();
        says_something.then(|| Self { returned, digest: digest(message), place, service: None })
    }

    /// What a service says; `event` is what it calls it by.
    pub fn told(returned: Returned, event: &str, service: Service) -> Self {
        let digest = sha256_hex(format!("{}\n{event}", service.name).as_bytes());
        Self { returned, digest, place: 0, service: Some(service) }
    }

    /// True for what a person wrote.
    pub(super) fn is_wish(&self) -> bool {
        let is_wish = |report: &Report| matches!(report.kind, Kind::Unsubscribe | Kind::Subscribe | Kind::Confirm);
        // An answer that a program seems to have written is looked at, too, and told.
        let is_told = self.returned.reports.iter().any(is_wish) || self.returned.clues.program.is_some();
        self.service.is_none() && is_told
    }
}

/// Headers by which mail programs keep in an mbox what was read.
const KEPT: [&str; 10] = [
    "status",
    "x-status",
    "x-keywords",
    "x-uid",
    "x-imap",
    "x-imapbase",
    "content-length",
    "lines",
    "x-mozilla-status",
    "x-mozilla-status2",
];

/// The SHA-256 of a message, which stays the same when its lines end otherwise, and when a mail program notes that it was read.
fn digest(message: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(message.len());
    let (mut is_head, mut is_left_out) = (true, false);
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        let text = line.strip_suffix(b"\n").map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line));
        if is_head && !text.starts_with(b" ") && !text.starts_with(b"\t") {
            is_head = !text.is_empty();
            let name = text.split(|byte| *byte == b':').next().unwrap_or_default();
            is_left_out = KEPT.iter().any(|kept| name.eq_ignore_ascii_case(kept.as_bytes()));
        }
        if !is_left_out {
            bytes.extend_from_slice(text);
            bytes.extend(line.ends_with(b"\n").then_some(b'\n'));
        }
    }
    sha256_hex(&bytes)
}

/// What one message says of one recipient, and whom it proves to be about.
#[derive(Debug, Clone)]
pub struct Heard {
    /// What it says.
    pub report: Report,
    /// The reader that it is about.
    pub reader: Option<Subscriber>,
    /// What to record, when there is anything.
    pub record: Option<NewReport>,
    /// What it asks for, beside leaving.
    pub wish: Option<Wish>,
    /// Where the message is in its mailbox.
    pub place: u32,
}

impl Heard {
    /// True when it proves to be about a reader, or asks for what needs no proof.
    pub fn is_proven(&self) -> bool {
        self.reader.is_some() || matches!(self.wish, Some(Wish::Join { .. }))
    }
}

/// What a mail asks for, beside leaving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// To get the newsletter.
    Join {
        /// At this address.
        address: EmailAddress,
        /// When the mail was written, in seconds since 1970, as it says.
        date: Option<i64>,
        /// The SHA-256 of the mail.
        message: String,
    },
    /// To confirm what a letter asks about.
    Confirm(Grant),
    /// To get no such letters any more.
    Never(Grant),
    /// To confirm, but a program seems to have written it, or it says no: why it does not count.
    Doubted(String),
}

/// What is to be recorded of a report.
pub(super) fn to_record(
    report: &Report,
    (subscriber, issue): (i64, i64),
    message: String,
    way: &'static str,
) -> NewReport {
    let effect = match report.kind {
        Kind::Hard => Effect::Bounced,
        Kind::Soft => Effect::BouncedInTime,
        Kind::Complaint => Effect::Complained,
        Kind::Unsubscribe => Effect::Left,
        Kind::Policy | Kind::AutoReply | Kind::Delivered | Kind::Subscribe | Kind::Confirm => Effect::Nothing,
    };
    NewReport {
        subscriber,
        issue,
        kind: report.kind.as_str(),
        message,
        status: report.status.clone(),
        diagnostic: report.diagnostic.clone(),
        way,
        effect,
    }
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn a_message_is_known_again_after_a_mail_program_has_read_it() {
        let plain = b"From: a@b.test\nSubject: x\n y\n\nStatus: hello\n";
        let known = digest(plain);
        assert_eq!(known, crate::model::sha256_hex(plain));
        for read in [
            "From: a@b.test\r\nSubject: x\r\n y\r\n\r\nStatus: hello\r\n",
            "From: a@b.test\nStatus: RO\nSubject: x\n y\nX-Keywords: a\n  b\n\nStatus: hello\n",
        ] {
            assert_eq!(digest(read.as_bytes()), known, "{read}");
        }
        assert_ne!(digest(b"From: a@b.test\nSubject: x\n y\n\nhello\n"), known);
    }
}
