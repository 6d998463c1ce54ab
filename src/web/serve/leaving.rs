//! Leaving, in one click, and taking that back.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde_json::Value;

use super::leavers::unsubscribe;
use super::pages::Button;
use super::preferences::choose;
use super::request::{Posted, visitor};
use super::server::{Server, Shared};
use crate::email::{Grant, Purpose, is_token};
use crate::model::{Subscriber, SubscriberStatus};
use crate::publish::{TEST_TOKEN, owners_of};
use crate::store::{NEVER, UNDO_SPAN};

/// The page with the button; programs that follow links come here too.
pub(super) async fn ask(
    State(server): Shared,
    Path(token): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    let network = visitor(&server, &request.into_parts().0).network();
    let Some(subscriber) = server.leaver(&token, &network).await? else { return Err(server.missing()) };
    let reader = server.confirmed_with_lists(subscriber).await?;
    Ok(server.pages.leave(&reader.map_or(Value::Null, |reader| server.pages.choices(reader.details.lists.as_ref()))))
}

/// Unsubscribes, however often it is asked for (RFC 8058).
pub(super) async fn leave(
    State(server): Shared,
    Path(token): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    let posted = Posted::read(&server, request).await?;
    let done = || (StatusCode::OK, "Unsubscribed.\n").into_response();
    if token == TEST_TOKEN {
        return Ok(done());
    }
    let Some(subscriber) = server.leaver(&token, &posted.network).await? else { return Err(server.missing()) };
    let is_one_click = posted.is_one_click();
    if !is_one_click
        && let Some(mut reader) = server.confirmed_with_lists(subscriber).await?
        && choose(&server, &posted, &mut reader, "link").await?
    {
        return Ok(server.pages.sentence(StatusCode::OK, "lists", &["saved"]));
    }
    let way = if is_one_click { "one click" } else { "link" };
    let failed = |error| server.failed(&error);
    let left = unsubscribe(&server.leavers, (subscriber, way), (&posted.network, posted.now)).await;
    let Some(was) = left.ok_or_else(|| server.unable())?.map_err(failed)? else {
        return Err(server.missing());
    };
    if was != SubscriberStatus::Unsubscribed && was != SubscriberStatus::Complained {
        server.metrics.left();
    }
    if is_one_click {
        return Ok(done());
    }
    // Those whose mail program was faster than they find their way back too.
    let changes = server.store.lock().await.changes_of(subscriber).await.map_err(failed)?;
    let last = changes.last().filter(|it| it.status == SubscriberStatus::Unsubscribed && it.way != NEVER);
    let at = last.and_then(|change| change.at.parse::<Timestamp>().ok());
    let at = at.filter(|at| posted.now.duration_since(*at) < UNDO_SPAN);
    let button = at.and_then(|at| {
        let at = u32::try_from(at.as_second()).ok()?;
        let token = server.tokens().make(Grant { purpose: Purpose::Undo, subscriber, letter: 0, at });
        let action = format!("{}undo/{token}", server.pages.base());
        Some(Button { word: "undo", action, is_quiet: true, ..Button::default() })
    });
    Ok(server.pages.answer(StatusCode::OK, "left_title", &["left"], button, None))
}

/// The page of the address to which the button for taking it back leads, should it be opened.
pub(super) async fn ask_to_undo(State(server): Shared, Path(token): Path<String>) -> Result<Response, Response> {
    if server.grant(&token, Purpose::Undo).await?.is_none() {
        return Err(server.missing());
    }
    let button = Button { word: "undo", ..Button::default() };
    Ok(server.pages.answer(StatusCode::OK, "undo_title", &[], Some(button), None))
}

/// Takes back that a reader has left.
pub(super) async fn undo(
    State(server): Shared,
    Path(token): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    let posted = Posted::read(&server, request).await?;
    let Some(grant) = server.grant(&token, Purpose::Undo).await? else { return Err(server.missing()) };
    let mut store = server.store.lock().await;
    let is_back = store.take_back(grant.subscriber, grant.at.into(), posted.changing("undo")).await;
    drop(store);
    if is_back.map_err(|error| server.failed(&error))? {
        server.metrics.returned();
        return Ok(server.pages.sentence(StatusCode::OK, "returned_title", &["confirmed"]));
    }
    let link = Some(("subscribe", server.pages.base().to_owned()));
    Ok(server.pages.answer(StatusCode::GONE, "failed_title", &["too_late"], None, link))
}

impl Server {
    /// A reader who gets mail, where there are lists to choose from.
    async fn confirmed_with_lists(&self, subscriber: i64) -> Result<Option<Subscriber>, Response> {
        if self.pages.lists().is_empty() {
            return Ok(None);
        }
        let found = self.store.lock().await.subscriber_numbered(subscriber).await;
        let found = found.map_err(|error| self.failed(&error))?;
        Ok(found.filter(|reader| reader.status == SubscriberStatus::Confirmed))
    }

    /// The number of the reader whose token for leaving this is.
    async fn leaver(&self, token: &str, network: &str) -> Result<Option<i64>, Response> {
        if let Some(grant) = self.grant(token, Purpose::Leave).await? {
            return Ok(Some(grant.subscriber));
        }
        let token = token.to_ascii_lowercase();
        if !is_token(&token) || self.tokens().read(&token).is_some() {
            return Ok(None);
        }
        if !self.searches.takes(network, self.clock.now()) {
            return Err(self.busy());
        }
        let mut store = self.store.lock().await;
        let owners = owners_of(&mut store, std::slice::from_ref(&token)).await;
        Ok(owners.map_err(|error| self.failed(&error))?.remove(&token).map(|reader| reader.id))
    }
}
