//! How readers come and leave, for each way that can be set up: what an issue says in its parts and headers, what the archive and
//! `tidings form` say, and that what they say works.

use std::io::Write as _;
use std::process::Stdio;

use mail_parser::{HeaderValue, MessageParser};

use crate::site::{TestSite, end_of};

const MONDAY: &str = "2026-03-02T09:00:00Z";
const TUESDAY: &str = "2026-03-03T09:00:00Z";

/// What is set up, and what is said then.
struct Way {
    name: &'static str,
    newsletter: &'static str,
    sections: &'static [(&'static str, &'static str)],
    /// `List-Unsubscribe`; T is the reader's token.
    leave: &'static [&'static str],
    is_one_click: bool,
    /// Where those who read a forwarded copy or the archive subscribe.
    subscribe: Option<&'static str>,
    /// What `tidings form` leads to.
    form: Option<&'static str>,
}

const WEB: (&str, &str) = ("web", "url = \"https://news.example.org\"");
const JOIN: (&str, &str) = ("inbox", "join = \"join@news.example.org\"");
const JOIN_AND_LEAVE: (&str, &str) =
    ("inbox", "join = \"join@news.example.org\"\nleave = \"leave+{token}@news.example.org\"");

const WAYS: [Way; 6] = [
    Way {
        name: "serve",
        newsletter: "",
        sections: &[WEB],
        leave: &["https://news.example.org/u/T", "mailto:ada@news.example.org?subject=unsubscribe"],
        is_one_click: true,
        subscribe: Some("https://news.example.org/"),
        form: Some("action=\"https://news.example.org/subscribe\""),
    },
    Way {
        name: "inbox",
        newsletter: "",
        sections: &[JOIN],
        leave: &["mailto:join+T@news.example.org?subject=unsubscribe"],
        is_one_click: false,
        subscribe: Some("mailto:join@news.example.org?subject=subscribe"),
        form: Some("href=\"mailto:join@news.example.org?subject=subscribe\""),
    },
    Way {
        name: "serve and inbox",
        newsletter: "",
        sections: &[WEB, JOIN_AND_LEAVE],
        leave: &["https://news.example.org/u/T", "mailto:leave+T@news.example.org?subject=unsubscribe"],
        is_one_click: true,
        subscribe: Some("https://news.example.org/"),
        form: Some("action=\"https://news.example.org/subscribe\""),
    },
    Way {
        name: "a token in the subject",
        newsletter: "unsubscribe = \"mailto:leave@news.example.org?subject=unsubscribe%20{token}\"",
        sections: &[],
        leave: &["mailto:leave@news.example.org?subject=unsubscribe%20T"],
        is_one_click: false,
        subscribe: None,
        form: None,
    },
    Way {
        name: "nothing",
        newsletter: "",
        sections: &[],
        leave: &["mailto:ada@news.example.org?subject=unsubscribe"],
        is_one_click: false,
        subscribe: None,
        form: None,
    },
    Way {
        name: "pages of the owner's own",
        newsletter: "subscribe = \"https://example.org/join/\"\nunsubscribe = [\"https://example.org/leave?t={token}\", \"mailto:leave+{token}@example.org\"]",
        sections: &[],
        leave: &["https://example.org/leave?t=T", "mailto:leave+T@example.org"],
        is_one_click: true,
        subscribe: Some("https://example.org/join/"),
        form: None,
    },
];

/// The values of a header as addresses in angle brackets.
fn addresses(value: &HeaderValue<'_>) -> Vec<String> {
    let texts: Vec<String> = match value {
        HeaderValue::Text(text) => vec![text.to_string()],
        HeaderValue::TextList(texts) => texts.iter().map(ToString::to_string).collect(),
        HeaderValue::Address(list) => {
            list.iter().filter_map(|address| address.address()).map(|address| format!("<{address}>")).collect()
        }
        _ => Vec::new(),
    };
    let all = texts.join(",");
    let each = all.split(['<', '>', ',']).map(str::trim).filter(|text| !text.is_empty());
    each.map(str::to_owned).collect()
}

/// The token that stands in an address where this one has a T.
fn token(address: &str, pattern: &str) -> String {
    let (before, after) = pattern.rsplit_once('T').unwrap();
    let rest = address.strip_prefix(before).unwrap_or_else(|| panic!("{address} is not {pattern}"));
    rest.strip_suffix(after).unwrap_or_else(|| panic!("{address} is not {pattern}")).to_owned()
}

