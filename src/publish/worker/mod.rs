//! One connection and what it carries: it takes claimed deliveries, hands their messages to the wire, and says what became
//! of each.

mod letters;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::backoff::{Repetition, Tried, pause, settle};
use super::breaker::{Heard, Reaction, Wait};
use super::domains::Answer as DomainAnswer;
use super::halt::Stop;
use super::jobs::{Job, Taken};
use super::pace::LATER;
use super::probes;
use super::refusal::AnswerKind;
use super::shared::Shared;
use super::way::Way;
use crate::model::{Answer, DeliveryState, EmailAddress, Outcome};
use crate::store::{DeliveryKey, Mark, QueuedDelivery, Recorded, Said};
use crate::transport::{Connection, Letter};

/// Pauses before a connection is tried again; each is up to twice as long, so that they do not all come back at once.
const RECONNECT_AFTER: [Duration; 2] = [Duration::from_millis(400), Duration::from_millis(1_500)];

/// The pause before the same reader is tried over a new connection, when the server has closed one that had served.
const NEXT_CONNECTION_AFTER: Duration = Duration::from_millis(200);

/// The pause before a connection is tried again that the server did not take while it took others.
const NEXT_TRY_AFTER: Duration = Duration::from_secs(30);

/// What one connection has done, by state.
pub(super) type Tally = BTreeMap<&'static str, u64>;

/// One connection: takes jobs until there are none, or it is time to stop.
pub(super) async fn work(shared: Arc<Shared>, at: usize) -> Tally {
    let mut worker = Worker {
        shared: &shared,
        at,
        way: &shared.ways[at],
        is_at_work: true,
        out: HashMap::new(),
        again: VecDeque::new(),
        letters: 0,
        carried: 0,
        served: 0,
        rest_until: None,
        tally: Tally::new(),
    };
    let mut connection: Option<Box<dyn Connection>> = None;
    while worker.has_more().await {
        if !connection.as_ref().is_some_and(|open| open.is_open()) {
            connection = worker.connect().await;
            (worker.carried, worker.served) = (0, 0);
        }
        let Some(open) = &mut connection else {
            if shared.has_several() && !shared.halt.is_set() {
                worker.put_all_back();
                continue;
            }
            break;
        };
        open.carry(&mut worker).await;
        match connection.take_if(|open| open.is_open()) {
            Some(mut full) if worker.is_full() => full.close().await,
            Some(open) => {
                connection = Some(open);
                // Another way out may have to be taken over from.
                if !shared.has_several() {
                    break;
                }
                worker.put_all_back();
            }
            None => {}
        }
    }
    worker.put_all_back();
    if let Some(mut open) = connection {
        open.close().await;
    }
    worker.tally
}

/// One connection and what it has done.
struct Worker<'s> {
    shared: &'s Shared,
    /// Its way out, and the place of that among others.
    way: &'s Way,
    at: usize,
    /// Whether it counts among the connections at work.
    is_at_work: bool,
    /// The deliveries that the connection has.
    out: HashMap<u64, Job>,
    /// Those that come before others: held back, or lost with the last connection.
    again: VecDeque<Job>,
    /// How many letters were handed out.
    letters: u64,
    /// How many of them over this connection.
    carried: u32,
    /// How many deliveries were settled over this connection.
    served: usize,
    /// Until when this connection asks for nothing.
    rest_until: Option<Instant>,
    tally: Tally,
}

