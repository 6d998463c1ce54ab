//! What a transport is, and what a scheme of `mail.transport` says of one.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use secrecy::SecretString;

use super::error::TransportError;
use crate::files::Folder;
use crate::model::{EmailAddress, Outcome};

/// A transport, or why there is none.
pub(super) type Made = Result<Arc<dyn Transport>, TransportError>;

/// One scheme of `mail.transport`.
pub(super) struct Scheme {
    /// What comes before the colon.
    pub(super) name: &'static str,
    /// How a value may be written, for help texts.
    pub(super) example: &'static str,
    pub(super) leads: Leads,
}

/// What a scheme leads to, and what makes the transport. `timeout` is in seconds.
pub(super) enum Leads {
    Folder(fn(folder: &str, site: &Folder) -> Arc<dyn Transport>),
    Program {
        /// The program when none is named.
        usual: &'static str,
        new: fn(program: &str, site: &Path, timeout: u32) -> Arc<dyn Transport>,
    },
    Server {
        protocol: Protocol,
        /// The usual port and the protection; the argument says whether the server may be taken unencrypted, being on this
        /// machine.
        protection: fn(bool) -> (u16, Security),
        /// `in_flight` is how many letters may wait for their answers on one connection.
        new: fn(Protocol, Server, Option<SecretString>, timeout: u32, in_flight: usize) -> Made,
    },
}

/// What is spoken with a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// RFC 5321.
    Smtp,
    /// RFC 2033: into mailboxes, without a queue. There is no login.
    Lmtp,
    /// RFC 9051: only the way to the server is made here.
    Imap,
}

/// How a connection to a server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Security {
    /// TLS from the first byte (RFC 8314 §3.3).
    Implicit,
    /// STARTTLS, and nothing is sent before it (RFC 3207).
    StartTls,
    /// None: only to this machine itself.
    Loopback,
    /// A socket of this machine, whose path is the name of the server.
    Socket,
}

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Server {
    /// Its name or address, or the path of its socket.
    pub host: String,
    /// TCP port; zero for a socket.
    pub port: u16,
    /// Who logs in, when anybody must.
    pub user: Option<String>,
    /// How the connection is protected.
    pub security: Security,
}

/// A way for messages to leave.
#[async_trait]
pub trait Transport: fmt::Debug + Send + Sync {
    /// A connection that is ready for messages: for SMTP connected, encrypted, greeted and logged in, each step with
    /// a deadline. May be called several times for several connections at once.
    ///
    /// # Errors
    /// What stood in the way; [`TransportError::is_temporary`] says whether waiting may help.
    async fn connect(&self) -> Result<Box<dyn Connection>, TransportError>;

    /// The transport for people, such as `smtps://mail.example.org:465` or `the folder outbox`: no user, no secret.
    fn describe(&self) -> String;

    /// True when writing the same message twice leaves one copy: a delivery in doubt may simply be repeated.
    fn deduplicates(&self) -> bool {
        false
    }
}

/// One message to one recipient: its envelope (RFC 5321 §2.3.1). Its content is asked for when it is time to write it.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Which one it is, for the one who handed it out.
    pub number: u64,
    /// The reverse-path: where bounces go.
    pub from: Arc<EmailAddress>,
    /// The one recipient.
    pub to: EmailAddress,
    /// What a report names it by (RFC 3461 §4.4): letters and digits, told to servers that write such reports.
    pub envelope_id: Option<String>,
    /// What it is called where it becomes a file, for example `issue-1-00042`.
    pub name: String,
}

/// What a connection carries: where letters come from, and who is told what became of them.
#[async_trait]
pub trait Letters: Send {
    /// The next letter; `None` when there is none for this connection. With `wait` false, while answers are outstanding,
    /// only a letter whose turn has come: `None` then says nothing of later.
    async fn next(&mut self, wait: bool) -> Option<Letter>;

    /// Appends the content of a letter, right before it is handed to the system: from here on the message may be complete at
    /// the server, and the caller has kept that where it survives the end of the program. False, and nothing
    /// appended, when the letter must not go any more; it is over then and not settled.
    ///
    /// Content has CRLF line ends only, and nothing beyond ASCII unless an address of the envelope has. Dots are not doubled.
    fn content(&mut self, letter: &Letter, to: &mut Vec<u8>) -> bool;

    /// Takes in what became of a letter; `is_open` as [`Connection::is_open`] says from now on.
    async fn settle(&mut self, letter: Letter, outcome: Outcome, is_open: bool);

    /// Takes back a letter that was not tried, because it is time to stop or the connection was closed before its turn.
    async fn give_back(&mut self, letter: Letter);

    /// Ends when it is time to stop: envelopes that wait for answers are given up then, content is not.
    fn stopped(&self) -> BoxFuture<'static, ()>;
}

/// A way out that is open: carries one letter after the other.
#[async_trait]
pub trait Connection: Send + Sync {
    /// Carries letters until there are no more or the connection is closed. Every letter that was handed out is settled,
    /// given back or refused its content by then.
    async fn carry(&mut self, letters: &mut dyn Letters);

    /// False after a lost connection, a passed deadline or a 421: the caller connects anew.
    fn is_open(&self) -> bool {
        true
    }

    /// Says goodbye, but does not wait long for the answer.
    async fn close(&mut self) {}
}

/// A way out that takes one message at a time, and knows at once what became of it.
#[async_trait]
pub(super) trait OneByOne: Send + Sync {
    async fn deliver(&mut self, letter: &Letter, content: &[u8]) -> Outcome;
}

#[async_trait]
impl<T: OneByOne> Connection for T {
    async fn carry(&mut self, letters: &mut dyn Letters) {
        let mut content = Vec::new();
        while let Some(letter) = letters.next(true).await {
            content.clear();
            if letters.content(&letter, &mut content) {
                let outcome = self.deliver(&letter, &content).await;
                letters.settle(letter, outcome, true).await;
            }
        }
    }
}

/// Carries one letter; what became of it.
pub async fn send(connection: &mut dyn Connection, letter: Letter, content: &[u8]) -> Outcome {
    let mut one = One { letter: Some(letter), content, outcome: None };
    connection.carry(&mut one).await;
    one.outcome.unwrap_or_else(|| Outcome::Deferred("the connection is closed".to_owned()))
}

/// The one letter that [`send`] carries.
struct One<'c> {
    letter: Option<Letter>,
    content: &'c [u8],
    outcome: Option<Outcome>,
}

#[async_trait]
impl Letters for One<'_> {
    async fn next(&mut self, _wait: bool) -> Option<Letter> {
        self.letter.take()
    }

    fn content(&mut self, _letter: &Letter, to: &mut Vec<u8>) -> bool {
        to.extend_from_slice(self.content);
        true
    }

    async fn settle(&mut self, _letter: Letter, outcome: Outcome, _is_open: bool) {
        self.outcome = Some(outcome);
    }

    async fn give_back(&mut self, _letter: Letter) {}

    fn stopped(&self) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}
