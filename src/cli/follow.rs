//! Delivering again and again, as `deliver --follow` and `serve` do.

use std::sync::Arc;
use std::time::Duration;

use super::failure::{Exit, Failure};
use super::tell::Teller;
use super::{Context, session};
use crate::publish::{self, Halt, Options, Order, PublishError, Publisher};

/// How long to wait when something could be tried and was not: a server or a limit is in its way, or another process has the right
/// to.
pub(super) const PAUSE: Duration = Duration::from_mins(1);
/// How long to wait after a failure, twice as long after each further one.
pub(super) const RETRY: Duration = Duration::from_secs(2);
const BUSY_PAUSE: Duration = Duration::from_secs(1);

/// Delivers what is queued now, and plans nothing. Returns the exit code, `None` when another process delivers, and how long to
/// wait before what is left is tried again.
pub(super) async fn deliver(
    mut publisher: Publisher,
    order: &Order<'_>,
    halt: &Arc<Halt>,
    context: &Context,
) -> Result<(Option<Exit>, Duration), Failure> {
    publisher.halt = Halt::within(halt);
    let mut teller = Teller::new(&publisher, &order.config.site.timezone, context);
    teller.plans_nothing = true;
    let order = Order { now: context.clock.now(), options: Options { ..order.options.clone() }, ..*order };
    match Box::pin(publish::deliver(publisher, &order, &mut teller)).await {
        // Of a file, `publish` has the right meanwhile; it delivers itself.
        Err(PublishError::Busy) => Ok((None, BUSY_PAUSE)),
        delivered => {
            delivered?;
            Ok((Some(teller.exit), if teller.is_held_up { PAUSE } else { BUSY_PAUSE }))
        }
    }
}

/// Waits until a delivery may be tried, `pause` when one may be already. False when there is no database any more.
pub(super) async fn wait(order: &Order<'_>, pause: Duration, context: &Context) -> Result<bool, Failure> {
    let Some(mut store) = session::existing_store(order.config, &context.site).await? else { return Ok(false) };
    let now = || context.clock.now().to_string();
    if store.is_any_ready(&now()).await? {
        tokio::time::sleep(pause).await;
    }
    store.wait_for_ready(now).await?;
    store.close().await?;
    Ok(true)
}
