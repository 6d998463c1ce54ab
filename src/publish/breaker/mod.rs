//! Watches what servers answer, for a server that has something against us and not against the readers.
//!
//! After many refusals in a row, readers further back in the queue are tried first: of other domains, and of the same one.
//! Only when those are refused too is anything stopped: a domain, whose readers then wait for a while, or the whole run.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::backoff::{GIVE_UP_AFTER, mixed, pause};
use super::guard::count;
use super::halt::{RATE_LIMIT, Stop};
use super::refusal::AnswerKind;
use crate::model::Answer;
use crate::store::{DeliveryKey, QueuedDelivery, Stopped};

/// So many refusals in a row, and none accepted between them, are looked into.
pub(super) const REFUSED_IN_A_ROW: u32 = 20;

/// So many readers of other domains, and of the same one, are tried before anything stops.
pub(super) const PROBES: usize = 3;

/// Fewer refusals than this at a domain say what they say, unless they are all that a server ever said.
pub(super) const MANY: u32 = 5;

/// So often in a row a server may take nothing from any connection for now before the run stops: two rests with four connections.
const BUSY_IN_A_ROW: u32 = 8;

/// A pause that ended this long ago says nothing about the next one.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The pause after a server has closed a connection (421), or has put off all readers; twice as long after each further one, up
/// to the limit.
const REST: Duration = Duration::from_millis(500);
const LONGEST_REST: Duration = Duration::from_secs(2);

/// What it knows.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    streak: Streak,
    /// Those of which not every answer was an acceptance.
    domains: BTreeMap<String, Domain>,
    accepted: u64,
    /// How often in a row a server has closed a connection or put off all readers.
    closings: u32,
    probing: Option<Probing>,
    /// What stopped an earlier run, since when no reader was accepted.
    stopped: Option<Stopped>,
    /// Refusals that turned out to be final, and after how many tries.
    final_: Vec<(DeliveryKey, i64)>,
    /// Probes that need not be tried before their turn any more.
    released: Vec<QueuedDelivery>,
}

/// What was refused since the last acceptance.
#[derive(Debug, Default)]
struct Streak {
    weight: u32,
    refused: u32,
    lost: u32,
    /// How many were told to come again (4yz).
    put_off: u32,
    reply: String,
    domains: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct Domain {
    streak: Streak,
    /// Refusals of which it is not clear yet whom they blame: delivery, tries, and acceptances before it.
    held: Vec<(DeliveryKey, i64, u64)>,
    pause: Option<Pause>,
}

/// A domain that is left alone.
#[derive(Debug, Clone)]
struct Pause {
    /// When the first of the pauses began without an acceptance between them.
    since: Timestamp,
    until: Timestamp,
    times: i64,
    reason: String,
    /// Whether it began in this run.
    is_new: bool,
}

/// Readers further back are being tried.
#[derive(Debug, Default)]
struct Probing {
    /// `None` as long as they are being looked for.
    waiting: Option<VecDeque<QueuedDelivery>>,
    out: usize,
    /// The domains that have refused before.
    refusing: BTreeSet<String>,
    /// Whether another one has refused since.
    is_refused_elsewhere: bool,
}

/// One answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard<'a> {
    pub(super) key: DeliveryKey,
    /// How often this delivery was tried, with this time.
    pub(super) attempts: i64,
    pub(super) domain: &'a str,
    pub(super) kind: AnswerKind,
    pub(super) reply: &'a str,
}

/// What an answer leads to.
#[derive(Debug, Default)]
pub(super) struct Reaction {
    /// Readers further back must be looked for, and handed to [`Breaker::probe`].
    pub(super) look: Option<RefusingDomains>,
    /// Whether a probing may have ended, for which others wait.
    pub(super) may_go_on: bool,
    /// How long the connection must rest.
    pub(super) rest: Option<Duration>,
    /// Whether all connections must.
    pub(super) all_rest: bool,
}

/// What a connection does next.
#[derive(Debug)]
pub(super) enum Next {
    /// It takes what is next in the queue.
    GoOn,
    /// It waits for the end of the probing.
    Wait,
    /// It tries this one.
    Probe(Box<QueuedDelivery>),
}

