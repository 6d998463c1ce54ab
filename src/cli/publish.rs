//! `tidings publish`

use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::json;

use super::failure::{Exit, Failure};
use super::{Context, Ui, plan, session, tolerance};
use crate::config::Config;
use crate::diagnostic::{Diagnostic, Location};
use crate::model::{DeliveryState, EmailAddress, Outcome};
use crate::publish::{
    CONFIG_FILE, Delivered, GuardName, Options, Past, Prepared, PublishError, Publisher, Site, Stop, count, prepare,
    preview, unfinished_too_late,
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
    #[arg(long, value_name = "ADDRESS")]
    to: Option<EmailAddress>,

    /// Publish only if the plan has this digest, as a dry run named it
    #[arg(long, value_name = "DIGEST")]
    expect: Option<String>,

    /// Let a guard pass that refused
    #[arg(long, value_name = "GUARD", value_parser = PossibleValuesParser::new(GuardName::ALL.map(GuardName::as_str)))]
    allow: Vec<String>,

    #[command(flatten)]
    tolerance: tolerance::ToleranceArguments,

    /// Deliver at most this many messages now; the rest stay queued
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    /// Ask nothing
    #[arg(short, long)]
    yes: bool,

    /// Print the plan (with --dry-run) or what was done as JSON
    #[arg(long)]
    json: bool,
}

impl Arguments {
    fn options(&self) -> Options {
        let allow =
            GuardName::ALL.into_iter().filter(|guard| self.allow.iter().any(|word| word == guard.as_str())).collect();
        Options {
            include: self.include.clone(),
            allow,
            expect: self.expect.clone(),
            tolerance: self.tolerance.tolerance(),
        }
    }
}

pub(super) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let config = Site::config(&context.site)?;
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
    let site = Site::open(&context.site, context.now)?;
    let mut store = session::existing_store(config, &context.site).await?;
    let past = Past::read(store.as_mut()).await?;
    let options = arguments.options();
    let prepared = prepare(&site, &past, &options, context.now)?;
    let files = preview::write(&site, &prepared, store.as_mut(), arguments.to.as_ref()).await?;
    session::close(store).await?;
    context.ui.diagnostics(&prepared.warnings);
    if arguments.json {
        Ui::json(&plan::as_json(&site, &prepared, &files));
    } else {
        Ui::result(&plan::as_text(&site, &prepared, &files, context.ui.is_verbose()));
    }
    prepared.allowed(&options)?;
    Ok(Exit::Done)
}

