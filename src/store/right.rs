//! Rights that one process has at a time.

use crate::files;

/// A right, as long as it is kept.
#[derive(Debug)]
pub enum Lock {
    /// By a file.
    File {
        #[doc(hidden)]
        _lock: files::Lock,
    },
    /// By the connection: it ends with that, and nothing is recorded over another one.
    Session,
}

/// What a process wants to do that needs a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// To decide what is mailed, and to deliver it.
    Plan,
    /// To deliver what is queued. At a server several processes may do so at the same time.
    Deliver,
}
