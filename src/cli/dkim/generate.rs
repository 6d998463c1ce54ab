//! New private keys, in PEM form (RFC 7468) as PKCS#8 (RFC 5958).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::Ed25519KeyPair;

/// A new RSA key of 2048 bits: all receivers check it, and its record fits the DNS. `None` when this machine cannot make one.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(super) fn rsa() -> Option<String> {
    use graviola::signing::rsa::{KeySize, SigningKey};

    if !is_capable() {
        return None;
    }
    let key = SigningKey::generate(KeySize::Rsa2048).ok()?;
    Some(pem(key.to_pkcs8_der(&mut [0; 4_096]).ok()?))
}

/// A new RSA key: there is no generator for this kind of processor.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(super) fn rsa() -> Option<String> {
    None
}

/// A new Ed25519 key; `None` when the system has no random numbers.
pub(super) fn ed25519() -> Option<String> {
    Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).ok().map(|key| pem(key.as_ref()))
}

/// True when the processor has what the generator needs; it panics otherwise.
#[cfg(target_arch = "x86_64")]
fn is_capable() -> bool {
    std::is_x86_feature_detected!("aes")
        && std::is_x86_feature_detected!("pclmulqdq")
        && std::is_x86_feature_detected!("bmi1")
        && std::is_x86_feature_detected!("adx")
        && std::is_x86_feature_detected!("avx")
        && std::is_x86_feature_detected!("avx2")
}

#[cfg(target_arch = "aarch64")]
fn is_capable() -> bool {
    std::arch::is_aarch64_feature_detected!("neon")
        && std::arch::is_aarch64_feature_detected!("aes")
        && std::arch::is_aarch64_feature_detected!("pmull")
        && std::arch::is_aarch64_feature_detected!("sha2")
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
