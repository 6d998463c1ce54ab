//! 128 bits as letters and digits (RFC 4648 §6), and what is made of them with the site's secret.

use aws_lc_rs::hmac;

/// How many letters 128 bits have in base32.
pub(super) const TOKEN_LENGTH: usize = 26;

/// The first 128 bits of the HMAC (RFC 2104) of a text.
pub(super) fn sign(key: &hmac::Key, message: &str) -> String {
    base32(hmac::sign(key, message.as_bytes()).as_ref())
}

/// The first 128 bits as [`TOKEN_LENGTH`] letters and digits (RFC 4648 §6, in lower case: mail software changes the
/// case of local parts, and links must not end in a punctuation mark).
pub(super) fn base32(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(TOKEN_LENGTH);
    let (mut buffer, mut bits) = (0_u32, 0_u32);
    for &byte in bytes.iter().take(16) {
        buffer = (buffer << 8 | u32::from(byte)) & 0xFFFF;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(letter(buffer >> bits));
        }
    }
    if bits > 0 {
        out.push(letter(buffer << (5 - bits)));
    }
    out
}

/// The 128 bits that [`base32`] wrote.
pub(super) fn decoded(text: &str) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    let (mut buffer, mut bits, mut at) = (0_u32, 0_u32, 0);
    for byte in text.bytes() {
        let value = match byte {
            b'a'..=b'z' => byte - b'a',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return None,
        };
        buffer = (buffer << 5 | u32::from(value)) & 0xFFFF;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            *bytes.get_mut(at)? = (buffer >> bits & 0xFF) as u8;
            at += 1;
        }
    }
    (at == 16).then_some(bytes)
}

pub(super) fn letter(value: u32) -> char {
    char::from(b"abcdefghijklmnopqrstuvwxyz234567"[(value & 31) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_agrees_with_the_test_vectors_of_rfc_4648() {
        assert_eq!(base32(b"foobar"), "mzxw6ytboi");
        assert_eq!(base32(&[0xFF; 32]), "77777777777777777777777774");
    }
}
