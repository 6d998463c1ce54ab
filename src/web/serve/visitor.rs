//! From which network a request comes.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;

use crate::config::Network;

/// Named by proxies: every address that a request came by, the nearest last.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Visitor {
    address: IpAddr,
    /// Whether the request came from this machine itself, by no proxy.
    pub(super) is_local: bool,
}

impl Visitor {
    /// What headers say counts only from this machine or one of `proxies`; anyone else could write anything.
    pub(super) fn of(peer: SocketAddr, headers: &HeaderMap, proxies: &[Network]) -> Self {
        let is_proxy = |address: IpAddr| address.is_loopback() || proxies.iter().any(|proxy| proxy.has(address));
        let peer = peer.ip().to_canonical();
        let lists: Vec<_> = headers.get_all(FORWARDED_FOR).iter().map(|list| list.to_str().unwrap_or("?")).collect();
        let is_local = peer.is_loopback() && lists.is_empty();
        let mut address = peer;
        for next in lists.iter().rev().flat_map(|list| list.rsplit(',')) {
            if !is_proxy(address) {
                break;
            }
            // Some write a port, and IPv6 in brackets.
            let next = next.trim();
            let bare = next.parse::<IpAddr>().or_else(|_| next.parse::<SocketAddr>().map(|address| address.ip()));
            let Ok(bare) = bare.or_else(|_| next.trim_matches(['[', ']']).parse()) else { break };
            address = bare.to_canonical();
        }
        Self { address, is_local }
    }

    /// The block of addresses that one customer of a provider has.
    pub(super) fn network(&self) -> String {
        Network::around(self.address, if self.address.is_ipv4() { 24 } else { 64 }).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_header_counts_only_from_a_proxy() {
        let proxies = [Network::around("10.0.0.0".parse().unwrap(), 8)];
        let of = |peer: &str, lists: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for list in lists {
                headers.append(FORWARDED_FOR, HeaderValue::from_static(list));
            }
            Visitor::of(peer.parse().unwrap(), &headers, &proxies)
        };
        for (peer, lists, network) in [
            ("203.0.113.9:1", vec![], "203.0.113.0/24"),
            ("203.0.113.9:1", vec!["198.51.100.1"], "203.0.113.0/24"),
            ("127.0.0.1:1", vec!["198.51.100.1"], "198.51.100.0/24"),
            ("[::ffff:127.0.0.1]:1", vec!["2001:db8::1"], "2001:db8::/64"),
            ("127.0.0.1:1", vec!["192.0.2.1, 198.51.100.1"], "198.51.100.0/24"),
            ("127.0.0.1:1", vec!["192.0.2.1", "198.51.100.1, 10.1.1.1"], "198.51.100.0/24"),
            ("10.0.0.1:1", vec!["[2001:db8::1]:443"], "2001:db8::/64"),
            ("127.0.0.1:1", vec!["192.0.2.1, nonsense"], "127.0.0.0/24"),
        ] {
            assert_eq!(of(peer, &lists).network(), network, "{peer} {lists:?}");
        }
        assert!(of("127.0.0.1:1", &[]).is_local && !of("127.0.0.1:1", &["198.51.100.1"]).is_local);
        assert!(!of("203.0.113.9:1", &[]).is_local);
    }
}
