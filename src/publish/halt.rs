//! How a delivering process is told to stop, and why it did.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::model::Answer;
use crate::store::Stopped;

/// The word that is recorded for a limit of `mail.rate` that is used up.
pub(super) const RATE_LIMIT: &str = "rate-limit";

/// Why deliveries stopped before the queue was empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The user or the system asked for it (SIGINT, SIGTERM).
    Asked,
    /// The server refuses us, not a reader; its reply.
    Refused(String),
    /// A folder or a program of this machine takes nothing, or we have nothing that the server takes; why.
    Local(String),
    /// The server puts all readers off; whom, and its reply.
    PutOff(String),
    /// The server cannot be reached any more, or closes every connection.
    Unreachable(String),
    /// Too much of an issue came back; what.
    Spike(String),
    /// A limit of `mail.rate` that holds for hours is used up.
    RateLimit,
    /// The ledger cannot be written: nothing may be sent that cannot be recorded.
    Ledger,
    /// `store.checkpoint` failed: nothing may be sent whose claim is not safe; what it said.
    Checkpoint(String),
}

impl Stop {
    /// Why none of several ways out can be taken; each with its name.
    pub(super) fn of_all(whys: Vec<(&str, Self)>) -> Self {
        if whys.iter().all(|(_, why)| *why == Self::RateLimit) {
            return Self::RateLimit;
        }
        let whys: Vec<_> = whys.into_iter().map(|(name, why)| format!("{name}: {}", why.reason())).collect();
        Self::Unreachable(whys.join("; "))
    }

    /// Why nothing goes to any reader after a try that was refused whichever the reader.
    pub(super) fn of_refusal(reply: &str) -> Self {
        let of = if Answer::parse(reply).code.is_some() { Self::Refused } else { Self::Local };
        of(reply.to_owned())
    }

    /// The sentence that says so.
    pub fn reason(&self) -> String {
        match self {
            Self::Asked => "as asked".to_owned(),
            Self::Refused(reply) => format!("the server refuses this sender: {reply}"),
            Self::PutOff(reply) => format!("the server is putting off all readers: {reply}"),
            Self::Local(what) | Self::Unreachable(what) => what.clone(),
            Self::Spike(what) => format!("{what}; when the cause is mended, go on with `--allow spike`"),
            Self::RateLimit => "the limit of `mail.rate` is used up for now".to_owned(),
            Self::Ledger => "the database cannot be written".to_owned(),
            Self::Checkpoint(what) => format!("`store.checkpoint`: {what}"),
        }
    }

    /// What is recorded of it for a way out; nothing of what the owner has wished, or of a database that takes no more.
    pub(super) fn as_stopped(&self, relay: &str, now: Timestamp) -> Option<Stopped> {
        let kind = match self {
            Self::Local(_) => "local",
            Self::Refused(_) | Self::PutOff(_) => "refused",
            Self::Unreachable(_) => "unreachable",
            Self::RateLimit => RATE_LIMIT,
            Self::Asked | Self::Ledger | Self::Checkpoint(_) | Self::Spike(_) => return None,
        };
        Some(Stopped {
            relay: relay.to_owned(),
            domain: String::new(),
            kind: kind.to_owned(),
            at: now.to_string(),
            until: None,
            times: 1,
            reason: self.reason(),
        })
    }
}

/// A flag that many tasks watch. The first reason given is the one that is told.
#[derive(Debug, Default)]
pub struct Halt {
    set: AtomicBool,
    reason: Mutex<Option<Stop>>,
    wake: Arc<Notify>,
    /// That of the process, which stops this one too.
    above: Option<Arc<Self>>,
}

impl Halt {
    /// The flag of one delivering in a process that goes on when that stops.
    pub fn within(process: &Arc<Self>) -> Arc<Self> {
        Arc::new(Self { wake: Arc::clone(&process.wake), above: Some(Arc::clone(process)), ..Self::default() })
    }

    /// Asks every delivery to stop after what is in flight.
    pub fn set(&self, reason: Stop) {
        if let Ok(mut first) = self.reason.lock() {
            first.get_or_insert(reason);
        }
        self.set.store(true, Ordering::SeqCst);
        self.wake.notify_waiters();
    }

    /// True when it is time to stop.
    pub fn is_set(&self) -> bool {
        self.set.load(Ordering::SeqCst) || self.above.as_ref().is_some_and(|above| above.is_set())
    }

    /// Waits for something, unless it is time to stop before: then `None`.
    pub async fn unless<T>(&self, something: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(something);
        loop {
            let woken = self.wake.notified();
            tokio::pin!(woken);
            // From here on no call of `set` is missed.
            woken.as_mut().enable();
            if self.is_set() {
                return None;
            }
            tokio::select! {
                value = &mut something => return Some(value),
                () = woken => {}
            }
        }
    }

    /// Waits until it is time to stop.
    pub(super) async fn wait(&self) {
        let _ = self.unless(std::future::pending::<()>()).await;
    }

    /// The reason, once everything has stopped.
    pub(super) fn take(&self) -> Option<Stop> {
        let own = self.reason.lock().ok().and_then(|mut reason| reason.take());
        own.or_else(|| self.above.as_ref().and_then(|above| above.take()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_and_a_program_are_no_server() {
        let told = |what: &str| {
            let stop = Stop::of_refusal(what);
            (stop.reason(), stop.as_stopped("", Timestamp::UNIX_EPOCH).unwrap().kind)
        };
        let full = "cannot write outbox/a.eml: No space left on device";
        assert_eq!(told(full), (full.to_owned(), "local".to_owned()));
        let refused = told("550 5.7.1 not you");
        assert_eq!(refused, ("the server refuses this sender: 550 5.7.1 not you".to_owned(), "refused".to_owned()));
    }
}
