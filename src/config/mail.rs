//! `[mail]`: how messages leave.

use super::inbox::TOKEN;
use super::reader::{Reader, Section};
use super::relay::{self, RelayProfile};
use super::{Dkim, DomainLimit, RateLimit, Site, TransportCheck, TransportUrl, dkim, domain};
use crate::diagnostic::Location;
use crate::model::{EmailAddress, Mailbox};

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
    /// The ways out, at least one; those with the lowest priority number first.
    pub relays: Vec<Relay>,
    /// Limits for the readers of some domains, by all ways out together.
    pub domains: Vec<DomainLimit>,
    /// What happens to deliveries in doubt.
    pub in_doubt: InDoubt,
    /// Seconds to wait for a reply of the server, twice that for the one to the final dot (RFC 5321 §4.5.3.2).
    pub timeout: u32,
    /// How messages are signed; `None` when that is left to the server.
    pub dkim: Option<Dkim>,
    /// Where copies come back to, with `{token}` in the place of what tells which one; `None` for the sender.
    pub bounces: Option<String>,
}

/// One way out: `[mail]` itself, or one of `mail.relays`.
#[derive(Debug, Clone)]
pub struct Relay {
    /// Its name among others; empty for the only one, which `[mail]` itself describes.
    pub name: String,
    /// How messages leave.
    pub transport: TransportUrl,
    /// What is known of where they go; `None` when the configuration does not say who that is.
    pub profile: Option<&'static RelayProfile>,
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
    /// The way out with the lowest number is taken as long as it can be.
    pub priority: u32,
    /// Its share among those of the same priority.
    pub weight: u32,
}

impl Relay {
    /// The header by which it tells a message that comes again from a new one.
    pub fn idempotency_header(&self) -> Option<&'static str> {
        Some(self.profile?.idempotency.as_ref()?.header.as_str())
    }
}

impl Mail {
    /// The way out that is taken first.
    ///
    /// # Panics
    /// Never: [`Mail::relays`] has at least one.
    pub fn first(&self) -> &Relay {
        self.relays.first().expect("there is a way out")
    }
}

/// How many letters a token in the address for bounces has.
const BOUNCE_TOKEN: usize = 40;

/// How a way out is read when `[mail]` has several.
const RELAYS: &str = "mail.relays";

pub(super) fn read<'t>(
    root: &mut Section<'_, 't>,
    reader: &mut Reader<'t>,
    site: Option<&Site>,
    from: Option<&Mailbox>,
    check: TransportCheck,
) -> Mail {
    let mut section = root.section(reader, "mail", "mail");
    let has_several = section.get("relays").is_some();
    let usual = way_out(&mut section, reader, None, has_several, check);
    let mut relays = several(&mut section, reader, &usual, check);
    let domains = domain::read(&mut section, reader);
    let words = [("hold", InDoubt::Hold), ("resend", InDoubt::Resend)];
    let in_doubt = section.word(reader, "in_doubt", &words).unwrap_or(InDoubt::Hold);
    let timeout = section.number(reader, "timeout", 1..3_601).unwrap_or(300);
    let dkim = dkim::read(&mut section, reader, site, from);
    let bounces = bounces(&mut section, reader);
    section.finish(reader);
    if relays.is_empty() {
        relays.push(usual);
    }
    relays.sort_by_key(|relay| relay.priority);
    Mail { relays, domains, in_doubt, timeout, dkim, bounces }
}

/// An address of which the local part has a place for 40 letters and digits.
fn bounces<'t>(section: &mut Section<'_, 't>, reader: &mut Reader<'t>) -> Option<String> {
    let (text, place) = section.string(reader, "bounces")?;
    let address = text.replacen(TOKEN, &"a".repeat(BOUNCE_TOKEN), 1).parse::<EmailAddress>();
    let has_place = text.split_once('@').is_some_and(|(local, rest)| local.contains(TOKEN) && !rest.contains(TOKEN));
    if has_place && text.is_ascii() && address.is_ok_and(|address| !address.as_str().contains(['{', '}'])) {
        return Some(text);
    }
    let message = format!("`mail.bounces` is no address with `{TOKEN}` before the `@`: `{text}`");
    reader.refuse(message, place, "write for example `bounces = \"bounces+{token}@example.org\"`: the token has 40 letters, and all before the `@` at most 64");
    None
}