/// What a mail program sends to a `mailto:`.
fn mail_to(link: &str) -> String {
    let (address, query) = link.strip_prefix("mailto:").unwrap().split_once('?').unwrap_or((link, "subject=x"));
    let address = address.strip_prefix("mailto:").unwrap_or(address);
    let subject = query.strip_prefix("subject=").unwrap().replace("%20", " ");
    format!("From: someone@private.test\nTo: {address}\nSubject: {subject}\nMessage-ID: <x@private.test>\n\n\n")
}

fn status(site: &TestSite) -> String {
    let told = site.run(TUESDAY, &["subscribers", "show", "bob@reader.test", "--json"]).exits(0).json();
    told["status"].as_str().unwrap().to_owned()
}

#[test]
fn an_issue_the_archive_and_the_form_say_what_is_set_up_and_it_works() {
    for way in WAYS {
        let site = TestSite::new("outbox:outbox");
        let text = site.read("config.toml");
        let kept: Vec<_> = text.lines().filter(|line| !line.starts_with("unsubscribe = ")).collect();
        site.write("config.toml", &(kept.join("\n") + "\n"));
        site.configure("newsletter", &format!("archive = true\n{}", way.newsletter));
        for (section, lines) in way.sections {
            site.configure(section, lines);
        }
        site.post("2026-03-01", "Slow rivers");
        site.run(MONDAY, &["subscribers", "add", "bob@reader.test"]).exits(0);
        site.run(MONDAY, &["publish"]).exits(0);
        let message = site.read(&format!("outbox/{}", site.outbox()[0]));
        let message = MessageParser::default().parse(&message).unwrap();
        let name = way.name;

        let header = message.header("List-Unsubscribe").unwrap_or_else(|| panic!("{name}"));
        let leave = addresses(header);
        assert_eq!(leave.len(), way.leave.len(), "{name}: {leave:?}");
        let with_token: Vec<_> = leave.iter().zip(way.leave).filter(|(_, pattern)| pattern.contains('T')).collect();
        let tokens: Vec<_> = with_token.iter().map(|(address, pattern)| token(address, pattern)).collect();
        assert!(tokens.iter().all(|token| *token == tokens[0] && token.len() == 27), "{name}: {tokens:?}");
        for (address, pattern) in leave.iter().zip(way.leave).filter(|(_, pattern)| !pattern.contains('T')) {
            assert_eq!(address, pattern, "{name}");
        }
        assert_eq!(message.header("List-Unsubscribe-Post").is_some(), way.is_one_click, "{name}");

        let (html, text) = (message.body_html(0).unwrap(), message.body_text(0).unwrap());
        for address in &leave {
            assert!(html.contains(&format!("href=\"{}\"", address.replace('&', "&amp;"))), "{name}: {address}\n{html}");
            assert!(text.contains(address.as_str()), "{name}: {address}\n{text}");
        }
        let forwarded = "Was this forwarded to you?";
        assert_eq!(html.contains(forwarded), way.subscribe.is_some(), "{name}: {html}");
        assert_eq!(text.contains(forwarded), way.subscribe.is_some(), "{name}: {text}");
        let (list, page) = (site.read("public/issues/index.html"), site.read("public/issues/1/index.html"));
        for (place, shown) in [("HTML", &*html), ("list", &list), ("page", &page)] {
            match way.subscribe {
                Some(link) => assert!(shown.contains(&format!("href=\"{link}\"")), "{name}, {place}: {shown}"),
                None => assert!(!shown.contains(">Subscribe here<"), "{name}, {place}: {shown}"),
            }
        }
        assert!(way.subscribe.is_none_or(|link| text.contains(link)), "{name}: {text}");
        assert!(
            !tokens.first().is_some_and(|token| page.contains(token.as_str())),
            "{name}: nothing of a reader online"
        );

        match way.form {
            Some(part) => assert!(site.run(MONDAY, &["form"]).exits(0).stdout.contains(part), "{name}"),
            None => assert!(site.run(MONDAY, &["form"]).exits(3).stderr.contains("inbox.join"), "{name}"),
        }
        for (address, _) in with_token {
            site.run(MONDAY, &["subscribers", "add", "--resubscribe", "bob@reader.test"]).exits(0);
            if address.starts_with("mailto:") {
                let mut inbox = site.command(TUESDAY, &["inbox", "-", "--yes"]);
                let mut child =
                    inbox.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
                child.stdin.take().unwrap().write_all(mail_to(address).as_bytes()).unwrap();
                end_of(child).exits(0);
            } else {
                site.run(TUESDAY, &["subscribers", "remove", "--token", &tokens[0]]).exits(0);
            }
            assert_eq!(status(&site), "unsubscribed", "{name}: {address}");
        }
    }
}
