//! Which addresses the program asks at all. A post, or a redirect, may name any place, and what a server on this machine, in
//! the owner's network or at a cloud answers to us is not for strangers to ask: only public addresses are connected to. The
//! site's own host may stand on this machine or in a private network, because people write there.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;
use url::Url;

/// Where an address leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Public,
    /// This machine or a network of its owner.
    Near(&'static str),
    /// Nowhere that a page could be, or where only secrets are.
    Never(&'static str),
}

const THIS_MACHINE: Reach = Reach::Near("this machine");
const PRIVATE: Reach = Reach::Near("a private network");
const LINK: Reach = Reach::Never("link-local, where clouds keep their credentials");
const NOT_PUBLIC: Reach = Reach::Never("not a public address");

/// IANA's registries of special-purpose addresses (RFC 6890), from the narrow to the wide: network, length of its prefix.
const IPV4: [(Ipv4Addr, u32, Reach); 17] = [
    // Alibaba's and Oracle's metadata services.
    (Ipv4Addr::new(100, 100, 100, 200), 32, LINK),
    (Ipv4Addr::new(192, 0, 0, 192), 32, LINK),
    (Ipv4Addr::UNSPECIFIED, 8, NOT_PUBLIC),
    (Ipv4Addr::new(10, 0, 0, 0), 8, PRIVATE),
    (Ipv4Addr::new(100, 64, 0, 0), 10, PRIVATE),
    (Ipv4Addr::new(127, 0, 0, 0), 8, THIS_MACHINE),
    (Ipv4Addr::new(169, 254, 0, 0), 16, LINK),
    (Ipv4Addr::new(172, 16, 0, 0), 12, PRIVATE),
    (Ipv4Addr::new(192, 0, 0, 0), 24, NOT_PUBLIC),
    (Ipv4Addr::new(192, 0, 2, 0), 24, NOT_PUBLIC),
    (Ipv4Addr::new(192, 88, 99, 0), 24, NOT_PUBLIC),
    (Ipv4Addr::new(192, 168, 0, 0), 16, PRIVATE),
    (Ipv4Addr::new(198, 18, 0, 0), 15, NOT_PUBLIC),
    (Ipv4Addr::new(198, 51, 100, 0), 24, NOT_PUBLIC),
    (Ipv4Addr::new(203, 0, 113, 0), 24, NOT_PUBLIC),
    // Multicast, and what is reserved.
    (Ipv4Addr::new(224, 0, 0, 0), 4, NOT_PUBLIC),
    (Ipv4Addr::new(240, 0, 0, 0), 4, NOT_PUBLIC),
];

/// The same for IPv6, but for the networks that hold an IPv4 address. What is in none is not global unicast.
const IPV6: [(Ipv6Addr, u32, Reach); 10] = [
    (Ipv6Addr::LOCALHOST, 128, THIS_MACHINE),
    // The metadata services of Amazon.
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0), 32, LINK),
    // IETF protocols, among them Teredo (RFC 4380) and benchmarks.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, NOT_PUBLIC),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, NOT_PUBLIC),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, NOT_PUBLIC),
    (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3, Reach::Public),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, PRIVATE),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, LINK),
    // Site-local, deprecated.
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, PRIVATE),
    (Ipv6Addr::UNSPECIFIED, 0, NOT_PUBLIC),
];

fn reach(ip: IpAddr) -> Reach {
    match ip {
        IpAddr::V4(ip) => reach_v4(ip),
        IpAddr::V6(ip) => embedded(ip).map_or_else(|| reach_v6(ip), reach_v4),
    }
}

fn reach_v4(ip: Ipv4Addr) -> Reach {
    let is_in =
        |(network, length, _): &&(Ipv4Addr, u32, Reach)| (ip.to_bits() ^ network.to_bits()).leading_zeros() >= *length;
    IPV4.iter().find(is_in).map_or(Reach::Public, |(_, _, reach)| *reach)
}

