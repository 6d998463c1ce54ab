//! `[mail.domains."example.org"]`: limits for the readers of a domain, whichever way their messages take.

use super::RateLimit;
use super::reader::{Reader, Section};

/// Domains that one provider answers for share their limits.
const PROVIDERS: [&[&str]; 3] = [
    &["gmail.com", "googlemail.com"],
    &["outlook.com", "hotmail.com", "live.com", "msn.com"],
    &["yahoo.com", "aol.com", "ymail.com"],
];

/// Limits for the readers of some domains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainLimit {
    /// The domains, in lower case: the one that is named, and those of the same provider.
    pub domains: Vec<String>,
    /// All of these hold at once.
    pub rate: Vec<RateLimit>,
    /// How many messages at once.
    pub connections: Option<u32>,
}

pub(super) fn read<'t>(mail: &mut Section<'_, 't>, reader: &mut Reader<'t>) -> Vec<DomainLimit> {
    let mut limits: Vec<DomainLimit> = Vec::new();
    for (name, mut section, place) in mail.named_tables(reader, "domains", "mail.domains") {
        let rate = section.string(reader, "rate").map_or(Vec::new(), |(text, place)| {
            RateLimit::parse_list(&text).unwrap_or_else(|_| {
                let message = format!("`mail.domains.{name}.rate` is not a rate: `{text}`");
                reader.refuse(message, place, "write for example `rate = \"100/min\"` or `rate = \"1/s,2000/day\"`");
                Vec::new()
            })
        });
        let connections = section.number(reader, "connections", 1..101);
        section.finish(reader);
        let name = name.to_lowercase();
        let is_domain = name.contains('.') && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
        if !is_domain {
            let help = "write it as it stands behind the `@` of addresses, in ASCII and in quotes";
            reader.refuse(format!("`mail.domains` names no domain: `{name}`"), place, help);
            continue;
        }
        if let Some(other) = limits.iter().find(|limit| limit.domains.contains(&name)) {
            let message =
                format!("`mail.domains` has two limits for one provider: `{}` and `{name}`", other.domains[0]);
            reader.refuse(message, place, "leave one of them out");
            continue;
        }
        let same = PROVIDERS.iter().find(|provider| provider.contains(&name.as_str())).copied().unwrap_or_default();
        let others = same.iter().filter(|other| **other != name).map(|other| (*other).to_owned());
        let domains = std::iter::once(name.clone()).chain(others).collect();
        limits.push(DomainLimit { domains, rate, connections });
    }
    limits
}

#[cfg(test)]
mod tests {
    use super::super::tests::{only_problem, with};

    #[test]
    fn a_limit_goes_for_all_domains_of_a_provider() {
        let text =
            "[mail.domains.'GoogleMail.com']\nrate = '1/s,2000/day'\n[mail.domains.'b.example']\nconnections = 2\n";
        let limits = with(text).unwrap().mail.domains;
        let domains: Vec<_> = limits.iter().map(|limit| limit.domains.join(" ")).collect();
        assert!(domains.contains(&"googlemail.com gmail.com".to_owned()) && domains.contains(&"b.example".to_owned()));
        assert_eq!(limits.iter().map(|limit| limit.rate.len()).sum::<usize>(), 2);
        assert_eq!(limits.iter().filter_map(|limit| limit.connections).sum::<u32>(), 2);
    }

    #[test]
    fn what_is_wrong_with_a_limit_is_named() {
        assert_eq!(only_problem("[mail.domains.gmail]\nrate = '1/s'\n").code, "config/value");
        assert_eq!(only_problem("[mail.domains.'a.example']\nrate = 'fast'\n").code, "config/value");
        assert_eq!(
            only_problem("[mail.domains.'a.example']\nrates = '1/s'\n").help.as_deref(),
            Some("did you mean `rate`?")
        );
        let two = "[mail.domains.'live.com']\nrate = '1/s'\n[mail.domains.'msn.com']\nrate = '1/s'\n";
        assert!(only_problem(two).message.contains("one provider"));
        assert_eq!(only_problem("[mail]\ndomains = 'gmail.com'\n").code, "config/type");
    }
}