/// The entries of `mail.relays`: what one does not say itself, `[mail]` says.
fn several<'t>(
    section: &mut Section<'_, 't>,
    reader: &mut Reader<'t>,
    usual: &Relay,
    check: TransportCheck,
) -> Vec<Relay> {
    let mut relays: Vec<Relay> = Vec::new();
    for (mut section, place) in section.tables(reader, "relays", RELAYS) {
        let name = section.string(reader, "name");
        let mut relay = way_out(&mut section, reader, Some(usual), false, check);
        relay.priority = section.number(reader, "priority", 0..1_001).unwrap_or(0);
        relay.weight = section.number(reader, "weight", 1..1_001).unwrap_or(1);
        section.finish(reader);
        match name {
            None => {
                let help = "name it, for example `name = \"first\"`: tries, limits and `tidings status` name it so";
                reader.error("config/missing", "an entry of `mail.relays` has no name".into(), place, help);
            }
            Some((name, place)) if relays.iter().any(|relay| relay.name == name) => {
                reader.refuse(
                    format!("two entries of `mail.relays` have the same name: `{name}`"),
                    place,
                    "give each its own",
                );
            }
            Some((name, place)) if name.is_empty() || name.len() > 40 || name.chars().any(char::is_control) => {
                reader.refuse("this is no name for an entry of `mail.relays`", place, "write a word, such as `first`");
            }
            Some((name, _)) => relay.name = name,
        }
        relays.push(relay);
    }
    relays
}

/// Reads a way out. With `is_usual` it is only what those of `mail.relays` do not say themselves.
fn way_out<'t>(
    section: &mut Section<'_, 't>,
    reader: &mut Reader<'t>,
    usual: Option<&Relay>,
    is_usual: bool,
    check: TransportCheck,
) -> Relay {
    let profile = relay::read(section, reader);
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
    let known = |number: fn(&RelayProfile) -> Option<u32>| profile.as_ref().and_then(|(profile, _)| number(profile));
    let connections = section.number(reader, "connections", 1..101).or(known(|profile| profile.connections));
    let messages_per_connection = section
        .number(reader, "messages_per_connection", 1..1_000_001)
        .or(known(|profile| profile.messages_per_connection));
    let in_flight = section.number(reader, "in_flight", 1..101);
    let rate = section.string(reader, "rate").map(|(text, place)| {
        RateLimit::parse_list(&text).unwrap_or_else(|problem| {
            reader.refuse(problem, place, "write for example `rate = \"10/s\"` or `rate = \"10/s,5000/day\"`");
            Vec::new()
        })
    });
    let transport = transport.or_else(|| usual_transport(profile.as_ref().filter(|_| !is_usual)?, reader));
    // What one server is told is not for another.
    let is_own = password_env.is_some() || password_file.is_some() || transport.is_some();
    let (usual_env, usual_file) = match usual.filter(|_| !is_own) {
        Some(usual) => (usual.password_env.clone(), usual.password_file.clone()),
        None => (None, None),
    };
    Relay {
        name: String::new(),
        transport: transport
            .or_else(|| Some(usual?.transport.clone()))
            .unwrap_or_else(|| TransportUrl::new("outbox:outbox")),
        profile: profile.map(|(profile, _)| profile).or_else(|| usual?.profile),
        password_env: password_env.or(usual_env),
        password_file: password_file.or(usual_file),
        connections: connections.map_or_else(|| usual.map_or(4, |usual| usual.connections), |count| count as usize),
        messages_per_connection: messages_per_connection.or_else(|| usual?.messages_per_connection),
        in_flight: in_flight.map_or_else(|| usual.map_or(1, |usual| usual.in_flight), |count| count as usize),
        rate: rate.or_else(|| Some(usual?.rate.clone())).unwrap_or_default(),
        priority: 0,
        weight: 1,
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
