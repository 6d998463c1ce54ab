//! What a connection is handed, and what it says of it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::super::backoff::mixed;
use super::super::halt::Stop;
use super::super::jobs::Job;
use super::super::pace::Turn;
use super::{NEXT_CONNECTION_AFTER, Worker, spread};
use crate::model::{Answer, Outcome};
use crate::store::Mark;
use crate::transport::{Letter, Letters};

#[async_trait]
impl Letters for Worker<'_> {
    async fn next(&mut self, wait: bool) -> Option<Letter> {
        let shared = self.shared;
        if self.is_full() {
            return None;
        }
        loop {
            let must_rest = self.way.must_rest() || self.rest_until.is_some();
            let has_rested = !must_rest || (wait && shared.halt.unless(self.way.rest()).await.is_some());
            if !has_rested || shared.halt.is_set() || (shared.has_several() && self.way.is_down()) {
                return None;
            }
            let job = self.job(wait).await?;
            let Some(job) = self.own(job) else { continue };
            let Some(mut job) = self.in_turn(job) else { continue };
            let Some(letter) = self.letter(&job) else {
                self.ends(&mut job, false);
                self.probed(job.is_probe);
                continue;
            };
            let turn = shared.halt.unless(self.way.pace.turn(wait)).await;
            match turn {
                Some(Turn::Go) => {
                    self.carried += 1;
                    self.out.insert(letter.number, job);
                    return Some(letter);
                }
                // The others still have their turns.
                Some(Turn::Spent) if !shared.has_several() => shared.is_spent.store(true, Ordering::SeqCst),
                Some(Turn::Spent) => shared.goes_down(self.at, Stop::RateLimit, false),
                Some(Turn::Enough) => shared.has_enough(),
                Some(Turn::NotYet) | None => {}
            }
            self.again.push_front(job);
            return None;
        }
    }

    fn content(&mut self, letter: &Letter, to: &mut Vec<u8>) -> bool {
        let shared = self.shared;
        let Some(mut job) = self.out.remove(&letter.number) else { return false };
        let key = job.queued.key();
        if self.has_left(key) {
            self.ends(&mut job, false);
            self.way.pace.give_back();
            self.probed(job.is_probe);
            return false;
        }
        let may_go = !shared.is_lease_over();
        let frozen = shared.issues.get(&key.issue).filter(|_| may_go && self.mark(&job, Some(Mark::Complete)));
        let Some(frozen) = frozen else {
            self.way.pace.give_back();
            self.put_back(job);
            return false;
        };
        let recipient = frozen.recipient(&job.queued, &letter.to, self.way.relay.profile);
        match &job.signatures {
            Some(signatures) => frozen.copies.write(&recipient, signatures, to),
            None => frozen.copies.write(&recipient, &frozen.copies.signatures(&recipient), to),
        }
        self.out.insert(letter.number, job);
        true
    }

    async fn settle(&mut self, letter: Letter, outcome: Outcome, is_open: bool) {
        let Some(mut job) = self.out.remove(&letter.number) else { return };
        self.ends(&mut job, true);
        match outcome {
            Outcome::Sent(_) => drop(self.mark(&job, Some(Mark::Accepted))),
            Outcome::InDoubt(_) => {}
            _ => drop(self.mark(&job, None)),
        }
        // What a way out does not take at all is for the others.
        if let Outcome::Refused(reply) = &outcome
            && self.shared.has_several()
            && !Answer::parse(reply).is_temporary()
        {
            self.shared.goes_down(self.at, Stop::of_refusal(reply), false);
            let job = self.try_again(job, reply);
            return self.put_back(job);
        }
        // Many relays close a connection after so many messages. Before the final dot nothing is lost by going on elsewhere.
        if let Outcome::Deferred(reply) | Outcome::Refused(reply) = &outcome
            && (self.served > 0 || self.shared.has_several())
            && !is_open
            && !job.is_moved
        {
            job.is_moved = true;
            if self.shared.has_several() {
                let is_probe = job.is_probe;
                self.busy(Job { is_probe: false, ..job }, reply);
                return self.probed(is_probe);
            }
            let pause = spread(NEXT_CONNECTION_AFTER, mixed(job.queued.key(), 0));
            self.rest_until = Some(Instant::now() + pause);
            let job = self.try_again(job, reply);
            self.again.push_back(job);
            return;
        }
        self.served += 1;
        let is_probe = job.is_probe;
        match outcome {
            Outcome::Refused(reply) | Outcome::Deferred(reply) if self.is_busy(&outcome) => {
                self.busy(Job { is_probe: false, ..job }, &reply);
            }
            outcome => {
                let is_lost = matches!(outcome, Outcome::Deferred(_) | Outcome::InDoubt(_)) && !is_open;
                self.settled(&job.queued, outcome, is_lost);
            }
        }
        self.probed(is_probe);
    }

    async fn give_back(&mut self, letter: Letter) {
        if let Some(job) = self.out.remove(&letter.number) {
            let _ = self.mark(&job, None);
            self.way.pace.give_back();
            self.put_back(job);
        }
    }

    fn stopped(&self) -> BoxFuture<'static, ()> {
        let halt = Arc::clone(&self.shared.halt);
        Box::pin(async move { halt.wait().await })
    }
}
