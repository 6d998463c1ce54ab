//! Messages that came back: bounces, complaints, answers of programs, and wishes to join, to confirm and to leave. Bytes in, what they say out; whether it
//! is true is for those to judge who know the site's secret ([`Clues`] are what they go by).
//!
//! Every message may be hostile. So no more than [`LONGEST`] bytes of it are looked at, its parts are limited in number, depth and
//! length, and each line is read a fixed number of times.

mod addresses;
pub mod amazon;
mod classify;
mod mailbox;
mod mime;
mod programs;
mod report;
mod rules;
mod said;
#[cfg(test)]
mod tests;
mod text;
pub mod told;
mod wishes;

use crate::model::EmailAddress;
use mime::{Head, Part};
use rules::RULES;

pub use addresses::{all as addresses_in, token_in};
pub use classify::{kind_of, one_line, status_in};
pub use mailbox::{Message, Messages};
pub use said::{Clues, Kind, LONGEST, MOST_RECIPIENTS, Report, Returned};

/// Reads a message. What comes after [`LONGEST`] bytes of it is not looked at. A mail to `join` is a wish to get the newsletter.
pub fn read(message: &[u8], join: Option<&EmailAddress>) -> Returned {
    let parts = mime::parts(&message[..message.len().min(LONGEST)]);
    let Some(first) = parts.first() else { return Returned::default() };
    let prose = text::Prose::new(&parts);
    let mut clues = clues(&first.head, &parts, &prose);
    let mut reports = report::feedback(&parts, &clues);
    if reports.is_empty() {
        reports = report::delivery_status(&parts);
        text::explain(&mut reports, &prose);
    }
    if reports.is_empty()
        && let Some(mailed) = amazon::mailed(&parts)
    {
        reports = mailed.reports;
        clues.message_ids.extend(mailed.clues.message_ids);
        clues.tokens.extend(mailed.clues.tokens);
    }
    if reports.iter().all(|report| report.recipient.is_none()) {
        let told = text::bounce(&first.head, &prose, &parts, comes_to_return_path(&first.head));
        if reports.is_empty() || told.iter().any(|report| report.recipient.is_some()) {
            reports = told;
            clues.writer = first.head.from().into_iter().next().filter(|_| !reports.is_empty());
        }
    }
    if reports.is_empty() {
        reports.extend(auto_reply(&first.head));
    }
    if reports.is_empty() {
        reports.extend(wishes::wish(&first.head, &clues, join));
        if !reports.is_empty() {
            clues.program = programs::sign(&first.head, &prose);
            clues.refusal = programs::refusal(&first.head, &prose);
        }
        // Programs leave for their readers at the press of a button, and join and confirm for none.
        for report in reports.iter_mut().filter(|report| matches!(report.kind, Kind::Confirm | Kind::Subscribe)) {
            if let Some(sign) = &clues.program {
                report.kind = Kind::AutoReply;
                report.diagnostic = Some(format!("seems to be written by a program: {sign}"));
            }
        }
    }
    reports.truncate(MOST_RECIPIENTS);
    Returned { reports, clues }
}

fn clues(head: &Head<'_>, parts: &[Part<'_>], prose: &text::Prose) -> Clues {
    let mut clues = Clues::default();
    let mut sent_to: Vec<String> = wishes::SENT_TO.iter().flat_map(|name| head.addresses(name)).collect();
    let originals: Vec<&Head<'_>> = parts.iter().filter_map(|part| part.original.as_ref()).collect();
    for original in &originals {
        sent_to.extend(original.addresses("Return-Path"));
        clues.message_ids.extend(original.message_ids("Message-ID"));
        clues.readers.extend(original.addresses("To"));
        clues.leavers.extend(original.text("List-Unsubscribe").iter().flat_map(|ways| addresses::tokens_in(ways)));
    }
    for name in ["In-Reply-To", "References"] {
        clues.message_ids.extend(head.message_ids(name));
    }
    clues.message_ids.extend(prose.copied("message-id:").flat_map(mime::message_ids));
    clues.readers.extend(prose.copied("to:").flat_map(addresses::all));
    sent_to.extend(prose.copied("return-path:").flat_map(addresses::all));
    clues.tokens.extend(sent_to.iter().filter_map(|address| token_in(address.split('@').next().unwrap_or_default())));
    clues.leavers.extend(prose.copied("list-unsubscribe:").flat_map(addresses::tokens_in));
    clues.tokens.extend(report::envelope_ids(parts));
    clues.tokens.extend(wishes::subject_token(&head.subject()));
    clues.date = head.date();
    clues
}

/// Whether a message was sent to what may be an address that bounces go to.
fn comes_to_return_path(head: &Head<'_>) -> bool {
    let mut sent_to = wishes::SENT_TO.iter().flat_map(|name| head.addresses(name));
    sent_to.any(|address| {
        let token = token_in(address.split('@').next().unwrap_or_default());
        token.is_some_and(|token| !addresses::is_leave_length(token.len()))
    })
}

fn auto_reply(head: &Head<'_>) -> Option<Report> {
    let says = |name: &'static str, words: &[&str]| {
        head.text(name).is_some_and(|value| words.iter().any(|word| value.to_lowercase().starts_with(word)))
    };
    let is_marked = says("Auto-Submitted", &["auto-replied"])
        || says("Precedence", &["auto_reply", "auto-reply"])
        || ["X-Autoreply", "X-Autorespond", "X-Autoreply-From"].iter().any(|name| head.text(name).is_some())
        || head.parameter("report-type").is_some_and(|kind| kind.eq_ignore_ascii_case("disposition-notification"));
    let subject = head.subject().to_lowercase();
    let is_answer = !head.is_of_a_list() && RULES.auto_reply.iter().any(|phrase| subject.starts_with(phrase.as_str()));
    (is_marked || is_answer).then(|| Report {
        recipient: head.from().into_iter().next(),
        kind: Kind::AutoReply,
        status: None,
        diagnostic: Some(one_line(&head.subject())).filter(|subject| !subject.is_empty()),
        is_final: true,
    })
}
