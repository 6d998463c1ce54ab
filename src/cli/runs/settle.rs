//! What the owner decides about the deliveries of a run: one decision from beginning to end.

use super::super::failure::{Exit, Failure};
use super::super::{Context, session, tell};
use super::summary::find;
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::model::{DeliveryState, EmailAddress, Subscriber, SubscriberStatus};
use crate::publish::{Guard, Memory, PublishError, count};
use crate::store::{Chosen, Decision, Lock, Repeat, Right, RunSummary, Store};

/// A decision about a run, with the right to make it.
pub(super) struct Settling<'c> {
    store: Store,
    memory: Memory,
    context: &'c Context,
    run: RunSummary,
    /// Held until the end.
    _lock: Lock,
}

impl<'c> Settling<'c> {
    pub(super) async fn begin(
        mut store: Store,
        config: &Config,
        run: i64,
        context: &'c Context,
    ) -> Result<Self, Failure> {
        let lock = store.lock(Right::Plan).await?.ok_or(PublishError::Busy)?;
        let run = find(&mut store, Some(run)).await?;
        let memory = session::memory(config, &context.site, &context.state);
        take_up(&mut store, &memory, context).await?;
        Ok(Self { store, memory, context, run, _lock: lock })
    }

    /// `runs resolve`
    pub(super) async fn resolve(
        mut self,
        from: DeliveryState,
        decision: Decision,
        addresses: &[EmailAddress],
        only: Option<EmailAddress>,
    ) -> Result<(), Failure> {
        let mut readers = self.readers(addresses).await?;
        let run = self.run.run.id;
        let of_run = self.store.states(run, &numbers(&readers)).await?;
        let is_meant =
            |reader: &Subscriber| of_run.iter().any(|(key, state)| key.subscriber == reader.id && *state == from);
        let others = readers.iter().filter(|reader| !is_meant(reader)).map(|reader| reader.address.as_str().to_owned());
        let state = from.as_str().replace('_', " ");
        refuse(&format!("not {state} in run {run}"), others, &format!("see `tidings runs show {run}`"))?;
        readers.extend(self.readers(only.as_slice()).await?);
        let numbers = numbers(&readers);
        let readers = (!numbers.is_empty()).then_some(&*numbers);
        let chosen = Chosen { run, from, is_given_up: false, readers };
        let settled = self.store.settle(chosen, decision, &self.context.now.to_string()).await?;
        self.end(settled, said(decision)).await
    }

    /// All deliveries of the run that are in one of these states; of the skipped ones only those given up when so wanted.
    pub(super) async fn all(
        mut self,
        states: impl Iterator<Item = DeliveryState>,
        is_given_up: bool,
        decision: Decision,
    ) -> Result<(), Failure> {
        let now = self.context.now.to_string();
        let mut settled = 0;
        for from in states {
            let is_given_up = is_given_up && from == DeliveryState::Skipped;
            let chosen = Chosen { run: self.run.run.id, from, is_given_up, readers: None };
            settled += self.store.settle(chosen, decision, &now).await?;
        }
        self.store.finish_runs(&now).await?;
        self.end(settled, said(decision)).await
    }

