//! `DomainKeys` Identified Mail (RFC 6376, RFC 8301, RFC 8463): signatures with which a receiver can tell that a message
//! comes from the domain it names and is still as it left. Invariant: the same key and message give the same signature.

mod canonical;
mod key;
mod record;
mod signer;
#[cfg(test)]
pub(super) mod tests;

pub(super) use canonical::RelaxedBody;
pub use key::{KeyError, SigningKey};
pub use record::DnsRecord;
pub use signer::Signer;
