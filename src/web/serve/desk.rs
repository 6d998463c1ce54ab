//! The owner's way to the desk: a link in a letter, a button, and a session. What the desk shows is asked of it only then, and it
//! learns neither the session nor its cookie.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};

use super::owner::OwnerDesk;
use super::pages::Button;
use super::request::Posted;
use super::server::{Server, Shared};
use crate::email::{Purpose, Tokens};
use crate::store::{self, SESSION_SPAN, Store};
use crate::web::security::{self, cookies, harden, is_from};

/// Where the desk is, below the pages for readers.
const DESK: &str = "desk/";
/// So many cookies of our name are looked at; a browser keeps one.
const COOKIES: usize = 4;

/// The routes below `base`.
pub(super) fn routes(base: &str) -> Router<Arc<Server>> {
    let at = |path: &str| format!("{base}{DESK}{path}");
    Router::new()
        .route(at("").trim_end_matches('/'), get(to_desk))
        .route(&at(""), get(show))
        .route(&at("login"), post(ask))
        .route(&at("in/{token}"), get(ask_to_enter).post(enter))
        .route(&at("out"), post(leave))
        .route(&at("{*path}"), get(show))
}

async fn to_desk(State(server): Shared) -> Response {
    Redirect::to(&server.desk_path()).into_response()
}

/// What the desk shows, to its owner; to others the page on which a link is asked for.
async fn show(State(server): Shared, request: Request) -> Result<Response, Response> {
    let Some(desk) = &server.desk else { return Err(server.missing()) };
    if server.session(request.headers()).await?.is_none() {
        let button = Button { word: "desk_send", action: format!("{}login", server.desk_path()), ..Button::default() };
        let page = server.pages.answer(StatusCode::FORBIDDEN, "desk_title", &["desk_lead"], Some(button), None);
        return Ok(own(page));
    }
    let Some(asked) = server.inner(request) else { return Err(server.missing()) };
    let Some(mut response) = desk.line.ask(asked).await else {
        return Err(server.pages.sentence(StatusCode::SERVICE_UNAVAILABLE, "failed_title", &["failed"]));
    };
    harden(&mut response);
    Ok(response)
}

/// Queues a letter with a link.
async fn ask(State(server): Shared, request: Request) -> Result<Response, Response> {
    server.must_be_own(request.headers())?;
    let posted = Posted::read(&server, request).await?;
    if !server.wishes.takes(&posted.network, posted.now) {
        return Err(server.busy());
    }
    let most = server.letters_per_hour;
    let asked = server.store.lock().await.ask_for_link(&posted.network, most, posted.now).await;
    if !asked.map_err(|error| server.failed(&error))? {
        return Err(own(server.pages.sentence(StatusCode::TOO_MANY_REQUESTS, "busy_title", &["log_in_often"])));
    }
    server.wake.notify_one();
    Ok(own(server.pages.sentence(StatusCode::OK, "asked_title", &["desk_sent"])))
}

/// The page that the letter leads to; programs that follow links come here too.
async fn ask_to_enter(State(server): Shared, Path(token): Path<String>) -> Result<Response, Response> {
    if server.grant(&token, Purpose::LogIn).await?.is_none() {
        return Err(server.missing());
    }
    let button = Button { word: "log_in", ..Button::default() };
    Ok(own(server.pages.answer(StatusCode::OK, "log_in_title", &[], Some(button), None)))
}

