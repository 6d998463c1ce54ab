//! How a message leaves: through an SMTP or LMTP server, into a folder, or through a program.
//!
//! The invariant of this room: an [`Outcome`](crate::model::Outcome) never says more than is known. `Sent` and `Failed` with a
//! code are words of the receiver; `Deferred` and `Refused` mean that the message cannot be complete anywhere; all else is
//! `InDoubt` (RFC 1047).
//! A transport is one file and its line in `SCHEMES`. What else goes out to the network is here too: hubs, pages that must be
//! online, feeds that are read, and links that are tried.

mod agent;
mod checkpoint;
mod error;
mod fetch;
mod hub;
mod imap;
mod live;
mod notify;
mod one_click;
mod outbox;
mod public;
mod scheme;
mod sendmail;
mod smtp;

use secrecy::SecretString;
use url::Url;

use crate::config::{Relay, TransportUrl, is_loopback};
use crate::files::Folder;

pub use checkpoint::Checkpoint;
pub use error::TransportError;
pub use fetch::{Fetched, Validators, fetch, fetch_there};
pub use hub::Hubs;
pub use imap::{ImapError, ImapMailbox};
pub use live::{dead, not_live};
pub use notify::notify;
pub use one_click::{NoClick, one_click};
pub use scheme::{Connection, Letter, Letters, Security, Server, Transport, send};
use scheme::{Leads, Made, Protocol, Scheme};

/// Every scheme of `mail.transport`, in the order in which help texts name them.
const SCHEMES: &[Scheme] = &[outbox::OUTBOX, smtp::SMTPS, smtp::SMTP, smtp::LMTP, sendmail::SENDMAIL];

/// The transport of a way out; `timeout` is in seconds. Has no effect yet: [`Transport::connect`] is the first to have one. Relative paths
/// start at the folder `site`.
///
/// # Errors
/// [`TransportError::PasswordMissing`] when a login needs a password and there is none; [`TransportError::Setting`] when
/// [`check`] finds fault with it.
pub fn new(relay: &Relay, timeout: u32, site: &Folder, password: Option<SecretString>) -> Made {
    let url = &relay.transport;
    match scheme(url)?.leads {
        Leads::Folder(new) => Ok(new(&folder(url)?, site)),
        Leads::Program { usual, new } => Ok(new(&program(url, usual), site.path(), timeout)),
        Leads::Server { protocol, protection, new } => {
            new(protocol, server(url, protocol, protection)?, password, timeout, relay.in_flight)
        }
    }
}

/// What is wrong with a value of `mail.transport`, and what to write.
pub type SettingError = (String, String);

/// What messages are handed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A folder, relative to the site.
    Folder(String),
    /// A program: a path that starts at the site, or a name to look up in `PATH`.
    Program(String),
    /// A server.
    Server(Server),
}

impl Target {
    /// Reads the URL.
    ///
    /// # Errors
    /// The problem and its cure.
    pub fn of(url: &TransportUrl) -> Result<Self, SettingError> {
        Ok(match scheme(url)?.leads {
            Leads::Folder(_) => Self::Folder(folder(url)?),
            Leads::Program { usual, .. } => Self::Program(program(url, usual)),
            Leads::Server { protocol, protection, .. } => Self::Server(server(url, protocol, protection)?),
        })
    }

    /// The folder, if it is one.
    pub fn folder(url: &TransportUrl) -> Option<String> {
        match Self::of(url) {
            Ok(Self::Folder(folder)) => Some(folder),
            _ => None,
        }
    }
}

/// Looks at a value of `mail.transport`.
///
/// # Errors
/// The problem and its cure.
pub fn check(url: &TransportUrl) -> Result<(), SettingError> {
    Target::of(url).map(drop)
}

fn scheme(url: &TransportUrl) -> Result<&'static Scheme, SettingError> {
    let found = SCHEMES.iter().find(|scheme| scheme.name == url.parts().0);
    found.ok_or_else(|| unknown(url))
}

fn unknown(url: &TransportUrl) -> SettingError {
    (format!("`mail.transport` is not a way to send mail: `{}`", url.as_str()), examples())
}

fn examples() -> String {
    let examples: Vec<_> = SCHEMES.iter().map(|scheme| format!("`{}`", scheme.example)).collect();
    let (last, first) = examples.split_last().expect("there are schemes");
    format!("write {} or {last}", first.join(", "))
}

fn folder(url: &TransportUrl) -> Result<String, SettingError> {
    let rest = url.parts().1;
    // The dry run clears its own folder.
    if rest.trim_start_matches("./").split('/').next() == Some("preview") {
        return Err((
            "`mail.transport` puts the outbox into `preview`, which the dry run clears".to_owned(),
            examples(),
        ));
    }
    if rest.is_empty() { Err(unknown(url)) } else { Ok(rest.to_owned()) }
}

fn program(url: &TransportUrl, usual: &str) -> String {
    let rest = url.parts().1;
    if rest.is_empty() { usual } else { rest }.to_owned()
}

