//! Letters to one reader that are no issue: plain text of the program's own, so that they can carry no one else's words to an
//! address that did not ask for them. Only the letter that welcomes has a template.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use jiff::Zoned;
use serde_json::json;

use super::calendar;
use super::clean::one_line;
use super::copies::{Copies, internet_date};
use super::dkim::Signer;
use super::header;
use super::plain::wrap;
use super::wording::words_of;
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::model::{LetterKind, Mailbox, Recipient};
use crate::templates::Templates;

static LANGUAGES: LazyLock<BTreeMap<String, BTreeMap<String, String>>> =
    LazyLock::new(|| toml::from_str(include_str!("letters.toml")).unwrap_or_default());

/// Where a letter leads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LetterLinks {
    /// The page on which the reader confirms.
    pub confirm: Option<String>,
    /// The address to which an answer confirms, and the token in it, which the subject holds too.
    pub reply: Option<(String, String)>,
    /// The page, or the address as `mailto:`, for those who want no such letters.
    pub never: Option<String>,
    /// The page of the reader's preferences.
    pub preferences: Option<String>,
    /// Where the reader unsubscribes; a button in mail programs for the first that is https (RFC 8058).
    pub leave: Vec<String>,
}

/// Writes a letter. `asked_at` is when it was asked for, `date` when it is sent.
///
/// # Errors
/// When there is no sender, no way to confirm, or the template of a welcome is at fault.
pub fn letter(
    kind: LetterKind,
    recipient: &Recipient,
    links: &LetterLinks,
    (asked_at, date): (&Zoned, &Zoned),
    config: &Config,
    templates: &Templates,
    signer: Option<Arc<Signer>>,
) -> Result<Vec<u8>, Diagnostic> {
    let Some(from) = &config.newsletter.from else {
        let problem = Diagnostic::error("newsletter/no-sender", "`newsletter.from` is not set");
        return Err(problem.help("write for example `from = \"Ada <ada@example.org>\"` below `[newsletter]`"));
    };
    let publication = one_line(&config.newsletter.list_id.name);
    let language = &config.site.language;
    let words = words_of(&LANGUAGES, language);
    let time = format!("{} {}", calendar::day(asked_at, language), asked_at.strftime("%H:%M %Z"));
    let word = |key: &str| {
        let text = words.get(key).map_or("", String::as_str);
        text.replace("{publication}", &publication).replace("{time}", &time)
    };
    let mut paragraphs = Vec::new();
    let (subject, body) = match kind {
        LetterKind::Confirm | LetterKind::Address => {
            paragraphs.push(wrap(&word(kind.as_str()), ""));
            paragraphs.extend(links.confirm.iter().map(|link| format!("{}\n{link}", wrap(&word("link"), ""))));
            if links.reply.is_some() {
                paragraphs.push(wrap(&word(if links.confirm.is_some() { "or_reply" } else { "reply" }), ""));
            }
            if paragraphs.len() == 1 {
                let problem =
                    Diagnostic::error("newsletter/no-confirmation", "there is no way for a reader to confirm");
                let help = "set `web.url` and run `tidings serve`, or set `inbox.join` and run `tidings inbox`";
                return Err(problem.help(help));
            }
            paragraphs.push(wrap(&word(if kind == LetterKind::Confirm { "ignore" } else { "ignore_address" }), ""));
            paragraphs.extend(links.never.iter().map(|link| format!("{}\n{link}", wrap(&word("never"), ""))));
            let subject = word(&format!("{}_subject", kind.as_str()));
            let subject = match &links.reply {
                Some((_, token)) => format!("{subject} [{token}]"),
                None => subject,
            };
            (subject, paragraphs.join("\n\n") + "\n")
        }
        LetterKind::Moved => {
            (word("moved_subject"), wrap(&word("moved"), "") + "\n\n" + &wrap(&word("answer_moved"), "") + "\n")
        }
        LetterKind::LogIn => {
            paragraphs.push(wrap(&word("log_in"), ""));
            paragraphs.extend(links.confirm.iter().map(|link| format!("{}\n{link}", wrap(&word("link"), ""))));
            paragraphs.push(wrap(&word("ignore_log_in"), ""));
            (word("log_in_subject"), paragraphs.join("\n\n") + "\n")
        }
        LetterKind::Welcome => {
            let leave = links.leave.iter().find(|link| link.starts_with("http")).or(links.leave.first());
            let leave = leave.map(|link| format!("{}\n{link}", word("leave"))).unwrap_or_default();
            let preferences = links.preferences.as_ref().map(|link| format!("{}\n{link}", word("preferences")));
            let values = json!({
                "preferences": preferences.unwrap_or_default(),
                "welcome": wrap(&word("welcome"), ""),
                "leave": leave,
                "name": recipient.name,
                "site": { "title": config.site.title, "url": config.site.url.as_str() },
            });
            (word("welcome_subject"), templates.render("email/welcome.txt", &values)?)
        }
    };
    let headers = headers(kind, from, recipient, links, &subject, date);
    Ok(Copies::of_letter(headers, &body, signer).message(recipient))
}