/// Lets the owner in, once for each link.
async fn enter(State(server): Shared, Path(link): Path<String>, request: Request) -> Result<Response, Response> {
    server.must_be_own(request.headers())?;
    let posted = Posted::read(&server, request).await?;
    let Some(grant) = server.grant(&link, Purpose::LogIn).await? else { return Err(server.missing()) };
    let (Some(desk), Some(pass)) = (&server.desk, security::token()) else { return Err(server.missing()) };
    let failed = |error| server.failed(&error);
    let mut store = server.store.lock().await;
    let hash = hash_of(&mut store, &pass).await.map_err(failed)?;
    let entered = store.log_in(grant.letter.into(), grant.at.into(), &hash, posted.now).await.map_err(failed)?;
    drop(store);
    if !entered {
        let back = Some(("desk_title", server.desk_path()));
        return Err(own(server.pages.answer(StatusCode::GONE, "failed_title", &["log_in_old"], None, back)));
    }
    let name = desk.cookie();
    Ok(server.with_cookie(&format!("{name}={pass}"), SESSION_SPAN.as_secs()))
}

/// Ends the session of the browser that asks.
async fn leave(State(server): Shared, request: Request) -> Result<Response, Response> {
    server.must_be_own(request.headers())?;
    let Some(desk) = &server.desk else { return Err(server.missing()) };
    if let Some(hash) = server.session(request.headers()).await? {
        server.store.lock().await.log_out(&hash).await.map_err(|error| server.failed(&error))?;
    }
    Ok(server.with_cookie(&format!("{}=", desk.cookie()), 0))
}

/// A page that asks for something, which a browser is to say that it comes from.
fn own(mut response: Response) -> Response {
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

impl Server {
    /// The path of the desk; ends in `/`.
    fn desk_path(&self) -> String {
        format!("{}{DESK}", self.pages.base())
    }

    /// Refuses a form of another site.
    fn must_be_own(&self, headers: &HeaderMap) -> Result<(), Response> {
        let is_own = self.desk.as_ref().is_some_and(|desk| is_from(headers, &desk.origin));
        if is_own { Ok(()) } else { Err((StatusCode::FORBIDDEN, "This comes from another site.\n").into_response()) }
    }

    /// What the session of a request is kept under; `None` when there is none.
    async fn session(&self, headers: &HeaderMap) -> Result<Option<String>, Response> {
        let Some(desk) = &self.desk else { return Ok(None) };
        let failed = |error| self.failed(&error);
        for pass in cookies(headers, desk.cookie()).filter(|pass| pass.len() == 32).take(COOKIES) {
            let mut store = self.store.lock().await;
            let hash = hash_of(&mut store, pass).await.map_err(failed)?;
            if store.is_logged_in(&hash, self.clock.now()).await.map_err(failed)? {
                return Ok(Some(hash));
            }
        }
        Ok(None)
    }

    /// The request as the desk is asked: of its path, what is below the desk, and of its headers only these.
    fn inner(&self, request: Request) -> Option<Request> {
        let (parts, _) = request.into_parts();
        let path_and_query = parts.uri.path_and_query()?.as_str().strip_prefix(&self.desk_path())?;
        let mut inner = Request::new(Body::empty());
        *inner.method_mut() = parts.method;
        *inner.uri_mut() = format!("/{path_and_query}").parse::<Uri>().ok()?;
        for name in ["sec-fetch-mode", "x-preview"].map(HeaderName::from_static) {
            if let Some(value) = parts.headers.get(&name) {
                inner.headers_mut().insert(name, value.clone());
            }
        }
        Some(inner)
    }

    /// The way to the desk, with a cookie that holds for so many seconds.
    fn with_cookie(&self, cookie: &str, seconds: i64) -> Response {
        let path = self.desk_path();
        let secure = if self.desk.as_ref().is_some_and(OwnerDesk::is_secure) { "; Secure" } else { "" };
        let cookie = format!("{cookie}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
        let mut response = Redirect::to(&path).into_response();
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        response
    }
}

/// What a session is kept under. The newest key is in it, so that a new one (`tidings store new-key`) ends all sessions.
async fn hash_of(store: &mut Store, pass: &str) -> store::Result<String> {
    let secret = store.secret().await?;
    let key = secret.newest_key().map_or(0, |key| key.number);
    Ok(Tokens::new(&secret).hashed("desk", &format!("{key}\n{pass}")))
}
