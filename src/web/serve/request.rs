//! What a form sends.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header, request};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use url::form_urlencoded;

use super::server::Server;
use super::visitor::Visitor;
use crate::list::clean;
use crate::model::{Choice, Lists};
use crate::store::Changing;

/// No form is longer.
const LONGEST: usize = 64 * 1024;
/// No name of a person has more characters.
const LONGEST_NAME: usize = 100;
/// So long it may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A request that changes something.
pub(super) struct Posted {
    is_form: bool,
    body: Bytes,
    /// The keyed hash of the network that it came from, and what it is limited by.
    pub(super) network: String,
    pub(super) now: Timestamp,
}

impl Posted {
    /// Reads it; a part of it changes nothing.
    pub(super) async fn read(server: &Server, request: Request) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let body = read_body(body, LONGEST).await?;
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let network = server.tokens().hashed("network", &visitor(server, &parts).network());
        let is_form = kind.eq_ignore_ascii_case("application/x-www-form-urlencoded");
        Ok(Self { is_form, body, network, now: server.clock.now() })
    }

    /// Whether it is a form with a field of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.is_form && form_urlencoded::parse(&self.body).any(|(key, _)| key == name)
    }

    /// The first field of a name, without blanks around it; empty when there is none.
    pub(super) fn field(&self, name: &str) -> String {
        let mut fields = form_urlencoded::parse(&self.body);
        let found = fields.find(|(key, _)| self.is_form && key == name).map(|(_, value)| value.trim().to_owned());
        found.unwrap_or_default()
    }

    /// What the form says that the reader wants of these lists, by name and title; `None` when it does not ask.
    pub(super) fn choice(&self, lists: &[(String, String)]) -> Option<Choice> {
        let fields: Vec<_> = form_urlencoded::parse(&self.body).filter(|_| self.is_form).collect();
        // Without a mark in every case nothing would be sent when nothing is chosen.
        if lists.is_empty() || !fields.iter().any(|(key, _)| key == "list" || key == "lists") {
            return None;
        }
        let is_chosen = |name: &&str| fields.iter().any(|(key, value)| key == "list" && value == name);
        let chosen: Vec<_> = lists.iter().map(|(name, _)| name.as_str()).filter(is_chosen).collect();
        Some(if chosen.len() == lists.len() { Choice::Everything } else { Choice::Lists(Lists::new(chosen)) })
    }

    /// The same of a name of a person, which is one short line.
    pub(super) fn name(&self) -> Option<String> {
        let name = clean(&self.field("name"), LONGEST_NAME);
        (!name.is_empty()).then_some(name)
    }

    /// True for what mail programs send in either encoding (RFC 8058 §3.2).
    pub(super) fn is_one_click(&self) -> bool {
        let has = |text: &str| self.body.windows(text.len()).any(|window| window == text.as_bytes());
        has("List-Unsubscribe") && has("One-Click")
    }

    /// How a change is kept that comes from it.
    pub(super) fn changing<'s>(&'s self, way: &'s str) -> Changing<'s> {
        Changing { way, network: Some(&self.network), now: self.now }
    }
}

/// A body of at most so many bytes.
pub(super) async fn read_body(body: Body, longest: usize) -> Result<Bytes, Response> {
    match tokio::time::timeout(PATIENCE, to_bytes(body, longest)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err((StatusCode::PAYLOAD_TOO_LARGE, [(header::CONNECTION, "close")]).into_response()),
        Err(_) => Err((StatusCode::REQUEST_TIMEOUT, [(header::CONNECTION, "close")]).into_response()),
    }
}

/// Who asks.
pub(super) fn visitor(server: &Server, parts: &request::Parts) -> Visitor {
    let nowhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let peer = parts.extensions.get::<SocketAddr>().copied().unwrap_or(nowhere);
    Visitor::of(peer, &parts.headers, &server.proxies)
}
