//! `mail.transport`: which schemes there are, the transport room knows.

/// The value of `mail.transport`: `SCHEME:REST`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportUrl(String);

/// Looks at a value of `mail.transport`; an error is the problem and its cure.
pub type TransportCheck = fn(&TransportUrl) -> Result<(), (String, String)>;

impl TransportUrl {
    /// The URL of this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What comes before and after the first colon; the scheme is empty when there is none.
    pub fn parts(&self) -> (&str, &str) {
        self.0.split_once(':').unwrap_or(("", &self.0))
    }

    /// The URL with this behind the same scheme.
    #[must_use]
    pub fn with_rest(&self, rest: &str) -> Self {
        Self(format!("{}:{rest}", self.parts().0))
    }
}
