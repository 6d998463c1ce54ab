//! A conversation with an IMAP server: commands, and replies of which length, depth, number and time are bounded.

use std::collections::BTreeSet;
use std::time::Duration;

use imap_proto::Status;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::super::smtp::{Io, one_line};
use super::replies::{Said, literal, understood};

/// In seconds: connecting and each reply.
pub(super) const TIMEOUT: u32 = 60;
/// All replies to a command.
pub(super) const PATIENCE: Duration = Duration::from_mins(10);
/// What a reply has beside the content of a message: the numbers of half a million messages.
const LONGEST_LINE: usize = 4 << 20;
/// And with it.
const LONGEST_REPLY: usize = 6 << 20;
/// How deep a reply is nested: the parser of what comes goes by itself.
const DEEPEST: usize = 32;
/// So many replies to one command.
const MOST_REPLIES: usize = 100_000;

/// Why a mailbox is not read. Holds neither user nor password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ImapError {
    pub(super) message: String,
    /// The cure.
    pub help: &'static str,
}

/// How many messages may come, and what takes each.
type Taking<'t> = (usize, &'t mut dyn FnMut(u32, &[u8]));

/// A connection to a server that speaks IMAP.
pub(super) struct Talk {
    pub(super) io: Box<dyn Io>,
    /// What has come and is not read yet.
    input: Vec<u8>,
    /// How much of it has no end of a line.
    searched: usize,
    pub(super) server: String,
    commands: u32,
    /// Of the folder that is open.
    validity: Option<u32>,
}

impl Talk {
    pub(super) fn new(io: Box<dyn Io>, server: String) -> Self {
        Self { io, input: Vec::new(), searched: 0, server, commands: 0, validity: None }
    }

    /// True when something has come that no command has asked for.
    pub(super) fn has_more(&self) -> bool {
        !self.input.is_empty()
    }

    /// A command that must succeed.
    pub(super) async fn command(&mut self, step: &str, command: &str) -> Result<Vec<Said>, ImapError> {
        let said = self.exchange(command, None).await?;
        self.must_be_done(step, said)
    }

    /// A command that brings messages, which are taken one by one as they come: of these and each once, in whatever order.
    pub(super) async fn fetch(
        &mut self,
        command: &str,
        uids: &[u32],
        mut take: impl FnMut(u32, &[u8]),
    ) -> Result<(), ImapError> {
        let mut left: BTreeSet<u32> = uids.iter().copied().collect();
        let mut take = |uid: u32, bytes: &[u8]| {
            if left.remove(&uid) {
                take(uid, bytes);
            }
        };
        let said = timeout(PATIENCE, self.say(command, None, Some((uids.len(), &mut take)))).await;
        let said = said.map_err(|_| self.slow())??;
        self.must_be_done("FETCH", said).map(drop)
    }

    pub(super) fn must_be_done(&self, step: &str, said: Vec<Said>) -> Result<Vec<Said>, ImapError> {
        match said.last() {
            Some(Said::Done(Status::Ok, _)) => Ok(said),
            Some(Said::Done(_, why)) => Err(self.wrong(&format!("it refuses {step}: {}", one_line(why)))),
            _ => Err(self.wrong("its answer has no end")),
        }
    }

    /// Everything that is said to a command; the last is how it went. `more` is sent when it is asked for.
    pub(super) async fn exchange(&mut self, command: &str, more: Option<&str>) -> Result<Vec<Said>, ImapError> {
        timeout(PATIENCE, self.say(command, more, None)).await.map_err(|_| self.slow())?
    }

    async fn say(
        &mut self,
        command: &str,
        mut more: Option<&str>,
        mut take: Option<Taking<'_>>,
    ) -> Result<Vec<Said>, ImapError> {
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
                said @ Said::Done(..) => {
                    all.push(said);
                    return Ok(all);
                }
                Said::Bye => return Err(self.lost()),
                Said::Validity(number) if *self.validity.get_or_insert(number) != number => {
                    return Err(self.wrong("its folder was replaced by another while it was read"));
                }
                Said::Other | Said::Validity(_) => {}
                Said::Message(uid, bytes) => {
                    let (room, take) = take.as_mut().ok_or_else(|| self.wrong("it sends what was not asked for"))?;
                    *room = room.checked_sub(1).ok_or_else(|| self.wrong("it sends more than was asked for"))?;
                    take(uid, &bytes);
                }
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
    pub(super) async fn reply(&mut self) -> Result<Vec<u8>, ImapError> {
        let (mut reply, mut lines, mut depth) = (Vec::new(), 0, 0_usize);
        loop {
            let end = loop {
                if let Some(at) = memchr::memchr(b'\n', &self.input[self.searched..]) {
                    break self.searched + at + 1;
                }
                self.searched = self.input.len();
                if self.input.len() > LONGEST_LINE {
                    return Err(self.wrong("its answer has no end"));
                }
                self.more().await?;
            };
            let line: Vec<u8> = self.input.drain(..end).collect();
            self.searched = 0;
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
            if length.saturating_add(reply.len()) > LONGEST_REPLY {
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
    pub(super) fn quoted(&self, text: &str) -> Result<String, ImapError> {
        if !text.is_ascii() || text.contains(char::is_control) {
            return Err(self.wrong("it takes no user, password or folder beyond ASCII"));
        }
        Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
    }

    pub(super) fn wrong(&self, why: &str) -> ImapError {
        let message = format!("the mail server `{}` does not do as it should: {why}", self.server);
        ImapError { message, help: "check that `inbox.url` leads to an IMAP server and one of its folders" }
    }

    pub(super) fn slow(&self) -> ImapError {
        let message = format!("the mail server `{}` did not answer in time", self.server);
        ImapError { message, help: "try again later; if it stays so, ask those who run the server" }
    }

    pub(super) fn lost(&self) -> ImapError {
        let message = format!("the mail server `{}` closed the connection", self.server);
        ImapError { message, help: "try again later; if it stays so, ask those who run the server" }
    }
}
