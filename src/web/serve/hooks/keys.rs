//! What services prove themselves with.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};

use super::super::super::security::is_same;
use crate::config::{HookService, SnsTopic};

/// The keys and the topic of the services that may tell what came back; a service that has none is not heard.
#[derive(Default)]
pub struct HookKeys {
    pub(super) topic: Option<SnsTopic>,
    pub(super) mailgun: Option<hmac::Key>,
    pub(super) resend: Option<hmac::Key>,
    pub(super) postmark: Option<Password>,
}

impl HookKeys {
    /// Of Amazon SES alone, when there is a topic.
    pub fn new(topic: Option<SnsTopic>) -> Self {
        Self { topic, ..Self::default() }
    }

    /// Adds the key of a service.
    ///
    /// # Errors
    /// Why it is none of that service, without the key.
    pub fn add(&mut self, service: HookService, secret: &str) -> Result<(), &'static str> {
        let secret = secret.trim();
        if secret.is_empty() {
            // Everyone has this key.
            return Err("is empty");
        }
        let hmac = |bytes: &[u8]| Some(hmac::Key::new(hmac::HMAC_SHA256, bytes));
        match service {
            HookService::Mailgun => self.mailgun = hmac(secret.as_bytes()),
            HookService::Postmark => self.postmark = Some(Password(secret.into())),
            HookService::Resend => {
                let bytes = secret.strip_prefix("whsec_").and_then(|key| STANDARD.decode(key).ok());
                let bytes = bytes.filter(|bytes| !bytes.is_empty());
                self.resend = hmac(&bytes.ok_or("is no signing secret of Resend, which begins with `whsec_`")?);
            }
        }
        Ok(())
    }
}

/// A password that is compared with others and never shown.
pub(super) struct Password(SecretString);

impl Password {
    /// Takes a time that tells nothing about it.
    pub(super) fn is(&self, given: &str) -> bool {
        is_same(given, self.0.expose_secret())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signing_secret_of_resend_is_base64_after_its_prefix() {
        let mut keys = HookKeys::default();
        for wrong in ["", "c2VjcmV0", "whsec_", "whsec_!!"] {
            assert!(keys.add(HookService::Resend, wrong).is_err(), "{wrong}");
        }
        assert!(keys.resend.is_none());
        for service in [HookService::Mailgun, HookService::Postmark, HookService::Resend] {
            assert!(keys.add(service, " \n").is_err(), "blanks are no secret");
        }
        assert!(keys.mailgun.is_none() && keys.postmark.is_none());
        keys.add(HookService::Resend, " whsec_c2VjcmV0\n").unwrap();
        assert!(keys.resend.is_some() && keys.mailgun.is_none());
    }
}
