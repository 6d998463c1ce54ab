//! Bounces that are written for people, as half of them are: which addresses they name, and what they say of each.

use std::collections::BTreeMap;

use super::addresses::{self, Found};
use super::classify::{failure, one_line, status_in};
use super::mime::{Head, Part};
use super::report;
use super::rules::{RULES, answers, has, is_reply};
use super::said::{Kind, MOST_RECIPIENTS, Report};

const MOST_LINES: usize = 400;
/// So many lines say what happened to an address.
const DIAGNOSTIC_LINES: usize = 8;

/// The text of a message for people: what its sender writes, and what may be the headers of the copy that it sends back.
#[derive(Debug, Default)]
pub(super) struct Prose {
    lines: Vec<String>,
    copy: Vec<String>,
}

impl Prose {
    /// From the text parts that stand before a copy of our message.
    pub(super) fn new(parts: &[Part<'_>]) -> Self {
        let mut prose = Self::default();
        let mut is_copy = false;
        let before = parts.iter().take_while(|part| part.original.is_none());
        let (html, plain): (Vec<_>, Vec<_>) =
            before.filter(|part| part.media_type.starts_with("text/")).partition(|part| part.media_type == "text/html");
        let mut texts: Vec<String> = plain.iter().take(4).map(|part| part.text()).collect();
        if texts.iter().all(|text| text.trim().is_empty()) {
            texts = html.iter().take(2).map(|part| part.text()).collect();
        }
        for line in texts.iter().flat_map(|text| text.lines()) {
            is_copy |= begins_copy(line);
            let (lines, most) = if is_copy { (&mut prose.copy, MOST_LINES) } else { (&mut prose.lines, MOST_LINES) };
            if lines.len() < most {
                lines.push(line.trim_end().chars().take(1_000).collect());
            }
        }
        prose
    }

    /// The values of a header of the copy, which may begin without a word.
    pub(super) fn copied<'p>(&'p self, name: &'p str) -> impl Iterator<Item = &'p str> {
        let value = move |line: &'p String| {
            let line = line.trim_start_matches(['>', ' ', '*']);
            line.get(..name.len()).filter(|start| start.eq_ignore_ascii_case(name)).map(|_| &line[name.len()..])
        };
        self.lines.iter().chain(&self.copy).filter_map(value)
    }

    /// Its lines without those that are quoted.
    pub(super) fn own_lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty() && !line.starts_with(['>', '|']))
    }

    fn text(&self) -> String {
        self.lines.join(" ").to_lowercase()
    }
}

/// `--- Below this line is a copy of the message.` and the like.
fn begins_copy(line: &str) -> bool {
    let is_sign = |c: char| !c.is_alphanumeric();
    let text = line.trim_start_matches(is_sign).to_lowercase();
    let text = text.trim_end();
    let has_signs = line.trim_start().starts_with(['-', '=', '*', '|', '_', '#']);
    let is_short = text.len() <= 80;
    let is_named =
        |phrase: &String| if has_signs { text.contains(phrase.as_str()) } else { text.starts_with(phrase.as_str()) };
    // `--- The message was not delivered to the following addresses:`
    let is_list =
        ["recip", "address", "fail", "transcript", "log follows", "not "].iter().any(|word| text.contains(word));
    is_short && (!is_list || text.contains("undelivered")) && RULES.copies.iter().any(is_named)
}

