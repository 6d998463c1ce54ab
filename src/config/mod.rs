//! `config.toml`: text in, checked values or diagnostics out. Nothing here opens a file.

mod permalink;
mod rate;
mod reader;
mod transport;

use std::net::{IpAddr, Ipv4Addr};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use url::Url;

use crate::diagnostic::{Diagnostic, Location};
use crate::model::{ListId, Mailbox, Person};

pub use permalink::{Permalink, PermalinkPart};
pub use rate::RateLimit;
use reader::{Reader, Section};
pub use transport::{Security, TransportUrl};

/// Everything that `config.toml` says, with the defaults filled in.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each field is the section of that name")]
pub struct Config {
    pub site: Site,
    pub posts: Posts,
    pub feeds: Feeds,
    pub newsletter: Newsletter,
    pub mail: Mail,
    pub store: Store,
    pub web: Web,
}

/// `[site]`
#[derive(Debug, Clone)]
pub struct Site {
    /// The publication's name.
    pub title: String,
    /// Where the site is served; always ends in `/`.
    pub url: Url,
    /// One sentence about it.
    pub description: Option<String>,
    /// Language tag (BCP 47).
    pub language: String,
    /// Dates without a zone are in this one, and its midnight divides the days of `publish`.
    pub timezone: TimeZone,
    /// Who writes, unless a post says otherwise.
    pub author: Option<Person>,
}

/// `[posts]`
#[derive(Debug, Clone)]
pub struct Posts {
    /// The folder, relative to the site.
    pub dir: String,
    /// How the address of a post is made.
    pub permalink: Permalink,
    /// Which front-matter lists become categories, lower case, in this order.
    pub taxonomies: Vec<String>,
}

/// How much of a post a feed holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedContent {
    /// The whole post and its summary.
    Full,
    /// The summary only.
    Summary,
}

/// `[feeds]`
#[derive(Debug, Clone)]
pub struct Feeds {
    /// Where feeds are written, relative to the site.
    pub dir: String,
    /// The names of the formats and where they stand: the feed room knows which there are.
    pub formats: Vec<(String, Location)>,
    /// How many of the newest entries a feed holds.
    pub limit: usize,
    /// How much of each.
    pub content: FeedContent,
}

/// Whether the due entries share one issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// All due entries in one issue.
    Digest,
    /// One issue for each entry.
    Each,
}

/// `[newsletter]`
#[derive(Debug, Clone)]
pub struct Newsletter {
    /// The sender; a site that only builds feeds may leave it out.
    pub from: Option<Mailbox>,
    /// Where replies go, when not to the sender.
    pub reply_to: Option<Mailbox>,
    /// No post dated before this day is ever mailed; guards the first run.
    pub start: Option<Date>,
    /// One issue or several.
    pub mode: Mode,
    /// More due entries than this are a mistake until `--allow too-many`.
    pub max_entries: usize,
    /// A due entry older than this many days is a mistake until `--allow too-late`; 0 switches the guard off.
    pub max_lateness: u32,
    /// Shown in the footer, as many countries' law asks.
    pub postal_address: Option<String>,
    /// The identity of the list.
    pub list_id: ListId,
    /// Addresses of List-Unsubscribe, https first; `{token}` stands for the reader's token.
    pub unsubscribe: Vec<String>,
}

/// What happens to a delivery of which nobody knows whether it arrived.
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
    /// The environment variable that holds the password.
    pub password_env: Option<String>,
    /// The file that holds the password, relative to the site.
    pub password_file: Option<String>,
    /// How many connections at once.
    pub connections: usize,
    /// All of these hold at once; empty means as fast as the server takes them.
    pub rate: Vec<RateLimit>,
    /// What happens to deliveries in doubt.
    pub in_doubt: InDoubt,
    /// Seconds to wait for a reply of the server, twice that for the one to the final dot (RFC 5321 §4.5.3.2).
    pub timeout: u32,
}

/// `[store]`
#[derive(Debug, Clone)]
pub struct Store {
    /// The database file, relative to the site.
    pub path: String,
    /// Where `store.url` stands, when it is set.
    pub location: Option<Location>,
}

/// `[web]`
#[derive(Debug, Clone)]
pub struct Web {
    /// Where readers reach the unsubscribe pages; always ends in `/`.
    pub url: Option<Url>,
}

