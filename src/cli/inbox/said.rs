//! What reading a mailbox did, for people and for programs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::inbox::Kind;
use crate::publish::{Fulfilled, Heard, Recorded, count};

/// What was done with what came back.
#[derive(Debug)]
pub(super) struct Results {
    pub(super) recorded: Recorded,
    pub(super) fulfilled: Fulfilled,
}

/// For programs: one object for each recipient.
pub(super) fn as_json(heard: &Heard) -> Value {
    let report = &heard.report;
    json!({
        "recipient": report.recipient,
        "kind": report.kind.as_str(),
        "status": report.status,
        "diagnostic": report.diagnostic,
        "subscriber": heard.reader.as_ref().map(|reader| reader.id),
    })
}

/// Who gets no more mail; in a dry run, what each message says.
pub(super) fn table(heard: &[Heard], results: Option<&Results>, is_quiet: bool) -> Option<String> {
    let mut text = String::new();
    match results {
        Some(Results { recorded, fulfilled }) => {
            for (address, became, kind) in &recorded.changed {
                text += &format!("{}: {} ({})\n", address.masked(), became.as_str(), kind.as_str());
            }
            for address in &fulfilled.confirmed {
                text += &format!("{}: confirmed\n", address.masked());
            }
        }
        None => {
            for it in heard {
                let report = &it.report;
                let who = report.recipient.as_deref().map_or("no address".to_owned(), masked);
                let status = report.status.as_deref().map(|status| format!(" {status}")).unwrap_or_default();
                let proof =
                    if counts(report.kind) && !it.is_proven() { ", not proven to be about a copy of ours" } else { "" };
                text += &format!("{who}: {}{status}{proof}\n", report.kind.as_str());
            }
        }
    }
    (!text.is_empty() && !is_quiet).then_some(text)
}

/// Whether it would change anything if it were proven.
fn counts(kind: Kind) -> bool {
    !matches!(kind, Kind::AutoReply | Kind::Delivered)
}

fn masked(address: &str) -> String {
    address.parse::<crate::model::EmailAddress>().map_or_else(|_| "an address".to_owned(), |address| address.masked())
}

pub(super) fn summary(heard: &[Heard], (messages, others): (u64, u64), results: Option<&Results>) -> String {
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for it in heard {
        *kinds.entry(it.report.kind.as_str()).or_default() += 1;
    }
    let kinds: Vec<_> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let mut text = format!("{} read", count(messages, "message"));
    if !kinds.is_empty() {
        text += &format!(": {}", kinds.join(", "));
    }
    if others > 0 {
        text += &format!("; {others} not understood and left alone");
    }
    let unproven = heard.iter().filter(|it| counts(it.report.kind) && !it.is_proven()).count();
    if unproven > 0 {
        text += &format!("; {unproven} not proven to be about a copy of ours, and not counted");
    }
    let Some(Results { recorded: Recorded { new, known, changed }, fulfilled }) = results else {
        return text + ". Nothing was changed.";
    };
    text += &format!(". Recorded {}", count(*new, "report"));
    if *known > 0 {
        text += &format!(", {known} known already");
    }
    let readers = count(changed.len() as u64, "reader");
    text += &format!("; {readers} {} no more mail.", if changed.len() == 1 { "gets" } else { "get" });
    let Fulfilled { asked, confirmed, late, waiting, purged, .. } = fulfilled;
    for (number, what, after) in [
        (*asked, "reader", "asked to confirm"),
        (confirmed.len() as u64, "reader", "confirmed"),
        (*waiting, "reader", "left for later: too many ask to join"),
        (*late, "message", "too old to confirm or join"),
        (*purged, "reader", "forgotten who never confirmed"),
    ] {
        if number > 0 {
            text += &format!(" {} {after}.", count(number, what));
        }
    }
    text
}
