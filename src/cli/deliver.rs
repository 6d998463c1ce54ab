//! `tidings deliver`

use clap::Args;

use super::agreement::{self, Yes};
use super::allow::Allow;
use super::failure::{Exit, Failure};
use super::{Context, publish, runs, session};
use crate::publish::{Intent, Which};

/// Deliver what is queued or deferred, and plan nothing new.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Deliver at most this many messages now; the rest stay queued
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    #[command(flatten)]
    allow: Allow,

    #[command(flatten)]
    yes: Yes,
}

pub(super) async fn run(arguments: &Arguments, context: &Context) -> Result<Exit, Failure> {
    let allowed = arguments.allow.guards();
    let config = agreement::config(Intent::Send, arguments.yes.answer_or(&allowed), context)?;
    let mut publisher = session::publisher(&config, context, &allowed).await?;
    let resumed = publisher.resume(&config, &allowed).await?;
    let was_told = session::tell_warning(&publisher, false, context);
    let interrupted = publish::tell_interrupted(&resumed, context);
    if interrupted == Exit::Done {
        runs::tell_in_doubt(&mut publisher.store, context).await?;
    }
    if resumed.open == 0 {
        context.ui.say("Nothing is queued.");
        publisher.store.close().await?;
        return Ok(interrupted);
    }
    if publisher.ready().await? > 0 {
        publisher.reach().await?;
        session::listen(&publisher.halt);
    }
    let (mut publisher, delivered) = publisher.deliver(Which::All, arguments.limit).await?;
    let exit = publish::worst(interrupted, publish::tell_delivered("", &delivered, &publisher, context));
    let exit = publish::tell_rest(delivered.stopped.as_ref(), exit, &mut publisher, context).await?;
    session::tell_warning(&publisher, was_told, context);
    publisher.store.close().await?;
    Ok(exit)
}