fn reach_v6(ip: Ipv6Addr) -> Reach {
    let is_in =
        |(network, length, _): &&(Ipv6Addr, u32, Reach)| (ip.to_bits() ^ network.to_bits()).leading_zeros() >= *length;
    IPV6.iter().find(is_in).map_or(NOT_PUBLIC, |(_, _, reach)| *reach)
}

/// The IPv4 address to which a translator or a tunnel would lead: mapped and compatible (RFC 4291 §2.5.5), NAT64
/// (RFC 6052), 6to4 (RFC 3056).
#[expect(clippy::many_single_char_names, reason = "the eight groups of an address")]
fn embedded(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = ip.segments();
    let v4 = |high: u16, low: u16| Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => v4(g, h),
        [0, 0, 0, 0, 0, 0] if g != 0 || h > 1 => v4(g, h),
        [0x2002, high, low, ..] => v4(high, low),
        _ => None,
    }
}

/// A host that is not asked, for people.
#[derive(Debug)]
pub(super) struct NotPublic {
    host: String,
    ip: IpAddr,
    why: &'static str,
}

impl std::error::Error for NotPublic {}

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, ip, why } = self;
        if host.trim_matches(['[', ']']) == ip.to_string() {
            write!(f, "it is not asked, because `{host}` is {why}")?;
        } else {
            write!(f, "it is not asked, because `{host}` leads to {ip}, which is {why}")?;
        }
        f.write_str("; only public addresses and the site's own host are asked")
    }
}

/// Names and addresses that may be asked.
#[derive(Debug, Clone)]
pub(super) struct Gate {
    /// Host and port of the site, which may be near.
    own: Option<(String, u16)>,
}

impl Gate {
    pub(super) fn new(site: Option<&Url>) -> Self {
        Self { own: site.and_then(place) }
    }

    /// Those of the addresses of a host that may be connected to.
    fn pass(&self, host: &str, port: u16, found: &[SocketAddr]) -> Result<Vec<SocketAddr>, NotPublic> {
        let is_own = self.own.as_ref().is_some_and(|(own, at)| own.eq_ignore_ascii_case(host) && *at == port);
        let is_open = |address: &&SocketAddr| match reach(address.ip()) {
            Reach::Public => true,
            Reach::Near(_) => is_own,
            Reach::Never(_) => false,
        };
        let open: Vec<SocketAddr> = found.iter().filter(is_open).copied().collect();
        match found.iter().find(|address| !is_open(address)) {
            Some(address) if open.is_empty() => {
                let why = match reach(address.ip()) {
                    Reach::Near(why) | Reach::Never(why) => why,
                    Reach::Public => "",
                };
                Err(NotPublic { host: host.to_owned(), ip: address.ip(), why })
            }
            _ => Ok(open),
        }
    }

    /// Looks at a place that a proxy will look up for itself, as well as can be done from here.
    pub(super) fn look(&self, url: &Url) -> Result<(), NotPublic> {
        let Some((host, port)) = place(url) else { return Ok(()) };
        let found = std::net::ToSocketAddrs::to_socket_addrs(&(host.trim_matches(['[', ']']), port));
        let found: Vec<SocketAddr> = found.map(Iterator::collect).unwrap_or_default();
        self.pass(&host, port, &found).map(drop)
    }
}

fn place(url: &Url) -> Option<(String, u16)> {
    Some((url.host_str()?.to_owned(), url.port_or_known_default()?))
}

