//! Values that stand in an example, and that no reader is to see.

use std::net::{IpAddr, Ipv4Addr};

use url::{Host, Url};

use crate::diagnostic::Location;
use crate::model::Mailbox;

use super::reader::Reader;

/// The title of a site as `tidings init` writes it.
pub const TITLE: &str = "My reflections";
/// The name of a sender as `tidings init` writes it.
pub const NAME: &str = "Your name";
/// How a postal address begins as `tidings init` writes it.
pub const POSTAL: &str = "Your name, Street 1";
/// The code of the findings.
pub const CODE: &str = "config/placeholder";

/// True for the domains that were set aside for examples (RFC 2606 §3), but not for those below them.
pub fn is_example_domain(domain: &str) -> bool {
    ["example.org", "example.com", "example.net"].iter().any(|example| domain.eq_ignore_ascii_case(example))
}

/// What of a sender is an example: the name, the address.
pub fn of_sender<'s>(name: Option<&'s str>, address: &'s str) -> Vec<&'s str> {
    let is_example = address.rsplit_once('@').is_some_and(|(_, domain)| is_example_domain(domain));
    name.filter(|name| name.trim() == NAME).into_iter().chain(is_example.then_some(address)).collect()
}

/// True for an `https:` or `mailto:` address in the domain of an example.
pub fn is_example_address(address: &str) -> bool {
    match address.strip_prefix("mailto:").and_then(|rest| rest.split('?').next()?.rsplit_once('@')) {
        Some((_, domain)) => is_example_domain(domain),
        None => Url::parse(address).is_ok_and(|url| url.host_str().is_some_and(is_example_domain)),
    }
}

pub(super) fn look_at_title(reader: &mut Reader<'_>, title: &str, place: Location) {
    if title.trim() == TITLE {
        let message = format!("`site.title` is still that of the example: `{TITLE}`");
        reader.warning(CODE, message, place, "write the name of your publication");
    }
}

pub(super) fn look_at_url(reader: &mut Reader<'_>, url: &Url, place: Location) {
    let whose = match url.host() {
        Some(Host::Domain(host)) if is_example_domain(host) => "an example",
        Some(host) if is_loopback(&host.to_string()) => "the reader's own machine",
        _ => return,
    };
    let message = format!("every link in feeds and mail would lead nowhere: `site.url` is the address of {whose}");
    reader.warning(CODE, message, place, "write the address under which readers find your site");
}

pub(super) fn look_at_web_url(reader: &mut Reader<'_>, url: &Url, place: Location) {
    if url.host_str().is_some_and(is_loopback) {
        let message =
            "readers could neither join nor unsubscribe: `web.url` is the address of the reader's own machine";
        reader.warning(CODE, message.to_owned(), place, "write the address under which readers reach `tidings serve`");
    }
}

pub(super) fn look_at_mailbox(reader: &mut Reader<'_>, key: &str, mailbox: &Mailbox, place: Location) {
    let found = of_sender(mailbox.name.as_deref(), mailbox.address.as_str());
    if !found.is_empty() {
        let message = format!("`newsletter.{key}` is still an example: `{}`", found.join("`, `"));
        reader.warning(CODE, message, place, "write your own name, and an address at which you get mail");
    }
}

pub(super) fn look_at_postal_address(reader: &mut Reader<'_>, text: &str, place: Location) {
    if text.contains(POSTAL) {
        let message = format!("`newsletter.postal_address` is still that of the example: `{POSTAL}`");
        reader.warning(
            CODE,
            message,
            place,
            "write your own address, or leave it out where the law does not ask for it",
        );
    }
}

pub(super) fn look_at_unsubscribe(reader: &mut Reader<'_>, address: &str, place: Location) {
    if is_example_address(address) {
        let message =
            format!("readers could not unsubscribe: `newsletter.unsubscribe` is still an example: `{address}`");
        reader.warning(CODE, message, place, "write an address that you answer, or leave it out");
    }
}

/// True for the addresses of this machine only, where mail may travel unencrypted.
pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback() || ip == IpAddr::V4(Ipv4Addr::LOCALHOST))
}

#[cfg(test)]
mod tests {
    use super::super::tests::with;
    use super::super::{Config, parse};

    fn said(config: &Config) -> Vec<(usize, usize, &str)> {
        let place = |found: &crate::diagnostic::Diagnostic| found.location.clone().unwrap();
        config.warnings.iter().map(|found| (place(found).line, place(found).column, found.code)).collect()
    }

    #[test]
    fn what_init_writes_is_named_with_its_place() {
        let text = "[site]\ntitle = 'My reflections'\nurl = 'http://localhost:4000'\n\
                    [newsletter]\nfrom = 'Your name <you@Example.COM>'\n";
        let config = parse("config.toml", text).unwrap();
        assert_eq!(said(&config), [(2, 9, super::CODE), (3, 7, super::CODE), (5, 8, super::CODE)]);
        let messages = config.warnings.iter().map(|found| found.message.as_str()).collect::<Vec<_>>().join("\n");
        assert!(messages.contains("own machine") && messages.contains("`Your name`, `you@example.com`"), "{messages}");
    }

    #[test]
    fn every_address_that_readers_get_is_looked_at() {
        let text = "[site]\ntitle = 'Notes'\nurl = 'https://ada.test'\n[newsletter]\nfrom = 'Ada <ada@ada.test>'\n\
                    reply_to = 'me@example.org'\npostal_address = 'Your name, Street 1, Town'\n\
                    unsubscribe = ['https://example.org/{token}', 'mailto:me@example.com?subject=x']\n";
        let found: Vec<_> = said(&parse("config.toml", text).unwrap()).into_iter().map(|(line, ..)| line).collect();
        assert_eq!(found, [6, 7, 8, 8]);
    }

    #[test]
    fn pages_that_only_this_machine_reaches_are_named() {
        let text = "[site]\ntitle = 'Notes'\nurl = 'https://ada.test'\n[web]\nurl = 'http://127.0.0.1:8080'\n";
        assert_eq!(said(&parse("config.toml", text).unwrap()), [(5, 7, super::CODE)]);
    }

    #[test]
    fn what_only_resembles_an_example_is_not_named() {
        for (url, from) in [
            ("https://blog.example.org", "Ada <ada@news.example.org>"),
            ("https://example.test", "Your namesake <ada@example.test>"),
            ("https://myexample.org", "ada@myexample.org"),
            ("https://localhost.example", "ada@example.org.uk"),
        ] {
            let text =
                format!("[site]\ntitle = 'My reflections on rain'\nurl = '{url}'\n[newsletter]\nfrom = '{from}'\n");
            assert_eq!(parse("config.toml", &text).unwrap().warnings, [], "{url} {from}");
        }
        assert_eq!(said(&with("").unwrap()), [(3, 7, super::CODE)], "an example of a site");
    }
}
