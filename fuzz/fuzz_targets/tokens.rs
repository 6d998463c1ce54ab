//! Any text as a token: nothing but what this site has made says anything, and what it has made says what it was made of.
#![no_main]

use tidings::email::{BounceTokens, Grant, Purpose, Tokens};
use tidings::model::{Secret, TokenKey};

const PURPOSES: [Purpose; 6] =
    [Purpose::Leave, Purpose::Preferences, Purpose::Confirm, Purpose::Undo, Purpose::Never, Purpose::LogIn];

fn secret() -> Secret {
    let mut secret = Secret::new(b"0123456789abcdef0123456789abcdef");
    secret.keys = vec![TokenKey { number: 1, first_issue: 0 }, TokenKey { number: 2, first_issue: 5 }];
    secret
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let secret = secret();
    let (tokens, bounces) = (Tokens::new(&secret), BounceTokens::new(&secret.bytes));
    let text = String::from_utf8_lossy(bytes);
    // The key, and 128 bits of which the last letter has two that say nothing.
    if let Some(grant) = tokens.read(&text) {
        let text = text.to_ascii_lowercase();
        let made = [secret.clone(), Secret { keys: vec![secret.keys[0]], ..secret.clone() }]
            .map(|secret| Tokens::new(&secret).make(grant));
        assert!(made.iter().any(|made| made[..26] == text[..26]), "{text} says {grant:?}");
    }
    if let Some((issue, subscriber)) = bounces.read(&text) {
        assert_eq!(bounces.of(issue, subscriber), text);
    }
    for word in text.split_whitespace() {
        if let Some(token) = tidings::inbox::token_in(word) {
            assert!(matches!(token.len(), 26 | 27 | 40) && token.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        }
    }
    let Some((numbers, _)) = bytes.split_first_chunk::<16>() else { return };
    let number = u128::from_le_bytes(*numbers);
    let part = |bits: u32, shift: u32| (number >> shift) & ((1 << bits) - 1);
    let grant = Grant {
        purpose: PURPOSES[(part(8, 120) % 6) as usize],
        subscriber: part(40, 0) as i64,
        letter: part(16, 40) as u16,
        at: part(32, 56) as u32,
    };
    let token = tokens.make(grant);
    assert_eq!(tokens.read(&token), Some(grant));
    assert_eq!(tokens.read(&token.to_ascii_uppercase()), Some(grant));
    let copy = (part(32, 88) as i64, part(40, 0) as i64);
    let token = bounces.of(copy.0, copy.1);
    assert_eq!(bounces.read(&token), Some(copy));
    let at = part(5, 120) as usize;
    let other = if token.as_bytes()[at] == b'a' { "b" } else { "a" };
    assert_eq!(bounces.read(&format!("{}{other}{}", &token[..at], &token[at + 1..])), None);
});
