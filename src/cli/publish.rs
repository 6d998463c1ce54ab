//! `tidings publish`

use std::collections::{BTreeMap, HashSet};

use clap::Args;
use serde_json::json;

use super::agreement::{self, Answer};
use super::allow::{Accept, Allow};
use super::failure::{Exit, Failure};
use super::{Context, Ui, plan, runs, session, status, tolerance};
use crate::config::Config;
use crate::diagnostic::{Diagnostic, Location};
use crate::model::{DeliveryState, EmailAddress, Issue, Outcome};
use crate::publish::{
    BuiltFeeds, CONFIG_FILE, Delivered, Intent, Options, Past, Prepared, Publisher, Purpose, Resumed, Site, Stop,
    Verdict, Which, count, not_live, prepare, preview, send_test, signer,
};

/// Build the feeds, mail the due entries to every confirmed subscriber, and record the run.
///
/// An entry is due when it is new since the last recorded run. Each is mailed once: an edit, a new title, a new date or a
/// moved file never mails it again. `--dry-run` shows all of it and changes nothing but the folder preview.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Show the plan and write the exact files and messages to preview/; send and record nothing
    #[arg(short = 'n', long)]
    dry_run: bool,

    /// Mail this late or already mailed post too: its path, file name, slug, id or URL
    #[arg(long, value_name = "POST")]
    include: Vec<String>,

    /// Send the next issue to this address only, as a test; record nothing
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["expect", "limit"])]
    to: Option<EmailAddress>,

    /// Publish only if the plan has this digest, as a dry run named it
    #[arg(long, value_name = "DIGEST")]
    expect: Option<String>,

    #[command(flatten)]
    allow: Allow,

    #[command(flatten)]
    accept: Accept,

    #[command(flatten)]
    tolerance: tolerance::ToleranceArguments,

    /// Deliver at most this many messages now; the rest stay queued
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    /// Ask nothing: send, and agree to what the site wants on this machine; the answer is remembered
    #[arg(short, long)]
    yes: bool,

    /// Print the plan (with --dry-run) or what was done as JSON
    #[arg(long)]
    json: bool,
}

impl Arguments {
    fn options(&self) -> Options {
        Options {
            include: self.include.clone(),
            allow: self.allow.guards(),
            expect: self.expect.clone(),
            tolerance: self.tolerance.tolerance(),
        }
    }
}

pub(super) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let intent = if arguments.dry_run { Intent::Read } else { Intent::Send };
    let answer = Answer::of(arguments.yes, &arguments.allow.guards());
    let config = agreement::config(intent, answer, context)?;
    if config.newsletter.from.is_none() {
        let missing = Diagnostic::error("config/missing", "`newsletter.from` is missing: a newsletter needs a sender")
            .at(Location::start_of(CONFIG_FILE));
        let help = "add `from = \"Your name <you@example.org>\"` under `[newsletter]`; `tidings build` writes the feeds without it";
        return Err(Failure::new(Exit::Problems, missing.help(help)));
    }
    match (&arguments.to, arguments.dry_run) {
        (_, true) => dry_run(&arguments, &config, context).await,
        (Some(to), false) => test(to, &arguments, &config, context).await,
        (None, false) => publish(&arguments, &config, context).await,
    }
}

/// Shows what publishing would do. Nothing outside of `preview/` changes.
async fn dry_run(arguments: &Arguments, config: &Config, context: &Context) -> Result<Exit, Failure> {
    let site = Site::open(&context.site, config.clone(), context.now)?;
    let mut store = session::existing_store(config, &context.site).await?;
    let past = Past::read(store.as_mut(), &session::memory(config, &context.site, &context.state)).await?;
    let options = arguments.options();
    let mut prepared = prepare(&site, &past, &options, context.now)?;
    prepared.guards.extend(not_live(&prepared, config).await);
    let feeds = feeds(&site, Purpose::Compare, &mut prepared, &options)?;
    let files = preview::write(&site, &prepared, store.as_mut(), arguments.to.as_ref()).await?;
    session::close(store).await?;
    context.ui.diagnostics(&past.findings());
    context.ui.diagnostics(&prepared.warnings);
    if arguments.json {
        Ui::json(&plan::as_json(&site, &prepared, &files));
    } else {
        Ui::result(&plan::as_text(&site, &prepared, &files, &options.include, context.ui.is_verbose()));
    }
    arguments.accept.judge(&feeds)?;
    prepared.allowed(&options)?;
    Ok(Exit::Done)
}

