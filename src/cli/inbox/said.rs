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
fn as_json(heard: &Heard) -> Value {
    let report = &heard.report;
    json!({
        "recipient": report.recipient,
        "kind": report.kind.as_str(),
        "status": report.status,
        "diagnostic": report.diagnostic,
        "subscriber": heard.reader.as_ref().map(|reader| reader.id),
    })
}

/// What there is to tell of all that was read.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// For programs.
    pub(super) objects: Vec<Value>,
    /// Who gets no more mail; in a dry run, what each message says.
    pub(super) lines: String,
    kinds: BTreeMap<&'static str, u64>,
    unproven: u64,
    new: u64,
    known: u64,
    changed: u64,
    asked: u64,
    confirmed: u64,
    doubted: u64,
    waiting: u64,
    late: u64,
    purged: u64,
}

impl Told {
    /// Adds what some messages say and led to.
    pub(super) fn add(&mut self, heard: &[Heard], results: Option<Results>, as_objects: bool) {
        if as_objects {
            self.objects.extend(heard.iter().map(as_json));
        }
        for it in heard {
            *self.kinds.entry(it.report.kind.as_str()).or_default() += 1;
            self.unproven += u64::from(counts(it.report.kind) && !it.is_proven());
        }
        let Some(Results { recorded, fulfilled }) = results else {
            self.lines.extend(heard.iter().map(line));
            return;
        };
        for (address, became, kind) in &recorded.changed {
            self.lines += &format!("{}: {} ({})\n", address.masked(), became.as_str(), kind.as_str());
        }
        for address in &fulfilled.confirmed {
            self.lines += &format!("{}: confirmed\n", address.masked());
        }
        for (address, why) in &fulfilled.doubted {
            let who = address.as_deref().map_or("no address".to_owned(), masked);
            self.lines += &format!("{who}: not confirmed, since {why}\n");
        }
        let Recorded { new, known, changed } = recorded;
        self.new += new;
        self.known += known;
        self.changed += changed.len() as u64;
        let Fulfilled { asked, confirmed, doubted, late, waiting, purged, .. } = fulfilled;
        self.asked += asked;
        self.confirmed += confirmed.len() as u64;
        self.doubted += doubted.len() as u64;
        self.waiting += waiting;
        self.late += late;
        self.purged += purged;
    }

    /// All of it in a few sentences.
    pub(super) fn summary(&self, (messages, others): (u64, u64), has_recorded: bool) -> String {
        let kinds: Vec<_> = self.kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        let mut text = format!("{} read", count(messages, "message"));
        if !kinds.is_empty() {
            text += &format!(": {}", kinds.join(", "));
        }
        if others > 0 {
            text += &format!("; {others} not understood and left alone");
        }
        if self.unproven > 0 {
            text += &format!("; {} not proven to be about a copy of ours, and not counted", self.unproven);
        }
        if !has_recorded {
            return text + ". Nothing was changed.";
        }
        text += &format!(". Recorded {}", count(self.new, "report"));
        if self.known > 0 {
            text += &format!(", {} known already", self.known);
        }
        let readers = count(self.changed, "reader");
        text += &format!("; {readers} {} no more mail.", if self.changed == 1 { "gets" } else { "get" });
        for (number, what, after) in [
            (self.asked, "reader", "asked to confirm"),
            (self.confirmed, "reader", "confirmed"),
            (
                self.doubted,
                "answer",
                "not taken for a confirmation and left where it is: a program seems to have written it, or it says no",
            ),
            (self.waiting, "reader", "left for later: too many ask to join"),
            (self.late, "message", "too old to confirm or join"),
            (self.purged, "reader", "forgotten who never confirmed"),
        ] {
            if number > 0 {
                text += &format!(" {} {after}.", count(number, what));
            }
        }
        text
    }
}

/// What a message says of a recipient, in a dry run.
fn line(it: &Heard) -> String {
    let report = &it.report;
    let who = report.recipient.as_deref().map_or("no address".to_owned(), masked);
    let status = report.status.as_deref().map(|status| format!(" {status}")).unwrap_or_default();
    let proof = if counts(report.kind) && !it.is_proven() { ", not proven to be about a copy of ours" } else { "" };
    format!("{who}: {}{status}{proof}\n", report.kind.as_str())
}

/// Whether it would change anything if it were proven.
fn counts(kind: Kind) -> bool {
    !matches!(kind, Kind::AutoReply | Kind::Delivered)
}

fn masked(address: &str) -> String {
    address.parse::<crate::model::EmailAddress>().map_or_else(|_| "an address".to_owned(), |address| address.masked())
}
