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
mod server;
mod stream;
#[cfg(test)]
mod tests;
mod tls;
mod transaction;

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;

use super::error::TransportError;
use super::scheme::{Connection, Leads, Made, Scheme, Security, Server, Transport};
pub(super) use reply::one_line;
use server::{Login, Smtp};

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

/// The login that a user and a password make.
fn login(user: Option<String>, password: Option<SecretString>) -> Result<Option<Login>, TransportError> {
    let Some(user) = user else { return Ok(None) };
    let password = password.ok_or(TransportError::PasswordMissing)?;
    Ok(Some(Login { user, password }))
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
