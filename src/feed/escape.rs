//! Text as XML and JSON write it: long texts in few steps, because the content of every post comes through here.

/// So many bytes are looked at, and written, in one step.
const STEP: usize = 8;

/// Text in an element, as the XML libraries write it.
pub(super) fn xml(text: &str, into: &mut Vec<u8>) {
    escape(text, &[(b'<', "&lt;"), (b'>', "&gt;"), (b'"', "&quot;"), (b'&', "&amp;"), (b'\'', "&apos;")], into);
}

/// The inside of a string, as the JSON library writes it. Of the characters that must not stand there (RFC 8259 §7), these are
/// the only ones that a text in a feed can hold ([`super::text`]).
pub(super) fn json(text: &str, into: &mut Vec<u8>) {
    escape(text, &[(b'"', "\\\""), (b'\n', "\\n"), (b'\\', "\\\\"), (b'\t', "\\t")], into);
}

/// Writes each byte, or its escape.
fn escape<const N: usize>(text: &str, escapes: &[(u8, &str); N], into: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    while let Some(step) = rest.first_chunk::<STEP>() {
        let word = u64::from_le_bytes(*step);
        let found = escapes.iter().fold(0, |found, (byte, _)| found | places(word, *byte));
        // To copy all and take some back is less work than to copy as many as there are.
        into.extend_from_slice(step);
        if found == 0 {
            rest = &rest[STEP..];
        } else {
            let before = found.trailing_zeros() as usize / 8;
            into.truncate(into.len() - STEP + before);
            push(step[before], escapes, into);
            rest = &rest[before + 1..];
        }
    }
    for byte in rest {
        push(*byte, escapes, into);
    }
}

fn push<const N: usize>(byte: u8, escapes: &[(u8, &str); N], into: &mut Vec<u8>) {
    match escapes.iter().find(|(escaped, _)| *escaped == byte) {
        Some((_, escape)) => into.extend_from_slice(escape.as_bytes()),
        None => into.push(byte),
    }
}

/// The highest bit of each of eight bytes that is this one; behind the first of them perhaps of others too.
fn places(word: u64, byte: u8) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let differences = word ^ (u64::from(byte) * ONES);
    differences.wrapping_sub(ONES) & !differences & (ONES << 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: fn(&str, &mut Vec<u8>), text: &str) -> String {
        let mut bytes = Vec::new();
        write(text, &mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    proptest::proptest! {
        #[test]
        fn a_text_is_escaped_as_the_libraries_do_it(text in "([a<>&'\"\\\\\n\té😀]|[a-z ]{12}){0,20}") {
            proptest::prop_assert_eq!(written(xml, &text), quick_xml::escape::escape(&text));
            proptest::prop_assert_eq!(format!("\"{}\"", written(json, &text)), serde_json::to_string(&text).unwrap());
        }
    }
}
