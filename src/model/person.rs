//! Who wrote a post.

/// An author (RFC 4287 §3.2, a Person construct).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Person {
    /// The name to show.
    pub name: String,
    /// The author's address; feeds never publish it.
    pub email: Option<String>,
    /// The author's page, an absolute URL.
    pub url: Option<String>,
}
