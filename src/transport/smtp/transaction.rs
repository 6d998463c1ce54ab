//! The mail transaction (RFC 5321 §3.3): the one place where the group of commands for a message is written, and where
//! the phase in which a reply came, or did not come, becomes an [`Outcome`].

use std::fmt::Display;

use async_trait::async_trait;
use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Quit, Rcpt, Rset};
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use super::content::Content;
use super::mask::Mask;
use super::reply::{Reply, lost, one_line};
use super::server::Deadlines;
use super::stream::EndOfContent;
use crate::model::{EmailAddress, Outcome};
use crate::transport::{Connection, Letter, Letters};

/// The command to which a reply belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Mail,
    Rcpt,
    Data,
    Content,
}

impl Phase {
    fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Data => "DATA",
            Self::Content => "the message",
        }
    }
}

/// One connection to an SMTP server, logged in: carries one message after the other.
pub(super) struct SmtpConnection {
    /// Taken out while a command runs and put back after its reply: whatever interrupts the command, even the caller,
    /// leaves no connection behind on which a late reply could be taken for the next one.
    lettre: Option<AsyncSmtpConnection>,
    end: EndOfContent,
    pub(super) deadlines: Deadlines,
    /// Whether MAIL has announced content beyond ASCII.
    eight_bit: bool,
    mask: Mask,
}

impl SmtpConnection {
    pub(super) fn new(lettre: AsyncSmtpConnection, end: EndOfContent, deadlines: Deadlines, mask: Mask) -> Self {
        Self { lettre: Some(lettre), end, deadlines, eight_bit: false, mask }
    }

    /// What MAIL must announce. A local part beyond ASCII needs SMTPUTF8 (RFC 6531 §3.4), and its message 8BITMIME.
    fn parameters(&self, letter: &Letter) -> Result<Vec<MailParameter>, Outcome> {
        let (from, to) = (letter.from.as_str().is_ascii(), letter.to.as_str().is_ascii());
        if from && to {
            return Ok(Vec::new());
        }
        let offers =
            |extension| self.lettre.as_ref().is_some_and(|lettre| lettre.server_info().supports_feature(extension));
        if self.is_open() && !(offers(Extension::SmtpUtfEight) && offers(Extension::EightBitMime)) {
            let whose = if from { "this address" } else { "the sender's address" };
            let reason = format!("{whose} needs SMTPUTF8 (RFC 6531), which the mail server does not offer");
            return Err(if from { Outcome::Failed(reason) } else { Outcome::Refused(reason) });
        }
        Ok(vec![MailParameter::SmtpUtfEight, MailParameter::Body(MailBodyParameter::EightBitMime)])
    }

    async fn expect_done(&mut self, phase: Phase, command: impl Display) -> Result<(), Outcome> {
        match self.command(phase.as_str(), command).await {
            Ok(reply) if reply.is_done() => Ok(()),
            Ok(reply) => Err(self.refusal(phase, &reply).await),
            Err(reason) => Err(Outcome::Deferred(reason)),
        }
    }

    /// One command and its reply. `Err` says why there is none; the connection is gone then.
    async fn command(&mut self, name: &str, command: impl Display) -> Result<Reply, String> {
        let Some(mut lettre) = self.lettre.take() else { return Err(CLOSED.to_owned()) };
        let answer = timeout(self.deadlines.reply, lettre.command(command)).await;
        self.heard(name, lettre, answer)
    }

    /// Keeps the connection when it still makes sense after this answer.
    fn heard(
        &mut self,
        name: &str,
        lettre: AsyncSmtpConnection,
        answer: Result<Result<Response, Error>, Elapsed>,
    ) -> Result<Reply, String> {
        let reply = match answer {
            Ok(Ok(response)) => Reply::read(&response, &self.mask),
            Ok(Err(error)) => match Reply::from_error(&error, &self.mask) {
                Some(reply) => reply,
                None if lost(&error) => return Err(format!("the connection was lost before the answer to {name}")),
                None => {
                    let said = self.mask.apply(&error.to_string());
                    return Err(one_line(&format!("the answer to {name} makes no sense: {said}")));
                }
            },
            Err(_) => return Err(format!("no answer to {name} in time")),
        };
        if !reply.closes() {
            self.lettre = Some(lettre);
        }
        Ok(reply)
    }

