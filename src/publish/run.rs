//! A run in five steps, for any caller: finish what is open, plan, freeze, deliver, finish.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::deliver::Delivered;
use super::error::PublishError;
use super::event::{Event, Frontend, Left};
use super::feeds::{BuiltFeeds, Purpose, build_feeds};
use super::halt::Stop;
use super::letters::{are_letters_due, send_letters};
use super::mail_pictures::write_made;
use super::missing::MissingIssue;
use super::prepare::{Options, Past, Prepared, digest_of, is_expected, prepare};
use super::shared::Which;
use super::site::Site;
use super::{Publisher, Resumed, not_live};
use crate::config::Config;
use crate::model::{DeliveryState, distinct};
use crate::store::Right;

/// What a run is asked to do.
#[derive(Debug)]
pub struct Order<'o> {
    /// The folder of the site.
    pub site: &'o Path,
    /// What its owner has agreed to.
    pub config: &'o Config,
    /// What the plan goes by.
    pub options: Options,
    /// Whether feeds are written in which readers take old entries for new ones or miss some.
    pub accept: bool,
    /// At most so many deliveries are tried; the rest stay queued.
    pub limit: Option<u64>,
    /// How long to wait for readers who were put off, before they are left to the next run.
    pub wait: SignedDuration,
    /// The time of the run.
    pub now: Timestamp,
}

/// What a run did.
#[derive(Debug, Default)]
pub struct Done {
    /// The plan that was carried out.
    pub prepared: Option<Prepared>,
    /// Whom the issue had not reached that was asked for.
    pub missing: Option<Box<MissingIssue>>,
    /// How many deliveries were queued for it.
    pub queued: u64,
    /// How many deliveries ended in each state.
    pub deliveries: BTreeMap<&'static str, u64>,
    /// Whether it stopped before the queue was empty.
    pub stopped: bool,
    /// The domains whose readers are left alone for a while.
    pub paused: Vec<String>,
}

/// How a run ended.
#[derive(Debug)]
pub enum End {
    /// The plan was not agreed to.
    Declined,
    /// It was stopped before anything was frozen.
    Stopped,
    /// With everything done that could be.
    Over(Box<Done>),
}

/// What comes next.
enum Planned {
    Nothing,
    Declined,
    Due(Box<Due>),
}

/// A plan that is to be carried out.
struct Due {
    site: Site,
    prepared: Prepared,
    feeds: BuiltFeeds,
}

/// Publishes: all five steps.
///
/// # Errors
/// What stands in the way. When it is the plan, deliveries that an earlier run put off have been tried again all the same.
pub async fn publish<F: Frontend>(
    publisher: Publisher,
    order: &Order<'_>,
    frontend: &mut F,
) -> Result<End, PublishError> {
    let mut run = Run::begin(publisher, Right::Plan, order, frontend).await?;
    run = Box::pin(run.finish_what_is_open()).await?;
    if run.is_enough().await? {
        return run.finish().await.map(End::Over);
    }
    let planned = match run.plan().await {
        Ok(Planned::Declined) => return run.finish().await.map(|_| End::Declined),
        Ok(Planned::Due(due)) => {
            if !run.freeze(*due).await? {
                return run.finish().await.map(|_| End::Stopped);
            }
            Ok(())
        }
        Ok(Planned::Nothing) => Ok(()),
        Err(error) => Err(error),
    };
    let done = match Box::pin(run.deliver()).await {
        Ok(run) => run.finish().await,
        Err(error) => Err(error),
    };
    match (planned, done) {
        (Err(first), Err(second)) => Err(PublishError::Both(Box::new(first), Box::new(second))),
        (planned, done) => planned.and(done).map(End::Over),
    }
}

