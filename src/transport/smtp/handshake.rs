//! From a host and a port to a connection that takes messages: TCP, TLS, greeting, EHLO, login. What is not encrypted
//! is read here and never handed on: a reply that comes before TLS cannot be mistaken for one that comes after it.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::commands::{Auth, Starttls};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::{Category, Code, Detail, Response, Severity};
use secrecy::ExposeSecret as _;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::carrier::Terms;
use super::connection::SmtpConnection;
use super::mask::{Mask, hides};
use super::offers::Offers;
use super::reply::{REPLY_BYTES, Reply};
use super::server::{Login, Smtp};
use super::wire::{Io, Wire};
use crate::transport::scheme::Protocol;
use crate::transport::{Security, TransportError};

/// PLAIN needs one answer from us, LOGIN three; more is a server that asks for ever.
const AUTH_ROUNDS: usize = 4;

impl Smtp {
    /// Connects, encrypts, greets and logs in.
    pub(super) async fn establish(&self) -> Result<SmtpConnection, TransportError> {
        let (io, hello) = self.reach().await?;
        let wire = match self.security {
            Security::Implicit => {
                let mut wire = self.over_tls(io).await?;
                self.greeting(&mut wire).await?;
                wire
            }
            Security::StartTls => {
                let mut wire = Wire::new(io);
                self.greeting(&mut wire).await?;
                self.starttls(&mut wire, &hello).await?;
                self.over_tls(wire.into_io()).await?
            }
            Security::Loopback | Security::Socket => {
                let mut wire = Wire::new(io);
                self.greeting(&mut wire).await?;
                wire
            }
        };
        self.log_in(wire, &hello).await
    }

    /// The bare connection, and who we are at its end.
    pub(in crate::transport) async fn reach(&self) -> Result<(Box<dyn Io>, ClientId), TransportError> {
        #[cfg(unix)]
        if self.security == Security::Socket {
            let connect = tokio::net::UnixStream::connect(&self.host);
            return match self.within("connecting", self.deadlines.connect, connect).await? {
                Ok(socket) => Ok((Box::new(socket), ClientId::Ipv4(Ipv4Addr::LOCALHOST))),
                Err(error) => Err(TransportError::Unreachable { server: self.server(), reason: error.to_string() }),
            };
        }
        let tcp = self.dial().await?;
        let lost = |_| self.lost("connecting");
        let (peer, local) = (tcp.peer_addr().map_err(lost)?, tcp.local_addr().map_err(lost)?);
        // A long message goes in several writes, which would wait for each other's acknowledgement.
        tcp.set_nodelay(true).map_err(lost)?;
        // `localhost` is a name like others: only the address says where a connection leads.
        if self.security == Security::Loopback && !peer.ip().to_canonical().is_loopback() {
            return Err(TransportError::NotLoopback { server: self.server() });
        }
        Ok((Box::new(tcp), client_id(local.ip())))
    }

    async fn over_tls(&self, io: Box<dyn Io>) -> Result<Wire, TransportError> {
        Ok(Wire::new(self.secure(io).await?))
    }

    /// Encrypts a connection in time.
    pub(in crate::transport) async fn secure(&self, io: Box<dyn Io>) -> Result<Box<dyn Io>, TransportError> {
        let tls = self.within("TLS", self.deadlines.reply, self.encrypt(io)).await??;
        Ok(Box::new(tls))
    }

