//! What a code and a text say: is it the reader, does it pass, or is it against us.

use super::rules::{RULES, has};
use super::said::Kind;

const LONGEST_DIAGNOSTIC: usize = 300;

/// What a failure is. The code counts first (RFC 3463), unless it says nothing: `5.0.0` and the like, which servers send for everything.
pub(super) fn failure(status: Option<&str>, said: &str) -> Kind {
    let said = said.to_lowercase();
    // The server that refused has its own code in its text; the one that reports has often none of its own.
    let own = status_in(&said);
    let is_vague = |status: &str| status.ends_with(".0.0") || status.ends_with(".5.0") || status.ends_with(".3.0");
    let status = match (status, own.as_deref()) {
        (Some(status), Some(own)) if is_vague(status) || status == "5.4.7" || status == "4.4.7" => Some(own),
        (Some(status), _) => Some(status),
        (None, own) => own,
    };
    let (is_unknown, is_policy, is_full) = (has(&RULES.hard, &said), has(&RULES.policy, &said), is_full(&said));
    // These words are about the sender even beside a name that is not known.
    let is_refused = has(&RULES.refusals, &said);
    let by_code = match status.and_then(parts) {
        Some((5, 1, 1)) if is_full && !is_unknown => Some(Kind::Soft),
        Some((5, 1, 1 | 2 | 3 | 4 | 6 | 10) | (5, 4, 4) | (5, 2, 1)) => {
            Some(if is_refused && !is_unknown { Kind::Policy } else { Kind::Hard })
        }
        // Office 365 says so of readers who are not there.
        Some((5, 4, 1)) => Some(Kind::Hard),
        Some((5, 7, _)) if is_full => Some(Kind::Soft),
        // What is above 1 names a rule of the receiver, whatever words come with it; but 13 is an account that
        // was closed, and 17 one of another owner.
        Some((5, 7, 0 | 1 | 13 | 17)) if is_unknown && !is_refused => Some(Kind::Hard),
        // 5.1.7 and 5.1.8 are about the address of the sender.
        Some((5, 1, 7 | 8) | (5, 6 | 7, _)) => Some(Kind::Policy),
        Some((4, 7, _)) => Some(if is_policy { Kind::Policy } else { Kind::Soft }),
        Some((4, _, _) | (5, 2, 2 | 3) | (5, 3, 1 | 2 | 4) | (5, 4, 6 | 7 | 14)) => Some(Kind::Soft),
        _ => None,
    };
    if let Some(kind) = by_code {
        return kind;
    }
    match reply_code(&said) {
        _ if is_policy && is_refused && !is_full => Kind::Policy,
        _ if is_unknown && !is_full => Kind::Hard,
        _ if has(&RULES.soft, &said) => Kind::Soft,
        _ if is_policy => Kind::Policy,
        Some(550 | 551 | 553 | 556) => Kind::Hard,
        // Nothing says why, but it is for good.
        None if status.is_some_and(|status| status.starts_with('5')) || has(&RULES.permanent, &said) => Kind::Hard,
        _ => Kind::Soft,
    }
}

/// What a failure is by what a server answered; `None` when it has answered nothing with a code.
pub fn kind_of(status: Option<&str>, said: &str) -> Option<Kind> {
    let status = status.and_then(status_in);
    let has_code = status.is_some() || status_in(said).is_some() || reply_code(said).is_some();
    has_code.then(|| failure(status.as_deref(), said))
}

fn is_full(said: &str) -> bool {
    ["quota", "full", "storage", "disk space", "size limit", "message size", "too big", "too large"]
        .iter()
        .any(|word| said.contains(word))
}

fn parts(status: &str) -> Option<(u16, u16, u16)> {
    let mut numbers = status.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??, numbers.next()??))
}

/// The first code such as `5.1.1` in a text; an IP address has four numbers.
pub fn status_in(text: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_digit() || c == '.';
    let mut words = text.split(|c: char| !is_part(c)).map(|word| word.trim_matches('.'));
    words
        .find(|word| {
            let is_class = word.starts_with("4.") || word.starts_with("5.");
            let numbers = word.split('.').filter(|number| (1..=3).contains(&number.len()));
            is_class && numbers.count() == 3 && word.matches('.').count() == 2
        })
        .map(str::to_owned)
}

/// The first reply code of SMTP that refuses.
fn reply_code(text: &str) -> Option<u16> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    words.filter(|word| word.len() == 3).filter_map(|word| word.parse().ok()).find(|code| (400..600).contains(code))
}

/// A text on one line, shortened.
pub fn one_line(text: &str) -> String {
    let mut line = String::new();
    // A null character is in no text of PostgreSQL.
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    for word in words {
        if line.len() + word.len() >= LONGEST_DIAGNOSTIC {
            let room = LONGEST_DIAGNOSTIC.saturating_sub(line.len());
            let end = (0..=room.min(word.len())).rev().find(|end| word.is_char_boundary(*end)).unwrap_or(0);
            line += &word[..end];
            return line + "…";
        }
        line += word;
        line.push(' ');
    }
    line.trim_end().to_owned()
}
