//! Readers whom the owner puts on the list, and who are asked to confirm first.

use super::super::Context;
use super::super::failure::{Exit, Failure};
use super::owner::{WAY, refuse};
use crate::config::Config;
use crate::diagnostic::{Diagnostic, Location};
use crate::email::Tokens;
use crate::model::{Choice, Lists, Mailbox, SubscriberStatus};
use crate::publish::{CONFIG_FILE, address_hash};
use crate::store::{Asked, Asking, Barred, Store};

/// Whether a letter could be written, and answered.
///
/// # Errors
/// What is missing for that.
pub(super) fn can_confirm(config: &Config) -> Result<(), Failure> {
    let missing = |code, message, help| {
        let missing = Diagnostic::error(code, message).at(Location::start_of(CONFIG_FILE)).help(help);
        Err(Failure::new(Exit::Problems, missing))
    };
    if config.web.url.is_none() && config.inbox.confirm.is_none() {
        let help = "set `web.url` and run `tidings serve`, or set `inbox.join` and run `tidings inbox`";
        return missing("newsletter/no-confirmation", "there is no way for a reader to confirm", help);
    }
    if config.newsletter.from.is_none() {
        let help = "write for example `from = \"Ada <ada@example.org>\"` below `[newsletter]`";
        return missing("newsletter/no-sender", "`newsletter.from` is not set", help);
    }
    Ok(())
}

/// Asks each of them to confirm. Who gets the newsletter already is left alone, and who left is not asked again unasked.
pub(super) async fn add(
    store: &mut Store,
    readers: &[Mailbox],
    resubscribe: bool,
    lists: Option<&Lists>,
    context: &Context,
) -> Result<Exit, Failure> {
    let tokens = Tokens::new(&store.secret().await?);
    let choice = lists.map(|lists| Choice::Lists(lists.clone()));
    let mut exit = Exit::Done;
    for Mailbox { address, name } in readers {
        let hash = address_hash(&tokens, address);
        let shown = address.as_str();
        let known = store.subscriber(address).await?.map(|reader| reader.status);
        let is_confirmed = known == Some(SubscriberStatus::Confirmed);
        let barred = store.barred(&hash).await?;
        let refusal = match (known, barred) {
            (Some(SubscriberStatus::Confirmed | SubscriberStatus::Pending), _)
            | (None, None | Some(Barred::Unanswered | Barred::Never)) => None,
            (Some(status), _) => Some(format!("{shown} is {}", status.as_str())),
            (None, Some(Barred::Erased)) => Some(format!("{shown} was erased")),
        };
        if let Some(why) = refusal.filter(|_| !resubscribe) {
            refuse(&why, context);
            exit = Exit::Refused;
            continue;
        }
        let asking = Asking {
            address,
            hash: &hash,
            name: name.as_deref(),
            // It counts once they confirm; on the list of those who get nothing yet it stands at once.
            choice: choice.as_ref().filter(|_| is_confirmed),
            way: WAY,
            shown: None,
            network: None,
            most_an_hour: 0,
        };
        match store.invite(asking, context.now).await? {
            Asked::Letter => {
                if lists.is_some() && !is_confirmed {
                    store.set_lists(address, lists).await?;
                }
                context.ui.say(&format!("{shown} is asked to confirm: the next command that sends sends the letter."));
            }
            Asked::Barred => {
                exit = Exit::Refused;
                let message = format!("{shown} wants no such letters or has answered none of them, and was not asked");
                context.ui.diagnostics(&[Diagnostic::error("guard", message).help("they can subscribe by themselves")]);
            }
            Asked::Known => context.ui.say(&format!("{shown} is on the list already.")),
            Asked::Enough | Asked::Busy => {
                context
                    .ui
                    .say(&format!("{shown} was asked lately, or as often as one may, and gets no further letter."));
            }
        }
    }
    Ok(exit)
}
