//! `mail.relay`: what is known of well-known mail services and servers.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::reader::{Reader, Section, nearest};
use crate::diagnostic::Location;

/// What is known of a relay. What the configuration says wins.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelayProfile {
    /// As `mail.relay` calls it.
    #[serde(skip)]
    pub name: String,
    /// The value of `mail.transport` that is right for every account.
    pub(super) transport: Option<String>,
    /// How one is written, where it depends on the account.
    pub(super) example: Option<String>,
    /// How many connections it takes at once.
    pub(super) connections: Option<u32>,
    /// How many messages it takes over one connection.
    pub(super) messages_per_connection: Option<u32>,
    /// How it tells a message that comes again from a new one; `None` when it does not.
    pub idempotency: Option<Idempotency>,
    /// The header whose value it repeats when it tells what came back; `None` when what it tells has a Message-ID of ours.
    pub copy_header: Option<String>,
    /// Phrases in lower case: in a 4yz they say that it takes nothing from this account for now.
    #[serde(default)]
    pub busy: Vec<String>,
    /// Phrases in lower case: in a 5yz they say that it has something against the sender.
    #[serde(default)]
    pub sender: Vec<String>,
}

/// A header that makes repeating a message harmless.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Idempotency {
    /// Its name.
    pub header: String,
    /// For so long the relay remembers its values.
    pub hours: u32,
}

static PROFILES: LazyLock<BTreeMap<String, RelayProfile>> = LazyLock::new(|| {
    let mut profiles: BTreeMap<String, RelayProfile> =
        toml::from_str(include_str!("relays.toml")).expect("the file holds profiles");
    for (name, profile) in &mut profiles {
        profile.name.clone_from(name);
    }
    profiles
});

/// The profile that the key `relay` names, and where it stands.
pub(super) fn read<'t>(
    section: &mut Section<'_, 't>,
    reader: &mut Reader<'t>,
) -> Option<(&'static RelayProfile, Location)> {
    let (name, place) = section.string(reader, "relay")?;
    if let Some(profile) = PROFILES.get(&name) {
        return Some((profile, place));
    }
    let names: Vec<&'static str> = PROFILES.keys().map(String::as_str).collect();
    let help = match nearest(&name, &names) {
        Some(known) => format!("did you mean `{known}`?"),
        None => format!("leave it out, or write one of {}", names.join(", ")),
    };
    reader.refuse(format!("`{}` is no relay that is known: `{name}`", section.full("relay")), place, help);
    None
}

#[cfg(test)]
mod tests {
    use super::super::tests::{only_problem, with};
    use super::super::{Relay, TransportUrl, parse_with};
    use super::PROFILES;

    fn first(more: &str) -> Relay {
        with(more).unwrap().mail.first().clone()
    }

    #[test]
    fn what_the_configuration_says_wins() {
        let mail = first("[mail]\nrelay = 'resend'\n");
        assert_eq!(mail.transport, TransportUrl::new("smtps://resend@smtp.resend.com:465"));
        assert_eq!((mail.connections, mail.messages_per_connection), (4, None));
        let mail = first("[mail]\nrelay = 'socketlabs'\ntransport = 'smtp://ada@127.0.0.1:2525'\n");
        assert_eq!(mail.transport, TransportUrl::new("smtp://ada@127.0.0.1:2525"));
        assert_eq!((mail.connections, mail.messages_per_connection), (10, Some(50)));
        let own =
            "[mail]\nrelay = 'socketlabs'\ntransport = 'smtp://h'\nconnections = 2\nmessages_per_connection = 7\n";
        let mail = first(own);
        assert_eq!((mail.connections, mail.messages_per_connection), (2, Some(7)));
    }

    #[test]
    fn a_relay_is_known_or_the_nearest_is_named() {
        assert_eq!(only_problem("[mail]\nrelay = 'Resned'\n").help.as_deref(), Some("did you mean `resend`?"));
        let problem = only_problem("[mail]\nrelay = 'carrier-pigeon'\n");
        assert!(problem.help.unwrap().contains("postmark, resend"));
    }

    #[test]
    fn a_login_that_only_the_account_knows_is_asked_for() {
        let problem = only_problem("[mail]\nrelay = 'ses'\n");
        assert_eq!(problem.code, "config/missing");
        assert!(problem.help.unwrap().contains("LOGIN@email-smtp.REGION.amazonaws.com:465"));
    }

    #[test]
    fn of_several_relays_each_says_what_it_does_not_have_from_mail() {
        let text = "[mail]\ntransport = 'smtp://a:25'\nrate = '5/s'\nconnections = 3\npassword_env = 'A'\n\
                    [[mail.relays]]\nname = 'second'\nrelay = 'resend'\npriority = 2\npassword_file = 'b'\n\
                    [[mail.relays]]\nname = 'first'\nweight = 3\nconnections = 8\n";
        let relays = with(text).unwrap().mail.relays;
        let [first, second] = relays.as_slice() else { panic!("{relays:?}") };
        assert_eq!((first.name.as_str(), first.transport.as_str()), ("first", "smtp://a:25"));
        assert_eq!((first.connections, first.weight, first.password_env.as_deref()), (8, 3, Some("A")));
        assert_eq!((second.name.as_str(), second.transport.as_str()), ("second", "smtps://resend@smtp.resend.com:465"));
        assert_eq!((second.connections, second.priority, second.rate.len()), (3, 2, 1));
        assert_eq!((second.password_env.as_deref(), second.password_file.as_deref()), (None, Some("b")));
        assert!(with("[mail]\nrelay = 'ses'\nrelays = [{ name = 'a', transport = 'smtp://a:25' }]\n").is_ok());
    }

    #[test]
    fn what_is_wrong_with_several_relays_is_named() {
        let code = |relays: &str| only_problem(&format!("[mail]\nrelays = {relays}\n")).code;
        assert_eq!(code("'a'"), "config/type");
        assert_eq!(code("[]"), "config/type");
        assert_eq!(code("[{ transport = 'outbox:a' }]"), "config/missing");
        assert_eq!(code("[{ name = 'a' }, { name = 'a' }]"), "config/value");
        assert_eq!(code("[{ name = '' }]"), "config/value");
        let unknown = only_problem("[mail]\nrelays = [{ name = 'a', wieght = 2 }]\n");
        assert_eq!((unknown.code, unknown.help.as_deref()), ("config/unknown-key", Some("did you mean `weight`?")));
        assert_eq!(unknown.message, "unknown key: `mail.relays.wieght`");
    }

    #[test]
    fn every_profile_leads_somewhere_and_speaks_in_lower_case() {
        for (name, profile) in PROFILES.iter() {
            let url = profile.transport.as_ref().or(profile.example.as_ref()).unwrap();
            let text = format!(
                "[site]\ntitle = 'x'\nurl = 'https://x.example'\n[mail]\nrelay = '{name}'\ntransport = '{url}'\n"
            );
            let config = parse_with("config.toml", &text, crate::config::tests::looks_like_a_server);
            assert!(config.is_ok(), "{name}: {config:?}");
            let phrases = profile.busy.iter().chain(&profile.sender);
            assert!(phrases.into_iter().all(|phrase| *phrase == phrase.to_lowercase()), "{name}");
        }
    }
}
