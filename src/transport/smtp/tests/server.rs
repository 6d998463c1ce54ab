//! An SMTP server on loopback that does what a test tells it to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What the server does after a line of the client.
pub(super) enum Act {
    /// What every server would.
    Usual,
    /// Says this instead.
    Say(&'static [u8]),
    /// Says this and closes the connection.
    SayAndClose(&'static [u8]),
    /// Says this, reads so many bytes and closes the connection.
    ReadAndClose(&'static [u8], usize),
    /// Says this and then nothing for ever, nor does it read.
    SayAndHang(&'static [u8]),
}

impl Act {
    pub(super) const CLOSE: Self = Self::SayAndClose(b"");
    pub(super) const HANG: Self = Self::SayAndHang(b"");
}

/// Decides by a line of the client: `CONNECT` for the connection itself, `. RCPT TO:<…>` for the end of the content.
type Script = dyn Fn(&str) -> Act + Send + Sync;

/// What the server offers, and with it how letters are carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Plain,
    Pipelining,
    Chunking,
}

impl Mode {
    pub(super) const ALL: [Self; 3] = [Self::Plain, Self::Pipelining, Self::Chunking];

    /// The answer to EHLO.
    pub(super) fn offers(self) -> &'static [u8] {
        match self {
            Self::Plain => b"250-lab.test\r\n250-8BITMIME\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n",
            Self::Pipelining => b"250-lab.test\r\n250-pipelining\r\n250-8BITMIME\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n",
            Self::Chunking => {
                b"250-lab.test\r\n250-Chunking\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"
            }
        }
    }
}

/// What has happened so far.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) connections: usize,
    /// `CONNECT` and every command, over all connections.
    pub(super) lines: Vec<String>,
    /// Every message that was taken.
    pub(super) messages: Vec<Vec<u8>>,
}

/// When the server speaks TLS.
#[derive(Clone)]
pub(super) enum Tls {
    Never,
    AtOnce(Arc<ServerConfig>),
    OnDemand(Arc<ServerConfig>),
}

pub(super) struct Server {
    pub(super) address: SocketAddr,
    log: Arc<Mutex<Log>>,
}

impl Server {
    pub(super) async fn start(tls: Tls, script: impl Fn(&str) -> Act + Send + Sync + 'static) -> Self {
        Self::offering(Mode::Plain, tls, script).await
    }

    pub(super) async fn offering(mode: Mode, tls: Tls, script: impl Fn(&str) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { address: listener.local_addr().unwrap(), log: Arc::default() };
        let (log, script): (_, Arc<Script>) = (Arc::clone(&server.log), Arc::new(script));
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                log.lock().unwrap().connections += 1;
                let session = Session { mode, tls: tls.clone(), script: Arc::clone(&script), log: Arc::clone(&log) };
                tokio::spawn(session.run(tcp));
            }
        });
        server
    }

    /// Everything so far; the rest of the log starts empty.
    pub(super) fn log(&self) -> Log {
        std::mem::take(&mut *self.log.lock().unwrap())
    }
}

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

struct Session {
    mode: Mode,
    tls: Tls,
    script: Arc<Script>,
    log: Arc<Mutex<Log>>,
}

/// The client is gone, or shall be.
struct Over;

impl From<std::io::Error> for Over {
    fn from(_: std::io::Error) -> Self {
        Self
    }
}

