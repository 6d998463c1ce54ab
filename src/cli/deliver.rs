//! `tidings deliver`

use clap::Args;

use super::agreement::{self, Yes};
use super::allow::Allow;
use super::failure::{Exit, Failure};
use super::tell::Teller;
use super::wait::Wait;
use super::{Context, session};
use crate::publish::{self, Activity, Options, Order};

/// Deliver what is queued or deferred, and plan nothing new.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Deliver at most this many messages now; the rest stay queued
    #[arg(long, value_name = "N")]
    limit: Option<u64>,

    #[command(flatten)]
    wait: Wait,

    #[command(flatten)]
    allow: Allow,

    #[command(flatten)]
    yes: Yes,
}

pub(super) async fn run(arguments: &Arguments, context: &Context) -> Result<Exit, Failure> {
    let allow = arguments.allow.guards();
    let config = agreement::config(Activity::Send, arguments.yes.answer_or(&allow), context)?;
    let publisher = session::publisher(&config, context, &allow).await?;
    let order = Order {
        site: &context.site,
        config: &config,
        options: Options { allow, ..Options::default() },
        accept: false,
        limit: arguments.limit,
        wait: arguments.wait.wait,
        now: context.now,
    };
    let mut teller = Teller::new(&publisher, context);
    teller.plans_nothing = true;
    Box::pin(publish::deliver(publisher, &order, &mut teller)).await?;
    Ok(teller.exit)
}
