//! The tokens of readers: each stands for one reader and one purpose, and no table is needed to look it up. It is a block of
//! AES-128 (FIPS 197) under a key that the site's secret makes: 128 bits that no one can tell from random ones, or make.

use std::collections::BTreeMap;

use aws_lc_rs::cipher::{AES_128, DecryptingKey, DecryptionContext, EncryptingKey, UnboundCipherKey};
use aws_lc_rs::hmac;

use super::base32::{TOKEN_LENGTH, base32, decoded, letter, sign};
use crate::model::{Secret, TokenKey};

/// How many letters a token has: that of its key before the others.
pub(super) const KEYED_LENGTH: usize = TOKEN_LENGTH + 1;

const BLOCK: usize = 16;

/// What a token is for. It does nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// To unsubscribe; for ever, since old mails have it.
    Leave,
    /// To see and change what the reader gets.
    Preferences,
    /// To confirm what a letter asks about.
    Confirm,
    /// To take back that one has left.
    Undo,
    /// To get no letter any more, also when one is asked for.
    Never,
    /// To see the owner's pages.
    LogIn,
}

impl Purpose {
    const ALL: [Self; 6] = [Self::Leave, Self::Preferences, Self::Confirm, Self::Undo, Self::Never, Self::LogIn];

    fn number(self) -> u8 {
        (1..).zip(Self::ALL).find(|(_, purpose)| *purpose == self).map_or(0, |(number, _)| number)
    }
}

/// What a token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// What it is for.
    pub purpose: Purpose,
    /// The number of the reader.
    pub subscriber: i64,
    /// The number of the letter that it was in, of those to this reader; 0 for none.
    pub letter: u16,
    /// When it was made, in seconds since 1970; 0 for one that holds for ever.
    pub at: u32,
}

/// Makes and reads the tokens of a site.
pub struct Tokens {
    /// Of those that are older than keys.
    unkeyed: hmac::Key,
    keys: BTreeMap<u8, (EncryptingKey, DecryptingKey)>,
    secret: Secret,
}

impl Tokens {
    /// Those of the site with this secret.
    pub fn new(secret: &Secret) -> Self {
        let unkeyed = hmac::Key::new(hmac::HMAC_SHA256, &secret.bytes);
        let pair = |key: &TokenKey| {
            let tag = hmac::sign(&unkeyed, format!("token key\n{}", key.number).as_bytes());
            let unbound = || UnboundCipherKey::new(&AES_128, &tag.as_ref()[..BLOCK]).ok();
            Some((key.number, (EncryptingKey::ecb(unbound()?).ok()?, DecryptingKey::ecb(unbound()?).ok()?)))
        };
        let keys = secret.keys.iter().filter_map(pair).collect();
        Self { unkeyed, keys, secret: secret.clone() }
    }

    /// The token for unsubscribing that a reader's copy of an issue has.
    pub fn of_issue(&self, issue: i64, subscriber: i64) -> String {
        match self.secret.key_of(issue) {
            Some(key) => self.by(key, Grant { purpose: Purpose::Leave, subscriber, letter: 0, at: 0 }),
            None => self.unkeyed(subscriber),
        }
    }

    /// The token for unsubscribing that a reader has from now on.
    pub fn of(&self, subscriber: i64) -> String {
        self.make(Grant { purpose: Purpose::Leave, subscriber, letter: 0, at: 0 })
    }

    /// A token by the newest key.
    pub fn make(&self, grant: Grant) -> String {
        match self.secret.newest_key() {
            Some(key) => self.by(key, grant),
            None => self.unkeyed(grant.subscriber),
        }
    }

    /// What a token says, in whatever case it is written; `None` when it is none of this site's, or older than keys are.
    pub fn read(&self, token: &str) -> Option<Grant> {
        let token = token.to_ascii_lowercase();
        let first = token.as_bytes().first().copied()?;
        if token.len() != KEYED_LENGTH {
            return None;
        }
        let number = (0..32_u8).find(|number| letter((*number).into()) == char::from(first))?;
        let mut block = decoded(&token[1..])?;
        let (_, key) = self.keys.get(&number)?;
        key.decrypt(&mut block, DecryptionContext::None).ok()?;
        let [purpose, s0, s1, s2, s3, s4, t0, t1, t2, t3, l0, l1, rest @ ..] = block;
        let purpose = Purpose::ALL.into_iter().find(|it| it.number() == purpose)?;
        let subscriber = i64::from_be_bytes([0, 0, 0, s0, s1, s2, s3, s4]);
        let grant = Grant {
            purpose,
            subscriber,
            letter: u16::from_be_bytes([l0, l1]),
            at: u32::from_be_bytes([t0, t1, t2, t3]),
        };
        (rest == [0; 4]).then_some(grant)
    }

