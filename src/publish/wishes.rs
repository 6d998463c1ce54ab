//! Readers who join, confirm and leave by mail. Joining needs no proof, since it leads to nothing but a letter that asks to confirm;
//! the others need a token of this site, and not that the sender is the reader.

use std::collections::HashMap;

use jiff::Timestamp;

use super::heard::{Arrival, Heard, Wish, to_record};
use super::letters::{address_hash, is_fresh, letter_of, never_again, purge_unconfirmed};
use crate::email::{Grant, Purpose, Tokens};
use crate::inbox::{Kind, Report};
use crate::model::{EmailAddress, Subscriber};
use crate::store::{Asked, Asking, CONFIRM_SPAN, Changing, Confirmed, Effect, Greeting, NewReport, Result, Store};

/// So many letters that ask to confirm by mail are queued in an hour, to all addresses together.
pub const MOST_LETTERS_AN_HOUR: i64 = 60;

/// How readers who wrote a mail came or left, as it is kept.
pub(super) const WAY: &str = "mail";

/// What a mail of a person says, and whom it is about.
pub(super) async fn heard(
    store: &mut Store,
    arrival: Arrival,
    tokens: &Tokens,
    leavers: &HashMap<String, Subscriber>,
) -> Result<Vec<Heard>> {
    let Arrival { returned, digest, place, .. } = arrival;
    let given = &returned.clues.tokens;
    let grant = given.iter().find_map(|token| tokens.read(token));
    let confirms = grant.filter(|grant| grant.purpose == Purpose::Confirm);
    let doubt = confirms.and_then(|grant| {
        let program = returned.clues.program.clone().or_else(|| hurry(grant, returned.clues.date));
        let program = program.map(|sign| format!("a program seems to have written the answer: {sign}"));
        program.or_else(|| returned.clues.refusal.as_ref().map(|words| format!("the answer says “{words}”")))
    });
    let mut all = Vec::new();
    for report in returned.reports {
        let mut it = Heard { report, reader: None, record: None, wish: None, place };
        match grant {
            Some(_) if let Some(why) = &doubt => {
                it.report.kind = Kind::AutoReply;
                it.report.diagnostic = Some(format!("not confirmed, since {why}"));
                it.wish = Some(Wish::Doubted(why.clone()));
            }
            Some(grant) if matches!(grant.purpose, Purpose::Confirm | Purpose::Never) => {
                it.reader = store.subscriber_numbered(grant.subscriber).await?;
                (it.report.kind, it.wish) = match grant.purpose {
                    Purpose::Confirm => (Kind::Confirm, it.reader.is_some().then_some(Wish::Confirm(grant))),
                    _ => (Kind::Unsubscribe, it.reader.is_some().then_some(Wish::Never(grant))),
                };
            }
            _ => match given.iter().find_map(|token| leavers.get(token)) {
                Some(reader) => {
                    it.report.kind = Kind::Unsubscribe;
                    it.record = Some(to_record(&it.report, (reader.id, 0), digest.clone(), WAY));
                    it.reader = Some(reader.clone());
                }
                None if it.report.kind == Kind::Subscribe => it.wish = join(&it.report, returned.clues.date, &digest),
                None => {}
            },
        }
        all.push(it);
    }
    Ok(all)
}

/// So many seconds around the making of a letter no person answers it.
const TOO_SOON: u64 = 2;

/// What tells that an answer came sooner than a person can read.
fn hurry(grant: Grant, date: Option<i64>) -> Option<String> {
    let after = date?.abs_diff(i64::from(grant.at));
    (after <= TOO_SOON).then(|| "it was written in the moment of the letter".to_owned())
}

pub(super) fn join(report: &Report, date: Option<i64>, digest: &str) -> Option<Wish> {
    let address = report.recipient.as_deref()?.parse().ok()?;
    Some(Wish::Join { address, date, message: digest.to_owned() })
}

/// What wishes led to.
#[derive(Debug, Default)]
pub struct Fulfilled {
    /// How many letters that ask to confirm are queued.
    pub asked: u64,
    /// The readers who are confirmed now.
    pub confirmed: Vec<EmailAddress>,
    /// How many came too late: the letter, or the mail itself, is older than a week.
    pub late: u64,
    /// From where answers came that confirm nothing, and why: a program seems to have written them, or they say no.
    pub doubted: Vec<(Option<String>, String)>,
    /// How many wait, because too many letters were asked for within an hour.
    pub waiting: u64,
    /// The places of the messages that wait.
    pub left: Vec<u32>,
    /// How many who never confirmed were forgotten.
    pub purged: u64,
}

/// Does what mails ask for, each once. `shown` says where one could ask; those who confirm get what `greeting` says.
///
/// # Errors
/// When the database does not answer; what was done until then is done.
pub async fn fulfil(
    store: &mut Store,
    heard: &[Heard],
    (shown, greeting): (&str, Greeting),
    now: Timestamp,
) -> Result<Fulfilled> {
    let mut done = Fulfilled::default();
    let tokens = Tokens::new(&store.secret().await?);
    let changing = Changing { way: WAY, network: None, now };
    for it in heard {
        match (&it.wish, &it.reader) {
            (Some(Wish::Join { address, date, message }), _) => {
                let is_old = date.is_some_and(|date| date < (now - CONFIRM_SPAN).as_second());
                if is_old {
                    done.late += 1;
                    continue;
                }
                match ask(store, address, message, (shown, &address_hash(&tokens, address)), now).await? {
                    Some(Asked::Letter) => done.asked += 1,
                    Some(Asked::Busy) => {
                        done.waiting += 1;
                        done.left.push(it.place);
                    }
                    _ => {}
                }
            }
            (Some(Wish::Confirm(grant)), _) if is_fresh(*grant, now) => {
                match store.confirm(letter_of(*grant), changing, greeting).await? {
                    Confirmed::Joined(reader, _) | Confirmed::Moved(reader) => done.confirmed.push(reader.address),
                    Confirmed::Expired => done.late += 1,
                    Confirmed::Again(_) | Confirmed::Taken | Confirmed::Unknown => {}
                }
            }
            (Some(Wish::Confirm(_)), _) => done.late += 1,
            (Some(Wish::Never(grant)), _) => {
                never_again(store, &tokens, letter_of(*grant), changing).await?;
            }
            (Some(Wish::Doubted(why)), _) => done.doubted.push((it.report.recipient.clone(), why.clone())),
            (None, _) => {}
        }
    }
    done.purged = purge_unconfirmed(store, now).await?;
    Ok(done)
}

/// Asks for a letter, unless this mail has done so before.
async fn ask(
    store: &mut Store,
    address: &EmailAddress,
    message: &str,
    (shown, hash): (&str, &str),
    now: Timestamp,
) -> Result<Option<Asked>> {
    if let Some(reader) = store.subscriber(address).await?
        && store.is_reported(reader.id, message).await?
    {
        return Ok(None);
    }
    let asking = Asking {
        address,
        hash,
        name: None,
        choice: None,
        way: WAY,
        shown: Some(shown),
        network: None,
        most_an_hour: MOST_LETTERS_AN_HOUR,
    };
    let asked = store.ask(asking, now).await?;
    if asked != Asked::Busy
        && let Some(reader) = store.subscriber(address).await?
    {
        let report = NewReport {
            subscriber: reader.id,
            issue: 0,
            kind: Kind::Subscribe.as_str(),
            message: message.to_owned(),
            status: None,
            diagnostic: None,
            way: WAY,
            effect: Effect::Nothing,
        };
        store.record_reports(&[report], now).await?;
    }
    Ok(Some(asked))
}
