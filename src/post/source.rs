//! A file as it was read.

/// A file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Relative to the site, with `/` on every system.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}
