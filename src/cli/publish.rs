//! `tidings publish`

use std::num::NonZeroUsize;

use clap::Args;
use serde_json::{Value, json};

use super::agreement::{self, Answer};
use super::allow::{Accept, Allow};
use super::failure::{Exit, Failure};
use super::tell::Teller;
use super::wait::Wait;
use super::{Context, Ui, missing, plan, session, tolerance};
use crate::config::Config;
use crate::diagnostic::{Diagnostic, Location};
use crate::model::{EmailAddress, Outcome};
use crate::publish::{
    self, Activity, CONFIG_FILE, Done, End, Options, Order, Past, Prepared, Purpose, Site, dry_run, look_at_feed,
    plan_with_feeds, prepare, send_test, signer, specimen,
};

/// Build the feeds, mail the due entries to every confirmed subscriber, and record the run.
///
/// An entry is due when it is new since the last recorded run. Each is mailed once: an edit, a new title, a new date or a
/// moved file never mails it again. `--dry-run` shows all of it and changes nothing but the folder preview.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidings publish --dry-run               # the plan, and the exact files in preview/\n  tidings publish --to you@example.org    # one copy to yourself\n  tidings publish                         # all readers, once"
)]
pub(super) struct Arguments {
    /// Show the plan and write the exact files and messages to preview/; send and record nothing
    #[arg(short = 'n', long)]
    dry_run: bool,

    /// Mail this late or already mailed post too: its path, file name, slug, id or URL
    #[arg(long, value_name = "POST")]
    include: Vec<String>,

    /// Mail what is due when it is so many entries or more, in the place of `newsletter.min_entries`; 1 waits for no other
    #[arg(long, value_name = "N")]
    min_entries: Option<NonZeroUsize>,

    /// Mail this issue to the confirmed readers who never got it, since they joined later or were skipped; plan and build nothing
    #[arg(long, value_name = "N", conflicts_with_all = ["include", "to", "expect", "min_entries"])]
    missing: Option<i64>,

    /// Send the next issue to this address only, as a test; record nothing
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["expect", "limit"])]
    to: Option<EmailAddress>,

    /// Publish only if the plan has this digest, as a dry run named it: its first 8 letters or more
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
    limit: Option<u64>,

    #[command(flatten)]
    wait: Wait,

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
            min_entries: self.min_entries.map(NonZeroUsize::get),
            allow: self.allow.guards(),
            expect: self.expect.clone(),
            tolerance: self.tolerance.tolerance(),
        }
    }
}

pub(super) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let activity = if arguments.dry_run { Activity::Read } else { Activity::Send };
    let answer = Answer::of(arguments.yes, &arguments.allow.guards());
    let config = agreement::config(activity, answer, context)?;
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
    if let Some(number) = arguments.missing {
        return missing::dry_run(number, arguments.json, &arguments.allow.guards(), config, context).await;
    }
    let site = Site::open(&context.site, config.clone(), context.now)?;
    let mut store = session::existing_store(config, &context.site).await?;
    let past = Past::read(store.as_mut(), &session::memory(config, &context.site, &context.state)).await?;
    let options = arguments.options();
    let purpose = Purpose::Show(dry_run::FOLDER);
    let (prepared, feeds) = plan_with_feeds(&site, &past, &options, purpose, context.now).await?;
    let allowed = feeds.allowed(arguments.accept.accept);
    let allowed = allowed.and_then(|()| prepared.allowed(&options)).map_err(Failure::from);
    // On the first day an old blog has nothing that is due, and its owner wants to see what mail would look like.
    let newest = site.published().next().filter(|_| prepared.issues.is_empty() && prepared.last_run.is_none());
    let shown = newest.and_then(|post| specimen(&site, &past, post, context.now).ok().flatten());
    let files = dry_run::write(&site, &prepared, feeds, shown.as_ref(), store.as_mut(), arguments.to.as_ref()).await?;
    session::close(store).await?;
    context.ui.diagnostics(&past.findings());
    context.ui.diagnostics(&prepared.warnings);
    if arguments.json {
        let mut plan = plan::as_json(&site, &prepared, &files);
        if let Err(refusal) = &allowed {
            plan["error"] = refusal.as_json();
        }
        Ui::json(&plan);
    } else {
        let mut page = context.ui.new_page();
        plan::tell(&site, &prepared, &files, &options, context.ui.is_verbose(), &mut page);
        Ui::page(page);
    }
    allowed.map(|()| Exit::Done)
}

