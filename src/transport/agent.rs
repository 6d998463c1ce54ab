//! The one way to ask the web for something: with a deadline, over the same TLS as mail, and only what is public.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ureq::http::{HeaderName, Response};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body, Error};
use url::Url;

use super::public::{Gate, NotPublic};

/// How long one answer may take, redirects included.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// So many redirects are followed.
const REDIRECTS: usize = 10;

/// How a page is asked for (RFC 9110 §9.3).
#[derive(Debug, Clone, Copy)]
pub(super) enum Method {
    Get,
    Head,
}

/// What asks the web.
pub(super) struct Web {
    agent: Agent,
    gate: Gate,
}

impl Web {
    /// Says what it is there for. Answers that mean failure are answers too. Of what is not public, only the host of `site`
    /// is asked.
    pub(super) fn new(purpose: &str, site: &Url) -> Self {
        Self::with_gate(purpose, Gate::new(Some(site)))
    }

    /// The same, which asks nothing that is not public.
    pub(super) fn public(purpose: &str) -> Self {
        Self::with_gate(purpose, Gate::new(None))
    }

    fn with_gate(purpose: &str, gate: Gate) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls =
            TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).unversioned_rustls_crypto_provider(provider);
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            // Each place to which a redirect leads is looked at like the first.
            .max_redirects(0)
            .user_agent(format!("tidings ({purpose})"))
            .tls_config(tls.build())
            .http_status_as_error(false)
            .build();
        Self { agent: Agent::with_parts(config, DefaultConnector::default(), gate.clone()), gate }
    }

    /// The status of the answer (RFC 9110 §15), after redirects. A user and a password in an address are not sent: they
    /// may be in the link of a post, and a redirect may lead elsewhere.
    pub(super) fn status(&self, method: Method, address: &str, patience: Duration) -> Result<u16, Error> {
        Ok(self.answer(method, address, &[], Instant::now() + patience, false)?.status().as_u16())
    }

    /// The answer itself, before `deadline`; asked with these headers, wherever a redirect leads. When it `stays_encrypted`, none leads
    /// from https to http, where it may be changed on its way.
    pub(super) fn answer(
        &self,
        method: Method,
        address: &str,
        headers: &[(HeaderName, &str)],
        deadline: Instant,
        stays_encrypted: bool,
    ) -> Result<Response<Body>, Error> {
        let mut url = Url::parse(address).map_err(|_| Error::BadUri("this is not a web address".to_owned()))?;
        for _ in 0..=REDIRECTS {
            self.look(&url)?;
            // Fails only for addresses without a host, which are not asked.
            let _ = url.set_username("").and_then(|()| url.set_password(None));
            let request = match method {
                Method::Get => self.agent.get(url.as_str()),
                Method::Head => self.agent.head(url.as_str()),
            };
            let left = deadline.saturating_duration_since(Instant::now());
            let request = headers.iter().fold(request, |request, (name, value)| request.header(name, *value));
            let answer = request.config().timeout_global(Some(left)).build().call()?;
            match answer.headers().get("location").filter(|_| answer.status().is_redirection()) {
                Some(target) => {
                    let target = target.to_str().ok().and_then(|target| url.join(target).ok());
                    let target =
                        target.ok_or_else(|| Error::BadUri("a redirect leads to no web address".to_owned()))?;
                    if stays_encrypted && is_downgrade(&url, &target) {
                        return Err(Error::BadUri("a redirect leads from https to http".to_owned()));
                    }
                    url = target;
                }
                None => return Ok(answer),
            }
        }
        Err(Error::TooManyRedirects)
    }

    /// The answer of the very place that is asked, also when that is a redirect.
    pub(super) fn answer_there(&self, url: &Url) -> Result<Response<Body>, Error> {
        self.look(url)?;
        self.agent.get(url.as_str()).call()
    }

    /// The answer to a form, which no redirect takes elsewhere.
    pub(super) fn post(&self, address: &str, form: &[(&str, &str)]) -> Result<Response<Body>, Error> {
        let url = Url::parse(address).map_err(|_| Error::BadUri("this is not a web address".to_owned()))?;
        self.look(&url)?;
        self.agent.post(url.as_str()).send_form(form.iter().copied())
    }

    /// What is connected to directly is looked at when its name is resolved, what a proxy is asked for before that.
    fn look(&self, url: &Url) -> Result<(), Error> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Error::BadUri(format!("it leads to an address that begins with `{}:`", url.scheme())));
        }
        match self.agent.config().proxy() {
            Some(_) => self.gate.look(url).map_err(|refusal| Error::Other(Box::new(refusal))),
            None => Ok(()),
        }
    }
}

/// Why a place was not asked at all.
pub(super) fn not_public(error: &Error) -> Option<&NotPublic> {
    if let Error::Other(inner) = error { inner.downcast_ref() } else { None }
}

/// An error for people.
pub(super) fn in_words(error: &Error) -> String {
    match error {
        Error::BadUri(why) => why.clone(),
        Error::HostNotFound => "there is no such server".to_owned(),
        other => not_public(other).map_or_else(|| other.to_string(), ToString::to_string),
    }
}

/// Whether what comes from the second may be changed on its way, and what comes from the first not.
fn is_downgrade(from: &Url, to: &Url) -> bool {
    from.scheme() == "https" && to.scheme() != "https"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_way_from_https_to_http_is_a_downgrade() {
        let [plain, encrypted] = ["http://a.test/", "https://a.test/"].map(|url| Url::parse(url).unwrap());
        assert!(is_downgrade(&encrypted, &plain));
        assert!(
            !is_downgrade(&encrypted, &encrypted) && !is_downgrade(&plain, &plain) && !is_downgrade(&plain, &encrypted)
        );
    }
}
