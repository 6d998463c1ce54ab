//! A mailbox at a server (IMAP, RFC 3501 and 9051): reads messages without marking them, and moves some to a folder. imap-proto
//! reads the answers; how long one may be, how deep, and how long it may take, is bounded here.

mod replies;
mod talk;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imap_proto::{Response, Status};
use jiff::civil::Date;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use super::TransportError;
use super::scheme::{Protocol, Security, Server};
use super::smtp::Smtp;
use crate::config::{Encryption, MailboxServer};
use replies::{Said, set};
pub use talk::ImapError;
use talk::{PATIENCE, TIMEOUT, Talk};

/// Where messages go that were understood.
const FOLDER: &str = "Tidings";
/// So many messages, the newest, are read in one go.
const MOST_MESSAGES: usize = 500_000;

/// An open folder of a mailbox.
pub struct ImapMailbox {
    talk: Talk,
    capabilities: Vec<String>,
    /// The name of [`FOLDER`] at this server, once it is known.
    folder: Option<String>,
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
        let unreached = |error: TransportError| ImapError {
            help: match error {
                TransportError::Certificate { .. } => {
                    "write the host in `inbox.url` as the certificate names it, or add the certificate's authority to those that \
                     this machine trusts (`SSL_CERT_FILE`)"
                }
                _ => {
                    "check host, port and scheme in `inbox.url`, and the network: `imaps://` is TLS (port 993), `imap://` STARTTLS"
                }
            },
            message: error.to_string(),
        };
        let mut io = way.reach().await.map_err(unreached)?.0;
        if security == Security::Implicit {
            io = way.secure(io).await.map_err(unreached)?;
        }
        let mut talk = Talk::new(io, way.server());
        let greeting = timeout(PATIENCE, talk.reply()).await.map_err(|_| talk.slow())??;
        let is_logged_in = match Response::parse(&greeting) {
            Ok((_, Response::Data { status: Status::Ok, .. })) => false,
            // A login that came before TLS is another's.
            Ok((_, Response::Data { status: Status::PreAuth, .. })) if security != Security::StartTls => true,
            _ => return Err(talk.wrong("this is no IMAP server, or it refuses the connection")),
        };
        if security == Security::StartTls {
            talk.command("STARTTLS", "STARTTLS").await?;
            if talk.has_more() {
                return Err(talk.wrong("it said more than one thing before encryption began"));
            }
            let io = way.secure(talk.io).await.map_err(unreached)?;
            talk = Talk::new(io, way.server());
        }
        let mut mailbox = Self { talk, capabilities: Vec::new(), folder: None };
        if !is_logged_in {
            mailbox.log_in(user, password).await?;
        }
        mailbox.ask_capabilities().await?;
        let folder = mailbox.talk.quoted(folder)?;
        mailbox.talk.command("SELECT", &format!("SELECT {folder}")).await?;
        Ok(mailbox)
    }

    async fn ask_capabilities(&mut self) -> Result<(), ImapError> {
        let said = self.talk.command("CAPABILITY", "CAPABILITY").await?;
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
        let server = self.talk.server.clone();
        let done = if self.offers("AUTH=PLAIN") {
            let secret = STANDARD.encode(format!("\0{user}\0{}", password.expose_secret()));
            self.talk.exchange("AUTHENTICATE PLAIN", Some(&secret)).await?
        } else if self.offers("LOGINDISABLED") {
            return Err(refused(format!("the mail server `{server}` offers no login with a password")));
        } else {
            let login = format!("LOGIN {} {}", self.talk.quoted(user)?, self.talk.quoted(password.expose_secret())?);
            self.talk.exchange(&login, None).await?
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
        let said = self.talk.command("SEARCH", &format!("UID SEARCH SINCE {}", day.strftime("%-d-%b-%Y"))).await?;
        let found = said.into_iter().filter_map(|said| if let Said::Found(uids) = said { Some(uids) } else { None });
        let mut uids: Vec<u32> = found.flatten().collect();
        uids.sort_unstable();
        uids.dedup();
        Ok(uids.split_off(uids.len().saturating_sub(MOST_MESSAGES)))
    }

    /// Reads messages, at most so many bytes of each, without marking them as read, and keeps none.
    ///
    /// # Errors
    /// What the server answers in the place of it.
    pub async fn read(&mut self, uids: &[u32], most: usize, mut take: impl FnMut(u32, &[u8])) -> Result<(), ImapError> {
        if uids.is_empty() {
            return Ok(());
        }
        let command = format!("UID FETCH {} (UID BODY.PEEK[]<0.{most}>)", set(uids));
        self.talk.fetch(&command, uids, |uid, bytes| take(uid, &bytes[..bytes.len().min(most)])).await
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
        let mut rest = uids;
        if self.folder.is_none() {
            let (first, others) = uids.split_at(1);
            rest = others;
            // Some servers have all folders inside of the first.
            for name in [FOLDER.to_owned(), format!("INBOX.{FOLDER}"), format!("INBOX/{FOLDER}")] {
                self.talk.exchange(&format!("CREATE {name}"), None).await?;
                let said = self.talk.exchange(&format!("UID {verb} {} {name}", set(first)), None).await?;
                if matches!(said.last(), Some(Said::Done(Status::Ok, _))) || is_moved_by_others(verb, &said) {
                    self.folder = Some(name);
                    break;
                }
            }
            if self.folder.is_none() {
                return Err(self.talk.wrong("it makes no folder `Tidings`, or moves nothing to it"));
            }
            self.remove_copied(verb, first).await?;
        }
        if let Some(folder) = self.folder.as_ref().filter(|_| !rest.is_empty()) {
            let said = self.talk.exchange(&format!("UID {verb} {} {folder}", set(rest)), None).await?;
            if !is_moved_by_others(verb, &said) {
                self.talk.must_be_done(verb, said)?;
            }
            self.remove_copied(verb, rest).await?;
        }
        Ok(())
    }

    /// Removes messages of which a copy was made.
    async fn remove_copied(&mut self, verb: &str, uids: &[u32]) -> Result<(), ImapError> {
        if verb != "COPY" || uids.is_empty() {
            return Ok(());
        }
        let uids = set(uids);
        self.talk.command("STORE", &format!("UID STORE {uids} +FLAGS.SILENT (\\Deleted)")).await?;
        if self.offers("UIDPLUS") {
            self.talk.command("EXPUNGE", &format!("UID EXPUNGE {uids}")).await?;
        }
        Ok(())
    }

    /// Says goodbye, and does not wait for the answer.
    pub async fn close(mut self) {
        let goodbye = async {
            self.talk.io.write_all(b"z LOGOUT\r\n").await?;
            self.talk.io.flush().await
        };
        let _ = timeout(Duration::from_secs(2), goodbye).await;
    }
}

/// Whether messages could not be moved since they are gone (RFC 5530 §3): another process has moved them. What is left is known the
/// next time.
fn is_moved_by_others(verb: &str, said: &[Said]) -> bool {
    verb == "MOVE" && matches!(said.last(), Some(Said::Done(Status::No, why)) if why.contains("[EXPUNGEISSUED]"))
}
