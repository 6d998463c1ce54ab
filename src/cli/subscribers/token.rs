//! Readers by their tokens: what a form of the owner's own is given, and gives back.

use std::collections::HashSet;
use std::io::BufRead as _;

use super::super::failure::{Exit, Failure};
use super::super::{Context, session};
use super::owner::by_owner;
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::email::{Tokens, is_token};
use crate::model::SubscriberStatus;
use crate::publish::owners_of;
use crate::store::Store;

/// A longer line holds no token.
const LONGEST_LINE: usize = 200;

/// A token, and where it was given.
struct Given {
    place: String,
    token: String,
}

/// Those of the command line, and for `-` the lines of the standard input.
fn given(tokens: &[String]) -> Result<Vec<Given>, Failure> {
    let mut all = Vec::new();
    let mut add = |place: String, text: &str| {
        // Some mail programs write addresses in capitals.
        let token: String = text.trim().to_ascii_lowercase();
        if !token.is_empty() {
            all.push(Given { place, token });
        }
    };
    for (at, text) in tokens.iter().enumerate() {
        if text != "-" {
            add(if tokens.len() == 1 { "this token".to_owned() } else { format!("token {}", at + 1) }, text);
            continue;
        }
        for (at, line) in std::io::stdin().lock().split(b'\n').enumerate() {
            let unreadable = |error: std::io::Error| {
                Failure::usage(format!("the standard input cannot be read: {error}"), "write one token a line")
            };
            let line = line.map_err(unreadable)?;
            let line = &line[..line.len().min(LONGEST_LINE)];
            add(format!("the token in line {} of the standard input", at + 1), &String::from_utf8_lossy(line));
        }
    }
    Ok(all)
}

/// The tokens of all readers, when there is a database.
pub(super) async fn of_readers(config: &Config, context: &Context) -> Result<Option<Tokens>, Failure> {
    let Some(mut store) = session::existing_store(config, &context.site).await? else { return Ok(None) };
    let tokens = Tokens::new(&store.secret().await?);
    store.close().await?;
    Ok(Some(tokens))
}

/// Unsubscribes those whose tokens these are. Of one that belongs to no reader nothing is said but that.
pub(super) async fn remove(store: &mut Store, texts: &[String], context: &Context) -> Result<Exit, Failure> {
    let given = given(texts)?;
    if given.is_empty() {
        return Err(Failure::usage("no token was given", "write one token a line"));
    }
    let wanted: Vec<String> = given.iter().map(|given| given.token.clone()).collect();
    let owners = owners_of(store, &wanted).await?;
    let mut done = HashSet::new();
    for reader in wanted.iter().filter_map(|token| owners.get(token)).filter(|reader| done.insert(reader.id)) {
        let who = reader.address.masked();
        // A complaint says more, and must not be forgotten.
        if matches!(reader.status, SubscriberStatus::Unsubscribed | SubscriberStatus::Complained) {
            context.ui.say(&format!("{who} gets no mail already ({}).", reader.status.as_str()));
            continue;
        }
        store.set_status(&reader.address, SubscriberStatus::Unsubscribed, by_owner(context)).await?;
        context.ui.say(&format!("{who} is unsubscribed and gets no more mail."));
    }
    let unknown: Vec<_> = given
        .iter()
        .filter(|given| !owners.contains_key(&given.token))
        .map(|Given { place, token }| {
            let (what, help) = if is_token(token) {
                ("belongs to no reader", "copy it from an address for unsubscribing, or from the column `token` of `tidings subscribers export`")
            } else {
                ("is none", "write the 27 letters and digits that stand for `{token}` in the address for unsubscribing")
            };
            Diagnostic::error("usage", format!("{place} {what}")).help(help)
        })
        .collect();
    context.ui.diagnostics(&unknown);
    Ok(if unknown.is_empty() { Exit::Done } else { Exit::Usage })
}
