//! Whose a token for unsubscribing is.

use std::collections::HashMap;

use crate::email::{Purpose, Tokens};
use crate::model::Subscriber;
use crate::store::{Result, Store};

/// How many readers are looked through at a time for the owner of a token that is older than keys.
const PAGE: u32 = 1_000;

/// The readers whose tokens these are. For those that no key made, the list is gone through once, however many they are, and not at
/// all where there can be none.
///
/// # Errors
/// When the database does not answer.
pub async fn owners_of(store: &mut Store, given: &[String]) -> Result<HashMap<String, Subscriber>> {
    let secret = store.secret().await?;
    let tokens = Tokens::new(&secret);
    let mut found = HashMap::new();
    let mut wanted = HashMap::new();
    for token in given {
        match tokens.read(token) {
            Some(grant) if grant.purpose == Purpose::Leave => {
                if let Some(reader) = store.subscriber_numbered(grant.subscriber).await? {
                    found.insert(token.clone(), reader);
                }
            }
            Some(_) => {}
            None => {
                wanted.insert(tokens.blinded(token), token);
            }
        }
    }
    let mut after = 0;
    while !wanted.is_empty() && secret.has_older_tokens() {
        let page = store.subscribers(None, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for reader in page {
            if let Some(token) = wanted.remove(&tokens.blinded(&tokens.unkeyed(reader.id))) {
                found.insert(token.clone(), reader);
            }
        }
    }
    Ok(found)
}
