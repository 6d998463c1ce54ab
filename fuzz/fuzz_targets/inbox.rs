//! Any bytes as a mailbox: each message is read within limits, and what is told of it can be printed and recorded.
#![no_main]

use tidings::inbox::{LONGEST, Messages, read};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut messages = Messages::new(bytes);
    while let Some(message) = messages.next_message().expect("bytes can be read") {
        assert!(message.bytes.len() <= LONGEST);
        let returned = read(&message.bytes, None);
        assert!(returned.reports.len() <= 100);
        for report in &returned.reports {
            if let Some(recipient) = &report.recipient {
                assert!(recipient.parse::<tidings::model::EmailAddress>().is_ok(), "{recipient}");
            }
            assert!(report.diagnostic.as_deref().is_none_or(|said| said.len() < 320 && !said.contains('\n')));
        }
        assert!(returned.clues.tokens.iter().all(|token| matches!(token.len(), 26 | 27 | 40)));
        assert_eq!(returned, read(&message.bytes, None));
    }
});
