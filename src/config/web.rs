//! `[web]`: where its pages for readers are, and how `serve` answers there.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use url::Url;

use super::hooks::{self, Hooks};
use super::placeholder::{self, is_loopback};
use super::reader::{Reader, Section};
use super::site::web_url;
use crate::diagnostic::Location;
use crate::model::EmailAddress;

/// Where `serve` listens unless something else is chosen.
const BIND: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// `[web]`
#[derive(Debug, Clone)]
pub struct Web {
    /// Where readers reach the pages for joining and leaving; always ends in `/`.
    pub url: Option<Url>,
    /// Where it stands, when it is set.
    pub location: Option<Location>,
    /// Where `serve` listens.
    pub bind: SocketAddr,
    /// The proxies beside this machine whose X-Forwarded-For counts.
    pub proxies: Vec<Network>,
    /// So many letters that ask to confirm leave in an hour, to all addresses together.
    pub letters_per_hour: u32,
    /// Which services may tell what came back.
    pub hooks: Hooks,
    /// Who may look at the desk of `serve`: links to log in go there. `None` when there is no desk.
    pub desk: Option<EmailAddress>,
}

/// A block of IP addresses (RFC 4632, RFC 4291 §2.3): `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

impl Network {
    /// `None` when it is neither an address nor a block.
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let first: IpAddr = address.parse().ok()?;
        let most = if first.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| bits.parse().ok().filter(|bits| *bits <= most))?;
        Some(Self { first, bits })
    }

    /// The block of so many bits in which an address is.
    pub fn around(address: IpAddr, bits: u8) -> Self {
        let first = match address {
            IpAddr::V4(v4) => IpAddr::V4((v4.to_bits() & u32::try_from(mask(bits, 32)).unwrap_or(u32::MAX)).into()),
            IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & mask(bits, 128)).into()),
        };
        Self { first, bits }
    }

    /// True for an address in this block.
    pub fn has(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.first.is_ipv4()
            && Self::around(address, self.bits).first == Self::around(self.first, self.bits).first
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

/// The first `bits` of so many bits as an address has.
fn mask(bits: u8, all: u8) -> u128 {
    let whole = u128::MAX >> (128 - u32::from(all));
    let behind = whole.checked_shr(u32::from(bits)).unwrap_or(0);
    whole ^ behind
}

pub(super) fn read<'t>(root: &mut Section<'_, 't>, reader: &mut Reader<'t>) -> Web {
    let mut section = root.section(reader, "web", "web");
    let url = section.string(reader, "url");
    let bind = section.string(reader, "bind");
    let proxies = section.strings(reader, "proxies").unwrap_or_default();
    let letters_per_hour = section.number(reader, "letters_per_hour", 1..1_000_001).unwrap_or(200);
    let hooks = hooks::read(&mut section, reader);
    let desk = section.string(reader, "desk");
    section.finish(reader);
    let location = url.as_ref().map(|(_, place)| place.clone());
    let url = url.and_then(|(text, place)| {
        let url = web_url(reader, "web.url", &text, place.clone())?;
        if url.scheme() != "https" && !url.host_str().is_some_and(is_loopback) {
            reader.refuse(
                "`web.url` must be https: mail clients post unsubscribe requests to it (RFC 8058)",
                place,
                "write `https://…`; only an address of this machine may be http, to try it",
            );
            return None;
        }
        placeholder::look_at_web_url(reader, &url, place);
        Some(url)
    });
    let bind = bind.and_then(|(text, place)| {
        let parsed = text.parse().ok();
        if parsed.is_none() {
            let message = format!("`web.bind` is not an IP address with a port: `{text}`");
            reader.refuse(message, place, format!("write for example `bind = \"{BIND}\"`"));
        }
        parsed
    });
    let network = |(text, place): (String, Location)| {
        let network = Network::parse(&text);
        if network.is_none() {
            let message = format!("`web.proxies` has what is neither an IP address nor a block of them: `{text}`");
            reader.refuse(message, place, "write for example `proxies = [\"10.0.0.0/8\"]`");
        }
        network
    };
    let proxies = proxies.into_iter().filter_map(network).collect();
    let desk = desk.and_then(|(text, place)| {
        let address = text.parse().ok();
        if address.is_none() {
            let message = format!("`web.desk` is not an e-mail address: `{text}`");
            reader.refuse(
                message,
                place,
                "write the address of who may look at it, for example `desk = \"ada@example.org\"`",
            );
        }
        address
    });
    Web { url, location, bind: bind.unwrap_or(BIND), proxies, letters_per_hour, hooks, desk }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::{only_problem, with};

    #[test]
    fn a_block_has_the_addresses_that_begin_like_it() {
        let block = |text: &str| Network::parse(text).unwrap();
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        assert!(block("10.0.0.0/8").has(ip("10.200.3.4")) && !block("10.0.0.0/8").has(ip("11.0.0.1")));
        assert!(block("192.0.2.7").has(ip("192.0.2.7")) && !block("192.0.2.7").has(ip("192.0.2.6")));
        assert!(block("2001:db8::/32").has(ip("2001:db8:1::1")) && !block("2001:db8::/32").has(ip("2001:db9::1")));
        assert!(block("0.0.0.0/0").has(ip("203.0.113.9")) && !block("0.0.0.0/0").has(ip("::1")));
        assert_eq!(Network::around(ip("203.0.113.9"), 24).to_string(), "203.0.113.0/24");
        assert_eq!(Network::around(ip("2001:db8:1:2:3::4"), 64).to_string(), "2001:db8:1:2::/64");
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/-1", "example.org"] {
            assert_eq!(Network::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn where_serve_listens_is_an_address_with_a_port() {
        let web = with("[web]\nurl = 'http://127.0.0.1:8080/news'\n").unwrap().web;
        assert_eq!((web.bind, web.letters_per_hour), (BIND, 200));
        assert_eq!(web.url.unwrap().as_str(), "http://127.0.0.1:8080/news/");
        let web = with("[web]\nbind = '[::1]:9000'\nproxies = '10.0.0.0/8'\nletters_per_hour = 5\n").unwrap().web;
        assert_eq!((web.bind.to_string().as_str(), web.proxies.len(), web.letters_per_hour), ("[::1]:9000", 1, 5));
        only_problem("[web]\nurl = 'http://example.org'\n");
        only_problem("[web]\nbind = 'localhost'\n");
        only_problem("[web]\nproxies = ['nginx']\n");
        only_problem("[web]\nletters_per_hour = 0\n");
        only_problem("[web]\ndesk = 'Ada'\n");
        let web = with("[web]\ndesk = 'ada@example.org'\n").unwrap().web;
        assert_eq!(web.desk.unwrap().as_str(), "ada@example.org");
    }
}
