//! Bytes of a file → text: whatever the encoding, the rest of the room sees UTF-8 with `\n` line ends.

use std::borrow::Cow;

use crate::content::characters;

/// A file as text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decoded<'b> {
    /// The text, with `\n` line ends and without illegal characters.
    pub(crate) text: Cow<'b, str>,
    /// The file was UTF-16.
    pub(crate) utf16: bool,
    /// The line, from 1, of the first character that had to be dropped.
    pub(crate) dropped: Option<usize>,
}

/// Why a file is not text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotText {
    /// The first byte that makes no sense.
    pub(crate) offset: usize,
    /// What is wrong with it.
    pub(crate) message: String,
    /// All that could be read, with `�` for the rest.
    pub(crate) lossy: String,
}

/// Reads the beginning of a longer file: its whole lines, and how many bytes they have. `None` where only all of the file can
/// tell what it is: UTF-16, what is not UTF-8, a first line without end.
pub(crate) fn decode_head(bytes: &[u8]) -> Option<(Decoded<'_>, usize)> {
    let length = memchr::memrchr(b'\n', bytes)? + 1;
    let decoded = decode(&bytes[..length]).ok().filter(|decoded| !decoded.utf16)?;
    Some((decoded, length))
}

/// Reads UTF-8, or UTF-16 with a byte order mark.
pub(crate) fn decode(bytes: &[u8]) -> Result<Decoded<'_>, NotText> {
    let (text, utf16) = match bytes {
        [0xff, 0xfe, rest @ ..] => (&*utf16(rest, u16::from_le_bytes)?, true),
        [0xfe, 0xff, rest @ ..] => (&*utf16(rest, u16::from_be_bytes)?, true),
        _ => {
            let text = utf8(bytes)?;
            let text = text.strip_prefix('\u{feff}').unwrap_or(text);
            if characters::first_to_mend(text).is_none() {
                return Ok(Decoded { text: text.into(), utf16: false, dropped: None });
            }
            (text, false)
        }
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut text = if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() };
    let dropped = text.find(|c| !characters::is_legal(c)).map(|at| text[..at].matches('\n').count() + 1);
    characters::clean(&mut text);
    Ok(Decoded { text: text.into(), utf16, dropped })
}

fn utf8(bytes: &[u8]) -> Result<&str, NotText> {
    std::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        let byte = bytes.get(offset).copied().unwrap_or_default();
        NotText {
            offset,
            message: format!("this letter is not saved as UTF-8 (byte 0x{byte:02x} at offset {offset})"),
            lossy: String::from_utf8_lossy(bytes).into_owned(),
        }
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, NotText> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(bytes.len());
    let mut offset = 2;
    for decoded in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        let Ok(c) = decoded else {
            let message = format!("the bytes at offset {offset} are not UTF-16");
            return Err(NotText { offset: text.len(), message, lossy: text });
        };
        text.push(c);
        offset += 2 * c.len_utf16();
    }
    if rest.is_empty() {
        Ok(text)
    } else {
        let message = format!("half a UTF-16 character at offset {offset}");
        Err(NotText { offset: text.len(), message, lossy: text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_and_byte_order_marks_of_every_system_are_gone() {
        let decoded = decode("\u{feff}a\r\nb\rc\n".as_bytes()).unwrap();
        assert_eq!(decoded, Decoded { text: "a\nb\nc\n".into(), utf16: false, dropped: None });
    }

    #[test]
    fn utf16_of_either_order_is_read() {
        let le: Vec<u8> = "\u{feff}é😀".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = "\u{feff}é😀".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [le, be] {
            let decoded = decode(&bytes).unwrap();
            assert_eq!((&*decoded.text, decoded.utf16), ("é😀", true));
            assert!(decode(&bytes[..bytes.len() - 1]).is_err(), "half a character");
            assert!(decode(&bytes[..bytes.len() - 2]).is_err(), "half a surrogate pair");
        }
    }

    #[test]
    fn a_byte_that_is_not_utf8_is_named_with_its_offset() {
        let error = decode(b"title\nna\xefve").unwrap_err();
        assert_eq!(
            (error.offset, error.message.as_str()),
            (8, "this letter is not saved as UTF-8 (byte 0xef at offset 8)")
        );
    }

    #[test]
    fn the_line_of_a_dropped_character_is_known() {
        let decoded = decode(b"a\nb\0c").unwrap();
        assert_eq!((&*decoded.text, decoded.dropped), ("a\nbc", Some(2)));
    }
}