/// Mails an issue that was frozen before to the confirmed readers who never got it: all steps, the plan and the freeze being
/// those of that issue.
///
/// # Errors
/// What stands in the way.
pub async fn publish_missing<F: Frontend>(
    publisher: Publisher,
    order: &Order<'_>,
    issue: i64,
    frontend: &mut F,
) -> Result<End, PublishError> {
    let mut run = Run::begin(publisher, Right::Plan, order, frontend).await?;
    run = Box::pin(run.finish_what_is_open()).await?;
    if run.is_enough().await? {
        return run.finish().await.map(End::Over);
    }
    let found = MissingIssue::find(&mut run.publisher.store, issue).await;
    let is_allowed = |missing: &MissingIssue| missing.allowed(&order.config.mail, &order.options.allow);
    let missing = match found.and_then(|missing| is_allowed(&missing).map(|()| Box::new(missing))) {
        Ok(missing) => missing,
        Err(error) => return run.finish().await.and(Err(error)),
    };
    run.frontend.tell(Event::Missing(&missing));
    if missing.readers.count > 0 {
        if !run.frontend.agrees_to_missing(&missing) {
            return run.finish().await.map(|_| End::Declined);
        }
        if !run.queue_missing(&missing).await? {
            return run.finish().await.map(|_| End::Stopped);
        }
    }
    run.done.missing = Some(missing);
    Box::pin(run.deliver()).await?.finish().await.map(End::Over)
}

/// Delivers what is queued, and plans nothing: steps 1, 4 and 5. Of the order only the configuration, the limit and what
/// is allowed count.
///
/// # Errors
/// What stands in the way.
pub async fn deliver<F: Frontend>(
    publisher: Publisher,
    order: &Order<'_>,
    frontend: &mut F,
) -> Result<End, PublishError> {
    let mut run = Run::begin(publisher, Right::Deliver, order, frontend).await?;
    if run.resumed.open == 0 {
        run.frontend.tell(Event::NothingQueued);
    } else {
        run = Box::pin(run.deliver()).await?;
    }
    run.finish().await.map(End::Over)
}

/// The plan of a run and its feeds, ready to be written. What is wrong with the feeds is in [`Prepared::warnings`] too.
///
/// # Errors
/// As for [`prepare`]; or feeds with more wrong than is put up with.
pub async fn plan_with_feeds(
    site: &Site,
    past: &Past,
    options: &Options,
    purpose: Purpose,
    now: Timestamp,
) -> Result<(Prepared, BuiltFeeds), PublishError> {
    let (mut prepared, feeds) = prepare(site, past, options, now, |found| {
        let mut feeds = build_feeds(site, purpose, false)?;
        feeds.tolerate_few();
        found.extend(feeds.about_posts().iter().cloned());
        Ok(feeds)
    })?;
    prepared.guards.extend(not_live(&prepared, &site.config).await);
    options.tolerance.judge(&feeds.warnings)?;
    prepared.warnings.extend(feeds.warnings.iter().cloned());
    distinct(&mut prepared.warnings);
    Ok((prepared, feeds))
}

/// A run that goes on.
struct Run<'r, F> {
    publisher: Publisher,
    order: &'r Order<'r>,
    frontend: &'r mut F,
    resumed: Resumed,
    /// How many deliveries may still be tried; `None` when there is no limit.
    left: Option<u64>,
    /// Whether deliveries were tried, or found that are left for later.
    is_anything_delivered: bool,
    is_warned: bool,
    stopped: Option<Stop>,
    /// The number and subject of each issue that this run is for.
    issues: Vec<(i64, String)>,
    done: Done,
}

