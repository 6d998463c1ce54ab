//! One connection to a server, logged in.

use async_trait::async_trait;
use lettre::transport::smtp::commands::Quit;
use tokio::time::timeout;

use super::carrier::{Carrier, Terms};
use super::wire::Wire;
use crate::transport::{Connection, Letters};

/// Carries one letter after the other.
pub(super) struct SmtpConnection {
    /// Taken out while letters are carried and put back after the last answer: whatever interrupts that, even the caller,
    /// leaves no connection behind on which a late reply could be taken for the next one.
    wire: Option<Wire>,
    /// Whether a transaction may be open at the server.
    needs_reset: bool,
    pub(super) terms: Terms,
}

impl SmtpConnection {
    pub(super) fn new(wire: Wire, terms: Terms) -> Self {
        Self { wire: Some(wire), needs_reset: false, terms }
    }
}

#[async_trait]
impl Connection for SmtpConnection {
    async fn carry(&mut self, letters: &mut dyn Letters) {
        if let Some(wire) = self.wire.take() {
            let kept = Carrier::new(wire, self.needs_reset, &self.terms, letters).run().await;
            (self.wire, self.needs_reset) = kept.map_or((None, false), |(wire, reset)| (Some(wire), reset));
        }
    }

    fn is_open(&self) -> bool {
        self.wire.is_some()
    }

    async fn close(&mut self) {
        if let Some(mut wire) = self.wire.take() {
            wire.output.extend_from_slice(Quit.to_string().as_bytes());
            let goodbye = async {
                // Nothing depends on the answer.
                let limit = self.terms.deadlines.goodbye;
                wire.flush(limit).await.is_ok() && wire.read().await.is_ok()
            };
            let _ = timeout(self.terms.deadlines.goodbye, goodbye).await;
        }
    }
}
