//! E-mail addresses in running text, and tokens in them.

use std::ops::Range;

use crate::model::EmailAddress;

/// True for as many letters and digits as a token of a reader has: the letter of its key, which older ones lack, and 26 more.
pub(super) fn is_leave_length(length: usize) -> bool {
    matches!(length, 26 | 27)
}

/// And one in the address that bounces go to.
const BOUNCE_TOKEN: usize = 40;

const LONGEST_LOCAL: usize = 64;
const LONGEST_DOMAIN: usize = 255;

/// An address and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) place: Range<usize>,
    pub(super) address: String,
}

/// Every address in a text.
pub(super) fn find(text: &str) -> Vec<Found> {
    let bytes = text.as_bytes();
    let mut found: Vec<Found> = Vec::new();
    let mut free = 0;
    for at in memchr::memchr_iter(b'@', bytes) {
        let left = bytes[free..at].iter().rev().take(LONGEST_LOCAL).take_while(|byte| is_local(**byte)).count();
        let right = bytes[at + 1..].iter().take(LONGEST_DOMAIN).take_while(|byte| is_domain(**byte)).count();
        let local = text[at - left..at].trim_start_matches(['.', '\'', '*', '-', '=']);
        let domain = text[at + 1..at + 1 + right].trim_end_matches(['.', '-']);
        // `dda:SMTP=reader@example.org` (X.400).
        let local = match local.rsplit_once('=') {
            Some((before, after)) if ["smtp", "rfc822"].contains(&before.to_ascii_lowercase().as_str()) => after,
            _ => local,
        };
        let has_end =
            domain.rsplit('.').next().is_some_and(|end| end.len() > 1 && !end.bytes().all(|b| b.is_ascii_digit()));
        if !domain.contains('.') || !has_end || local.is_empty() || local.ends_with('=') {
            continue;
        }
        if let Ok(address) = format!("{local}@{domain}").parse::<EmailAddress>() {
            free = at + 1 + domain.len();
            found.push(Found { place: at - local.len()..free, address: address.as_str().to_owned() });
        }
    }
    found
}

/// Every address in a text, as it stands there.
pub fn all(text: &str) -> Vec<String> {
    find(text).into_iter().map(|found| found.address).collect()
}

fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._+-=/&'#!%~^*?{}".contains(&byte)
}

fn is_domain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.'
}

/// What may be a token at the end of a local part or word, in lower case: mail programs change the case.
pub fn token_in(text: &str) -> Option<String> {
    let last = text.rsplit(|c: char| !c.is_ascii_alphanumeric()).next()?;
    let is_letter = |b: u8| matches!(b, b'a'..=b'z' | b'A'..=b'Z' | b'2'..=b'7');
    ((is_leave_length(last.len()) || last.len() == BOUNCE_TOKEN) && last.bytes().all(is_letter))
        .then(|| last.to_ascii_lowercase())
}

/// Every token for leaving in a text.
pub(super) fn tokens_in(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| is_leave_length(word.len()));
    words.filter_map(token_in)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_where_servers_write_them() {
        for (text, expected) in [
            ("<userx@example.org>: host x", "userx@example.org"),
            ("550 5.1.1 userx@example.org... User unknown", "userx@example.org"),
            ("addressed to 'userx@example.uk',", "userx@example.uk"),
            ("o=Nexus2;dda:SMTP=userx@example.COM; on", "userx@example.com"),
            ("[SMTP:userx@example.org]", "userx@example.org"),
            ("listname+sub=earth.net@example.com", "listname+sub=earth.net@example.com"),
        ] {
            assert_eq!(all(text), [expected], "{text}");
        }
        assert_eq!(all("user@localhost a@1.2.3.4 @ x@y. david...@python.org"), [""; 0]);
    }

    #[test]
    fn a_token_is_the_last_word_of_a_local_part() {
        let token = "abcdefghijklmnopqrstuvwxyz";
        assert_eq!(token_in(&format!("leave+{}", token.to_uppercase())).as_deref(), Some(token));
        assert_eq!(token_in(token).as_deref(), Some(token));
        assert_eq!(token_in("leave+abc"), None);
        assert_eq!(token_in("leave+abcdefghijklmnopqrstuvwx01"), None, "0 and 1 are not in base32");
    }
}
