//! What came back, and what of it is true. A message counts when it proves that it is about one of our copies: by the token of the
//! address that it was sent to, or by the Message-ID of the copy. Whatever else it says, an address that it names changes nothing.
//! Only where a service has proven who it is, and knows nothing of ours, the sender, the subject and the reader tell which copy it was.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::heard::{Arrival, Heard, Service, to_record};
use super::owners::owners_of;
use super::wishes;
use crate::email::{BounceTokens, Purpose, Recipients, Tokens};
use crate::inbox::{Kind, Report, Returned};
use crate::model::{EmailAddress, Issue, Secret, Subscriber, SubscriberStatus};
use crate::store::{NewReport, Result, Store};

/// Finds out whom messages are about.
///
/// # Errors
/// When the database does not answer.
pub async fn correlate(store: Option<&mut Store>, arrivals: Vec<Arrival>) -> Result<Vec<Heard>> {
    let Some(store) = store else {
        let unproven = |Arrival { returned, digest, place, .. }: Arrival| {
            let date = returned.clues.date;
            returned.reports.into_iter().map(move |report| Heard {
                wish: (report.kind == Kind::Subscribe).then(|| wishes::join(&report, date, &digest)).flatten(),
                reader: None,
                record: None,
                place,
                report,
            })
        };
        return Ok(arrivals.into_iter().flat_map(unproven).collect());
    };
    let secret = store.secret().await?;
    let (bounces, tokens) = (BounceTokens::new(&secret.bytes), Tokens::new(&secret));
    let mut proofs = Proofs { bounces, tokens, secret, issues: HashMap::new() };
    let leavers = leavers(store, &arrivals).await?;
    let mut all = Vec::new();
    for arrival in arrivals {
        if arrival.is_wish() {
            all.extend(wishes::heard(store, arrival, &proofs.tokens, &leavers).await?);
            continue;
        }
        let Arrival { mut returned, digest, place, service } = arrival;
        let proven = proofs.of(store, &returned, service.as_ref()).await?;
        let Some((issue, reader)) = proven else {
            let unproven = |report| Heard { report, reader: None, record: None, wish: None, place };
            all.extend(returned.reports.into_iter().map(unproven));
            continue;
        };
        // Readers write of mail that does not arrive, and that they are away for good.
        let is_of_reader = returned.clues.writer.as_ref().is_some_and(|writer| is_at(writer, &reader));
        for report in returned.reports.iter_mut().filter(|_| is_of_reader) {
            report.kind = Kind::AutoReply;
        }
        // The copy had one recipient: of several in a report that one counts, else the first, to whom it was handed on.
        let is_readers = |report: &Report| report.recipient.as_ref().is_some_and(|it| is_at(it, &reader));
        let at = returned.reports.iter().position(is_readers).unwrap_or(0);
        for (number, mut report) in returned.reports.into_iter().enumerate() {
            let is_about = number == at;
            if is_about {
                report.recipient.get_or_insert_with(|| reader.address.as_str().to_owned());
            }
            let counts = is_about && report.is_final && !matches!(report.kind, Kind::AutoReply | Kind::Delivered);
            // One may leave by an old copy, come back, and leave by it again.
            let (about, message) =
                if report.kind == Kind::Unsubscribe { (0, digest.clone()) } else { (issue, String::new()) };
            let way = service.as_ref().map_or(wishes::WAY, |service| service.name);
            all.push(Heard {
                record: counts.then(|| to_record(&report, (reader.id, about), message, way)),
                reader: is_about.then(|| reader.clone()),
                wish: None,
                place,
                report,
            });
        }
    }
    Ok(all)
}

/// Whether this is the address of a reader.
fn is_at(address: &str, reader: &Subscriber) -> bool {
    address.parse::<EmailAddress>().is_ok_and(|address| address.key() == reader.address.key())
}

/// The readers whose tokens for leaving occur.
async fn leavers(store: &mut Store, arrivals: &[Arrival]) -> Result<HashMap<String, Subscriber>> {
    let leaving = arrivals.iter().filter(|arrival| arrival.is_wish());
    let given: Vec<String> = leaving.flat_map(|arrival| arrival.returned.clues.tokens.clone()).collect();
    owners_of(store, &given).await
}

/// What proves that a message is about a copy.
struct Proofs {
    secret: Secret,
    bounces: BounceTokens,
    tokens: Tokens,
    /// Issues that were asked for; `None` for those that there are not.
    issues: HashMap<i64, Option<Issue>>,
}