/// Reads the text of `config.toml`; `path` is how messages name the file.
///
/// # Errors
/// Every problem in the file, each with its place and cure.
///
/// ```
/// let text = "[site]\ntitle = 'Notes'\nurl = 'https://example.org'\n";
/// let config = tidings::config::parse("config.toml", text).expect("a valid config");
/// assert_eq!(config.feeds.limit, 20);
///
/// let problems = tidings::config::parse("config.toml", "[site]\ntitel = 'Notes'\n").unwrap_err();
/// assert!(problems.iter().any(|p| p.help.as_deref() == Some("did you mean `title`?")));
/// ```
pub fn parse(path: &str, text: &str) -> Result<Config, Vec<Diagnostic>> {
    let mut reader = Reader::new(path, text);
    let document = reader.document();
    if !reader.diagnostics.is_empty() {
        return Err(reader.diagnostics);
    }
    let mut root = Section::new("", Some(document.get_ref()));
    let site = site(&mut root, &mut reader);
    let posts = posts(&mut root, &mut reader);
    let feeds = feeds(&mut root, &mut reader);
    let web = web(&mut root, &mut reader);
    let newsletter = newsletter(&mut root, &mut reader, site.as_ref(), &web);
    let mail = mail(&mut root, &mut reader);
    let store = store(&mut root, &mut reader);
    root.finish(&mut reader);
    match site {
        Some(site) if reader.diagnostics.is_empty() => Ok(Config { site, posts, feeds, newsletter, mail, store, web }),
        _ => {
            reader.diagnostics.sort_by_key(|d| d.location.as_ref().map(|place| (place.line, place.column)));
            Err(reader.diagnostics)
        }
    }
}

fn site<'t>(root: &mut Section<'_, 't>, reader: &mut Reader<'t>) -> Option<Site> {
    let mut section = root.section(reader, "site", "site");
    let title = section.required(reader, "title", "My reflections");
    let url = section
        .required(reader, "url", "https://example.org")
        .and_then(|(text, place)| web_url(reader, "site.url", &text, place));
    let description = section.string(reader, "description").map(|(text, _)| text);
    let language = section.string(reader, "language");
    let timezone = section.string(reader, "timezone");
    let author = author(&mut section, reader);
    section.finish(reader);
    let language = language.map_or_else(
        || "en".to_owned(),
        |(tag, place)| {
            let valid = tag
                .split('-')
                .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
            if !valid {
                let message = format!("`site.language` is not a language tag: `{tag}`");
                reader.error("config/value", message, place, "write a tag such as `en`, `de` or `pt-BR`");
            }
            tag
        },
    );
    let timezone = timezone.map_or(TimeZone::UTC, |(name, place)| {
        TimeZone::get(&name).unwrap_or_else(|_| {
            let message = format!("`site.timezone` is not a known time zone: `{name}`");
            reader.error("config/value", message, place, "write an IANA name such as `Europe/Berlin` or `UTC`");
            TimeZone::UTC
        })
    });
    Some(Site { title: title?.0, url: url?, description, language, timezone, author })
}

/// `author = "Name"` or `author = { name, email, url }`.
fn author<'t>(site: &mut Section<'_, 't>, reader: &mut Reader<'t>) -> Option<Person> {
    if let Some(name) = site.get("author").and_then(|value| value.get_ref().as_str()) {
        return Some(Person { name: name.to_owned(), ..Person::default() });
    }
    let mut section = site.section(reader, "author", "site.author");
    let name = section.string(reader, "name").map(|(text, _)| text);
    let email = section.string(reader, "email");
    let url = section.string(reader, "url").map(|(text, _)| text);
    section.finish(reader);
    let email = email.and_then(|(text, place)| match text.parse::<crate::model::EmailAddress>() {
        Ok(address) => Some(address.as_str().to_owned()),
        Err(error) => {
            reader.error("config/address", error.to_string(), place, "write for example `email = \"ada@example.org\"`");
            None
        }
    });
    name.map(|name| Person { name, email, url })
}

fn posts<'t>(root: &mut Section<'_, 't>, reader: &mut Reader<'t>) -> Posts {
    let mut section = root.section(reader, "posts", "posts");
    let dir = folder(&mut section, reader, "dir", "posts");
    let permalink = section.string(reader, "permalink").and_then(|(text, place)| match Permalink::parse(&text) {
        Ok(permalink) => Some(permalink),
        Err(problem) => {
            reader.error(
                "config/value",
                problem,
                place,
                "write for example `permalink = \"/:year/:month/:day/:slug/\"`",
            );
            None
        }
    });
    let taxonomies = section.strings(reader, "taxonomies");
    section.finish(reader);
    let taxonomies = taxonomies.map_or_else(
        || ["tags", "categories", "emotions"].map(str::to_owned).to_vec(),
        |names| names.into_iter().map(|(name, _)| name.trim().to_lowercase()).filter(|name| !name.is_empty()).collect(),
    );
    Posts { dir, permalink: permalink.unwrap_or_default(), taxonomies }
}

