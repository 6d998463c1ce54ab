//! `tidings deliver`

use std::sync::Arc;

use clap::Args;

use super::agreement::{self, Yes};
use super::allow::Allow;
use super::failure::{Exit, Failure};
use super::tell::Teller;
use super::wait::Wait;
use super::{Context, follow, session};
use crate::publish::{self, Activity, Options, Order, Publisher};

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
    let mut retry = follow::RETRY;
    while !halt.is_set() {
        let turn = async {
            let publisher = match next.take() {
                Some(publisher) => publisher,
                None => session::publisher(order.config, context, &order.options.allow).await?,
            };
            follow::deliver(publisher, &order, &halt, context).await
        };
        let waited = match turn.await {
            Ok((delivered, pause)) => {
                exit = delivered.unwrap_or(exit);
                halt.unless(follow::wait(&order, pause, context)).await.transpose()
            }
            Err(failure) => Err(failure),
        };
        match waited {
            Ok(Some(false)) => break,
            Ok(_) => retry = follow::RETRY,
            // Such as a server that is started again.
            Err(failure) if failure.exit == Exit::Unexpected => {
                context.ui.failure(&failure);
                let _ = halt.unless(tokio::time::sleep(retry)).await;
                retry = (2 * retry).min(follow::PAUSE);
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(exit)
}
