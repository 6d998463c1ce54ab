//! What a reader gets, and where.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::joining::EVEN;
use super::request::Posted;
use super::server::{Server, Shared};
use crate::email::Purpose;
use crate::model::{Choice, EmailAddress, Lists, Subscriber, SubscriberStatus};
use crate::publish::address_hash;

/// What the page says about what was sent.
#[derive(Debug, Clone, Copy, Default)]
struct Report {
    /// The key of the sentence.
    said: Option<&'static str>,
    is_wrong: bool,
}

/// The page.
pub(super) async fn page(State(server): Shared, Path(token): Path<String>) -> Result<Response, Response> {
    let reader = server.reader(&token).await?;
    Ok(show(&server, &reader, Report::default()))
}

/// Keeps what was sent. Each thing that a reader can choose is a step of its own here and a field of the template.
pub(super) async fn save(
    State(server): Shared,
    Path(token): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    let posted = Posted::read(&server, request).await?;
    let mut reader = server.reader(&token).await?;
    let name = posted.name();
    if posted.has("name") && name != reader.name {
        let renamed = server.store.lock().await.rename(reader.id, name.as_deref()).await;
        renamed.map_err(|error| server.failed(&error))?;
        reader.name = name;
    }
    choose(&server, &posted, &mut reader, "preferences").await?;
    let report = match posted.field("email") {
        email if email.is_empty() => Report { said: Some("saved"), is_wrong: false },
        email => match email.parse::<EmailAddress>() {
            Ok(address) => {
                ask_to_move(&server, &posted, &reader, &address).await?;
                Report { said: Some("moving"), is_wrong: false }
            }
            Err(_) => Report { said: None, is_wrong: true },
        },
    };
    Ok(show(&server, &reader, report))
}

/// Puts a reader on the lists that were sent. False when none were asked about.
pub(super) async fn choose(
    server: &Server,
    posted: &Posted,
    reader: &mut Subscriber,
    way: &str,
) -> Result<bool, Response> {
    let Some(choice) = posted.choice(server.pages.lists()) else { return Ok(false) };
    let choice = with_others(choice, server, reader);
    let chosen = server.store.lock().await.choose_lists(reader.id, &choice, posted.changing(way)).await;
    chosen.map_err(|error| server.failed(&error))?;
    reader.details.lists = choice.lists().cloned();
    Ok(true)
}

/// A choice among the lists of the site leaves alone those that the reader is on and that the site does not show.
fn with_others(choice: Choice, server: &Server, reader: &Subscriber) -> Choice {
    let is_shown = |name: &&str| server.pages.lists().iter().any(|(shown, _)| shown == name);
    match (choice, &reader.details.lists) {
        (Choice::Lists(chosen), Some(old)) => {
            Choice::Lists(chosen.and(&Lists::new(old.names().filter(|name| !is_shown(name)))))
        }
        (choice, _) => choice,
    }
}

/// Asks at the new address, unless who has it wants no letters; the answer is the same.
async fn ask_to_move(
    server: &Server,
    posted: &Posted,
    reader: &Subscriber,
    address: &EmailAddress,
) -> Result<(), Response> {
    if !server.wishes.takes(&posted.network, posted.now) {
        return Err(server.busy());
    }
    let ask = async {
        if address.key() == reader.address.key() {
            return Ok(false);
        }
        let hash = address_hash(&server.tokens(), address);
        server.store.lock().await.ask_to_move(reader.id, address, &hash, posted.changing("form")).await
    };
    // How long it takes tells nothing of the address either.
    let (asked, ()) = tokio::join!(ask, tokio::time::sleep(EVEN));
    if asked.map_err(|error| server.failed(&error))? {
        server.wake.notify_one();
    }
    Ok(())
}

fn show(server: &Server, reader: &Subscriber, report: Report) -> Response {
    let status = if report.is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let values = json!({
        "said": report.said.map(|key| server.pages.word(key)),
        "is_wrong": report.is_wrong,
        "name": reader.name.as_deref().unwrap_or_default(),
        "lists": server.pages.choices(reader.details.lists.as_ref()),
        "leave": format!("{}u/{}", server.pages.base(), server.tokens().of(reader.id)),
    });
    server.pages.page(status, "web/serve-preferences.html", "preferences", values)
}

impl Server {
    /// The reader whose preferences a token opens: only of those who get mail, so that none is kept of others.
    async fn reader(&self, token: &str) -> Result<Subscriber, Response> {
        let Some(grant) = self.grant(token, Purpose::Preferences).await? else { return Err(self.missing()) };
        let found = self.store.lock().await.subscriber_numbered(grant.subscriber).await;
        let found = found.map_err(|error| self.failed(&error))?;
        found.filter(|reader| reader.status == SubscriberStatus::Confirmed).ok_or_else(|| self.missing())
    }
}
