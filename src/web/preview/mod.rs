//! The preview: a page on this machine that shows what publishing would do, and changes nothing.
//!
//! The page is made by the server, for the choice that its address names; a small script follows links without a new
//! document and fetches the page again when a file has changed. Everything shown comes from the code that publishing runs.

mod choice;
mod delivery;
mod desk;
mod feeds;
mod findings;
mod frame;
mod page;
mod pictures;
mod plan;
mod served;
mod server;
mod snapshot;
mod watch;

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;

use axum::extract::{Form, Path as Name, Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use futures_util::stream::{self, Stream};
use tokio::net::TcpListener;
use tokio::sync::watch::error::RecvError;

use super::security::{self, AccessGate, CONTENT, CONTENT_WITHOUT_IMAGES};
use choice::{Choice, Images, View};
pub use desk::{Desk, DeskPart};
use pictures::Wanted;
pub use served::{DeskCalls, DeskLine, desk_line, serve_desk};
use server::{Server, TestForm};
pub use snapshot::{Backend, Refresh, Snapshot};

/// Serves the preview of the site in `root` until it is dropped, and looks anew whenever a file of the site changes.
///
/// `root` has no links in it, so that the system names the files below it in the same way. `gate` is asked before anything is
/// answered. `tell` is given what the user should know.
///
/// # Errors
/// When the listener stops to work.
pub async fn serve(
    listener: TcpListener,
    gate: AccessGate,
    root: &Path,
    backend: impl Backend,
    tell: impl Fn(&str),
) -> std::io::Result<Infallible> {
    let token = security::token().ok_or_else(|| std::io::Error::other("the system has no random numbers"))?;
    let (server, requests) = Server::new(backend.refresh().await, Some(token));
    let server = Arc::new(server);
    let gate = middleware::from_fn_with_state(Arc::new(gate), security::guard);
    let routes = routes().route("/test", post(test)).layer(gate).with_state(Arc::clone(&server));
    let http = axum::serve(listener, routes);
    tokio::select! {
        end = http.into_future() => end?,
        () = server.attend(root, &backend, requests, tell) => {}
    }
    Err(std::io::Error::other("the server has stopped"))
}

/// What only shows something.
fn routes() -> Router<Arc<Server>> {
    Router::new()
        .route("/", get(page))
        .route("/issue", get(issue))
        .route("/entry", get(entry))
        .route("/kept/{name}", get(kept))
        .route("/picture", get(picture))
        .route("/message.eml", get(message))
        .route("/feed/{*name}", get(feed))
        .route("/delivery", get(delivery))
        .route("/events", get(events))
        .route(
            "/preview.css",
            get(asset("text/css; charset=utf-8", include_str!("../../../templates/web/preview.css"))),
        )
        .route(
            "/preview.js",
            get(asset("text/javascript; charset=utf-8", include_str!("../../../templates/web/preview.js"))),
        )
        .route("/icon.svg", get(asset("image/svg+xml", include_str!("../../../templates/web/icon.svg"))))
}

type Shared = State<Arc<Server>>;

/// The page. When it is opened, reloaded or come back to, the site is read again: what is due depends on the
/// time and the ledger as well.
async fn page(State(server): Shared, Query(choice): Query<Choice>, headers: HeaderMap) -> Response {
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|found| found == value);
    if is("sec-fetch-mode", "navigate") || is("x-preview", "return") {
        server.refresh().await;
    }
    match server.page(&choice).await {
        Ok(html) => Html(html).into_response(),
        Err(problem) => (StatusCode::INTERNAL_SERVER_ERROR, problem.to_string()).into_response(),
    }
}

/// The HTML part of the issue, for a frame.
async fn issue(State(server): Shared, Query(choice): Query<Choice>) -> Response {
    let Some(html) = server.issue(&choice) else { return missing() };
    let policy = if choice.images == Images::On { CONTENT } else { CONTENT_WITHOUT_IMAGES };
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(html)).into_response()
}

/// An entry of a feed, for a frame.
async fn entry(State(server): Shared, Query(choice): Query<Choice>) -> Response {
    match server.entry(&choice) {
        Some(Ok(html)) => ([(header::CONTENT_SECURITY_POLICY, CONTENT)], Html(html)).into_response(),
        Some(Err(problem)) => (StatusCode::INTERNAL_SERVER_ERROR, problem.to_string()).into_response(),
        None => missing(),
    }
}

/// What was kept of an issue: its page, or its record.
async fn kept(State(server): Shared, Name(name): Name<String>) -> Response {
    let Some(bytes) = server.kept(&name) else { return missing() };
    let media_type = match name.rsplit_once('.') {
        Some((_, "html")) => "text/html; charset=utf-8",
        _ => "application/json",
    };
    ([(header::CONTENT_TYPE, media_type), (header::CONTENT_SECURITY_POLICY, CONTENT)], bytes).into_response()
}

/// A picture that the frames show.
async fn picture(State(server): Shared, Query(wanted): Query<Wanted>) -> Response {
    let Some((media_type, bytes)) = server.picture(&wanted) else { return missing() };
    ([(header::CONTENT_TYPE, media_type), (header::CONTENT_SECURITY_POLICY, CONTENT)], bytes).into_response()
}

/// How delivering goes.
async fn delivery(State(server): Shared) -> Response {
    match server.delivery().await {
        Ok(html) => Html(html).into_response(),
        Err(problem) => (StatusCode::INTERNAL_SERVER_ERROR, problem.to_string()).into_response(),
    }
}

/// The message as a file, for a mail program.
async fn message(State(server): Shared, Query(choice): Query<Choice>) -> Response {
    let Some(shown) = server.shown(&choice) else { return missing() };
    let name = format!("attachment; filename=\"issue-{}.eml\"", shown.issue.number);
    let headers = [(header::CONTENT_TYPE, "message/rfc822".to_owned()), (header::CONTENT_DISPOSITION, name)];
    (headers, shown.copy.message).into_response()
}

/// The bytes of a feed, as text: a browser would offer to save it.
async fn feed(State(server): Shared, Name(name): Name<String>) -> Response {
    match server.feed(&name) {
        Some(bytes) => ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], bytes).into_response(),
        None => missing(),
    }
}

/// Tells the page that there is something new: its number, now and after each change.
async fn events(State(server): Shared) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let news = stream::unfold((server.news(), true), async |(mut news, is_first)| {
        if !is_first {
            let waited: Result<(), RecvError> = news.changed().await;
            waited.ok()?;
        }
        let event = Event::default().event("look").data(news.borrow_and_update().revision.to_string());
        Some((Ok(event), (news, false)))
    });
    Sse::new(news).keep_alive(KeepAlive::default())
}

/// Sends the test. What became of it is shown by the page to which this leads, so that a reload sends nothing again.
async fn test(State(server): Shared, Query(choice): Query<Choice>, Form(form): Form<TestForm>) -> Response {
    if !server.knows(&form.token) {
        let refused = "This form is from another preview. Open the page again and send the test from there.\n";
        return (StatusCode::FORBIDDEN, refused).into_response();
    }
    let address = choice.with(|choice| choice.view = View::Test).address();
    server.test(choice, form).await;
    Redirect::to(&address).into_response()
}

/// A file of the page, as it is in the program.
fn asset(media_type: &'static str, text: &'static str) -> ([(HeaderName, &'static str); 1], &'static str) {
    ([(header::CONTENT_TYPE, media_type)], text)
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, "There is nothing here; it may have changed. Go back to the preview.\n").into_response()
}