impl Worker<'_> {
    /// True once there is a delivery to try and the server may be asked.
    async fn has_more(&mut self) -> bool {
        let shared = self.shared;
        // Others take what this one would keep while it rests.
        if shared.has_several() && self.again.is_empty() && !self.has_rested().await {
            return false;
        }
        if self.again.is_empty() {
            let Some(Some(job)) = shared.halt.unless(shared.job(self.at)).await else { return false };
            self.again.push_back(job);
        }
        self.has_rested().await && !shared.halt.is_set()
    }

    /// True once this connection and its way out need not rest any more.
    async fn has_rested(&mut self) -> bool {
        let (shared, halt, way) = (self.shared, &self.shared.halt, self.way);
        let rest = async |until| {
            // For what is over no rest is needed.
            tokio::select! {
                () = tokio::time::sleep_until(until) => {}
                () = shared.all_done(), if shared.has_several() => {}
            }
        };
        if let Some(until) = self.rest_until.take()
            && halt.unless(rest(until)).await.is_none()
        {
            return false;
        }
        !way.must_rest() || halt.unless(way.rest()).await.is_some()
    }

    /// Leaves everything to other connections, or to the next run.
    fn put_all_back(&mut self) {
        for job in std::mem::take(&mut self.again) {
            self.put_back(job);
        }
    }

    /// Whether the relay wants a new connection.
    fn is_full(&self) -> bool {
        self.way.relay.messages_per_connection.is_some_and(|most| self.carried >= most)
    }

    /// Opens a connection. When the server will have no more of them this worker gives up, and the others go on; the last one
    /// to give up stops the run, or leaves it to other ways out for a while.
    async fn connect(&mut self) -> Option<Box<dyn Connection>> {
        let (shared, way) = (self.shared, self.way);
        let mut pauses = RECONNECT_AFTER.iter();
        loop {
            match shared.halt.unless(way.transport.connect()).await? {
                Ok(connection) => {
                    if !std::mem::replace(&mut self.is_at_work, true) {
                        way.connections.fetch_add(1, Ordering::SeqCst);
                    }
                    shared.comes_up(self.at);
                    return Some(connection);
                }
                Err(error) => {
                    let left = way.connections.load(Ordering::SeqCst);
                    let pause = pauses.next();
                    if let Some(pause) = pause.filter(|_| error.is_temporary() && !shared.halt.is_set()) {
                        shared.halt.unless(tokio::time::sleep(spread(*pause, left))).await;
                        continue;
                    }
                    if std::mem::take(&mut self.is_at_work) {
                        way.connections.fetch_sub(1, Ordering::SeqCst);
                    }
                    if way.connections.load(Ordering::SeqCst) == 0 {
                        shared.goes_down(self.at, Stop::Unreachable(error.to_string()), true);
                    } else if shared.has_several() {
                        self.rest_until = Some(Instant::now() + spread(NEXT_TRY_AFTER, left));
                    }
                    return None;
                }
            }
        }
    }

    /// The delivery to try now; `None` when there is none, or it is not the time.
    async fn job(&mut self, wait: bool) -> Option<Job> {
        let shared = self.shared;
        match self.again.pop_front() {
            Some(job) => Some(job),
            None if wait => shared.halt.unless(shared.job(self.at)).await.flatten(),
            None => match shared.try_job(self.at) {
                Taken::Job(job) => Some(*job),
                Taken::NotYet | Taken::Over => None,
            },
        }
    }

    /// The letter of a delivery, unless nothing may or need be tried; that is noted then.
    fn letter(&mut self, job: &Job) -> Option<Letter> {
        let shared = self.shared;
        let queued = &job.queued;
        let key = queued.key();
        let Some(frozen) = shared.issues.get(&key.issue) else {
            self.note(queued.put_back());
            return None;
        };
        let (domain, now) = (probes::domain(queued), shared.clock.now());
        let wait = self.way.breaker().wait(domain, frozen.frozen_at, queued.first_try_at, now);
        match wait {
            Some(Wait::Until(until)) => {
                self.note(Recorded { next_attempt_at: Some(until.to_string()), ..queued.put_back() });
                return None;
            }
            Some(Wait::GivenUp(why)) => {
                shared.given_up.fetch_add(1, Ordering::SeqCst);
                self.decide(key, DeliveryState::Skipped, why);
                return None;
            }
            None => {}
        }
        if self.has_left(key) {
            return None;
        }
        if let Some(doubt) = queued.doubt {
            let may_repeat = match shared.repetition(self.way, Some(doubt), now) {
                Repetition::Until(end, _) => now < end,
                Repetition::Wished => true,
                Repetition::Never => false,
            };
            if !may_repeat {
                let text = "held: the relay to which it may have gone would not know it again by now".to_owned();
                self.decide(key, DeliveryState::InDoubt, text);
                return None;
            }
        }
        let Ok(to) = queued.address.parse::<EmailAddress>() else {
            let text = "the address on the list is not one that can be mailed".to_owned();
            self.decide(key, DeliveryState::Failed, text);
            return None;
        };
        self.letters += 1;
        let name = format!("issue-{}-{:05}", key.issue, key.subscriber);
        let envelope_id = Some(frozen.bounces.of(key.issue, key.subscriber));
        Some(Letter { number: self.letters, from: frozen.sender(key), to, envelope_id, name })
    }

    /// Whether the reader has left since the delivery was claimed, which is noted then.
    fn has_left(&mut self, key: DeliveryKey) -> bool {
        let why = self.shared.why_left(key);
        let has_left = why.is_some();
        if let Some(why) = why {
            self.decide(key, DeliveryState::Skipped, why);
        }
        has_left
    }

    /// Notes what was decided of a delivery without a server.
    fn decide(&mut self, key: DeliveryKey, state: DeliveryState, text: String) {
        let said = Some(Said { relay: None, is_doubtful: false, answer: Answer { code: None, enhanced: None, text } });
        self.note(Recorded { key, state: Some(state), next_attempt_at: None, said });
        self.count(state);
    }

    fn count(&mut self, state: DeliveryState) {
        *self.tally.entry(state.as_str()).or_default() += 1;
        self.shared.watcher.delivered(state);
    }

    fn note(&self, recorded: Recorded) {
        self.shared.note(recorded);
    }

    /// What is known of a message is kept before anything is done with it; false when that fails.
    fn mark(&self, job: &Job, mark: Option<Mark>) -> bool {
        let Some(marks) = &self.shared.marks else { return true };
        let marked = marks.set(job.queued.key(), job.queued.place.attempts, mark).is_ok();
        if !marked {
            self.shared.halt.set(Stop::Ledger);
        }
        marked
    }

    /// A probe was tried, or could not be.
    fn probed(&self, is_probe: bool) {
        if is_probe {
            let why = self.way.breaker().probed(self.shared.clock.now());
            self.shared.stop(self.at, why);
        }
    }

    /// Leaves a delivery that was not tried to other connections, or to the next run.
    fn put_back(&self, mut job: Job) {
        self.ends(&mut job, false);
        let is_probe = job.is_probe;
        self.shared.jobs.put_back(Job { is_probe: false, ..job });
        self.probed(is_probe);
    }

    /// Notes a try after which the same delivery is tried again at once, or soon.
    fn try_again(&self, mut job: Job, reply: &str) -> Job {
        let said = Some(Said { relay: Some(self.way.number), is_doubtful: false, answer: Answer::parse(reply) });
        self.note(Recorded { key: job.queued.key(), state: None, next_attempt_at: None, said });
        job.queued.place.attempts += 1;
        job.queued.tries += 1;
        job.queued.first_try_at = job.queued.first_try_at.or(Some(self.shared.clock.now()));
        job
    }

    /// Notes what became of a try; `is_lost` says that it ended with the connection and not with an answer.
    fn settled(&mut self, queued: &QueuedDelivery, outcome: Outcome, is_lost: bool) {
        let shared = self.shared;
        let now = shared.clock.now();
        let own = self.way.relay.profile.map_or(&[][..], |relay| &relay.sender);
        let kind = AnswerKind::of(&outcome, is_lost, own);
        let domain = probes::domain(queued);
        let reaction = match &outcome {
            Outcome::Refused(reply) => {
                shared.goes_down(self.at, Stop::of_refusal(reply), false);
                Reaction::default()
            }
            Outcome::Sent(reply) | Outcome::Deferred(reply) | Outcome::Failed(reply) | Outcome::InDoubt(reply) => {
                let attempts = queued.place.attempts + 1;
                self.way.breaker().hear(Heard { key: queued.key(), attempts, domain, kind, reply })
            }
        };
        let first = queued.first_try_at.unwrap_or(now);
        let counted = self.way.breaker().counted(now);
        let issue = shared.issues.get(&queued.key().issue);
        let are_others_accepted = issue.is_some_and(|issue| issue.accepts_others_like(domain));
        let tried = Tried {
            key: queued.key(),
            relay: self.way.number,
            // Only there it may be sent again.
            is_kept: shared.has_several(),
            tries: queued.tries + 1,
            first,
            counted,
            are_others_accepted,
            now,
        };
        let recorded = settle(tried, kind, outcome, shared.repetition(self.way, queued.doubt, now));
        let state = recorded.state;
        if state == Some(DeliveryState::Skipped) {
            shared.given_up.fetch_add(1, Ordering::SeqCst);
        }
        self.note(recorded);
        if let Some(state) = state {
            self.count(state);
        }
        if kind == AnswerKind::Own {
            self.way.pace.give_back();
        }
        self.react(reaction, queued.key());
    }

    /// The delivery, unless the limits of its domain do not let it be tried now: then it waits, or is put off.
    fn in_turn(&self, mut job: Job) -> Option<Job> {
        let domains = &self.shared.domains;
        let group = domains.group(probes::domain(&job.queued)).filter(|_| job.group.is_none());
        let Some(group) = group else { return Some(job) };
        let is_probe = std::mem::take(&mut job.is_probe);
        let is_kept = std::mem::take(&mut job.is_kept);
        let now = self.shared.clock.now();
        let (left_over, next) = match domains.ask(group, is_kept) {
            DomainAnswer::Go => {
                (job.group, job.is_probe) = (Some(group), is_probe);
                return Some(job);
            }
            DomainAnswer::At(until) => {
                let pause = until.saturating_duration_since(Instant::now());
                let left_over = self.shared.jobs.set_aside(until, Job { is_kept: true, ..job });
                (left_over, now + SignedDuration::try_from(pause).unwrap_or_default())
            }
            DomainAnswer::Full => {
                let left_over = self.shared.jobs.block(group, Job { is_kept: true, ..job });
                // The last one may have ended meanwhile.
                if !domains.is_full(group) {
                    self.shared.jobs.unblock(group);
                }
                (left_over, now + SignedDuration::from_mins(1))
            }
            DomainAnswer::Later => {
                let until = Instant::now() + LATER;
                if let Some(job) = self.shared.jobs.set_aside(until, job) {
                    self.put_off(&job, now + SignedDuration::from_secs(1));
                }
                (None, now)
            }
            DomainAnswer::Spent(again) => {
                self.put_off(&job, again);
                (None, again)
            }
        };
        if let Some(job) = left_over {
            domains.takes_back(group);
            self.put_off(&job, next);
        }
        self.probed(is_probe);
        None
    }

    /// Puts a delivery off that was not tried.
    fn put_off(&self, job: &Job, until: Timestamp) {
        self.note(Recorded { next_attempt_at: Some(until.to_string()), ..job.queued.put_back() });
    }

    /// A delivery does not count for the limits of its domain any more.
    fn ends(&self, job: &mut Job, is_tried: bool) {
        if let Some(group) = job.group.take() {
            self.shared.domains.ends(group, is_tried);
            self.shared.jobs.unblock(group);
        }
    }

    /// The delivery, unless only another way out may have it: what may have gone by one never goes by another.
    fn own(&mut self, job: Job) -> Option<Job> {
        let shared = self.shared;
        let Some(doubt) = job.queued.doubt.filter(|doubt| shared.has_several() && doubt.relay != self.way.number)
        else {
            return Some(job);
        };
        let (key, is_probe) = (job.queued.key(), job.is_probe);
        match shared.ways.iter().find(|way| way.number == doubt.relay) {
            Some(way) if way.is_down() => {
                self.put_off(&job, shared.clock.now() + pause(key, job.queued.tries));
            }
            Some(way) => shared.jobs.keep_for(way.number, Job { is_probe: false, ..job }),
            None => {
                let text = "held: the way out by which it may have gone is not there any more".to_owned();
                self.decide(key, DeliveryState::InDoubt, text);
            }
        }
        self.probed(is_probe);
        None
    }

    /// Whether an answer says that the server takes nothing for now: to MAIL, or as this relay says it.
    fn is_busy(&self, outcome: &Outcome) -> bool {
        match outcome {
            Outcome::Refused(reply) => Answer::parse(reply).is_temporary(),
            Outcome::Deferred(reply) => self.way.relay.profile.is_some_and(|relay| {
                let text = reply.to_lowercase();
                Answer::parse(reply).is_temporary() && relay.busy.iter().any(|phrase| text.contains(phrase))
            }),
            _ => false,
        }
    }

    /// What the server says to MAIL goes for every reader: all connections rest, and this one is tried again then.
    fn busy(&mut self, job: Job, reply: &str) {
        let shared = self.shared;
        let rest = self.way.breaker().busy(job.queued.key(), reply);
        match rest {
            Ok(rest) => shared.rest_for(self.at, rest),
            Err(why) => shared.stop(self.at, Some(why)),
        }
        let job = self.try_again(job, reply);
        shared.jobs.put_back(job);
    }

    /// Does what the breaker asks for.
    fn react(&mut self, reaction: Reaction, key: DeliveryKey) {
        let shared = self.shared;
        match reaction.rest {
            Some(rest) if reaction.all_rest => shared.rest_for(self.at, rest),
            Some(rest) => self.rest_until = Some(Instant::now() + rest),
            None => {}
        }
        if let Some(suspects) = reaction.look {
            shared.look_for(self.at, key, suspects);
        } else if reaction.may_go_on {
            shared.stop(self.at, None);
        }
    }
}

/// A pause up to twice as long, by something that differs.
fn spread(pause: Duration, seed: impl TryInto<u64>) -> Duration {
    let seed = seed.try_into().unwrap_or(0).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    pause + pause * u32::try_from(seed % 1_000).unwrap_or(0) / 1_000
}
