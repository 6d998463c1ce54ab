//! A mailbox at a server (IMAP, RFC 3501 and 9051): reads messages without marking them, and moves some to a folder. imap-proto
//! reads the answers; how long one may be, how deep, and how long it may take, is bounded here.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imap_proto::{AttributeValue, Capability, MailboxDatum, Response, Status};
use jiff::civil::Date;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::scheme::{Protocol, Security, Server};
use super::smtp::{Io, Smtp, one_line};
use crate::config::{Encryption, MailboxServer};

/// Where messages go that were understood.
const FOLDER: &str = "Tidings";
/// In seconds: connecting and each reply.
const TIMEOUT: u32 = 60;
/// All replies to a command.
const PATIENCE: Duration = Duration::from_mins(10);
/// What a reply has beside the content of a message.
const LONGEST_LINE: usize = 1 << 20;
/// How deep a reply is nested: the parser of what comes goes by itself.
const DEEPEST: usize = 32;
/// So many replies to one command.
const MOST_REPLIES: usize = 100_000;
/// So many messages in one command.
const BATCH: usize = 16;
/// So many messages, the newest, are read in one go.
const MOST_MESSAGES: usize = 10_000;

/// Why a mailbox is not read. Holds neither user nor password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ImapError {
    message: String,
    /// The cure.
    pub help: &'static str,
}

/// An open folder of a mailbox.
pub struct ImapMailbox {
    io: Box<dyn Io>,
    /// What has come and is not read yet.
    input: Vec<u8>,
    server: String,
    commands: u32,
    capabilities: Vec<String>,
}

/// What a server said, as far as it matters.
enum Said {
    Go,
    Done(Status, String),
    Capabilities(Vec<String>),
    Found(Vec<u32>),
    Message(u32, Vec<u8>),
    Other,
}