fn feeds<'t>(root: &mut Section<'_, 't>, reader: &mut Reader<'t>) -> Feeds {
    let mut section = root.section(reader, "feeds", "feeds");
    let dir = folder(&mut section, reader, "dir", "public");
    let formats = section.strings(reader, "formats");
    let limit = section.number(reader, "limit", 1..100_001).unwrap_or(20);
    let words = [("full", FeedContent::Full), ("summary", FeedContent::Summary)];
    let content = section.word(reader, "content", &words).unwrap_or(FeedContent::Full);
    section.finish(reader);
    let formats = formats.unwrap_or_else(|| {
        ["rss", "atom", "json"].map(|name| (name.to_owned(), Location::start_of("config.toml"))).to_vec()
    });
    Feeds { dir, formats, limit: limit as usize, content }
}

fn web<'t>(root: &mut Section<'_, 't>, reader: &mut Reader<'t>) -> Web {
    let mut section = root.section(reader, "web", "web");
    let url = section.string(reader, "url");
    section.finish(reader);
    let url = url.and_then(|(text, place)| {
        let url = web_url(reader, "web.url", &text, place.clone())?;
        if url.scheme() != "https" {
            reader.error(
                "config/value",
                "`web.url` must be https: mail clients post unsubscribe requests to it (RFC 8058)".into(),
                place,
                "write `https://…`",
            );
            return None;
        }
        Some(url)
    });
    Web { url }
}

fn newsletter<'t>(root: &mut Section<'_, 't>, reader: &mut Reader<'t>, site: Option<&Site>, web: &Web) -> Newsletter {
    let mut section = root.section(reader, "newsletter", "newsletter");
    let from = mailbox(&mut section, reader, "from");
    let reply_to = mailbox(&mut section, reader, "reply_to");
    let start = start(&mut section, reader);
    let mode = section.word(reader, "mode", &[("digest", Mode::Digest), ("each", Mode::Each)]).unwrap_or(Mode::Digest);
    let max_entries = section.number(reader, "max_entries", 1..10_001).unwrap_or(10);
    let max_lateness = section.number(reader, "max_lateness", 0..36_501).unwrap_or(60);
    let postal_address = section.string(reader, "postal_address").map(|(text, _)| text);
    let list_id = section.string(reader, "list_id");
    let unsubscribe = section.strings(reader, "unsubscribe");
    section.finish(reader);
    let host = site.and_then(|site| site.url.host_str()).unwrap_or("localhost");
    let list_id = list_id.map_or_else(
        || format!("newsletter.{host}"),
        |(id, place)| {
            let label = |part: &str| {
                !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            };
            if id.len() > 255 || !id.contains('.') || !id.split('.').all(label) {
                let message = format!("`newsletter.list_id` is not a list identifier (RFC 2919): `{id}`");
                reader.error(
                    "config/value",
                    message,
                    place,
                    format!("write for example `list_id = \"newsletter.{host}\"`"),
                );
            }
            id
        },
    );
    Newsletter {
        unsubscribe: unsubscribe_addresses(unsubscribe, reader, web, from.as_ref()),
        from,
        reply_to,
        start,
        mode,
        max_entries: max_entries as usize,
        max_lateness,
        postal_address,
        list_id: ListId { name: site.map(|site| site.title.clone()).unwrap_or_default(), id: list_id },
    }
}

/// https before mailto (RFC 2369 §2: the first one is preferred); without either, a mail to the sender.
fn unsubscribe_addresses(
    given: Option<Vec<(String, Location)>>,
    reader: &mut Reader<'_>,
    web: &Web,
    from: Option<&Mailbox>,
) -> Vec<String> {
    let mut addresses = Vec::new();
    if let Some(url) = &web.url {
        addresses.push(format!("{url}u/{{token}}"));
    }
    for (text, place) in given.unwrap_or_default() {
        let valid = match text.split_once(':') {
            Some(("https", _)) => Url::parse(&text).is_ok_and(|url| url.host_str().is_some()),
            Some(("mailto", rest)) => rest
                .split('?')
                .next()
                .is_some_and(|address| address.replace("{token}", "t").parse::<crate::model::EmailAddress>().is_ok()),
            _ => false,
        };
        if valid && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'"' | b',')) {
            addresses.push(text);
        } else {
            let message = format!("`newsletter.unsubscribe` is neither an https nor a mailto address: `{text}`");
            let help = "write `https://…/{token}` or `mailto:name@domain?subject=unsubscribe`, without blanks, commas and brackets";
            reader.error("config/value", message, place, help);
        }
    }
    if let (true, Some(from)) = (addresses.is_empty(), from) {
        addresses.push(format!("mailto:{}?subject=unsubscribe", from.address.as_str()));
    }
    addresses.sort_by_key(|address| !address.starts_with("https:"));
    addresses
}

