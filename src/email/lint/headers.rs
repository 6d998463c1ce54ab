//! The headers of a message: RFC 5322 (form), 2369, 2919 and 8058 (lists).

use std::collections::BTreeMap;

use super::findings::Findings;

/// RFC 5322 §2.1.1, without CRLF.
const LONGEST: usize = 998;

/// At most one of each (RFC 5322 §3.6, and what the list standards say).
const SINGLE: [&str; 14] = [
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "date",
    "subject",
    "message-id",
    "mime-version",
    "content-type",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-id",
    "feedback-id",
];

/// Without these a message is none, or no newsletter.
const NEEDED: [&str; 8] =
    ["from", "to", "date", "subject", "message-id", "mime-version", "list-unsubscribe", "list-id"];

/// `one_click` when an https address of the message names its reader.
pub(super) fn look(message: &[u8], one_click: bool, findings: &mut Findings<'_>) {
    for problem in problems(message, one_click) {
        findings.error("mail/header", problem, None, "shorten what the settings of `[newsletter]` put into the header");
    }
    for problem in doubts(message) {
        let place = Some(findings.sources.setting("newsletter", "from"));
        findings.warning("mail/header", problem, place, "send from an address below a domain of your own");
    }
}

/// What no message may have.
fn problems(message: &[u8], one_click: bool) -> Vec<String> {
    let mut found = Vec::new();
    if message.contains(&0) {
        found.push("the message holds a NUL".to_owned());
    }
    let bare =
        message.windows(2).any(|pair| pair[1] == b'\n' && pair[0] != b'\r' || pair[0] == b'\r' && pair[1] != b'\n');
    if bare {
        found.push("a line of the message does not end in CRLF".to_owned());
    }
    let longest = message.split(|b| *b == b'\n').map(|line| line.len().saturating_sub(1)).max().unwrap_or_default();
    if longest > LONGEST {
        found.push(format!("a line of the message has {longest} octets; {LONGEST} are allowed"));
    }
    let headers = headers(message);
    let named = |name: &str| {
        headers.iter().filter(|(found, _)| found == name).map(|(_, value)| value.as_str()).collect::<Vec<_>>()
    };
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, value) in &headers {
        *count.entry(name).or_default() += 1;
        if !value.is_ascii() {
            found.push(format!("the header `{name}` is not ASCII"));
        }
    }
    found.extend(
        SINGLE
            .iter()
            .filter(|name| count.get(*name).is_some_and(|n| *n > 1))
            .map(|name| format!("`{name}` stands twice")),
    );
    found.extend(NEEDED.iter().filter(|name| !count.contains_key(*name)).map(|name| format!("there is no `{name}`")));
    let unsubscribe = named("list-unsubscribe").concat();
    let is_address = |part: &str| {
        let inner = part.trim().strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
        inner.is_some_and(|inner| ["https://", "mailto:"].iter().any(|scheme| inner.starts_with(scheme)))
    };
    if !unsubscribe.is_empty() && !unsubscribe.split(',').all(is_address) {
        found.push(format!("`list-unsubscribe` holds something else than https and mailto addresses: `{unsubscribe}`"));
    }
    let post = named("list-unsubscribe-post");
    if post.iter().any(|value| *value != "List-Unsubscribe=One-Click") || post.is_empty() == one_click {
        let rule =
            "`list-unsubscribe-post` has to stand beside an https address that names the reader, and to be exact";
        found.push(rule.to_owned());
    }
    found
}

/// What makes filters doubt.
fn doubts(message: &[u8]) -> Vec<String> {
    let headers = headers(message);
    let id = headers.iter().find(|(name, _)| name == "message-id").map_or("", |(_, value)| value.as_str());
    let domain = id.trim_matches(['<', '>']).rsplit('@').next().unwrap_or_default();
    let is_public =
        domain.contains('.') && ![".local", ".localdomain", ".internal"].iter().any(|end| domain.ends_with(end));
    if is_public {
        Vec::new()
    } else {
        vec![format!("`{domain}` is no public domain, which makes filters doubt the mail")]
    }
}

/// Names in lower case and unfolded values.
fn headers(message: &[u8]) -> Vec<(String, String)> {
    let end = message.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(message.len());
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in String::from_utf8_lossy(&message[..end]).split("\r\n") {
        match (line.strip_prefix([' ', '\t']), headers.last_mut()) {
            (Some(more), Some((_, value))) => {
                value.push(' ');
                value.push_str(more.trim());
            }
            _ => {
                let (name, value) = line.split_once(':').unwrap_or((line, ""));
                headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "From: Ada <ada@example.org>\r\nTo: b@example.org\r\nDate: Sat, 31 Jan 2026 09:00:00 +0000\r\nSubject: a\r\n\
        Message-ID: <a@example.org>\r\nMIME-Version: 1.0\r\nList-Id: <a.example.org>\r\n\
        List-Unsubscribe: <https://example.org/u/a>,\r\n <mailto:a@example.org>\r\n\
        List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\ntext\r\n";

    #[test]
    fn a_good_message_has_no_problems() {
        assert_eq!(problems(GOOD.as_bytes(), true), [""; 0]);
        assert_eq!(doubts(GOOD.as_bytes()), [""; 0]);
        let by_mail = GOOD
            .replace("<https://example.org/u/a>,\r\n ", "")
            .replace("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", "");
        assert_eq!(problems(by_mail.as_bytes(), false), [""; 0]);
        // To a page that does not know who comes, a button cannot post (RFC 8058 §3.1).
        let page = GOOD.replace("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", "");
        assert_eq!(problems(page.as_bytes(), false), [""; 0]);
        for (message, one_click) in [(page.as_str(), true), (GOOD, false)] {
            assert_eq!(problems(message.as_bytes(), one_click).len(), 1);
        }
    }

    #[test]
    fn each_rule_of_headers_is_held() {
        for (from, to, part) in [
            ("text", "te\0xt", "NUL"),
            ("text", "a\nb", "CRLF"),
            ("Subject: a", "Subject: a\r\nSubject: b", "`subject` stands twice"),
            ("Subject: a", "Subject: ä", "not ASCII"),
            ("Date:", "X-Date:", "no `date`"),
            ("<mailto:a@example.org>", "a@example.org", "something else"),
            ("<https:", "<http:", "something else"),
            ("One-Click", "one-click", "exact"),
        ] {
            let found = problems(GOOD.replacen(from, to, 1).as_bytes(), true);
            assert!(found.iter().any(|problem| problem.contains(part)), "{part}: {found:?}");
        }
        let long = GOOD.replace("text", &"x".repeat(999));
        assert_eq!(problems(long.as_bytes(), true), ["a line of the message has 999 octets; 998 are allowed"]);
        for domain in ["laptop", "laptop.local"] {
            assert_eq!(
                doubts(GOOD.replace("<a@example.org>\r\nMIME", &format!("<a@{domain}>\r\nMIME")).as_bytes()).len(),
                1
            );
        }
    }
}
