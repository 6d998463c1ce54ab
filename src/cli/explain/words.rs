//! States of the ledger in words.

use crate::model::{DeliveryCounts, DeliveryState};

/// `40 sent, 1 in doubt`
pub(super) fn states(counts: &DeliveryCounts) -> String {
    let states: Vec<_> = DeliveryState::ALL
        .into_iter()
        .filter(|state| counts.get(*state) > 0)
        .map(|state| format!("{} {}", counts.get(state), state.as_str().replace('_', " ")))
        .collect();
    if states.is_empty() { "no deliveries".to_owned() } else { states.join(", ") }
}