fn headers(
    kind: LetterKind,
    from: &Mailbox,
    recipient: &Recipient,
    links: &LetterLinks,
    subject: &str,
    date: &Zoned,
) -> String {
    let mut headers = header::named("From", from.name.as_deref(), from.address.as_str());
    // An answer to any other letter is for the sender.
    let confirms = matches!(kind, LetterKind::Confirm | LetterKind::Address);
    if let Some((address, _)) = links.reply.as_ref().filter(|_| confirms) {
        headers += &header::named("Reply-To", None, address);
    }
    headers += &header::ascii("To", recipient.address.as_str());
    headers += &header::unstructured("Subject", subject);
    headers += &header::ascii("Date", &internet_date(&date.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()));
    headers += &header::ascii("Message-ID", &format!("<{}>", recipient.message_id));
    // RFC 3834 §5: no program answers.
    headers += &header::ascii("Auto-Submitted", "auto-generated");
    headers += &header::ascii("X-Auto-Response-Suppress", "All");
    if kind == LetterKind::Welcome && !links.leave.is_empty() {
        headers += &header::addresses("List-Unsubscribe", &links.leave);
        if links.leave.iter().any(|link| link.starts_with("https:")) {
            headers += &header::ascii("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::email::tests::config;

    fn recipient() -> Recipient {
        Recipient {
            address: "ada@example.org".parse().unwrap(),
            name: Some("Eve \r\nBcc: x@example.com".into()),
            token: "t".repeat(27),
            message_id: "letter.x@example.org".into(),
            relay_header: String::new(),
        }
    }

    fn write(kind: LetterKind, links: &LetterLinks, more: &str) -> Result<String, Diagnostic> {
        let date: Zoned = "2026-03-01T09:00:00+01:00[Europe/Berlin]".parse().unwrap();
        let templates = Templates::new(&BTreeMap::new()).unwrap();
        letter(kind, &recipient(), links, (&date, &date), &config(more), &templates, None)
            .map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn a_letter_that_asks_to_confirm_says_how_and_nothing_that_was_typed() {
        let links = LetterLinks {
            confirm: Some("https://news.example.org/c/abc".into()),
            reply: Some(("confirm+abc@example.org".into(), "abc".into())),
            never: Some("https://news.example.org/n/abc".into()),
            ..LetterLinks::default()
        };
        let text = write(LetterKind::Confirm, &links, "").unwrap();
        for part in [
            "\r\nTo: ada@example.org\r\n",
            "Reply-To: confirm+abc@example.org\r\n",
            " [abc]\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "\r\nhttps://news.example.org/c/abc\r\n",
            "\r\nhttps://news.example.org/n/abc\r\n",
            "Date: Sun, 1 Mar 2026 09:00:00 +0100\r\n",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert!(!text.contains("Eve") && !text.contains("Bcc") && !text.contains("List-Unsubscribe"), "{text}");
        let error = write(LetterKind::Confirm, &LetterLinks::default(), "").unwrap_err();
        assert!(error.help.unwrap().contains("inbox.join"));
    }

    #[test]
    fn a_link_to_log_in_goes_alone() {
        let links =
            LetterLinks { confirm: Some("https://news.example.org/desk/in/x".into()), ..LetterLinks::default() };
        let text = write(LetterKind::LogIn, &links, "").unwrap();
        assert!(text.contains("\r\nhttps://news.example.org/desk/in/x\r\n") && text.contains("15 minutes"), "{text}");
        for part in ["Reply-To", "List-", "Eve", "Bcc"] {
            assert!(!text.contains(part), "{part}\n{text}");
        }
    }

    #[test]
    fn a_welcome_tells_how_to_leave_and_to_choose() {
        let leave = vec!["https://news.example.org/u/x".to_owned(), "mailto:leave+x@example.org".to_owned()];
        let mut links = LetterLinks { leave, ..LetterLinks::default() };
        let text = write(LetterKind::Welcome, &links, "").unwrap();
        assert!(!text.contains("what you get") && !text.contains("\r\n\r\n\r\n"), "{text}");
        links.preferences = Some("https://news.example.org/p/x".to_owned());
        let text = write(LetterKind::Welcome, &links, "").unwrap();
        assert!(text.contains("what you get:\r\nhttps://news.example.org/p/x\r\n"), "{text}");
        assert!(text.contains("List-Unsubscribe: <https://news.example.org/u/x>, <mailto:leave+x@example.org>\r\n"));
        assert!(
            text.contains("List-Unsubscribe-Post") && text.contains("\r\nhttps://news.example.org/u/x\r\n"),
            "{text}"
        );
    }

    #[test]
    fn an_answer_to_what_tells_of_another_address_goes_to_the_sender() {
        let reply = Some(("confirm+abc@example.org".into(), "abc".into()));
        let text = write(LetterKind::Moved, &LetterLinks { reply, ..LetterLinks::default() }, "").unwrap();
        assert!(text.contains("On 1 March 2026 09:00 CET") && !text.contains("abc"), "{text}");
    }

    #[test]
    fn every_language_says_everything() {
        let english: Vec<_> = LANGUAGES["en"].keys().collect();
        for (language, words) in LANGUAGES.iter() {
            assert_eq!(words.keys().collect::<Vec<_>>(), english, "{language}");
            for (key, text) in words {
                let needs = |place: &str| LANGUAGES["en"][key].contains(place) == text.contains(place);
                assert!(needs("{publication}") && needs("{time}"), "{language}: {key}");
            }
        }
        assert_eq!(LANGUAGES.keys().collect::<Vec<_>>(), super::super::wording::languages());
    }
}
