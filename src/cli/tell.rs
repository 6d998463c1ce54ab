//! What `publish` and `deliver` say while a run goes on, and the exit code that comes of it.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::failure::{Exit, Failure};
use super::{Context, Ui, missing, plan, session, status};
use crate::clock::told_of;
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::DeliveryState;
use crate::publish::{
    Delivered, Event, Frontend, Halt, Left, LettersSent, MissingIssue, Options, Prepared, PublishError, Publisher,
    Resumed, Site, Stop, Verdict, WayOut, count,
};
use crate::store::RunSummary;

/// Of domains that are left alone, so many are named.
const PAUSES_SHOWN: usize = 3;

/// Prints how a run goes.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Teller<'c> {
    context: &'c Context,
    /// Of the site.
    zone: &'c TimeZone,
    halt: Arc<Halt>,
    /// How messages leave, for people.
    transport: String,
    /// Whether the plan is shown and the question asked.
    pub(super) asks: bool,
    /// Whether nothing new is planned: then it goes without saying that what is left is tried again.
    pub(super) plans_nothing: bool,
    /// Whether any delivery was tried.
    pub(super) has_tried: bool,
    /// Whether what could be tried was not, at the last.
    pub(super) is_held_up: bool,
    /// The exit code so far.
    pub(super) exit: Exit,
}

impl<'c> Teller<'c> {
    pub(super) fn new(publisher: &Publisher, zone: &'c TimeZone, context: &'c Context) -> Self {
        let halt = Arc::clone(&publisher.halt);
        let transport = publisher.ways.iter().map(WayOut::name).collect::<Vec<_>>().join(", ");
        Self {
            context,
            zone,
            halt,
            transport,
            asks: false,
            plans_nothing: false,
            has_tried: false,
            is_held_up: false,
            exit: Exit::Done,
        }
    }

    fn say(&self, sentence: &str) {
        self.context.ui.say(sentence);
    }

    /// The first that is not [`Exit::Done`] counts.
    fn worse(&mut self, exit: Exit) {
        if self.exit == Exit::Done {
            self.exit = exit;
        }
    }
}

impl Frontend for Teller<'_> {
    fn tell(&mut self, event: Event<'_>) {
        match event {
            Event::Warning(warning) => self.context.ui.diagnostics(std::slice::from_ref(warning)),
            Event::Resumed(resumed) => self.resumed(resumed),
            Event::InDoubt(run) => self.in_doubt(run),
            Event::Letters(sent) => letters(sent, self.context),
            Event::NothingQueued => self.say("Nothing is queued."),
            Event::OnItsWay(post) => {
                self.say(&format!("{} is in an issue that is being delivered: it is not sent again.", post.path));
            }
            Event::GoingOn(fresh) => {
                self.say(&format!("Going on with {} of an earlier run.", count(fresh, "delivery")));
            }
            Event::TryingAgain(_) if self.plans_nothing => {}
            Event::TryingAgain(ready) => {
                self.say(&format!("Trying {} of an earlier run again.", count(ready, "delivery")));
            }
            Event::Sending => session::listen(&self.halt),
            Event::Delivered(delivered, issues) => self.delivered(&titles(issues), delivered),
            // What is asked says it.
            Event::Missing(missing) if self.asks && missing.readers.count > 0 => {}
            Event::Missing(missing) => self.context.ui.say_lines(missing::as_text(missing).trim_end()),
            Event::Waiting(deferred, next) => {
                let (deferred, next) = (count(deferred.unsigned_abs(), "delivery"), told_of(next, self.zone));
                self.say(&format!(
                    "{deferred} put off: trying again at {next}. Ctrl-C leaves the rest to `tidings deliver`."
                ));
            }
            Event::Left(left) => self.left(left),
            Event::RecordsToCommit(issues) => records_to_commit(issues, self.context),
            Event::Planned(prepared) => self.context.ui.diagnostics(&prepared.warnings),
            Event::Allowed(site, prepared) => self.held_back(site, prepared),
            Event::NothingToMail(prepared) => self.nothing_to_mail(prepared),
        }
    }

    fn agrees(&mut self, site: &Site, prepared: &Prepared) -> bool {
        if !self.asks {
            return true;
        }
        let mut page = self.context.ui.new_message();
        plan::tell(site, prepared, &[], &Options::default(), false, &mut page);
        Ui::message(page);
        let readers = count(prepared.recipients.unsigned_abs(), "reader");
        Ui::confirm(&format!("Send this to {readers} now?"))
    }

    fn agrees_to_missing(&mut self, missing: &MissingIssue) -> bool {
        if !self.asks {
            return true;
        }
        Ui::lines(missing::as_text(missing).trim_end());
        Ui::confirm(&format!("Send it to {} now?", count(missing.readers.count, "reader")))
    }
}

