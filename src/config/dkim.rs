//! `[mail.dkim]`: whether messages are signed, for whom and with which keys.

use url::Host;

use crate::diagnostic::Location;
use crate::model::Mailbox;

use super::Site;
use super::reader::{Placed, Reader, Section};

/// The selector of a site that names none.
const SELECTOR: &str = "tidings";

/// `[mail.dkim]`; when the section is there, every message is signed.
#[derive(Debug, Clone)]
pub struct Dkim {
    /// The domain that signs: that of the sender by default, in lower-case ASCII.
    pub domain: String,
    /// Where in the domain the public key is.
    pub selector: String,
    /// The private key, relative to the site.
    pub key_file: String,
    /// The selector and the file of an Ed25519 key that signs as well.
    pub ed25519: Option<(String, String)>,
    /// Where the section stands.
    pub location: Location,
}

impl Dkim {
    /// The selector of a second key that has none.
    pub const ED25519_SELECTOR: &str = "tidings-ed25519";

    /// Where `tidings dkim new` puts the key of a selector.
    pub fn default_key_file(selector: &str) -> String {
        format!(".tidings/dkim-{selector}.pem")
    }

    /// The settings of a site that does not sign yet, as `tidings dkim new` begins.
    pub fn default_for(domain: &str) -> Self {
        Self {
            domain: domain.to_owned(),
            selector: SELECTOR.to_owned(),
            key_file: Self::default_key_file(SELECTOR),
            ed25519: None,
            location: Location::start_of("config.toml"),
        }
    }

    /// A domain name as it stands in a signature: lower-case ASCII, at least two labels; `None` when it is not one.
    pub fn domain_name(text: &str) -> Option<String> {
        match Host::parse(text) {
            Ok(Host::Domain(host)) if host.contains('.') && !host.ends_with('.') => Some(host),
            _ => None,
        }
    }

    /// True for what can stand before `._domainkey` (RFC 6376 §3.1).
    pub fn is_selector(text: &str) -> bool {
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        text.len() <= 200 && text.split('.').all(is_label)
    }
}

/// Reads the section; `None` when there is none.
pub(super) fn read<'t>(
    mail: &mut Section<'_, 't>,
    reader: &mut Reader<'t>,
    site: Option<&Site>,
    from: Option<&Mailbox>,
) -> Option<Dkim> {
    let location = mail.get("dkim").map(|value| reader.place(value.span()))?;
    let mut section = mail.section(reader, "dkim", "mail.dkim");
    let domain = section.string(reader, "domain");
    let selector = section.string(reader, "selector");
    let file = section.string(reader, "key_file").map(|(file, _)| file);
    let ed25519 = section.get("ed25519").is_some().then(|| {
        let mut section = section.section(reader, "ed25519", "mail.dkim.ed25519");
        let selector = section.string(reader, "selector");
        let file = section.string(reader, "key_file").map(|(file, _)| file);
        section.finish(reader);
        (selector, file)
    });
    section.finish(reader);
    let sender = from.map(|from| from.address.domain().to_lowercase());
    let host = || site.and_then(|site| site.url.host_str()).unwrap_or("localhost").to_owned();
    let domain = match domain {
        None => sender.unwrap_or_else(host),
        Some((text, place)) => Dkim::domain_name(&text).unwrap_or_else(|| {
            let message = format!("`mail.dkim.domain` is not a domain: `{text}`");
            reader.refuse(message, place, "write the domain of `newsletter.from`, such as `example.org`");
            text
        }),
    };
    let first = selector_of(reader, "mail.dkim.selector", selector, SELECTOR);
    let ed25519 = ed25519.map(|(selector, file)| {
        let place = selector.as_ref().map_or_else(|| location.clone(), |(_, place)| place.clone());
        let second = selector_of(reader, "mail.dkim.ed25519.selector", selector, Dkim::ED25519_SELECTOR);
        if second == first {
            let message = format!("both keys have the selector `{second}`: a record in the DNS holds one key");
            reader.refuse(message, place, "give the second key another selector");
        }
        let file = file.unwrap_or_else(|| Dkim::default_key_file(&second));
        (second, file)
    });
    let key_file = file.unwrap_or_else(|| Dkim::default_key_file(&first));
    Some(Dkim { domain, selector: first, key_file, ed25519, location })
}

fn selector_of(reader: &mut Reader<'_>, key: &str, given: Option<Placed<String>>, default: &str) -> String {
    let Some((text, place)) = given else { return default.to_owned() };
    if !Dkim::is_selector(&text) {
        let message = format!("`{key}` is not a selector: `{text}`");
        reader.refuse(message, place, format!("write letters, digits and `-`, such as `{default}`"));
    }
    text
}
