//! The addresses that copies come back to (variable envelope return paths): each tells which copy it was, and only who knows the
//! site's secret can make one.

use aws_lc_rs::hmac;

use super::base32::letter;
use crate::model::EmailAddress;

/// How many letters such a token has: 16 octets of proof, 4 of the issue and 5 of the reader in base32.
const BOUNCE_TOKEN_LENGTH: usize = 40;

const PROOF: usize = 16;
const LENGTH: usize = 25;

/// Makes and reads the tokens of a site.
#[derive(Debug)]
pub struct BounceTokens {
    key: hmac::Key,
}

impl BounceTokens {
    /// Those of the site with this secret.
    pub fn new(secret: &[u8]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, secret) }
    }

    /// The token of one copy. It tells no one else the numbers of the issue and of the reader.
    pub fn of(&self, issue: i64, subscriber: i64) -> String {
        let proof = self.proof(issue, subscriber);
        let numbers = self.masked(&proof, numbers(issue, subscriber));
        let bytes = std::array::from_fn(|at| if at < PROOF { proof[at] } else { numbers[at - PROOF] });
        base32(&bytes)
    }

    /// The issue and the reader of a token; `None` when it is not one of this site's.
    pub fn read(&self, token: &str) -> Option<(i64, i64)> {
        let bytes = decoded(token)?;
        let plain = self.masked(&bytes[..PROOF], bytes[PROOF..].try_into().ok()?);
        let number = |bytes: &[u8]| bytes.iter().fold(0_i64, |number, byte| number << 8 | i64::from(*byte));
        let (issue, subscriber) = (number(&plain[..4]), number(&plain[4..]));
        let proof = self.proof(issue, subscriber);
        aws_lc_rs::constant_time::verify_slices_are_equal(&proof, &bytes[..PROOF]).ok()?;
        Some((issue, subscriber))
    }

    fn proof(&self, issue: i64, subscriber: i64) -> [u8; PROOF] {
        self.signed(format!("bounce\n{issue}\n{subscriber}").as_bytes())
    }

    fn masked(&self, proof: &[u8], numbers: [u8; LENGTH - PROOF]) -> [u8; LENGTH - PROOF] {
        let mask = self.signed(&[b"bounce mask\n", proof].concat());
        std::array::from_fn(|at| numbers[at] ^ mask[at])
    }

    fn signed(&self, message: &[u8]) -> [u8; PROOF] {
        let signature = hmac::sign(&self.key, message);
        std::array::from_fn(|at| signature.as_ref()[at])
    }
}

/// Four octets of the issue and five of the reader.
fn numbers(issue: i64, subscriber: i64) -> [u8; LENGTH - PROOF] {
    let (issue, subscriber) = (issue.to_be_bytes(), subscriber.to_be_bytes());
    std::array::from_fn(|at| if at < 4 { issue[at + 4] } else { subscriber[at - 1] })
}

fn base32(bytes: &[u8; LENGTH]) -> String {
    let groups = bytes.chunks_exact(5).map(|five| five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte)));
    groups.flat_map(|bits| (0..8).rev().map(move |at| letter((bits >> (at * 5) & 31) as u32))).collect()
}

fn decoded(token: &str) -> Option<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    if token.len() != BOUNCE_TOKEN_LENGTH {
        return None;
    }
    for (five, eight) in bytes.chunks_exact_mut(5).zip(token.as_bytes().chunks_exact(8)) {
        let bits = eight.iter().try_fold(0_u64, |bits, letter| {
            let value = match letter {
                b'a'..=b'z' => letter - b'a',
                b'2'..=b'7' => letter - b'2' + 26,
                _ => return None,
            };
            Some(bits << 5 | u64::from(value))
        })?;
        five.copy_from_slice(&bits.to_be_bytes()[3..]);
    }
    Some(bytes)
}

/// Where the copies of a site come back to.
#[derive(Debug)]
pub struct ReturnPaths {
    tokens: BounceTokens,
    before: String,
    after: String,
}

impl ReturnPaths {
    /// Those of the site with this secret, by an address with a place for the token.
    pub fn new(secret: &[u8], address: &str) -> Option<Self> {
        let (before, after) = address.split_once(crate::config::TOKEN)?;
        Some(Self { tokens: BounceTokens::new(secret), before: before.to_owned(), after: after.to_owned() })
    }

    /// Where one copy comes back to.
    pub fn of(&self, issue: i64, subscriber: i64) -> Option<EmailAddress> {
        format!("{}{}{}", self.before, self.tokens.of(issue, subscriber), self.after).parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_tells_its_copy_to_the_site_alone() {
        let tokens = BounceTokens::new(b"secret");
        for copy in [(1, 1), (1, 2), (2, 1), (i64::from(u32::MAX), (1 << 40) - 1)] {
            let token = tokens.of(copy.0, copy.1);
            assert_eq!(token.len(), BOUNCE_TOKEN_LENGTH);
            assert!(token.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7')), "{token}");
            assert_eq!(tokens.read(&token), Some(copy));
            assert_eq!(BounceTokens::new(b"other").read(&token), None);
            for at in 0..token.len() {
                let other = if token.as_bytes()[at] == b'a' { "b" } else { "a" };
                let forged = format!("{}{other}{}", &token[..at], &token[at + 1..]);
                assert_eq!(tokens.read(&forged), None, "{forged}");
            }
        }
        assert_eq!(tokens.read(""), None);
    }

    #[test]
    fn a_copy_comes_back_to_an_address_of_its_own() {
        let paths = ReturnPaths::new(b"secret", "bounces+{token}@example.org").unwrap();
        let address = paths.of(3, 7).unwrap();
        let token = address.as_str().strip_prefix("bounces+").unwrap().strip_suffix("@example.org").unwrap();
        assert_eq!(BounceTokens::new(b"secret").read(token), Some((3, 7)));
        assert!(address.local_part().len() <= 64);
        assert!(ReturnPaths::new(b"secret", "bounces@example.org").is_none());
    }
}
