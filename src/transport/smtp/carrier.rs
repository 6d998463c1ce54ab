//! Carries letters over a connection (RFC 5321 §3.3): the one place where commands and content are written, and where the
//! command to which a reply came, or did not come, becomes an [`Outcome`].
//!
//! What was asked and not yet answered stands in a queue, and each reply belongs to its front. How much is asked at once depends
//! on what the server offers:
//! - with CHUNKING (RFC 3030) and more than one letter in flight, whole letters: RSET, MAIL, RCPT, and BDAT with the content;
//! - with PIPELINING (RFC 2920), the content of a letter, and MAIL, RCPT and DATA of the next;
//! - without either, one command at a time.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;
use tokio::time::{Instant, timeout_at};

use super::content;
use super::flight::{Command, Flight};
use super::mask::Mask;
use super::offers::Offers;
use super::reply::{REPLY_BYTES, Reply};
use super::server::Deadlines;
use super::wire::Wire;
use crate::model::Outcome;
use crate::transport::scheme::Protocol;
use crate::transport::{Letter, Letters};

/// What holds for all letters of a connection.
pub(super) struct Terms {
    pub(super) protocol: Protocol,
    pub(super) offers: Offers,
    pub(super) deadlines: Deadlines,
    pub(super) mask: Mask,
    /// How many letters may wait for their answers, where the server takes content in chunks.
    pub(super) in_flight: usize,
    /// Whether the server, on any connection, knew no BDAT although it offers CHUNKING.
    pub(super) knows_no_chunks: Arc<AtomicBool>,
}

/// Why a connection is closed on which replies would be taken for those to other questions.
const SURPLUS: &str = "the server answers more than it was asked";

/// A question that was not answered yet.
struct Asked {
    command: Command,
    /// Where it ends on the wire.
    end: u64,
}

/// Letters on their way over one connection.
pub(super) struct Carrier<'c> {
    wire: Wire,
    /// Whether a transaction may be open at the server.
    needs_reset: bool,
    terms: &'c Terms,
    letters: &'c mut dyn Letters,
    /// Oldest first. The front belongs to the front letter.
    asked: VecDeque<Asked>,
    flights: VecDeque<Flight>,
    is_open: bool,
    stop: BoxFuture<'static, ()>,
    /// When the last question was written or the last reply came, whichever is later.
    since: Instant,
}

impl<'c> Carrier<'c> {
    pub(super) fn new(wire: Wire, needs_reset: bool, terms: &'c Terms, letters: &'c mut dyn Letters) -> Self {
        Self {
            wire,
            needs_reset,
            terms,
            stop: letters.stopped(),
            letters,
            asked: VecDeque::new(),
            flights: VecDeque::new(),
            is_open: true,
            since: Instant::now(),
        }
    }

    /// Carries letters until there are no more or the connection is closed. The connection, when it is still open, and whether
    /// it needs RSET.
    pub(super) async fn run(mut self) -> Option<(Wire, bool)> {
        loop {
            let is_idle = self.asked.is_empty();
            if !self.speak().await {
                break;
            }
            if is_idle {
                // What came unasked must not be taken for an answer.
                self.wire.glance().await;
                self.listen(false).await;
                if !self.wire.replies.is_empty() {
                    self.fail(SURPLUS.to_owned()).await;
                }
            }
            self.write().await;
            self.listen(true).await;
        }
        self.is_open.then_some((self.wire, self.needs_reset))
    }

    /// Appends to the output what may be said now. False when there is nothing to say and nothing to hear.
    async fn speak(&mut self) -> bool {
        let Terms { offers, in_flight, knows_no_chunks, .. } = self.terms;
        let takes_chunks = offers.chunking && !knows_no_chunks.load(Ordering::Relaxed);
        if offers.pipelining && takes_chunks && *in_flight > 1 {
            while self.is_open && self.flights.len() < *in_flight {
                let Some(letter) = self.letters.next(self.flights.is_empty()).await else { break };
                if self.begin(letter).await {
                    self.chunk().await;
                }
            }
        } else {
            if self.flights.front().is_some_and(|flight| flight.is_ready) {
                self.content().await;
            }
            while self.is_open && self.flights.is_empty() {
                let Some(letter) = self.letters.next(true).await else { break };
                self.begin(letter).await;
            }
            self.envelope();
        }
        self.is_open && !self.flights.is_empty()
    }

