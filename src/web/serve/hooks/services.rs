//! Which services may be heard, how often each was, and the certificates that one of them is known by.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use url::Url;

use super::super::limits::HourlyLimit;
use super::keys::HookKeys;
use super::told::{Posting, Refusal, Said};
use super::{mailgun, postmark, resend, ses};

/// A service has one certificate at a time, and a new one now and then.
const CERTIFICATES: usize = 8;

/// A service that may be heard.
pub(super) struct Service {
    /// What it is called in addresses and in the story of a reader.
    pub(super) name: &'static str,
    has_key: fn(&HookKeys) -> bool,
    pub(super) read: fn(&Posting<'_>) -> Result<Said, Refusal>,
}

/// Every service, one a line.
pub(super) const SERVICES: [Service; 4] = [
    Service { name: "mailgun", has_key: |keys| keys.mailgun.is_some(), read: mailgun::read },
    Service { name: "postmark", has_key: |keys| keys.postmark.is_some(), read: postmark::read },
    Service { name: "resend", has_key: |keys| keys.resend.is_some(), read: resend::read },
    Service { name: "ses", has_key: |keys| keys.topic.is_some(), read: ses::read },
];

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Something new is recorded.
    Recorded,
    /// It was told before.
    Known,
    /// It is not proven to be about a copy.
    Unproven,
    /// It is of no interest.
    Ignored,
    /// It is not from the service, or not now.
    Refused,
    /// It could not be judged or recorded; the service tells it again.
    Failed,
}

const OUTCOMES: [(&str, Outcome); 6] = [
    ("recorded", Outcome::Recorded),
    ("known", Outcome::Known),
    ("unproven", Outcome::Unproven),
    ("ignored", Outcome::Ignored),
    ("refused", Outcome::Refused),
    ("failed", Outcome::Failed),
];

/// What hearing from services needs.
pub(in super::super) struct Hooks {
    pub(super) keys: HookKeys,
    certificates: Mutex<HashMap<Url, Arc<[u8]>>>,
    counts: [[AtomicU64; OUTCOMES.len()]; SERVICES.len()],
    /// So often an hour the owner is told that a service is refused.
    pub(super) tellings: HourlyLimit,
}

impl Hooks {
    pub(in super::super) fn new(keys: HookKeys) -> Self {
        Self {
            keys,
            certificates: Mutex::default(),
            counts: std::array::from_fn(|_| std::array::from_fn(|_| AtomicU64::new(0))),
            tellings: HourlyLimit::new(1),
        }
    }

    /// The service of this name, when it may be heard.
    pub(super) fn service(&self, name: &str) -> Option<&'static Service> {
        SERVICES.iter().find(|service| service.name == name && (service.has_key)(&self.keys))
    }

    /// How often there was which outcome, of each service that is heard.
    pub(in super::super) fn counts(&self) -> Vec<(&'static str, &'static str, u64)> {
        let heard = SERVICES.iter().zip(&self.counts).filter(|(service, _)| (service.has_key)(&self.keys));
        let of = |(service, counts): (&Service, &[AtomicU64; OUTCOMES.len()])| {
            let name = service.name;
            let counts = OUTCOMES.iter().zip(counts);
            counts.map(|((word, _), count)| (name, *word, count.load(Ordering::Relaxed))).collect::<Vec<_>>()
        };
        heard.flat_map(of).collect()
    }

    pub(super) fn count(&self, service: &Service, outcome: Outcome) {
        let counts = SERVICES.iter().zip(&self.counts).find(|(known, _)| known.name == service.name);
        let at = OUTCOMES.iter().position(|(_, known)| *known == outcome);
        if let (Some((_, counts)), Some(at)) = (counts, at) {
            counts[at].fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn kept(&self, url: &Url) -> Option<Arc<[u8]>> {
        self.certificates.lock().unwrap_or_else(PoisonError::into_inner).get(url).cloned()
    }

    pub(super) fn keep(&self, url: Url, certificate: &Arc<[u8]>) {
        let mut kept = self.certificates.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= CERTIFICATES {
            kept.clear();
        }
        kept.insert(url, Arc::clone(certificate));
    }
}
