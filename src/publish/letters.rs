//! Sends letters to one reader that are no issue. One is marked before its message can be complete at the server, and is not sent
//! again by itself when it is not known what became of it: the reader can ask for another.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::backoff::{GIVE_UP_AFTER, pause};
use super::error::PublishError;
use super::way::WayOut;
use crate::clock::Clock;
use crate::config::{Config, Newsletter, TOKEN};
use crate::email::dkim::Signer;
use crate::email::{self, BounceTokens, Grant, LetterLinks, Purpose, ReturnPaths, Tokens};
use crate::model::{Choice, DeliveryState, EmailAddress, LetterKind, Outcome, Recipient, SubscriberStatus};
use crate::store::{Barred, CONFIRM_SPAN, Changing, DeliveryKey, Greeting, Letter, LetterKey, Store, StoreError};
use crate::templates::Templates;
use crate::transport::{self, Connection};

/// How many letters are looked for at a time.
const PAGE: u32 = 100;

/// What became of letters that waited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LettersSent {
    /// How many a server took.
    pub sent: u64,
    /// How many are tried again later.
    pub deferred: u64,
    /// How many are given up, or are not needed any more.
    pub over: u64,
    /// Of how many it is not known whether they arrived.
    pub in_doubt: u64,
}

/// What letters are hashed by of an address that is known by its hash alone ([`Store::barred`]).
pub fn address_hash(tokens: &Tokens, address: &EmailAddress) -> String {
    tokens.hashed("address", &address.key())
}

/// So many letters that the owner asked for have their turn in an hour. The other half is for those who ask by themselves.
pub fn turns_an_hour(config: &Config) -> i64 {
    i64::from(config.web.letters_per_hour / 2).max(1)
}

/// Whether there is a letter to send at `now`. Those that the owner asked for get their turn here.
///
/// # Errors
/// When the database does not answer.
pub async fn are_letters_due(store: &mut Store, config: &Config, now: Timestamp) -> Result<bool, StoreError> {
    store.release_letters(turns_an_hour(config), now).await?;
    Ok(!store.letters_that_wait(now.as_second(), 1).await?.is_empty())
}

/// Sends what waits, as long as the servers take it.
///
/// # Errors
/// When no server lets us in, when a letter cannot be written, or when the database does not answer.
pub async fn send_letters(
    store: &mut Store,
    ways: &[WayOut],
    config: &Config,
    templates: &Templates,
    signer: Option<&Arc<Signer>>,
    clock: Clock,
) -> Result<LettersSent, PublishError> {
    let mut done = LettersSent::default();
    store.recover_letters(clock.now().as_second()).await?;
    let secret = store.secret().await?;
    let office = Office {
        tokens: Tokens::new(&secret),
        bounces: BounceTokens::new(&secret.bytes),
        return_paths: config.mail.bounces.as_deref().and_then(|address| ReturnPaths::new(&secret.bytes, address)),
        config,
        templates,
        signer,
    };
    let mut open: Option<Box<dyn Connection>> = None;
    loop {
        let letters = store.letters_that_wait(clock.now().as_second(), PAGE).await?;
        if letters.is_empty() {
            break;
        }
        for letter in letters {
            let now = clock.now();
            if let Some(why) = office.is_over(store, &letter, now).await? {
                if store.take_letter(letter.key, now.as_second()).await? {
                    store.settle_letter(letter.key, DeliveryState::Skipped, 0, why).await?;
                    done.over += 1;
                }
                continue;
            }
            let (message, envelope) = office.write(&letter, now)?;
            let mut connection = match open.take().filter(|connection| connection.is_open()) {
                Some(connection) => connection,
                None => WayOut::connect(ways).await?.1,
            };
            if !store.take_letter(letter.key, now.as_second()).await? {
                open = Some(connection);
                continue;
            }
            let outcome = transport::send(&mut *connection, envelope, &message).await;
            open = Some(connection);
            settle(store, &letter, outcome, now, &mut done).await?;
        }
    }
    if let Some(mut connection) = open {
        connection.close().await;
    }
    Ok(done)
}

