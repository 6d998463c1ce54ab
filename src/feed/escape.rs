//! Text as XML and JSON write it: long texts in few steps, because the content of every post comes through here.

/// So many bytes are looked at, and written, in one step where nothing has to be escaped.
const STEP: usize = 16;

/// Text in an element, as the XML libraries write it.
pub(super) fn xml(text: &str, into: &mut Vec<u8>) {
    escape(text, into, |byte| match byte {
        b'<' => "&lt;",
        b'>' => "&gt;",
        b'&' => "&amp;",
        b'"' => "&quot;",
        b'\'' => "&apos;",
        _ => "",
    });
}

/// The inside of a string, as the JSON library writes it. Of the characters that must not stand there (RFC 8259 §7), these are
/// the only ones that a text in a feed can hold ([`super::text`]).
pub(super) fn json(text: &str, into: &mut Vec<u8>) {
    escape(text, into, |byte| match byte {
        b'"' => "\\\"",
        b'\\' => "\\\\",
        b'\n' => "\\n",
        b'\t' => "\\t",
        _ => "",
    });
}

/// Writes each byte, or what stands for it.
fn escape(text: &str, into: &mut Vec<u8>, escaped: impl Fn(u8) -> &'static str) {
    for step in text.as_bytes().chunks(STEP) {
        if let Ok(step) = <&[u8; STEP]>::try_from(step)
            && step.iter().fold(true, |plain, byte| plain & escaped(*byte).is_empty())
        {
            into.extend_from_slice(step);
            continue;
        }
        for byte in step {
            match escaped(*byte) {
                "" => into.push(*byte),
                escaped => into.extend_from_slice(escaped.as_bytes()),
            }
        }
    }
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
