//! Tells hubs that a feed changed (WebSub, <https://www.w3.org/TR/websub/>), so that they fetch it and tell its readers.

use url::Url;

use super::agent::{Web, in_words};

/// So much of what a hub says is shown.
const SHOWN: usize = 200;

/// A way to talk to hubs.
pub struct Hubs {
    web: Web,
}

impl Hubs {
    /// Of hubs that are not public, only one on the host of `site` is told.
    pub fn new(site: &Url) -> Self {
        Self { web: Web::new("tells a hub that a feed changed", site) }
    }

    /// Tells a hub that the feed with the address `topic` changed. WebSub §6 leaves open how; all hubs take the form of
    /// `PubSubHubbub` 0.4 §7.1, some by another name for the address. Waits for the network: call it where that holds up nothing.
    ///
    /// # Errors
    /// What the hub said instead of yes (2xx), or why it could not be asked.
    pub fn publish(&self, hub: &str, topic: &str) -> Result<(), String> {
        let form = [("hub.mode", "publish"), ("hub.url", topic), ("hub.topic", topic)];
        // A redirect is no yes: followed with GET, the hub would hear nothing of the feed.
        let mut answer = self.web.post(hub, &form).map_err(|error| in_words(&error))?;
        if answer.status().is_success() {
            return Ok(());
        }
        if answer.status().is_redirection()
            && let Some(target) = answer.headers().get("location").and_then(|target| target.to_str().ok())
        {
            let number = answer.status().as_u16();
            return Err(format!("the answer is {number}: it is now at {target}; write that into `feeds.hub`"));
        }
        let text = answer.body_mut().with_config().limit(4096).read_to_string().unwrap_or_default();
        let said: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SHOWN).collect();
        let colon = if said.is_empty() { "" } else { ": " };
        Err(format!("the answer is {}{colon}{said}", answer.status().as_u16()))
    }
}
