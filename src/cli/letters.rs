//! Letters to single readers, and links for the owner, sent by commands that do not publish.

use super::failure::Failure;
use super::{Context, session, tell};
use crate::config::Config;
use crate::publish::{Site, are_letters_due, send_letters, send_links, signer};
use crate::store::Store;

/// Sends those that wait, and says so. False when something stood in their way.
pub(super) async fn send(store: &mut Store, config: &Config, context: &Context) -> Result<bool, Failure> {
    let now = context.clock.now();
    let has_links = !store.links_that_wait(now).await?.is_empty();
    let has_letters = are_letters_due(store, config, now).await?;
    if !has_links && !has_letters {
        return Ok(true);
    }
    let ways = session::ways(config, &context.site)?;
    let signer = signer(config, &context.site)?;
    let templates = Site::templates_of(&context.site, config)?;
    if has_links {
        let sent = send_links(store, &ways, config, &templates, signer.as_ref(), context.clock).await?;
        if sent > 0 {
            context.ui.say("Sent a link to the desk.");
        }
    }
    if !has_letters {
        return Ok(true);
    }
    let sent = send_letters(store, &ways, config, &templates, signer.as_ref(), context.clock).await;
    let is_done = sent.is_ok();
    tell::letters(sent, context);
    // On a machine without a disk of its own they would be sent again.
    session::save(store, config, &context.site).await?;
    Ok(is_done)
}