impl ImapMailbox {
    /// Connects, encrypts, logs in and opens the folder.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn open(server: &MailboxServer, password: &SecretString) -> Result<Self, ImapError> {
        let MailboxServer { host, port, user, folder, encryption } = server;
        let security = match encryption {
            Encryption::Implicit => Security::Implicit,
            Encryption::StartTls => Security::StartTls,
            Encryption::Loopback => Security::Loopback,
        };
        let reached = Server { host: host.clone(), port: *port, user: None, security };
        let way = Smtp::new(Protocol::Imap, reached, None, TIMEOUT, 1);
        let unreached = |error: super::TransportError| ImapError {
            message: error.to_string(),
            help: "check host, port and scheme in `inbox.url`, and the network: `imaps://` is TLS (port 993), `imap://` STARTTLS",
        };
        let mut io = way.reach().await.map_err(unreached)?.0;
        if security == Security::Implicit {
            io = way.secure(io).await.map_err(unreached)?;
        }
        let mut mailbox = Self { io, input: Vec::new(), server: way.server(), commands: 0, capabilities: Vec::new() };
        let greeting = timeout(PATIENCE, mailbox.reply()).await.map_err(|_| mailbox.slow())??;
        match Response::parse(&greeting) {
            Ok((_, Response::Data { status: Status::Ok, .. })) => {}
            // A login that came before TLS is another's.
            Ok((_, Response::Data { status: Status::PreAuth, .. })) if security != Security::StartTls => {}
            _ => return Err(mailbox.wrong("this is no IMAP server, or it refuses the connection")),
        }
        if security == Security::StartTls {
            mailbox.command("STARTTLS", "STARTTLS").await?;
            if !mailbox.input.is_empty() {
                return Err(mailbox.wrong("it said more than one thing before encryption began"));
            }
            let Self { io, server, commands, .. } = mailbox;
            let io = way.secure(io).await.map_err(unreached)?;
            mailbox = Self { io, input: Vec::new(), server, commands, capabilities: Vec::new() };
        }
        mailbox.log_in(user, password).await?;
        mailbox.ask_capabilities().await?;
        let folder = mailbox.quoted(folder)?;
        mailbox.command("SELECT", &format!("SELECT {folder}")).await?;
        Ok(mailbox)
    }

    async fn ask_capabilities(&mut self) -> Result<(), ImapError> {
        let said = self.command("CAPABILITY", "CAPABILITY").await?;
        self.capabilities = said
            .into_iter()
            .find_map(|said| match said {
                Said::Capabilities(all) => Some(all),
                _ => None,
            })
            .unwrap_or_default();
        Ok(())
    }

    fn offers(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|offered| offered.eq_ignore_ascii_case(capability))
    }

    async fn log_in(&mut self, user: &str, password: &SecretString) -> Result<(), ImapError> {
        self.ask_capabilities().await?;
        let refused = |message: String| ImapError {
            message,
            help: "check the user in `inbox.url` and the password; some providers want an app password here",
        };
        let server = self.server.clone();
        let done = if self.offers("AUTH=PLAIN") {
            let secret = STANDARD.encode(format!("\0{user}\0{}", password.expose_secret()));
            self.exchange("AUTHENTICATE PLAIN", Some(&secret)).await?
        } else if self.offers("LOGINDISABLED") {
            return Err(refused(format!("the mail server `{server}` offers no login with a password")));
        } else {
            let login = format!("LOGIN {} {}", self.quoted(user)?, self.quoted(password.expose_secret())?);
            self.exchange(&login, None).await?
        };
        match done.last() {
            Some(Said::Done(Status::Ok, _)) => Ok(()),
            _ => Err(refused(format!("the mail server `{server}` refuses the login"))),
        }
    }

    /// The messages that arrived on this day or later, oldest first.
    ///
    /// # Errors
    /// What the server answers in the place of it.
    pub async fn since(&mut self, day: Date) -> Result<Vec<u32>, ImapError> {
        let said = self.command("SEARCH", &format!("UID SEARCH SINCE {}", day.strftime("%-d-%b-%Y"))).await?;
        let found = said.into_iter().filter_map(|said| if let Said::Found(uids) = said { Some(uids) } else { None });
        let mut uids: Vec<u32> = found.flatten().collect();
        uids.sort_unstable();
        uids.dedup();
        Ok(uids.split_off(uids.len().saturating_sub(MOST_MESSAGES)))
    }

    /// Reads messages, at most so many bytes of each, without marking them as read.
    ///
    /// # Errors
    /// What the server answers in the place of it.
    pub async fn read(&mut self, uids: &[u32], most: usize, mut take: impl FnMut(u32, &[u8])) -> Result<(), ImapError> {
        for batch in uids.chunks(BATCH) {
            let command = format!("UID FETCH {} (UID BODY.PEEK[]<0.{most}>)", set(batch));
            for said in self.command("FETCH", &command).await? {
                if let Said::Message(uid, bytes) = said
                    && batch.contains(&uid)
                {
                    take(uid, &bytes[..bytes.len().min(most)]);
                }
            }
        }
        Ok(())
    }

    /// Moves messages to the folder for what was understood, and makes it when it is missing. Of a server that cannot delete these
    /// alone (RFC 4315), they stay, marked as deleted.
    ///
    /// # Errors
    /// What the server answers in the place of it.
    pub async fn put_away(&mut self, uids: &[u32]) -> Result<(), ImapError> {
        if uids.is_empty() {
            return Ok(());
        }
        let verb = if self.offers("MOVE") { "MOVE" } else { "COPY" };
        // Some servers have all folders inside of the first.
        let mut folder = None;
        for name in [FOLDER.to_owned(), format!("INBOX.{FOLDER}"), format!("INBOX/{FOLDER}")] {
            self.exchange(&format!("CREATE {name}"), None).await?;
            let said = self.exchange(&format!("UID {verb} {} {name}", set(&uids[..1])), None).await?;
            if matches!(said.last(), Some(Said::Done(Status::Ok, _))) {
                folder = Some(name);
                break;
            }
        }
        let Some(folder) = folder else {
            return Err(self.wrong("it makes no folder `Tidings`, or moves nothing to it"));
        };
        let (first, rest) = uids.split_at(1);
        let mut batches = vec![first];
        batches.extend(rest.chunks(500));
        for (number, batch) in batches.into_iter().enumerate() {
            let batch = set(batch);
            if number > 0 {
                self.command(verb, &format!("UID {verb} {batch} {folder}")).await?;
            }
            if verb == "COPY" {
                self.command("STORE", &format!("UID STORE {batch} +FLAGS.SILENT (\\Deleted)")).await?;
                if self.offers("UIDPLUS") {
                    self.command("EXPUNGE", &format!("UID EXPUNGE {batch}")).await?;
                }
            }
        }
        Ok(())
    }

    /// Says goodbye, and does not wait for the answer.
    pub async fn close(mut self) {
        let goodbye = async {
            self.io.write_all(b"z LOGOUT\r\n").await?;
            self.io.flush().await
        };
        let _ = timeout(Duration::from_secs(2), goodbye).await;
    }

    /// A command that must succeed.
    async fn command(&mut self, step: &str, command: &str) -> Result<Vec<Said>, ImapError> {
        let said = self.exchange(command, None).await?;
        match said.last() {
            Some(Said::Done(Status::Ok, _)) => Ok(said),
            Some(Said::Done(_, why)) => Err(self.wrong(&format!("it refuses {step}: {}", one_line(why)))),
            _ => Err(self.wrong("its answer has no end")),
        }
    }

    /// Everything that is said to a command; the last is how it went. `more` is sent when it is asked for.
    async fn exchange(&mut self, command: &str, more: Option<&str>) -> Result<Vec<Said>, ImapError> {
        timeout(PATIENCE, self.say(command, more)).await.map_err(|_| self.slow())?
    }

    async fn say(&mut self, command: &str, mut more: Option<&str>) -> Result<Vec<Said>, ImapError> {
        self.commands += 1;
        let tag = format!("a{}", self.commands);
        self.write(&format!("{tag} {command}\r\n")).await?;
        let mut all = Vec::new();
        for _ in 0..MOST_REPLIES {
            let reply = self.reply().await?;
            match understood(&reply, &tag).ok_or_else(|| self.wrong("its answer cannot be read"))? {
                Said::Go => {
                    let more = more.take().ok_or_else(|| self.wrong("it asks for more than there is"))?;
                    self.write(&format!("{more}\r\n")).await?;
                }
                Said::Other => {}
                said @ Said::Done(..) => {
                    all.push(said);
                    return Ok(all);
                }
                // What was not asked for is not kept.
                Said::Message(..) if all.len() >= BATCH => return Err(self.wrong("it sends more than was asked for")),
                said => all.push(said),
            }
        }
        Err(self.wrong("its answer has no end"))
    }

    async fn write(&mut self, text: &str) -> Result<(), ImapError> {
        let write = async {
            self.io.write_all(text.as_bytes()).await?;
            self.io.flush().await
        };
        let written = timeout(Duration::from_secs(TIMEOUT.into()), write).await;
        written.map_err(|_| self.slow())?.map_err(|_| self.lost())
    }

    /// One reply with all its literals (RFC 3501 §4.3).
    async fn reply(&mut self) -> Result<Vec<u8>, ImapError> {
        let (mut reply, mut lines, mut depth) = (Vec::new(), 0, 0_usize);
        loop {
            let end = loop {
                if let Some(at) = memchr::memchr(b'\n', &self.input) {
                    break at + 1;
                }
                if self.input.len() > LONGEST_LINE {
                    return Err(self.wrong("its answer has no end"));
                }
                self.more().await?;
            };
            let line: Vec<u8> = self.input.drain(..end).collect();
            lines += line.len();
            for byte in &line {
                depth = if *byte == b'(' { depth + 1 } else { depth.saturating_sub(usize::from(*byte == b')')) };
                if depth > DEEPEST {
                    return Err(self.wrong("its answer is nested too deep"));
                }
            }
            if lines > LONGEST_LINE {
                return Err(self.wrong("its answer has no end"));
            }
            let length = literal(&line);
            reply.extend_from_slice(&line);
            let Some(length) = length else { return Ok(reply) };
            if length.saturating_add(reply.len()) > 2 * LONGEST_LINE + LONGEST_LINE / 2 {
                return Err(self.wrong("it sends more than was asked for"));
            }
            while self.input.len() < length {
                self.more().await?;
            }
            reply.extend(self.input.drain(..length));
        }
    }

    async fn more(&mut self) -> Result<(), ImapError> {
        self.input.reserve(1 << 14);
        let read = timeout(Duration::from_secs(TIMEOUT.into()), self.io.read_buf(&mut self.input)).await;
        match read.map_err(|_| self.slow())? {
            Ok(1..) => Ok(()),
            _ => Err(self.lost()),
        }
    }

    /// Text as an argument (RFC 3501 §4.3).
    fn quoted(&self, text: &str) -> Result<String, ImapError> {
        if !text.is_ascii() || text.contains(char::is_control) {
            return Err(self.wrong("it takes no user, password or folder beyond ASCII"));
        }
        Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
    }

    fn wrong(&self, why: &str) -> ImapError {
        let message = format!("the mail server `{}` does not do as it should: {why}", self.server);
        ImapError { message, help: "check that `inbox.url` leads to an IMAP server and one of its folders" }
    }

    fn slow(&self) -> ImapError {
        let message = format!("the mail server `{}` did not answer in time", self.server);
        ImapError { message, help: "try again later; if it stays so, ask those who run the server" }
    }

    fn lost(&self) -> ImapError {
        let message = format!("the mail server `{}` closed the connection", self.server);
        ImapError { message, help: "try again later; if it stays so, ask those who run the server" }
    }
}

