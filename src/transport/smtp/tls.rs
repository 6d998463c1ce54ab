//! TLS by rustls with aws-lc-rs; certificates are checked as the operating system would, on Linux with the system's store or
//! `SSL_CERT_FILE`. The server's name is always checked.

use std::io;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::server::Smtp;
use super::wire::Io;
use crate::transport::TransportError;

fn client_config() -> Result<ClientConfig, rustls::Error> {
    // Named here, so that a second provider somewhere among the dependencies cannot make the choice ambiguous.
    let provider = Arc::new(aws_lc_rs::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth())
}

impl Smtp {
    /// Encrypts a connection. The caller sets the deadline.
    pub(super) async fn encrypt(&self, io: Box<dyn Io>) -> Result<TlsStream<Box<dyn Io>>, TransportError> {
        let config = self
            .tls
            .get_or_try_init(|| async { client_config().map(Arc::new) })
            .await
            .map_err(|error| TransportError::Certificate { server: self.server(), reason: error.to_string() })?;
        let name = ServerName::try_from(self.host.clone())
            .map_err(|error| TransportError::Name { host: self.host.clone(), reason: error.to_string() })?;
        TlsConnector::from(Arc::clone(config)).connect(name, io).await.map_err(|error| self.tls_error(&error))
    }

    fn tls_error(&self, error: &io::Error) -> TransportError {
        let server = self.server();
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::InvalidCertificate(fault)) => {
                TransportError::Certificate { server, reason: in_words(fault) }
            }
            Some(reason) => TransportError::Tls { server, reason: reason.to_string() },
            None => TransportError::Tls { server, reason: error.to_string() },
        }
    }
}

/// What is wrong with a certificate, for people.
fn in_words(fault: &CertificateError) -> String {
    match fault {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "it is not valid yet".to_owned(),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for another name".to_owned()
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "it is not signed by an authority that this machine trusts".to_owned()
        }
        CertificateError::Revoked => "it was revoked".to_owned(),
        // webpki's words for a certificate that openssl makes by default when it signs itself.
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "it is the certificate of an authority, not of a server (openssl: add `basicConstraints=CA:FALSE`)"
                .to_owned()
        }
        other => other.to_string(),
    }
}
