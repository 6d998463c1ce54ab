//! Letters to one reader that are no issue.

/// What a letter is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LetterKind {
    /// Asks to confirm that the reader wants the newsletter.
    Confirm,
    /// Asks to confirm another address, at that address.
    Address,
    /// Greets who has confirmed.
    Welcome,
}

impl LetterKind {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Confirm, Self::Address, Self::Welcome];

    /// The word in the database and in `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Address => "address",
            Self::Welcome => "welcome",
        }
    }

    /// The kind that a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}
