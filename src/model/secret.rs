//! What tokens and Message-IDs are made from.

/// The site's secret, and the keys that were made from it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// The secret itself; it never changes.
    pub bytes: Vec<u8>,
    /// The keys of tokens, oldest first.
    pub keys: Vec<TokenKey>,
}

/// One of the keys by which the tokens of readers are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenKey {
    /// Its number, 1 to 31.
    pub number: u8,
    /// The first issue whose copies have tokens of this key.
    pub first_issue: i64,
}

impl Secret {
    /// A secret whose first key makes all tokens.
    pub fn new(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), keys: vec![TokenKey { number: 1, first_issue: 0 }] }
    }

    /// The key of an issue's tokens; `None` for one that is older than keys are.
    pub fn key_of(&self, issue: i64) -> Option<TokenKey> {
        self.keys.iter().rev().find(|key| key.first_issue <= issue).copied()
    }

    /// The key of what is made now.
    pub fn newest_key(&self) -> Option<TokenKey> {
        self.keys.last().copied()
    }

    /// Whether there may be mails with tokens that no key made.
    pub fn has_older_tokens(&self) -> bool {
        self.keys.first().is_none_or(|key| key.first_issue > 1)
    }
}

/// Says nothing of the secret.
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secret").field("keys", &self.keys).finish_non_exhaustive()
    }
}