    /// `runs resend`
    pub(super) async fn resend(mut self, issue: Option<i64>, addresses: &[EmailAddress]) -> Result<(), Failure> {
        let run = self.run.run.id;
        if let Some(issue) = issue.filter(|issue| !self.run.issues.iter().any(|(number, _)| number == issue)) {
            let help = format!("see `tidings runs show {run}` for its issues");
            return Err(Failure::usage(format!("run {run} has no issue {issue}"), help));
        }
        let readers = self.readers(addresses).await?;
        for status in SubscriberStatus::ALL.into_iter().filter(|status| *status != SubscriberStatus::Confirmed) {
            let others = readers
                .iter()
                .filter(|reader| reader.status == status)
                .map(|reader| reader.address.as_str().to_owned());
            let what = format!("only confirmed readers are mailed, and these are {}", status.as_str());
            refuse(&what, others, "see `tidings explain ADDRESS`")?;
        }
        let mut states = self.store.states(run, &numbers(&readers)).await?;
        states.retain(|(key, _)| issue.is_none_or(|issue| key.issue == issue));
        let in_state = |wanted: &[DeliveryState]| {
            let is_in = |reader: &&Subscriber| {
                states.iter().any(|(key, state)| key.subscriber == reader.id && wanted.contains(state))
            };
            readers.iter().filter(is_in).map(|reader| reader.address.as_str().to_owned()).collect::<Vec<_>>()
        };
        let help = format!("settle it with `tidings runs resolve {run} --resend ADDRESS`");
        refuse("in doubt, it may have arrived", in_state(&[DeliveryState::InDoubt]).into_iter(), &help)?;
        let open = [DeliveryState::Queued, DeliveryState::Sending, DeliveryState::Deferred];
        refuse("still to be sent", in_state(&open).into_iter(), "`tidings deliver` sends it")?;
        let meant = self.store.readers_meant(run, issue, &numbers(&readers)).await?;
        let others = readers.iter().filter(|reader| !meant.contains(&reader.id));
        let others = others.map(|reader| reader.address.as_str().to_owned());
        refuse("not on a list that it is for", others, "see `tidings explain ADDRESS`")?;
        let queued = self.store.resend(run, issue, &numbers(&readers), &self.context.now.to_string()).await?;
        self.end(queued, said(Decision::SendAgain)).await
    }

    /// The readers with these addresses. All that are not on the list are named at once.
    async fn readers(&mut self, addresses: &[EmailAddress]) -> Result<Vec<Subscriber>, Failure> {
        let (mut readers, mut unknown) = (Vec::new(), Vec::new());
        for address in addresses {
            match self.store.subscriber(address).await? {
                Some(reader) => readers.push(reader),
                None => unknown.push(address.as_str().to_owned()),
            }
        }
        let help = "see `tidings runs show` for who did not get it";
        refuse("not on the list", unknown.into_iter(), help)?;
        Ok(readers)
    }

    /// Says what was done, and brings the records up to date.
    async fn end(mut self, settled: u64, what: &str) -> Result<(), Failure> {
        self.context.ui.say(&format!("{} {what}.", count(settled, "delivery")));
        let numbers: Vec<_> = self.run.issues.iter().map(|(number, _)| *number).collect();
        self.context.ui.diagnostics(self.memory.record(&mut self.store, &numbers).await?.as_slice());
        if self.memory.is_ci() {
            tell::records_to_commit(&numbers, self.context);
        }
        Ok(self.store.close().await?)
    }
}

fn said(decision: Decision) -> &'static str {
    match decision {
        Decision::Sent => "taken as sent",
        Decision::SendAgain => "queued to be sent again",
        Decision::Drop => "dropped",
        Decision::GiveUp => "given up",
    }
}

fn numbers(readers: &[Subscriber]) -> Vec<i64> {
    readers.iter().map(|reader| reader.id).collect()
}

/// Refuses as a mistake in the arguments when there are any addresses that something is the matter with.
fn refuse(what: &str, addresses: impl Iterator<Item = String>, help: &str) -> Result<(), Failure> {
    let addresses: Vec<_> = addresses.collect();
    if addresses.is_empty() {
        return Ok(());
    }
    Err(Failure::usage(format!("{what}: {}", addresses.join(", ")), help))
}

/// What is settled in a database that is not the newest would be settled twice.
async fn take_up(store: &mut Store, memory: &Memory, context: &Context) -> Result<(), Failure> {
    let found = memory.look(Some(&mut *store), true).await?;
    let refusal = |guard: &Guard| {
        let name = guard.name.as_str();
        let help = format!("{}; or take it up first with `tidings deliver --allow {name}`", guard.help);
        Diagnostic::error("guard", guard.message.clone()).help(help)
    };
    match found.allowed(None, &[]) {
        Err(PublishError::Refused(guards)) => {
            return Err(Failure { exit: Exit::Refused, diagnostics: guards.iter().map(refusal).collect() });
        }
        allowed => allowed?,
    }
    let taken_up = memory.take_up(store, &found, context.now).await?;
    // What a dead process left in the middle can be settled, and must not be sent afterwards.
    store.recover(Repeat::Never, &context.now.to_string()).await?;
    context.ui.diagnostics(found.warning.or(taken_up.warning).as_slice());
    Ok(())
}