    /// Takes in a letter, unless there is a verdict about it already.
    async fn begin(&mut self, letter: Letter) -> bool {
        let parameters = match self.terms.offers.parameters(&letter) {
            Ok(parameters) => parameters,
            Err(verdict) => {
                self.letters.settle(letter, verdict, true).await;
                return false;
            }
        };
        let next = Some(if self.needs_reset { Command::Rset } else { Command::Mail });
        self.flights.push_back(Flight {
            letter,
            parameters,
            next,
            open: 0,
            is_chunk: false,
            is_ready: false,
            end: None,
            verdict: None,
        });
        true
    }

    /// The commands before the content of the last letter: all that it still needs, or one, as the server takes them.
    fn envelope(&mut self) {
        while let Some(flight) = self.flights.back_mut()
            && let Some(command) = flight.next
            && (self.terms.offers.pipelining || flight.open == 0)
        {
            flight.say(command, &mut self.wire.output);
            flight.next = command.next();
            flight.open += 1;
            self.asked.push_back(Asked { command, end: self.wire.here() });
            self.needs_reset &= command != Command::Rset;
        }
    }

    /// The content of the first letter after DATA was granted, and the envelope of the next.
    async fn content(&mut self) {
        // The reader's envelope was taken: a stop comes after this message, not before it.
        while self.terms.offers.pipelining && self.flights.len() == 1 {
            let Some(next) = self.letters.next(false).await else { break };
            self.begin(next).await;
        }
        match self.fill(0) {
            Ok(()) => {
                content::double_dots(&mut self.wire.output, 0);
                self.wire.output.extend_from_slice(b".\r\n");
                self.ends(0);
            }
            // After DATA only content can follow: there is no way back but to close the connection.
            Err(verdict) => {
                self.is_open = false;
                if let (Some(flight), Some(verdict)) = (self.flights.pop_front(), verdict) {
                    self.letters.settle(flight.letter, verdict, false).await;
                }
                self.give_up().await;
            }
        }
    }

    /// The last letter as a whole. RSET, since a failed transaction before it would make its MAIL a nested one.
    async fn chunk(&mut self) {
        let (at, start, before) = (self.flights.len() - 1, self.wire.output.len(), self.wire.here());
        if let Err(verdict) = self.fill(at) {
            if let (Some(flight), Some(verdict)) = (self.flights.pop_back(), verdict) {
                self.letters.settle(flight.letter, verdict, true).await;
            }
            return;
        }
        let size = self.wire.output.len() - start;
        let mut head = Vec::new();
        let flight = &mut self.flights[at];
        flight.is_chunk = true;
        for command in [Command::Rset, Command::Mail, Command::Rcpt] {
            flight.say(command, &mut head);
            flight.open += 1;
            self.asked.push_back(Asked { command, end: before + head.len() as u64 });
        }
        head.extend_from_slice(format!("BDAT {size} LAST\r\n").as_bytes());
        self.wire.output.splice(start..start, head);
        self.ends(at);
    }

    /// Appends the content of a letter. When it must not go: nothing, and our verdict, when it is ours. A message that is too large
    /// is no fault of its reader.
    fn fill(&mut self, at: usize) -> Result<(), Option<Outcome>> {
        let (flight, output) = (&mut self.flights[at], &mut self.wire.output);
        (flight.is_ready, flight.next) = (false, None);
        let start = output.len();
        if !self.letters.content(&flight.letter, output) {
            return Err(None);
        }
        let checked = content::check(output, start, !flight.parameters.is_empty());
        let checked = checked.map_err(|reason| Outcome::Failed(reason.to_owned()));
        let checked = checked.and_then(|()| self.terms.offers.fits(output.len() - start).map_err(Outcome::Refused));
        checked.map_err(|verdict| {
            output.truncate(start);
            Some(verdict)
        })
    }

