//! What people ask for by mail: to join, to confirm, to leave. What a program has sent by itself is no wish.

use super::addresses::{is_leave_length, token_in};
use super::mime::Head;
use super::rules::RULES;
use super::said::{Clues, Kind, Report};
use crate::model::EmailAddress;

/// Where it stands to whom a message was sent.
pub(super) const SENT_TO: [&str; 8] =
    ["To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "Resent-To"];

/// So many headers with results of authentication are looked at.
const MOST_RESULTS: usize = 20;

/// How many words the subject of one who joins or leaves has.
const MOST_WORDS: usize = 2;

/// The wish that a message is, if it is one.
pub(super) fn wish(head: &Head<'_>, clues: &Clues, join: Option<&EmailAddress>) -> Option<Report> {
    let is_automatic = head.text("Auto-Submitted").is_some_and(|value| !value.to_lowercase().starts_with("no"));
    let precedence = head.text("Precedence").unwrap_or_default().to_lowercase();
    let has_token = clues.tokens.iter().any(|token| is_leave_length(token.len()));
    let leaves = has_token && !is_answer_to_a_letter(head);
    // Mail programs send what a button asks for, and say so.
    let is_unasked = is_automatic || ["bulk", "list", "junk"].contains(&precedence.as_str());
    if head.is_of_a_list() || is_unasked && !leaves {
        return None;
    }
    let from = head.from();
    let kind = if has_token {
        if leaves { Kind::Unsubscribe } else { Kind::Confirm }
    } else if is_word(&RULES.leave, head) {
        Kind::Unsubscribe
    } else if from.len() == 1 && head.all("From").count() == 1 && joins(head, join?) && !is_forged(head) {
        Kind::Subscribe
    } else {
        return None;
    };
    Some(Report { recipient: from.into_iter().next(), kind, status: None, diagnostic: None, is_final: true })
}

/// Whether a token seems to confirm: the address that holds it says so, or the subject is that of a letter. The site's secret
/// tells for certain.
fn is_answer_to_a_letter(head: &Head<'_>) -> bool {
    let addresses = SENT_TO.iter().flat_map(|name| head.addresses(name));
    let mut of_token = addresses.filter(|address| token_in(address.split('@').next().unwrap_or_default()).is_some());
    let says = |address: String| ["confirm", "join"].iter().any(|word| address.starts_with(word));
    head.subject().trim_end().ends_with(']') || of_token.any(says)
}

/// Whether the subject is one of these words, with at most one more.
fn is_word(words: &[String], head: &Head<'_>) -> bool {
    let subject = head.subject().to_lowercase();
    let first = subject.split_whitespace().next().unwrap_or_default();
    words.iter().any(|word| word == first) && subject.split_whitespace().count() <= MOST_WORDS
}

/// Whether a mail went to the address for joining; or, with the word for its subject, to the same mailbox.
fn joins(head: &Head<'_>, join: &EmailAddress) -> bool {
    let mailbox = |address: &EmailAddress| {
        let local = address.local_part().split('+').next().unwrap_or_default().to_lowercase();
        (local, address.domain().to_lowercase())
    };
    let addresses = SENT_TO.iter().flat_map(|name| head.addresses(name));
    let mut sent_to = addresses.filter_map(|address| address.parse::<EmailAddress>().ok());
    let has_word = is_word(&RULES.join, head);
    sent_to.any(|to| to.key() == join.key() || has_word && mailbox(&to) == mailbox(join))
}

/// Whether the mailbox's own server has found that the sender is not who it says (RFC 8601). Its results stand above all others: the
/// topmost header names it. What other servers found does not count, nor what the same one seems to have found further down, of a
/// method about which it speaks above: that may have come with the message.
fn is_forged(head: &Head<'_>) -> bool {
    let mut own = None;
    let mut found: [Option<(bool, bool)>; 3] = [None; 3];
    for results in head.all("Authentication-Results").take(MOST_RESULTS) {
        let results = without_comments(&results).to_lowercase();
        let mut results = results.split(';');
        // The first part names the server, and may have a version after it.
        let server = results.next().unwrap_or_default().split_whitespace().next().unwrap_or_default().to_owned();
        if *own.get_or_insert_with(|| server.clone()) != server {
            continue;
        }
        let mut here: [Option<(bool, bool)>; 3] = [None; 3];
        for result in results {
            let Some((method, rest)) = result.trim().split_once('=') else { continue };
            let method = method.split('/').next().unwrap_or_default().trim();
            let Some(at) = ["dmarc", "dkim", "spf"].iter().position(|it| *it == method) else { continue };
            let result = rest.split_whitespace().next().unwrap_or_default();
            let (has_passed, has_failed) = here[at].get_or_insert_default();
            *has_passed |= result == "pass";
            // `hardfail` is an older word for SPF (RFC 5451).
            *has_failed |= matches!(result, "fail" | "hardfail");
        }
        for (known, new) in found.iter_mut().zip(here) {
            *known = known.or(new);
        }
    }
    let [dmarc, dkim, spf] = found.map(Option::unwrap_or_default);
    match dmarc {
        (true, _) => false,
        (_, true) => true,
        // Forwarding breaks one of them.
        _ => !dkim.0 && !spf.0 && (dkim.1 || spf.1),
    }
}

/// A header without what stands in brackets (RFC 5322 §3.2.2).
fn without_comments(text: &str) -> String {
    let mut depth = 0_u32;
    let outside = |c: char| {
        match c {
            '(' => depth += 1,
            ')' => {
                depth = depth.saturating_sub(1);
                return None;
            }
            _ => {}
        }
        (depth == 0).then_some(c)
    };
    text.chars().filter_map(outside).collect()
}

/// The token at the end of a subject: in `unsubscribe TOKEN`, or in brackets as letters have it and their answers keep it.
pub(super) fn subject_token(subject: &str) -> Option<String> {
    let mut words = subject.split_whitespace();
    let last = words.next_back()?;
    let bracketed = last.strip_prefix('[').and_then(|last| last.strip_suffix(']'));
    let is_near = bracketed.is_some() || words.count() < 4;
    is_near.then(|| token_in(bracketed.unwrap_or(last))).flatten().filter(|token| is_leave_length(token.len()))
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    const TOKEN: &str = "babcdefghijklmnopqrstuvwxyz";

    fn kind(headers: &str) -> Option<Kind> {
        let join = "ada+join@b.test".parse().unwrap();
        let message = format!("From: Bob <bob@c.test>\r\n{headers}\r\n\r\nhello\r\n");
        read(message.as_bytes(), Some(&join)).reports.first().map(|report| report.kind)
    }

    #[test]
    fn a_mail_to_the_address_or_with_the_word_joins() {
        for headers in [
            "To: ada+join@b.test",
            "To: x@b.test\r\nDelivered-To: ADA+Join@b.test\r\nSubject: hello there",
            "To: ada@b.test\r\nSubject: Subscribe",
            "To: ada@b.test\r\nSubject: =?utf-8?q?abonnieren?= bitte",
        ] {
            assert_eq!(kind(headers), Some(Kind::Subscribe), "{headers}");
        }
        for headers in [
            "To: ada@b.test\r\nSubject: hello",
            "To: ada@b.test\r\nSubject: Subscribe to my channel today",
            "To: eve@b.test\r\nSubject: subscribe",
            "To: ada+join@b.test\r\nList-Id: <x.test>",
            "To: ada+join@b.test\r\nAuto-Submitted: auto-generated",
            "To: ada+join@b.test\r\nPrecedence: bulk",
        ] {
            assert_eq!(kind(headers), None, "{headers}");
        }
        assert_eq!(kind("To: ada+join@b.test\r\nSubject: Out of office"), Some(Kind::AutoReply));
        assert_eq!(kind("To: ada+join@b.test\r\nSubject: unsubscribe"), Some(Kind::Unsubscribe));
    }

    #[test]
    fn who_joins_is_the_one_sender_and_no_one_else_who_is_named() {
        let join = "join@b.test".parse().unwrap();
        let joins = |from: &str| {
            let message = format!("{from}\r\nTo: join@b.test\r\n\r\nhello\r\n");
            read(message.as_bytes(), Some(&join)).reports.first().and_then(|report| report.recipient.clone())
        };
        for from in [
            "From: \"bob@c.test\" <bob@c.test>",
            "From: bob@c.test (eve@d.test)",
            "From: \"eve@d.test\"\r\n <bob@c.test>",
            "From: =?utf-8?q?eve=40d.test?= <bob@c.test>",
        ] {
            assert_eq!(joins(from).as_deref(), Some("bob@c.test"), "{from}");
        }
        assert_eq!(joins("From: Jörg <jörg@c.test>").as_deref(), Some("jörg@c.test"));
        for from in ["From: bob@c.test, eve@d.test", "From: bob@c.test\r\nFrom: eve@d.test", "From: x"] {
            assert_eq!(joins(from), None, "{from}");
        }
    }

    #[test]
    fn a_sender_whom_the_own_server_refutes_does_not_join() {
        let with = |results: &str| kind(&format!("{results}To: ada+join@b.test"));
        for refuted in ["dmarc=fail (p=none) header.from=c.test", "spf=fail; dkim=none", "dkim=fail; spf=softfail"] {
            assert_eq!(with(&format!("Authentication-Results: mx.b.test; {refuted}\r\n")), None, "{refuted}");
        }
        for fine in ["none", "dmarc=pass; spf=fail", "spf=fail; dkim=pass (dmarc=fail)", "spf=softfail", "spf=neutral"]
        {
            let results = format!("Authentication-Results: mx.b.test 1; {fine}\r\n");
            assert_eq!(with(&results), Some(Kind::Subscribe), "{fine}");
        }
        let by = |server: &str, results: &str| format!("Authentication-Results: {server}; {results}\r\n");
        let fails = by("mx.b.test", "dmarc=fail");
        for brought in [by("mx.b.test", "dmarc=pass"), by("mx.c.test", "dmarc=pass; dkim=pass; spf=pass")] {
            assert_eq!(with(&format!("{fails}{brought}")), None, "{brought}");
        }
        let passes = by("mx.b.test", "dmarc=pass");
        for brought in [&fails, &by("mx.c.test", "dmarc=fail")] {
            assert_eq!(with(&format!("{passes}{brought}")), Some(Kind::Subscribe), "{brought}");
        }
        // Some servers write a header for each method.
        let (dkim, spf) = (by("mx.b.test 1", "dkim=fail"), by("MX.b.test", "spf=fail"));
        assert_eq!(with(&format!("{dkim}{spf}{}", by("mx.c.test", "dkim=pass"))), None);
        assert_eq!(with(&format!("{dkim}{}", by("mx.b.test", "spf=pass"))), Some(Kind::Subscribe));
    }

    #[test]
    fn an_answer_to_a_letter_confirms_and_an_answering_program_does_not() {
        for headers in [
            format!("To: confirm+{TOKEN}@b.test"),
            format!(
                "To: ada+join-{TOKEN}@b.test\r\nSubject: Re: Confirm your subscription to Notes and more [{TOKEN}]"
            ),
            format!("To: ada@b.test\r\nSubject: AW: Bitte [{}]", TOKEN.to_uppercase()),
        ] {
            assert_eq!(kind(&headers), Some(Kind::Confirm), "{headers}");
            assert_eq!(kind(&format!("Auto-Submitted: auto-replied\r\n{headers}")), Some(Kind::AutoReply));
            assert_eq!(kind(&format!("List-Id: <x.test>\r\n{headers}")), None);
        }
        assert_eq!(kind(&format!("To: leave+{TOKEN}@b.test")), Some(Kind::Unsubscribe));
        assert_eq!(kind(&format!("To: ada@b.test\r\nSubject: unsubscribe {TOKEN}")), Some(Kind::Unsubscribe));
    }
}
