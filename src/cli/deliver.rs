//! `tidings deliver`

use clap::Args;

use super::allow::Allow;
use super::failure::{Exit, Failure};
use super::{Context, publish, session};
use crate::publish::Site;

/// Deliver what is queued or deferred, and plan nothing new.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Deliver at most this many messages now; the rest stay queued
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    #[command(flatten)]
    allow: Allow,
}

pub(super) async fn run(arguments: &Arguments, context: &Context) -> Result<Exit, Failure> {
    let config = Site::config(&context.site)?;
    let mut publisher = session::publisher(&config, context).await?;
    let resumed = publisher.resume(&config, &arguments.allow.guards()).await?;
    let interrupted = publish::tell_interrupted(&resumed, context);
    if resumed.open == 0 {
        context.ui.say("Nothing is queued.");
        publisher.store.close().await?;
        return Ok(interrupted);
    }
    if publisher.ready().await? > 0 {
        publisher.reach().await?;
        session::listen(&publisher.halt);
    }
    let (mut publisher, delivered) = publisher.deliver(arguments.limit).await?;
    let exit = publish::tell_delivered("", &delivered, &mut publisher, context).await?;
    publisher.store.close().await?;
    Ok(exit)
}