    /// The content of a letter ends where the output does.
    fn ends(&mut self, at: usize) {
        self.wire.ends_message();
        let end = self.wire.here();
        self.flights[at].end = Some(end);
        self.flights[at].open += 1;
        self.asked.push_back(Asked { command: Command::Content, end });
    }

    async fn write(&mut self) {
        if !self.is_open || self.wire.output.is_empty() {
            return;
        }
        let has_content = self.asked.iter().any(|asked| asked.command == Command::Content);
        let limit = if has_content { self.terms.deadlines.content } else { self.terms.deadlines.reply };
        match self.wire.flush(limit).await {
            Ok(()) => self.since = Instant::now(),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => self.fail_for("no answer to", "in time").await,
            Err(_) => {
                // What the server said before it hung up may be the reason.
                while self.is_open && !self.asked.is_empty() {
                    self.listen(true).await;
                }
                self.fail_for("the connection was lost before the answer to", "").await;
            }
        }
    }

    /// Takes in all answers that have come. Waits for the first when there must be one.
    async fn listen(&mut self, must: bool) {
        let mut is_answered = !must;
        while self.is_open {
            if self.asked.is_empty() {
                if !self.wire.replies.is_empty() {
                    self.fail(SURPLUS.to_owned()).await;
                }
                return;
            }
            match self.wire.replies.take() {
                Some(reply) => {
                    self.answered(&reply).await;
                    is_answered = true;
                }
                None if is_answered => return,
                None => self.hear().await,
            }
        }
    }

    /// Waits for what the server says next.
    async fn hear(&mut self) {
        let Some(asked) = self.asked.front() else { return };
        let deadlines = &self.terms.deadlines;
        let limit = if asked.command == Command::Content { deadlines.content } else { deadlines.reply };
        // Nothing is at the server before content is complete: a stop need not wait for a server that does not answer.
        let may_stop = self.flights.iter().all(|flight| flight.end.is_none() || flight.verdict.is_some());
        let read = tokio::select! {
            biased;
            () = &mut self.stop, if may_stop => return self.give_up().await,
            read = timeout_at(self.since + limit, self.wire.read()) => read,
        };
        match read {
            Ok(Ok(1..)) if self.wire.replies.len() <= REPLY_BYTES => {}
            Ok(Ok(1..)) => self.fail_for("no end of the answer to", "").await,
            Ok(Ok(0) | Err(_)) => self.fail_for("the connection was lost before the answer to", "").await,
            Err(_) => self.fail_for("no answer to", "in time").await,
        }
    }

