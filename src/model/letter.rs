//! Letters to one reader that are no issue.

/// What a letter is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LetterKind {
    /// Asks to confirm that the reader wants the newsletter.
    Confirm,
    /// Asks to confirm another address, at that address.
    Address,
    /// Tells the address that a reader had before that they have another one now.
    Moved,
    /// Greets who has confirmed.
    Welcome,
    /// Lets the owner in at the desk.
    LogIn,
}

impl LetterKind {
    /// Each of them.
    pub const ALL: [Self; 5] = [Self::Confirm, Self::Address, Self::Moved, Self::Welcome, Self::LogIn];

    /// The word in the database and in `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Address => "address",
            Self::Moved => "moved",
            Self::Welcome => "welcome",
            Self::LogIn => "log-in",
        }
    }

    /// The kind that a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}
