//! What an answer says about whom: the reader, or us.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::model::{Answer, Outcome};

/// What servers say whose codes do not tell whom they mean.
#[derive(Deserialize)]
struct Phrases {
    /// When they have something against the sender.
    sender: Vec<String>,
    /// Of a reader who is not there, or whose mailbox takes nothing.
    reader: Vec<String>,
}

static PHRASES: LazyLock<Phrases> =
    LazyLock::new(|| toml::from_str(include_str!("refusals.toml")).expect("the file holds both lists"));

/// What kind of answer a try got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnswerKind {
    /// The message was taken.
    Accepted,
    /// Refused, now or for good, for what has to do with the reader: an address or a mailbox (RFC 3463 §3.2, §3.3).
    Reader,
    /// Refused by ourselves: this message cannot go to this reader by this way out. No server was asked.
    Own,
    /// Refused for what the server has against the sender, which no reader is to blame for (RFC 3463 §3.8).
    Policy,
    /// Refused for good, and nothing says whether the reader or the sender is meant.
    Unclear,
    /// Not now (4yz).
    PutOff,
    /// Not now, and the server closed the connection (421).
    Closing,
    /// The connection was lost, before or after the message was complete.
    Lost,
}

impl AnswerKind {
    /// The kind of an answer of a relay that says these phrases of the sender; `is_lost` says that the try ended with the
    /// connection.
    pub(super) fn of(outcome: &Outcome, is_lost: bool, own: &[String]) -> Self {
        match outcome {
            Outcome::Sent(_) => Self::Accepted,
            Outcome::InDoubt(_) => Self::Lost,
            Outcome::Refused(_) => Self::Policy,
            Outcome::Failed(reply) => permanent(&Answer::parse(reply), own),
            Outcome::Deferred(reply) => {
                let answer = Answer::parse(reply);
                match answer.code {
                    Some(421) => Self::Closing,
                    None if is_lost => Self::Lost,
                    _ if answer.is_about(".7.") || is_about_the_senders_address(&answer) => Self::Policy,
                    _ if answer.is_about(".1.") || answer.is_about(".2.") => Self::Reader,
                    _ => Self::PutOff,
                }
            }
        }
    }
}

/// What a 5yz means.
fn permanent(answer: &Answer, own: &[String]) -> AnswerKind {
    let text = answer.text.to_lowercase();
    let says = |phrases: &[String]| phrases.iter().any(|phrase| text.contains(phrase));
    match &answer.enhanced {
        _ if answer.code.is_none() => AnswerKind::Own,
        _ if is_about_the_senders_address(answer) => AnswerKind::Policy,
        // Servers that judge it at RCPT say 5.1.0 too; 5.1.90 (Exchange Online) and 5.4.5 (Gmail) are limits of the day.
        Some(code) if code == "5.1.0" && text.contains("sender") => AnswerKind::Policy,
        Some(code) if matches!(code.as_str(), "5.1.90" | "5.4.5") => AnswerKind::Policy,
        _ if answer.is_about(".1.") || answer.is_about(".2.") => AnswerKind::Reader,
        // No such host; and what Exchange Online says of a reader who is not there.
        Some(code) if code == "5.4.4" || (code == "5.4.1" && text.contains("recipient address rejected")) => {
            AnswerKind::Reader
        }
        _ if answer.is_about(".7.") => AnswerKind::Policy,
        _ if says(own) || says(&PHRASES.sender) => AnswerKind::Policy,
        _ if says(&PHRASES.reader) => AnswerKind::Reader,
        _ => AnswerKind::Unclear,
    }
}

/// True for a code that judges the sender's address (RFC 3463 §3.2).
fn is_about_the_senders_address(answer: &Answer) -> bool {
    answer.enhanced.as_deref().is_some_and(|code| matches!(&code[1..], ".1.7" | ".1.8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn says(kind: AnswerKind, replies: &[&str]) {
        for reply in replies {
            assert_eq!(AnswerKind::of(&Outcome::Failed((*reply).to_owned()), false, &[]), kind, "{reply}");
        }
    }

    #[test]
    fn a_reader_who_is_not_there_is_no_fault_of_ours() {
        says(
            AnswerKind::Reader,
            &[
                "550 5.1.1 no such user",
                "550 5.1.10 null MX",
                "552 5.2.2 mailbox full",
                "550 5.2.1 disabled",
                "550 unknown user",
                "550 User unknown",
                "550 <ada@example.org>: Recipient address rejected: User unknown in local recipient table",
                "550 Requested action not taken: mailbox unavailable",
                "550 sorry, no mailbox here by that name. (#5.1.1)",
                "554 delivery error: dd This user doesn't have a yahoo.com account",
                "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)",
                "550 5.4.4 host not found",
                "550 5.0.0 user unknown",
                "550 5.5.0 Requested action not taken: mailbox unavailable",
                "550 The email account that you tried to reach does not exist",
                "552 5.2.2 <ada@example.org>: Quota exceeded",
                "552 Quota exceeded (mailbox for user is full)",
                "550 Mailbox quota exceeded",
                "554 delivery error: dd This account is over quota",
                "552 Requested mail action aborted: exceeded storage allocation",
            ],
        );
    }

    #[test]
    fn policy_is_no_fault_of_a_reader() {
        says(
            AnswerKind::Policy,
            &[
                "550 5.7.1 sending suspended",
                "550 5.7.26 unauthenticated mail is refused",
                "550 5.7.1 user unknown or blocked",
                "554 Message rejected as spam",
                "550 5.1.8 <ada@example.org>: Sender address rejected: Domain not found",
                "553 5.1.0 sender rejected",
                "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
                "550 relay not permitted, unknown user",
                "554 blocked using zen.example",
                "550 your account is disabled",
                "550 sending quota exceeded",
                "550 daily quota exceeded",
                "550 5.4.5 Quota exceeded",
                "550 You have exceeded your message quota",
                "550 You are over quota for today",
                "550 Domain example.org has exceeded the max emails per hour (156/150 (104%)) allowed",
                "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
            ],
        );
    }

    #[test]
    fn what_says_neither_is_unclear_and_what_no_server_said_is_ours() {
        says(
            AnswerKind::Unclear,
            &["554 no", "552 Quota exceeded", "554", "554 5.6.0 bad content", "552 5.3.4 too big", "550 5.4.6 loop"],
        );
        says(AnswerKind::Own, &["this address needs SMTPUTF8 (RFC 6531), which the mail server does not offer"]);
    }

    #[test]
    fn what_is_put_off_is_told_apart() {
        let of = |reply: &str, is_lost| AnswerKind::of(&Outcome::Deferred(reply.to_owned()), is_lost, &[]);
        assert_eq!(of("421 4.7.0 too many connections", true), AnswerKind::Closing);
        assert_eq!(of("the connection was lost before the answer to RCPT", true), AnswerKind::Lost);
        assert_eq!(of("450 4.2.0 greylisted", false), AnswerKind::Reader);
        assert_eq!(of("452 4.2.2 full", false), AnswerKind::Reader);
        for policy in ["451 4.7.1 try again later", "450 4.1.7 sender unknown", "450 4.1.8 sender's domain not found"] {
            assert_eq!(of(policy, false), AnswerKind::Policy, "{policy}");
        }
        assert_eq!(of("450 4.1.0 later", false), AnswerKind::Reader);
        assert_eq!(of("451 4.3.0 later", false), AnswerKind::PutOff);
        assert_eq!(of("sendmail: disk full (exit status: 75)", false), AnswerKind::PutOff);
    }
}
