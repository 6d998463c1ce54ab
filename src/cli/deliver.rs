//! `tidings deliver`

use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::agreement::{self, Yes};
use super::allow::Allow;
use super::failure::{Exit, Failure};
use super::tell::Teller;
use super::wait::Wait;
use super::{Context, session};
use crate::publish::{self, Activity, Options, Order, PublishError, Publisher};

/// How long `--follow` waits when something could be tried and was not: a server or a limit is in its way, or another process has
/// the right to.
const PAUSE: Duration = Duration::from_mins(1);
const BUSY_PAUSE: Duration = Duration::from_secs(1);

/// Deliver what is queued or deferred, and plan nothing new.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidings deliver\n  tidings deliver --limit 100 --wait 0\n  tidings deliver --follow"
)]
pub(super) struct Arguments {
    /// Deliver at most this many messages now; the rest stay queued
    #[arg(long, value_name = "N")]
    limit: Option<u64>,

    /// Stay, and deliver also what is queued later, until a signal (Ctrl-C)
    #[arg(long, conflicts_with = "limit")]
    follow: bool,

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
    if arguments.follow {
        return Box::pin(follow(publisher, order, context)).await;
    }
    let mut teller = Teller::new(&publisher, &config.site.timezone, context);
    teller.plans_nothing = true;
    Box::pin(publish::deliver(publisher, &order, &mut teller)).await?;
    Ok(teller.exit)
}

/// Delivers whatever is queued until a signal. The exit code is that of the last delivering.
async fn follow(publisher: Publisher, order: Order<'_>, context: &Context) -> Result<Exit, Failure> {
    let halt = Arc::clone(&publisher.halt);
    session::listen(&halt);
    let (mut next, mut exit) = (Some(publisher), Exit::Done);
    while !halt.is_set() {
        let mut publisher = match next.take() {
            Some(publisher) => publisher,
            None => session::publisher(order.config, context, &order.options.allow).await?,
        };
        publisher.halt = Arc::clone(&halt);
        let mut teller = Teller::new(&publisher, &order.config.site.timezone, context);
        teller.plans_nothing = true;
        let order = Order { now: context.clock.now(), options: order.options.clone(), ..order };
        let pause = match Box::pin(publish::deliver(publisher, &order, &mut teller)).await {
            // Of a file, `publish` has the right meanwhile; it delivers itself.
            Err(PublishError::Busy) => BUSY_PAUSE,
            delivered => {
                delivered?;
                exit = teller.exit;
                if teller.is_held_up { PAUSE } else { BUSY_PAUSE }
            }
        };
        let Some(mut store) = session::existing_store(order.config, &context.site).await? else { break };
        let now = || context.clock.now().to_string();
        let is_any_left = store.ready(&now()).await? > 0;
        let waiting = async {
            if is_any_left {
                tokio::time::sleep(pause).await;
            }
            store.wait_for_ready(now).await
        };
        if let Some(waited) = halt.unless(waiting).await {
            waited?;
        }
        store.close().await?;
    }
    Ok(exit)
}
