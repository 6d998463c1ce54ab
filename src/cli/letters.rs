//! Letters to single readers, sent by commands that do not publish.

use super::failure::Failure;
use super::{Context, session, tell};
use crate::config::Config;
use crate::publish::{Site, are_letters_due, send_letters, signer};
use crate::store::Store;

/// Sends those that wait, and says so. False when something stood in their way.
pub(super) async fn send(store: &mut Store, config: &Config, context: &Context) -> Result<bool, Failure> {
    if !are_letters_due(store, config, context.clock.now()).await? {
        return Ok(true);
    }
    let ways = session::ways(config, &context.site)?;
    let signer = signer(config, &context.site)?;
    let templates = Site::templates_of(&context.site, config)?;
    let sent = send_letters(store, &ways, config, &templates, signer.as_ref(), context.clock).await;
    let is_done = sent.is_ok();
    tell::letters(sent, context);
    Ok(is_done)
}
