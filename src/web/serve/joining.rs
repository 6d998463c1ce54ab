//! Joining: the form, the letter that asks to confirm, and never getting one again.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;

use super::pages::{Button, Typed};
use super::request::Posted;
use super::server::{Server, Shared};
use crate::email::{Grant, Purpose};
use crate::model::{Choice, EmailAddress, SubscriberStatus, gets};
use crate::publish::{address_hash, greeting, is_fresh, letter_of, never_again};
use crate::store::{Asked, Asking, Confirmed};
use crate::web::security::{is_of_other_site, is_same};

/// A person needs so many seconds to fill in a form, and no more.
const FILLING: std::ops::RangeInclusive<i64> = 1..=86_400;
/// An answer takes at least so long, so that its time does not tell whether an address is known.
pub(super) const EVEN: Duration = Duration::from_millis(250);

/// The page on which people subscribe.
pub(super) async fn page(State(server): Shared) -> Response {
    server.pages.subscribe(StatusCode::OK, &server.form_time(server.clock.now()), &Typed::default())
}

/// Takes the form, also from a page of another site: then a button of ours is in between, whatever time it has got from us. Else that
/// page could let each of its visitors ask from a network of their own.
pub(super) async fn subscribe(State(server): Shared, request: Request) -> Result<Response, Response> {
    let is_foreign = is_of_other_site(request.headers());
    let posted = Posted::read(&server, request).await?;
    let (email, name, choice) = (posted.field("email"), posted.name(), posted.choice(server.pages.lists()));
    let time = server.form_time(posted.now);
    let Ok(address) = email.parse::<EmailAddress>() else {
        let email = email.chars().take(254).collect();
        let typed = Typed { email, name: name.unwrap_or_default(), choice, is_wrong: true };
        return Ok(server.pages.subscribe(StatusCode::UNPROCESSABLE_ENTITY, &time, &typed));
    };
    if is_foreign || !server.is_filled_in(&posted.field("t"), posted.now) {
        let mut fields = vec![("email", address.as_str().to_owned()), ("name", name.unwrap_or_default()), ("t", time)];
        // A program that filled in all of the other page presses this button too.
        fields.extend(Some(("website", posted.field("website"))).filter(|(_, typed)| !typed.is_empty()));
        if let Some(choice) = choice {
            let is_chosen = |name: &&String| gets(choice.lists(), std::slice::from_ref(*name));
            let chosen = server.pages.lists().iter().map(|(name, _)| name).filter(is_chosen);
            fields.extend(chosen.map(|name| ("list", name.clone())));
            fields.push(("lists", String::new()));
        }
        let action = format!("{}subscribe", server.pages.base());
        let button = Button { word: "subscribe", action, fields, is_quiet: false };
        return Ok(server.pages.answer(StatusCode::OK, "subscribe_title", &["sure", "consent"], Some(button), None));
    }
    if !server.wishes.takes(&posted.network, posted.now) {
        server.metrics.limited();
        return Err(server.busy());
    }
    // What people do not see, only programs fill in.
    if posted.field("website").is_empty() {
        let (asked, ()) =
            tokio::join!(ask(&server, &posted, &address, name.as_deref(), choice.as_ref()), tokio::time::sleep(EVEN));
        asked?;
    } else {
        tokio::time::sleep(EVEN).await;
    }
    Ok(server.pages.sentence(StatusCode::OK, "asked_title", &["asked"]))
}

async fn ask(
    server: &Arc<Server>,
    posted: &Posted,
    address: &EmailAddress,
    name: Option<&str>,
    choice: Option<&Choice>,
) -> Result<(), Response> {
    let asking = Asking {
        address,
        hash: &address_hash(&server.tokens(), address),
        name,
        choice,
        way: "form",
        shown: Some(&server.pages.consent()),
        network: Some(&posted.network),
        most_an_hour: server.letters_per_hour,
    };
    let asked = server.store.lock().await.ask(asking, posted.now).await.map_err(|error| server.failed(&error))?;
    server.metrics.asked(asked);
    match asked {
        Asked::Letter => server.wake.notify_one(),
        Asked::Busy if server.metrics.is_first_busy(posted.now) => {
            (server.tell)(
                "More people ask to subscribe than `web.letters_per_hour` lets have a letter: some get none now.",
            );
        }
        _ => {}
    }
    Ok(())
}