fn server(
    url: &TransportUrl,
    protocol: Protocol,
    protection: fn(bool) -> (u16, Security),
) -> Result<Server, SettingError> {
    let rest = url.parts().1;
    if cfg!(unix) && protocol == Protocol::Lmtp && rest.starts_with('/') && !rest.starts_with("//") {
        return Ok(Server { host: rest.to_owned(), port: 0, user: None, security: Security::Socket });
    }
    let url = Url::parse(url.as_str()).map_err(|_| ("`mail.transport` is not a URL".to_owned(), examples()))?;
    if url.password().is_some() {
        let help = "take it out, and name the variable that holds it: `password_env = \"TIDINGS_SMTP_PASSWORD\"`";
        return Err(("`mail.transport` contains a password".to_owned(), help.to_owned()));
    }
    let host = url.host_str().filter(|host| !host.is_empty());
    let host = host.ok_or_else(|| ("`mail.transport` has no host".to_owned(), examples()))?;
    let must_encrypt = url.query_pairs().any(|(key, value)| key == "tls" && value == "required");
    let (usual_port, security) = protection(is_loopback(host) && !must_encrypt);
    let user = (!url.username().is_empty())
        .then(|| percent_encoding::percent_decode_str(url.username()).decode_utf8_lossy().into_owned());
    if protocol == Protocol::Lmtp && user.is_some() {
        let help = "take the user out of it: LMTP has no login";
        return Err(("`mail.transport` has a user, whom nobody asks for".to_owned(), help.to_owned()));
    }
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok(Server { host, port: url.port().unwrap_or(usual_port), user, security })
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::config;

    fn transport(url: &str, password: Option<&str>) -> Result<Arc<dyn Transport>, TransportError> {
        let text = format!("[site]\ntitle = 'Notes'\nurl = 'https://example.org'\n[mail]\ntransport = '{url}'\n");
        let config = config::parse_with("config.toml", &text, check).unwrap();
        new(config.mail.first(), 300, &Folder::new(Path::new("/site")), password.map(SecretString::from))
    }

    #[test]
    fn a_transport_is_described_without_its_user() {
        let describe = |url: &str| transport(url, Some("secret")).unwrap().describe();
        assert_eq!(describe("smtps://ada@mail.example.org"), "smtps://mail.example.org:465");
        assert_eq!(describe("smtp://[::1]:2525"), "smtp://[::1]:2525");
        assert_eq!(describe("lmtp://127.0.0.1:2400"), "lmtp://127.0.0.1:2400");
        assert_eq!(describe("outbox:outbox"), "the folder outbox");
        assert_eq!(describe("sendmail:"), "the program /usr/sbin/sendmail");
        assert!(!format!("{:?}", transport("smtps://ada@mail.example.org", Some("secret"))).contains("secret"));
    }

    #[test]
    fn a_user_without_a_password_is_an_error_before_anything_happens() {
        let error = transport("smtps://ada@mail.example.org", None).unwrap_err();
        assert!(matches!(error, TransportError::PasswordMissing), "{error:?}");
        assert!(error.help().unwrap().contains("password_env"));
        assert!(transport("smtps://mail.example.org", None).is_ok(), "no login is needed");
    }

    #[test]
    fn only_the_outbox_keeps_one_copy_of_a_repeated_message() {
        let deduplicates = |url: &str| transport(url, None).unwrap().deduplicates();
        assert!(deduplicates("outbox:outbox"));
        assert!(!deduplicates("smtp://127.0.0.1:2525"));
        assert!(!deduplicates("sendmail:"));
    }

    #[test]
    fn a_password_never_stands_in_the_config() {
        let text = "[site]\ntitle = 'a'\nurl = 'https://example.org'\n[mail]\ntransport = 'smtps://ada:secret@mail.example.org'\n";
        let problems = config::parse_with("config.toml", text, check).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].message.contains("contains a password") && !format!("{problems:?}").contains("secret"));
    }

    #[test]
    fn smtp_is_plain_only_on_this_machine() {
        let security = |url: &str| match Target::of(&TransportUrl::new(url)) {
            Ok(Target::Server(Server { security, port, .. })) => (security, port),
            other => panic!("{other:?}"),
        };
        assert_eq!(security("smtp://127.0.0.1:2525"), (Security::Loopback, 2525));
        assert_eq!(security("smtp://[::1]:2525"), (Security::Loopback, 2525));
        assert_eq!(security("smtp://localhost:2525?tls=required"), (Security::StartTls, 2525));
        assert_eq!(security("smtp://mail.example.org"), (Security::StartTls, 587));
        assert_eq!(security("smtps://ada%40example.org@mail.example.org"), (Security::Implicit, 465));
        assert_eq!(security("lmtp://localhost"), (Security::Loopback, 24));
        assert_eq!(security("lmtp://mail.example.org:2400"), (Security::StartTls, 2400));
    }

    #[cfg(unix)]
    #[test]
    fn lmtp_leads_to_a_socket_or_a_server_without_a_login() {
        let target = |url: &str| Target::of(&TransportUrl::new(url));
        let Ok(Target::Server(server)) = target("lmtp:/run/dovecot/lmtp") else { panic!("a path is a socket") };
        assert_eq!((server.host.as_str(), server.security), ("/run/dovecot/lmtp", Security::Socket));
        assert_eq!(transport("lmtp:/run/dovecot/lmtp", None).unwrap().describe(), "lmtp:/run/dovecot/lmtp");
        for wrong in ["lmtp:run/lmtp", "lmtp:", "lmtp:///run/lmtp", "lmtp://ada@127.0.0.1", "lmtp://ada:x@127.0.0.1"] {
            assert!(target(wrong).is_err(), "{wrong}");
        }
        assert!(target("smtp:/run/lmtp").is_err(), "SMTP goes to a host");
    }
}
