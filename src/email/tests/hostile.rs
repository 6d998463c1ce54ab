//! Headers made of hostile texts and addresses, judged line by line and read back by another implementation.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mail_parser::MessageParser;
use proptest::prelude::{any, proptest};

use super::super::clean::one_line;
use super::super::dkim::tests::{signer, verify};
use super::super::{Copies, header, recipient};
use super::{config, entry, hostile, issue};
use crate::model::{EmailAddress, Issue};

/// Headers that never hold an encoded-word (RFC 2047 §5, RFC 2369 §2).
const NEVER_ENCODED: [&str; 9] = [
    "date",
    "message-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-archive",
    "feedback-id",
    "mime-version",
    "content-type",
    "dkim-signature",
];

/// Panics unless the lines of headers are as RFC 5322 §2.1.1 and RFC 2047 §2 and §5 want them.
pub(super) fn check_lines(head: &str) {
    let mut name = String::new();
    for line in head.split("\r\n").filter(|line| !line.is_empty()) {
        if !line.starts_with(' ') {
            name = line.split(':').next().unwrap_or_default().to_lowercase();
        }
        assert!(!line.contains(|c: char| c.is_control()) && !line.trim().is_empty(), "{line:?}");
        let tokens: Vec<&str> = line.split(' ').filter(|token| !token.is_empty()).collect();
        // An address, or a name and an address, cannot be folded.
        assert!(line.len() <= 78 || tokens.len() <= 2, "{line}");
        // A local part may look like anything; what is To: is an address alone.
        for word in tokens.iter().filter(|token| token.contains("=?") && name != "to") {
            assert!(line.len() <= 76 && word.len() <= 75, "{line}");
            assert!(!NEVER_ENCODED.contains(&name.as_str()), "{line}");
            let inside =
                word.strip_prefix("=?utf-8?").and_then(|word| word.strip_suffix("?=")).expect("an encoded-word");
            let bytes = match inside.split_once('?').expect("an encoding") {
                ("B", text) => STANDARD.decode(text).expect("base64"),
                ("Q", text) => unquoted(text),
                other => panic!("{other:?}"),
            };
            String::from_utf8(bytes).expect("whole characters");
        }
    }
}

fn unquoted(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'_' => b' ',
            b'=' => {
                let digits = [rest.next(), rest.next()].map(|digit| char::from(digit.expect("two digits")));
                u8::from_str_radix(&String::from_iter(digits), 16).expect("hexadecimal digits")
            }
            byte => byte,
        });
    }
    bytes
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 96, ..Default::default() })]

    #[test]
    fn any_text_makes_one_legal_header_and_comes_back(text in hostile(), name in hostile()) {
        let head = header::unstructured("Subject", &text)
            + &header::named("From", Some(&name), "ada@example.org")
            + &header::named("List-Id", Some(&text), "notes.example.org");
        check_lines(&head);
        let bytes = format!("{head}\r\n").into_bytes();
        let parsed = MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(parsed.headers().len(), 3);
        assert_eq!(parsed.subject().unwrap_or_default(), one_line(&text));
        let from = parsed.from().unwrap().first().unwrap();
        assert_eq!((from.name().unwrap_or_default(), from.address()), (one_line(&name).as_str(), Some("ada@example.org")));
    }

    #[test]
    fn what_passes_for_an_address_breaks_no_message(local in hostile(), any in any::<String>(), quoted in "[ -~]{1,20}", kind in 0..3) {
        let local = match kind {
            0 => local,
            1 => any,
            _ => format!("\"{quoted}\""),
        };
        if let Ok(address) = format!("{local}@bücher.example").parse::<EmailAddress>() {
            let issue = issue(&config(""), &[entry("One")]);
            let reader = recipient(b"secret", &issue, 1, &address);
            let message = String::from_utf8(Copies::new(&issue, Some(signer())).message(&reader)).unwrap();
            let head = message.split("\r\n\r\n").next().unwrap();
            check_lines(head);
            assert_eq!(head.lines().filter(|line| line.starts_with("To: ")).count(), 1);
            assert!(head.contains(&format!("\r\nTo: {}\r\nSubject: One\r\n", address.as_str())), "{head}");
            assert_eq!(verify(&message, &signer().records()), [true, true]);
        }
    }
}

#[test]
fn a_frozen_issue_with_anything_in_it_still_makes_one_message() {
    // What stands in a database may be older than today's care: nothing in it may add a header.
    let hostile = Issue {
        subject: "One\r\nBcc: x@example.net\r\n\r\nbody".into(),
        from_name: Some("Ada\r\nBcc: x@example.net".into()),
        reply_to: Some((Some("\r\nBcc: x@example.net".into()), "ada@example.org".into())),
        ..issue(&config(""), &[entry("One")])
    };
    let reader = recipient(b"secret", &hostile, 1, &"reader@example.net".parse().unwrap());
    let message = String::from_utf8(Copies::new(&hostile, None).message(&reader)).unwrap();
    assert!(
        !message.contains("\r\nBcc") && message.contains("\r\nSubject: One Bcc: x@example.net body\r\n"),
        "{message}"
    );
}