/// Sends the next issue to one address. Nothing is recorded.
async fn test(to: &EmailAddress, arguments: &Arguments, config: &Config, context: &Context) -> Result<Exit, Failure> {
    let site = Site::open(&context.site, context.now)?;
    let mut publisher = session::publisher(config, context).await?;
    let past = Past::read(Some(&mut publisher.store)).await?;
    let prepared = prepare(&site, &past, &arguments.options(), context.now)?;
    context.ui.diagnostics(&prepared.warnings);
    if prepared.issues.is_empty() {
        context.ui.say("Nothing is due, so there is no issue to test; name a post with --include.");
        return Ok(Exit::Done);
    }
    let mut exit = Exit::Done;
    for (issue, outcome) in prepared.issues.iter().zip(publisher.send_test(&prepared.issues, to).await?) {
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
    publisher.store.close().await?;
    Ok(exit)
}

/// The real thing, in the order of the design: finish, plan, freeze, deliver, finish.
async fn publish(arguments: &Arguments, config: &Config, context: &Context) -> Result<Exit, Failure> {
    let options = arguments.options();
    let mut publisher = session::publisher(config, context).await?;
    let resumed = publisher.resume().await?;
    tell_interrupted(resumed.interrupted, config, context);
    let mut exit = if resumed.interrupted > 0 && !repeats(config) { Exit::Incomplete } else { Exit::Done };

    // Step 1: what an earlier run left. Its bytes are frozen, so it needs nothing of what is on disk now.
    if resumed.open > 0 {
        if let Some(guard) = unfinished_too_late(&resumed.issues, config, context.now)
            .filter(|guard| !options.allow.contains(&guard.name))
        {
            return Err(PublishError::Refused(vec![guard]).into());
        }
        context.ui.say(&format!("Going on with {} of an earlier run.", count(resumed.open.unsigned_abs(), "delivery")));
        publisher.reach().await?;
        let delivered;
        (publisher, delivered) = publisher.deliver(arguments.limit).await?;
        exit = worst(exit, tell_delivered("", &delivered, &mut publisher, context).await?);
        if delivered.stopped.is_some() || arguments.limit.is_some() {
            publisher.store.close().await?;
            return Ok(exit);
        }
    }

    // Step 2: the plan.
    let site = Site::open(&context.site, context.now)?;
    let past = Past::read(Some(&mut publisher.store)).await?;
    let prepared = prepare(&site, &past, &options, context.now)?;
    context.ui.diagnostics(&prepared.warnings);
    prepared.allowed(&options)?;
    if prepared.issues.is_empty() || prepared.recipients == 0 {
        site.write_feeds(&prepared.feeds)?;
        tell_nothing(arguments, &site, &prepared, context);
        publisher.store.close().await?;
        return Ok(exit);
    }
    if !arguments.yes && Ui::is_interactive() {
        context.ui.say(&plan::as_text(&site, &prepared, &[], false));
        let readers = count(prepared.recipients.unsigned_abs(), "reader");
        if !Ui::confirm(&format!("Send this to {readers} now?")) {
            context.ui.say("Nothing was sent.");
            return Ok(exit);
        }
    }

    // Steps 3 to 5: from the freeze on the entries count as published, and only the ledger decides what is sent.
    publisher.reach().await?;
    site.write_feeds(&prepared.feeds)?;
    let queued = publisher.freeze(&prepared).await?;
    let (mut publisher, delivered) = publisher.deliver(arguments.limit).await?;
    exit = worst(exit, tell_delivered(&titles(&prepared), &delivered, &mut publisher, context).await?);
    if arguments.json {
        Ui::json(&json!({
            "now": prepared.now.to_string(),
            "digest": prepared.digest(),
            "issues": prepared.issues.iter().map(plan::issue_as_json).collect::<Vec<_>>(),
            "queued": queued,
            "deliveries": delivered.states,
            "stopped": delivered.stopped.is_some(),
        }));
    }
    publisher.store.close().await?;
    Ok(exit)
}

fn repeats(config: &Config) -> bool {
    config.mail.in_doubt == crate::config::InDoubt::Resend
        || matches!(config.mail.transport, crate::config::TransportUrl::Outbox(_))
}

fn worst(one: Exit, other: Exit) -> Exit {
    if one == Exit::Done { other } else { one }
}

fn tell_nothing(arguments: &Arguments, site: &Site, prepared: &Prepared, context: &Context) {
    if arguments.json {
        Ui::json(
            &json!({ "now": prepared.now.to_string(), "digest": "", "issues": [], "queued": 0, "deliveries": {}, "stopped": false }),
        );
    }
    let late = plan::late(site, prepared);
    if !late.is_empty() {
        context.ui.say(&format!("Late, and sent only with --include: {}.", late.join(", ")));
    }
    if prepared.issues.is_empty() {
        context.ui.say("Nothing is due: the feeds are up to date and nobody was mailed.");
    } else {
        let due = count(prepared.entries.len() as u64, "entry");
        context.ui.say(&format!("{due} would be due, but there is no confirmed subscriber: the feeds are up to date, nothing was mailed or recorded."));
    }
}

/// Says what became of deliveries that an earlier process did not live to record.
pub(super) fn tell_interrupted(interrupted: u64, config: &Config, context: &Context) {
    if interrupted == 0 {
        return;
    }
    let deliveries = count(interrupted, "delivery");
    if repeats(config) {
        context.ui.say(&format!("An earlier run ended while {deliveries} were being sent; they are sent again."));
    } else {
        context.ui.say(&format!(
            "An earlier run ended while {deliveries} were being sent: in doubt, and not sent again. See `tidings runs show`, settle with `tidings runs resolve`."
        ));
    }
}

/// `Issue 4 “Slow rivers”: `
fn titles(prepared: &Prepared) -> String {
    let titles: Vec<_> = prepared.issues.iter().map(|issue| format!("{} “{}”", issue.number, issue.subject)).collect();
    format!("Issue {}: ", titles.join(", "))
}

/// Says what was delivered, of which issues, and what is left, and turns it into an exit code.
pub(super) async fn tell_delivered(
    what: &str,
    delivered: &Delivered,
    publisher: &mut Publisher,
    context: &Context,
) -> Result<Exit, Failure> {
    let Publisher { store, transport, .. } = publisher;
    let number = |state: DeliveryState| delivered.states.get(state.as_str()).copied().unwrap_or(0);
    let words: Vec<String> = DeliveryState::ALL
        .into_iter()
        .filter(|state| number(*state) > 0)
        .map(|state| format!("{} {}", number(state), state.as_str().replace('_', " ")))
        .collect();
    let how = transport.describe();
    context.ui.say(&match words.as_slice() {
        [] => format!("{what}no delivery was tried."),
        words => format!("{what}{} by way of {how}.", words.join(", ")),
    });
    let counts = store.delivery_counts(None).await?;
    if let Some(next) = store.next_attempt_at().await? {
        context.ui.say(&format!("{} deferred; `tidings deliver` tries again from {next}.", counts.deferred));
    }
    if let Some(stop) = &delivered.stopped {
        let why = match stop {
            Stop::Asked => "Stopped as asked".to_owned(),
            Stop::Refused(reply) => format!("Stopped: the server refuses this sender: {reply}"),
            Stop::Unreachable(what) => format!("Stopped: {what}"),
            Stop::RateLimit => "Stopped: the limit of `mail.rate` is used up for now".to_owned(),
            Stop::Ledger => "Stopped: the database cannot be written".to_owned(),
        };
        context.ui.say(&format!(
            "{why}; {} still queued, `tidings deliver` goes on.",
            count(counts.queued.unsigned_abs(), "message")
        ));
    } else if counts.queued > 0 {
        context.ui.say(&format!(
            "{} still queued, `tidings deliver` goes on.",
            count(counts.queued.unsigned_abs(), "message")
        ));
    }
    let trouble = [DeliveryState::Failed, DeliveryState::Deferred, DeliveryState::InDoubt]
        .into_iter()
        .any(|state| number(state) > 0);
    if trouble {
        context.ui.say("`tidings runs show` names who did not get it, and why.");
    }
    Ok(if trouble || counts.open() > 0 { Exit::Incomplete } else { Exit::Done })
}
