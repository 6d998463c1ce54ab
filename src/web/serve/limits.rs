//! How often networks may ask, in memory of a fixed size, however many they are.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

/// How many rows of counters there are, each by a hash of its own: a network is counted too high only when others meet it in all.
const ROWS: usize = 4;
const COLUMNS: u16 = 4_096;
const HOUR: i64 = 3_600;

/// Counts by network within an hour: a count-min sketch (Cormode and Muthukrishnan 2005), which never counts too low.
pub(super) struct HourlyLimit {
    most: u16,
    hashers: [RandomState; ROWS],
    counts: Mutex<Counts>,
}

struct Counts {
    /// Since when they count, in hours since 1970.
    hour: i64,
    rows: [Box<[u16]>; ROWS],
}

impl HourlyLimit {
    pub(super) fn new(most: u16) -> Self {
        let rows = std::array::from_fn(|_| vec![0; COLUMNS.into()].into_boxed_slice());
        let hashers = std::array::from_fn(|_| RandomState::new());
        Self { most, hashers, counts: Mutex::new(Counts { hour: 0, rows }) }
    }

    /// Counts one more. False when it is one too many.
    pub(super) fn takes(&self, network: &str, now: Timestamp) -> bool {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let hour = now.as_second().div_euclid(HOUR);
        if counts.hour != hour {
            counts.hour = hour;
            counts.rows.iter_mut().for_each(|row| row.fill(0));
        }
        let mut least = u16::MAX;
        for (row, hasher) in counts.rows.iter_mut().zip(&self.hashers) {
            let [low, high, ..] = hasher.hash_one(network).to_le_bytes();
            let count = &mut row[usize::from(u16::from_le_bytes([low, high]) % COLUMNS)];
            least = least.min(*count);
            *count = count.saturating_add(1);
        }
        least < self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_so_many_an_hour_and_others_have_their_own() {
        let limit = HourlyLimit::new(3);
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let taken: Vec<_> = (0..5).map(|_| limit.takes("192.0.2.0/24", now)).collect();
        assert_eq!(taken, [true, true, true, false, false]);
        assert!(limit.takes("198.51.100.0/24", now));
        assert!(limit.takes("192.0.2.0/24", Timestamp::from_second(1_800_003_600).unwrap()));
    }

    #[test]
    fn a_thousand_networks_hardly_meet() {
        let limit = HourlyLimit::new(3);
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let refused = (0..1_000).filter(|n| !(0..3).all(|_| limit.takes(&n.to_string(), now))).count();
        assert!(refused < 10, "{refused}");
    }
}
