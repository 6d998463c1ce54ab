//! Who is told how deliveries go on.

use crate::model::DeliveryState;

/// Is told how deliveries go on; the terminal's progress bar is one.
pub trait Watcher: Send + Sync {
    /// This many messages are about to leave.
    fn begin(&self, total: u64);
    /// One delivery has reached a state.
    fn delivered(&self, state: DeliveryState);
    /// No more will follow.
    fn end(&self);
}
