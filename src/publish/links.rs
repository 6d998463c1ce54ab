//! Sends the owner the links that were asked for at the desk. What cannot be sent soon is not sent: such a link is good for minutes.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::error::PublishError;
use super::way::WayOut;
use crate::clock::Clock;
use crate::config::Config;
use crate::email::dkim::Signer;
use crate::email::{self, Grant, LetterLinks, Purpose, Tokens};
use crate::model::{DeliveryState, EmailAddress, LetterKind, Outcome, Recipient};
use crate::store::{LinkAsked, Store, is_link_fresh};
use crate::templates::Templates;
use crate::transport;

/// A server that does not take it now is asked again so much later.
const PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// Sends those that wait. Returns how many were sent.
///
/// # Errors
/// When no server lets us in, when a letter cannot be written, or when the database does not answer.
pub async fn send_links(
    store: &mut Store,
    ways: &[WayOut],
    config: &Config,
    templates: &Templates,
    signer: Option<&Arc<Signer>>,
    clock: Clock,
) -> Result<u64, PublishError> {
    let mut sent = 0;
    store.recover_letters(clock.now().as_second()).await?;
    let tokens = Tokens::new(&store.secret().await?);
    for asked in store.links_that_wait(clock.now()).await? {
        let now = clock.now();
        let Some(owner) = config.web.desk.as_ref().filter(|_| is_link_fresh(asked.at, now)) else {
            if store.take_letter(asked.key, now.as_second()).await? {
                store.settle_letter(asked.key, DeliveryState::Skipped, 0, "it is too old to log in").await?;
            }
            continue;
        };
        let (message, envelope) = write(&asked, owner, &tokens, config, templates, signer, now)?;
        let mut connection = WayOut::connect(ways).await?.1;
        if !store.take_letter(asked.key, now.as_second()).await? {
            continue;
        }
        let outcome = transport::send(&mut *connection, envelope, &message).await;
        connection.close().await;
        let (state, next, answer) = match outcome {
            Outcome::Sent(answer) => (DeliveryState::Sent, 0, answer),
            Outcome::Failed(answer) => (DeliveryState::Failed, 0, answer),
            Outcome::InDoubt(answer) => (DeliveryState::InDoubt, 0, answer),
            Outcome::Deferred(answer) | Outcome::Refused(answer) => {
                (DeliveryState::Deferred, (now + PAUSE).as_second(), answer)
            }
        };
        sent += u64::from(state == DeliveryState::Sent);
        store.settle_letter(asked.key, state, next, &answer).await?;
    }
    Ok(sent)
}

fn write(
    asked: &LinkAsked,
    owner: &EmailAddress,
    tokens: &Tokens,
    config: &Config,
    templates: &Templates,
    signer: Option<&Arc<Signer>>,
    now: Timestamp,
) -> Result<(Vec<u8>, transport::Letter), PublishError> {
    let LinkAsked { key, at } = asked;
    let from = config.newsletter.from.as_ref().map_or(owner, |from| &from.address);
    let domain = from.as_str().rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    let id = tokens.hashed("letter", &format!("log-in\n{}\n{at}", key.number));
    let recipient = Recipient {
        address: owner.clone(),
        name: None,
        token: String::new(),
        message_id: format!("letter.{id}@{domain}"),
        relay_header: String::new(),
    };
    let grant = Grant {
        purpose: Purpose::LogIn,
        subscriber: key.subscriber,
        letter: u16::try_from(key.number).unwrap_or(u16::MAX),
        at: u32::try_from(at.as_second()).unwrap_or(0),
    };
    let confirm = config.web.url.as_ref().map(|url| format!("{url}desk/in/{}", tokens.make(grant)));
    let links = LetterLinks { confirm, ..LetterLinks::default() };
    let zone = &config.site.timezone;
    let times = (&at.to_zoned(zone.clone()), &now.to_zoned(zone.clone()));
    let written = email::letter(LetterKind::LogIn, &recipient, &links, times, config, templates, signer.cloned());
    let message = written.map_err(|problem| PublishError::Site(vec![problem]))?;
    let (number, name) = (key.number.unsigned_abs(), format!("letter-desk-{}", key.number));
    Ok((
        message,
        transport::Letter { number, from: Arc::new(from.clone()), to: owner.clone(), name, envelope_id: None },
    ))
}
