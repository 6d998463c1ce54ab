//! E-mail addresses: checked once where they come in, masked wherever they are shown.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use unicode_normalization::UnicodeNormalization as _;

/// A path has 256 octets with its angle brackets (RFC 5321 §4.5.3.1.3).
const LONGEST: usize = 254;

/// RFC 5321 §4.5.3.1.1.
const LONGEST_LOCAL_PART: usize = 64;

/// Why a text is not an e-mail address or mailbox.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The text does not follow the `local@domain` grammar (RFC 5321 §4.1.2).
    #[error("this is not an e-mail address (expected `name@domain`)")]
    Syntax,
    /// The domain has no dot or is not a legal host name.
    #[error("the domain of this address is not a public host name")]
    Domain,
    /// The address or its local part is longer than servers take (RFC 5321 §4.5.3.1.1 and §4.5.3.1.3).
    #[error("this address is longer than mail servers take ({LONGEST} octets, {LONGEST_LOCAL_PART} before the `@`)")]
    Long,
    /// A `Name <address>` without its closing bracket.
    #[error("this is not a mailbox (expected `Name <name@domain>`)")]
    Mailbox,
}

/// An address that can stand in an SMTP envelope: `local@domain`, the domain in lower-case ASCII (IDNA), the local part in
/// NFC (RFC 6532 §3.1) and in quotes only where it needs them, so that one reader has one spelling.
///
/// ```
/// use tidings::model::EmailAddress;
/// let address: EmailAddress = "Ada@EXAMPLE.org".parse()?;
/// assert_eq!(address.as_str(), "Ada@example.org");
/// assert_eq!(address.masked(), "A***@example.org");
/// # Ok::<(), tidings::model::AddressError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The whole address, for the wire only: never for a log line.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or(&*self.0, |(local, _)| local)
    }

    /// The part after the `@`: a host name in ASCII.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// The address as it may be shown: the first character and the domain.
    pub fn masked(&self) -> String {
        let first = self.0.chars().next().unwrap_or('*');
        format!("{first}***@{}", self.domain())
    }

    /// What makes two spellings the same reader: the address in lower case.
    ///
    /// RFC 5321 lets a host tell `Ada@` from `ada@`, but no mailbox provider does, and two copies to one reader
    /// would break the promise.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

impl FromStr for EmailAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::Syntax)?;
        if local.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(AddressError::Syntax);
        }
        let Ok(url::Host::Domain(host)) = url::Host::parse(domain) else { return Err(AddressError::Domain) };
        if !host.contains('.') || host.ends_with('.') {
            return Err(AddressError::Domain);
        }
        let local: Cow<'_, str> = if local.is_ascii() { local.into() } else { local.nfc().collect() };
        if local.len() > LONGEST_LOCAL_PART || local.len() + 1 + host.len() > LONGEST {
            return Err(AddressError::Long);
        }
        let address = |local: &str| lettre::Address::new(local, &*host).map_err(|_| AddressError::Syntax);
        let given = address(&local)?;
        let Some(quoted) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
            return Ok(Self(given.to_string()));
        };
        let plain = without_escapes(quoted);
        let address = address(&plain).or_else(|_| {
            let escaped = plain.replace('\\', "\\\\").replace('"', "\\\"");
            address(&format!("\"{escaped}\""))
        });
        Ok(Self(address?.to_string()))
    }
}

/// What a quoted local part says (RFC 5321 §4.1.2): `"a"`, `"\a"` and `a` are one mailbox.
fn without_escapes(quoted: &str) -> String {
    let mut characters = quoted.chars();
    let next = || characters.next().map(|c| if c == '\\' { characters.next().unwrap_or(c) } else { c });
    std::iter::from_fn(next).collect()
}

// Debug output ends up in logs and panics, so it is masked too.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// An address with an optional display name (RFC 5322 §3.4): `Ada Lovelace <ada@example.org>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The display name, unquoted; `None` when the mailbox is a bare address.
    pub name: Option<String>,
    /// The address itself.
    pub address: EmailAddress,
}

impl FromStr for Mailbox {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let Some((name, rest)) = text.rsplit_once('<') else {
            return Ok(Self { name: None, address: text.parse()? });
        };
        let address = rest.strip_suffix('>').ok_or(AddressError::Mailbox)?.parse()?;
        let name = name.trim();
        let name = name.strip_prefix('"').and_then(|n| n.strip_suffix('"')).unwrap_or(name).trim();
        let name = (!name.is_empty()).then(|| name.replace("\\\"", "\"").replace("\\\\", "\\"));
        Ok(Self { name, address })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_cannot_be_mailed_are_refused() {
        for bad in [
            "",
            "ada",
            "ada@",
            "@example.org",
            "ada@localhost",
            "a b@example.org",
            "ada@exa mple.org",
            "ada@example.org\r\nBcc: x@y.z",
            "a@b.c\0",
        ] {
            assert!(bad.parse::<EmailAddress>().is_err(), "{bad:?} was accepted");
        }
    }

    #[test]
    fn an_address_has_at_most_254_octets() {
        let at = |local: usize, label: usize| {
            format!("{}@{}.{}.{}.org", "a".repeat(local), "b".repeat(60), "c".repeat(60), "d".repeat(label))
        };
        assert_eq!(at(64, 63).len(), 254);
        assert!(at(64, 63).parse::<EmailAddress>().is_ok());
        assert_eq!(at(65, 1).parse::<EmailAddress>(), Err(AddressError::Long));
        let long = at(64, 63).replace(".org", ".e.org");
        assert_eq!(long.parse::<EmailAddress>(), Err(AddressError::Long));
    }

    #[test]
    fn an_international_domain_becomes_ascii() {
        let address: EmailAddress = "ada@bücher.example".parse().unwrap();
        assert_eq!(address.domain(), "xn--bcher-kva.example");
    }

    #[test]
    fn an_accent_is_spelled_in_one_way() {
        let [one, other] =
            ["Zoe\u{308}@example.org", "Zo\u{eb}@example.org"].map(|text| text.parse::<EmailAddress>().unwrap());
        assert_eq!(one, other);
        assert_eq!(one.key(), "zo\u{eb}@example.org");
    }

    #[test]
    fn quotes_make_no_other_address() {
        for (given, kept) in [
            ("\"ada\"@example.org", "ada@example.org"),
            ("\"a\\da.l\"@example.org", "ada.l@example.org"),
            ("\"a\\\"\\b\"@example.org", "\"a\\\"b\"@example.org"),
            ("\"a@b\"@example.org", "\"a@b\"@example.org"),
            ("\"..\"@example.org", "\"..\"@example.org"),
        ] {
            let address: EmailAddress = given.parse().unwrap();
            assert_eq!(address.as_str(), kept, "{given}");
            assert_eq!(kept.parse(), Ok(address), "{given}");
        }
    }

    #[test]
    fn a_mailbox_keeps_its_name() {
        let mailbox: Mailbox = "\"Lovelace, Ada\" <ada@example.org>".parse().unwrap();
        assert_eq!(mailbox.name.as_deref(), Some("Lovelace, Ada"));
        assert!("Ada <ada@example.org".parse::<Mailbox>().is_err());
    }

    #[test]
    fn debug_output_hides_the_reader() {
        let address: EmailAddress = "ada@example.org".parse().unwrap();
        assert_eq!(format!("{address:?}"), "a***@example.org");
    }
}