/// Builds the feeds; what is wrong with the posts that only they show is added to what is known.
fn feeds(site: &Site, purpose: Purpose, prepared: &mut Prepared, options: &Options) -> Result<BuiltFeeds, Failure> {
    let mut feeds = site.build_feeds(purpose)?;
    feeds.tolerate_few();
    options.tolerance.judge(&feeds.warnings)?;
    let known: HashSet<_> = prepared.warnings.iter().map(key).collect();
    let new: Vec<_> = feeds.warnings.iter().filter(|found| !known.contains(&key(found))).cloned().collect();
    prepared.warnings.extend(new);
    Ok(feeds)
}

/// What makes two diagnostics the same one.
fn key(found: &Diagnostic) -> (&'static str, String, Option<(String, usize, usize)>) {
    let place = found.location.as_ref().map(|place| (place.path.clone(), place.line, place.column));
    (found.code, found.message.clone(), place)
}

/// Sends the next issue to one address. Nothing is recorded.
async fn test(to: &EmailAddress, arguments: &Arguments, config: &Config, context: &Context) -> Result<Exit, Failure> {
    let site = Site::open(&context.site, config.clone(), context.now)?;
    let transport = session::transport(config, &context.site)?;
    let signer = signer(config, &context.site)?;
    let mut store = session::existing_store(config, &context.site).await?;
    let past = Past::read(store.as_mut(), &session::memory(config, &context.site, &context.state)).await?;
    let options = arguments.options();
    let prepared = prepare(&site, &past, &options, context.now)?;
    context.ui.diagnostics(&prepared.warnings);
    if prepared.issues.is_empty() {
        session::close(store).await?;
        context.ui.say("Nothing is due, so there is no issue to test; name a post with --include.");
        return Ok(Exit::Done);
    }
    let mut exit = Exit::Done;
    let (mail, issues) = (&config.mail, &prepared.issues);
    let outcomes = send_test(transport.as_ref(), mail, &options.allow, store.as_mut(), signer, issues, to).await?;
    session::close(store).await?;
    for (issue, outcome) in prepared.issues.iter().zip(outcomes) {
        let said = match outcome {
            Outcome::Sent(reply) => format!(
                "Sent issue {} “{}” to {} as a test; nothing is recorded. {reply}",
                issue.number,
                issue.subject,
                to.masked()
            ),
            Outcome::Deferred(reply) | Outcome::Failed(reply) | Outcome::InDoubt(reply) | Outcome::Refused(reply) => {
                exit = Exit::Incomplete;
                format!("Issue {} was not sent to {}: {reply}", issue.number, to.masked())
            }
        };
        context.ui.say(&said);
    }
    Ok(exit)
}