impl<'r, F: Frontend> Run<'r, F> {
    /// Step 1, first half: takes a right and looks at what an earlier process left.
    async fn begin(
        mut publisher: Publisher,
        right: Right,
        order: &'r Order<'r>,
        frontend: &'r mut F,
    ) -> Result<Self, PublishError> {
        let resumed = publisher.resume(right, order.config, &order.options.allow).await?;
        let mut run = Self {
            publisher,
            order,
            frontend,
            resumed,
            left: order.limit,
            is_anything_delivered: false,
            is_warned: false,
            stopped: None,
            issues: Vec::new(),
            done: Done::default(),
        };
        run.tell_warning();
        run.frontend.tell(Event::Resumed(&run.resumed));
        run.send_letters().await?;
        if run.publisher.store.open_counts().await?.in_doubt > 0 {
            let runs = run.publisher.store.runs().await?;
            runs.iter().filter(|it| it.deliveries.in_doubt > 0).for_each(|it| run.frontend.tell(Event::InDoubt(it)));
        }
        Ok(run)
    }

    /// Sends letters that wait. What stands in their way does not stand in that of issues.
    async fn send_letters(&mut self) -> Result<(), PublishError> {
        let Publisher { store, ways, signer, clock, .. } = &mut self.publisher;
        let Order { site, config, .. } = *self.order;
        if !are_letters_due(store, config, clock.now()).await? {
            return Ok(());
        }
        let sent = match Site::templates_of(site, config) {
            Ok(templates) => send_letters(store, ways, config, &templates, signer.as_ref(), *clock).await,
            Err(error) => Err(error),
        };
        if let Err(PublishError::Store(error)) = sent {
            return Err(error.into());
        }
        self.frontend.tell(Event::Letters(sent));
        // On a machine without a disk of its own they would be sent again.
        self.publisher.save().await
    }

    /// Step 1, second half: delivers what an earlier run left and did not try. It is frozen, and so needs nothing of what is
    /// on disk now.
    async fn finish_what_is_open(self) -> Result<Self, PublishError> {
        let mut run = self;
        let fresh = run.publisher.store.fresh().await?;
        if fresh == 0 || run.left == Some(0) {
            run.is_anything_delivered = fresh > 0;
            return Ok(run);
        }
        run.frontend.tell(Event::GoingOn(fresh));
        run.publisher.reach().await?;
        run.send(Which::Fresh, fresh).await
    }

    /// Whether it ends here: what an old run still has waiting goes first, also with the next command.
    async fn is_enough(&mut self) -> Result<bool, PublishError> {
        if !self.is_anything_delivered {
            return Ok(false);
        }
        Ok(self.stopped.is_some() || (self.left == Some(0) && self.publisher.store.fresh().await? > 0))
    }

    /// Step 2: the plan, and whether it is to be carried out.
    async fn plan(&mut self) -> Result<Planned, PublishError> {
        let Order { config, accept, now, .. } = *self.order;
        let mut options = self.order.options.clone();
        let site = Site::open(self.order.site, config.clone(), now)?;
        let past = Past::read(Some(&mut self.publisher.store), &self.publisher.memory).await?;
        // The same command again, after it was interrupted: the wish is being fulfilled.
        let carried = past.carried_by(&self.resumed.issues);
        options.include.retain(|wanted| {
            let post = site.find(wanted).ok().filter(|post| carried.contains(post.path.as_str()));
            if let Some(post) = post {
                self.frontend.tell(Event::OnItsWay(post));
            }
            post.is_none()
        });
        let (prepared, feeds) = plan_with_feeds(&site, &past, &options, Purpose::Write, now).await?;
        self.frontend.tell(Event::Planned(&prepared));
        // The same command again: the reviewed plan is the one that is being finished.
        if prepared.issues.is_empty() && self.is_being_finished(options.expect.as_deref()).await? {
            options.expect = None;
        }
        prepared.allowed(&options)?;
        feeds.allowed(accept)?;
        self.frontend.tell(Event::Allowed(&site, &prepared));
        if prepared.issues.is_empty() || prepared.recipients == 0 {
            feeds.commit()?;
            write_made(&site, &prepared.made)?;
            write_made(&site, &prepared.archive)?;
            self.frontend.tell(Event::NothingToMail(&prepared));
            return Ok(Planned::Nothing);
        }
        if !self.frontend.agrees(&site, &prepared) {
            return Ok(Planned::Declined);
        }
        Ok(Planned::Due(Box::new(Due { site, prepared, feeds })))
    }

