//! Amazon SES: <https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html>.

use serde_json::Value;

use super::sns;
use super::told::{Event, Posting, Refusal, Said};
use crate::inbox::amazon;

pub(super) fn read(posting: &Posting<'_>) -> Result<Said, Refusal> {
    let message = sns::read(posting)?;
    if let Some(question) = message.question {
        return Ok(Said::Question(question));
    }
    // A topic says in plain words that it was made, and that it tells no more.
    let json: Value = serde_json::from_str(message.content()).unwrap_or_default();
    Ok(Said::Event(Event { id: message.id().to_owned(), returned: amazon::said(&json), copy: None }))
}
