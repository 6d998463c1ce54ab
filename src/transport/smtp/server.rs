//! An SMTP or LMTP server: how to reach it, who logs in, and how long to wait.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rustls::ClientConfig;
use secrecy::SecretString;
use tokio::sync::OnceCell;

use crate::transport::scheme::{Protocol, Security, Server};

/// A server and how to reach it.
#[derive(Debug)]
pub(in crate::transport) struct Smtp {
    pub(super) protocol: Protocol,
    /// A name, an address, or the path of a socket.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) login: Option<Login>,
    pub(super) deadlines: Deadlines,
    /// How many letters may wait for their answers on one connection.
    pub(super) in_flight: usize,
    /// Whether it knew no BDAT although it offers CHUNKING.
    pub(super) knows_no_chunks: Arc<AtomicBool>,
    /// Made by the first connection that needs it: reading the system's certificates takes a while.
    pub(super) tls: OnceCell<Arc<ClientConfig>>,
}

/// Who logs in.
pub(in crate::transport) struct Login {
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
    pub(in crate::transport) fn new(
        protocol: Protocol,
        server: Server,
        login: Option<Login>,
        timeout: u32,
        in_flight: usize,
    ) -> Self {
        let deadlines = Deadlines::new(Duration::from_secs(timeout.into()));
        let Server { host, port, security, .. } = server;
        let knows_no_chunks = Arc::default();
        Self { protocol, host, port, security, login, deadlines, in_flight, knows_no_chunks, tls: OnceCell::new() }
    }

    /// `smtps://mail.example.org:465`
    pub(in crate::transport) fn server(&self) -> String {
        let scheme = match (self.protocol, self.security) {
            (_, Security::Socket) => return format!("lmtp:{}", self.host),
            (Protocol::Lmtp, _) => "lmtp",
            (Protocol::Imap, Security::Implicit) => "imaps",
            (Protocol::Imap, _) => "imap",
            (Protocol::Smtp, Security::Implicit) => "smtps",
            (Protocol::Smtp, _) => "smtp",
        };
        if self.host.contains(':') {
            format!("{scheme}://[{}]:{}", self.host, self.port)
        } else {
            format!("{scheme}://{}:{}", self.host, self.port)
        }
    }
}