    /// Whether one of the runs that were open when this one began is the plan with this digest.
    async fn is_being_finished(&mut self, digest: Option<&str>) -> Result<bool, PublishError> {
        let sent = self.publisher.store.sent_issues().await?;
        let open = sent.iter().filter(|issue| self.resumed.issues.contains(&issue.key.number));
        let runs: BTreeSet<i64> = open.map(|issue| issue.run).collect();
        let of_run =
            |run: &i64| digest_of(sent.iter().filter(|issue| issue.run == *run).map(|issue| &*issue.key.digest));
        Ok(digest.is_some_and(|digest| runs.iter().any(|run| is_expected(&of_run(run), digest))))
    }

    /// Step 3: from here on the entries count as published, and only the ledger decides what is sent. False when it was time
    /// to stop before.
    async fn freeze(&mut self, due: Due) -> Result<bool, PublishError> {
        let Due { site, prepared, feeds } = due;
        self.publisher.reach().await?;
        feeds.commit()?;
        write_made(&site, &prepared.made)?;
        if self.publisher.halt.is_set() {
            return Ok(false);
        }
        self.frontend.tell(Event::Sending);
        self.done.queued = self.publisher.freeze(&prepared).await?;
        // Only what is frozen is public.
        write_made(&site, &prepared.archive)?;
        self.issues = prepared.issues.iter().map(|issue| (issue.number, issue.subject.clone())).collect();
        self.done.prepared = Some(prepared);
        Ok(true)
    }

    /// Step 3 of an issue that is frozen. False when it was time to stop before.
    async fn queue_missing(&mut self, missing: &MissingIssue) -> Result<bool, PublishError> {
        self.publisher.reach().await?;
        if self.publisher.halt.is_set() {
            return Ok(false);
        }
        self.frontend.tell(Event::Sending);
        let now = self.publisher.clock.now().to_string();
        self.done.queued = self.publisher.store.queue_missing(missing.issue.number, &now).await?;
        self.publisher.record(&[missing.issue.number]).await?;
        self.issues = vec![(missing.issue.number, missing.issue.subject.clone())];
        Ok(true)
    }

    /// Step 4: who waits for a first try comes before those who were put off.
    async fn deliver(self) -> Result<Self, PublishError> {
        let mut run = self;
        let ready = run.publisher.store.ready(&run.publisher.clock.now().to_string()).await?;
        let may_try = run.left != Some(0);
        if ready > 0 && may_try {
            if run.issues.is_empty() {
                run.frontend.tell(Event::TryingAgain(ready));
                run.publisher.reach().await?;
            }
            return Box::pin(run.send(Which::All, ready).await?.wait_for_those_put_off()).await;
        }
        if run.resumed.open > 0 && !run.is_anything_delivered && may_try {
            run.frontend.tell(Event::Delivered(&Delivered::default(), &[]));
        }
        run.is_anything_delivered |= run.resumed.open > 0 || ready > 0;
        Ok(run)
    }

    /// Tries again those who were put off, as long as their time comes soon: most servers that know no sender yet want
    /// a second try some minutes later (greylisting, RFC 6647).
    async fn wait_for_those_put_off(self) -> Result<Self, PublishError> {
        let mut run = self;
        let end = run.publisher.clock.now().checked_add(run.order.wait).unwrap_or(Timestamp::MAX);
        // A clock that stands still never comes to the next try.
        while run.publisher.clock.is_running() && run.stopped.is_none() && run.left != Some(0) {
            let next = run.publisher.store.next_attempt_at().await?;
            let Some((next, pause)) = next_try(next, run.publisher.clock.now(), end) else { break };
            let deferred = run.publisher.store.open_counts().await?.deferred;
            run.frontend.tell(Event::Waiting(deferred, &next));
            let halt = Arc::clone(&run.publisher.halt);
            if halt.unless(tokio::time::sleep(pause)).await.is_none() {
                run.stopped = halt.take();
                break;
            }
            // A server was not asked for minutes, and may have hung up.
            run.publisher.store.stay_connected().await?;
            let ready = run.publisher.store.ready(&run.publisher.clock.now().to_string()).await?;
            // They are counted anew.
            let deferred = run.done.deliveries.entry(DeliveryState::Deferred.as_str()).or_default();
            *deferred = deferred.saturating_sub(ready);
            if ready > 0 {
                run = run.send(Which::All, ready).await?;
            }
        }
        Ok(run)
    }

