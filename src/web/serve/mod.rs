//! The pages for readers, and the feeds, over HTTP. A request that only looks (GET, HEAD) changes nothing, since programs follow
//! each link of a mail before people do; what changes something is a form of one button, without a script and without a cookie.

mod archive;
mod connections;
mod desk;
mod feeds;
mod form;
mod held;
mod hooks;
mod issues;
mod joining;
mod leavers;
mod leaving;
mod limits;
mod metrics;
mod owner;
mod pages;
mod preferences;
mod request;
mod server;
mod visitor;
mod watching;
mod wording;

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use tokio::net::TcpListener;

pub use form::{FormTarget, form};
pub use hooks::HookKeys;
pub use server::Setup;
use server::{Server, Shared};

/// For pages: their style sheet, forms that lead to us, and nothing else.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Serves until `stop` comes; what is in flight then is answered.
///
/// # Errors
/// When the database does not answer at the start, or the listener cannot be used.
pub async fn serve(listener: TcpListener, setup: Setup, stop: impl Future<Output = ()>) -> io::Result<()> {
    let (leavers, waiting) = leavers::leavers();
    let server = Arc::new(Server::new(setup, leavers).await?);
    // A task of its own runs where those are answered whom it tells.
    let keeper = Arc::clone(&server);
    let unsubscribing = tokio::spawn(async move { leavers::unsubscribe_all(waiting, &keeper.store).await });
    let answered = tokio::select! {
        answered = connections::answer(listener, routes(&server), stop) => answered,
        () = watching::stay_connected(&server.store) => Ok(()),
    };
    unsubscribing.abort();
    answered
}

/// Every route, one a line. What is new and shows something to readers belongs here.
fn routes(server: &Arc<Server>) -> Router {
    let at = |path: &str| format!("{}{path}", server.pages.base());
    let desk = server.desk.is_some().then(|| desk::routes(server.pages.base()));
    Router::new()
        .route(&at(""), get(joining::page))
        .route(&at("subscribe"), get(joining::page).post(joining::subscribe))
        .route(&at("c/{token}"), get(joining::ask_to_confirm).post(joining::confirm))
        .route(&at("n/{token}"), get(joining::ask_never).post(joining::never))
        .route(&at("u/{token}"), get(leaving::ask).post(leaving::leave))
        .route(&at("undo/{token}"), get(leaving::ask_to_undo).post(leaving::undo))
        .route(&at("p/{token}"), get(preferences::page).post(preferences::save))
        .route(&at("issues/"), get(archive::list))
        .route(&at("issues/feed.xml"), get(archive::feed))
        .route(&at("issues/{number}/"), get(archive::issue))
        .route(&at("issues"), get(archive::to_list))
        .route(&at("issues/{number}"), get(archive::to_issue))
        .route(&at("serve.css"), get(pages::style))
        .route(&at("hooks/{service}"), any(hooks::take))
        .route(&at("health"), get(watching::health))
        .route(&at("metrics"), get(watching::metrics))
        .merge(desk.unwrap_or_default())
        .fallback(feed)
        .layer(middleware::from_fn_with_state(Arc::clone(server), guard))
        .with_state(Arc::clone(server))
}

/// Counts answers, and adds the headers that each of them has.
async fn guard(State(server): Shared, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    server.metrics.answered(response.status());
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // A token must not travel on with a link.
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        // The desk has some of its own.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    let private = HeaderValue::from_static("no-store");
    if *headers.entry(header::CACHE_CONTROL).or_insert(private.clone()) == private {
        let robots = HeaderName::from_static("x-robots-tag");
        headers.insert(robots, HeaderValue::from_static("noindex, nofollow, noarchive"));
    }
    response
}

/// A feed, or that there is nothing.
async fn feed(State(server): Shared, request: Request) -> Result<Response, Response> {
    let name = request.uri().path().strip_prefix(server.pages.base());
    let Some(file) = name.and_then(|name| server.feeds.file(name)) else { return Err(server.missing()) };
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(file.answer(request.headers()));
    }
    Err((StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response())
}
