//! What a message says, as data.

/// So many bytes of a message are looked at.
pub const LONGEST: usize = 1 << 20;

/// So many recipients of one report are told.
pub const MOST_RECIPIENTS: usize = 100;

/// What a message says of a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The address does not exist, or takes no mail for good.
    Hard,
    /// The mailbox is full, the server is away: it may pass.
    Soft,
    /// The server refuses the sender or the message, which says nothing of the reader.
    Policy,
    /// The reader has reported a copy as unwanted (RFC 5965).
    Complaint,
    /// A program has answered in the place of the reader (RFC 3834).
    AutoReply,
    /// A copy has arrived or was handed on (RFC 3464).
    Delivered,
    /// The reader wants to leave.
    Unsubscribe,
    /// Someone wants to get the newsletter.
    Subscribe,
    /// The answer to a letter that asks to confirm.
    Confirm,
}

impl Kind {
    /// The word in `--json` and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Soft => "soft",
            Self::Policy => "policy",
            Self::Complaint => "complaint",
            Self::AutoReply => "auto-reply",
            Self::Delivered => "delivered",
            Self::Unsubscribe => "unsubscribe",
            Self::Subscribe => "subscribe",
            Self::Confirm => "confirm",
        }
    }
}

/// What a message says of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The address that it names, as it stands there; `None` when it names none.
    pub recipient: Option<String>,
    /// What it says.
    pub kind: Kind,
    /// The code, such as `5.1.1` (RFC 3463).
    pub status: Option<String>,
    /// What the server said, on one line and shortened.
    pub diagnostic: Option<String>,
    /// False when the server goes on trying: nothing has failed yet.
    pub is_final: bool,
}

/// What tells which reader and which issue a message is about, if it can be proved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clues {
    /// What may be a token: 26, 27 or 40 letters and digits in an address that it was sent to, at the end of its subject, or in
    /// what the report calls the id of the envelope.
    pub tokens: Vec<String>,
    /// Message-IDs of the copy that came back, without brackets.
    pub message_ids: Vec<String>,
    /// Whom that copy was for.
    pub readers: Vec<String>,
    /// Who wrote a bounce that is meant for people: no reader says of themselves that they do not exist.
    pub writer: Option<String>,
    /// When it was written, as it says itself, in seconds since 1970.
    pub date: Option<i64>,
    /// Tokens of the addresses for leaving that the copy had: they say who its reader was where a report hides it.
    pub leavers: Vec<String>,
    /// What an answer says that does not want what it would confirm.
    pub refusal: Option<String>,
    /// What tells that a program wrote what otherwise asks for something; a person's wish has none.
    pub program: Option<String>,
}

/// What a message says, and what it goes by. A message that is neither a bounce nor any of the rest has no reports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Returned {
    /// One for each recipient.
    pub reports: Vec<Report>,
    /// What may prove it.
    pub clues: Clues,
}