    /// The token of a reader that is older than keys.
    pub fn unkeyed(&self, subscriber: i64) -> String {
        sign(&self.unkeyed, &format!("unsubscribe\n{subscriber}"))
    }

    /// What such tokens are looked up by: without the secret, the time that a look-up takes does not tell how much of a token is
    /// right.
    pub fn blinded(&self, token: &str) -> Vec<u8> {
        hmac::sign(&self.unkeyed, format!("blinded\n{token}").as_bytes()).as_ref().to_vec()
    }

    /// The keyed hash of what is not kept itself, such as an address that was erased. `what` keeps one sort from another.
    pub fn hashed(&self, what: &str, text: &str) -> String {
        sign(&self.unkeyed, &format!("hashed\n{what}\n{text}"))
    }

    fn by(&self, key: TokenKey, grant: Grant) -> String {
        let Grant { purpose, subscriber, letter: number, at } = grant;
        let [_, _, _, s0, s1, s2, s3, s4] = subscriber.to_be_bytes();
        let ([t0, t1, t2, t3], [l0, l1]) = (at.to_be_bytes(), number.to_be_bytes());
        let mut block = [purpose.number(), s0, s1, s2, s3, s4, t0, t1, t2, t3, l0, l1, 0, 0, 0, 0];
        // One whole block: this cannot fail.
        let is_made = self.keys.get(&key.number).is_some_and(|(cipher, _)| cipher.encrypt(&mut block).is_ok());
        debug_assert!(is_made);
        format!("{}{}", letter(key.number.into()), base32(&block))
    }
}

/// True for what has the form of a token for unsubscribing.
pub fn is_token(text: &str) -> bool {
    matches!(text.len(), TOKEN_LENGTH | KEYED_LENGTH) && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_whose_it_is_and_for_what_and_no_other_key_reads_it() {
        let tokens = Tokens::new(&Secret::new(b"secret"));
        for purpose in Purpose::ALL {
            let grant = Grant { purpose, subscriber: 1_000_000_000_000, letter: 7, at: 1_800_000_000 };
            let token = tokens.make(grant);
            assert!(is_token(&token), "{token}");
            assert_eq!(tokens.read(&token), Some(grant));
            assert_eq!(tokens.read(&token.to_ascii_uppercase()), Some(grant), "some mail programs write capitals");
            assert_eq!(Tokens::new(&Secret::new(b"other")).read(&token), None);
            for at in 0..token.len() {
                let other = if token.as_bytes()[at] == b'a' { "b" } else { "a" };
                let forged = format!("{}{other}{}", &token[..at], &token[at + 1..]);
                assert!(tokens.read(&forged).is_none_or(|read| read == grant && at + 1 == token.len()), "{at}");
            }
        }
        for text in ["", "é", "bé", "b", &"a".repeat(27), &"é".repeat(13)] {
            assert_eq!(tokens.read(text), None, "{text}");
        }
    }

    #[test]
    fn an_issue_keeps_the_key_that_it_began_with() {
        let mut secret = Secret::new(b"secret");
        secret.keys = vec![TokenKey { number: 1, first_issue: 3 }];
        let before = Tokens::new(&secret);
        secret.keys.push(TokenKey { number: 2, first_issue: 5 });
        let after = Tokens::new(&secret);
        assert_eq!(after.of_issue(2, 9), after.unkeyed(9));
        assert_eq!(after.of_issue(4, 9), before.of_issue(4, 9));
        assert_ne!(after.of_issue(5, 9), before.of_issue(5, 9));
        assert_eq!(after.of(9), after.of_issue(5, 9));
        for issue in [3, 4, 5] {
            assert_eq!(after.read(&after.of_issue(issue, 9)).map(|grant| grant.subscriber), Some(9));
        }
        assert!(secret.has_older_tokens() && !Secret::new(b"x").has_older_tokens());
    }
}
