//! A letter on its way: its commands, and what a refusal makes of it.

use std::fmt::Display;
use std::io::Write as _;

use lettre::Address;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::MailParameter;

use super::reply::Reply;
use crate::model::{EmailAddress, Outcome};
use crate::transport::Letter;

/// A question to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    Rset,
    Mail,
    Rcpt,
    Data,
    /// The content and what ends it, or a chunk that is the last.
    Content,
    /// The end of content that has no line, where DATA was granted although there is no recipient (RFC 2920 §3.1).
    Dot,
}

impl Command {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Rset => "RSET",
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Data => "DATA",
            Self::Content | Self::Dot => "the message",
        }
    }

    /// The command after this one in an envelope.
    pub(super) fn next(self) -> Option<Self> {
        match self {
            Self::Rset => Some(Self::Mail),
            Self::Mail => Some(Self::Rcpt),
            Self::Rcpt => Some(Self::Data),
            Self::Data | Self::Content | Self::Dot => None,
        }
    }
}

/// A letter that was handed out and not settled.
pub(super) struct Flight {
    pub(super) letter: Letter,
    pub(super) parameters: Vec<MailParameter>,
    /// The next command of its envelope.
    pub(super) next: Option<Command>,
    /// How many of its questions were not answered yet.
    pub(super) open: usize,
    /// Whether its content goes as a chunk.
    pub(super) is_chunk: bool,
    /// Whether its content may be written: DATA was granted.
    pub(super) is_ready: bool,
    /// Where its content ends on the wire, once that is to be written.
    pub(super) end: Option<u64>,
    /// What became of it, while more answers are to come.
    pub(super) verdict: Option<Outcome>,
}

impl Flight {
    /// Appends a command without content.
    pub(super) fn say(&self, command: Command, output: &mut Vec<u8>) {
        let mut say = |command: &dyn Display| write!(output, "{command}").expect("a buffer takes it");
        match command {
            Command::Rset => say(&Rset),
            Command::Mail => say(&Mail::new(Some(address(&self.letter.from)), self.parameters.clone())),
            Command::Rcpt => say(&Rcpt::new(address(&self.letter.to), Vec::new())),
            Command::Data => say(&Data),
            Command::Content | Command::Dot => {}
        }
    }

    /// What a refusal makes of the try (RFC 5321 §4.2.1, §4.3.2).
    pub(super) fn judge(&self, command: Command, reply: &Reply, text: String) -> Outcome {
        // Whatever is said to MAIL goes for every recipient; but what MAIL announces beyond the sender is for this one's sake.
        let is_for_all = matches!(command, Command::Rset | Command::Mail) && self.parameters.is_empty();
        match reply.is_temporary() {
            _ if is_for_all => Outcome::Refused(text),
            true => Outcome::Deferred(text),
            false if reply.is_about_login() => Outcome::Refused(text),
            false => Outcome::Failed(text),
        }
    }
}

/// The address as lettre writes it; ours has passed lettre's own check when it was made.
fn address(address: &EmailAddress) -> Address {
    Address::new_dangerous(address.local_part(), address.domain())
}
