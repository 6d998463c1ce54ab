//! What a transport is, and what a scheme of `mail.transport` says of one.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
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
        /// The usual port and the protection; the argument says whether the server may be taken unencrypted, being on this
        /// machine.
        protection: fn(bool) -> (u16, Security),
        new: fn(Server, Option<SecretString>, timeout: u32) -> Made,
    },
}

/// How a connection to a server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (RFC 8314 §3.3).
    Implicit,
    /// STARTTLS, and nothing is sent before it (RFC 3207).
    StartTls,
    /// None: only to this machine itself.
    Loopback,
}

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its name or address.
    pub host: String,
    /// TCP port.
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

/// From whom and to whom a message travels (RFC 5321 §2.3.1), and what it is called where it becomes a file.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// The reverse-path: where bounces go.
    pub from: &'a EmailAddress,
    /// The one recipient.
    pub to: &'a EmailAddress,
    /// The delivery's name, for example `issue-1-00042`.
    pub name: &'a str,
}

/// A way out that is open: carries one message after the other.
#[async_trait]
pub trait Connection: Send + Sync {
    /// All that comes before the content can be complete: MAIL and RCPT.
    ///
    /// # Errors
    /// What became of this try (`Deferred`, `Failed` or `Refused`). The connection may live on, see
    /// [`Connection::is_open`].
    async fn begin(&mut self, _envelope: &Envelope<'_>) -> Result<(), Outcome> {
        Ok(())
    }

    /// The content and its end, after [`Connection::begin`] succeeded. The caller has recorded the delivery as
    /// `sending` on disk before it calls this.
    async fn finish(&mut self, envelope: &Envelope<'_>, message: &[u8]) -> Outcome;

    /// Takes back [`Connection::begin`], when the reader has left meanwhile.
    async fn cancel(&mut self) {}

    /// False after a lost connection, a passed deadline or a 421: the caller connects anew.
    fn is_open(&self) -> bool {
        true
    }

    /// Says goodbye, but does not wait long for the answer.
    async fn close(&mut self) {}
}
