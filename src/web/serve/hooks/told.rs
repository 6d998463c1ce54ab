//! A request of a service, and what it says. Reading one is pure: bytes, headers, keys and the time in, what is said out.

use axum::http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use url::Url;

use super::keys::HookKeys;
pub(super) use crate::inbox::told::{bounce_kind, clues, failed, items, report, text};
use crate::inbox::{Returned, addresses_in};
use crate::model::EmailAddress;

/// A clock may be so much behind another one.
pub(super) const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// A request.
pub(super) struct Posting<'r> {
    pub(super) headers: &'r HeaderMap,
    pub(super) body: &'r [u8],
    pub(super) now: Timestamp,
    pub(super) keys: &'r HookKeys,
    /// The certificate that was asked for by [`Refusal::Certificate`].
    pub(super) certificate: Option<&'r [u8]>,
}

/// What a request says that is proven to come from the service.
#[derive(Debug)]
pub(super) enum Said {
    Event(Event),
    /// The service asks whether it may tell more: yes is said by asking for this address.
    Question(Url),
}

/// Something that happened to a copy.
#[derive(Debug)]
pub(super) struct Event {
    /// What the service calls it: the same when it is told again.
    pub(super) id: String,
    /// It has no reports when it is of no interest.
    pub(super) returned: Returned,
    /// The sender and the subject of the copy, where the service says no more of it.
    pub(super) copy: Option<(EmailAddress, String)>,
}

/// Why a request is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is not what the service sends.
    Malformed,
    /// It has no password, or a wrong one.
    Password,
    /// Its signature is missing or wrong.
    Signature,
    /// Its time is too far from ours.
    Stale,
    /// It is of another topic.
    Topic,
    /// It cannot be judged without the certificate at this address.
    Certificate(Url),
}

impl Posting<'_> {
    /// The body as JSON; what is nested deeper than 128 levels is none.
    pub(super) fn json(&self) -> Result<Value, Refusal> {
        serde_json::from_slice(self.body).map_err(|_| Refusal::Malformed)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Refuses what was signed longer ago than the service tries to tell, or in the future.
    pub(super) fn must_be_of(&self, signed_at: Option<Timestamp>, longest: SignedDuration) -> Result<(), Refusal> {
        let age = signed_at.map(|at| self.now.duration_since(at));
        let is_fresh = age.is_some_and(|age| age <= longest && age >= -SKEW);
        if is_fresh { Ok(()) } else { Err(Refusal::Stale) }
    }
}

/// The sender and the subject that the copy had.
pub(super) fn copy(from: Option<&str>, subject: Option<&str>) -> Option<(EmailAddress, String)> {
    Some((addresses_in(from?).pop()?.parse().ok()?, subject?.to_owned()))
}
