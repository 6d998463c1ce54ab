//! Who signs, and what a signature covers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::canonical::relaxed_headers;
use super::key::SigningKey;
use super::record::DnsRecord;

/// The headers that are signed when a message has them, and whether one copy more than there are is named as well, so that
/// a second one, which clients might show instead, breaks the signature (RFC 6376 §8.15). What relays add or change on their
/// way (Received, Return-Path, Content-Transfer-Encoding of a multipart, Sender) is not among them.
const SIGNED: [(&str, bool); 16] = [
    ("From", true),
    ("Reply-To", true),
    ("To", true),
    ("Cc", true),
    ("Subject", true),
    ("Date", true),
    ("Message-ID", false),
    ("List-Id", false),
    ("List-Unsubscribe", true),
    ("List-Unsubscribe-Post", true),
    ("List-Archive", false),
    ("List-Help", false),
    ("Feedback-ID", false),
    ("Auto-Submitted", false),
    ("MIME-Version", false),
    ("Content-Type", true),
];

/// RFC 5322 §2.1.1, with the space that a folded line begins with.
const LINE: usize = 77;

/// Signs messages for a domain, with one key or with several at once.
#[derive(Debug)]
pub struct Signer {
    domain: String,
    keys: Vec<(String, SigningKey)>,
}

impl Signer {
    /// Signs for `domain` with each of the keys, beside the selector under which its public half is in the DNS. The first
    /// one's signature stands first: let it be one that every receiver can check, which means RSA.
    pub fn new(domain: impl Into<String>, keys: Vec<(String, SigningKey)>) -> Self {
        Self { domain: domain.into(), keys }
    }

    /// The domain that answers for the messages.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The DNS record of each key.
    pub fn records(&self) -> Vec<DnsRecord> {
        self.keys.iter().map(|(selector, key)| DnsRecord::new(&self.domain, selector, key)).collect()
    }

    /// The DKIM-Signature headers that go before `head`, the headers of a message; `body_hash` is the SHA-256 of its body in
    /// relaxed form.
    ///
    /// There is no time of signing (`t=`): no receiver needs it, and one from a clock that runs ahead breaks the signature.
    /// There is no length (`l=`) either, which would let others add to the message.
    pub(crate) fn sign(&self, head: &str, body_hash: &[u8]) -> String {
        let headers = relaxed_headers(head);
        let (mut names, mut data) = (Vec::new(), String::new());
        for (name, is_closed) in SIGNED {
            let lower = name.to_ascii_lowercase();
            // Of several headers of one name the last comes first (RFC 6376 §5.4.2).
            for (_, field) in headers.iter().rev().filter(|(name, _)| *name == lower) {
                names.push(name);
                data += &format!("{field}\r\n");
            }
            if is_closed {
                names.push(name);
            }
        }
        let names = folded(&names.join(":"), ":");
        let body_hash = STANDARD.encode(body_hash);
        let sign = |(selector, key): &(String, SigningKey)| {
            let mut header = format!(
                "DKIM-Signature: v=1; a={}-sha256; c=relaxed/relaxed;\r\n d={};\r\n s={selector};\r\n h={names};\r\n \
                 bh={body_hash};\r\n b=",
                key.kind(),
                self.domain
            );
            let own = relaxed_headers(&header).pop().map(|(_, field)| field).unwrap_or_default();
            header += &folded(&STANDARD.encode(key.sign(format!("{data}{own}").as_bytes())), "");
            header + "\r\n"
        };
        self.keys.iter().map(sign).collect()
    }
}

/// A long value on several lines, broken after `mark`, or anywhere when that is empty.
fn folded(value: &str, mark: &str) -> String {
    // The tag's name stands before the first line.
    let mut out = String::new();
    let (mut rest, mut room) = (value, LINE - 3);
    while rest.len() > room {
        let cut = rest[..room].rfind(mark).filter(|cut| *cut > 0).map_or(room, |cut| cut + mark.len());
        let (line, more) = rest.split_at(cut);
        out += line;
        out += "\r\n ";
        rest = more;
        room = LINE;
    }
    out + rest
}