    /// Delivers; so many wait.
    async fn send(self, which: Which, waiting: u64) -> Result<Self, PublishError> {
        let mut run = self;
        run.frontend.tell(Event::Sending);
        let delivered;
        (run.publisher, delivered) = run.publisher.deliver(which, waiting, run.left).await?;
        run.frontend.tell(Event::Delivered(&delivered, &run.issues));
        run.is_anything_delivered = true;
        run.left = run.left.map(|left| left.saturating_sub(delivered.tried));
        run.done.add(&delivered);
        run.stopped = delivered.stopped;
        Ok(run)
    }

    /// Step 5: says what is left, and closes.
    async fn finish(self) -> Result<Box<Done>, PublishError> {
        let mut run = self;
        if run.is_anything_delivered {
            let counts = run.publisher.store.open_counts().await?;
            let next_attempt_at = run.publisher.store.next_attempt_at().await?;
            run.frontend.tell(Event::Left(&Left { stopped: run.stopped.take(), counts, next_attempt_at }));
        }
        if run.publisher.memory.is_ci() {
            // The records of issues that were open are written again.
            let new = run.issues.iter().map(|(number, _)| *number);
            let issues: BTreeSet<i64> = run.resumed.issues.iter().copied().chain(new).collect();
            if !issues.is_empty() {
                run.frontend.tell(Event::RecordsToCommit(&issues.into_iter().collect::<Vec<_>>()));
            }
        }
        run.tell_warning();
        run.publisher.store.close().await?;
        Ok(Box::new(run.done))
    }

    fn tell_warning(&mut self) {
        if let Some(warning) = self.publisher.warning.as_ref().filter(|_| !self.is_warned) {
            self.frontend.tell(Event::Warning(warning));
            self.is_warned = true;
        }
    }
}

/// The moment of the next try, and how long it is until then; `None` when it does not come before `end`.
fn next_try(next: Option<String>, now: Timestamp, end: Timestamp) -> Option<(String, Duration)> {
    let next = next?;
    let moment = next.parse::<Timestamp>().ok().filter(|moment| *moment <= end)?;
    // A moment later, so that whole seconds do not come a little early.
    let pause = moment.duration_since(now).max(SignedDuration::ZERO) + SignedDuration::from_secs(1);
    Some((next, pause.unsigned_abs()))
}

impl Done {
    fn add(&mut self, delivered: &Delivered) {
        for (state, count) in &delivered.states {
            *self.deliveries.entry(state).or_default() += count;
        }
        self.stopped |= delivered.stopped.is_some();
        self.paused.extend(delivered.left_alone.iter().map(|stop| stop.domain.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_try_is_waited_for_when_it_comes_soon() {
        let now: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let end = now + SignedDuration::from_mins(10);
        let pause = |next: &str| next_try(Some(next.to_owned()), now, end).map(|(_, pause)| pause.as_secs());
        assert_eq!(pause("2026-03-02T09:06:00Z"), Some(361));
        assert_eq!(pause("2026-03-02T09:10:01Z"), None, "left to the next run");
        assert_eq!(pause("2026-03-02T08:59:00Z"), Some(1), "its time has come");
        assert_eq!(next_try(None, now, end), None);
    }
}