/// What becomes of a reader whose domain is left alone.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// The reader waits until then.
    Until(Timestamp),
    /// The reader is given up, for this reason: no reader of the domain was accepted for too long.
    GivenUp(String),
}

/// Whom to ask before anything stops.
#[derive(Debug)]
pub(super) struct RefusingDomains {
    /// The domain that refused most.
    pub(super) most: String,
    /// All domains that refused since the last acceptance.
    pub(super) all: BTreeSet<String>,
    /// Whether the server seems to refuse all readers.
    pub(super) is_general: bool,
}

impl Breaker {
    /// Knows what stopped an earlier run, and the domains that were left alone.
    pub(super) fn new(stops: Vec<Stopped>, now: Timestamp) -> Self {
        let stopped = stops.iter().find(|stop| stop.domain.is_empty() && stop.kind != RATE_LIMIT).cloned();
        let mut domains = BTreeMap::new();
        for stop in stops.into_iter().filter(|stop| !stop.domain.is_empty()) {
            let until = stop.until.as_deref().unwrap_or(&stop.at);
            if let (Ok(since), Ok(until)) = (stop.at.parse(), until.parse::<Timestamp>())
                && now.duration_since(until) < FORGOTTEN
            {
                let pause = Some(Pause { since, until, times: stop.times, reason: stop.reason, is_new: false });
                domains.insert(stop.domain, Domain { pause, ..Domain::default() });
            }
        }
        Self { domains, stopped, ..Self::default() }
    }

    /// What stopped an earlier run, as long as no reader was accepted since.
    pub(super) fn stopped(&self) -> Option<Stopped> {
        self.stopped.clone().filter(|_| self.accepted == 0)
    }

    /// Up to when time counts against a delivery: what goes wrong for all readers says nothing of it.
    pub(super) fn counted(&self, now: Timestamp) -> Timestamp {
        let since = self.stopped.as_ref().and_then(|stop| stop.at.parse().ok());
        since.map_or(now, |since: Timestamp| since.min(now))
    }