async fn settle(
    store: &mut Store,
    letter: &Letter,
    outcome: Outcome,
    now: Timestamp,
    done: &mut LettersSent,
) -> Result<(), PublishError> {
    let key = DeliveryKey { issue: 0, subscriber: letter.key.subscriber };
    let next = now + pause(key, letter.attempts + 1);
    let asked_at: Timestamp = letter.asked_at.parse().unwrap_or(now);
    let (state, next, answer) = match outcome {
        Outcome::Sent(answer) => (DeliveryState::Sent, 0, answer),
        Outcome::Failed(answer) => (DeliveryState::Failed, 0, answer),
        Outcome::InDoubt(answer) => (DeliveryState::InDoubt, 0, answer),
        Outcome::Deferred(answer) | Outcome::Refused(answer) if next.duration_since(asked_at) >= GIVE_UP_AFTER => {
            (DeliveryState::Failed, 0, answer)
        }
        Outcome::Deferred(answer) | Outcome::Refused(answer) => (DeliveryState::Deferred, next.as_second(), answer),
    };
    match state {
        DeliveryState::Sent => done.sent += 1,
        DeliveryState::Deferred => done.deferred += 1,
        DeliveryState::InDoubt => done.in_doubt += 1,
        _ => done.over += 1,
    }
    Ok(store.settle_letter(letter.key, state, next, &answer).await?)
}

/// What letters are written with.
struct Office<'o> {
    tokens: Tokens,
    return_paths: Option<ReturnPaths>,
    bounces: BounceTokens,
    config: &'o Config,
    templates: &'o Templates,
    signer: Option<&'o Arc<Signer>>,
}

impl Office<'_> {
    /// Why a letter need not be sent any more.
    async fn is_over(
        &self,
        store: &mut Store,
        letter: &Letter,
        now: Timestamp,
    ) -> Result<Option<&'static str>, PublishError> {
        let asked_at: Timestamp = letter.asked_at.parse().unwrap_or(now);
        let is_confirmed = letter.reader.status == SubscriberStatus::Confirmed;
        let choice = letter.detail.as_deref().map(Choice::from_stored);
        let wants_more = choice.is_some_and(|choice| choice.adds_to(letter.reader.details.lists.as_ref()));
        let to = address_of(letter);
        Ok(match letter.kind {
            LetterKind::Confirm if is_confirmed && !wants_more => Some("the reader is confirmed"),
            LetterKind::Welcome if !is_confirmed => Some("the reader has left"),
            LetterKind::LogIn => Some("it is to no reader"),
            LetterKind::Address | LetterKind::Moved if letter.detail.is_none() => Some("the address was erased"),
            LetterKind::Confirm | LetterKind::Address if now.duration_since(asked_at) > CONFIRM_SPAN => {
                Some("it is too old to confirm anything")
            }
            _ if store.barred(&address_hash(&self.tokens, &to)).await? == Some(Barred::Never) => {
                Some("the reader wants no letters")
            }
            _ => None,
        })
    }

    fn write(&self, letter: &Letter, now: Timestamp) -> Result<(Vec<u8>, transport::Letter), PublishError> {
        let Letter { key, kind, reader, asked_at, .. } = letter;
        let from = self.config.newsletter.from.as_ref();
        let domain = from.and_then(|from| from.address.as_str().rsplit_once('@')).map_or("localhost", |(_, it)| it);
        let id = self.tokens.hashed("letter", &format!("{}\n{}\n{asked_at}", key.subscriber, key.number));
        let recipient = Recipient {
            address: address_of(letter),
            name: reader.name.clone(),
            token: self.tokens.of(reader.id),
            message_id: format!("letter.{id}@{domain}"),
            relay_header: String::new(),
        };
        let zone = &self.config.site.timezone;
        let asked_at = asked_at.parse().unwrap_or(now).to_zoned(zone.clone());
        let links = self.links(letter, asked_at.timestamp());
        let times = (&asked_at, &now.to_zoned(zone.clone()));
        let signer = self.signer.cloned();
        let written = email::letter(*kind, &recipient, &links, times, self.config, self.templates, signer);
        let message = written.map_err(|problem| PublishError::Site(vec![problem]))?;
        let own = from.map_or_else(|| recipient.address.clone(), |from| from.address.clone());
        let sender = self.return_paths.as_ref().and_then(|paths| paths.of(0, reader.id)).unwrap_or(own);
        let name = format!("letter-{}-{}", key.subscriber, key.number);
        let number = key.number.unsigned_abs();
        let envelope_id = Some(self.bounces.of(0, reader.id));
        Ok((message, transport::Letter { number, from: Arc::new(sender), to: recipient.address, envelope_id, name }))
    }

    fn links(&self, letter: &Letter, at: Timestamp) -> LetterLinks {
        let grant = |purpose| {
            let number = u16::try_from(letter.key.number).unwrap_or(u16::MAX);
            let at = u32::try_from(at.as_second()).unwrap_or(0);
            self.tokens.make(Grant { purpose, subscriber: letter.reader.id, letter: number, at })
        };
        let page = |folder: &str, purpose| {
            let url = self.config.web.url.as_ref()?;
            Some(format!("{url}{folder}/{}", grant(purpose)))
        };
        let leave = self.tokens.of(letter.reader.id);
        let by_mail = |purpose| {
            let token = grant(purpose);
            Some((self.config.inbox.confirm.as_ref()?.replace(TOKEN, &token), token))
        };
        let never = || by_mail(Purpose::Never).map(|(address, _)| format!("mailto:{address}?subject=no-letters"));
        LetterLinks {
            confirm: page("c", Purpose::Confirm),
            reply: by_mail(Purpose::Confirm),
            never: page("n", Purpose::Never).or_else(never),
            preferences: self.config.web.url.as_ref().map(|url| {
                let reader = Grant { purpose: Purpose::Preferences, subscriber: letter.reader.id, letter: 0, at: 0 };
                format!("{url}p/{}", self.tokens.make(reader))
            }),
            leave: self.config.newsletter.unsubscribe.iter().map(|it| it.replace(TOKEN, &leave)).collect(),
        }
    }
}

