//! What the pages for readers know of the owner's desk.

use crate::web::preview::DeskLine;

/// See the module.
pub(super) struct OwnerDesk {
    pub(super) line: DeskLine,
    /// The origin of its pages (RFC 6454).
    pub(super) origin: String,
}

impl OwnerDesk {
    /// Whether it is reached over https.
    pub(super) fn is_secure(&self) -> bool {
        self.origin.starts_with("https:")
    }

    /// The name of the cookie: a browser takes one with this prefix only over https (RFC 6265bis §4.1.3). `__Host-` would need the
    /// path `/`, and so be sent with every page for readers.
    pub(super) fn cookie(&self) -> &'static str {
        if self.is_secure() { "__Secure-tidings-desk" } else { "tidings-desk" }
    }
}