    /// What a reply means that is not the one hoped for; leaves the connection ready for the next message, or closed.
    async fn refusal(&mut self, phase: Phase, reply: &Reply) -> Outcome {
        // What MAIL announces beyond the sender is for this reader's sake.
        let phase = if phase == Phase::Mail && self.eight_bit { Phase::Rcpt } else { phase };
        let outcome = judge(phase, reply);
        if !(reply.is_temporary() || reply.is_permanent()) {
            // A reply to something else: from here on each would be taken for the next.
            self.lettre = None;
        } else if phase != Phase::Content && self.is_open() {
            self.cancel().await;
        }
        outcome
    }
}

#[async_trait]
impl Connection for SmtpConnection {
    fn is_open(&self) -> bool {
        self.lettre.is_some()
    }

    async fn carry(&mut self, letters: &mut dyn Letters) {
        let mut content = Vec::new();
        while self.is_open() {
            let Some(letter) = letters.next(true).await else { return };
            let stopped = letters.stopped();
            let begun = tokio::select! { begun = self.begin(&letter) => Some(begun), () = stopped => None };
            let outcome = match begun {
                None => {
                    self.lettre = None;
                    letters.give_back(letter).await;
                    return;
                }
                Some(Err(outcome)) => outcome,
                Some(Ok(())) => {
                    content.clear();
                    if !letters.content(&letter, &mut content) {
                        self.cancel().await;
                        continue;
                    }
                    self.finish(&letter, &content).await
                }
            };
            letters.settle(letter, outcome, self.is_open()).await;
        }
    }

    async fn close(&mut self) {
        if let Some(mut lettre) = self.lettre.take() {
            // Nothing depends on the answer.
            let _ = timeout(self.deadlines.goodbye, lettre.command(Quit)).await;
        }
    }
}

impl SmtpConnection {
    async fn begin(&mut self, letter: &Letter) -> Result<(), Outcome> {
        let parameters = self.parameters(letter)?;
        self.eight_bit = !parameters.is_empty();
        let mail = Mail::new(Some(address(&letter.from)), parameters);
        self.expect_done(Phase::Mail, mail).await?;
        self.expect_done(Phase::Rcpt, Rcpt::new(address(&letter.to), Vec::new())).await
    }

    async fn finish(&mut self, _letter: &Letter, message: &[u8]) -> Outcome {
        let content = match Content::new(message, self.eight_bit) {
            Ok(content) => content,
            // Our own verdict about this one message.
            Err(fault) => {
                self.cancel().await;
                return Outcome::Failed(fault.to_owned());
            }
        };
        match self.command(Phase::Data.as_str(), Data).await {
            Ok(reply) if reply.code == 354 => {}
            Ok(reply) => return self.refusal(Phase::Data, &reply).await,
            Err(reason) => return Outcome::Deferred(reason),
        }
        let Some(mut lettre) = self.lettre.take() else { return Outcome::Deferred(CLOSED.to_owned()) };
        self.end.reset();
        let answer = timeout(self.deadlines.content, lettre.command(content)).await;
        match self.heard(Phase::Content.as_str(), lettre, answer) {
            Ok(reply) if reply.is_done() => Outcome::Sent(reply.text),
            Ok(reply) => self.refusal(Phase::Content, &reply).await,
            Err(reason) if self.end.may_have_left() => Outcome::InDoubt(reason),
            Err(reason) => Outcome::Deferred(reason),
        }
    }

    async fn cancel(&mut self) {
        let reset = self.command("RSET", Rset).await;
        if !reset.is_ok_and(|reply| reply.is_done()) {
            self.lettre = None;
        }
    }
}

const CLOSED: &str = "the connection is closed";

/// What a reply other than the one hoped for makes of the try (RFC 5321 §4.2.1, §4.3.2).
fn judge(phase: Phase, reply: &Reply) -> Outcome {
    let text = reply.text.clone();
    if reply.is_temporary() {
        // Whatever is said to MAIL goes for every recipient.
        let us = phase == Phase::Mail;
        return if us { Outcome::Refused(text) } else { Outcome::Deferred(text) };
    }
    if reply.is_permanent() {
        let us = phase == Phase::Mail || reply.is_about_login();
        return if us { Outcome::Refused(text) } else { Outcome::Failed(text) };
    }
    let reason = format!("unexpected answer to {}: {text}", phase.as_str());
    if phase == Phase::Content { Outcome::InDoubt(reason) } else { Outcome::Deferred(reason) }
}

/// The address as lettre writes it; ours has passed lettre's own check when it was made.
fn address(address: &EmailAddress) -> Address {
    Address::new_dangerous(address.local_part(), address.domain())
}