/// Where a letter goes: that which asks about a change of the address to the new one, that which tells of it to the old one.
fn address_of(letter: &Letter) -> EmailAddress {
    let other = letter.detail.as_deref().filter(|_| matches!(letter.kind, LetterKind::Address | LetterKind::Moved));
    other.and_then(|other| other.parse().ok()).unwrap_or_else(|| letter.reader.address.clone())
}

/// The letter in which a token was.
pub fn letter_of(grant: Grant) -> LetterKey {
    LetterKey { subscriber: grant.subscriber, number: grant.letter.into() }
}

/// Keeps all letters from the address that a letter went to. Of a reader with another address, no issue is stopped. False when there
/// is no such letter.
///
/// # Errors
/// When the database does not answer.
pub async fn never_again(
    store: &mut Store,
    tokens: &Tokens,
    key: LetterKey,
    changing: Changing<'_>,
) -> Result<bool, StoreError> {
    let Some((kind, address)) = store.letter_to(key).await? else { return Ok(false) };
    store.bar(&address_hash(tokens, &address), Barred::Never, changing.now).await?;
    let reader = store.subscriber_numbered(key.subscriber).await?;
    let is_theirs = reader.is_some_and(|reader| reader.address.key() == address.key());
    if kind == LetterKind::Confirm && is_theirs {
        store.leave_for_good(key.subscriber, changing).await?;
    }
    Ok(true)
}

/// Removes those who asked and never confirmed. Returns how many.
///
/// # Errors
/// When the database does not answer.
pub async fn purge_unconfirmed(store: &mut Store, now: Timestamp) -> Result<u64, StoreError> {
    let tokens = Tokens::new(&store.secret().await?);
    let mut all = 0;
    loop {
        let purged = store.purge_unconfirmed(|address| address_hash(&tokens, address), now).await?;
        all += purged;
        if purged == 0 {
            return Ok(all);
        }
    }
}

/// An issue is news to those who join for so long.
const NEWS_SPAN: SignedDuration = SignedDuration::from_hours(60 * 24);

/// What those get who have just joined, as the site wishes it.
pub fn greeting(newsletter: &Newsletter, now: Timestamp) -> Greeting {
    let latest_since = newsletter.latest_issue_to_new.then(|| now - NEWS_SPAN);
    Greeting { letter: newsletter.welcome, latest_since }
}

