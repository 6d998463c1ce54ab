//! `tidings ping`

use clap::Args;
use serde_json::json;

use super::agreement::{self, Answer};
use super::failure::{Exit, Failure};
use super::{Context, Ui};
use crate::publish::{Activity, Ping, Site, Told, count, due_pings, ping};

/// Tell the hubs of `feeds.hub` which feeds changed, so that readers get new entries at once (WebSub).
///
/// Run it when the feeds are online: a hub fetches them when it is told. A feed is told of once for each change; the site
/// remembers that in .tidings/pings.json. The exit code is 1 if a hub could not be told.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidings ping --dry-run\n  tidings ping")]
pub(super) struct Arguments {
    /// Tell of every feed, changed or not
    #[arg(long)]
    all: bool,

    /// Say which feeds would be told of; ask no hub
    #[arg(short = 'n', long)]
    dry_run: bool,

    /// Print what was told as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, context: &Context) -> Result<Exit, Failure> {
    let config = agreement::config(Activity::Read, Answer::Remembered, context)?;
    let site = Site::open(&context.site, config, context.now)?;
    let pings = due_pings(&site, arguments.all)?;
    let mut rows = Vec::new();
    let (mut failed, mut skipped) = (0_u64, 0_u64);
    let mut watch = |ping: &Ping, told: Option<&Told>| {
        let (word, more) = match told {
            None => ("would tell", String::new()),
            Some(Told::Yes) => ("told", String::new()),
            Some(Told::No(said)) => ("not told", format!(": {said}")),
            Some(Told::Skipped(said)) => ("not asked", format!(", after it took nothing several times: {said}")),
        };
        failed += u64::from(matches!(told, Some(Told::No(_))));
        skipped += u64::from(matches!(told, Some(Told::Skipped(_))));
        if !arguments.json {
            context.ui.say(&format!("{word:9} {} of {}{more}", ping.hub, ping.topic));
        }
        let said = told.and_then(|told| if let Told::No(said) = told { Some(said.clone()) } else { None });
        rows.push(json!({ "hub": ping.hub, "topic": ping.topic, "result": word, "answer": said }));
    };
    if arguments.dry_run {
        for ping in &pings {
            watch(ping, None);
        }
    } else {
        ping(&site, &pings, |ping, told| watch(ping, Some(told)))?;
    }
    let failure = (failed > 0).then(|| {
        let more = if skipped > 0 { format!(", and {skipped} more were not sent") } else { String::new() };
        Failure::unexpected(format!("{} failed{more}", count(failed, "ping")))
    });
    if arguments.json {
        let mut told = json!({ "pings": rows });
        if let Some(failure) = &failure {
            told["error"] = failure.as_json();
        }
        Ui::json(&told);
    } else if pings.is_empty() {
        context.ui.say("No feed changed since the hubs were last told.");
    }
    failure.map_or(Ok(Exit::Done), Err)
}
