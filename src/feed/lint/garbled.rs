//! Text that was read in the wrong encoding: UTF-8 taken for Windows-1252, as in `CafÃ©`.

/// The first part of a text that can only have come about that way.
pub(super) fn garbled(text: &str) -> Option<&str> {
    all(text).next()
}

/// True for a long text that has several of them and does not talk about programs: a mistake, and no example of one.
pub(super) fn is_garbled_throughout(html: &str) -> bool {
    !html.contains("<code") && !html.contains("<pre") && all(html).nth(2).is_some()
}

fn all(text: &str) -> impl Iterator<Item = &str> {
    let mut at = 0;
    let mut before = ' ';
    std::iter::from_fn(move || {
        loop {
            let plain = text[at..].bytes().take_while(u8::is_ascii).count();
            if let Some(last) = text[at..at + plain].chars().next_back() {
                before = last;
                at += plain;
            }
            let first = text[at..].chars().next()?;
            let length = sequence(&text[at..]).filter(|length| is_sure(before, &text[at..], *length));
            if let Some(length) = length {
                let found = &text[at..at + length];
                at += length;
                return Some(found);
            }
            before = first;
            at += first.len_utf8();
        }
    })
}

/// How many bytes of a text are the bytes of one character of UTF-8, each shown as a character of Windows-1252.
fn sequence(text: &str) -> Option<usize> {
    let first = byte(text.chars().next()?)?;
    let length = match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return None,
    };
    let bytes: Vec<u8> = text.chars().map_while(byte).take(length).collect();
    std::str::from_utf8(&bytes).ok().filter(|_| bytes.len() == length)?;
    Some(text.chars().take(length).map(char::len_utf8).sum())
}

/// Two characters may stand beside each other for another reason: `MANHÃ»` ends a quotation, and Greek or Cyrillic letters
/// come in rows.
fn is_sure(before: char, text: &str, length: usize) -> bool {
    let mut characters = text.chars();
    let (first, second) = (characters.next().unwrap_or(' '), characters.next().unwrap_or(' '));
    if text[..length].chars().count() > 2 {
        return true;
    }
    match first {
        'Ã' | 'Â' => !before.is_uppercase() || second.is_alphanumeric(),
        _ => sequence(&text[length..]).is_some(),
    }
}

/// The byte that Windows-1252 has for a character that is not ASCII (<https://encoding.spec.whatwg.org/#windows-1252>).
fn byte(c: char) -> Option<u8> {
    let mut bytes = [0; 4];
    match c {
        '\u{80}'..='\u{ff}' => u8::try_from(u32::from(c)).ok(),
        // Behind the last of them.
        '\0'..='\u{7f}' | '\u{2123}'.. => None,
        c => {
            let (found, _, had_errors) = encoding_rs::WINDOWS_1252.encode(c.encode_utf8(&mut bytes));
            if had_errors { None } else { found.first().copied() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_the_wrong_encoding_is_known() {
        for (text, part) in [
            ("CafÃ©", "Ã©"),
            ("Itâ€™s", "â€™"),
            ("20Â°C", "Â°"),
            ("JOSÃ‰", ""),
            ("MÃ¼ller", "Ã¼"),
            ("ðŸŽ‰ party", "ðŸŽ‰"),
            ("ÐŸÑ€Ð¸", "ÐŸ"),
        ] {
            assert_eq!(garbled(text).unwrap_or_default(), part, "{text}");
        }
    }

    #[test]
    fn honest_text_is_not() {
        for text in [
            "Café Ã la carte",
            "« AMANHÃ»",
            "AMANHÃ” e AMANHÃ…",
            "ÂGE, câlin, “quotes” — and … € 5",
            "Привет, Ελλάδα, 日本語, Ðå",
            "naïve façade Þórr Ñandú",
        ] {
            assert_eq!(garbled(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_misread_is_known(text in "[a-z]{0,3}[éüßøñ’“…€][a-z]{0,3}") {
            let misread: String = text.bytes().map(|byte| {
                encoding_rs::WINDOWS_1252.decode_without_bom_handling(&[byte]).0.into_owned()
            }).collect();
            proptest::prop_assert!(garbled(&misread).is_some(), "{}", misread);
        }
    }
}