/// How long ago a letter with a token can have been asked for to be good.
pub fn is_fresh(grant: Grant, now: Timestamp) -> bool {
    let made = Timestamp::from_second(grant.at.into()).unwrap_or(Timestamp::UNIX_EPOCH);
    let age = now.duration_since(made);
    age <= CONFIRM_SPAN && age >= -SignedDuration::from_mins(5)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config;
    use crate::files::{FileKind, Folder};
    use crate::store::{Asked, Asking, Database, NewSubscriber};

    const NOW: &str = "2026-03-01T09:00:00Z";

    fn config(more: &str) -> Config {
        let text = format!(
            "[site]\ntitle = 'Notes'\nurl = 'https://example.org'\n[newsletter]\nfrom = 'Ada <ada@example.org>'\n{more}"
        );
        config::parse_with("config.toml", &text, transport::check).unwrap()
    }

    async fn send(store: &mut Store, config: &Config, folder: &Folder) -> Result<LettersSent, PublishError> {
        let relay = config.mail.first().clone();
        let transport = transport::new(&relay, 10, folder, None).unwrap();
        let templates = Templates::new(&BTreeMap::new()).unwrap();
        let clock = Clock::Fixed(NOW.parse().unwrap());
        send_letters(store, &[WayOut { relay, transport }], config, &templates, None, clock).await
    }

    #[tokio::test]
    async fn a_letter_leaves_once_and_its_token_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let site = Folder::new(folder.path());
        let mut store = Store::open(&Database::File(folder.path().join("tidings.db"))).await.unwrap();
        let tokens = Tokens::new(&store.secret().await.unwrap());
        let now = NOW.parse().unwrap();
        for address in ["bob@example.com", "eve@example.com"] {
            let address = address.parse().unwrap();
            let hash = address_hash(&tokens, &address);
            let asking = Asking {
                address: &address,
                hash: &hash,
                name: None,
                choice: None,
                way: "form",
                shown: None,
                network: None,
                most_an_hour: 9,
            };
            assert_eq!(store.ask(asking, now).await.unwrap(), Asked::Letter);
            if address.as_str().starts_with("eve") {
                store.bar(&hash, Barred::Never, now).await.unwrap();
            }
        }
        let problem = send(&mut store, &config(""), &site).await.unwrap_err();
        assert!(
            matches!(&problem, PublishError::Site(found) if found[0].code == "newsletter/no-confirmation"),
            "{problem:?}"
        );
        let config = config("[web]\nurl = 'https://news.example.org'\n");
        let sent = send(&mut store, &config, &site).await.unwrap();
        assert_eq!(sent, LettersSent { sent: 1, over: 1, ..LettersSent::default() });
        assert_eq!(send(&mut store, &config, &site).await.unwrap(), LettersSent::default());
        let text = site.read_optional("outbox/letter-1-1.eml", FileKind::Mailbox).unwrap().unwrap();
        let text = String::from_utf8(text).unwrap();
        let token = text.split_once("https://news.example.org/c/").unwrap().1.lines().next().unwrap();
        let grant = tokens.read(token).unwrap();
        assert_eq!((grant.purpose, grant.subscriber, grant.letter), (Purpose::Confirm, 1, 1));
        assert!(is_fresh(grant, now) && !is_fresh(grant, now + CONFIRM_SPAN * 2));
        assert!(!site.is_file("outbox/letter-2-1.eml"));
    }

    #[tokio::test]
    async fn an_address_that_wants_no_letters_stops_no_issue_of_the_reader_who_named_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&Database::File(folder.path().join("tidings.db"))).await.unwrap();
        let tokens = Tokens::new(&store.secret().await.unwrap());
        let (ada, victim): (EmailAddress, EmailAddress) =
            ("ada@example.com".parse().unwrap(), "eve@example.com".parse().unwrap());
        let reader =
            NewSubscriber { address: ada.clone(), name: None, status: SubscriberStatus::Confirmed, lists: None };
        store.add_subscribers(&[reader], "test", NOW).await.unwrap();
        let changing = Changing { way: "form", network: None, now: NOW.parse().unwrap() };
        assert!(store.ask_to_move(1, &victim, "h", changing).await.unwrap());
        let key = LetterKey { subscriber: 1, number: 1 };
        assert!(never_again(&mut store, &tokens, key, changing).await.unwrap());
        assert!(!never_again(&mut store, &tokens, LetterKey { number: 2, ..key }, changing).await.unwrap());
        assert_eq!(store.barred(&address_hash(&tokens, &victim)).await.unwrap(), Some(Barred::Never));
        assert_eq!(store.barred(&address_hash(&tokens, &ada)).await.unwrap(), None);
        assert_eq!(store.subscriber(&ada).await.unwrap().unwrap().status, SubscriberStatus::Confirmed);
    }

    #[tokio::test]
    async fn a_letter_to_an_address_that_was_erased_goes_to_no_other_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&Database::File(folder.path().join("tidings.db"))).await.unwrap();
        let [old, new]: [EmailAddress; 2] = ["old@example.com", "new@example.com"].map(|it| it.parse().unwrap());
        let reader =
            NewSubscriber { address: old.clone(), name: None, status: SubscriberStatus::Confirmed, lists: None };
        store.add_subscribers(&[reader], "test", NOW).await.unwrap();
        let changing = Changing { way: "form", network: None, now: NOW.parse().unwrap() };
        assert!(store.ask_to_move(1, &new, "n", changing).await.unwrap());
        let (config, site) = (config("[web]\nurl = 'https://news.example.org'\n"), Folder::new(folder.path()));
        assert_eq!(send(&mut store, &config, &site).await.unwrap().sent, 1);
        store.confirm(LetterKey { subscriber: 1, number: 1 }, changing, Greeting::default()).await.unwrap();
        store.erase(&old, "o", changing.now).await.unwrap();
        let sent = send(&mut store, &config, &site).await.unwrap();
        assert_eq!(sent, LettersSent { over: 1, ..LettersSent::default() });
    }
}
