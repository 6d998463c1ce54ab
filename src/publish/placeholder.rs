//! What was made as an example leaves for no reader: the sender, the title, the addresses and the first post that `tidings init` writes.

use super::guard::{Guard, GuardName};
use super::once::Rendered;
use crate::config::{Mail, TOKEN, placeholder};
use crate::diagnostic::{Diagnostic, Places};
use crate::model::Issue;
use crate::transport::Target;

/// A sentence of the first post that `tidings init` writes, by which it is known whatever became of its title and date.
pub const SAMPLE: &str = "Each post is a Markdown file like this one: a title and a date between two lines of dashes";

/// The guard for issues that show an example. Into an outbox they may go: examples are for looking at.
pub(super) fn guard(issues: &[Issue], mail: &Mail) -> Option<Guard> {
    if mail.relays.iter().all(|relay| Target::folder(&relay.transport).is_some()) {
        return None;
    }
    let mut settings: Vec<String> = Vec::new();
    for issue in issues {
        let title = (issue.list_id.name.trim() == placeholder::TITLE).then_some(placeholder::TITLE);
        let postal = issue.html.contains(placeholder::POSTAL).then_some(placeholder::POSTAL);
        let sender = placeholder::of_sender(issue.from_name.as_deref(), &issue.from_address);
        let reply_to = issue.reply_to.iter().flat_map(|(name, to)| placeholder::of_sender(name.as_deref(), to));
        // A mail to the sender is one to an example when the sender is.
        let is_senders =
            |address: &str| sender.contains(&issue.from_address.as_str()) && address.starts_with("mailto:");
        let unsubscribe = issue.unsubscribe.iter().map(|address| address.replace(&issue.marker, TOKEN));
        let unsubscribe: Vec<_> =
            unsubscribe.filter(|address| placeholder::is_example_address(address) && !is_senders(address)).collect();
        let shown = sender.iter().copied().chain(reply_to).chain(title).chain(postal);
        for shown in shown.chain(unsubscribe.iter().map(String::as_str)).map(|shown| format!("`{shown}`")) {
            if !settings.contains(&shown) {
                settings.push(shown);
            }
        }
    }
    let post = issues.iter().any(|issue| issue.html.contains(SAMPLE));
    let cures = [
        (!settings.is_empty()).then_some("write your own name, addresses and title into config.toml"),
        post.then_some("delete that post, or write what you have to say"),
    ];
    let help = cures.into_iter().flatten().collect::<Vec<_>>().join("; ");
    let shown = settings.into_iter().chain(post.then(|| "the first post that `tidings init` writes".to_owned()));
    let shown = shown.collect::<Vec<_>>().join(", ");
    (!shown.is_empty()).then(|| Guard {
        name: GuardName::Placeholder,
        message: format!("readers would get what was made as an example: {shown}"),
        help: format!("{help}; `tidings check` names the places"),
    })
}

/// The guard for issues that were frozen: no other setting changes them.
pub(super) fn guard_of_frozen(issues: &[Issue], mail: &Mail) -> Option<Guard> {
    let help = "what is frozen stays as it is: give it up with `tidings runs cancel`".to_owned();
    guard(issues, mail).map(|guard| Guard { help, ..guard })
}

/// Says where the first post that `tidings init` writes still is.
pub(super) fn look_at(Rendered { entry, body }: &Rendered) -> Option<Diagnostic> {
    if !entry.html().contains(SAMPLE) {
        return None;
    }
    let at = body.text.find(SAMPLE)?;
    let place = Places::from_line(body.first_line, &entry.path, &body.text).at(at..at + SAMPLE.len());
    let message = "this is the post that `tidings init` makes as an example, and not for readers";
    Some(Diagnostic::warning("post/placeholder", message).at(place).help("delete it, or write what you have to say"))
}