/// Looks names up, and gives back only addresses that may be connected to: no second lookup can lead elsewhere.
impl Resolver for Gate {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = DefaultResolver::default().resolve(uri, config, timeout)?;
        // The proxy is the choice of the owner of this machine; what it is asked for has been looked at before.
        if config.proxy().is_some_and(|proxy| proxy.uri().authority() == uri.authority()) {
            return Ok(found);
        }
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        let open = self.pass(uri.host().unwrap_or_default(), port, &found);
        let mut addresses = self.empty();
        for address in open.map_err(|refusal| ureq::Error::Other(Box::new(refusal)))? {
            addresses.push(address);
        }
        Ok(addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_public_internet_are_public() {
        for ip in [
            "1.1.1.1",
            "172.15.255.255",
            "172.32.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "169.253.255.255",
            "192.0.1.1",
            "198.17.255.255",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00::1",
            "2001:200::1",
            "64:ff9b::101:101",
            "::ffff:1.1.1.1",
            "2002:101:101::1",
        ] {
            assert_eq!(reach(ip.parse().unwrap()), Reach::Public, "{ip}");
        }
        for ip in [
            "127.0.0.1",
            "127.255.255.254",
            "::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "::127.0.0.1",
        ] {
            assert_eq!(reach(ip.parse().unwrap()), THIS_MACHINE, "{ip}");
        }
        for ip in [
            "10.0.0.1",
            "10.255.255.255",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "fc00::1",
            "fdff::1",
            "fec0::1",
            "::ffff:192.168.1.1",
            "64:ff9b::a00:1",
            "2002:c0a8:101::1",
        ] {
            assert_eq!(reach(ip.parse().unwrap()), PRIVATE, "{ip}");
        }
        for ip in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::",
            "fe80::1",
            "febf::1",
            "fd00:ec2::254",
            "100.100.100.200",
            "192.0.0.192",
        ] {
            assert_eq!(reach(ip.parse().unwrap()), LINK, "{ip}");
        }
        for ip in [
            "0.0.0.0",
            "0.1.2.3",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2001:10::1",
            "3fff::1",
            "100::1",
            "64:ff9b:1::1",
            "5f00::1",
            "4000::1",
            "e000::1",
            "::ffff:0.0.0.0",
            "::ffff:224.0.0.1",
        ] {
            assert_eq!(reach(ip.parse().unwrap()), NOT_PUBLIC, "{ip}");
        }
    }

    #[test]
    fn the_sites_own_host_may_be_near_but_never_where_secrets_are() {
        let gate = |site: &str| Gate::new(Some(&site.parse().unwrap()));
        let pass = |gate: &Gate, host: &str, port: u16, ip: &str| {
            gate.pass(host, port, &[SocketAddr::new(ip.parse().unwrap(), port)]).is_ok()
        };
        let local = gate("http://localhost:4000/");
        assert!(pass(&local, "LOCALHOST", 4000, "127.0.0.1") && pass(&local, "localhost", 4000, "::1"));
        assert!(!pass(&local, "localhost", 4001, "127.0.0.1"), "another port is another server");
        assert!(!pass(&local, "127.0.0.1", 4000, "127.0.0.1"), "another name is another host");
        assert!(pass(&gate("http://intranet/"), "intranet", 80, "10.1.2.3"));
        assert!(!pass(&gate("http://169.254.169.254/"), "169.254.169.254", 80, "169.254.169.254"));
        assert!(!pass(&gate("http://metadata.internal/"), "metadata.internal", 80, "169.254.169.254"));
        assert!(!pass(&gate("http://[fd00:ec2::254]/"), "[fd00:ec2::254]", 80, "fd00:ec2::254"));
    }

    #[test]
    fn of_a_host_with_several_addresses_only_the_public_ones_are_used() {
        let gate = Gate::new(Some(&"https://example.org".parse().unwrap()));
        let all = ["10.0.0.1:80", "1.1.1.1:80", "[::1]:80"].map(|address| address.parse().unwrap());
        assert_eq!(gate.pass("two.example", 80, &all).unwrap(), [all[1]]);
        let refusal = gate.pass("two.example", 80, &[all[0], all[2]]).unwrap_err().to_string();
        assert!(refusal.contains("`two.example` leads to 10.0.0.1, which is a private network"), "{refusal}");
    }
}
