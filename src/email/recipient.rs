//! What only one reader's copy has: secrets that cannot be guessed and that every try derives anew, so none is stored.

use aws_lc_rs::hmac;

use super::base32::sign;
use super::bounces::BounceTokens;
use super::tokens::Tokens;
use crate::config::RelayProfile;
use crate::model::{EmailAddress, Issue, Recipient, Secret};

/// The reader's copy of an issue, without a name.
#[cfg(test)]
pub(super) fn recipient(secret: &[u8], issue: &Issue, subscriber: i64, address: &EmailAddress) -> Recipient {
    Recipients::new(&Secret::new(secret), issue).of(subscriber, address)
}

/// What makes the readers' copies of an issue. The token and the Message-ID come from the site's `secret` (HMAC-SHA256,
/// RFC 2104), so every try has the same bytes, and without the secret no other reader's token can be named.
///
/// The token depends on the reader alone: the address for unsubscribing in an old mail keeps working. The Message-ID
/// depends on the issue's content and time as well: receivers drop a message whose Message-ID they have seen, so a
/// test copy of an issue must not stand in the way of the real one.
pub struct Recipients {
    tokens: Tokens,
    bounces: BounceTokens,
    key: hmac::Key,
    /// What a Message-ID is made from, before what is the reader's own.
    message_id: String,
    number: i64,
    domain: String,
}

impl Recipients {
    /// Those of an issue of the site with this secret.
    pub fn new(secret: &Secret, issue: &Issue) -> Self {
        let Issue { number, digest, date, from_address, .. } = issue;
        let domain = from_address.rsplit_once('@').map_or("", |(_, domain)| domain).to_owned();
        let message_id = format!("message-id\n{number}\n{digest}\n{date}\n");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret.bytes);
        let bounces = BounceTokens::new(&secret.bytes);
        Self { tokens: Tokens::new(secret), bounces, key, message_id, number: *number, domain }
    }

    /// A reader's copy, without a name.
    pub fn of(&self, subscriber: i64, address: &EmailAddress) -> Recipient {
        let Self { tokens, key, message_id, number, domain, .. } = self;
        let id = sign(key, &format!("{message_id}{subscriber}\n{}", address.key()));
        Recipient {
            address: address.clone(),
            name: None,
            token: tokens.of_issue(*number, subscriber),
            message_id: format!("{number}.{id}@{domain}"),
            relay_header: String::new(),
        }
    }

    /// A reader's copy with the headers for its relay alone: by which it tells a repeated message from a new one, and which it repeats
    /// when it tells what came back. Their values come from what the Message-ID comes from, so that every try has the same.
    pub fn for_relay(&self, recipient: Recipient, subscriber: i64, relay: Option<&RelayProfile>) -> Recipient {
        let Some(relay) = relay else { return recipient };
        let mut headers = String::new();
        if let Some(known) = &relay.idempotency {
            let key = sign(&self.key, &format!("idempotency\n{}", recipient.message_id));
            headers += &format!("{}: {key}\r\n", known.header);
        }
        if let Some(header) = &relay.copy_header {
            headers += &format!("{header}: {}\r\n", self.bounces.of(self.number, subscriber));
        }
        Recipient { relay_header: headers, ..recipient }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Idempotency;
    use crate::email::is_token;
    use crate::email::tests::{config, entry, issue};

    #[test]
    fn a_token_belongs_to_one_reader_and_outlives_the_issue() {
        let issue = issue(&config(""), &[entry("One")]);
        let later = Issue { number: 2, digest: "other".into(), ..issue.clone() };
        let ada = "ada@example.org".parse().unwrap();
        let first = recipient(b"secret", &issue, 1, &ada);
        assert_eq!(first, recipient(b"secret", &issue, 1, &ada));
        assert_eq!(first.token, recipient(b"secret", &later, 1, &ada).token);
        assert_ne!(first.message_id, recipient(b"secret", &later, 1, &ada).message_id);
        assert_ne!(first.token, recipient(b"secret", &issue, 2, &ada).token);
        assert_ne!(first.token, recipient(b"other", &issue, 1, &ada).token);
        let tokens = Tokens::new(&Secret::new(b"secret"));
        assert!(first.token == tokens.of(1) && is_token(&first.token));
    }

    #[test]
    fn what_a_relay_knows_a_message_by_is_the_same_on_every_try_and_no_address() {
        let issue = issue(&config(""), &[entry("One")]);
        let ada = "ada@example.org".parse().unwrap();
        let idempotency = Some(Idempotency { header: "X-Key".into(), hours: 24 });
        let mut relay = RelayProfile::default();
        relay.idempotency = idempotency;
        let header = |secret: &[u8], subscriber| {
            let recipients = Recipients::new(&Secret::new(secret), &issue);
            recipients.for_relay(recipients.of(subscriber, &ada), subscriber, Some(&relay)).relay_header
        };
        let first = header(b"secret", 1);
        assert_eq!(first, header(b"secret", 1));
        assert!(first != header(b"secret", 2) && first != header(b"other", 1));
        let key = first.strip_prefix("X-Key: ").unwrap().strip_suffix("\r\n").unwrap();
        let message_id = recipient(b"secret", &issue, 1, &ada).message_id;
        assert!(is_token(key) && !message_id.contains(key), "{first}");
        let recipients = Recipients::new(&Secret::new(b"secret"), &issue);
        assert_eq!(recipients.for_relay(recipients.of(1, &ada), 1, None), recipients.of(1, &ada));
    }

    #[test]
    fn a_relay_that_drops_message_ids_repeats_which_copy_it_was() {
        let issue = issue(&config(""), &[entry("One")]);
        let mut relay = RelayProfile::default();
        relay.copy_header = Some("X-Copy".into());
        let recipients = Recipients::new(&Secret::new(b"secret"), &issue);
        let recipient = recipients.of(7, &"ada@example.org".parse().unwrap());
        let header = recipients.for_relay(recipient, 7, Some(&relay)).relay_header;
        let token = header.strip_prefix("X-Copy: ").unwrap().strip_suffix("\r\n").unwrap();
        assert_eq!(BounceTokens::new(b"secret").read(token), Some((issue.number, 7)));
    }
}