impl Proofs {
    /// The issue and the reader of the copy that a message is about.
    async fn of(
        &mut self,
        store: &mut Store,
        returned: &Returned,
        service: Option<&Service>,
    ) -> Result<Option<(i64, Subscriber)>> {
        for (issue, subscriber) in returned.clues.tokens.iter().filter_map(|token| self.bounces.read(token)) {
            if let Some(reader) = store.subscriber_numbered(subscriber).await? {
                return Ok(Some((issue, reader)));
            }
        }
        let named = returned.reports.iter().filter_map(|report| report.recipient.as_ref());
        let addresses: HashSet<EmailAddress> =
            named.chain(&returned.clues.readers).filter_map(|address| address.parse().ok()).take(20).collect();
        let mut readers = Vec::new();
        for address in &addresses {
            readers.extend(store.subscriber(address).await?);
        }
        // Where a report hides the address, the way to leave in the copy says whose it was.
        for grant in returned.clues.leavers.iter().take(20).filter_map(|token| self.tokens.read(token)) {
            if grant.purpose == Purpose::Leave {
                readers.extend(store.subscriber_numbered(grant.subscriber).await?);
            }
        }
        for id in returned.clues.message_ids.iter().take(20) {
            let number = id.split('.').next().and_then(|number| number.parse().ok());
            let Some(number) = number.filter(|number| *number > 0) else { continue };
            let issue = match self.issues.entry(number) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => place.insert(store.issue(number).await?.map(|(_, issue)| issue)),
            };
            let Some(issue) = issue else { continue };
            let recipients = Recipients::new(&self.secret, issue);
            let is_of =
                |reader: &&Subscriber| recipients.of(reader.id, &reader.address).message_id.eq_ignore_ascii_case(id);
            if let Some(reader) = readers.iter().find(is_of) {
                return Ok(Some((number, reader.clone())));
            }
        }
        let Some((from, subject)) = service.and_then(|service| service.copy.as_ref()) else { return Ok(None) };
        for reader in readers {
            if let Some(number) = store.issue_sent_as(subject, reader.id).await?
                && let Some((_, issue)) = store.issue(number).await?
                && issue.from_address.eq_ignore_ascii_case(from.as_str())
            {
                return Ok(Some((number, reader)));
            }
        }
        Ok(None)
    }
}

/// What reading did.
#[derive(Debug, Default)]
pub struct Recorded {
    /// How many reports were new.
    pub new: u64,
    /// How many were recorded before.
    pub known: u64,
    /// The readers who get no more mail by it, and what they are now.
    pub changed: Vec<(EmailAddress, SubscriberStatus, Kind)>,
}

/// Records what is proven.
///
/// # Errors
/// When the database does not answer; nothing is recorded then.
pub async fn record(store: &mut Store, heard: &[Heard], now: Timestamp) -> Result<Recorded> {
    let proven = proven(heard);
    let done = store.record_reports(&reports(&proven), now).await?;
    recorded(store, &proven, done, now).await
}

/// Finds out whom an event of a service is about, and records what is proven; the event counts once. `None` when it is known.
///
/// # Errors
/// When the database does not answer; nothing is recorded then.
pub async fn record_told(store: &mut Store, told: Arrival, now: Timestamp) -> Result<Option<(Vec<Heard>, Recorded)>> {
    let event = told.digest.clone();
    let heard = correlate(Some(store), vec![told]).await?;
    let proven = proven(&heard);
    let Some(done) = store.record_event(&event, &reports(&proven), now).await? else { return Ok(None) };
    let recorded = recorded(store, &proven, done, now).await?;
    drop(proven);
    Ok(Some((heard, recorded)))
}

type Proven<'h> = (&'h Heard, &'h Subscriber, &'h NewReport);

fn proven(heard: &[Heard]) -> Vec<Proven<'_>> {
    heard.iter().filter_map(|it| Some((it, it.reader.as_ref()?, it.record.as_ref()?))).collect()
}

fn reports(proven: &[Proven<'_>]) -> Vec<NewReport> {
    proven.iter().map(|(_, _, report)| (*report).clone()).collect()
}

/// What was done with what is proven, and whether it is too much.
async fn recorded(
    store: &mut Store,
    proven: &[Proven<'_>],
    done: Vec<(bool, Option<SubscriberStatus>)>,
    now: Timestamp,
) -> Result<Recorded> {
    let new = proven.iter().zip(&done).filter(|(_, (is_new, _))| *is_new);
    store.look_for_spikes(&new.map(|((_, _, report), _)| report.issue).collect(), now).await?;
    let mut recorded = Recorded::default();
    for ((it, reader, _), (is_new, became)) in proven.iter().zip(done) {
        if is_new {
            recorded.new += 1;
        } else {
            recorded.known += 1;
        }
        recorded.changed.extend(became.map(|became| (reader.address.clone(), became, it.report.kind)));
    }
    Ok(recorded)
}
