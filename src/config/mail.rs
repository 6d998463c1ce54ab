//! `[mail]`: how messages leave.

use super::reader::{Reader, Section};
use super::relay::{self, RelayProfile};
use super::{Dkim, RateLimit, Site, TransportCheck, TransportUrl, dkim};
use crate::diagnostic::Location;
use crate::model::Mailbox;

/// What happens to a delivery in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InDoubt {
    /// It is reported and waits for the owner's decision.
    Hold,
    /// It is sent again: the same bytes and Message-ID.
    Resend,
}

/// `[mail]`
#[derive(Debug, Clone)]
pub struct Mail {
    /// How messages leave.
    pub transport: TransportUrl,
    /// What is known of where they go; `None` when the configuration does not say who that is.
    pub relay: Option<&'static RelayProfile>,
    /// The environment variable that holds the password.
    pub password_env: Option<String>,
    /// The file that holds the password, relative to the site.
    pub password_file: Option<String>,
    /// How many connections at once.
    pub connections: usize,
    /// How many messages go over one connection; `None` for as many as there are.
    pub messages_per_connection: Option<u32>,
    /// How many messages may wait for their answers on one connection, where the server takes content in chunks (RFC 3030).
    pub in_flight: usize,
    /// All of these hold at once; empty means as fast as the server takes them.
    pub rate: Vec<RateLimit>,
    /// What happens to deliveries in doubt.
    pub in_doubt: InDoubt,
    /// Seconds to wait for a reply of the server, twice that for the one to the final dot (RFC 5321 §4.5.3.2).
    pub timeout: u32,
    /// How messages are signed; `None` when that is left to the server.
    pub dkim: Option<Dkim>,
}

impl Mail {
    /// The header by which the relay tells a message that comes again from a new one.
    pub fn idempotency_header(&self) -> Option<&'static str> {
        Some(self.relay?.idempotency.as_ref()?.header.as_str())
    }
}

pub(super) fn read<'t>(
    root: &mut Section<'_, 't>,
    reader: &mut Reader<'t>,
    site: Option<&Site>,
    from: Option<&Mailbox>,
    check: TransportCheck,
) -> Mail {
    let mut section = root.section(reader, "mail", "mail");
    let relay = relay::read(&mut section, reader);
    let transport = section.string(reader, "transport").map(|(text, place)| {
        let transport = TransportUrl::new(text);
        if let Err((problem, help)) = check(&transport) {
            // The line may hold a password, which is not for a terminal or a log.
            let is_secret = transport.as_str().contains('@');
            let place = if is_secret { Location { excerpt: String::new(), ..place } } else { place };
            reader.error("config/transport", problem, place, help);
        }
        transport
    });
    let password_env = section.string(reader, "password_env").map(|(text, _)| text);
    let password_file = section.string(reader, "password_file").map(|(text, _)| text);
    let known = |number: fn(&RelayProfile) -> Option<u32>| relay.as_ref().and_then(|(profile, _)| number(profile));
    let connections = section.number(reader, "connections", 1..101).or(known(|profile| profile.connections));
    let messages_per_connection = section
        .number(reader, "messages_per_connection", 1..1_000_001)
        .or(known(|profile| profile.messages_per_connection));
    let in_flight = section.number(reader, "in_flight", 1..101).unwrap_or(1);
    let rate = section.string(reader, "rate").map_or(Vec::new(), |(text, place)| {
        RateLimit::parse_list(&text).unwrap_or_else(|problem| {
            reader.refuse(problem, place, "write for example `rate = \"10/s\"` or `rate = \"10/s,5000/day\"`");
            Vec::new()
        })
    });
    let words = [("hold", InDoubt::Hold), ("resend", InDoubt::Resend)];
    let in_doubt = section.word(reader, "in_doubt", &words).unwrap_or(InDoubt::Hold);
    let timeout = section.number(reader, "timeout", 1..3_601).unwrap_or(300);
    let dkim = dkim::read(&mut section, reader, site, from);
    section.finish(reader);
    let transport = transport.or_else(|| usual_transport(relay.as_ref()?, reader));
    Mail {
        transport: transport.unwrap_or_else(|| TransportUrl::new("outbox:outbox")),
        relay: relay.map(|(profile, _)| profile),
        password_env,
        password_file,
        connections: connections.unwrap_or(4) as usize,
        messages_per_connection,
        in_flight: in_flight as usize,
        rate,
        in_doubt,
        timeout,
        dkim,
    }
}

/// Where a relay is reached, unless only the account knows.
fn usual_transport(
    (profile, place): &(&'static RelayProfile, Location),
    reader: &mut Reader<'_>,
) -> Option<TransportUrl> {
    if let Some(example) = &profile.example {
        let message = format!("`mail.transport` is missing: who logs in at {} depends on the account", profile.name);
        let help =
            format!("write `transport = \"{example}\"`, with what the account says in the place of the capitals");
        reader.error("config/missing", message, place.clone(), help);
    }
    profile.transport.as_ref().map(TransportUrl::new)
}