fn start<'t>(section: &mut Section<'_, 't>, reader: &mut Reader<'t>) -> Option<Date> {
    let value = section.get("start")?;
    let text = match (value.get_ref().as_datetime(), value.get_ref().as_str()) {
        (Some(date), _) => date.to_string(),
        (_, Some(text)) => text.to_owned(),
        _ => String::new(),
    };
    let date = text.parse::<Date>().ok();
    if date.is_none() {
        let place = reader.place(value.span());
        reader.error(
            "config/value",
            "`newsletter.start` is not a day".into(),
            place,
            "write for example `start = 2026-01-31`",
        );
    }
    date
}

fn mail<'t>(root: &mut Section<'_, 't>, reader: &mut Reader<'t>) -> Mail {
    let mut section = root.section(reader, "mail", "mail");
    let transport = section.string(reader, "transport").and_then(|(text, place)| match TransportUrl::parse(&text) {
        Ok(transport) => Some(transport),
        Err((problem, help)) => {
            reader.error("config/transport", problem, place, help);
            None
        }
    });
    let password_env = section.string(reader, "password_env").map(|(text, _)| text);
    let password_file = section.string(reader, "password_file").map(|(text, _)| text);
    let connections = section.number(reader, "connections", 1..101).unwrap_or(4);
    let rate = section.string(reader, "rate").map_or(Vec::new(), |(text, place)| {
        RateLimit::parse_list(&text).unwrap_or_else(|problem| {
            reader.error(
                "config/value",
                problem,
                place,
                "write for example `rate = \"10/s\"` or `rate = \"10/s,5000/day\"`",
            );
            Vec::new()
        })
    });
    let words = [("hold", InDoubt::Hold), ("resend", InDoubt::Resend)];
    let in_doubt = section.word(reader, "in_doubt", &words).unwrap_or(InDoubt::Hold);
    let timeout = section.number(reader, "timeout", 1..3_601).unwrap_or(300);
    if let Some(dkim) = section.get("dkim") {
        let place = reader.place(dkim.span());
        let message = "`mail.dkim` is not supported by this version: messages would leave unsigned".to_owned();
        reader.error("config/dkim", message, place, "remove the section and let your mail relay sign");
    }
    section.finish(reader);
    Mail {
        transport: transport.unwrap_or_else(|| TransportUrl::Outbox("outbox".into())),
        password_env,
        password_file,
        connections: connections as usize,
        rate,
        in_doubt,
        timeout,
    }
}

fn store<'t>(root: &mut Section<'_, 't>, reader: &mut Reader<'t>) -> Store {
    let mut section = root.section(reader, "store", "store");
    let url = section.string(reader, "url");
    section.finish(reader);
    let Some((text, place)) = url else {
        return Store { path: ".tidings/tidings.db".into(), location: None };
    };
    let path = text
        .strip_prefix("sqlite:")
        .map(|path| path.strip_prefix("//").unwrap_or(path))
        .filter(|path| !path.is_empty());
    if path.is_none() {
        let message = format!(
            "`store.url` is not a database that this version can open: `{}`",
            text.split(':').next().unwrap_or_default()
        );
        reader.error("config/value", message, place.clone(), "write `url = \"sqlite:.tidings/tidings.db\"`");
    }
    Store { path: path.unwrap_or_default().to_owned(), location: Some(place) }
}

/// A folder inside the site.
fn folder<'t>(section: &mut Section<'_, 't>, reader: &mut Reader<'t>, key: &'static str, default: &str) -> String {
    let Some((text, place)) = section.string(reader, key) else { return default.to_owned() };
    let trimmed = text.trim_end_matches('/');
    if trimmed.is_empty() {
        let message = format!("`{}` is empty", section.full(key));
        reader.error("config/value", message, place, format!("write for example `{key} = \"{default}\"`"));
    }
    trimmed.to_owned()
}

fn mailbox<'t>(section: &mut Section<'_, 't>, reader: &mut Reader<'t>, key: &'static str) -> Option<Mailbox> {
    let (text, place) = section.string(reader, key)?;
    match text.parse() {
        Ok(mailbox) => Some(mailbox),
        Err(error) => {
            reader.error(
                "config/address",
                error.to_string(),
                place,
                format!("write for example `{key} = \"Ada <ada@example.org>\"`"),
            );
            None
        }
    }
}

/// An absolute http or https URL that ends in `/`, so that other addresses can be joined to it.
fn web_url(reader: &mut Reader<'_>, key: &str, text: &str, place: Location) -> Option<Url> {
    match Url::parse(text) {
        Ok(mut url)
            if matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none() =>
        {
            if !url.path().ends_with('/') {
                url.set_path(&format!("{}/", url.path()));
            }
            Some(url)
        }
        _ => {
            reader.error(
                "config/value",
                format!("`{key}` is not a web address: `{text}`"),
                place,
                "write for example `https://example.org`",
            );
            None
        }
    }
}

/// True for the addresses of this machine only, where mail may travel unencrypted.
pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback() || ip == IpAddr::V4(Ipv4Addr::LOCALHOST))
}

#[cfg(test)]
mod tests;
