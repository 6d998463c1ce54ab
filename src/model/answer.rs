//! What a mail server answered, in its parts.

use std::fmt;

/// A reply (RFC 5321 §4.2) in its parts, or our own words about a try that got none.
///
/// ```
/// use tidings::model::Answer;
/// let answer = Answer::parse("550 5.1.1 no such user");
/// assert_eq!((answer.code, answer.enhanced.as_deref()), (Some(550), Some("5.1.1")));
/// assert_eq!(answer.to_string(), "550 5.1.1 no such user");
/// assert_eq!(Answer::parse("the connection was lost").code, None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The reply code; `None` when these are no words of a server.
    pub code: Option<u16>,
    /// The enhanced status code (RFC 3463), such as `5.1.1`.
    pub enhanced: Option<String>,
    /// The text after the codes.
    pub text: String,
}

impl Answer {
    /// The parts of a reply that is one line. The enhanced code is the first word (RFC 2034), or stands in brackets as
    /// `(#5.1.1)` (qmail).
    pub fn parse(reply: &str) -> Self {
        let own = || Self { code: None, enhanced: None, text: reply.to_owned() };
        let (code, rest) = reply.split_once(' ').unwrap_or((reply, ""));
        let is_code = code.len() == 3 && code.starts_with(['2', '3', '4', '5']);
        let Some(code) = code.parse().ok().filter(|_| is_code) else { return own() };
        let (first, after) = rest.split_once(' ').unwrap_or((rest, ""));
        if is_enhanced(first) {
            return Self { code: Some(code), enhanced: Some(first.to_owned()), text: after.to_owned() };
        }
        let in_brackets = rest.split_once("(#").and_then(|(_, rest)| rest.split_once(')')).map(|(inside, _)| inside);
        let enhanced = in_brackets.filter(|inside| is_enhanced(inside)).map(str::to_owned);
        Self { code: Some(code), enhanced, text: rest.to_owned() }
    }

    /// True for a 4yz reply: not now.
    pub fn is_temporary(&self) -> bool {
        self.code.is_some_and(|code| code / 100 == 4)
    }

    /// True when the enhanced code belongs to this subject, such as `.7.` for policy (RFC 3463 §3).
    pub fn is_about(&self, subject: &str) -> bool {
        self.enhanced.as_deref().is_some_and(|enhanced| enhanced[1..].starts_with(subject))
    }
}

/// Class, subject and detail (RFC 3463 §2): `2.0.0` to `5.999.999`.
fn is_enhanced(word: &str) -> bool {
    let is_number = |part: &str| matches!(part.len(), 1..=3) && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = word.split('.').collect();
    matches!(parts.as_slice(), ["2" | "4" | "5", subject, detail] if is_number(subject) && is_number(detail))
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(code) = self.code else { return f.write_str(&self.text) };
        write!(f, "{code}")?;
        if let Some(enhanced) = self.enhanced.as_ref().filter(|code| !self.text.contains(&format!("(#{code})"))) {
            write!(f, " {enhanced}")?;
        }
        if self.text.is_empty() { Ok(()) } else { write!(f, " {}", self.text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_make_the_reply_again() {
        for (reply, code, enhanced, text) in [
            ("250 2.0.0 Ok: queued as 4F", Some(250), Some("2.0.0"), "Ok: queued as 4F"),
            ("550", Some(550), None, ""),
            ("550 5.1.1", Some(550), Some("5.1.1"), ""),
            ("550 no such user", Some(550), None, "no such user"),
            ("553 sorry (#5.7.1)", Some(553), Some("5.7.1"), "sorry (#5.7.1)"),
            ("550 1.2.3 a number", Some(550), None, "1.2.3 a number"),
            ("550 5.1.1234 x", Some(550), None, "5.1.1234 x"),
            ("written to outbox/issue-1-00001.eml", None, None, "written to outbox/issue-1-00001.eml"),
            ("123 people", None, None, "123 people"),
            ("+50 x", None, None, "+50 x"),
            ("", None, None, ""),
        ] {
            let answer = Answer::parse(reply);
            assert_eq!((answer.code, answer.enhanced.as_deref(), answer.text.as_str()), (code, enhanced, text));
            assert_eq!(answer.to_string(), reply);
        }
    }
}