/// Sends the next issue to one address. Nothing is recorded.
async fn test(to: &EmailAddress, arguments: &Arguments, config: &Config, context: &Context) -> Result<Exit, Failure> {
    let site = Site::open(&context.site, config.clone(), context.now)?;
    let ways = session::ways(config, &context.site)?;
    let signer = signer(config, &context.site)?;
    let mut store = session::existing_store(config, &context.site).await?;
    let past = Past::read(store.as_mut(), &session::memory(config, &context.site, &context.state)).await?;
    let options = arguments.options();
    let (prepared, ()) = prepare(&site, &past, &options, context.now, |found| look_at_feed(&site, found))?;
    context.ui.diagnostics(&prepared.warnings);
    if prepared.issues.is_empty() {
        session::close(store).await?;
        context.ui.say("Nothing is due, so there is no issue to test; name a post with --include.");
        return Ok(Exit::Done);
    }
    let mut exit = Exit::Done;
    let (mail, issues) = (&config.mail, &prepared.issues);
    let outcomes = send_test(&ways, mail, &options.allow, store.as_mut(), signer, issues, to).await?;
    session::close(store).await?;
    for (issue, outcome) in prepared.issues.iter().zip(outcomes) {
        let said = match outcome {
            Outcome::Sent(reply) => format!(
                "Sent issue {} “{}” to {} as a test: {}. Nothing is recorded.",
                issue.number,
                issue.subject,
                to.as_str(),
                reply.trim_end_matches('.')
            ),
            Outcome::Deferred(reply) | Outcome::Failed(reply) | Outcome::Refused(reply) => {
                exit = Exit::Incomplete;
                format!("Issue {} was not sent to {}: {reply}", issue.number, to.as_str())
            }
            Outcome::InDoubt(reply) => {
                exit = Exit::Incomplete;
                format!("It is not known whether issue {} reached {}: {reply}", issue.number, to.as_str())
            }
        };
        context.ui.say(&said);
    }
    Ok(exit)
}

/// The real thing.
async fn publish(arguments: &Arguments, config: &Config, context: &Context) -> Result<Exit, Failure> {
    let options = arguments.options();
    let publisher = session::publisher(config, context, &options.allow).await?;
    let order = Order {
        site: &context.site,
        config,
        options,
        accept: arguments.accept.accept,
        limit: arguments.limit,
        wait: arguments.wait.wait,
        now: context.now,
    };
    let mut teller = Teller::new(&publisher, &config.site.timezone, context);
    teller.asks = !arguments.yes && Ui::is_interactive();
    let end = match arguments.missing {
        Some(issue) => Box::pin(publish::publish_missing(publisher, &order, issue, &mut teller)).await?,
        None => Box::pin(publish::publish(publisher, &order, &mut teller)).await?,
    };
    match end {
        End::Declined if teller.has_tried => context.ui.say("Nothing new was sent."),
        End::Declined => context.ui.say("Nothing was sent."),
        End::Stopped => {
            context.ui.say("Stopped as asked: nothing new was sent or recorded.");
            return Ok(Exit::Incomplete);
        }
        End::Over(done) if arguments.json => Ui::json(&as_json(&done)),
        End::Over(_) => {}
    }
    Ok(teller.exit)
}

/// What a publish did; the keys are a promise. With `--missing` those of [`missing::as_json`] stand beside them.
fn as_json(done: &Done) -> Value {
    let issues = done.prepared.iter().flat_map(|prepared| &prepared.issues);
    let issues = issues.chain(done.missing.iter().map(|missing| &missing.issue));
    let mut value = json!({
        "digest": done.prepared.as_ref().map(Prepared::digest),
        "issues": issues.map(plan::issue_as_json).collect::<Vec<_>>(),
        "queued": done.queued,
        "deliveries": done.deliveries,
        "stopped": done.stopped,
        "paused": done.paused,
    });
    if let Some(Value::Object(missing)) = done.missing.as_deref().map(missing::as_json)
        && let Some(all) = value.as_object_mut()
    {
        all.extend(missing);
    }
    value
}
