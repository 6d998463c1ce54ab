//! What all handlers share: the database, the tokens, the pages, the limits.

use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use tokio::sync::{Mutex, Notify};

use super::feeds::Feeds;
use super::hooks::{HookKeys, Hooks};
use super::issues::Archive;
use super::leavers::Leavers;
use super::limits::HourlyLimit;
use super::metrics::Metrics;
use super::owner::OwnerDesk;
use super::pages::Pages;
use crate::clock::Clock;
use crate::config::{Config, Network, Newsletter};
use crate::email::{Grant, Purpose, Tokens, is_token};
use crate::files::Folder;
use crate::store::{Store, StoreError};
use crate::templates::Templates;
use crate::web::preview::DeskLine;

/// So many wishes to join, or to have letters sent elsewhere, are taken of one network in an hour.
const WISHES_PER_HOUR: u16 = 10;
/// For tokens that no key has made, the whole list is gone through: so often an hour for one network.
const SEARCHES_PER_HOUR: u16 = 60;

/// What serving needs.
pub struct Setup {
    /// The configuration of the site.
    pub config: Config,
    /// Its folder, for the feeds and the archive.
    pub folder: Folder,
    /// What the archive is made with, when the site has one.
    pub archive: Option<Templates>,
    /// A connection of its own to the database.
    pub store: Store,
    /// Where the time comes from.
    pub clock: Clock,
    /// Told when there is a letter to send.
    pub wake: Arc<Notify>,
    /// Given what the owner should know.
    pub tell: fn(&str),
    /// What services prove themselves with that tell what came back.
    pub keys: HookKeys,
    /// The desk, when there is one.
    pub desk: Option<DeskLine>,
}

/// See the module.
pub(super) struct Server {
    pub(super) store: Mutex<Store>,
    pub(super) leavers: Leavers,
    pub(super) tokens: RwLock<Arc<Tokens>>,
    pub(super) clock: Clock,
    pub(super) wake: Arc<Notify>,
    pub(super) tell: fn(&str),
    pub(super) pages: Pages,
    pub(super) feeds: Feeds,
    pub(super) archive: Option<Archive>,
    pub(super) wishes: HourlyLimit,
    pub(super) searches: HourlyLimit,
    pub(super) proxies: Vec<Network>,
    pub(super) letters_per_hour: i64,
    pub(super) newsletter: Newsletter,
    pub(super) metrics: Metrics,
    pub(super) hooks: Hooks,
    pub(super) desk: Option<OwnerDesk>,
}

pub(super) type Shared = State<Arc<Server>>;

impl Server {
    /// A server for a site.
    ///
    /// # Errors
    /// When the database does not answer, or a template of the pages is broken.
    pub(super) async fn new(setup: Setup, leavers: Leavers) -> io::Result<Self> {
        let Setup { config, folder, archive, mut store, clock, wake, tell, keys, desk } = setup;
        let origin = config.web.url.as_ref().map(|url| url.origin().ascii_serialization());
        let tokens = Tokens::new(&store.secret().await.map_err(io::Error::other)?);
        let pages = Pages::new(&config).map_err(|problem| io::Error::other(problem.to_string()))?;
        Ok(Self {
            store: Mutex::new(store),
            leavers,
            tokens: RwLock::new(Arc::new(tokens)),
            clock,
            wake,
            tell,
            archive: archive.map(|templates| Archive::new(folder.clone(), config.clone(), templates, tell)),
            feeds: Feeds::new(folder, &config.feeds.dir),
            pages,
            wishes: HourlyLimit::new(WISHES_PER_HOUR),
            searches: HourlyLimit::new(SEARCHES_PER_HOUR),
            proxies: config.web.proxies,
            letters_per_hour: config.web.letters_per_hour.into(),
            newsletter: config.newsletter,
            metrics: Metrics::default(),
            hooks: Hooks::new(keys),
            desk: desk.zip(origin).map(|(line, origin)| OwnerDesk { line, origin }),
        })
    }

    /// What a token of this purpose says. A key that was made since the start is read then.
    pub(super) async fn grant(&self, token: &str, purpose: Purpose) -> Result<Option<Grant>, Response> {
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
            *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = tokens;
        }
        Ok(grant)
    }

    pub(super) fn tokens(&self) -> Arc<Tokens> {
        Arc::clone(&self.tokens.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The answer when the database gives none.
    pub(super) fn failed(&self, error: &StoreError) -> Response {
        (self.tell)(&format!("A request could not be answered: {error}"));
        self.unable()
    }

    /// The answer when there is none.
    pub(super) fn unable(&self) -> Response {
        self.pages.sentence(StatusCode::SERVICE_UNAVAILABLE, "failed_title", &["failed"])
    }

    /// The answer where there is nothing: it is the same for each wrong token.
    pub(super) fn missing(&self) -> Response {
        self.pages.sentence(StatusCode::NOT_FOUND, "missing_title", &["missing"])
    }

    pub(super) fn busy(&self) -> Response {
        self.pages.sentence(StatusCode::TOO_MANY_REQUESTS, "busy_title", &["busy"])
    }
}
