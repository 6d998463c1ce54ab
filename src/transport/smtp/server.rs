//! An SMTP server: how to reach it, who logs in, and how long to wait.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use secrecy::SecretString;
use tokio::sync::OnceCell;

use crate::transport::scheme::Security;

/// An SMTP server and how to reach it.
#[derive(Debug)]
pub(super) struct Smtp {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) login: Option<Login>,
    pub(super) deadlines: Deadlines,
    /// Made by the first connection that needs it: reading the system's certificates takes a while.
    pub(super) tls: OnceCell<Arc<ClientConfig>>,
}

/// Who logs in.
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: SecretString,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(..)")
    }
}

/// How long to wait for what (RFC 5321 §4.5.3.2).
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadlines {
    /// The name and the TCP connection.
    pub(super) connect: Duration,
    /// Each reply but one, and TLS.
    pub(super) reply: Duration,
    /// The content and the reply to its end: giving up too early here makes duplicates (RFC 1047).
    pub(super) content: Duration,
    /// The reply to QUIT, which is not worth a wait.
    pub(super) goodbye: Duration,
}

impl Deadlines {
    pub(super) fn new(reply: Duration) -> Self {
        Self {
            connect: reply.min(Duration::from_secs(30)),
            reply,
            content: reply * 2,
            goodbye: reply.min(Duration::from_secs(2)),
        }
    }
}

impl Smtp {
    pub(super) fn new(host: &str, port: u16, security: Security, login: Option<Login>, timeout: u32) -> Self {
        let deadlines = Deadlines::new(Duration::from_secs(timeout.into()));
        Self { host: host.to_owned(), port, security, login, deadlines, tls: OnceCell::new() }
    }

    /// `smtps://mail.example.org:465`
    pub(super) fn server(&self) -> String {
        let scheme = if self.security == Security::Implicit { "smtps" } else { "smtp" };
        if self.host.contains(':') {
            format!("{scheme}://[{}]:{}", self.host, self.port)
        } else {
            format!("{scheme}://{}:{}", self.host, self.port)
        }
    }
}