/// What a bounce says, unless the message is none. Answers of people do not come to the address that only the envelope of a copy had.
pub(super) fn bounce(head: &Head<'_>, prose: &Prose, parts: &[Part<'_>], comes_to_return_path: bool) -> Vec<Report> {
    let from = head.text("From").unwrap_or_default().to_lowercase();
    let daemon = ["mailer-daemon", "mailer.daemon", "mdaemon", "mail.delivery.system", "maildaemon"];
    let is_empty = |name| head.text(name).is_some_and(|value| value.trim() == "<>");
    let media_type = parts.first().map(|part| part.media_type.as_str()).unwrap_or_default();
    // Such as one that says whether a message was read (RFC 8098), or of TLS (RFC 8460).
    if head.parameter("report-type").is_some_and(|kind| !kind.eq_ignore_ascii_case("delivery-status")) {
        return Vec::new();
    }
    let is_status = media_type == "multipart/report";
    let is_daemon = daemon.iter().any(|word| from.contains(word)) || from.ends_with("<>");
    let is_sender = is_daemon || has(&RULES.senders, &from) || is_empty("Return-Path");
    let failed = head.addresses("X-Failed-Recipients");
    let subject = head.subject();
    let own_text = prose.own_lines().collect::<Vec<_>>().join(" ").to_lowercase();
    let is_reply = is_reply(&subject);
    // The subject of an answer is ours.
    let says_subject = !is_reply && has(&RULES.subjects, &subject.to_lowercase());
    let is_delay = has(&RULES.delays, &own_text);
    let says_text = is_delay || has(&RULES.failures, &own_text);
    let (says_both, says_any) = (says_subject && says_text, says_subject || says_text);
    // People answer, also those who look after mail.
    let is_of_person = is_reply && !head.addresses("Return-Path").is_empty();
    let is_told = if is_of_person {
        false
    } else if comes_to_return_path {
        says_any
    } else if is_reply {
        is_sender && says_text
    } else if head.is_of_a_list() {
        // What is sent to many may speak of mail that does not arrive.
        is_sender && says_both
    } else {
        is_sender && says_any || says_both
    };
    // So may one who is away.
    let is_bounce = is_daemon || is_status || !failed.is_empty() || is_told && !answers(&subject);
    if !is_bounce {
        return Vec::new();
    }
    let own: Vec<String> = ["To", "Cc", "From", "Return-Path", "Sender", "Reply-To", "Delivered-To"]
        .iter()
        .flat_map(|name| head.addresses(name))
        .map(|address| address.to_lowercase())
        .collect();
    let embedded = report::in_text(&prose.lines);
    if !embedded.is_empty() {
        return embedded;
    }
    let mut named = Named::new(&prose.lines, &own);
    if !failed.is_empty() {
        named.recipients.retain(|(address, _)| failed.iter().any(|failed| failed.eq_ignore_ascii_case(address)));
        for address in failed {
            named.add(address, None);
        }
    }
    if named.recipients.is_empty() {
        named.recipients.extend(named.own_listed.take());
    }
    if named.recipients.is_empty() {
        // Whom the copy was for, if it was for one.
        let originals = parts.iter().filter_map(|part| part.original.as_ref());
        let copied = prose.copied("to:").flat_map(addresses::all);
        copied.chain(originals.flat_map(|original| original.addresses("To"))).for_each(|to| named.add(to, None));
        named.keep_only_one();
    }
    let is_only = named.recipients.len() == 1;
    let report = |(address, at): (Option<String>, Option<usize>)| {
        let own_words = at.map(|at| diagnostic(&prose.lines, at)).unwrap_or_default();
        let says = says_why(&own_words);
        let said = match says {
            true => own_words.clone(),
            false if is_only || address.is_none() => format!("{own_words} {} {subject}", prose.text()),
            false => format!("{own_words} {subject}"),
        };
        let kind = if is_delay { Kind::Soft } else { failure(None, &said) };
        let words = if own_words.is_empty() { first_reason(prose) } else { own_words };
        let diagnostic = Some(one_line(&words)).filter(|said| !said.is_empty());
        Report { recipient: address, kind, status: status_in(&said.to_lowercase()), diagnostic, is_final: !is_delay }
    };
    if named.recipients.is_empty() {
        return if says_subject || says_text { vec![report((None, None))] } else { Vec::new() };
    }
    named.recipients.into_iter().map(|(address, at)| report((Some(address), at))).collect()
}

/// Adds to reports without a reason what the text beside them says of the same recipients.
pub(super) fn explain(reports: &mut [Report], prose: &Prose) {
    let is_unexplained =
        |report: &&mut Report| report.is_final && report.diagnostic.is_none() && report.kind != Kind::Delivered;
    let mut places = BTreeMap::new();
    for (at, line) in prose.lines.iter().enumerate() {
        for address in addresses::all(line) {
            places.entry(address.to_lowercase()).or_insert(at);
        }
    }
    for report in reports.iter_mut().filter(is_unexplained) {
        let at = report.recipient.as_ref().and_then(|recipient| places.get(&recipient.to_lowercase()));
        let Some(said) = at.map(|at| diagnostic(&prose.lines, *at)).filter(|said| says_why(said)) else { continue };
        report.kind = failure(report.status.as_deref(), &said);
        report.diagnostic = Some(one_line(&said));
    }
}

/// Whether a text says anything of what happened.
fn says_why(text: &str) -> bool {
    let text = text.to_lowercase();
    let has_reason = has(&RULES.hard, &text) || has(&RULES.soft, &text) || has(&RULES.policy, &text);
    has_reason || status_in(&text).is_some()
}

/// The first line with a reason, for a report that names no address.
fn first_reason(prose: &Prose) -> String {
    prose
        .lines
        .iter()
        .find(|line| says_why(line) || has(&RULES.failures, &line.to_lowercase()))
        .cloned()
        .unwrap_or_default()
}

