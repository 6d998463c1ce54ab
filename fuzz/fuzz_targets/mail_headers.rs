//! Any title, subject, preheader, name and site title: the message has the headers that it should have and no other, and another
//! program reads the subject back.
#![no_main]

use mail_parser::MessageParser;
use tidings::email::{self, Copies, Recipients};
use tidings::model::Secret;
use tidings::templates::Templates;

libfuzzer_sys::fuzz_target!(|texts: (&str, &str, &str, &str, &str)| {
    let (title, subject, preheader, name, site) = texts;
    let mut config = tidings_fuzz::site();
    site.clone_into(&mut config.site.title);
    let front = serde_json::json!({ "title": title, "date": "2026-03-01", "subject": subject, "preheader": preheader });
    let Some(entry) = tidings_fuzz::entry("posts/a.md", format!("{front:#}\n\nA text.\n").into_bytes(), &config) else {
        return;
    };
    let date = tidings_fuzz::now().to_zoned(jiff::tz::TimeZone::UTC);
    let templates = Templates::new(&std::collections::BTreeMap::new()).expect("the built-in templates");
    let Ok(issue) = email::compose(1, &date, &[entry], &config, &templates, None) else { return };
    let address = "ada@reader.test".parse().expect("an address");
    let recipient = Recipients::new(&Secret::new(b"secret"), &issue).of(1, &address).named(Some(name.to_owned()));
    let message = Copies::new(&issue, None).message(&recipient);
    let parsed = MessageParser::default().parse(&message).expect("a message");
    for header in ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "List-Id"] {
        let count = parsed.headers().iter().filter(|found| found.name().eq_ignore_ascii_case(header)).count();
        assert_eq!(count, 1, "{header} in {}", String::from_utf8_lossy(&message));
    }
    assert!(parsed.headers().len() < 20, "{}", String::from_utf8_lossy(&message));
    assert_eq!(parsed.subject().unwrap_or_default().trim(), issue.subject.trim());
    assert_eq!(parsed.parts.len(), 3);
});
