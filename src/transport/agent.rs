//! The one way to ask the web for something: with a deadline, over the same TLS as mail.

use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

/// How long one answer may take, redirects included.
const PATIENCE: Duration = Duration::from_secs(20);

/// An agent that says what it is there for. Answers that mean failure are answers too.
pub(super) fn agent(purpose: &str) -> Agent {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).unversioned_rustls_crypto_provider(provider);
    Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .user_agent(format!("tidings ({purpose})"))
        .tls_config(tls.build())
        .http_status_as_error(false)
        .build()
        .into()
}