/// What became of letters to single readers, or what stood in their way.
pub(super) fn letters(sent: Result<LettersSent, PublishError>, context: &Context) {
    match sent {
        Ok(LettersSent { sent, deferred, over, in_doubt }) => {
            let parts = [(deferred, "put off"), (over, "not sent"), (in_doubt, "in doubt")];
            let rest: Vec<_> =
                parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", {count} {what}")).collect();
            context.ui.say(&format!("Sent {}{}.", count(sent, "letter"), rest.concat()));
        }
        Err(error) => {
            let why: Vec<_> = Failure::from(error)
                .diagnostics
                .into_iter()
                .map(|why| Diagnostic { severity: Severity::Warning, ..why })
                .collect();
            context.ui.diagnostics(&why);
            context.ui.say("The letters to single readers that wait are not sent.");
        }
    }
}

impl Teller<'_> {
    /// Names the posts that are never mailed by surprise, and never lost from sight.
    fn held_back(&self, site: &Site, prepared: &Prepared) {
        for (post, verdict) in site.posts.iter().zip(&prepared.verdicts) {
            if matches!(verdict, Verdict::Late(_) | Verdict::Waiting { .. }) || verdict.is_held_back() {
                self.say(&format!("Not mailed: {}: {}.", post.path, verdict.reason()));
            }
        }
    }

    fn nothing_to_mail(&mut self, prepared: &Prepared) {
        let nothing = if self.has_tried || prepared.unfinished > 0 { "nothing new" } else { "nothing" };
        if prepared.issues.is_empty() {
            let is_waiting = prepared.verdicts.iter().any(|verdict| matches!(verdict, Verdict::Waiting { .. }));
            let due = if is_waiting { "Too little is due for an issue" } else { "Nothing is due" };
            self.say(&format!("{due}: the feeds are up to date and {nothing} was mailed."));
            return;
        }
        let due = count(prepared.entries.len() as u64, "entry");
        self.say(&format!(
            "{due} would be due, but there is no confirmed subscriber: the feeds are up to date, {nothing} was mailed or recorded."
        ));
        // An empty list is no success once there were readers.
        if prepared.last_run.is_some() {
            self.worse(Exit::Incomplete);
        }
    }

    /// What became of deliveries that an earlier process did not live to record, and which were given up.
    fn resumed(&mut self, resumed: &Resumed) {
        if resumed.given_up > 0 {
            self.worse(Exit::Incomplete);
            self.say(&format!(
                "{} of an earlier run given up, refused until older than `newsletter.max_lateness`. See `tidings runs show`.",
                count(resumed.given_up, "delivery")
            ));
        }
        if resumed.accepted > 0 {
            let accepted = count(resumed.accepted, "delivery");
            self.say(&format!("An earlier run ended after the server had accepted {accepted}: recorded as sent."));
        }
        let deliveries = count(resumed.interrupted, "delivery");
        if resumed.held > 0 {
            self.say(&format!(
                "The database was not the newest: {} in doubt, and not sent. See `tidings runs show`, settle with `tidings runs resolve`.",
                count(resumed.held, "open delivery")
            ));
            self.worse(Exit::Incomplete);
        } else if resumed.interrupted > 0 && resumed.is_repeated {
            self.say(&format!("An earlier run ended in the middle of {deliveries}: sent again."));
        } else if resumed.interrupted > 0 {
            self.say(&format!(
                "An earlier run ended in the middle of {deliveries}: in doubt, and not sent again. See `tidings runs show`, settle with `tidings runs resolve`."
            ));
            self.worse(Exit::Incomplete);
        }
    }

    /// That deliveries of a run are in doubt, unless that was said of some just now.
    fn in_doubt(&self, RunSummary { run, deliveries, .. }: &RunSummary) {
        if self.exit == Exit::Done {
            let (run, deliveries) = (run.id, count(deliveries.in_doubt.unsigned_abs(), "delivery"));
            let cure = format!("see `tidings runs show {run}`, settle with `tidings runs resolve {run}`");
            self.say(&format!("Still in doubt, and not sent again: {deliveries} of run {run}; {cure}."));
        }
    }

    /// What was delivered, and of which issues.
    fn delivered(&mut self, what: &str, delivered: &Delivered) {
        self.has_tried |= delivered.tried > 0;
        self.is_held_up = delivered.tried == 0 || delivered.stopped.is_some();
        let given_up = delivered.given_up;
        let number = |state: DeliveryState| {
            let number = delivered.states.get(state.as_str()).copied().unwrap_or(0);
            if state == DeliveryState::Skipped { number.saturating_sub(given_up) } else { number }
        };
        let mut words: Vec<String> = DeliveryState::ALL
            .into_iter()
            .filter(|state| *state != DeliveryState::Queued && number(*state) > 0)
            .map(|state| format!("{} {}", number(state), state.as_str().replace('_', " ")))
            .collect();
        if given_up > 0 {
            words.push(format!("{given_up} given up"));
        }
        let taken = delivered.taken.join(" and ");
        let ways = if taken.is_empty() { &self.transport } else { &taken };
        let done = (!words.is_empty()).then(|| format!("{} by way of {ways}", words.join(", ")));
        // What the server has against the sender.
        let back = Some(number(DeliveryState::Queued)).filter(|back| *back > 0);
        let back = back.map(|back| format!("{back} not taken, still queued"));
        let parts: Vec<_> = done.into_iter().chain(back).collect();
        if !parts.is_empty() {
            self.say(&format!("{what}{}.", parts.join("; ")));
            if number(DeliveryState::Sent) > 0 && ways.starts_with("the folder ") {
                self.say("What lies there counts as mailed: `tidings publish --include POST` sends a post again.");
            }
        } else if delivered.stopped.is_none() && delivered.tried > 0 {
            let tried = count(delivered.tried, "message");
            self.say(&format!("{tried} tried and not taken for now; `tidings runs show` says why."));
        } else if delivered.stopped.is_none() {
            self.say("Nothing can be tried yet.");
        }
        for down in &delivered.down {
            self.say(&format!("Not by way of {}: {}.", down.relay, down.reason));
        }
        for left in delivered.left_alone.iter().take(PAUSES_SHOWN) {
            let until = told_of(left.until.as_deref().unwrap_or_default(), self.zone);
            self.say(&format!("Paused until {until}: {}", left.reason));
        }
        if let Some(more) = delivered.left_alone.len().checked_sub(PAUSES_SHOWN).filter(|more| *more > 0) {
            self.say(&format!("… and {} paused; `tidings status` names them.", count(more as u64, "more domain")));
        }
        // What was put off may still be sent by this command.
        let trouble = [DeliveryState::Failed, DeliveryState::InDoubt];
        if given_up > 0 || trouble.into_iter().any(|state| number(state) > 0) {
            self.worse(Exit::Incomplete);
        }
    }

    /// What is left after everything that could be tried.
    fn left(&mut self, Left { stopped, counts, next_attempt_at }: &Left) {
        if let Some(next) = next_attempt_at {
            let deferred = if counts.deferred > 0 { format!("{} deferred; ", counts.deferred) } else { String::new() };
            let from = status::from_when(next, self.zone, self.context);
            self.say(&format!("{deferred}`tidings deliver` can try again {from}."));
        }
        let why = match stopped {
            Some(Stop::Asked) => format!("Stopped {}; ", Stop::Asked.reason()),
            Some(stop) => format!("Stopped: {}; ", stop.reason()),
            None => String::new(),
        };
        if counts.queued > 0 {
            let queued = count(counts.queued.unsigned_abs(), "message");
            self.say(&format!("{why}{queued} still queued, `tidings deliver` goes on."));
        } else if let Some(why) = why.strip_suffix("; ") {
            self.say(&format!("{why}."));
        }
        if self.exit != Exit::Done || counts.deferred > 0 {
            self.say("`tidings runs show` names who did not get it, and why.");
        }
        if counts.open() > 0 {
            self.worse(Exit::Incomplete);
        }
    }
}

/// Says which records are on a machine that is thrown away.
pub(super) fn records_to_commit(issues: &[i64], context: &Context) {
    let names: Vec<_> = issues.iter().map(|number| format!(".tidings/issues/{number}.json")).collect();
    context.ui.say(&format!("Commit {}, or the next run may mail this again.", names.join(", ")));
}

/// `Issue 4 “Slow rivers”: `; nothing without an issue.
fn titles(issues: &[(i64, String)]) -> String {
    if issues.is_empty() {
        return String::new();
    }
    let titles: Vec<_> = issues.iter().map(|(number, subject)| format!("{number} “{subject}”")).collect();
    format!("Issue {}: ", titles.join(", "))
}
