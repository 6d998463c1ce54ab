//! What servers write, as data: `rules.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

/// Every phrase is in lower case and stands within one line.
#[derive(Debug, Deserialize)]
pub(super) struct Rules {
    /// Who reports that mail did not arrive: local parts and names.
    pub(super) senders: Vec<String>,
    /// What the subject of a bounce has.
    pub(super) subjects: Vec<String>,
    /// What its text has.
    pub(super) failures: Vec<String>,
    /// What its text has as long as the server goes on trying.
    pub(super) delays: Vec<String>,
    /// What a line has that names a recipient.
    pub(super) labels: Vec<String>,
    /// Lines whose addresses are for questions.
    pub(super) contacts: Vec<String>,
    /// What a line begins with, after signs, from which on it is a copy of our message.
    pub(super) copies: Vec<String>,
    /// Beginnings of the subjects of programs that answer.
    pub(super) auto_reply: Vec<String>,
    /// What the subject of an answer begins with, before a colon.
    pub(super) replies: Vec<String>,
    /// What the subject of a program has that answers every mail with the number of a case.
    pub(super) tickets: Vec<String>,
    /// What the text of a program has that answers.
    pub(super) automatic_texts: Vec<String>,
    /// What an answer has of one who does not want what it would confirm: words, in their order.
    pub(super) refusing: Vec<String>,
    /// What such an answer begins with.
    pub(super) noes: Vec<String>,
    /// Headers that programs set.
    pub(super) automatic_headers: Vec<String>,
    /// What `Feedback-ID` has in the mail of persons.
    pub(super) personal_feedback: Vec<String>,
    /// Values of `Precedence` that persons do not set.
    pub(super) automatic_precedence: Vec<String>,
    /// What addresses begin with that no person writes from.
    pub(super) robots: Vec<String>,
    /// Subjects of those who leave.
    pub(super) leave: Vec<String>,
    /// Subjects of those who join.
    pub(super) join: Vec<String>,
    /// What says that the sender or the message is refused.
    pub(super) policy: Vec<String>,
    /// What says so even beside a name that is not known.
    pub(super) refusals: Vec<String>,
    /// What says that there is no such reader.
    pub(super) hard: Vec<String>,
    /// What says that it is for good.
    pub(super) permanent: Vec<String>,
    /// What may pass.
    pub(super) soft: Vec<String>,
}

pub(super) static RULES: LazyLock<Rules> =
    LazyLock::new(|| toml::from_str(include_str!("rules.toml")).expect("the file holds these lists"));

/// True when a text in lower case has one of these.
pub(super) fn has(phrases: &[String], text: &str) -> bool {
    phrases.iter().any(|phrase| text.contains(phrase.as_str()))
}

/// True for the subject of a program that answers.
pub(super) fn answers(subject: &str) -> bool {
    let subject = subject.to_lowercase();
    let mut rest = subject.trim();
    loop {
        if RULES.auto_reply.iter().any(|phrase| rest.starts_with(phrase.as_str())) {
            return true;
        }
        // `Re: AW: `
        match rest.split_once([':', '：']).filter(|(before, _)| before.chars().count() <= 4) {
            Some((_, after)) => rest = after.trim_start(),
            None => return has(&RULES.tickets, &subject),
        }
    }
}

/// True for the subject of an answer, or of what is handed on.
pub(super) fn is_reply(subject: &str) -> bool {
    let Some((before, _)) = subject.split_once([':', '：']) else { return false };
    // `Re[2]:`
    let word = before.trim_end_matches(|c: char| c.is_ascii_digit() || "[]()^* ".contains(c)).trim_start();
    RULES.replies.contains(&word.to_lowercase())
}