/// The page that a letter leads to.
pub(super) async fn ask_to_confirm(State(server): Shared, Path(token): Path<String>) -> Result<Response, Response> {
    let Some(grant) = server.grant(&token, Purpose::Confirm).await? else { return Err(server.missing()) };
    if !is_fresh(grant, server.clock.now()) {
        return Err(expired(&server));
    }
    let button = Button { word: "confirm", ..Button::default() };
    Ok(server.pages.answer(StatusCode::OK, "confirm_title", &["confirm_lead"], Some(button), None))
}

/// Confirms what the letter asked about.
pub(super) async fn confirm(
    State(server): Shared,
    Path(token): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    let posted = Posted::read(&server, request).await?;
    let Some(grant) = server.grant(&token, Purpose::Confirm).await? else { return Err(server.missing()) };
    if !is_fresh(grant, posted.now) {
        return Err(expired(&server));
    }
    let mut store = server.store.lock().await;
    let greeting = greeting(&server.newsletter, posted.now);
    let confirmed = store.confirm(letter_of(grant), posted.changing("link"), greeting).await;
    drop(store);
    let said = |title, text| Ok(server.pages.sentence(StatusCode::OK, title, &[text]));
    match confirmed.map_err(|error| server.failed(&error))? {
        Confirmed::Joined(reader, _) => {
            server.metrics.joined();
            server.wake.notify_one();
            let grant = Grant { purpose: Purpose::Preferences, subscriber: reader.id, letter: 0, at: 0 };
            let address = format!("{}p/{}", server.pages.base(), server.tokens().make(grant));
            let link = Some(("preferences", address));
            Ok(server.pages.answer(StatusCode::OK, "confirmed_title", &["confirmed"], None, link))
        }
        Confirmed::Moved(_) => said("moved_title", "moved"),
        Confirmed::Again(reader) if reader.status == SubscriberStatus::Confirmed => said("confirmed_title", "again"),
        // Who has left since is not subscribed by an old letter.
        Confirmed::Again(_) | Confirmed::Expired => Err(expired(&server)),
        Confirmed::Taken => Err(server.pages.sentence(StatusCode::CONFLICT, "taken_title", &["taken"])),
        Confirmed::Unknown => Err(server.missing()),
    }
}

/// The page for those who want no letters.
pub(super) async fn ask_never(State(server): Shared, Path(token): Path<String>) -> Result<Response, Response> {
    if server.grant(&token, Purpose::Never).await?.is_none() {
        return Err(server.missing());
    }
    let button = Button { word: "never", ..Button::default() };
    Ok(server.pages.answer(StatusCode::OK, "never_title", &["never_lead"], Some(button), None))
}

/// Keeps all letters from the address that a letter went to. Of whose it is not, no issue is stopped.
pub(super) async fn never(
    State(server): Shared,
    Path(token): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    let posted = Posted::read(&server, request).await?;
    let Some(grant) = server.grant(&token, Purpose::Never).await? else { return Err(server.missing()) };
    let mut store = server.store.lock().await;
    let done = never_again(&mut store, &server.tokens(), letter_of(grant), posted.changing("never")).await;
    if !done.map_err(|error| server.failed(&error))? {
        return Err(server.missing());
    }
    Ok(server.pages.sentence(StatusCode::OK, "never_title", &["nevered"]))
}

fn expired(server: &Server) -> Response {
    let link = Some(("subscribe", server.pages.base().to_owned()));
    server.pages.answer(StatusCode::GONE, "expired_title", &["expired"], None, link)
}

impl Server {
    /// The time at which a form is given out, signed.
    fn form_time(&self, now: Timestamp) -> String {
        let time = now.as_second().to_string();
        format!("{time}.{}", self.tokens().hashed("form", &time))
    }

    /// Whether a form comes back that was given out not too long and not too short ago.
    fn is_filled_in(&self, time: &str, now: Timestamp) -> bool {
        let Some((time, signature)) = time.split_once('.') else { return false };
        let is_ours = is_same(signature, &self.tokens().hashed("form", time));
        is_ours && time.parse::<i64>().is_ok_and(|time| FILLING.contains(&now.as_second().saturating_sub(time)))
    }
}
