//! SMTP (RFC 5321): lettre's types and protocol over a stream of our own.
//!
//! lettre 0.11.23 leaves `TCP_NODELAY` off (22 messages a second at most), has no deadline but that of `connect`, takes
//! replies injected before STARTTLS for real, and does not say whether a message was complete when the connection broke.
//! So this room connects, encrypts and greets ([`handshake`]), looks into the bytes ([`stream`], [`reply`]), and puts a
//! deadline around each of lettre's calls ([`transaction`]). lettre writes the commands and reads the replies.

mod content;
mod handshake;
mod mask;
mod reply;
mod stream;
#[cfg(test)]
mod tests;
mod tls;
mod transaction;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rustls::ClientConfig;
use secrecy::SecretString;
use tokio::sync::OnceCell;

use super::{Connection, Leads, Made, Scheme, Security, Server, Transport, TransportError};

pub(super) use reply::one_line;
use transaction::SmtpConnection;

/// `smtps://`: TLS from the first byte.
pub(super) const SMTPS: Scheme = Scheme {
    name: "smtps",
    example: "smtps://user@host",
    leads: Leads::Server { protection: |_| (465, Security::Implicit), new },
};

/// `smtp://`: STARTTLS, but on this machine itself.
pub(super) const SMTP: Scheme = Scheme {
    name: "smtp",
    example: "smtp://user@host:587",
    leads: Leads::Server {
        protection: |is_local| if is_local { (25, Security::Loopback) } else { (587, Security::StartTls) },
        new,
    },
};

fn new(server: Server, password: Option<SecretString>, timeout: u32) -> Made {
    let login = login(server.user, password)?;
    Ok(Arc::new(Smtp::new(&server.host, server.port, server.security, login, timeout)))
}

/// An SMTP server and how to reach it.
#[derive(Debug)]
struct Smtp {
    host: String,
    port: u16,
    security: Security,
    login: Option<Login>,
    deadlines: Deadlines,
    /// Made by the first connection that needs it: reading the system's certificates takes a while.
    tls: OnceCell<Arc<ClientConfig>>,
}

/// Who logs in.
struct Login {
    user: String,
    password: SecretString,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(..)")
    }
}

/// The login that a user and a password make.
fn login(user: Option<String>, password: Option<SecretString>) -> Result<Option<Login>, TransportError> {
    let Some(user) = user else { return Ok(None) };
    let password = password.ok_or(TransportError::PasswordMissing)?;
    Ok(Some(Login { user, password }))
}

/// How long to wait for what (RFC 5321 §4.5.3.2).
#[derive(Debug, Clone, Copy)]
struct Deadlines {
    /// The name and the TCP connection.
    connect: Duration,
    /// Each reply but one, and TLS.
    reply: Duration,
    /// The content and the reply to its end: giving up too early here makes duplicates (RFC 1047).
    content: Duration,
    /// The reply to QUIT, which is not worth a wait.
    goodbye: Duration,
}

impl Deadlines {
    fn new(reply: Duration) -> Self {
        Self {
            connect: reply.min(Duration::from_secs(30)),
            reply,
            content: reply * 2,
            goodbye: reply.min(Duration::from_secs(2)),
        }
    }
}

impl Smtp {
    fn new(host: &str, port: u16, security: Security, login: Option<Login>, timeout: u32) -> Self {
        let deadlines = Deadlines::new(Duration::from_secs(timeout.into()));
        Self { host: host.to_owned(), port, security, login, deadlines, tls: OnceCell::new() }
    }

    /// `smtps://mail.example.org:465`
    fn server(&self) -> String {
        let scheme = if self.security == Security::Implicit { "smtps" } else { "smtp" };
        if self.host.contains(':') {
            format!("{scheme}://[{}]:{}", self.host, self.port)
        } else {
            format!("{scheme}://{}:{}", self.host, self.port)
        }
    }
}

#[async_trait]
impl Transport for Smtp {
    async fn connect(&self) -> Result<Box<dyn Connection>, TransportError> {
        Ok(Box::new(self.establish().await?))
    }

    fn describe(&self) -> String {
        self.server()
    }
}