    /// A TCP connection to the first address that answers; all of them together have one deadline.
    async fn dial(&self) -> Result<TcpStream, TransportError> {
        let limit = self.deadlines.connect;
        let lookup = tokio::net::lookup_host((self.host.as_str(), self.port));
        let unknown = |reason: String| TransportError::Name { host: self.host.clone(), reason };
        let addresses: Vec<_> =
            self.within("name lookup", limit, lookup).await?.map_err(|error| unknown(error.to_string()))?.collect();
        let share = limit / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
        let mut failure = unknown("it has no address".into());
        for address in addresses {
            match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(tcp)) => return Ok(tcp),
                Ok(Err(error)) => {
                    failure = TransportError::Unreachable { server: self.server(), reason: error.to_string() };
                }
                Err(_) => failure = TransportError::Timeout { server: self.server(), step: "connecting" },
            }
        }
        Err(failure)
    }

    async fn greeting(&self, wire: &mut Wire) -> Result<(), TransportError> {
        self.done(wire, "greeting").await.map(drop)
    }

    /// EHLO, or LHLO of LMTP: what the server offers.
    async fn hello(&self, wire: &mut Wire, hello: &ClientId) -> Result<Offers, TransportError> {
        let verb = match self.protocol {
            Protocol::Smtp | Protocol::Imap => "EHLO",
            Protocol::Lmtp => "LHLO",
        };
        self.say(wire, verb, &format!("{verb} {hello}\r\n")).await?;
        let reply = self.done(wire, verb).await?;
        Ok(Offers::read(wire.replies.lines(&reply)))
    }

    /// EHLO and STARTTLS in the clear (RFC 3207): after this only TLS may follow.
    async fn starttls(&self, wire: &mut Wire, hello: &ClientId) -> Result<(), TransportError> {
        if !self.hello(wire, hello).await?.starttls {
            return Err(TransportError::StartTlsMissing { server: self.server() });
        }
        self.say(wire, "STARTTLS", &Starttls.to_string()).await?;
        self.done(wire, "STARTTLS").await.map(drop)
    }

    /// Says EHLO, and logs in when anybody must.
    async fn log_in(&self, mut wire: Wire, hello: &ClientId) -> Result<SmtpConnection, TransportError> {
        let offers = self.hello(&mut wire, hello).await?;
        if let Some(login) = &self.login {
            let mechanism = offers.login.ok_or_else(|| TransportError::LoginMissing { server: self.server() })?;
            self.authenticate(&mut wire, mechanism, login).await?;
        }
        let Self { protocol, deadlines, in_flight, .. } = *self;
        let (mask, knows_no_chunks) = (self.mask(), self.knows_no_chunks.clone());
        let terms = Terms { protocol, offers, deadlines, mask, in_flight, knows_no_chunks };
        Ok(SmtpConnection::new(wire, terms))
    }

    /// AUTH (RFC 4954).
    async fn authenticate(&self, wire: &mut Wire, mechanism: Mechanism, login: &Login) -> Result<(), TransportError> {
        const STEP: &str = "AUTH";
        let question = |_| self.protocol(STEP, "this is not an answer of a mail server");
        let credentials = Credentials::new(login.user.clone(), login.password.expose_secret().to_owned());
        let mut command = Auth::new(mechanism, credentials.clone(), None).map_err(question)?;
        for _ in 0..AUTH_ROUNDS {
            self.say(wire, STEP, &command.to_string()).await?;
            let reply = self.reply(wire, STEP).await?;
            if reply.is_done() {
                return Ok(());
            }
            if reply.is_temporary() || reply.is_permanent() {
                let reply = login.redact(&wire.replies.text(&reply, &self.mask()));
                return Err(TransportError::LoginRefused { server: self.server(), reply });
            }
            if reply.code != 334 {
                return Err(self.protocol(STEP, "this is not an answer of a mail server"));
            }
            let code = Code::new(Severity::PositiveIntermediate, Category::Unspecified3, Detail::Four);
            let asked = Response::new(code, wire.replies.lines(&reply).collect());
            command = Auth::new_from_response(mechanism, credentials.clone(), &asked).map_err(question)?;
        }
        Err(self.protocol(STEP, "it asks again and again"))
    }

    async fn say(&self, wire: &mut Wire, step: &'static str, command: &str) -> Result<(), TransportError> {
        wire.output.extend_from_slice(command.as_bytes());
        wire.flush(self.deadlines.reply).await.map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => TransportError::Timeout { server: self.server(), step },
            _ => self.lost(step),
        })
    }

    /// A reply that must be 2yz.
    async fn done(&self, wire: &mut Wire, step: &'static str) -> Result<Reply, TransportError> {
        let reply = self.reply(wire, step).await?;
        match reply.code {
            _ if reply.is_done() => Ok(reply),
            0 => Err(self.protocol(step, "this is not a reply of a mail server")),
            _ => {
                let reply = wire.replies.text(&reply, &self.mask());
                Err(TransportError::Refused { server: self.server(), step, reply })
            }
        }
    }

    /// Exactly one reply; nothing may follow it before we speak again.
    async fn reply(&self, wire: &mut Wire, step: &'static str) -> Result<Reply, TransportError> {
        let read = async {
            loop {
                if wire.replies.starts_with(b"HTTP/") {
                    return Err(TransportError::Web { server: self.server() });
                }
                if let Some(reply) = wire.replies.take() {
                    return Ok(reply);
                }
                if wire.replies.len() > REPLY_BYTES {
                    return Err(self.protocol(step, "the reply has no end"));
                }
                if !matches!(wire.read().await, Ok(1..)) {
                    return Err(self.lost(step));
                }
            }
        };
        let reply = self.within(step, self.deadlines.reply, read).await??;
        if !wire.replies.is_empty() {
            return Err(TransportError::Injected { server: self.server(), step });
        }
        Ok(reply)
    }

    async fn within<T>(
        &self,
        step: &'static str,
        limit: Duration,
        future: impl Future<Output = T>,
    ) -> Result<T, TransportError> {
        timeout(limit, future).await.map_err(|_| TransportError::Timeout { server: self.server(), step })
    }

    /// What no reply may repeat, before the login either: the server may know it from another connection.
    fn mask(&self) -> Mask {
        Mask::new(self.login.as_ref())
    }

    fn lost(&self, step: &'static str) -> TransportError {
        TransportError::Lost { server: self.server(), step }
    }

    fn protocol(&self, step: &'static str, reason: &str) -> TransportError {
        TransportError::Protocol { server: self.server(), step, reason: reason.to_owned() }
    }
}

impl Login {
    /// Some servers repeat the user in their refusal.
    fn redact(&self, reply: &str) -> String {
        let words = reply.split(' ').map(|word| if hides(word, &self.user) { "***" } else { word });
        words.collect::<Vec<_>>().join(" ")
    }
}

/// Who we say we are: the address of our end of the connection (RFC 5321 §4.1.4). A host name or an address of an
/// inner network would tell every reader about the sender's home.
fn client_id(local: IpAddr) -> ClientId {
    match local.to_canonical() {
        IpAddr::V4(ip) if !(ip.is_private() || ip.is_link_local() || is_shared(ip)) => ClientId::Ipv4(ip),
        IpAddr::V6(ip) if !(ip.is_unique_local() || ip.is_unicast_link_local()) => ClientId::Ipv6(ip),
        _ => ClientId::Ipv4(Ipv4Addr::LOCALHOST),
    }
}

/// 100.64.0.0/10, between a provider and its customers (RFC 6598).
fn is_shared(ip: Ipv4Addr) -> bool {
    let [first, second, ..] = ip.octets();
    first == 100 && second & 0xc0 == 64
}