    /// Whether a reader of a domain waits; `frozen` is the time of the issue, and `tried` of the first try of it.
    pub(super) fn wait(
        &self,
        domain: &str,
        frozen: Timestamp,
        tried: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Wait> {
        let pause = self.domains.get(domain)?.pause.as_ref()?;
        if pause.until <= now {
            return None;
        }
        let is_over = |since| self.counted(now).duration_since(since) >= GIVE_UP_AFTER;
        Some(if is_over(frozen) && (is_over(pause.since) || tried.is_some_and(is_over)) {
            Wait::GivenUp(format!("given up after {} hours: {}", GIVE_UP_AFTER.as_hours(), pause.reason))
        } else {
            Wait::Until(pause.until)
        })
    }

    /// Takes in an answer.
    pub(super) fn hear(&mut self, heard: Heard<'_>) -> Reaction {
        let weight = match heard.kind {
            AnswerKind::Accepted => {
                let was_probing = self.probing.is_some();
                self.accept(heard.domain);
                return Reaction { may_go_on: was_probing, ..Reaction::default() };
            }
            AnswerKind::Reader | AnswerKind::Own => return Reaction::default(),
            AnswerKind::Policy | AnswerKind::Unclear | AnswerKind::PutOff => 1,
            // Each of these costs a connection.
            AnswerKind::Lost => 2,
            AnswerKind::Closing => 4,
        };
        let accepted = self.accepted;
        let domain = self.domains.entry(heard.domain.to_owned()).or_default();
        if heard.kind == AnswerKind::Unclear {
            domain.held.push((heard.key, heard.attempts, accepted));
        }
        domain.streak.add(weight, heard);
        let is_many = domain.streak.weight >= REFUSED_IN_A_ROW;
        self.streak.add(weight, heard);
        if let Some(probing) = &mut self.probing {
            if probing.waiting.is_some() {
                probing.is_refused_elsewhere |= !probing.refusing.contains(heard.domain);
            } else {
                // It was on its way before anything was looked into, and is no answer to that.
                probing.refusing.insert(heard.domain.to_owned());
            }
        }
        let must_look = self.probing.is_none() && (is_many || self.streak.weight >= REFUSED_IN_A_ROW);
        if must_look {
            self.probing = Some(Probing { refusing: self.streak.domains.clone(), ..Probing::default() });
        }
        let mut reaction = Reaction { look: must_look.then(|| self.refusing()), ..Reaction::default() };
        if heard.kind == AnswerKind::Closing {
            self.closings += 1;
            reaction.rest = Some(rest(heard.key, self.closings));
            reaction.all_rest = self.closings > 1;
        }
        reaction
    }

    /// Takes in that the server puts off all readers (4yz to MAIL). Returns how long all connections must rest, or why the run
    /// must stop.
    pub(super) fn busy(&mut self, key: DeliveryKey, reply: &str) -> Result<Duration, Stop> {
        self.closings += 1;
        if self.closings < BUSY_IN_A_ROW { Ok(rest(key, self.closings)) } else { Err(Stop::PutOff(reply.to_owned())) }
    }

    fn accept(&mut self, domain: &str) {
        self.accepted += 1;
        self.closings = 0;
        if self.domains.is_empty() {
            return;
        }
        self.streak = Streak::default();
        if let Some(domain) = self.domains.remove(domain) {
            self.final_.extend(domain.held.into_iter().map(|(key, attempts, _)| (key, attempts)));
        }
        if self.domains.values().any(|domain| domain.streak.weight >= REFUSED_IN_A_ROW) {
            return;
        }
        if let Some(waiting) = self.probing.as_mut().and_then(|probing| probing.waiting.as_mut()) {
            self.released.extend(waiting.drain(..));
        }
        self.probing.take_if(|probing| probing.is_over());
    }

    /// Where to look: the domain that refused most, and whether other domains are of interest, with all that refused.
    fn refusing(&self) -> RefusingDomains {
        let most = self.domains.iter().max_by_key(|(_, domain)| domain.streak.weight).map(|(name, _)| name.clone());
        RefusingDomains {
            most: most.unwrap_or_default(),
            all: self.streak.domains.clone(),
            is_general: self.streak.weight >= REFUSED_IN_A_ROW,
        }
    }

    /// Tries these readers before all others. Returns why the run must stop.
    pub(super) fn probe(&mut self, probes: Vec<QueuedDelivery>, now: Timestamp) -> Option<Stop> {
        match &mut self.probing {
            Some(probing) => probing.waiting = Some(probes.into()),
            // A reader was accepted meanwhile.
            None => self.released.extend(probes),
        }
        self.conclude(now)
    }

    /// The probes that wait for their turn like others again.
    pub(super) fn released(&mut self) -> Vec<QueuedDelivery> {
        std::mem::take(&mut self.released)
    }

    /// All probes that were not tried, at the end.
    pub(super) fn release(&mut self) -> Vec<QueuedDelivery> {
        let waiting = self.probing.take().and_then(|probing| probing.waiting);
        self.released().into_iter().chain(waiting.into_iter().flatten()).collect()
    }

    /// What a connection does next.
    pub(super) fn next(&mut self) -> Next {
        let Some(probing) = &mut self.probing else { return Next::GoOn };
        let Some(probe) = probing.waiting.as_mut().and_then(VecDeque::pop_front) else { return Next::Wait };
        probing.out += 1;
        Next::Probe(Box::new(probe))
    }

    /// One of the probes has been tried, or could not be. Returns why the run must stop.
    pub(super) fn probed(&mut self, now: Timestamp) -> Option<Stop> {
        if let Some(probing) = &mut self.probing {
            probing.out = probing.out.saturating_sub(1);
        }
        self.conclude(now)
    }

    /// When all probes have been tried: leaves the domains alone that go on refusing, or stops the run when others do too.
    fn conclude(&mut self, now: Timestamp) -> Option<Stop> {
        let probing = self.probing.take_if(|probing| probing.is_over())?;
        let is_stopped = self.streak.weight >= REFUSED_IN_A_ROW;
        // A server that closes its connections to several domains, and accepts none between them, would do so to others.
        let closes = self.streak.domains.len() > 1 && self.streak.weight >= self.streak.refused * 2;
        if is_stopped && (probing.is_refused_elsewhere || closes) {
            let Streak { refused, lost, put_off, domains, reply, .. } = &self.streak;
            return Some(if lost * 2 > *refused {
                Stop::Unreachable(format!("the server closed {lost} connections in a row: {reply}"))
            } else {
                let readers =
                    format!("{refused} readers of {} in a row: {reply}", count(domains.len() as u64, "domain"));
                let is_put_off = put_off * 2 > *refused;
                if is_put_off { Stop::PutOff(readers) } else { Stop::Refused(format!("it refused {readers}")) }
            });
        }
        // When there is no other reader to ask, the domains that refused are what is known.
        let blamed = if is_stopped { std::mem::take(&mut self.streak).domains } else { BTreeSet::new() };
        for (name, domain) in &mut self.domains {
            if domain.streak.weight >= REFUSED_IN_A_ROW || blamed.contains(name) {
                domain.leave_alone(name, now);
            }
        }
        None
    }

    /// The refusals that are the reader's, since the server has accepted others: at the same domain, or, where few were
    /// refused, anywhere. With each comes after how many tries.
    pub(super) fn take_final(&mut self) -> Vec<(DeliveryKey, i64)> {
        let mut all = std::mem::take(&mut self.final_);
        for domain in self.domains.values_mut().filter(|domain| domain.streak.refused < MANY && domain.pause.is_none())
        {
            let held = domain.held.extract_if(.., |(_, _, before)| self.accepted > *before);
            all.extend(held.map(|(key, attempts, _)| (key, attempts)));
        }
        all
    }

    /// The domains that this way out leaves alone for a while, and whether that began just now.
    pub(super) fn stops(&self, relay: &str) -> Vec<(Stopped, bool)> {
        let stop = |(name, domain): (&String, &Domain)| {
            let Pause { since, until, times, reason, is_new } = domain.pause.clone()?;
            let stop = Stopped {
                relay: relay.to_owned(),
                domain: name.clone(),
                kind: "refused".into(),
                at: since.to_string(),
                until: Some(until.to_string()),
                times,
                reason,
            };
            Some((stop, is_new))
        };
        self.domains.iter().filter_map(stop).collect()
    }
}

impl Probing {
    fn is_over(&self) -> bool {
        self.out == 0 && self.waiting.as_ref().is_some_and(VecDeque::is_empty)
    }
}

impl Streak {
    fn add(&mut self, weight: u32, heard: Heard<'_>) {
        self.weight += weight;
        self.refused += 1;
        self.lost += u32::from(heard.kind == AnswerKind::Lost);
        self.put_off += u32::from(Answer::parse(heard.reply).is_temporary());
        heard.reply.clone_into(&mut self.reply);
        if !self.domains.contains(heard.domain) {
            self.domains.insert(heard.domain.to_owned());
        }
    }
}

impl Domain {
    fn leave_alone(&mut self, name: &str, now: Timestamp) {
        let (since, times) = self.pause.as_ref().map_or((now, 1), |pause| (pause.since, pause.times + 1));
        // Different for every domain.
        let subscriber = name.bytes().fold(0, |sum: i64, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        let until = now + pause(DeliveryKey { issue: 0, subscriber }, times);
        let Streak { refused, lost, put_off, reply, .. } = std::mem::take(&mut self.streak);
        let verb = if put_off * 2 > refused { "put off" } else { "refused" };
        let reason = if refused == 1 || lost * 2 > refused {
            format!("{name}: {reply}")
        } else {
            format!("{name} {verb} {refused} readers in a row: {reply}")
        };
        self.pause = Some(Pause { since, until, times, reason, is_new: true });
    }
}

/// The pause after a server has closed a connection for the `closings`th time in a row: between half and one and a half of
/// its length, so that the connections do not come back at once.
fn rest(key: DeliveryKey, closings: u32) -> Duration {
    let full = (REST * 2u32.saturating_pow(closings.saturating_sub(1))).min(LONGEST_REST);
    full / 2 + full * u32::try_from(mixed(key, closings.into()) % 1_000).unwrap_or(0) / 1_000
}