/// The real thing, in the order of the design: finish, plan, freeze, deliver, finish.
async fn publish(arguments: &Arguments, config: &Config, context: &Context) -> Result<Exit, Failure> {
    let allow = arguments.options().allow;
    let mut publisher = session::publisher(config, context, &allow).await?;
    let resumed = publisher.resume(config, &allow).await?;
    let was_told = session::tell_warning(&publisher, false, context);
    let mut exit = tell_interrupted(&resumed, context);
    if exit == Exit::Done {
        runs::tell_in_doubt(&mut publisher.store, context).await?;
    }
    let mut done = Done::default();
    let mut left = arguments.limit;

    // Step 1: what an earlier run left and nobody has tried. Its bytes are frozen, so it needs nothing of what is on disk now.
    let fresh = publisher.fresh().await?;
    if fresh > 0 {
        context.ui.say(&format!("Going on with {} of an earlier run.", count(fresh, "delivery")));
        publisher.reach().await?;
        session::listen(&publisher.halt);
        let delivered;
        (publisher, delivered) = publisher.deliver(Which::Fresh, left).await?;
        exit = worst(exit, tell_delivered("", &delivered, &publisher, context));
        left = left.map(|left| left.saturating_sub(delivered.total()));
        done.add(&delivered);
        if delivered.stopped.is_some() || left == Some(0) {
            exit = tell_rest(delivered.stopped.as_ref(), exit, &mut publisher, context).await?;
            done.tell(arguments, None);
            publisher.store.close().await?;
            return Ok(exit);
        }
    }

    // Step 2: the plan. What is wrong with it keeps nobody waiting who was put off by an earlier run.
    let planned = match plan_next(arguments, config, context, &mut publisher, resumed.open > 0).await {
        Ok(Planned::Declined) => {
            context.ui.say("Nothing was sent.");
            return Ok(exit);
        }
        // Step 3: from the freeze on the entries count as published, and only the ledger decides what is sent.
        Ok(Planned::Due(due)) => {
            publisher.reach().await?;
            due.feeds.commit()?;
            due.site.write_made(&due.prepared.made)?;
            if publisher.halt.is_set() {
                context.ui.say("Stopped as asked: nothing new was sent or recorded.");
                return Ok(Exit::Incomplete);
            }
            session::listen(&publisher.halt);
            done.queued = publisher.freeze(&due.prepared).await?;
            Ok(Some(due.prepared))
        }
        Ok(Planned::Nothing(so_far)) => {
            exit = worst(exit, so_far);
            Ok(None)
        }
        Err(failure) => Err(failure),
    };

    // Steps 4 and 5: who waits for a first try comes before those who were put off.
    let ready = publisher.ready().await?;
    let prepared = planned.as_ref().ok().and_then(Option::as_ref);
    if ready > 0 {
        if prepared.is_none() {
            context.ui.say(&format!("Trying {} of an earlier run again.", count(ready, "delivery")));
            publisher.reach().await?;
        }
        session::listen(&publisher.halt);
        let delivered;
        (publisher, delivered) = publisher.deliver(Which::All, left).await?;
        let what = prepared.map(titles).unwrap_or_default();
        exit = worst(exit, tell_delivered(&what, &delivered, &publisher, context));
        exit = tell_rest(delivered.stopped.as_ref(), exit, &mut publisher, context).await?;
        done.add(&delivered);
    } else if resumed.open > 0 {
        if fresh == 0 {
            exit = worst(exit, tell_delivered("", &Delivered::default(), &publisher, context));
        }
        exit = tell_rest(None, exit, &mut publisher, context).await?;
    }
    if let Some(prepared) = prepared.filter(|_| publisher.memory.is_ci()) {
        let name = |issue: &Issue| format!(".tidings/issues/{}.json", issue.number);
        let names: Vec<_> = prepared.issues.iter().map(name).collect();
        context.ui.say(&format!("Commit {}, or the next run may mail this again.", names.join(", ")));
    }
    session::tell_warning(&publisher, was_told, context);
    if planned.is_ok() {
        done.tell(arguments, prepared);
    }
    publisher.store.close().await?;
    planned.map(|_| exit)
}

/// What comes next.
enum Planned {
    /// Nothing is due, or there is nobody to mail it to; the feeds are up to date.
    Nothing(Exit),
    /// The user does not want it.
    Declined,
    /// This is due.
    Due(Box<Due>),
}

struct Due {
    site: Site,
    prepared: Prepared,
    feeds: BuiltFeeds,
}