/// What a reply says; `None` for one that cannot be read or that answers another command.
fn understood(reply: &[u8], tag: &str) -> Option<Said> {
    let (_, response) = Response::parse(reply).ok()?;
    Some(match response {
        Response::Continue(_) => Said::Go,
        Response::Done { tag: found, .. } if found.0 != tag => return None,
        Response::Done { status, .. } => Said::Done(status, String::from_utf8_lossy(reply).into_owned()),
        Response::Data { status: Status::Bye, .. } => return None,
        Response::Capabilities(all) => {
            let name = |capability: Capability<'_>| match capability {
                Capability::Imap4rev1 => "IMAP4rev1".to_owned(),
                Capability::Auth(how) => format!("AUTH={how}"),
                Capability::Atom(name) => name.into_owned(),
            };
            Said::Capabilities(all.into_iter().map(name).collect())
        }
        Response::MailboxData(MailboxDatum::Search(uids)) => Said::Found(uids),
        Response::Fetch(_, attributes) => {
            let (mut uid, mut data) = (None, None);
            for attribute in attributes {
                match attribute {
                    AttributeValue::Uid(found) => uid = Some(found),
                    AttributeValue::BodySection { data: Some(found), .. } => data = Some(found.into_owned()),
                    _ => {}
                }
            }
            match (uid, data) {
                (Some(uid), Some(data)) => Said::Message(uid, data),
                _ => Said::Other,
            }
        }
        _ => Said::Other,
    })
}

/// The length of the literal that a line announces at its end.
fn literal(line: &[u8]) -> Option<usize> {
    let line = line.strip_suffix(b"\r\n")?.strip_suffix(b"}")?;
    let digits = line.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let begin = line.len() - digits;
    if digits == 0 || line.get(begin.checked_sub(1)?) != Some(&b'{') {
        return None;
    }
    // A number without end is longer than anything.
    Some(std::str::from_utf8(&line[begin..]).ok()?.parse().unwrap_or(usize::MAX))
}

/// A set of messages (RFC 3501 §9, `sequence-set`).
fn set(uids: &[u32]) -> String {
    uids.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}
