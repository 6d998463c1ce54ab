//! SMTP (RFC 5321) and LMTP (RFC 2033): lettre's commands, addresses and logins over a connection of our own.
//!
//! lettre 0.11.23 leaves `TCP_NODELAY` off (22 messages a second at most), waits for each answer before the next command, has no
//! deadline but that of `connect`, takes replies injected before STARTTLS for real, and does not say whether a message was
//! complete when the connection broke. So this room connects, encrypts, greets and logs in ([`handshake`]), reads the replies
//! ([`reply`]), knows which bytes may have left ([`wire`]), and asks and answers ([`carrier`]).

mod carrier;
mod connection;
mod content;
mod flight;
mod handshake;
mod mask;
mod offers;
mod reply;
mod server;
#[cfg(test)]
mod tests;
mod tls;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;

use super::error::TransportError;
use super::scheme::{Connection, Leads, Made, Protocol, Scheme, Security, Server, Transport};
pub(super) use reply::one_line;
use server::Login;
pub(super) use server::Smtp;
pub(super) use wire::Io;

/// `smtps://`: TLS from the first byte.
pub(super) const SMTPS: Scheme = Scheme {
    name: "smtps",
    example: "smtps://user@host",
    leads: Leads::Server { protocol: Protocol::Smtp, protection: |_| (465, Security::Implicit), new },
};

/// `smtp://`: STARTTLS, but on this machine itself.
pub(super) const SMTP: Scheme = Scheme {
    name: "smtp",
    example: "smtp://user@host:587",
    leads: Leads::Server {
        protocol: Protocol::Smtp,
        protection: |is_local| if is_local { (25, Security::Loopback) } else { (587, Security::StartTls) },
        new,
    },
};

/// `lmtp://`, as `smtp://`, and `lmtp:/SOCKET`.
pub(super) const LMTP: Scheme = Scheme {
    name: "lmtp",
    example: "lmtp:/run/dovecot/lmtp",
    leads: Leads::Server {
        protocol: Protocol::Lmtp,
        protection: |is_local| (24, if is_local { Security::Loopback } else { Security::StartTls }),
        new,
    },
};

fn new(protocol: Protocol, server: Server, password: Option<SecretString>, timeout: u32, in_flight: usize) -> Made {
    let login = login(server.user.clone(), password)?;
    Ok(Arc::new(Smtp::new(protocol, server, login, timeout, in_flight)))
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