/// Makes the plan, and asks whether it is to be carried out. `is_going_on` says that an earlier run had something left.
async fn plan_next(
    arguments: &Arguments,
    config: &Config,
    context: &Context,
    publisher: &mut Publisher,
    is_going_on: bool,
) -> Result<Planned, Failure> {
    let mut options = arguments.options();
    let site = Site::open(&context.site, config.clone(), context.now)?;
    let past = Past::read(Some(&mut publisher.store), &publisher.memory).await?;
    let mut prepared = prepare(&site, &past, &options, context.now)?;
    prepared.guards.extend(not_live(&prepared, config).await);
    let feeds = feeds(&site, Purpose::Write, &mut prepared, &options)?;
    context.ui.diagnostics(&prepared.warnings);
    if prepared.issues.is_empty() && is_going_on {
        // The reviewed plan is the one that is being finished.
        options.expect = None;
    }
    prepared.allowed(&options)?;
    arguments.accept.judge(&feeds)?;
    tell_held_back(&site, &prepared, context);
    if prepared.issues.is_empty() || prepared.recipients == 0 {
        feeds.commit()?;
        site.write_made(&prepared.made)?;
        tell_nothing(&prepared, context);
        // Nobody to mail to is no success once there were readers.
        let is_lost = !prepared.issues.is_empty() && prepared.last_run.is_some();
        return Ok(Planned::Nothing(if is_lost { Exit::Incomplete } else { Exit::Done }));
    }
    if !arguments.yes && Ui::is_interactive() {
        context.ui.say_lines(&plan::as_text(&site, &prepared, &[], &[], false));
        let readers = count(prepared.recipients.unsigned_abs(), "reader");
        if !Ui::confirm(&format!("Send this to {readers} now?")) {
            return Ok(Planned::Declined);
        }
    }
    Ok(Planned::Due(Box::new(Due { site, prepared, feeds })))
}

/// What a publish did, for `--json`.
#[derive(Default)]
struct Done {
    queued: u64,
    deliveries: BTreeMap<&'static str, u64>,
    stopped: bool,
    paused: Vec<String>,
}

impl Done {
    fn add(&mut self, delivered: &Delivered) {
        for (state, count) in &delivered.states {
            *self.deliveries.entry(state).or_default() += count;
        }
        self.stopped |= delivered.stopped.is_some();
        self.paused.extend(delivered.left_alone.iter().map(|stop| stop.domain.clone()));
    }

    fn tell(&self, arguments: &Arguments, prepared: Option<&Prepared>) {
        if !arguments.json {
            return;
        }
        Ui::json(&json!({
            "digest": prepared.map(Prepared::digest),
            "issues": prepared.map_or_else(Vec::new, |prepared| prepared.issues.iter().map(plan::issue_as_json).collect()),
            "queued": self.queued,
            "deliveries": self.deliveries,
            "stopped": self.stopped,
            "paused": self.paused,
        }));
    }
}

pub(super) fn worst(one: Exit, other: Exit) -> Exit {
    if one == Exit::Done { other } else { one }
}

/// Names the posts that are never mailed by surprise, and never lost from sight.
fn tell_held_back(site: &Site, prepared: &Prepared, context: &Context) {
    for (post, verdict) in site.posts.iter().zip(&prepared.verdicts) {
        if matches!(verdict, Verdict::Late(_)) || verdict.is_held_back() {
            context.ui.say(&format!("Not mailed: {}: {}.", post.path, verdict.reason()));
        }
    }
}

fn tell_nothing(prepared: &Prepared, context: &Context) {
    if prepared.issues.is_empty() {
        context.ui.say("Nothing is due: the feeds are up to date and nobody was mailed.");
    } else {
        let due = count(prepared.entries.len() as u64, "entry");
        context.ui.say(&format!(
            "{due} would be due, but there is no confirmed subscriber: the feeds are up to date, nothing was mailed or recorded."
        ));
    }
}

