//! New private keys, in PEM form (RFC 7468) as PKCS#8 (RFC 5958).

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A new RSA key of 2048 bits: all receivers check it, and its record fits the DNS. `None` when the system has no random
/// numbers.
pub(super) fn rsa() -> Option<String> {
    let key = KeyPair::generate(KeySize::Rsa2048).ok()?;
    Some(pem(AsDer::<Pkcs8V1Der<'_>>::as_der(&key).ok()?.as_ref()))
}

/// A new Ed25519 key; `None` when the system has no random numbers.
pub(super) fn ed25519() -> Option<String> {
    Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).ok().map(|key| pem(key.as_ref()))
}

fn pem(der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut text = "-----BEGIN PRIVATE KEY-----\n".to_owned();
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        text += &format!("{line}\n");
        rest = more;
    }
    text + "-----END PRIVATE KEY-----\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::email::dkim::SigningKey;

    #[test]
    fn new_keys_are_keys_and_all_different() {
        for (make, kind) in [(rsa as fn() -> Option<String>, "rsa"), (ed25519, "ed25519")] {
            let [one, other] = [(); 2].map(|()| SigningKey::from_pem(make().unwrap().as_bytes()).unwrap());
            assert_eq!(one.kind(), kind);
            assert_ne!(one.public(), other.public());
        }
    }
}