impl Session {
    async fn run(self, tcp: TcpStream) -> Result<(), Over> {
        tcp.set_nodelay(true)?;
        let io: Box<dyn Io> = match &self.tls {
            Tls::AtOnce(config) => Box::new(TlsAcceptor::from(Arc::clone(config)).accept(tcp).await?),
            _ => Box::new(tcp),
        };
        let mut io = BufReader::new(io);
        self.act(&mut io, "CONNECT", b"220 lab.test ESMTP\r\n").await?;
        // Who is to get the message.
        let mut recipient = None;
        loop {
            let mut line = String::new();
            if io.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let line = line.trim_end();
            match line.split(' ').next().unwrap_or_default() {
                "EHLO" => drop(self.act(&mut io, line, self.mode.offers()).await?),
                "STARTTLS" => {
                    self.act(&mut io, line, b"220 go ahead\r\n").await?;
                    if let Tls::OnDemand(config) = &self.tls {
                        let tls = TlsAcceptor::from(Arc::clone(config)).accept(io.into_inner()).await?;
                        io = BufReader::new(Box::new(tls));
                    }
                }
                "AUTH" => drop(self.act(&mut io, line, b"235 2.7.0 welcome\r\n").await?),
                "RCPT" => {
                    let said = self.act(&mut io, line, b"250 2.1.5 ok\r\n").await?;
                    recipient = said.starts_with(b"250").then(|| line.to_owned());
                }
                "DATA" => {
                    let usual =
                        if recipient.is_some() { b"354 go on\r\n".as_slice() } else { b"503 5.5.1 for whom?\r\n" };
                    if self.act(&mut io, line, usual).await?.starts_with(b"354") {
                        let message = content(&mut io).await?;
                        self.take(&mut io, recipient.take(), message).await?;
                    }
                }
                "BDAT" => {
                    let size = line.strip_prefix("BDAT ").and_then(|rest| rest.strip_suffix(" LAST")).unwrap();
                    let mut message = vec![0; size.parse().unwrap()];
                    io.read_exact(&mut message).await?;
                    self.log.lock().unwrap().lines.push("BDAT".to_owned());
                    self.take(&mut io, recipient.take(), message).await?;
                }
                "MAIL" | "RSET" => {
                    recipient = None;
                    self.act(&mut io, line, b"250 2.0.0 ok\r\n").await?;
                }
                "QUIT" => {
                    self.act(&mut io, line, b"221 bye\r\n").await?;
                    return Ok(());
                }
                _ => drop(self.act(&mut io, line, b"250 2.0.0 ok\r\n").await?),
            }
        }
    }

    /// The end of a message; taken when there is a recipient.
    async fn take(&self, io: &mut BufReader<Box<dyn Io>>, to: Option<String>, message: Vec<u8>) -> Result<(), Over> {
        let usual = if to.is_some() { b"250 2.0.0 queued as 1\r\n".as_slice() } else { b"554 5.5.1 for whom?\r\n" };
        let said = self.act(io, &format!(". {}", to.unwrap_or_default()), usual).await?;
        if said.starts_with(b"250") {
            self.log.lock().unwrap().messages.push(message);
        }
        Ok(())
    }

    async fn act(
        &self,
        io: &mut BufReader<Box<dyn Io>>,
        line: &str,
        usual: &'static [u8],
    ) -> Result<&'static [u8], Over> {
        self.log.lock().unwrap().lines.push(line.to_owned());
        let act = (self.script)(line);
        let said = match act {
            Act::Usual => usual,
            Act::Say(said) | Act::SayAndClose(said) | Act::ReadAndClose(said, _) | Act::SayAndHang(said) => said,
        };
        io.write_all(said).await?;
        io.flush().await?;
        match act {
            Act::Usual | Act::Say(_) => Ok(said),
            Act::SayAndClose(_) => Err(Over),
            Act::ReadAndClose(_, count) => {
                io.read_exact(&mut vec![0; count]).await?;
                Err(Over)
            }
            Act::SayAndHang(_) => std::future::pending().await,
        }
    }
}

/// The content without its dots (RFC 5321 §4.5.2).
async fn content(io: &mut BufReader<Box<dyn Io>>) -> Result<Vec<u8>, Over> {
    let mut message = Vec::new();
    loop {
        let mut line = Vec::new();
        if io.read_until(b'\n', &mut line).await? == 0 {
            return Err(Over);
        }
        if line == b".\r\n" {
            return Ok(message);
        }
        message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}

/// A certificate for `name`, the server with it, and a client that trusts its authority.
pub(super) fn certificate(name: &str) -> (Arc<ServerConfig>, Arc<ClientConfig>) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let provider = Arc::new(aws_lc_rs::default_provider());
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (Arc::new(server), Arc::new(client))
}
