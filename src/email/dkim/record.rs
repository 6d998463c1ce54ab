//! The DNS record that lets receivers check signatures (RFC 6376 §3.6).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::key::SigningKey;

/// RFC 1035 §3.3: a character-string holds no more octets; longer texts are several of them, joined without a space.
const STRING: usize = 255;

/// The TXT record of a public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsRecord {
    /// `selector._domainkey.domain`
    pub name: String,
    /// The text.
    pub value: String,
}

impl DnsRecord {
    /// The record for a key.
    pub fn new(domain: &str, selector: &str, key: &SigningKey) -> Self {
        Self {
            name: format!("{selector}._domainkey.{domain}"),
            value: format!("v=DKIM1; k={}; p={}", key.kind(), STANDARD.encode(key.public())),
        }
    }

    /// The value in the strings that the DNS is made of, at most 255 octets each.
    pub fn strings(&self) -> Vec<&str> {
        let mut rest = self.value.as_str();
        let mut strings = Vec::new();
        while !rest.is_empty() {
            let (string, more) = rest.split_at(rest.len().min(STRING));
            strings.push(string);
            rest = more;
        }
        strings
    }

    /// The line of a zone file (RFC 1035 §5.1).
    pub fn zone_line(&self) -> String {
        let strings: Vec<_> = self.strings().iter().map(|string| format!("\"{string}\"")).collect();
        match strings.as_slice() {
            [one] => format!("{}. IN TXT {one}", self.name),
            several => format!("{}. IN TXT (\n  {}\n)", self.name, several.join("\n  ")),
        }
    }
}
