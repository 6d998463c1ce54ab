//! What a server offers in its answer to EHLO (RFC 5321 §4.1.1.1).

use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::extension::{MailBodyParameter, MailParameter};

use crate::model::Outcome;
use crate::transport::Letter;

/// The extensions of a server that matter here.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a keyword that a server says or does not")]
pub(super) struct Offers {
    /// Commands need not wait for the answers to those before them (RFC 2920).
    pub(super) pipelining: bool,
    /// Content may come in counted chunks (RFC 3030).
    pub(super) chunking: bool,
    pub(super) starttls: bool,
    eight_bit_mime: bool,
    smtp_utf8: bool,
    /// Reports name the envelope (RFC 3461).
    dsn: bool,
    /// How large a message may be, in bytes (RFC 1870); `None` when the server does not say.
    size: Option<usize>,
    /// The best login with a password.
    pub(super) login: Option<Mechanism>,
}

impl Offers {
    /// Reads the lines of the answer; the first is the server's name. Keywords are words in any case.
    pub(super) fn read(lines: impl Iterator<Item = String>) -> Self {
        let mut offers = Self::default();
        for line in lines.skip(1) {
            let line = line.to_ascii_uppercase();
            let mut words = line.split_whitespace();
            match words.next().unwrap_or_default() {
                "PIPELINING" => offers.pipelining = true,
                "CHUNKING" => offers.chunking = true,
                "STARTTLS" => offers.starttls = true,
                "8BITMIME" => offers.eight_bit_mime = true,
                "SMTPUTF8" => offers.smtp_utf8 = true,
                "DSN" => offers.dsn = true,
                "SIZE" => offers.size = words.next().and_then(|size| size.parse().ok()).filter(|size| *size > 0),
                "AUTH" => {
                    let has = |words: &[&str], mechanism: Mechanism| words.contains(&mechanism.to_string().as_str());
                    let words: Vec<_> = words.collect();
                    offers.login = [Mechanism::Plain, Mechanism::Login].into_iter().find(|one| has(&words, *one));
                }
                _ => {}
            }
        }
        offers
    }

    /// What MAIL must announce for a letter. A local part beyond ASCII needs SMTPUTF8 (RFC 6531 §3.4), and its message
    /// 8BITMIME.
    pub(super) fn parameters(&self, letter: &Letter) -> Result<Vec<MailParameter>, Outcome> {
        let envelope_id = letter.envelope_id.as_ref().filter(|_| self.dsn);
        let envelope_id =
            envelope_id.map(|id| MailParameter::Other { keyword: "ENVID".to_owned(), value: Some(id.clone()) });
        let (from, to) = (letter.from.as_str().is_ascii(), letter.to.as_str().is_ascii());
        if from && to {
            return Ok(envelope_id.into_iter().collect());
        }
        if !(self.smtp_utf8 && self.eight_bit_mime) {
            let (whose, cure) = if from {
                ("this address", "send through one that does, or ask the reader for another address")
            } else {
                ("the sender's address", "write another one into `newsletter.from`")
            };
            let reason = format!("{whose} needs SMTPUTF8 (RFC 6531), which the mail server does not offer: {cure}");
            return Err(if from { Outcome::Failed(reason) } else { Outcome::Refused(reason) });
        }
        let utf8 = [MailParameter::SmtpUtfEight, MailParameter::Body(MailBodyParameter::EightBitMime)];
        Ok(utf8.into_iter().chain(envelope_id).collect())
    }

    /// Our own verdict about content of so many bytes.
    pub(super) fn fits(&self, bytes: usize) -> Result<(), String> {
        match self.size {
            Some(limit) if bytes > limit => {
                Err(format!("the message has {bytes} bytes, and the mail server takes {limit} at most (SIZE)"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(text: &str) -> Offers {
        Offers::read(text.lines().map(str::to_owned))
    }

    #[test]
    fn keywords_are_read_in_any_case_and_never_from_the_first_line() {
        let found =
            offers("STARTTLS.example\nPipelining\nchunking\n8bitmime\nsmtputf8\nSize 1000\nauth gssapi login plain");
        assert!(found.pipelining && found.chunking && found.eight_bit_mime && found.smtp_utf8 && !found.starttls);
        assert_eq!((found.size, found.login), (Some(1000), Some(Mechanism::Plain)));
        assert_eq!(offers("a\nAUTH GSSAPI LOGIN").login, Some(Mechanism::Login));
    }

    #[test]
    fn an_envelope_has_a_name_where_reports_tell_it() {
        let address = |text: &str| text.parse::<crate::model::EmailAddress>().unwrap();
        let mut letter = Letter {
            number: 1,
            from: std::sync::Arc::new(address("news@b.test")),
            to: address("r1@reader.test"),
            envelope_id: Some("abc234".into()),
            name: "x".into(),
        };
        let said = |offers: &Offers, letter: &Letter| {
            let parameters = offers.parameters(letter).unwrap();
            parameters.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(said(&offers("a\nDSN"), &letter), "ENVID=abc234");
        assert_eq!(said(&offers("a\nSIZE"), &letter), "");
        letter.to = address("jürgen@reader.test");
        assert_eq!(said(&offers("a\nDSN\nSMTPUTF8\n8BITMIME"), &letter), "SMTPUTF8 BODY=8BITMIME ENVID=abc234");
        letter.envelope_id = None;
        assert_eq!(said(&offers("a\nDSN\nSMTPUTF8\n8BITMIME"), &letter), "SMTPUTF8 BODY=8BITMIME");
    }

    #[test]
    fn only_a_size_that_is_a_limit_is_one() {
        for none in ["SIZE", "SIZE 0", "SIZE many", "SIZE -1"] {
            assert!(offers(&format!("a\n{none}")).fits(usize::MAX).is_ok(), "{none}");
        }
        assert!(offers("a\nSIZE 10").fits(10).is_ok());
        assert!(offers("a\nSIZE 10").fits(11).is_err());
    }
}
