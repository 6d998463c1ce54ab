//! One issue to one subscriber: its states, and what a transport can say about a try.

/// The state of a delivery. Only `sending` can be left behind by a crash, and then becomes `in_doubt`. The table of tries
/// keeps the number of a state, so the order never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// Waiting.
    Queued,
    /// Handed to the server; on disk before the message can be complete there.
    Sending,
    /// Accepted by the server.
    Sent,
    /// Refused for now (4yz, RFC 5321 §4.2.1), or for what the server has against the sender, or the connection was lost
    /// before the message was complete: tried again.
    Deferred,
    /// Refused for good (5yz), for what has to do with the reader.
    Failed,
    /// The message was complete, but the server's answer never came (RFC 1047).
    InDoubt,
    /// The reader left between freezing and sending, or the delivery was given up for what is no fault of the reader.
    Skipped,
}

impl DeliveryState {
    /// Every state, in the order of tables and `--json`.
    pub const ALL: [Self; 7] =
        [Self::Queued, Self::Sending, Self::Sent, Self::Deferred, Self::Failed, Self::InDoubt, Self::Skipped];

    /// The word used in the ledger, in tables and in `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Deferred => "deferred",
            Self::Failed => "failed",
            Self::InDoubt => "in_doubt",
            Self::Skipped => "skipped",
        }
    }

    /// The state that a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// The number used in the table of tries.
    pub fn number(self) -> i64 {
        self as i64
    }

    /// The state that a number stands for.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.number() == number)
    }
}

/// How many deliveries there are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "each field is the state of that name")]
pub struct DeliveryCounts {
    pub queued: i64,
    pub sending: i64,
    pub sent: i64,
    pub deferred: i64,
    pub failed: i64,
    pub in_doubt: i64,
    pub skipped: i64,
}

impl DeliveryCounts {
    /// How many deliveries are in `state`.
    pub fn get(&self, state: DeliveryState) -> i64 {
        match state {
            DeliveryState::Queued => self.queued,
            DeliveryState::Sending => self.sending,
            DeliveryState::Sent => self.sent,
            DeliveryState::Deferred => self.deferred,
            DeliveryState::Failed => self.failed,
            DeliveryState::InDoubt => self.in_doubt,
            DeliveryState::Skipped => self.skipped,
        }
    }

    /// Sets how many deliveries are in `state`.
    pub fn set(&mut self, state: DeliveryState, count: i64) {
        *match state {
            DeliveryState::Queued => &mut self.queued,
            DeliveryState::Sending => &mut self.sending,
            DeliveryState::Sent => &mut self.sent,
            DeliveryState::Deferred => &mut self.deferred,
            DeliveryState::Failed => &mut self.failed,
            DeliveryState::InDoubt => &mut self.in_doubt,
            DeliveryState::Skipped => &mut self.skipped,
        } = count;
    }

    /// Deliveries that the next `publish` or `deliver` would still work on.
    pub fn open(&self) -> i64 {
        self.queued + self.sending + self.deferred
    }

    /// All deliveries.
    pub fn total(&self) -> i64 {
        DeliveryState::ALL.into_iter().map(|state| self.get(state)).sum()
    }
}

/// What became of one try to deliver one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The server took responsibility (250); its reply.
    Sent(String),
    /// Not now: a 4yz reply, or the connection was lost before the message was complete. Safe to try again.
    Deferred(String),
    /// Not this time: a 5yz reply about this recipient or this message; without a code it is our own verdict, and no server
    /// was asked.
    Failed(String),
    /// The message was complete and the answer never came: it may or may not have been delivered.
    InDoubt(String),
    /// The server refuses *us* (for example 5yz to MAIL): no recipient is to blame, and the run must stop. A 4yz reply says that
    /// it does so for now, and may be asked again soon.
    Refused(String),
}
