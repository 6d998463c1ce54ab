//! Reports that programs are meant to read: delivery status (RFC 3464) and feedback (RFC 5965).

use std::collections::BTreeMap;

use super::addresses::{self, token_in};
use super::classify::{failure, one_line, status_in};
use super::mime::Part;
use super::said::{Clues, Kind, MOST_RECIPIENTS, Report};

/// Fields by their names in lower case; of each the last.
type Fields = BTreeMap<String, String>;

/// Groups of fields with empty lines between them.
fn groups(text: &str) -> Vec<Fields> {
    let mut groups = vec![Fields::new()];
    let mut last: Option<String> = None;
    for line in text.lines() {
        if line.trim().is_empty() {
            last = None;
            if groups.last().is_some_and(|group| !group.is_empty()) {
                groups.push(Fields::new());
            }
        } else if let (true, Some(name), Some(group)) = (line.starts_with([' ', '\t']), &last, groups.last_mut()) {
            if let Some(value) = group.get_mut(name) {
                value.push(' ');
                *value += line.trim();
            }
        } else if let (Some((name, value)), Some(group)) = (line.split_once(':'), groups.last_mut()) {
            let name = name.trim().to_ascii_lowercase();
            group.insert(name.clone(), value.trim().to_owned());
            last = Some(name);
        }
    }
    groups
}

/// The address of a field such as `rfc822; <reader@example.org>`.
fn address(value: Option<&String>) -> Option<String> {
    addresses::all(value?).into_iter().next()
}

/// What the sender called the envelope of the copy (RFC 3461 §4.4), or the address that it came from (RFC 5965 §3.2), where a report
/// tells it.
pub(super) fn envelope_ids(parts: &[Part<'_>]) -> Vec<String> {
    let is_report = |part: &&Part<'_>| part.media_type == "message/feedback-report" || is_status(part);
    let texts = parts.iter().filter(is_report).map(Part::text);
    let id = |line: &str| {
        let (name, value) = line.split_once(':')?;
        match name.trim().to_ascii_lowercase().as_str() {
            "original-envelope-id" => token_in(value.trim()),
            "original-mail-from" => token_in(value.split('@').next().unwrap_or_default()),
            _ => None,
        }
    };
    texts.flat_map(|text| text.lines().filter_map(id).collect::<Vec<_>>()).take(MOST_RECIPIENTS).collect()
}

fn is_status(part: &Part<'_>) -> bool {
    matches!(part.media_type.as_str(), "message/delivery-status" | "message/global-delivery-status")
}

/// What the reports on delivery among the parts say.
pub(super) fn delivery_status(parts: &[Part<'_>]) -> Vec<Report> {
    of_groups(parts.iter().filter(|part| is_status(part)).flat_map(|part| groups(&part.text())))
}

/// What a report says that stands in a text, as after a program that knows no such parts.
pub(super) fn in_text(lines: &[String]) -> Vec<Report> {
    let names = ["final-recipient:", "original-recipient:"];
    let is_name = |line: &String| {
        names.iter().any(|name| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))
    };
    if !lines.iter().any(is_name) {
        return Vec::new();
    }
    let mut reports = of_groups(groups(&lines.join("\n")).into_iter());
    reports.retain(|report| report.recipient.is_some());
    reports
}

fn of_groups(groups: impl Iterator<Item = Fields>) -> Vec<Report> {
    let mut reports: Vec<Report> = Vec::new();
    for report in groups.filter_map(|group| of_recipient(&group)) {
        if reports.len() < MOST_RECIPIENTS && reports.iter().all(|known| known.recipient != report.recipient) {
            reports.push(report);
        }
    }
    reports
}

fn of_recipient(group: &Fields) -> Option<Report> {
    // The first one is ours; the last one is what a forwarding reader made of it.
    let recipient = address(group.get("original-recipient")).or_else(|| address(group.get("final-recipient")));
    let action = group.get("action").map(|action| action.to_lowercase()).unwrap_or_default();
    let status = group.get("status").and_then(|status| status_in(status));
    let has_arrived = group.get("status").is_some_and(|status| status.starts_with("2."));
    let said =
        group.get("diagnostic-code").map(|code| code.split_once(';').map_or(code.as_str(), |(_, text)| text).trim());
    if recipient.is_none() && (action.is_empty() || status.is_none()) {
        return None;
    }
    let is_delivered = ["delivered", "relayed", "expanded"].iter().any(|word| action.starts_with(word));
    let is_delayed = action.starts_with("delayed");
    let kind = match () {
        () if is_delivered || (has_arrived && !action.starts_with("failed")) => Kind::Delivered,
        () if is_delayed => Kind::Soft,
        () => failure(status.as_deref(), said.unwrap_or_default()),
    };
    let diagnostic = said.map(one_line).filter(|said| !said.is_empty());
    Some(Report { recipient, kind, status, diagnostic, is_final: !is_delayed })
}

/// What the reports of unwanted mail among the parts say.
pub(super) fn feedback(parts: &[Part<'_>], clues: &Clues) -> Vec<Report> {
    let mut complained = Vec::new();
    let mut said = None;
    for part in parts.iter().filter(|part| part.media_type == "message/feedback-report") {
        let text = part.text();
        let fields = groups(&text).into_iter().flatten().collect::<Fields>();
        let kind = fields.get("feedback-type").map(|kind| kind.to_lowercase()).unwrap_or_default();
        // The others are about how a message was checked, or take a complaint back.
        if !["abuse", "fraud", "virus", "opt-out"].iter().any(|word| kind.starts_with(word)) {
            continue;
        }
        // They may stand there several times.
        let names = ["original-rcpt-to", "removal-recipient"];
        let named = text.lines().filter_map(|line| line.split_once(':'));
        let named = named.filter(|(name, _)| names.contains(&name.trim().to_ascii_lowercase().as_str()));
        complained.extend(named.flat_map(|(_, value)| addresses::all(value)).take(MOST_RECIPIENTS));
        said = Some(format!("reported as {kind}"));
    }
    // What Microsoft's programme sends.
    let originals = parts.iter().filter_map(|part| part.original.as_ref());
    let named: Vec<_> = originals.flat_map(|original| original.addresses("X-HmXmrOriginalRecipient")).collect();
    if !named.is_empty() {
        said.get_or_insert_with(|| "reported as abuse".to_owned());
        complained.extend(named);
    }
    let Some(said) = said else { return Vec::new() };
    if complained.is_empty() {
        complained.extend(clues.readers.first().cloned());
    }
    complained.dedup();
    let report = |recipient: Option<String>| Report {
        recipient,
        kind: Kind::Complaint,
        status: None,
        diagnostic: Some(one_line(&said)),
        is_final: true,
    };
    if complained.is_empty() { vec![report(None)] } else { complained.into_iter().map(Some).map(report).collect() }
}
