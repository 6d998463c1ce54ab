//! What keeps other users of this machine, other web pages, and the content of posts from reaching through a page of ours.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use url::form_urlencoded;

use crate::content::write::escaped;

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

/// The name of the secret in an address.
const TOKEN: &str = "token";

/// Who may use a page on this machine: every user of the machine can connect to it. The printed address holds a secret, and after
/// the first request a cookie does.
#[derive(Debug)]
pub struct AccessGate {
    port: u16,
    token: String,
    /// What the cookie holds: the address is worth no more than the cookie, and the cookie does not tell it.
    pass: String,
}

impl AccessGate {
    /// A gate with new secrets at a port; `None` when the system has no random numbers to give.
    pub fn new(port: u16) -> Option<Self> {
        Some(Self { port, token: token()?, pass: token()? })
    }

    /// The address that opens it, for its owner alone.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/?{TOKEN}={}", self.port, self.token)
    }

    /// The name of the cookie: a browser sends the cookies of a host to all of its ports.
    fn cookie(&self) -> String {
        format!("tidings-preview-{}", self.port)
    }

    fn has_pass(&self, headers: &HeaderMap) -> bool {
        cookies(headers, &self.cookie()).any(|value| is_same(value, &self.pass))
    }

    /// The answer to the address that opens the gate: the cookie, and the way to the page without the secret in its address.
    fn let_in(&self, uri: &Uri, headers: &HeaderMap) -> Response {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs(uri).filter(|(name, _)| name != TOKEN));
        let query = query.finish();
        let mark = if query.is_empty() { "" } else { "?" };
        // Two slashes would lead to another host.
        let place = format!("/{}{mark}{query}", uri.path().trim_start_matches('/'));
        // A redirect of a request that another page caused, such as the file by which the browser is opened, would be asked
        // for without the cookie (RFC 6265bis §5.2); a page of ours may lead there.
        let is_foreign = headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
        let mut response =
            if is_foreign { Html(leading_to(&place)).into_response() } else { Redirect::to(&place).into_response() };
        let cookie = format!("{}={}; Path=/; SameSite=Strict; HttpOnly", self.cookie(), self.pass);
        let headers = response.headers_mut();
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            headers.insert(header::SET_COOKIE, cookie);
        }
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        response
    }
}

/// A page that leads to an address at once.
pub fn leading_to(address: &str) -> String {
    let address = escaped(address, true);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta http-equiv=\"refresh\" content=\"0; url={address}\">\n<title>Preview</title>\n\
         <p><a href=\"{address}\">Open the preview</a></p>\n"
    )
}

fn pairs(uri: &Uri) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
}

/// The cookies of a name.
pub(super) fn cookies<'h>(headers: &'h HeaderMap, name: &str) -> impl Iterator<Item = &'h str> {
    let lists = headers.get_all(header::COOKIE).iter().filter_map(|list| list.to_str().ok());
    let cookies = lists.flat_map(|list| list.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
    cookies.filter_map(move |(given, value)| (given == name).then_some(value))
}

/// True when a browser says that a page of another site sends this (Fetch Metadata, `Sec-Fetch-Site`). Our pages for readers send no
/// `Origin` that tells, since their addresses go nowhere.
pub(super) fn is_of_other_site(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    site.is_some_and(|site| !matches!(site, b"same-origin" | b"none"))
}

/// True when a form may come from a page at `origin`: nothing that the browser says of it says otherwise.
pub(super) fn is_from(headers: &HeaderMap, origin: &str) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let site = text(HeaderName::from_static("sec-fetch-site"));
    text(header::ORIGIN).is_none_or(|given| given == origin) && site.is_none_or(|site| site == "same-origin")
}

/// Lets only requests through that name this very address as their host, which a name on the network that leads to this
/// machine (DNS rebinding) does not, and that come with the secret. Adds the headers that every answer has.
pub(super) async fn guard(State(gate): State<Arc<AccessGate>>, request: Request, next: Next) -> Response {
    let port = gate.port;
    if !is_ours(request.headers(), port) {
        let refused = format!("This page answers only at http://127.0.0.1:{port}/.\n");
        return (StatusCode::MISDIRECTED_REQUEST, refused).into_response();
    }
    let (uri, given) = (request.uri(), request.headers());
    let token = pairs(uri).find_map(|(name, value)| (name == TOKEN).then_some(value));
    let is_let_in = gate.has_pass(given);
    let mut response = match token {
        Some(token) if request.method() == Method::GET && (is_let_in || is_same(&token, &gate.token)) => {
            gate.let_in(uri, given)
        }
        _ if is_let_in => next.run(request).await,
        _ => (
            StatusCode::FORBIDDEN,
            "This preview answers only to its whole address, which `tidings preview` has printed in the terminal.\n",
        )
            .into_response(),
    };
    harden(&mut response);
    response
}

/// Adds the headers that every answer of the desk has.
pub(super) fn harden(response: &mut Response) {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Not `no-referrer`: a form of ours would then say that it comes from nowhere.
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("same-origin"));
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(PAGE));
}

/// True when the request is for us by name, and, when it says where it comes from, comes from one of our own pages.
fn is_ours(headers: &HeaderMap, port: u16) -> bool {
    let names = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    let is_host = |host: &str| names.iter().any(|name| name.eq_ignore_ascii_case(host));
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let is_origin = |origin: &str| origin.strip_prefix("http://").is_some_and(is_host);
    text(header::HOST).is_some_and(is_host) && text(header::ORIGIN).is_none_or(is_origin)
}

/// Compares a secret so that the time it takes tells nothing about it.
pub(super) fn is_same(given: &str, secret: &str) -> bool {
    digest(&SHA256, given.as_bytes()).as_ref() == digest(&SHA256, secret.as_bytes()).as_ref()
}

/// A secret: 128 random bits in hex; `None` when the system has none to give.
pub(super) fn token() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
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
    fn a_form_of_another_site_is_told_by_either_header() {
        let origin = "https://news.example.org";
        let site = HeaderName::from_static("sec-fetch-site");
        let is_from = |list: &[_]| is_from(&headers(list), origin);
        assert!(is_from(&[]) && is_from(&[(header::ORIGIN, origin), (site.clone(), "same-origin")]));
        for value in ["null", "https://evil.example", "http://news.example.org", "https://news.example.org:444", ""] {
            assert!(!is_from(&[(header::ORIGIN, value)]), "{value}");
        }
        for value in ["cross-site", "same-site", "none"] {
            assert!(!is_from(&[(header::ORIGIN, origin), (site.clone(), value)]), "{value}");
        }
        let given = headers(&[(header::COOKIE, "a=1; desk=x=y;desk=z; desks=no")]);
        assert_eq!(cookies(&given, "desk").collect::<Vec<_>>(), ["x=y", "z"]);
    }

    #[test]
    fn no_two_tokens_are_the_same() {
        let (one, other) = (token().unwrap(), token().unwrap());
        assert!(one != other && one.len() == 32, "{one} {other}");
    }
}
