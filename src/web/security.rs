//! What keeps other web pages, and the content of posts, from reaching through a page of ours.

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use ring::rand::{SecureRandom as _, SystemRandom};

/// For our own pages: style and scripts from our own files, no form that leads elsewhere, and no page around them.
pub(super) const PAGE: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// For what a post says: no script, no form, nothing but its own styles and pictures. Links open elsewhere.
pub(super) const CONTENT: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: http: data:; \
     form-action 'none'; base-uri 'none'; frame-ancestors 'self'; \
     sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox";

/// Like [`CONTENT`], as a mail program shows it that loads no pictures.
pub(super) const CONTENT_WITHOUT_IMAGES: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; \
     base-uri 'none'; frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox";

/// Lets only requests through that name this very address as their host: a name on the network that somebody turned to
/// this machine (DNS rebinding) does not. Adds the headers that every answer has.
pub(super) async fn guard(State(port): State<u16>, request: Request, next: Next) -> Response {
    if !is_ours(request.headers(), port) {
        let refused = format!("This page answers only at http://127.0.0.1:{port}/.\n");
        return (StatusCode::MISDIRECTED_REQUEST, refused).into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Not `no-referrer`: a form of ours would then say that it comes from nowhere.
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(PAGE));
    response
}

/// True when the request is for us by name, and, when it says where it comes from, comes from one of our own pages.
fn is_ours(headers: &HeaderMap, port: u16) -> bool {
    let names = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    let is_host = |host: &str| names.iter().any(|name| name.eq_ignore_ascii_case(host));
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let is_origin = |origin: &str| origin.strip_prefix("http://").is_some_and(is_host);
    text(header::HOST).is_some_and(is_host) && text(header::ORIGIN).is_none_or(is_origin)
}

/// A secret that nobody can guess: 128 random bits in hex; `None` when the system has none to give.
pub(super) fn token() -> Option<String> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(HeaderName, &'static str)]) -> HeaderMap {
        list.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_a_request_for_this_address_from_this_address_is_ours() {
        let is_ours = |list: &[_]| is_ours(&headers(list), 4000);
        assert!(is_ours(&[(header::HOST, "127.0.0.1:4000")]));
        assert!(is_ours(&[(header::HOST, "LOCALHOST:4000"), (header::ORIGIN, "http://localhost:4000")]));
        for host in ["evil.example", "127.0.0.1", "127.0.0.1:4001", "127.0.0.1:4000.evil.example", "[::1]:4000", ""] {
            assert!(!is_ours(&[(header::HOST, host)]), "{host}");
        }
        for origin in ["https://evil.example", "null", "http://127.0.0.1:80", "https://127.0.0.1:4000"] {
            assert!(!is_ours(&[(header::HOST, "127.0.0.1:4000"), (header::ORIGIN, origin)]), "{origin}");
        }
        assert!(!is_ours(&[]), "without a host");
    }

    #[test]
    fn no_two_tokens_are_the_same() {
        let (one, other) = (token().unwrap(), token().unwrap());
        assert!(one != other && one.len() == 32, "{one} {other}");
    }
}