/// Says what became of deliveries that an earlier process did not live to record, and which were given up.
pub(super) fn tell_interrupted(resumed: &Resumed, context: &Context) -> Exit {
    if resumed.given_up > 0 {
        context.ui.say(&format!(
            "{} of an earlier run given up, refused until older than `newsletter.max_lateness`. See `tidings runs show`.",
            count(resumed.given_up, "delivery")
        ));
    }
    if resumed.held > 0 {
        context.ui.say(&format!(
            "The database was not the newest: {} in doubt, and not sent. See `tidings runs show`, settle with `tidings runs resolve`.",
            count(resumed.held, "open delivery")
        ));
        return Exit::Incomplete;
    }
    if resumed.interrupted == 0 {
        return Exit::Done;
    }
    let deliveries = count(resumed.interrupted, "delivery");
    if resumed.is_repeated {
        context.ui.say(&format!("An earlier run ended in the middle of {deliveries}: sent again."));
        return Exit::Done;
    }
    context.ui.say(&format!(
        "An earlier run ended in the middle of {deliveries}: in doubt, and not sent again. See `tidings runs show`, settle with `tidings runs resolve`."
    ));
    Exit::Incomplete
}

/// `Issue 4 “Slow rivers”: `
fn titles(prepared: &Prepared) -> String {
    let titles: Vec<_> = prepared.issues.iter().map(|issue| format!("{} “{}”", issue.number, issue.subject)).collect();
    format!("Issue {}: ", titles.join(", "))
}

/// Of domains that are left alone, so many are named.
const PAUSES_SHOWN: usize = 3;

/// Says what was delivered, and of which issues, and turns it into an exit code.
pub(super) fn tell_delivered(what: &str, delivered: &Delivered, publisher: &Publisher, context: &Context) -> Exit {
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
    let done =
        (!words.is_empty()).then(|| format!("{} by way of {}", words.join(", "), publisher.transport.describe()));
    // What the server has against the sender.
    let back = Some(number(DeliveryState::Queued)).filter(|back| *back > 0);
    let parts: Vec<_> = done.into_iter().chain(back.map(|back| format!("{back} not taken, still queued"))).collect();
    context.ui.say(&match parts.as_slice() {
        [] => "Nothing can be tried yet.".to_owned(),
        parts => format!("{what}{}.", parts.join("; ")),
    });
    for left in delivered.left_alone.iter().take(PAUSES_SHOWN) {
        let until = left.until.as_deref().unwrap_or_default();
        context.ui.say(&format!("Paused until {until}: {}", left.reason));
    }
    if let Some(more) = delivered.left_alone.len().checked_sub(PAUSES_SHOWN).filter(|more| *more > 0) {
        context.ui.say(&format!("… and {} paused; `tidings status` names them.", count(more as u64, "more domain")));
    }
    let trouble = [DeliveryState::Failed, DeliveryState::Deferred, DeliveryState::InDoubt];
    let is_trouble = given_up > 0 || trouble.into_iter().any(|state| number(state) > 0);
    if is_trouble { Exit::Incomplete } else { Exit::Done }
}

/// Says what is left after everything that could be tried, and turns it and what came before into an exit code.
pub(super) async fn tell_rest(
    stopped: Option<&Stop>,
    exit: Exit,
    publisher: &mut Publisher,
    context: &Context,
) -> Result<Exit, Failure> {
    let store = &mut publisher.store;
    let counts = store.delivery_counts(None).await?;
    if let Some(next) = store.next_attempt_at().await? {
        let deferred = if counts.deferred > 0 { format!("{} deferred; ", counts.deferred) } else { String::new() };
        context.ui.say(&format!("{deferred}`tidings deliver` can try again {}.", status::from_when(&next, context)));
    }
    let why = match stopped {
        Some(Stop::Asked) => format!("Stopped {}; ", Stop::Asked.reason()),
        Some(stop) => format!("Stopped: {}; ", stop.reason()),
        None => String::new(),
    };
    if counts.queued > 0 {
        let queued = count(counts.queued.unsigned_abs(), "message");
        context.ui.say(&format!("{why}{queued} still queued, `tidings deliver` goes on."));
    } else if let Some(why) = why.strip_suffix("; ") {
        context.ui.say(&format!("{why}."));
    }
    if exit != Exit::Done {
        context.ui.say("`tidings runs show` names who did not get it, and why.");
    }
    Ok(if counts.open() > 0 { worst(exit, Exit::Incomplete) } else { exit })
}
