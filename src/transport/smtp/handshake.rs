//! From a host and a port to a connection that takes messages: TCP, TLS, greeting, EHLO, login. What is not encrypted
//! is read here and never handed on: a reply that comes before TLS cannot be mistaken for one that comes after it.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Auth, Ehlo, Starttls};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use secrecy::ExposeSecret as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::mask::{Mask, hides};
use super::reply::{REPLY_BYTES, Reply, first_reply, lost};
use super::server::{Login, Smtp};
use super::stream::Stream;
use super::transaction::SmtpConnection;
use crate::transport::{Security, TransportError};

/// PLAIN needs one answer from us, LOGIN three; more is a server that asks for ever.
const AUTH_ROUNDS: usize = 4;

impl Smtp {
    /// Connects, encrypts, greets and logs in.
    pub(super) async fn establish(&self) -> Result<SmtpConnection, TransportError> {
        let tcp = self.dial().await?;
        let lost = |_| self.lost("connecting");
        let (peer, local) = (tcp.peer_addr().map_err(lost)?, tcp.local_addr().map_err(lost)?);
        // A long message goes in several writes, which would wait for each other's acknowledgement.
        tcp.set_nodelay(true).map_err(lost)?;
        let hello = client_id(local.ip());
        match self.security {
            Security::Implicit => {
                let tls = self.within("TLS", self.deadlines.reply, self.encrypt(tcp)).await??;
                let mut stream = Stream::new(tls, peer);
                self.greeting(&mut stream).await?;
                self.log_in(stream, &hello).await
            }
            Security::StartTls => {
                let mut stream = Stream::new(tcp, peer);
                self.greeting(&mut stream).await?;
                self.starttls(&mut stream, &hello).await?;
                let encrypt = self.encrypt(stream.into_inner());
                let tls = self.within("TLS", self.deadlines.reply, encrypt).await??;
                self.log_in(Stream::new(tls, peer), &hello).await
            }
            Security::Loopback => {
                // `localhost` is a name like others: only the address says where a connection leads.
                if !peer.ip().to_canonical().is_loopback() {
                    return Err(TransportError::NotLoopback { server: self.server() });
                }
                let mut stream = Stream::new(tcp, peer);
                self.greeting(&mut stream).await?;
                self.log_in(stream, &hello).await
            }
        }
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

    async fn greeting<S: AsyncRead + Unpin>(&self, stream: &mut Stream<S>) -> Result<(), TransportError> {
        self.reply(stream, "greeting").await.map(drop)
    }

    /// EHLO and STARTTLS in the clear (RFC 3207): after this only TLS may follow.
    async fn starttls(&self, stream: &mut Stream<TcpStream>, hello: &ClientId) -> Result<(), TransportError> {
        self.send(stream, "EHLO", &Ehlo::new(hello.clone()).to_string()).await?;
        let offers = self.reply(stream, "EHLO").await?;
        if !offers.message().skip(1).any(|line| line.trim().eq_ignore_ascii_case("STARTTLS")) {
            return Err(TransportError::StartTlsMissing { server: self.server() });
        }
        self.send(stream, "STARTTLS", &Starttls.to_string()).await?;
        self.reply(stream, "STARTTLS").await.map(drop)
    }

    /// Hands the stream to lettre, which says EHLO, and logs in when anybody must.
    async fn log_in<S>(&self, mut stream: Stream<S>, hello: &ClientId) -> Result<SmtpConnection, TransportError>
    where
        S: AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug + 'static,
    {
        // lettre waits for a greeting first. The real one has been read; after STARTTLS there is none.
        stream.pretend(b"220 \r\n");
        let end = stream.end_of_content();
        let connect = AsyncSmtpConnection::connect_with_transport(Box::new(stream), hello);
        let mut connection =
            self.within("EHLO", self.deadlines.reply, connect).await?.map_err(|error| self.classify("EHLO", &error))?;
        if let Some(login) = &self.login {
            self.authenticate(&mut connection, login).await?;
        }
        Ok(SmtpConnection::new(connection, end, self.deadlines, self.mask()))
    }

    /// AUTH (RFC 4954). lettre's own `auth` says QUIT after a refusal and waits for the answer.
    async fn authenticate(&self, connection: &mut AsyncSmtpConnection, login: &Login) -> Result<(), TransportError> {
        const STEP: &str = "AUTH";
        let mechanism = connection
            .server_info()
            .get_auth_mechanism(&[Mechanism::Plain, Mechanism::Login])
            .ok_or_else(|| TransportError::LoginMissing { server: self.server() })?;
        let credentials = Credentials::new(login.user.clone(), login.password.expose_secret().to_owned());
        let mut command =
            Auth::new(mechanism, credentials.clone(), None).map_err(|error| self.classify(STEP, &error))?;
        for _ in 0..AUTH_ROUNDS {
            let answer = self.within(STEP, self.deadlines.reply, connection.command(command)).await?;
            let response = answer.map_err(|error| match Reply::from_error(&error, &self.mask()) {
                Some(reply) => TransportError::LoginRefused { server: self.server(), reply: login.redact(&reply.text) },
                None => self.classify(STEP, &error),
            })?;
            if Reply::read(&response, &Mask::default()).is_done() {
                return Ok(());
            }
            command = Auth::new_from_response(mechanism, credentials.clone(), &response)
                .map_err(|error| self.classify(STEP, &error))?;
        }
        Err(self.protocol(STEP, "it asks again and again"))
    }

    async fn send<S: AsyncWrite + Unpin>(
        &self,
        stream: &mut Stream<S>,
        step: &'static str,
        command: &str,
    ) -> Result<(), TransportError> {
        let write = stream.write_all(command.as_bytes());
        self.within(step, self.deadlines.reply, write).await?.map_err(|_| self.lost(step))
    }

    /// Exactly one 2yz reply; nothing may follow it before we speak again.
    async fn reply<S: AsyncRead + Unpin>(
        &self,
        stream: &mut Stream<S>,
        step: &'static str,
    ) -> Result<Response, TransportError> {
        let mut bytes = Vec::new();
        let read = async {
            loop {
                if let Some(length) = first_reply(&bytes) {
                    return Ok(length);
                }
                if bytes.len() > REPLY_BYTES {
                    return Err(self.protocol(step, "the reply has no end"));
                }
                match stream.read_buf(&mut bytes).await {
                    Ok(0) | Err(_) => return Err(self.lost(step)),
                    Ok(_) => {}
                }
            }
        };
        let length = self.within(step, self.deadlines.reply, read).await??;
        if length < bytes.len() || stream.has_more() {
            return Err(TransportError::Injected { server: self.server(), step });
        }
        let text = String::from_utf8_lossy(&bytes);
        let response: Response =
            text.parse().map_err(|_| self.protocol(step, "this is not a reply of a mail server"))?;
        let reply = Reply::read(&response, &self.mask());
        if reply.is_done() {
            return Ok(response);
        }
        Err(TransportError::Refused { server: self.server(), step, reply: reply.text })
    }

    async fn within<T>(
        &self,
        step: &'static str,
        limit: Duration,
        future: impl Future<Output = T>,
    ) -> Result<T, TransportError> {
        timeout(limit, future).await.map_err(|_| TransportError::Timeout { server: self.server(), step })
    }

    fn classify(&self, step: &'static str, error: &lettre::transport::smtp::Error) -> TransportError {
        match Reply::from_error(error, &self.mask()) {
            Some(reply) => TransportError::Refused { server: self.server(), step, reply: reply.text },
            None if lost(error) => self.lost(step),
            None => self.protocol(step, "this is not an answer of a mail server"),
        }
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
