//! Private keys, as they stand in files.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;

/// Why a text is not a key that signs mail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is no private key in PEM form (RFC 7468).
    #[error("it holds no private key in PEM form")]
    NotPem,
    /// The key is protected by a password.
    #[error("its key is encrypted, and no password for it can be typed here")]
    Encrypted,
    /// It is a public key, a certificate or the like.
    #[error("it holds the public key, not the private one")]
    Public,
    /// An RSA key of another size: shorter ones are refused by receivers (RFC 8301 §3.2), longer ones do not fit the DNS well.
    #[error("its RSA key has less than 2048 bits, or more than 4096")]
    Size,
    /// Neither RSA nor Ed25519, or damaged.
    #[error("its key is damaged, or neither RSA nor Ed25519")]
    Unknown,
}

/// A private key: RSA with 2048 to 4096 bits (PKCS#1 or PKCS#8), or Ed25519 (PKCS#8).
pub struct SigningKey(Algorithm);

enum Algorithm {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Reads the first private key of a PEM text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let Ok(key) = PrivateKeyDer::from_pem_slice(pem) else {
            let holds = |label: &str| pem.windows(label.len()).any(|window| window == label.as_bytes());
            return Err(match () {
                () if holds("BEGIN ENCRYPTED PRIVATE KEY") => KeyError::Encrypted,
                () if holds("BEGIN PUBLIC KEY") || holds("BEGIN RSA PUBLIC KEY") => KeyError::Public,
                () => KeyError::NotPem,
            });
        };
        let rsa = |key: Result<RsaKeyPair, aws_lc_rs::error::KeyRejected>| match key {
            Ok(key) => Ok(Self(Algorithm::Rsa(Box::new(key)))),
            Err(why) if matches!(why.to_string().as_str(), "TooSmall" | "TooLarge") => Err(KeyError::Size),
            Err(_) => Err(KeyError::Unknown),
        };
        match key {
            PrivateKeyDer::Pkcs1(der) => rsa(RsaKeyPair::from_der(der.secret_pkcs1_der())),
            PrivateKeyDer::Pkcs8(der) => {
                let der = der.secret_pkcs8_der();
                match Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
                    Ok(key) => Ok(Self(Algorithm::Ed25519(key))),
                    Err(_) => rsa(RsaKeyPair::from_pkcs8(der)),
                }
            }
            _ => Err(KeyError::Unknown),
        }
    }

    /// The tag `k=` of the DNS record: `rsa` or `ed25519`.
    pub fn kind(&self) -> &'static str {
        match self.0 {
            Algorithm::Rsa(_) => "rsa",
            Algorithm::Ed25519(_) => "ed25519",
        }
    }

    /// The public key as the DNS record holds it, before base64: `SubjectPublicKeyInfo` for RSA, which all publish although
    /// RFC 6376 §3.6.1 can be read otherwise; the bare 32 octets for Ed25519 (RFC 8463 §4.2).
    pub fn public(&self) -> Vec<u8> {
        match &self.0 {
            Algorithm::Rsa(key) => {
                let public: Result<PublicKeyX509Der<'_>, _> = key.public_key().as_der();
                public.map(|public| public.as_ref().to_vec()).unwrap_or_default()
            }
            Algorithm::Ed25519(key) => key.public_key().as_ref().to_vec(),
        }
    }

    /// The signature of `data`, always the same: `rsa-sha256` (RFC 8017 §8.2), or Ed25519 of the SHA-256 (RFC 8463 §3).
    pub(super) fn sign(&self, data: &[u8]) -> Vec<u8> {
        match &self.0 {
            Algorithm::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                // The random numbers hide the key from those who watch the time it takes; the result does not depend on them.
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), data, &mut signature)
                    .expect("a key of 2048 bits or more signs every SHA-256");
                signature
            }
            Algorithm::Ed25519(key) => {
                key.sign(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data).as_ref()).as_ref().to_vec()
            }
        }
    }
}

// Nothing of the key itself.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.kind())
    }
}
