//! What mail services tell over HTTP: copies that came back, complaints, readers who have left. Who the service is, and that it tells
//! it now and for the first time, is proven before anything counts; what counts is decided as for mails that came back.

mod keys;
mod mailgun;
mod postmark;
mod resend;
mod services;
mod ses;
mod sns;
#[cfg(test)]
mod tests;
mod told;

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use url::Url;

use super::request::{read_body, visitor};
use super::server::{Server, Shared};
use crate::model::SubscriberStatus;
use crate::publish::{self, Arrival, record_told};
use crate::transport::fetch_there;
pub use keys::HookKeys;
pub(super) use services::Hooks;
use services::{Outcome, Service};
use told::{Event, Posting, Refusal, Said};

/// No service sends more.
const LONGEST: usize = 256 * 1024;
/// No certificate, and no answer to a question, is longer.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Takes in what a service tells. The answer to what counts for nothing is a success too, so that it is not told again.
pub(super) async fn take(
    State(server): Shared,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    let Some(service) = server.hooks.service(&name) else { return Err(server.missing()) };
    if request.method() != Method::POST {
        return Err((StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")]).into_response());
    }
    let (parts, body) = request.into_parts();
    let network = visitor(&server, &parts).network();
    // Only browsers say where they come from: no page of anyone's speaks for a service.
    let is_browser = ["origin", "sec-fetch-site"].iter().any(|name| parts.headers.contains_key(*name));
    if is_browser {
        server.hooks.count(service, Outcome::Refused);
        return Err((StatusCode::FORBIDDEN, "refused\n").into_response());
    }
    let body = read_body(body, LONGEST).await.inspect_err(|_| server.hooks.count(service, Outcome::Refused))?;
    let now = server.clock.now();
    let done = match server.judge(service, &parts.headers, &body, &network, now).await {
        Ok(Said::Event(event)) => server.record(service, event, now).await,
        Ok(Said::Question(url)) => server.say_yes(service, url, &network, now).await,
        Err(refused) => Err(refused),
    };
    let (outcome, answer) = match done {
        Ok(outcome) => (outcome, Ok((StatusCode::OK, "ok\n").into_response())),
        Err(answer) if answer.status().is_server_error() => (Outcome::Failed, Err(answer)),
        Err(answer) => (Outcome::Refused, Err(answer)),
    };
    server.hooks.count(service, outcome);
    answer
}

impl Server {
    /// What a request says, when it is proven to come from the service.
    async fn judge(
        &self,
        service: &Service,
        headers: &HeaderMap,
        body: &[u8],
        network: &str,
        now: Timestamp,
    ) -> Result<Said, Response> {
        let read = |certificate: Option<&[u8]>| {
            (service.read)(&Posting { headers, body, now, keys: &self.hooks.keys, certificate })
        };
        let said = match read(None) {
            Err(Refusal::Certificate(url)) => read(Some(&self.certificate(service, url, network, now).await?)),
            said => said,
        };
        said.map_err(|refusal| self.refused(service, &refusal, now))
    }

    /// The certificate at an address that was looked at.
    async fn certificate(
        &self,
        service: &Service,
        url: Url,
        network: &str,
        now: Timestamp,
    ) -> Result<Arc<[u8]>, Response> {
        if let Some(kept) = self.hooks.kept(&url) {
            return Ok(kept);
        }
        let certificate: Arc<[u8]> = self.fetched(service, url.clone(), network, now).await?.into();
        self.hooks.keep(url, &certificate);
        Ok(certificate)
    }

    async fn fetched(&self, service: &Service, url: Url, network: &str, now: Timestamp) -> Result<Vec<u8>, Response> {
        if !self.searches.takes(network, now) {
            return Err((StatusCode::TOO_MANY_REQUESTS, "too many\n").into_response());
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        let fetched = tokio::task::spawn_blocking(move || fetch_there(&url, LONGEST_ANSWER)).await;
        fetched.map_err(|error| error.to_string()).flatten().map_err(|why| {
            self.tell_of(
                service,
                &format!("could not be judged, because {host} does not answer as it should: {why}"),
                now,
            );
            (StatusCode::SERVICE_UNAVAILABLE, "try again\n").into_response()
        })
    }

    /// Tells a topic that it may tell what came back.
    async fn say_yes(&self, service: &Service, url: Url, network: &str, now: Timestamp) -> Result<Outcome, Response> {
        self.fetched(service, url, network, now).await?;
        (self.tell)(&format!("What came back is told by {} from now on.", service.name));
        Ok(Outcome::Ignored)
    }

    async fn record(&self, service: &Service, event: Event, now: Timestamp) -> Result<Outcome, Response> {
        let Event { id, returned, copy } = event;
        let is_empty = returned.reports.is_empty();
        let told = Arrival::told(returned, &id, publish::Service { name: service.name, copy });
        let mut store = self.store.lock().await;
        let done = record_told(&mut store, told, now).await;
        drop(store);
        let Some((heard, recorded)) = done.map_err(|error| self.failed(&error))? else { return Ok(Outcome::Known) };
        for (_, became, _) in &recorded.changed {
            if *became == SubscriberStatus::Unsubscribed {
                self.metrics.left();
            }
        }
        Ok(match () {
            () if is_empty => Outcome::Ignored,
            () if recorded.new > 0 => Outcome::Recorded,
            () if heard.iter().any(publish::Heard::is_proven) => Outcome::Known,
            () => Outcome::Unproven,
        })
    }

    fn refused(&self, service: &Service, refusal: &Refusal, now: Timestamp) -> Response {
        let (status, why) = match refusal {
            Refusal::Malformed => (StatusCode::BAD_REQUEST, "it is not what the service sends"),
            Refusal::Password => (StatusCode::UNAUTHORIZED, "its password is missing or wrong"),
            Refusal::Signature => (StatusCode::FORBIDDEN, "its signature is missing or wrong"),
            Refusal::Topic => (StatusCode::FORBIDDEN, "it is of another topic"),
            // The one that Mailgun takes for an answer: it would send the same again.
            Refusal::Stale => (StatusCode::NOT_ACCEPTABLE, "its time is not now: is the clock of this machine right?"),
            Refusal::Certificate(_) => (StatusCode::SERVICE_UNAVAILABLE, "its certificate is missing"),
        };
        self.tell_of(service, &format!("was refused: {why}"), now);
        let mut response = (status, "refused\n").into_response();
        if *refusal == Refusal::Password {
            let asks = header::HeaderValue::from_static("Basic realm=\"hooks\", charset=\"UTF-8\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, asks);
        }
        response
    }

    /// Tells the owner of a request, and not of each.
    fn tell_of(&self, service: &Service, what: &str, now: Timestamp) {
        if self.hooks.tellings.takes(service.name, now) {
            (self.tell)(&format!("A request for `/hooks/{}` {what}.", service.name));
        }
    }
}
