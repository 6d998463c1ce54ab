//! The pages for readers, and the feeds, over HTTP. A request that only looks (GET, HEAD) changes nothing, since programs follow
//! each link of a mail before people do; what changes something is a form of one button, without a script and without a cookie.

mod connections;
mod feeds;
mod joining;
mod leaving;
mod limits;
mod metrics;
mod pages;
mod preferences;
mod request;
mod visitor;
mod wording;

use std::io;
use std::sync::{Arc, RwLock};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Notify};

use crate::clock::Clock;
use crate::config::{Config, Network};
use crate::email::{Grant, Purpose, Tokens, is_token};
use crate::files::Folder;
use crate::store::{Store, StoreError};
use feeds::Feeds;
use limits::HourlyLimit;
use metrics::Metrics;
use pages::Pages;

/// For pages: their style sheet, forms that lead to us, and nothing else.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// So many wishes to join, or to have letters sent elsewhere, are taken of one network in an hour.
const WISHES_PER_HOUR: u16 = 10;
/// For tokens that no key has made, the whole list is gone through: so often an hour for one network.
const SEARCHES_PER_HOUR: u16 = 60;

/// What serving needs.
pub struct Setup {
    /// The configuration of the site.
    pub config: Config,
    /// Its folder, for the feeds.
    pub folder: Folder,
    /// A connection of its own to the database.
    pub store: Store,
    /// Where the time comes from.
    pub clock: Clock,
    /// Told when there is a letter to send.
    pub wake: Arc<Notify>,
    /// Given what the owner should know.
    pub tell: fn(&str),
}

struct Server {
    store: Mutex<Store>,
    tokens: RwLock<Arc<Tokens>>,
    clock: Clock,
    wake: Arc<Notify>,
    tell: fn(&str),
    pages: Pages,
    feeds: Feeds,
    wishes: HourlyLimit,
    searches: HourlyLimit,
    proxies: Vec<Network>,
    letters_per_hour: i64,
    welcome: bool,
    metrics: Metrics,
}

type Shared = State<Arc<Server>>;

/// Serves until `stop` comes; what is in flight then is answered.
///
/// # Errors
/// When the database does not answer at the start, or the listener cannot be used.
pub async fn serve(listener: TcpListener, setup: Setup, stop: impl Future<Output = ()>) -> io::Result<()> {
    let Setup { config, folder, mut store, clock, wake, tell } = setup;
    let tokens = Tokens::new(&store.secret().await.map_err(io::Error::other)?);
    let pages = Pages::new(&config).map_err(|problem| io::Error::other(problem.to_string()))?;
    let server = Arc::new(Server {
        store: Mutex::new(store),
        tokens: RwLock::new(Arc::new(tokens)),
        clock,
        wake,
        tell,
        feeds: Feeds::new(folder, &config.feeds.dir),
        pages,
        wishes: HourlyLimit::new(WISHES_PER_HOUR),
        searches: HourlyLimit::new(SEARCHES_PER_HOUR),
        proxies: config.web.proxies,
        letters_per_hour: config.web.letters_per_hour.into(),
        welcome: config.newsletter.welcome,
        metrics: Metrics::default(),
    });
    connections::answer(listener, routes(&server), stop).await
}

/// Every route, one a line. What is new and shows something to readers belongs here, such as the archive at `issues/`.
fn routes(server: &Arc<Server>) -> Router {
    let at = |path: &str| format!("{}{path}", server.pages.base());
    Router::new()
        .route(&at(""), get(joining::page))
        .route(&at("subscribe"), get(joining::page).post(joining::subscribe))
        .route(&at("c/{token}"), get(joining::ask_to_confirm).post(joining::confirm))
        .route(&at("n/{token}"), get(joining::ask_never).post(joining::never))
        .route(&at("u/{token}"), get(leaving::ask).post(leaving::leave))
        .route(&at("undo/{token}"), get(leaving::ask_to_undo).post(leaving::undo))
        .route(&at("p/{token}"), get(preferences::page).post(preferences::save))
        .route(&at("serve.css"), get(pages::style))
        .route(&at("health"), get(metrics::health))
        .route(&at("metrics"), get(metrics::metrics))
        .fallback(feeds::file)
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
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let robots = HeaderName::from_static("x-robots-tag");
        headers.insert(robots, HeaderValue::from_static("noindex, nofollow, noarchive"));
    }
    response
}

impl Server {
    /// What a token of this purpose says. A key that was made since the start is read then.
    async fn grant(&self, token: &str, purpose: Purpose) -> Result<Option<Grant>, Response> {
        let of = |grant: Grant| (grant.purpose == purpose).then_some(grant);
        if !is_token(&token.to_ascii_lowercase()) {
            return Ok(None);
        }
        if let Some(grant) = self.tokens().read(token) {
            return Ok(of(grant));
        }
        let secret = self.store.lock().await.secret().await.map_err(|error| self.failed(&error))?;
        let tokens = Arc::new(Tokens::new(&secret));
        let grant = tokens.read(token).and_then(of);
        if grant.is_some() {
            *self.tokens.write().unwrap_or_else(std::sync::PoisonError::into_inner) = tokens;
        }
        Ok(grant)
    }

    fn tokens(&self) -> Arc<Tokens> {
        Arc::clone(&self.tokens.read().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// The answer when the database gives none.
    fn failed(&self, error: &StoreError) -> Response {
        (self.tell)(&format!("A request could not be answered: {error}"));
        self.pages.sentence(StatusCode::SERVICE_UNAVAILABLE, "failed_title", &["failed"])
    }

    /// The answer where there is nothing: it is the same for each wrong token.
    fn missing(&self) -> Response {
        self.pages.sentence(StatusCode::NOT_FOUND, "missing_title", &["missing"])
    }

    fn busy(&self) -> Response {
        self.pages.sentence(StatusCode::TOO_MANY_REQUESTS, "busy_title", &["busy"])
    }
}

/// What a file that is only looked at can be asked with.
fn only_looks(method: &Method) -> Result<(), Response> {
    if matches!(*method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    Err((StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response())
}