    /// What a reply to the first question makes of its letter.
    async fn answered(&mut self, reply: &Reply) {
        self.since = Instant::now();
        let (Some(Asked { command, end }), Some(flight)) = (self.asked.pop_front(), self.flights.front_mut()) else {
            return;
        };
        flight.open -= 1;
        let text = || self.wire.replies.text(reply, &self.terms.mask);
        if reply.closes() {
            let text = text();
            return self.closed(command, reply, text).await;
        }
        let is_hoped = if command == Command::Data { reply.code == 354 } else { reply.is_done() };
        let is_refused = reply.is_temporary() || reply.is_permanent();
        let is_for_nobody = flight.verdict.is_some();
        if command == Command::Content && flight.is_chunk && !is_for_nobody && matches!(reply.code, 500 | 502) {
            return self.without_chunks().await;
        }
        let makes_sense = match command {
            // A reply to something else: from here on each would be taken for the next.
            _ if !(is_hoped || is_refused) || !self.wire.may_have_left(end) => false,
            Command::Rset => is_hoped,
            // LMTP answers once for each recipient, so that no answer would come (RFC 2033 §4.2).
            Command::Data => !(is_hoped && is_for_nobody && self.terms.protocol == Protocol::Lmtp),
            Command::Content if is_hoped && is_for_nobody => {
                flight.verdict = None;
                false
            }
            _ => true,
        };
        if !makes_sense {
            let reason = format!("unexpected answer to {}: {}", command.as_str(), text());
            return self.fail(reason).await;
        }
        match command {
            Command::Data if is_hoped && is_for_nobody => {
                flight.open += 1;
                self.wire.output.extend_from_slice(b".\r\n");
                self.asked.push_back(Asked { command: Command::Dot, end: self.wire.here() });
            }
            Command::Data if is_hoped => flight.is_ready = true,
            Command::Content if is_hoped => flight.verdict = Some(Outcome::Sent(text())),
            _ if is_refused && !is_for_nobody => {
                flight.verdict = Some(flight.judge(command, reply, text()));
                self.needs_reset |= command != Command::Content;
            }
            _ => {}
        }
        if flight.open == 0 && flight.verdict.is_some() {
            self.settle().await;
        }
    }

    /// The server knows no BDAT (RFC 5321 §4.2.4): the first letter was not tried, and this one and those to come go by DATA.
    async fn without_chunks(&mut self) {
        self.terms.knows_no_chunks.store(true, Ordering::Relaxed);
        self.needs_reset = true;
        if let Some(flight) = self.flights.pop_front() {
            self.letters.give_back(flight.letter).await;
        }
    }

    /// Hands back the first letter, of which all is known.
    async fn settle(&mut self) {
        // More answers than questions: listening ends with that.
        let is_open = !self.asked.is_empty() || self.wire.replies.is_empty();
        if let Some(Flight { letter, verdict: Some(verdict), .. }) = self.flights.pop_front() {
            self.letters.settle(letter, verdict, is_open).await;
        }
    }

    /// The server closes the connection and does nothing of what it was asked after this question.
    async fn closed(&mut self, command: Command, reply: &Reply, text: String) {
        if let Some(first) = self.flights.front_mut() {
            let verdict = first.verdict.take().unwrap_or_else(|| first.judge(command, reply, text.clone()));
            first.verdict = Some(verdict);
        }
        for flight in &mut self.flights {
            let reason = || Outcome::Deferred(format!("the server closed the connection: {text}"));
            flight.verdict.get_or_insert_with(reason);
        }
        self.fail(text).await;
    }

    /// Closes the connection, since the first question has no answer.
    async fn fail_for(&mut self, before: &str, after: &str) {
        let name = self.asked.front().map_or("the message", |asked| asked.command.as_str());
        self.fail(format!("{before} {name} {after}").trim_end().to_owned()).await;
    }

    /// Closes the connection. Only the server could say what became of letters whose end may have left.
    async fn fail(&mut self, reason: String) {
        self.is_open = false;
        self.asked.clear();
        let mut first = Some(reason);
        while let Some(flight) = self.flights.pop_front() {
            let has_left = flight.end.is_some_and(|end| self.wire.may_have_left(end));
            let unanswered = if has_left { Command::Content } else { Command::Mail };
            let rest = || format!("the connection was closed before the answer to {}", unanswered.as_str());
            let reason = first.take().unwrap_or_else(rest);
            let unknown = || if has_left { Outcome::InDoubt(reason) } else { Outcome::Deferred(reason) };
            self.letters.settle(flight.letter, flight.verdict.unwrap_or_else(unknown), false).await;
        }
    }

    /// Closes the connection and hands back the letters that were not tried.
    async fn give_up(&mut self) {
        self.is_open = false;
        self.asked.clear();
        while let Some(flight) = self.flights.pop_front() {
            match flight.verdict {
                Some(verdict) => self.letters.settle(flight.letter, verdict, false).await,
                None => self.letters.give_back(flight.letter).await,
            }
        }
    }
}
