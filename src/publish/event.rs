//! What is told of a run while it goes on, and asked before anything is frozen.

use super::Resumed;
use super::deliver::Delivered;
use super::error::PublishError;
use super::halt::Stop;
use super::letters::LettersSent;
use super::missing::MissingIssue;
use super::prepare::Prepared;
use super::site::Site;
use crate::diagnostic::Diagnostic;
use crate::model::{DeliveryCounts, Post};
use crate::store::RunSummary;

/// Who is told how a run goes, and is asked before anything is frozen.
pub trait Frontend {
    /// Something has happened, or is about to.
    fn tell(&mut self, event: Event<'_>);

    /// Whether the plan is to be carried out.
    fn agrees(&mut self, site: &Site, prepared: &Prepared) -> bool;

    /// Whether an issue is to be mailed to the readers who never got it.
    fn agrees_to_missing(&mut self, missing: &MissingIssue) -> bool;
}

/// What a [`Frontend`] is told, in the order of the steps.
pub enum Event<'e> {
    /// What the memory of this machine does not protect from; told once.
    Warning(&'e Diagnostic),
    /// There is nothing to deliver.
    NothingQueued,
    /// The right to deliver is taken; this is what the last process left behind.
    Resumed(&'e Resumed),
    /// A run with deliveries in doubt.
    InDoubt(&'e RunSummary),
    /// What became of letters to single readers that waited, or what stood in their way.
    Letters(Result<LettersSent, PublishError>),
    /// A post that was asked for with `--include` is in an issue that is still being delivered.
    OnItsWay(&'e Post),
    /// So many deliveries of an earlier run, which were neither tried nor put off, come first.
    GoingOn(u64),
    /// From here on messages may be in flight.
    Sending,
    /// What was delivered, and the number and subject of each issue that this run is for; none when it goes on with an earlier
    /// one.
    Delivered(&'e Delivered, &'e [(i64, String)]),
    /// So many deliveries were put off, and are tried again in this run at this moment (RFC 3339).
    Waiting(i64, &'e str),
    /// What is left after everything that could be tried.
    Left(&'e Left),
    /// The records of these issues are on a machine that is thrown away.
    RecordsToCommit(&'e [i64]),
    /// The plan, with what is wrong with the posts and was put up with.
    Planned(&'e Prepared),
    /// Whom an issue has not reached.
    Missing(&'e MissingIssue),
    /// The plan may be carried out.
    Allowed(&'e Site, &'e Prepared),
    /// Nothing is due, or there is no reader to mail it to: the feeds are written, and that is all.
    NothingToMail(&'e Prepared),
    /// So many deliveries of an earlier run that were put off are tried again.
    TryingAgain(u64),
}

/// Deliveries that are left.
#[derive(Debug)]
pub struct Left {
    /// Why it stopped before the queue was empty.
    pub stopped: Option<Stop>,
    /// By state.
    pub counts: DeliveryCounts,
    /// When the first of those that were put off may be tried again.
    pub next_attempt_at: Option<String>,
}