/// From a line with an address on: up to an empty line, or the next line that begins with an address.
fn diagnostic(lines: &[String], at: usize) -> String {
    let mut said = lines.get(at).cloned().unwrap_or_default();
    // An address alone may have its reason after an empty line.
    let is_end = |line: &&String| !line.trim().is_empty() && !is_listed(line);
    for line in lines.iter().skip(at + 1).take(DIAGNOSTIC_LINES).take_while(is_end) {
        said.push(' ');
        said += line.trim();
    }
    said
}

fn is_listed(line: &str) -> bool {
    addresses::find(line).first().is_some_and(|first| begins_with(line, first))
}

/// True when nothing but signs stands before an address, or words for what it was made from.
fn begins_with(line: &str, found: &Found) -> bool {
    let before = line[..found.place.start].trim();
    let is_signs = before.chars().all(|c| !c.is_alphanumeric());
    let is_quoted =
        before.ends_with('<') && before.trim_matches(['"', '<', ' ', '\'']).ends_with(|c: char| c.is_alphanumeric());
    let label = before.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let is_origin = label == "expanded from" || label == "generated from";
    // The end of `(expanded from` on the line before.
    let is_rest = line[found.place.end..].trim_start_matches('>').starts_with(')') && !before.starts_with('(');
    (is_signs || is_origin || (is_quoted && before.starts_with('"'))) && !is_rest
}

/// True for `550 5.1.1 <reader@example.org>... User unknown`: a reply that refuses.
fn is_refused(line: &str, found: &Found) -> bool {
    let Some(code) = line[..found.place.start].trim_start().strip_suffix('<') else { return false };
    code.starts_with(['4', '5']) && code.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '.' | '-'))
}

/// True for those who answer questions about mail.
fn is_staff(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or_default().to_lowercase();
    ["postmaster", "mailer-daemon", "abuse", "helpdesk", "noreply", "no-reply"].contains(&local.as_str())
}

/// The addresses that a text names as recipients, each with the line that names it.
struct Named<'o> {
    own: &'o [String],
    recipients: Vec<(String, Option<usize>)>,
    /// Listed as a recipient, and also to whom the report went: who writes to himself.
    own_listed: Option<(String, Option<usize>)>,
}

impl<'o> Named<'o> {
    fn new(lines: &[String], own: &'o [String]) -> Self {
        let mut named = Self { own, recipients: Vec::new(), own_listed: None };
        let found: Vec<Vec<Found>> = lines.iter().map(|line| addresses::find(line)).collect();
        for (at, (line, found)) in lines.iter().zip(&found).enumerate() {
            let Some(first) = found.first().filter(|first| begins_with(line, first)) else { continue };
            if own.contains(&first.address.to_lowercase()) && !is_staff(&first.address) {
                named.own_listed.get_or_insert_with(|| (first.address.clone(), Some(at)));
            }
            named.add(first.address.clone(), Some(at));
            // `a@example.org, b@example.org`
            for pair in found.windows(2) {
                if line[pair[0].place.end..pair[1].place.start].chars().any(char::is_alphanumeric) {
                    break;
                }
                named.add(pair[1].address.clone(), Some(at));
            }
        }
        if named.recipients.is_empty() {
            for (at, (line, found)) in lines.iter().zip(&found).enumerate() {
                let Some(first) = found.first().filter(|first| is_refused(line, first)) else { continue };
                named.add(first.address.clone(), Some(at));
            }
        }
        if !named.recipients.is_empty() {
            return named;
        }
        let is_contact = |line: &str| has(&RULES.contacts, line) && !line.contains("rcpt to");
        for (at, (line, found)) in lines.iter().zip(&found).enumerate().filter(|(_, (_, found))| !found.is_empty()) {
            // A label may stand at the end of the line before.
            let before = at.checked_sub(1).map(|before| lines[before].to_lowercase()).unwrap_or_default();
            let line = line.to_lowercase();
            if (has(&RULES.labels, &line) || has(&RULES.labels, &before)) && !is_contact(&line) {
                for found in found {
                    named.add(found.address.clone(), Some(at));
                }
            }
        }
        if named.recipients.is_empty() {
            let all = lines.iter().zip(&found).enumerate().filter(|(_, (line, _))| !is_contact(&line.to_lowercase()));
            for (at, (_, found)) in all {
                for found in found {
                    named.add(found.address.clone(), Some(at));
                }
            }
            named.keep_only_one();
        }
        named
    }

    /// Of several it is not known which one is meant.
    fn keep_only_one(&mut self) {
        if self.recipients.len() > 1 {
            self.recipients.clear();
        }
    }

    fn add(&mut self, address: String, at: Option<usize>) {
        let folded = address.to_lowercase();
        let is_known = self.recipients.iter().any(|(known, _)| known.eq_ignore_ascii_case(&address));
        if !is_staff(&address) && !is_known && !self.own.contains(&folded) && self.recipients.len() < MOST_RECIPIENTS {
            self.recipients.push((address, at));
        }
    }
}
